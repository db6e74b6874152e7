//! Fast weights: a small SwiGLU network that is trained while the big one runs, on what it is to
//! remember (LaCT: Zhang et al., "Test-Time Training Done Right"; tttLRM).
//!
//! f(x) = (silu(x w₀) ⊙ (x w₂)) w₁. One update descends −Σₜ ⟨f(kₜ), vₜ⟩ with a rate η per token and
//! matrix, and is orthogonalised before it is added (Muon), so that only the direction counts.

use burn::tensor::activation::{sigmoid, silu};
use burn::tensor::{FloatDType, Tensor};

use super::config::Elastic;
use super::layers::{as_precise_as, product};
use super::newton_schulz::{Precision, orthogonalise};

/// Added to the norm of a column before dividing by it.
const EPS: f32 = 1e-5;

/// What w₀ \[d × dh\], w₁ \[dh × d\] and w₂ \[d × dh\] are at a moment.
pub type Matrices = [Tensor<2>; 3];

/// The fast weights of a layer, and what their updates need to know of the past.
#[derive(Clone, Debug)]
pub struct FastWeights {
    /// As they are applied.
    pub current: Matrices,
    /// Lengths of the columns of the slow weights, \[1 × columns\]: every update restores them.
    lengths: Matrices,
    elastic: Option<ElasticState>,
}

/// The past of the selective update.
#[derive(Clone, Debug)]
struct ElasticState {
    config: Elastic,
    /// Running mean of the squared updates.
    importance: Matrices,
    /// Running mean of the weights.
    anchor: Matrices,
}

/// How an update is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UpdateOptions {
    /// Rounds of the orthogonaliser.
    pub steps: usize,
    /// Its precision.
    pub precision: Precision,
}

impl FastWeights {
    /// The slow weights, as every scene begins with them.
    pub fn new(slow: &Matrices, elastic: Option<Elastic>) -> Self {
        Self {
            current: slow.clone(),
            lengths: slow.clone().map(column_lengths),
            elastic: elastic.map(|config| ElasticState {
                config,
                importance: slow.clone().map(|it| it.zeros_like()),
                anchor: slow.clone(),
            }),
        }
    }

    /// Lengths of the columns that every update restores, \[1 × columns\] of w₀, w₁, w₂.
    pub fn lengths(&self) -> &Matrices {
        &self.lengths
    }

    /// Everything that is to be kept of them, by name.
    pub fn named(&self) -> Vec<(String, Tensor<2>)> {
        let mut all = Vec::new();
        self.clone()
            .replace(&mut |name, it| all.push((name.to_owned(), it.clone())));
        all
    }

    /// Shows the same as [`Self::named`], and takes what the visitor leaves in its place.
    pub fn replace(&mut self, visitor: &mut dyn FnMut(&str, &mut Tensor<2>)) {
        let mut show = |group: &str, matrices: &mut Matrices| {
            for (i, it) in matrices.iter_mut().enumerate() {
                visitor(&format!("{group}w{i}"), it);
            }
        };
        show("", &mut self.current);
        show("lengths.", &mut self.lengths);
        if let Some(elastic) = &mut self.elastic {
            show("importance.", &mut elastic.importance);
            show("anchor.", &mut elastic.anchor);
        }
    }

    /// The direction to go for tokens k, v \[m × d\] with rates η \[m × 3\]: sums over tokens, so that
    /// those of parts add up to that of the whole.
    ///
    /// With g = k w₀, u = k w₂, s = silu(g), h = s ⊙ u and D = v w₁ᵀ:
    /// G₁ = (h ⊙ η₁)ᵀ v, G₂ = (k ⊙ η₂)ᵀ (D ⊙ s), G₀ = (k ⊙ η₀)ᵀ (D ⊙ u ⊙ silu′(g)).
    pub fn gradient(&self, k: &Tensor<2>, v: &Tensor<2>, rates: &Tensor<2>) -> Matrices {
        let [w0, w1, w2] = &self.current;
        let rate = |i: usize| rates.clone().narrow(1, i, 1); // [m × 1]
        let gate = product(k.clone(), w0.clone()); // g [m × dh]
        let up = product(k.clone(), w2.clone()); // u [m × dh]
        let back = product(v.clone(), w1.clone().transpose()); // D [m × dh]
        let sigma = sigmoid(gate.clone());
        let s = gate.clone() * sigma.clone();
        let h = s.clone() * up.clone();
        let slope = sigma.clone() * (gate * (-sigma + 1.0) + 1.0); // silu′(g)
        let rated = |i| (k.clone().cast(FloatDType::F32) * rate(i)).transpose(); // [d × m]
        let d_w1 = product((h * rate(1)).transpose(), v.clone());
        let d_w2 = product(rated(2), as_precise_as(back.clone() * s, k.dtype()));
        let d_w0 = product(rated(0), as_precise_as(back * up * slope, k.dtype()));
        [d_w0, d_w1, d_w2]
    }

    /// Where an update from these directions leads; [`Self::commit`] goes there. The selective
    /// update remembers it either way.
    pub fn candidate(&mut self, gradient: Matrices, options: UpdateOptions) -> Matrices {
        let updates = gradient.map(|it| orthogonalise(it, options.steps, options.precision));
        let moved = zip(self.current.clone(), updates.clone(), |w, update| {
            w + update
        });
        let moved = match &mut self.elastic {
            Some(elastic) => elastic.draw_back(moved, updates),
            None => moved,
        };
        zip(moved, self.lengths.clone(), |w, lengths| {
            let now = column_lengths(w.clone());
            w / (now + EPS) * lengths
        })
    }

    /// Makes the candidate the weights that are applied and updated next.
    pub fn commit(&mut self, candidate: Matrices) {
        if let Some(elastic) = &mut self.elastic {
            let beta = elastic.config.beta;
            elastic.anchor = zip(elastic.anchor.clone(), candidate.clone(), |anchor, w| {
                anchor * beta + w * (1.0 - beta)
            });
        }
        self.current = candidate;
    }
}

impl ElasticState {
    /// F ← α F + (1 − α) U², then w ← w − λ (1 − F / max F) ⊙ (w − anchor).
    fn draw_back(&mut self, moved: Matrices, updates: Matrices) -> Matrices {
        let Elastic { lambda, alpha, .. } = self.config;
        self.importance = zip(self.importance.clone(), updates, |importance, update| {
            importance * alpha + update.square() * (1.0 - alpha)
        });
        let free = self.importance.clone().map(|it| {
            let largest = it.clone().max().unsqueeze::<2>() + 1e-8;
            -(it / largest) + 1.0
        });
        let away = zip(moved.clone(), self.anchor.clone(), |w, anchor| w - anchor);
        let back = zip(free, away, |free, away| free * away * lambda);
        zip(moved, back, |w, back| w - back)
    }
}

/// f(q) \[m × d\] for queries q \[m × d\].
pub fn apply(weights: &Matrices, q: &Tensor<2>) -> Tensor<2> {
    let [w0, w1, w2] = weights;
    let precision = q.dtype();
    let gate = silu(product(q.clone(), w0.clone()));
    let hidden = gate * product(q.clone(), w2.clone());
    product(as_precise_as(hidden, precision), w1.clone())
}

/// √Σ w² of every column, \[1 × columns\].
fn column_lengths(w: Tensor<2>) -> Tensor<2> {
    w.square().sum_dim(0).sqrt()
}

fn zip(a: Matrices, b: Matrices, f: impl Fn(Tensor<2>, Tensor<2>) -> Tensor<2>) -> Matrices {
    let [a0, a1, a2] = a;
    let [b0, b1, b2] = b;
    [f(a0, b0), f(a1, b1), f(a2, b2)]
}

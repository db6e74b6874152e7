//! All parameters of the network, by the published names.

use burn::tensor::{Device, Tensor, TensorData};
use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;

use super::{ModelConfig, ModelError};
use crate::io::weights::{self, Tensors};

/// The parameters. Each is a matrix here, a vector one of one row; a linear layer's is stored
/// \[out × in\] and used as y = x · Wᵀ, the fast weights' are stored \[in × out\] and used as y = x · w.
#[derive(Clone, Debug)]
pub struct Weights {
    /// \[d × 12 P²\].
    pub tokenizer: Tensor<2>,
    /// \[1 × d\].
    pub input_norm: Tensor<2>,
    /// One a layer.
    pub blocks: Vec<BlockWeights>,
    /// \[1 × d\].
    pub decoder_norm: Tensor<2>,
    /// \[P² · channels × d\].
    pub decoder: Tensor<2>,
}

/// Parameters of a block's three layers.
#[derive(Clone, Debug)]
pub struct BlockWeights {
    /// Attention within a view.
    pub attention: AttentionWeights,
    /// The layer whose weights are trained while it runs.
    pub lact: LactWeights,
    /// The layer of every token for itself.
    pub mlp: MlpWeights,
}

/// Parameters of the attention.
#[derive(Clone, Debug)]
pub struct AttentionWeights {
    /// \[1 × d\].
    pub norm: Tensor<2>,
    /// \[3 d × d\]: rows of q, k, v, each head by head.
    pub to_qkv: Tensor<2>,
    /// \[d × d\].
    pub project: Tensor<2>,
    /// \[1 × d / heads\].
    pub q_norm: Tensor<2>,
    /// \[1 × d / heads\].
    pub k_norm: Tensor<2>,
}

/// Parameters of the layer with fast weights.
#[derive(Clone, Debug)]
pub struct LactWeights {
    /// \[1 × d\].
    pub norm: Tensor<2>,
    /// Where the fast weights begin: w0 \[d × dh\], w1 \[dh × d\], w2 \[d × dh\].
    pub slow: [Tensor<2>; 3],
    /// \[3 d × d\].
    pub to_qkv: Tensor<2>,
    /// \[d × d\].
    pub project: Tensor<2>,
    /// \[3 × d\]: a token's learning rate for w0, w1, w2.
    pub rates: Tensor<2>,
    /// \[1 × 3\].
    pub rates_bias: Tensor<2>,
    /// \[1 × d\].
    pub out_norm: Tensor<2>,
}

/// Parameters of the MLP.
#[derive(Clone, Debug)]
pub struct MlpWeights {
    /// \[1 × d\].
    pub norm: Tensor<2>,
    /// \[hidden × d\].
    pub expand: Tensor<2>,
    /// \[d × hidden\].
    pub project: Tensor<2>,
}

/// What a file held beside what was wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ignored {
    /// Tensors with names that the network does not know.
    pub tensors: usize,
}

impl Weights {
    /// Random parameters as the authors begin with: N(0, 0.02²) for linear layers, fan-in scaled
    /// for the fast weights, ones for norms, zeros for biases.
    pub fn random(config: &ModelConfig, seed: u64, device: &Device) -> Self {
        let mut rng = Pcg64Mcg::seed_from_u64(seed);
        Self::build(config, &mut |name, [rows, columns]| {
            let count = rows * columns;
            let values = if name.ends_with("bias") {
                vec![0.0; count]
            } else if is_norm(name) {
                vec![1.0; count]
            } else if is_fast(name) {
                // √2 / √fan-in; their rows are the inputs.
                normal(&mut rng, count, (2.0 / rows as f32).sqrt())
            } else {
                normal(&mut rng, count, 0.02)
            };
            Ok(tensor(values, [rows, columns], device))
        })
        .unwrap_or_else(|_: ModelError| unreachable!("every name gets a tensor"))
    }

    /// The parameters among the tensors of a file.
    ///
    /// # Errors
    /// [`ModelError::Weights`] listing all that are missing or have another shape.
    pub fn from_tensors(
        config: &ModelConfig,
        mut tensors: Tensors,
        device: &Device,
    ) -> Result<(Self, Ignored), ModelError> {
        config.check()?;
        strip_prefix(&mut tensors);
        let wanted = config.parameters();
        let mut wrong = Vec::new();
        for (name, shape) in &wanted {
            match tensors.get(name) {
                None => wrong.push(format!("{name} {shape:?} is missing")),
                Some(found) if found.shape != *shape => {
                    wrong.push(format!(
                        "{name} is {:?} where {shape:?} is wanted",
                        found.shape
                    ));
                }
                Some(_) => {}
            }
        }
        if !wrong.is_empty() {
            return Err(ModelError::Weights(list(&wrong)));
        }
        let weights = Self::build(config, &mut |name, shape| {
            let found = tensors.remove(name).unwrap_or_default();
            Ok(tensor(found.values, shape, device))
        })?;
        let ignored = Ignored {
            tensors: tensors.len(),
        };
        Ok((weights, ignored))
    }

    /// All parameters under their official names and shapes.
    pub fn to_tensors(&self, config: &ModelConfig) -> Result<Tensors, ModelError> {
        let mut all = Tensors::new();
        let mut failed = None;
        let shapes = config.parameters();
        let mut shapes = shapes.into_iter();
        self.clone().visit(&mut |_, it| {
            let Some((name, shape)) = shapes.next() else {
                return;
            };
            match it.clone().into_data().try_into_vec::<f32>() {
                Ok(values) => {
                    all.insert(name, weights::Tensor { shape, values });
                }
                Err(err) => failed = Some(ModelError::Device(err.to_string())),
            }
        });
        failed.map_or(Ok(all), Err)
    }

    /// Shows every parameter with its official name, in the order of
    /// [`ModelConfig::parameters`], and takes what the visitor leaves in its place.
    pub fn visit(&mut self, visitor: &mut dyn FnMut(&str, &mut Tensor<2>)) {
        visitor("tokenizer.1.weight", &mut self.tokenizer);
        visitor("input_layernorm.weight", &mut self.input_norm);
        for (i, block) in self.blocks.iter_mut().enumerate() {
            let mut show = |name: &str, it: &mut Tensor<2>| {
                visitor(&format!("blocks.{i}.module_list.{name}"), it);
            };
            let BlockWeights {
                attention,
                lact,
                mlp,
            } = block;
            show("0.ln.weight", &mut attention.norm);
            show("0.f.to_qkv.weight", &mut attention.to_qkv);
            show("0.f.c_proj.weight", &mut attention.project);
            show("0.f.q_norm.weight", &mut attention.q_norm);
            show("0.f.k_norm.weight", &mut attention.k_norm);
            show("1.ln.weight", &mut lact.norm);
            let [w0, w1, w2] = &mut lact.slow;
            show("1.f.w0", w0);
            show("1.f.w1", w1);
            show("1.f.w2", w2);
            show("1.f.to_qkv.weight", &mut lact.to_qkv);
            show("1.f.c_proj.weight", &mut lact.project);
            show("1.f.lr_fc.weight", &mut lact.rates);
            show("1.f.lr_fc.bias", &mut lact.rates_bias);
            show("1.f.o_norm.weight", &mut lact.out_norm);
            show("2.ln.weight", &mut mlp.norm);
            show("2.f.c_fc.weight", &mut mlp.expand);
            show("2.f.c_proj.weight", &mut mlp.project);
        }
        visitor("decoder.0.weight", &mut self.decoder_norm);
        visitor("decoder.1.weight", &mut self.decoder);
    }

    /// Asks `source` for every parameter, in the order of [`ModelConfig::parameters`].
    fn build(
        config: &ModelConfig,
        source: &mut dyn FnMut(&str, [usize; 2]) -> Result<Tensor<2>, ModelError>,
    ) -> Result<Self, ModelError> {
        let mut all = config.parameters().into_iter();
        let mut next = || {
            let (name, shape) = all.next().unwrap_or_default();
            source(&name, matrix(&shape))
        };
        let tokenizer = next()?;
        let input_norm = next()?;
        let mut blocks = Vec::with_capacity(config.layers);
        for _ in 0..config.layers {
            blocks.push(BlockWeights {
                attention: AttentionWeights {
                    norm: next()?,
                    to_qkv: next()?,
                    project: next()?,
                    q_norm: next()?,
                    k_norm: next()?,
                },
                lact: LactWeights {
                    norm: next()?,
                    slow: [next()?, next()?, next()?],
                    to_qkv: next()?,
                    project: next()?,
                    rates: next()?,
                    rates_bias: next()?,
                    out_norm: next()?,
                },
                mlp: MlpWeights {
                    norm: next()?,
                    expand: next()?,
                    project: next()?,
                },
            });
        }
        Ok(Self {
            tokenizer,
            input_norm,
            blocks,
            decoder_norm: next()?,
            decoder: next()?,
        })
    }
}

/// `[out, in]` of a matrix of whatever rank it is stored in.
fn matrix(shape: &[usize]) -> [usize; 2] {
    match shape {
        [columns] => [1, *columns],
        [.., rows, columns] => [*rows, *columns],
        [] => [1, 1],
    }
}

fn is_norm(name: &str) -> bool {
    name.ends_with("norm.weight") || name.ends_with("ln.weight") || name == "decoder.0.weight"
}

fn is_fast(name: &str) -> bool {
    [".w0", ".w1", ".w2"].iter().any(|it| name.ends_with(it))
}

fn tensor(values: Vec<f32>, shape: [usize; 2], device: &Device) -> Tensor<2> {
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// Normally distributed numbers (Box and Muller).
fn normal(rng: &mut Pcg64Mcg, count: usize, deviation: f32) -> Vec<f32> {
    let mut uniform = || ((rng.next_u32() >> 8) as f32 + 0.5) / (1 << 24) as f32;
    let mut all = Vec::with_capacity(count + 1);
    while all.len() < count {
        let radius = deviation * (-2.0 * uniform().ln()).sqrt();
        let (sin, cos) = (std::f32::consts::TAU * uniform()).sin_cos();
        all.extend([radius * cos, radius * sin]);
    }
    all.truncate(count);
    all
}

/// Training programs keep the network under a name of their own: `model.` of the published files,
/// `module.` of programs that ran on several devices.
fn strip_prefix(tensors: &mut Tensors) {
    const ANCHOR: &str = "tokenizer.1.weight";
    let found = tensors.keys().find_map(|it| it.strip_suffix(ANCHOR));
    let Some(prefix) = found.filter(|it| !it.is_empty()).map(str::to_owned) else {
        return;
    };
    let all = std::mem::take(tensors).into_iter();
    *tensors = all
        .map(|(name, it)| match name.strip_prefix(&prefix) {
            Some(rest) => (rest.to_owned(), it),
            None => (name, it),
        })
        .collect();
}

/// The first few of a list, and how many more there are.
fn list(all: &[String]) -> String {
    const SHOWN: usize = 12;
    let mut text = all
        .iter()
        .take(SHOWN)
        .cloned()
        .collect::<Vec<_>>()
        .join("; ");
    if SHOWN < all.len() {
        text += &format!("; and {} more", all.len() - SHOWN);
    }
    text
}

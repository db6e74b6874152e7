//! The network on a list of views, layer by layer: the one place where its layers are strung
//! together.
//!
//! ```text
//! views ─► patches ─► tokens ─┐ for every layer:
//!                             │   x ← x + attend(norm x)          each view for itself
//!                             │   W ← update(W, tokens of a chunk) the inputs, all or chunk by chunk
//!                             │   x ← x + answer(apply(W, ask x))  each view for itself
//!                             │   x ← x + think(norm x)
//!                             └─► decoder ─► one Gaussian a pixel
//! ```
//! Views never meet except in the fast weights. Views that are asked for and are inputs too are
//! computed once: equal tokens under equal weights stay equal.

use std::ops::{ControlFlow, Range};

use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use super::budget::Budget;
use super::collective::{Alone, Collective};
use super::config::Scan;
use super::device::{device_name, has_half};
use super::fast_weights::{FastWeights, Matrices, UpdateOptions, apply};
use super::layers::{
    Attending, answer, ask, attend_in_turn, in_pieces, linear, memorise, normalise, think,
};
use super::newton_schulz::Precision;
use super::rays::{Grid, NetworkCamera};
use super::stereo::Hint;
use super::tokens::Tokens;
use super::weights::{BlockWeights, LactWeights, Weights};
use super::{ModelConfig, ModelError};

/// In which numbers the network runs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Numerics {
    /// Of the orthogonaliser.
    pub newton_schulz: Precision,
    /// Of the rays: see [`NetworkCamera::direction`].
    pub rays: Precision,
    /// Added to the mean square of q and k in the attention. 2⁻²³ in single precision; the
    /// published runs had 2⁻⁷.
    pub qk_eps: f32,
    /// Products of linear layers and fast weights in half precision.
    pub half: bool,
}

impl Default for Numerics {
    fn default() -> Self {
        Self {
            newton_schulz: Precision::F32,
            rays: Precision::F32,
            qk_eps: f32::EPSILON,
            half: false,
        }
    }
}

/// A network with its weights on a device.
#[derive(Clone, Debug)]
pub struct Network {
    /// What it is.
    pub config: ModelConfig,
    /// Its parameters.
    pub weights: Weights,
    /// In which numbers it runs.
    pub numerics: Numerics,
    /// How much it may hold at a time.
    pub budget: Budget,
    /// Where it runs.
    pub device: Device,
}

/// Asked between pieces of work: how many of how many are done, and whether to go on. Where a view
/// goes through in parts, it is asked between these too, with the same numbers: whoever shares the
/// device has its turn then.
pub type Listener<'a> = &'a mut dyn FnMut(u64, u64) -> ControlFlow<()>;

/// The fast weights of all layers: all that a network keeps of a scene.
pub type SceneMemory = Vec<FastWeights>;

/// The tokens of some views, with what the fast weights do with them in every layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Op {
    /// Which views.
    pub views: Range<usize>,
    /// Whether their tokens update the fast weights.
    pub update: bool,
    /// Whether the fast weights are then applied to them.
    pub apply: bool,
}

/// The published list of operations: `inputs` views update, all `views` are answered by the last
/// weights.
pub fn operations(scan: Scan, chunk: usize, inputs: usize, views: usize) -> Vec<Op> {
    let step = match scan {
        Scan::Full => inputs,
        Scan::Autoregressive => chunk,
    };
    let chunks = (0..inputs).step_by(step.max(1));
    let mut all: Vec<Op> = chunks
        .map(|begin| Op {
            views: begin..(begin + step).min(inputs),
            update: true,
            apply: false,
        })
        .collect();
    all.push(Op {
        views: 0..views,
        update: false,
        apply: true,
    });
    all
}

impl Network {
    /// A network with the numerics it is meant to have.
    pub fn new(config: ModelConfig, weights: Weights, device: Device) -> Self {
        Self {
            config,
            weights,
            numerics: Numerics::default(),
            budget: Budget::default(),
            device,
        }
    }

    /// With the products of linear layers and fast weights in half precision: half the memory for
    /// their weights, and faster where the device computes so. The residual stream, norms,
    /// attention and the orthogonaliser stay in single precision.
    ///
    /// # Errors
    /// [`ModelError::NoDevice`] where the device has no half precision.
    pub fn in_half(mut self) -> Result<Self, ModelError> {
        if !has_half(&self.device) {
            return Err(ModelError::NoDevice(format!(
                "{} has no half precision. Run the network in single precision",
                device_name(&self.device)
            )));
        }
        self.weights = self.weights.in_half();
        self.numerics.half = true;
        Ok(self)
    }

    /// In other numbers. What is in half precision stays there.
    ///
    /// # Errors
    /// Those of [`Self::in_half`].
    pub fn with_numerics(mut self, numerics: Numerics) -> Result<Self, ModelError> {
        let half = numerics.half || self.numerics.half;
        self.numerics = numerics;
        if half { self.in_half() } else { Ok(self) }
    }

    /// How photos lie in tokens.
    pub fn grid(&self) -> Grid {
        Grid::new(&self.config)
    }

    /// The slow weights of all layers, as every scene begins.
    pub fn begin(&self) -> SceneMemory {
        let blocks = self.weights.blocks.iter();
        blocks
            .map(|it| FastWeights::new(&it.lact.slow, self.config.elastic))
            .collect()
    }

    /// The tokens \[n × d\] of a photo `rgb`, row by row, 0 to 1. A network that takes hints is told
    /// that nothing is known where there is no `hint`.
    pub fn tokenise(
        &self,
        camera: &NetworkCamera,
        rgb: &[[f32; 3]],
        hint: Option<&Hint>,
    ) -> Tensor<2> {
        let hints = self
            .config
            .stereo
            .map(|_| hint.map_or(&[][..], |it| &it.pixels));
        let patches = camera.patches(rgb, hints, self.grid(), self.numerics.rays);
        let shape = [self.config.tokens_per_view(), self.config.patch_width()];
        let patches = Tensor::from_data(TensorData::new(patches, shape), &self.device);
        let tokens = linear(patches, &self.weights.tokenizer);
        normalise(tokens, &self.weights.input_norm)
    }

    /// Sends tokens through all layers. `memory` is what the fast weights are before and after.
    ///
    /// # Errors
    /// [`ModelError::Cancelled`] when `listener` says so, [`ModelError::Views`] where `ops` do not
    /// answer each view once; what `collective` has to tell.
    pub fn run(
        &self,
        tokens: &mut Tokens,
        memory: &mut SceneMemory,
        ops: &[Op],
        collective: &dyn Collective,
        listener: Listener<'_>,
    ) -> Result<(), ModelError> {
        check(ops, tokens.len())?;
        let pieces = |op: &Op| op.views.len() * (usize::from(op.update) + usize::from(op.apply));
        let total = self.config.layers * ops.iter().map(pieces).sum::<usize>();
        let mut pass = Pass {
            network: self,
            attended: vec![false; tokens.len()],
            tokens,
            collective,
            listener,
            done: 0,
            total: total as u64,
            is_told_to_end: false,
        };
        for (block, fast) in self.weights.blocks.iter().zip(memory) {
            pass.block(block, fast, ops)?;
        }
        Ok(())
    }

    /// [`Self::run`] on one device.
    pub fn run_alone(
        &self,
        tokens: &mut Tokens,
        memory: &mut SceneMemory,
        ops: &[Op],
        listener: Listener<'_>,
    ) -> Result<(), ModelError> {
        self.run(tokens, memory, ops, &Alone, listener)
    }

    /// How updates of the fast weights are made.
    pub fn update_options(&self) -> UpdateOptions {
        UpdateOptions {
            steps: self.config.newton_schulz_steps,
            precision: self.numerics.newton_schulz,
        }
    }
}

/// Every view is to be answered once: its tokens go on to the next layer then.
fn check(ops: &[Op], views: usize) -> Result<(), ModelError> {
    let mut answers = vec![0_usize; views];
    for op in ops {
        let Some(of) = answers.get_mut(op.views.clone()) else {
            let Range { start, end } = op.views;
            return Err(ModelError::Views(format!(
                "an operation is for the views {start} to {end} of {views}"
            )));
        };
        for it in of {
            *it += usize::from(op.apply);
        }
    }
    match answers.iter().position(|it| *it != 1) {
        None => Ok(()),
        Some(view) => Err(ModelError::Views(format!(
            "the operations answer view {view} {} times, and it is to be once",
            answers[view]
        ))),
    }
}

/// A run in progress.
struct Pass<'a, 'b> {
    network: &'a Network,
    tokens: &'a mut Tokens,
    /// Views whose attention is done in this block.
    attended: Vec<bool>,
    collective: &'a dyn Collective,
    listener: Listener<'b>,
    done: u64,
    total: u64,
    is_told_to_end: bool,
}

impl Pass<'_, '_> {
    /// Attention → fast weights → MLP, each added to its input. A view that lies on the host comes
    /// to the device at most once for each operation on it.
    fn block(
        &mut self,
        block: &BlockWeights,
        fast: &mut FastWeights,
        ops: &[Op],
    ) -> Result<(), ModelError> {
        self.attended.fill(false);
        for op in ops {
            let mut weights = fast.current.clone();
            if op.update {
                let gradient = self.gradient(fast, block, op.views.clone())?;
                weights = fast.candidate(gradient, self.network.update_options());
                self.breathe();
                fast.commit(weights.clone());
            }
            if op.apply {
                for view in op.views.clone() {
                    self.finish(view, block, &weights)?;
                }
            }
        }
        Ok(())
    }

    /// A view's tokens after the attention, which is done where it is not yet.
    fn attended(&mut self, view: usize, block: &BlockWeights) -> Tensor<2> {
        let x = self.tokens.get(view);
        if std::mem::replace(&mut self.attended[view], true) {
            return x;
        }
        let Network { config, budget, .. } = self.network;
        let how = Attending {
            heads: config.heads,
            eps: self.network.numerics.qk_eps,
            queries_at_once: budget.queries_at_once(config),
        };
        let normed = normalise(x.clone(), &block.attention.norm);
        let attention = &block.attention;
        x + attend_in_turn(normed, attention, how, &mut || self.breathe())
    }

    /// x ← x + answer(apply(W, ask x)) and x ← x + think x, for a view, a few tokens at a time.
    fn finish(
        &mut self,
        view: usize,
        block: &BlockWeights,
        weights: &Matrices,
    ) -> Result<(), ModelError> {
        let x = self.attended(view, block);
        let step = self.network.budget.tokens_at_once(&self.network.config);
        let is_cut = step < x.dims()[0];
        let x = in_pieces(x, 0, step, |x| {
            let x = x.clone() + recall(x, weights, &block.lact);
            if is_cut {
                self.breathe();
            }
            let x = x.clone() + think(normalise(x, &block.mlp.norm), &block.mlp);
            if is_cut {
                self.breathe();
            }
            x
        });
        self.tokens.put(view, x)?;
        self.count()
    }

    /// The direction of an update from the views' tokens, summed a few tokens at a time.
    fn gradient(
        &mut self,
        fast: &FastWeights,
        block: &BlockWeights,
        views: Range<usize>,
    ) -> Result<Matrices, ModelError> {
        let lact = &block.lact;
        let step = self.network.budget.tokens_at_once(&self.network.config);
        let mut sum: Option<Matrices> = None;
        for view in views {
            let is_new = !self.attended[view];
            let x = self.attended(view, block);
            if is_new {
                self.tokens.put(view, x.clone())?;
            }
            let is_cut = step < x.dims()[0];
            for part in x.split(step, 0) {
                let memory = memorise(&normalise(part, &lact.norm), lact);
                let part = fast.gradient(&memory.k, &memory.v, &memory.rates);
                sum = Some(match sum {
                    None => part,
                    Some([a, b, c]) => {
                        let [d, e, f] = part;
                        [a + d, b + e, c + f]
                    }
                });
                if is_cut {
                    self.breathe();
                }
            }
            self.count()?;
        }
        let sum = sum.unwrap_or_else(|| fast.current.clone().map(|it| it.zeros_like()));
        self.collective.sum(sum)
    }

    /// A view is through a step.
    fn count(&mut self) -> Result<(), ModelError> {
        self.done += 1;
        self.breathe();
        if self.is_told_to_end {
            return Err(ModelError::Cancelled);
        }
        Ok(())
    }

    /// A piece of work is through. That it was the last one is heeded when the view is.
    fn breathe(&mut self) {
        if !self.is_told_to_end {
            self.is_told_to_end = (self.listener)(self.done, self.total).is_break();
        }
    }
}

/// What the layer with fast weights adds to tokens x \[m × d\].
fn recall(x: Tensor<2>, weights: &Matrices, lact: &LactWeights) -> Tensor<2> {
    let q = ask(normalise(x, &lact.norm), lact);
    answer(apply(weights, &q), lact)
}

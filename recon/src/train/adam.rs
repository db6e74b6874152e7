//! AdamW (Loshchilov and Hutter, "Decoupled Weight Decay Regularization"), and the running mean of
//! the weights.

use burn::tensor::Tensor;

use super::config::Descent;
use crate::model::Weights;

/// Keeps a step from being divided by 0.
const EPS: f32 = 1e-8;

/// What is kept of the gradients so far, in the order of the network's parameters.
#[derive(Clone, Debug)]
pub struct Adam {
    /// Running means of the gradients.
    pub first: Vec<Tensor<2>>,
    /// Running means of their squares.
    pub second: Vec<Tensor<2>>,
    /// Steps taken.
    pub steps: u32,
}

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stepped {
    /// Length of the gradient of all parameters.
    pub length: f32,
    /// It was too long, or no number: nothing was changed.
    pub skipped: bool,
}

impl Adam {
    /// Nothing seen yet.
    pub fn new(weights: &Weights) -> Self {
        let zeros = || weights.list().iter().map(Tensor::zeros_like).collect();
        Self {
            first: zeros(),
            second: zeros(),
            steps: 0,
        }
    }

    /// Moves the weights against `gradients`, which are in their order, by steps of size `rate`.
    pub fn step(
        &mut self,
        weights: &mut Weights,
        gradients: &[Tensor<2>],
        rate: f32,
        descent: &Descent,
    ) -> Stepped {
        let length = length(gradients);
        if length.is_nan() || descent.skip < length {
            return Stepped {
                length,
                skipped: true,
            };
        }
        let shorten = (descent.clip / length.max(EPS)).min(1.0);
        self.steps += 1;
        let [b1, b2] = descent.betas;
        let [unbias1, unbias2] = [b1, b2].map(|b| 1.0 - b.powi(self.steps as i32));
        let mut at = 0;
        weights.visit(&mut |_, weight| {
            let [rows, _] = weight.dims();
            let gradient = gradients[at].clone() * shorten;
            let first = self.first[at].clone() * b1 + gradient.clone() * (1.0 - b1);
            let second = self.second[at].clone() * b2 + gradient.square() * (1.0 - b2);
            let step = first.clone() / ((second.clone() / unbias2).sqrt() + EPS);
            // Vectors are matrices of one row here.
            let decay = if 1 < rows { descent.decay } else { 0.0 };
            *weight = weight.clone() * (1.0 - rate * decay) - step * (rate / unbias1);
            self.first[at] = first;
            self.second[at] = second;
            at += 1;
        });
        Stepped {
            length,
            skipped: false,
        }
    }
}

/// √Σ g² over all parameters.
fn length(gradients: &[Tensor<2>]) -> f32 {
    let squares = gradients.iter().map(|it| it.clone().square().sum());
    let sum = squares.reduce(|a, b| a + b);
    sum.map_or(0.0, |it| it.sqrt().into_scalar::<f32>())
}

/// `mean` ← `memory` · `mean` + (1 − `memory`) · `weights`.
pub(super) fn average(mean: &mut Weights, weights: &Weights, memory: f32) {
    let all = weights.list();
    let mut at = 0;
    mean.visit(&mut |_, it| {
        *it = it.clone() * memory + all[at].clone() * (1.0 - memory);
        at += 1;
    });
}

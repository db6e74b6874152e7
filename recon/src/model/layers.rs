//! The layers of a block, as functions of tokens \[m × d\]. Each gives what is added to its input.

use std::ops::Range;

use burn::tensor::activation::{gelu, silu, softplus};
use burn::tensor::module::{attention, layer_norm};
use burn::tensor::ops::AttentionModuleOptions;
use burn::tensor::{DType, FloatDType, Tensor};

use super::weights::{AttentionWeights, LactWeights, MlpWeights};

/// Of every layer norm, and of the norm after the fast weights.
const EPS: f64 = 1e-5;
/// Added to the lengths of q and k in the layer with fast weights.
const LENGTH_EPS: f32 = 1e-5;
/// ln(e^0.01 − 1): a rate of 0.01 where the logit is 0.
const RATE_BIAS: f32 = -4.600_166;

/// y = x · Wᵀ for W \[out × in\].
pub fn linear(x: Tensor<2>, weight: &Tensor<2>) -> Tensor<2> {
    product(x, weight.clone().transpose())
}

/// a · b in single precision; where one of them is in half, they meet in half.
pub fn product(a: Tensor<2>, b: Tensor<2>) -> Tensor<2> {
    if a.dtype() != DType::F16 && b.dtype() != DType::F16 {
        return a.matmul(b);
    }
    let half = |it: Tensor<2>| it.cast(FloatDType::F16);
    half(a).matmul(half(b)).cast(FloatDType::F32)
}

/// x in half precision where `like` is that, else as it is.
pub fn as_precise_as(x: Tensor<2>, like: DType) -> Tensor<2> {
    match like {
        DType::F16 => x.cast(FloatDType::F16),
        _ => x,
    }
}

/// To mean 0 and variance 1 over a token, times a weight \[1 × d\].
pub fn normalise(x: Tensor<2>, weight: &Tensor<2>) -> Tensor<2> {
    let [_, d] = weight.dims();
    layer_norm(x, weight.clone().reshape([d]), None, EPS)
}

/// To mean square 1 over the last axis, times a weight \[1 × last\].
fn to_unit_square<const D: usize>(x: Tensor<D>, weight: &Tensor<2>, eps: f32) -> Tensor<D> {
    let mean = x.clone().square().mean_dim(D - 1);
    x / (mean + eps).sqrt() * weight.clone().unsqueeze::<D>()
}

/// How a view's tokens attend to one another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Attending {
    /// Heads that share d.
    pub heads: usize,
    /// Added to the mean square of q and k.
    pub eps: f32,
    /// Queries that meet the keys at a time; the result is the same.
    pub queries_at_once: usize,
}

/// Attention of a view's tokens x \[n × d\] (after its norm) to one another, with q and k brought to
/// mean square 1 a head.
pub fn attend(x: Tensor<2>, weights: &AttentionWeights, how: Attending) -> Tensor<2> {
    attend_in_turn(x, weights, how, &mut || ())
}

/// [`attend`], with `between` called after each of several pieces.
pub fn attend_in_turn(
    x: Tensor<2>,
    weights: &AttentionWeights,
    how: Attending,
    between: &mut dyn FnMut(),
) -> Tensor<2> {
    let Attending { heads, eps, .. } = how;
    let [n, d] = x.dims();
    let head = d / heads;
    let qkv = linear(x, &weights.to_qkv); // [n × 3 d]
    let part = |i: usize| {
        let part = qkv.clone().narrow(1, i * d, d); // [n × d]
        part.reshape([1, n, heads, head]).swap_dims(1, 2) // [1 × heads × n × head]
    };
    let q = to_unit_square(part(0), &weights.q_norm, eps);
    let k = to_unit_square(part(1), &weights.k_norm, eps);
    let v = part(2);
    let options = AttentionModuleOptions::default(); // scaled by 1 / √head
    let is_cut = how.queries_at_once < n;
    let mixed = in_pieces(q, 2, how.queries_at_once, |q| {
        let mixed = attention(q, k.clone(), v.clone(), None, None, options);
        if is_cut {
            between();
        }
        mixed
    });
    let mixed = mixed.swap_dims(1, 2).reshape([n, d]); // heads side by side
    linear(mixed, &weights.project)
}

/// What a token is to the fast weights. k and v are in half precision where the weights are.
#[derive(Clone, Debug)]
pub struct Memory {
    /// What is looked up by, \[m × d\], of length 1.
    pub k: Tensor<2>,
    /// What is to be found, \[m × d\].
    pub v: Tensor<2>,
    /// How much that counts for w₀, w₁, w₂, \[m × 3\].
    pub rates: Tensor<2>,
}

/// Keys, values and rates of tokens x \[m × d\] (after the norm).
pub fn memorise(x: &Tensor<2>, weights: &LactWeights) -> Memory {
    let [_, d] = x.dims();
    let kv = silu(linear(x.clone(), &rows(&weights.to_qkv, d..3 * d))); // [m × 2 d]
    let logits = linear(x.clone(), &weights.rates) + weights.rates_bias.clone() + RATE_BIAS;
    Memory {
        k: as_precise_as(
            to_length_one(kv.clone().narrow(1, 0, d)),
            weights.to_qkv.dtype(),
        ),
        v: as_precise_as(kv.narrow(1, d, d), weights.to_qkv.dtype()),
        rates: softplus(logits, 1.0),
    }
}

/// Queries \[m × d\] of tokens x \[m × d\] (after the norm), of length 1.
pub fn ask(x: Tensor<2>, weights: &LactWeights) -> Tensor<2> {
    let [_, d] = x.dims();
    let q = to_length_one(silu(linear(x, &rows(&weights.to_qkv, 0..d))));
    as_precise_as(q, weights.to_qkv.dtype())
}

/// From the fast weights' answers \[m × d\] to what the layer adds.
pub fn answer(found: Tensor<2>, weights: &LactWeights) -> Tensor<2> {
    let found = to_unit_square(found, &weights.out_norm, EPS as f32);
    linear(found, &weights.project)
}

/// The MLP with the exact (erf) GELU.
pub fn think(x: Tensor<2>, weights: &MlpWeights) -> Tensor<2> {
    linear(gelu(linear(x, &weights.expand)), &weights.project)
}

/// f of x, of at most `most` entries along `dim` at a time, each being a matter of its own to f.
pub fn in_pieces<const D: usize>(
    x: Tensor<D>,
    dim: usize,
    most: usize,
    mut f: impl FnMut(Tensor<D>) -> Tensor<D>,
) -> Tensor<D> {
    if x.dims()[dim] <= most {
        return f(x);
    }
    let pieces = x.split(most.max(1), dim);
    Tensor::cat(pieces.into_iter().map(f).collect(), dim)
}

fn rows(weight: &Tensor<2>, range: Range<usize>) -> Tensor<2> {
    weight.clone().narrow(0, range.start, range.len())
}

fn to_length_one(x: Tensor<2>) -> Tensor<2> {
    let length = x.clone().square().sum_dim(1).sqrt();
    x / (length + LENGTH_EPS)
}

//! Muon's orthogonaliser: a matrix whose singular values are all brought near 1.

use burn::tensor::{FloatDType, Tensor};
use serde::{Deserialize, Serialize};

/// Coefficients of X ← a X + (b A + c A²) X with A = X Xᵀ (Jordan et al., "Muon").
const A: f32 = 3.4445;
const B: f32 = -4.7750;
const C: f32 = 2.0315;

/// In which precision a step is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// Single precision: what is meant.
    #[default]
    F32,
    /// Rounded to bfloat16 after every operation: what the published code does. For comparing with
    /// its results only; rounding makes them differ by several per cent from run to run.
    Bf16,
}

/// `steps` rounds of Newton and Schulz on G \[rows × columns\]. A taller G is transposed on the way,
/// so that A is the smaller of the two products.
pub fn orthogonalise(gradient: Tensor<2>, steps: usize, precision: Precision) -> Tensor<2> {
    let [rows, columns] = gradient.dims();
    let round = |it: Tensor<2>| match precision {
        Precision::F32 => it,
        Precision::Bf16 => it.cast(FloatDType::BF16).cast(FloatDType::F32),
    };
    let is_tall = columns < rows;
    let g = if is_tall {
        gradient.transpose()
    } else {
        gradient
    };
    let mut x = round(g);
    let norm = round(round(x.clone().square().sum().sqrt().unsqueeze::<2>()) + 1e-7);
    x = round(x / norm);
    for _ in 0..steps {
        let a = round(x.clone().matmul(x.clone().transpose()));
        let squared = round(round(a.clone() * C).matmul(a.clone()));
        let b = round(round(a * B) + squared);
        let moved = round(b.matmul(x.clone()));
        x = round(round(x * A) + moved);
    }
    if is_tall { x.transpose() } else { x }
}

//! The orthogonaliser in single precision, and as the published program rounds it.

use burn::tensor::Device;
use recon::model::newton_schulz::{Precision, orthogonalise};

use super::{golden, matrix, numbers, relative};

#[test]
fn single_precision_agrees_with_double() {
    let Some(file) = golden("i_newton_schulz") else {
        return;
    };
    let device = Device::flex();
    for shape in ["wide", "tall", "sq", "lowrank"] {
        let g = matrix(&file, &format!("{shape}/G"), &device);
        let ours = numbers(orthogonalise(g, 5, Precision::F32));
        let expected: Vec<f32> = file
            .f64s(&format!("{shape}/f64"))
            .iter()
            .map(|it| *it as f32)
            .collect();
        let error = relative(&ours, &expected);
        println!("{shape}: {error:.1e} from double precision");
        // Small singular values are lifted by up to 3.4 a step, and their rounding with them.
        assert!(error < 3e-5, "{shape} is {error:.2e} off");
    }
}

#[test]
fn rounding_is_that_of_the_published_code() {
    let Some(file) = golden("i_newton_schulz") else {
        return;
    };
    let device = Device::flex();
    for shape in ["wide", "tall", "sq", "lowrank"] {
        for (steps, name) in [(1, "bf16_coded_1step"), (5, "bf16_coded")] {
            let g = matrix(&file, &format!("{shape}/G"), &device);
            let ours = numbers(orthogonalise(g, steps, Precision::Bf16));
            let expected = file.bf16s(&format!("{shape}/{name}"));
            let same = ours.iter().zip(&expected).filter(|(a, b)| a == b).count();
            let part = same as f64 / ours.len() as f64;
            let error = relative(&ours, &expected);
            println!("{shape} {name}: {part:.4} of all numbers equal, {error:.1e} off");
            // Sums in another order round single numbers the other way, which later steps amplify.
            let (least, most) = if steps == 1 {
                (0.99, 1e-3)
            } else {
                (0.5, 3e-2)
            };
            assert!(
                least <= part && error <= most,
                "{shape} {name}: {part} {error}"
            );
        }
    }
}

//! The network agrees, layer by layer, with golden files that the published program wrote.

mod cases;
mod devices;
mod lact;
mod layers;
mod newton_schulz;

use burn::tensor::{Device, Tensor, TensorData};
use recon::io::weights;
use tests::fixtures::Tensors;

/// A golden file; `None`, said in one line, where there is none.
pub(crate) fn golden(name: &str) -> Option<Tensors> {
    let folder = tests::test_data()?.join("fixtures/tttlrm");
    Some(Tensors::open(&folder.join(format!("{name}.safetensors"))))
}

/// A tensor of a file as a matrix: all axes but the last are rows.
pub(crate) fn matrix(file: &Tensors, name: &str, device: &Device) -> Tensor<2> {
    let values = file.f32s(name);
    let columns = *file.shape(name).last().unwrap();
    let rows = values.len() / columns;
    Tensor::from_data(TensorData::new(values, [rows, columns]), device)
}

/// The numbers of a tensor.
pub(crate) fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec().unwrap()
}

/// ‖a − b‖ / ‖b‖.
pub(crate) fn relative(a: &[f32], b: &[f32]) -> f64 {
    assert_eq!(a.len(), b.len(), "lengths differ");
    let square = |it: f64| it * it;
    let pairs = a.iter().zip(b);
    let apart: f64 = pairs
        .map(|(a, b)| square(f64::from(*a) - f64::from(*b)))
        .sum();
    let whole: f64 = b.iter().map(|it| square(f64::from(*it))).sum();
    (apart / whole).sqrt()
}

/// Fails, naming the tensor, where it is further from the file's than `tolerance` (relative L2).
pub(crate) fn agree<const D: usize>(
    ours: Tensor<D>,
    file: &Tensors,
    name: &str,
    tolerance: f64,
) -> f64 {
    let error = relative(&numbers(ours), &file.f32s(name));
    assert!(error <= tolerance, "{name} is {error:.2e} off");
    error
}

/// All tensors whose names begin with `prefix`, without it.
pub(crate) fn parameters(file: &Tensors, prefix: &str) -> weights::Tensors {
    let names = file.names().into_iter();
    let ours = names.filter_map(|it| Some((it.strip_prefix(prefix)?.to_owned(), it)));
    ours.map(|(name, full)| {
        let tensor = weights::Tensor {
            shape: file.shape(&full),
            values: file.f32s(&full),
        };
        (name, tensor)
    })
    .collect()
}

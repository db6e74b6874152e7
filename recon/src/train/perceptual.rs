//! How different two pictures look to a network that was trained to tell things apart: VGG-19 with
//! its largest-value pools made means, compared after relu1_2, 2_2, 3_2, 4_2 and 5_2 (Gatys et al.;
//! Chen and Koltun; the term of Long-LRM and tttLRM). Its weights are not ours to ship: users bring
//! torchvision's `vgg19`.
//!
//! The published term divides each layer's mean difference by a number that was measured on the
//! weights of another program. Here it is divided by the layer's own mean on the wanted picture,
//! which needs no such numbers and means the same with any VGG.

use std::path::Path;

use burn::tensor::activation::relu;
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Tensor, TensorData};

use super::TrainError;
use crate::io::IoError;
use crate::io::weights::WeightsFile;
use crate::model::ModelError;

/// torchvision's numbers of the convolutions up to conv5_2; a pool follows the ends of blocks.
const CONVOLUTIONS: [usize; 14] = [0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30];

/// After which of them pictures are compared.
const COMPARED: [usize; 5] = [2, 7, 12, 21, 30];

/// After which of them a pool follows.
const POOLED: [usize; 4] = [2, 7, 16, 25];

/// Mean and deviation of the colours that the weights were trained on.
const MEAN: [f32; 3] = [0.485, 0.456, 0.406];
const DEVIATION: [f32; 3] = [0.229, 0.224, 0.225];

/// The pools halve pictures four times, pixels.
pub(super) const LEAST_SIDE: usize = 16;

/// The network's convolutions.
#[derive(Clone, Debug)]
pub struct Perceptual {
    /// Weights \[out × in × 3 × 3\] and biases \[out\].
    convolutions: Vec<(Tensor<4>, Tensor<1>)>,
    device: Device,
}

impl Perceptual {
    /// Reads `features.0.weight` and so on: torchvision's `vgg19`, `.pth` or `.safetensors`.
    ///
    /// # Errors
    /// Naming the file, where it is none or lacks a layer.
    pub fn open(path: &Path, device: &Device) -> Result<Self, TrainError> {
        let mut file = WeightsFile::open(path)?;
        let mut input = 3;
        let convolutions = CONVOLUTIONS.into_iter().map(|number| {
            let mut read = |kind: &str, check: &dyn Fn(&[usize]) -> bool| {
                let name = format!("features.{number}.{kind}");
                let shape = file.find(&name).and_then(Result::ok);
                let shape = shape.map(|it| it.shape.clone()).filter(|it| check(it));
                let Some(shape) = shape else {
                    return Err(TrainError::Perceptual(format!(
                        "{}: {name} is missing or has another shape",
                        path.display()
                    )));
                };
                let values = file.read(&name).map_err(|it| IoError::format(path, it))?;
                Ok((values.values, shape))
            };
            let is_kernel = |it: &[usize]| matches!(it, [_, of, 3, 3] if *of == input);
            let (weights, shape) = read("weight", &is_kernel)?;
            let count = shape[0];
            let (bias, _) = read("bias", &|it| it == [count])?;
            let weights = TensorData::new(weights, shape);
            input = count;
            Ok((
                Tensor::<4>::from_data(weights, device),
                Tensor::<1>::from_data(TensorData::new(bias, [count]), device),
            ))
        });
        Ok(Self {
            convolutions: convolutions.collect::<Result<_, TrainError>>()?,
            device: device.clone(),
        })
    }

    /// How far `rgb` looks from `wanted`, both row by row, 0 to 1, `width` pixels a row; and the
    /// gradient with respect to `rgb`, planes of red, green and blue.
    ///
    /// # Errors
    /// Where the device fails.
    pub fn compare(
        &self,
        rgb: &[[f32; 3]],
        wanted: &[[f32; 3]],
        width: usize,
    ) -> Result<(f32, Vec<f32>), TrainError> {
        let tracked = self.device.clone().autodiff();
        let picture = |rgb: &[[f32; 3]], device: &Device| {
            let planes = (0..3).flat_map(|k| rgb.iter().map(move |it| it[k]));
            let shape = [1, 3, rgb.len() / width.max(1), width];
            Tensor::<4>::from_data(TensorData::new(planes.collect::<Vec<f32>>(), shape), device)
        };
        let seen = picture(rgb, &tracked).require_grad();
        let expected = self.features(picture(wanted, &self.device));
        let mut sum = (seen.clone() - picture(wanted, &tracked)).abs().mean();
        for (found, expected) in self.features(seen.clone()).into_iter().zip(expected) {
            let usual = expected.clone().abs().mean().into_scalar::<f32>();
            let expected = expected.autodiff();
            sum = sum + (found - expected).abs().mean() / usual.max(1e-6);
        }
        let value = sum.clone().into_scalar::<f32>();
        let mut gradients = sum.backward();
        let Some(slopes) = seen.grad_remove(&mut gradients) else {
            return Ok((value, vec![0.0; 3 * rgb.len()]));
        };
        let slopes = slopes.into_data().try_into_vec::<f32>();
        let slopes = slopes.map_err(|it| ModelError::Device(it.to_string()))?;
        Ok((value, slopes))
    }

    /// What is compared, layer by layer.
    fn features(&self, rgb: Tensor<4>) -> Vec<Tensor<4>> {
        let device = rgb.device();
        let of_channels = |it: [f32; 3]| {
            Tensor::<4>::from_data(TensorData::new(it.to_vec(), [1, 3, 1, 1]), &device)
        };
        let mut x = (rgb - of_channels(MEAN)) / of_channels(DEVIATION);
        let mut found = Vec::with_capacity(COMPARED.len());
        for (number, (weights, bias)) in CONVOLUTIONS.into_iter().zip(&self.convolutions) {
            let (weights, bias) = if device.is_autodiff() {
                (weights.clone().autodiff(), bias.clone().autodiff())
            } else {
                (weights.clone(), bias.clone())
            };
            let options = ConvOptions::new([1, 1], [1, 1], [1, 1], 1);
            x = relu(conv2d(x, weights, Some(bias), options));
            if COMPARED.contains(&number) {
                found.push(x.clone());
            }
            if POOLED.contains(&number) {
                x = halved(x);
            }
        }
        found
    }
}

/// Means of squares of four.
fn halved(x: Tensor<4>) -> Tensor<4> {
    let [count, channels, height, width] = x.dims();
    let (rows, columns) = (height / 2, width / 2);
    let x = x.narrow(2, 0, 2 * rows).narrow(3, 0, 2 * columns);
    let x = x.reshape([count * channels, rows, 2, columns, 2]);
    let x = x.mean_dim(4).mean_dim(2);
    x.reshape([count, channels, rows, columns])
}

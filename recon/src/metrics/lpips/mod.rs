//! LPIPS 0.1: how differently a network that has learnt to see reacts to two pictures.
//!
//! Zhang, Isola, Efros, Shechtman and Wang, "The Unreasonable Effectiveness of Deep Features as a
//! Perceptual Metric" (2018), equation 1:
//!
//! ```text
//! d(a, b) = Σₗ 1/(Hₗ Wₗ) Σₕᵥ Σ꜀ wₗ꜀ (âₗₕᵥ꜀ − b̂ₗₕᵥ꜀)²       â: features of layer l, unit length over c
//! ```
//!
//! The weights are the user's: those of the network as torchvision publishes them, and the `w` of
//! the authors. Pictures are brought from 0 … 1 to −1 … 1 first, as papers on splats do it.

mod feature_map;
mod layers;

use std::fmt;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

pub use feature_map::{Convolution, FeatureMap};
use layers::{Layer, layers};

use super::{MetricsError, Picture};
use crate::io::{Tensor, Tensors};

/// What the authors' scaling layer takes from each channel, and divides it by.
const SHIFT: [f32; 3] = [-0.030, -0.088, -0.188];
const SCALE: [f32; 3] = [0.458, 0.448, 0.450];

/// Keeps features that are all 0 from being divided by 0; the authors' value.
const EPSILON: f32 = 1e-10;

/// Which network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LpipsNet {
    /// VGG-16: what papers on splats report.
    #[default]
    Vgg,
    /// AlexNet: quicker, and the authors' choice for comparing methods.
    Alex,
}

impl LpipsNet {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Vgg, Self::Alex];

    /// The shorter side that a picture needs, in pixels.
    pub fn least_side(self) -> u32 {
        match self {
            Self::Vgg => 16,
            Self::Alex => 31,
        }
    }
}

impl fmt::Display for LpipsNet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Vgg => "LPIPS (VGG)",
            Self::Alex => "LPIPS (AlexNet)",
        })
    }
}

/// Weights cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LpipsError {
    /// A tensor is not there.
    #[error(
        "{net} needs the tensor {name}. Give the network's weights of torchvision and the linear \
         weights of lpips 0.1"
    )]
    Missing {
        /// For which network.
        net: LpipsNet,
        /// As torchvision and lpips call it.
        name: String,
    },
    /// A tensor is that of another network.
    #[error("{net} needs the tensor {name} as {needed:?}, found {found:?}")]
    Shape {
        /// For which network.
        net: LpipsNet,
        /// As torchvision and lpips call it.
        name: String,
        /// Shape it must have.
        needed: Vec<usize>,
        /// Shape it has.
        found: Vec<usize>,
    },
}

/// The metric with its weights, ready to measure.
#[derive(Clone, Debug)]
pub struct Lpips {
    net: LpipsNet,
    steps: Vec<Step>,
}

/// What is done in turn.
#[derive(Clone, Debug)]
enum Step {
    /// With the ReLU that follows it.
    Convolve(Convolution),
    /// Window and stride in pixels.
    MaxPool(usize, usize),
    /// Here the features are compared, with these weights per channel.
    Compare(Vec<f32>),
}

impl Lpips {
    /// From tensors by the names that torchvision (`features.0.weight` …) and lpips
    /// (`lin0.model.1.weight` …) give them, or by those of lpips' whole model
    /// (`net.slice1.0.weight` …). Others are passed over.
    ///
    /// # Errors
    /// [`LpipsError`], naming the first tensor that is missing or of another shape.
    pub fn new(net: LpipsNet, tensors: &Tensors) -> Result<Self, LpipsError> {
        let steps = layers(net).into_iter().map(|layer| {
            let mut wanted = wanted(layer).into_iter();
            let mut next = || match wanted.next() {
                Some(it) => Ok(it.find(net, tensors)?.values.clone()),
                None => Ok(Vec::new()),
            };
            Ok(match layer {
                Layer::MaxPool { size, stride } => Step::MaxPool(size, stride),
                Layer::Compare { .. } => Step::Compare(next()?),
                Layer::Convolve {
                    inputs,
                    size,
                    stride,
                    padding,
                    ..
                } => Step::Convolve(Convolution {
                    weight: next()?,
                    bias: next()?,
                    inputs,
                    size,
                    stride,
                    padding,
                }),
            })
        });
        Ok(Self {
            net,
            steps: steps.collect::<Result<_, _>>()?,
        })
    }

    /// Whether no tensor contradicts the network, though some may be missing: a file with one
    /// half of the weights fits, one of another network does not.
    pub fn fits(net: LpipsNet, tensors: &Tensors) -> bool {
        let mut all = layers(net).into_iter().flat_map(wanted);
        all.all(|it| !matches!(it.find(net, tensors), Err(LpipsError::Shape { .. })))
    }

    /// Whether [`Self::new`] looks at a tensor of this name.
    pub fn wants(name: &str) -> bool {
        let is_backbone = name.starts_with("features.") || name.starts_with("net.slice");
        is_backbone || name.starts_with("lin")
    }

    /// Which network it is.
    pub fn net(&self) -> LpipsNet {
        self.net
    }

    /// The distance of two pictures, 0 for equal ones. Takes about as much memory as 500 bytes
    /// times the pixels of a picture times two.
    ///
    /// # Errors
    /// Where sizes differ or a side is shorter than [`LpipsNet::least_side`].
    pub fn distance(&self, a: &Picture, b: &Picture) -> Result<f64, MetricsError> {
        a.check_same_size(b)?;
        let least = self.net.least_side();
        if a.width().min(a.height()) < least {
            return Err(MetricsError::TooSmall {
                metric: "LPIPS",
                least,
                width: a.width(),
                height: a.height(),
            });
        }
        let mut features = [a, b].map(scaled);
        let mut distance = 0.0;
        for step in &self.steps {
            match step {
                Step::Convolve(it) => features = features.map(|map| it.apply(&map).relu()),
                Step::MaxPool(size, stride) => {
                    features = features.map(|map| map.max_pool(*size, *stride));
                }
                Step::Compare(weights) => {
                    distance += layer_distance(&features[0], &features[1], weights);
                }
            }
        }
        Ok(distance)
    }
}

/// A tensor that a network needs.
struct Wanted {
    /// Under which it may lie; the first that is there counts.
    names: Vec<String>,
    shape: Vec<usize>,
}

/// What a layer needs: a convolution its weight and its bias, a comparison its weights.
fn wanted(layer: Layer) -> Vec<Wanted> {
    match layer {
        Layer::MaxPool { .. } => Vec::new(),
        Layer::Compare { index, channels } => vec![Wanted {
            names: vec![
                format!("lin{index}.model.1.weight"),
                format!("lin{index}.model.0.weight"),
            ],
            shape: vec![1, channels, 1, 1],
        }],
        Layer::Convolve {
            index,
            inputs,
            outputs,
            size,
            ..
        } => {
            let names = |part: &str| {
                let slices = (1..=5).map(|it| format!("net.slice{it}.{index}.{part}"));
                std::iter::once(format!("features.{index}.{part}"))
                    .chain(slices)
                    .collect()
            };
            vec![
                Wanted {
                    names: names("weight"),
                    shape: vec![outputs, inputs, size, size],
                },
                Wanted {
                    names: names("bias"),
                    shape: vec![outputs],
                },
            ]
        }
    }
}

impl Wanted {
    fn find<'a>(&self, net: LpipsNet, tensors: &'a Tensors) -> Result<&'a Tensor, LpipsError> {
        let found = self.names.iter().find_map(|it| tensors.get_key_value(it));
        let Some((name, tensor)) = found else {
            return Err(LpipsError::Missing {
                net,
                name: self.names.first().cloned().unwrap_or_default(),
            });
        };
        if tensor.shape != self.shape {
            return Err(LpipsError::Shape {
                net,
                name: name.clone(),
                needed: self.shape.clone(),
                found: tensor.shape.clone(),
            });
        }
        Ok(tensor)
    }
}

/// From 0 … 1 to what the network was trained on.
fn scaled(picture: &Picture) -> FeatureMap {
    let channel = |k: usize| {
        let pixels = picture.rgb().iter();
        pixels.map(move |it| (2.0 * it[k] - 1.0 - SHIFT[k]) / SCALE[k])
    };
    FeatureMap {
        channels: 3,
        height: picture.height() as usize,
        width: picture.width() as usize,
        values: (0..3).flat_map(channel).collect(),
    }
}

/// One term of the sum over layers.
fn layer_distance(a: &FeatureMap, b: &FeatureMap, weights: &[f32]) -> f64 {
    let pixels = a.width * a.height;
    let rows = (0..a.height).into_par_iter().map(|y| {
        let row = y * a.width..(y + 1) * a.width;
        let [inverse_a, inverse_b] = [a, b].map(|map| {
            let mut squares = vec![0.0_f32; map.width];
            for plane in map.values.chunks_exact(pixels) {
                for (sum, value) in squares.iter_mut().zip(&plane[row.clone()]) {
                    *sum += value * value;
                }
            }
            squares
                .into_iter()
                .map(|it| 1.0 / (it.sqrt() + EPSILON))
                .collect::<Vec<f32>>()
        });
        let mut sum = 0.0_f64;
        let planes = a
            .values
            .chunks_exact(pixels)
            .zip(b.values.chunks_exact(pixels));
        for ((plane_a, plane_b), weight) in planes.zip(weights) {
            let values = plane_a[row.clone()].iter().zip(&plane_b[row.clone()]);
            let scales = inverse_a.iter().zip(&inverse_b);
            let squares = values
                .zip(scales)
                .map(|((a, b), (scale_a, scale_b))| f64::from(a * scale_a - b * scale_b).powi(2));
            sum += f64::from(*weight) * squares.sum::<f64>();
        }
        sum
    });
    // Summed in order, so that the same pictures give the same bits.
    let rows: Vec<f64> = rows.collect();
    rows.iter().sum::<f64>() / pixels as f64
}

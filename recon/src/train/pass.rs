//! One scene through the network and back: losses and the gradient of every parameter.

use std::ops::ControlFlow;

use burn::tensor::activation::{sigmoid, softplus};
use burn::tensor::{Device, GradientCheckpointingStrategy, Tensor, TensorData};
use render::Splats;
use render::gpu::Gpu;

use super::TrainError;
use super::config::{Economy, Objective};
use super::drawing::{Aim, Drawing};
use super::example::{Example, ExampleView};
use crate::model::decoder::{Gaussians, Rays, activate, decode, touch_up};
use crate::model::stereo::{self, Hint, Shot};
use crate::model::{Budget, Network, Stream, Tokens, operations};

/// Differences of logarithms of distances below about this count by their square.
const SMOOTH: f32 = 0.02;

/// Nothing is nearer, network units.
const NEAREST: f32 = 1e-3;

/// What there is to be made small, unweighted.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct Losses {
    /// Mean squared error of the pictures.
    pub picture: f32,
    /// Of their slopes.
    pub structure: f32,
    /// What the perceptual term says of them.
    pub perceptual: f32,
    /// Of their coverage.
    pub coverage: f32,
    /// Mean opacity.
    pub opacity: f32,
    /// Opacity of pixels that show nothing.
    pub clear: f32,
    /// Of distances.
    pub distance: f32,
}

impl Losses {
    /// Weighted.
    pub fn total(&self, objective: &Objective) -> f32 {
        objective.picture * self.picture
            + objective.structure * self.structure
            + objective.perceptual * self.perceptual
            + objective.coverage * self.coverage
            + objective.opacity * self.opacity
            + objective.clear * self.clear
            + objective.distance * self.distance
    }

    /// Adds a part of others.
    pub(super) fn add(&mut self, part: f32, others: &Self) {
        let pairs = [
            (&mut self.picture, others.picture),
            (&mut self.structure, others.structure),
            (&mut self.perceptual, others.perceptual),
            (&mut self.coverage, others.coverage),
            (&mut self.opacity, others.opacity),
            (&mut self.clear, others.clear),
            (&mut self.distance, others.distance),
        ];
        for (to, from) in pairs {
            *to += part * from;
        }
    }
}

/// A network on a device that keeps track of what is computed with its parameters.
#[derive(Clone, Debug)]
pub struct Tracked {
    /// As it runs.
    pub network: Network,
    /// Its parameters in their order, which gradients are of.
    parameters: Vec<Tensor<2>>,
    /// What the loss is multiplied by on the way back: half precision has no small numbers.
    scale: f32,
}

/// What losses are multiplied by where half precision takes part.
const HALF_SCALE: f32 = 1024.0;

/// The same network for pictures of another size, with its parameters tracked, on `device`.
pub fn tracked(network: &Network, side: usize, economy: Economy, device: &Device) -> Tracked {
    let strategy = if economy.checkpointing {
        GradientCheckpointingStrategy::Balanced
    } else {
        GradientCheckpointingStrategy::Disabled
    };
    let mut weights = network.weights.clone();
    weights.visit(&mut |_, it| {
        let tracked = it.clone().to_device(device).autodiff();
        let tracked = tracked.with_gradient_checkpointing_strategy(strategy);
        *it = tracked.require_grad();
    });
    let parameters = weights.list();
    let device = device.clone().autodiff();
    let mut network = Network {
        weights,
        device: if economy.checkpointing {
            device.gradient_checkpointing()
        } else {
            device
        },
        ..sized(network, side)
    };
    if economy.half {
        network.weights = network.weights.in_half();
        network.numerics.half = true;
    }
    Tracked {
        network,
        parameters,
        scale: if economy.half { HALF_SCALE } else { 1.0 },
    }
}

/// The same network for pictures of another size, holding all it wants.
pub fn sized(network: &Network, side: usize) -> Network {
    let mut network = network.clone();
    network.config.image_width = side;
    network.config.image_height = side;
    network.budget = Budget {
        stream_bytes: u64::MAX,
        step_bytes: u64::MAX,
    };
    network
}

/// Gaussians of all inputs, view by view, in the network's frame.
///
/// # Errors
/// Where the device fails.
pub fn look(network: &Network, example: &Example) -> Result<Vec<(Rays, Gaussians)>, TrainError> {
    let hints = hints_of(network, &example.inputs);
    let tokens = last_tokens(network, example, &hints)?;
    let views = tokens.into_iter().zip(&example.inputs).zip(0..);
    let all = views.map(|((tokens, view), i)| {
        let (grid, rays) = (network.grid(), network.numerics.rays);
        let mut rays = Rays::new(&view.camera, grid, rays, &network.device);
        if network.config.decodes_with_photo() {
            rays = rays.with_colours(&view.rgb, grid);
        }
        if let Some(hint) = hints.get(i) {
            rays = rays.with_hints(hint, grid);
        }
        let numbers = decode(tokens, &network.weights, &network.config);
        let numbers = touch_up(numbers, &rays, &network.weights);
        let gaussians = activate(&numbers, &rays, &network.config);
        (rays, gaussians)
    });
    Ok(all.collect())
}

/// What views say of each other, where the network asks for it; else none.
fn hints_of(network: &Network, views: &[ExampleView]) -> Vec<Hint> {
    let Some(stereo) = &network.config.stereo else {
        return Vec::new();
    };
    let shots = views.iter().map(|it| Shot {
        camera: it.camera,
        rgb: &it.rgb,
    });
    stereo::hints(&shots.collect::<Vec<_>>(), network.grid(), stereo)
}

/// What the tokens of all inputs become: all at once, or chunk by chunk with earlier views asked
/// again under the last fast weights. `hints` are those from all inputs; a chunk comes with what is
/// known by then.
fn last_tokens(
    network: &Network,
    example: &Example,
    hints: &[Hint],
) -> Result<Vec<Tensor<2>>, TrainError> {
    let count = example.inputs.len();
    let tokenise = |i: usize, hints: &[Hint]| {
        let view = &example.inputs[i];
        network.tokenise(&view.camera, &view.rgb, hints.get(i))
    };
    let mut hear = |_, _| ControlFlow::Continue(());
    let mut tokens = Tokens::new(u64::MAX, &network.device);
    let Some(chunk) = example.chunk else {
        for i in 0..count {
            tokens.push(tokenise(i, hints))?;
        }
        let config = &network.config;
        let ops = operations(config.scan, config.chunk_views, count, count);
        network.run_alone(&mut tokens, &mut network.begin(), &ops, &mut hear)?;
        return Ok((0..count).map(|i| tokens.get(i)).collect());
    };
    let mut stream = Stream::new(network);
    let mut begin = 0;
    while begin < count {
        let end = (begin + chunk).min(count);
        tokens = Tokens::new(u64::MAX, &network.device);
        let known = if end == count {
            hints.to_vec()
        } else {
            hints_of(network, &example.inputs[..end])
        };
        for i in begin..end {
            tokens.push(tokenise(i, &known))?;
        }
        stream.push(&mut tokens, &mut hear)?;
        if end == count {
            break;
        }
        begin = end;
    }
    let mut all = Vec::with_capacity(count);
    for i in 0..begin {
        all.push(stream.query(tokenise(i, hints), &mut hear)?);
    }
    all.extend((0..tokens.len()).map(|i| tokens.get(i)));
    Ok(all)
}

/// Runs a [`tracked`] network on a scene, compares, and goes back. Gradients are in the order of
/// the parameters, on the device beneath.
///
/// # Errors
/// Where a device fails.
pub fn learn(
    tracked: &Tracked,
    example: &Example,
    (gpu, drawing): (&Gpu, &mut Drawing),
    aim: Aim<'_>,
) -> Result<(Losses, Vec<Tensor<2>>), TrainError> {
    let (network, objective) = (&tracked.network, aim.objective);
    let seen = look(network, example)?;
    let (mut losses, mut sum) = beside_pictures(network, &seen, example, objective);
    let parts: Vec<Gaussians> = seen.into_iter().map(|(_, it)| it).collect();
    if !example.targets.is_empty()
        && let Some(all) = Gaussians::join(&parts)
    {
        let splats = all.clone().into_splats(&network.config)?;
        let (pictures, slopes) = drawing.gradient(gpu, &splats, &example.targets, aim)?;
        losses.picture = pictures.picture;
        losses.structure = pictures.structure;
        losses.perceptual = pictures.perceptual;
        losses.coverage = pictures.coverage;
        sum = sum + along(&all, slopes, &network.device);
    }
    let mut gradients = (sum * tracked.scale).backward();
    let all = tracked.parameters.iter().map(|it| {
        let found = it.grad_remove(&mut gradients);
        let found = found.unwrap_or_else(|| it.clone().inner().zeros_like());
        match tracked.scale {
            1.0 => found,
            scale => found / scale,
        }
    });
    Ok((losses, all.collect()))
}

/// A number whose gradient with respect to the Gaussians is `slopes`.
fn along(all: &Gaussians, slopes: Splats, device: &Device) -> Tensor<1> {
    let count = slopes.means.len();
    let coeffs = slopes.coeffs_per_splat();
    let matrix = |values: Vec<f32>, width: usize| {
        Tensor::<2>::from_data(TensorData::new(values, [count, width]), device)
    };
    let threes = |all: &[glam::Vec3]| all.iter().flat_map(glam::Vec3::to_array).collect();
    let harmonics = slopes.sh_coeffs.as_flattened().to_vec();
    let harmonics = matrix(harmonics, 3 * coeffs).reshape([count, coeffs, 3]);
    (all.means.clone() * matrix(threes(&slopes.means), 3)).sum()
        + (all.log_scales.clone() * matrix(threes(&slopes.log_scales), 3)).sum()
        + (all.quats.clone() * matrix(slopes.quats.as_flattened().to_vec(), 4)).sum()
        + (all.opacity_logits.clone() * matrix(slopes.opacity_logits, 1)).sum()
        + (all.harmonics.clone() * harmonics).sum()
}

/// What is compared without drawing: distances and opacities of the pixels' own splats.
fn beside_pictures(
    network: &Network,
    seen: &[(Rays, Gaussians)],
    example: &Example,
    objective: &Objective,
) -> (Losses, Tensor<1>) {
    let device = network.device.clone();
    let share = 1.0 / seen.len().max(1) as f32;
    let mut losses = Losses::default();
    let mut sum = Tensor::<1>::zeros([1], &device);
    let value = |it: &Tensor<1>| it.clone().into_scalar::<f32>();
    for ((rays, gaussians), view) in seen.iter().zip(&example.inputs) {
        let own = PixelsOf::new(view, network, &device);
        let opacity = sigmoid(gaussians.opacity_logits.clone()).mean() * share;
        let clear = (softplus(gaussians.opacity_logits.clone(), 1.0) * own.empty).mean() * share;
        let origin = TensorData::new(rays.origin.to_array().to_vec(), [1, 3]);
        let from_camera = gaussians.means.clone() - Tensor::<2>::from_data(origin, &device);
        let distance = (from_camera * rays.directions.clone()).sum_dim(1);
        let off = distance.clamp_min(NEAREST).log() - own.log_distance; // [pixels × 1]
        let forgiven = (off.clone() * own.solid.clone()).sum() * objective.scale_invariance;
        let off = off - forgiven.unsqueeze::<2>();
        let length = (off.square() + SMOOTH * SMOOTH).sqrt() - SMOOTH;
        let distance = (length * own.solid).sum() * share;
        losses.opacity += value(&opacity);
        losses.clear += value(&clear);
        losses.distance += value(&distance);
        sum = sum
            + opacity * objective.opacity
            + clear * objective.clear
            + distance * objective.distance;
    }
    (losses, sum)
}

/// What is known of a view's pixels, in the order of the splats, \[pixels × 1\].
struct PixelsOf {
    /// Weights of pixels that show a surface; their sum is 1.
    solid: Tensor<2>,
    /// 1 where nothing is seen.
    empty: Tensor<2>,
    /// Of the surface; 0 where there is none.
    log_distance: Tensor<2>,
}

impl PixelsOf {
    fn new(view: &ExampleView, network: &Network, device: &Device) -> Self {
        let grid = network.grid();
        let places: Vec<usize> = grid.pixels().map(|(x, y)| y * grid.width + x).collect();
        let is_solid = |it: &usize| 0.5 < view.coverage[*it] && view.distance[*it].is_finite();
        let count = places.iter().filter(|it| is_solid(it)).count();
        let weight = 1.0 / count.max(1) as f32;
        let column = |f: &dyn Fn(&usize) -> f32| {
            let values: Vec<f32> = places.iter().map(f).collect();
            Tensor::<2>::from_data(TensorData::new(values, [places.len(), 1]), device)
        };
        Self {
            solid: column(&|it| if is_solid(it) { weight } else { 0.0 }),
            empty: column(&|it| if view.coverage[*it] < 0.01 { 1.0 } else { 0.0 }),
            log_distance: column(&|it| {
                let distance = if is_solid(it) {
                    view.distance[*it]
                } else {
                    1.0
                };
                distance.max(NEAREST).ln()
            }),
        }
    }
}

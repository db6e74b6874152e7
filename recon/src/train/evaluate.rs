//! How well a network does on generated scenes that it was not trained on.

use render::gpu::Gpu;
use serde::Serialize;

use super::TrainError;
use super::drawing::Drawing;
use super::example::{Example, Shape};
use super::lanes::Lanes;
use super::pass::look;
use crate::metrics::{Picture, Sheet, SsimVariant, psnr, ssim};
use crate::model::Network;
use crate::model::decoder::Gaussians;

/// Views that a scene is measured with: none of them is an input.
const TARGETS: usize = 8;

/// Most inputs of a measurement.
const MOST: usize = 16;

/// Means over scenes and their target views.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evaluation {
    /// Sides of the pictures, pixels.
    pub side: usize,
    /// How many scenes.
    pub scenes: usize,
    /// One for each number of inputs.
    pub rows: Vec<EvaluationRow>,
}

/// A way to use the network.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct EvaluationRow {
    /// Input views.
    pub inputs: usize,
    /// They came so many at a time, causally; all at once without.
    pub chunk: Option<usize>,
    /// Decibels, 8-bit pictures.
    pub psnr: f64,
    /// Uniform 7 × 7, as tttLRM reports it.
    pub ssim: f64,
}

/// All views at once, and the same in chunks.
const WAYS: [(usize, Option<usize>); 5] =
    [(2, None), (4, None), (8, None), (MOST, None), (8, Some(2))];

/// What is found of a scene.
struct Measured {
    /// PSNR and SSIM, means over the targets, for each of the [`WAYS`].
    means: Vec<[f64; 2]>,
    /// The first target, and what is drawn of it from eight inputs.
    shown: Option<[Picture; 2]>,
}

/// Measures, and shows the first scenes with eight inputs. With `lanes`, whose drawing is that on
/// the processor, scenes run side by side.
///
/// # Errors
/// Where a device fails.
pub(super) fn evaluate(
    network: &Network,
    scenes: usize,
    (gpu, drawing): (&Gpu, &mut Drawing),
    lanes: Option<&Lanes>,
) -> Result<(Evaluation, Sheet), TrainError> {
    let all: Vec<Measured> = match lanes {
        Some(lanes) => lanes.run(scenes, &|_, number| {
            measure(network, number, (gpu, &mut Drawing::Processor))
        })?,
        None => (0..scenes)
            .map(|number| measure(network, number, (gpu, drawing)))
            .collect::<Result<_, _>>()?,
    };
    let numbers: Vec<usize> = (0..scenes).collect();
    let mut sheet = Sheet::new(&numbers);
    for (it, number) in all.iter().zip(0..) {
        if let Some([photo, render]) = &it.shown {
            // Pictures of one scene have one size.
            sheet.add(number, photo, render, None).ok();
        }
    }
    let row = |(way, (inputs, chunk)): (usize, (usize, Option<usize>))| {
        let mean = |of: usize| {
            let sum: f64 = all.iter().map(|it| it.means[way][of]).sum();
            sum / scenes.max(1) as f64
        };
        EvaluationRow {
            inputs,
            chunk,
            psnr: mean(0),
            ssim: mean(1),
        }
    };
    let evaluation = Evaluation {
        side: network.config.image_width,
        scenes,
        rows: WAYS.into_iter().enumerate().map(row).collect(),
    };
    Ok((evaluation, sheet))
}

/// Measures a scene in all ways: the same targets for every number of inputs; fewer inputs are the
/// first of more.
fn measure(
    network: &Network,
    number: usize,
    (gpu, drawing): (&Gpu, &mut Drawing),
) -> Result<Measured, TrainError> {
    let shape = Shape {
        side: network.config.image_width,
        inputs: MOST,
        targets: TARGETS,
        chunk: None,
    };
    let mut example = Example::held_out(number as u64, shape, network.config.frame);
    let inputs = std::mem::take(&mut example.inputs);
    let mut found = Measured {
        means: Vec::new(),
        shown: None,
    };
    for (count, chunk) in WAYS {
        example.inputs = inputs[..count].to_vec();
        example.chunk = chunk;
        let (mean, first) = compare(network, &example, (gpu, drawing))?;
        found.means.push(mean);
        if count == 8 && chunk.is_none() {
            found.shown = first;
        }
    }
    Ok(found)
}

/// PSNR and SSIM, means over the targets, and the first of them with what is drawn of it.
fn compare(
    network: &Network,
    example: &Example,
    (gpu, drawing): (&Gpu, &mut Drawing),
) -> Result<([f64; 2], Option<[Picture; 2]>), TrainError> {
    let parts: Vec<Gaussians> = look(network, example)?.into_iter().map(|it| it.1).collect();
    let Some(all) = Gaussians::join(&parts) else {
        return Ok(([0.0; 2], None));
    };
    let splats = all.into_splats(&network.config)?;
    let images = drawing.draw(gpu, &splats, &example.targets)?;
    let mut sums = [0.0; 2];
    let mut first = None;
    for (target, image) in example.targets.iter().zip(images) {
        let [width, height] = target.size;
        let picture = |rgb| Picture::from_rgb(width, height, rgb);
        let compared = picture(target.rgb.clone()).and_then(|photo| {
            let render = picture(image.rgb)?.quantised();
            let photo = photo.quantised();
            let ssim = ssim(&photo, &render, None, SsimVariant::Uniform7)?;
            let psnr = psnr(&photo, &render, None)?.min(99.0);
            Ok(([psnr, ssim], [photo, render]))
        });
        let ([psnr, ssim], pair) = compared.map_err(|it| TrainError::Config(it.to_string()))?;
        sums = [sums[0] + psnr, sums[1] + ssim];
        first.get_or_insert(pair);
    }
    let count = example.targets.len().max(1) as f64;
    Ok((sums.map(|it| it / count), first))
}

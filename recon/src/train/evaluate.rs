//! How well a network does on generated scenes that it was not trained on.

use render::GpuSplats;
use render::gpu::Gpu;
use serde::Serialize;

use super::TrainError;
use super::drawing::Drawing;
use super::example::{Example, Shape};
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

/// Measures, and shows the first scenes with eight inputs.
///
/// # Errors
/// Where a device fails.
pub fn evaluate(
    network: &Network,
    scenes: usize,
    (gpu, drawing): (&Gpu, &mut Drawing),
) -> Result<(Evaluation, Sheet), TrainError> {
    let numbers: Vec<usize> = (0..scenes).collect();
    let mut sheet = Sheet::new(&numbers);
    let mut rows = Vec::new();
    for (inputs, chunk) in WAYS {
        let shows = inputs == 8 && chunk.is_none();
        let mut sums = [0.0; 2];
        for &number in &numbers {
            let example = scene(network, number as u64, inputs);
            let example = Example { chunk, ..example };
            let found = measure(network, &example, (gpu, drawing), &mut |photo, render| {
                if shows {
                    // Pictures of one scene have one size.
                    sheet.add(number, photo, render, None).ok();
                }
            })?;
            sums = [sums[0] + found[0], sums[1] + found[1]];
        }
        let [psnr, ssim] = sums.map(|it| it / scenes.max(1) as f64);
        rows.push(EvaluationRow {
            inputs,
            chunk,
            psnr,
            ssim,
        });
    }
    let evaluation = Evaluation {
        side: network.config.image_width,
        scenes,
        rows,
    };
    Ok((evaluation, sheet))
}

/// The same targets for every number of inputs; fewer inputs are the first of more.
fn scene(network: &Network, number: u64, inputs: usize) -> Example {
    let shape = Shape {
        side: network.config.image_width,
        inputs: MOST,
        targets: TARGETS,
        chunk: None,
    };
    let mut example = Example::held_out(number, shape, network.config.frame);
    example.inputs.truncate(inputs);
    example
}

/// PSNR and SSIM, means over the targets. `show` sees the first of them.
fn measure(
    network: &Network,
    example: &Example,
    (gpu, drawing): (&Gpu, &mut Drawing),
    show: &mut dyn FnMut(&Picture, &Picture),
) -> Result<[f64; 2], TrainError> {
    let parts: Vec<Gaussians> = look(network, example)?.into_iter().map(|it| it.1).collect();
    let Some(all) = Gaussians::join(&parts) else {
        return Ok([0.0; 2]);
    };
    let splats = GpuSplats::upload(gpu, &all.into_splats(&network.config)?)?;
    let mut sums = [0.0; 2];
    for (target, i) in example.targets.iter().zip(0..) {
        let image = drawing.draw(gpu, &splats, &target.render_camera())?;
        let [width, height] = target.size;
        let picture = |rgb| Picture::from_rgb(width, height, rgb);
        let compared = picture(target.rgb.clone()).and_then(|photo| {
            let render = picture(image.rgb)?.quantised();
            let photo = photo.quantised();
            if i == 0 {
                show(&photo, &render);
            }
            let ssim = ssim(&photo, &render, None, SsimVariant::Uniform7)?;
            Ok([psnr(&photo, &render, None)?.min(99.0), ssim])
        });
        let [psnr, ssim] = compared.map_err(|it| TrainError::Config(it.to_string()))?;
        sums = [sums[0] + psnr, sums[1] + ssim];
    }
    Ok(sums.map(|it| it / example.targets.len().max(1) as f64))
}

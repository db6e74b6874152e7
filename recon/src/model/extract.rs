//! From the last tokens of all views to the splats that are kept, and to those only.

use std::ops::ControlFlow;

use burn::tensor::{Int, Tensor, TensorData};
use render::Splats;

use super::config::Prune;
use super::decoder::{Rays, activate, decode, decode_opacity, numbers, opacity_logits, touch_up};
use super::network::{Listener, Network};
use super::rays::NetworkCamera;
use super::sharing::Sharing;
use super::stereo::Hint;
use super::tokens::{Tokens, on_host};
use super::views::unit_colour;
use super::{ModelError, prune};

/// A view whose tokens are decoded.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// Where it was taken from.
    pub camera: NetworkCamera,
    /// Which pixels become splats, row by row; `None`: all.
    pub counts: Option<&'a [bool]>,
    /// Its photo, row by row, where [`super::ModelConfig::decodes_with_photo`].
    pub rgb: Option<&'a [[u8; 3]]>,
    /// What is known of its pixels' distances.
    pub hint: Option<&'a Hint>,
}

impl Seen<'_> {
    /// Of all its pixels, with all that decoding them takes.
    fn rays(&self, network: &Network) -> Rays {
        let grid = network.grid();
        let mut rays = Rays::new(&self.camera, grid, network.numerics.rays, &network.device);
        if network.config.decodes_with_photo()
            && let Some(rgb) = self.rgb
        {
            let unit: Vec<[f32; 3]> = rgb.iter().copied().map(unit_colour).collect();
            rays = rays.with_colours(&unit, grid);
        }
        match self.hint {
            Some(hint) => rays.with_hints(hint, grid),
            None => rays,
        }
    }
}

/// Splats in the network's frame, view after view, pixels in the order of
/// [`super::rays::Grid::pixels`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Extracted {
    /// Those that are kept.
    pub splats: Splats,
    /// How many would have been kept and were no numbers.
    pub broken: usize,
}

/// Decodes the opacities of all views, lets [`prune::keep`] choose among all of them together, and
/// decodes the others' numbers of the chosen pixels only, a piece of a view at a time: what is
/// pruned never becomes a splat.
///
/// `inputs` is how many input views there were, on which pruning depends; `seed` is for its random
/// part. `listener` is asked twice for every view.
///
/// # Errors
/// [`ModelError::Cancelled`] when `listener` says so; where the device fails.
///
/// # Panics
/// Where there are fewer tokens than views.
pub fn extract(
    network: &Network,
    tokens: &Tokens,
    views: &[Seen<'_>],
    inputs: usize,
    seed: u32,
    listener: Listener<'_>,
) -> Result<Extracted, ModelError> {
    let mut source = |view: usize, _: Listener<'_>| Ok(tokens.get(view));
    let sharing = Sharing::alone(network);
    extract_from(sharing, &mut source, views, inputs, seed, listener)
}

/// Where a view's tokens come from. Whoever takes time to make them asks the listener meanwhile.
pub(super) type Source<'a> =
    &'a mut dyn FnMut(usize, Listener<'_>) -> Result<Tensor<2>, ModelError>;

/// [`extract`] from tokens that need not all be there at a time: each view's are asked for once
/// for their opacities, and again where some of its pixels are kept. Each view is decoded on the
/// device that has it.
pub(super) fn extract_from(
    sharing: Sharing<'_>,
    source: Source<'_>,
    views: &[Seen<'_>],
    inputs: usize,
    seed: u32,
    listener: Listener<'_>,
) -> Result<Extracted, ModelError> {
    let total = 2 * views.len() as u64;
    let mut candidates = Candidates::default();
    for ((i, view), done) in views.iter().enumerate().zip(0..) {
        let tokens = source(i, &mut |_, _| listener(done, total))?;
        candidates.add(sharing.of_view(i), tokens, view)?;
        go_on(listener(done + 1, total))?;
    }
    let config = &sharing.of_view(0).config;
    let mut extracted = Extracted {
        splats: Splats {
            sh_degree: config.sh_degree,
            ..Splats::default()
        },
        broken: candidates.broken,
    };
    let kept = candidates.keep(&config.prune, inputs, seed);
    for ((i, pixels), done) in kept.iter().enumerate().zip(views.len() as u64..) {
        if !pixels.is_empty() {
            let tokens = source(i, &mut |_, _| listener(done, total))?;
            let splats = &mut extracted.splats;
            decode_some(sharing.of_view(i), &tokens, &views[i], pixels, splats)?;
        }
        go_on(listener(done + 1, total))?;
    }
    extracted.broken += drop_broken(&mut extracted.splats);
    Ok(extracted)
}

fn go_on(flow: ControlFlow<()>) -> Result<(), ModelError> {
    match flow {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(ModelError::Cancelled),
    }
}

/// All pixels that may become splats.
#[derive(Default)]
struct Candidates {
    logits: Vec<f32>,
    /// Which pixel of its view each is, patch by patch.
    pixels: Vec<u32>,
    /// How many there are with each view.
    ends: Vec<usize>,
    /// How many are none for being no numbers.
    broken: usize,
}

impl Candidates {
    fn add(
        &mut self,
        network: &Network,
        tokens: Tensor<2>,
        view: &Seen<'_>,
    ) -> Result<(), ModelError> {
        let Network {
            weights, config, ..
        } = network;
        let logits = if weights.pixel.is_some() {
            let rays = view.rays(network);
            let numbers = touch_up(decode(tokens, weights, config), &rays, weights);
            opacity_logits(&numbers, config)
        } else {
            decode_opacity(tokens, weights, config)
        };
        let logits = numbers(on_host(logits)?)?;
        let grid = network.grid();
        let places = grid.pixels().map(|(column, row)| row * grid.width + column);
        for ((pixel, logit), place) in (0..).zip(logits).zip(places) {
            let counts = view.counts.and_then(|it| it.get(place).copied());
            if !counts.unwrap_or(true) {
                continue;
            }
            if logit.is_finite() {
                self.logits.push(logit);
                self.pixels.push(pixel);
            } else {
                self.broken += 1;
            }
        }
        self.ends.push(self.logits.len());
        Ok(())
    }

    /// The pixels that are kept, view by view, ascending.
    fn keep(&self, prune: &Prune, inputs: usize, seed: u32) -> Vec<Vec<u32>> {
        let mut kept = prune::keep(&self.logits, prune, inputs, seed);
        kept.sort_unstable();
        let mut rest = kept.as_slice();
        let mut views = Vec::with_capacity(self.ends.len());
        for end in &self.ends {
            let (of_view, others) = rest.split_at(rest.partition_point(|it| it < end));
            views.push(of_view.iter().map(|i| self.pixels[*i]).collect());
            rest = others;
        }
        views
    }
}

/// Adds the splats of some pixels of a view, as many tokens at a time as the budget allows.
fn decode_some(
    network: &Network,
    tokens: &Tensor<2>,
    view: &Seen<'_>,
    pixels: &[u32],
    splats: &mut Splats,
) -> Result<(), ModelError> {
    // The decoder's numbers, those of the chosen pixels, and what is made of them.
    const ARRAYS: usize = 3;
    let config = &network.config;
    let a_patch = config.patch_size * config.patch_size;
    let a_token = ARRAYS * a_patch * config.decoded_channels() * size_of::<f32>();
    let step = (network.budget.step_bytes / a_token.max(1) as u64).max(1) as usize;
    let rays = view.rays(network);
    let [count, _] = tokens.dims();
    let mut rest = pixels;
    for begin in (0..count).step_by(step) {
        let end = (begin + step).min(count);
        let (here, others) =
            rest.split_at(rest.partition_point(|it| (*it as usize) < end * a_patch));
        rest = others;
        if here.is_empty() {
            continue;
        }
        let choose = |first: usize| {
            let chosen: Vec<i32> = here
                .iter()
                .map(|it| (*it as usize - first) as i32)
                .collect();
            let chosen = TensorData::new(chosen, [here.len()]);
            Tensor::<1, Int>::from_data(chosen, &network.device)
        };
        let part = tokens.clone().narrow(0, begin, end - begin);
        let decoded = decode(part, &network.weights, config).select(0, choose(begin * a_patch));
        let rays = rays.clone().select(&choose(0));
        let decoded = touch_up(decoded, &rays, &network.weights);
        let gaussians = activate(&decoded, &rays, config);
        append(splats, gaussians.into_splats(config)?);
    }
    Ok(())
}

/// Adds splats behind others of the same degree.
pub(super) fn append(splats: &mut Splats, more: Splats) {
    splats.means.extend(more.means);
    splats.quats.extend(more.quats);
    splats.log_scales.extend(more.log_scales);
    splats.opacity_logits.extend(more.opacity_logits);
    splats.sh_coeffs.extend(more.sh_coeffs);
}

/// Takes out what has a number that is none, and says how many these were.
pub(super) fn drop_broken(splats: &mut Splats) -> usize {
    let coeffs = splats.coeffs_per_splat();
    let is_finite = |it: &[f32]| it.iter().all(|v| v.is_finite());
    let harmonics = splats.sh_coeffs.chunks(coeffs);
    let others = (splats.means.iter().zip(&splats.quats)).zip(&splats.log_scales);
    let sound: Vec<bool> = others
        .zip(&splats.opacity_logits)
        .zip(harmonics)
        .map(|((((mean, quat), log_scale), logit), harmonics)| {
            let base = mean.is_finite() && log_scale.is_finite() && logit.is_finite();
            base && is_finite(quat) && is_finite(harmonics.as_flattened())
        })
        .collect();
    let broken = sound.iter().filter(|it| !**it).count();
    if broken == 0 {
        return 0;
    }
    retain(&mut splats.means, &sound, 1);
    retain(&mut splats.quats, &sound, 1);
    retain(&mut splats.log_scales, &sound, 1);
    retain(&mut splats.opacity_logits, &sound, 1);
    retain(&mut splats.sh_coeffs, &sound, coeffs);
    broken
}

/// Keeps the entries, `each` of them a splat, of those that are `sound`.
fn retain<T>(entries: &mut Vec<T>, sound: &[bool], each: usize) {
    let mut i = 0;
    entries.retain(|_| {
        i += 1;
        sound[(i - 1) / each]
    });
}

#[cfg(test)]
mod tests {
    use glam::Vec3;

    use super::*;

    #[test]
    fn what_is_no_number_is_taken_out() {
        let mut splats = Splats {
            means: (0..5).map(|i| Vec3::splat(i as f32)).collect(),
            quats: vec![[1.0, 0.0, 0.0, 0.0]; 5],
            log_scales: vec![Vec3::ZERO; 5],
            opacity_logits: vec![0.0; 5],
            sh_coeffs: (0..20).map(|i| [i as f32; 3]).collect(),
            sh_degree: 1,
        };
        assert_eq!(drop_broken(&mut splats), 0);
        splats.means[0].y = f32::INFINITY;
        splats.sh_coeffs[2 * 4 + 3][1] = f32::NAN;
        splats.quats[4][3] = f32::NAN;
        assert_eq!(drop_broken(&mut splats), 3);
        assert_eq!(splats.means, [Vec3::ONE, Vec3::splat(3.0)]);
        let expected: Vec<[f32; 3]> = [4, 5, 6, 7, 12, 13, 14, 15].map(|i| [i as f32; 3]).to_vec();
        assert_eq!(splats.sh_coeffs, expected);
        splats.check().unwrap();
    }
}

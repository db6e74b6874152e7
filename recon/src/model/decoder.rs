//! From a view's last tokens to one Gaussian a pixel.

use burn::tensor::activation::{gelu, sigmoid};
use burn::tensor::{Device, Int, Tensor, TensorData};
use glam::Vec3;
use render::Splats;

use super::config::DepthRange;
use super::layers::{linear, normalise};
use super::newton_schulz::Precision;
use super::rays::{Grid, NetworkCamera};
use super::stereo::Hint;
use super::tokens::on_host;
use super::weights::Weights;
use super::{ModelConfig, ModelError};

/// Nothing is smaller than a pixel at this distance, network units.
const LEAST: f32 = 1e-8;

/// Gaussians in the network's frame, in the order of [`Grid::pixels`], view after view.
#[derive(Clone, Debug)]
pub struct Gaussians {
    /// \[N × 3\].
    pub means: Tensor<2>,
    /// \[N × (L + 1)² × 3\].
    pub harmonics: Tensor<3>,
    /// Logarithms, \[N × 3\].
    pub log_scales: Tensor<2>,
    /// w x y z as they come, \[N × 4\].
    pub quats: Tensor<2>,
    /// \[N × 1\].
    pub opacity_logits: Tensor<2>,
}

/// Rays of the pixels to decode.
#[derive(Clone, Debug)]
pub struct Rays {
    /// The camera's centre.
    pub origin: Vec3,
    /// Unit vectors, \[N × 3\].
    pub directions: Tensor<2>,
    /// Width of a pixel at distance 1.
    pub pixel_width: f32,
    /// The pixels' colours, 0 to 1, \[N × 3\]: what [`ModelConfig::from_pixels`] begins with.
    pub colours: Option<Tensor<2>>,
    /// The pixels' hints, \[N × 5\]: what distances begin with.
    pub hints: Option<Tensor<2>>,
}

impl Rays {
    /// Of all pixels of a view, patch by patch.
    pub fn new(camera: &NetworkCamera, grid: Grid, precision: Precision, device: &Device) -> Self {
        let all = camera.directions(grid, precision);
        let count = all.len() / 3;
        Self {
            origin: camera.centre(),
            directions: Tensor::from_data(TensorData::new(all, [count, 3]), device),
            pixel_width: 2.0 / (camera.lens[0] + camera.lens[1]),
            colours: None,
            hints: None,
        }
    }

    /// With the colours of the photo that was taken along them, `rgb` row by row, 0 to 1.
    #[must_use]
    pub fn with_colours(self, rgb: &[[f32; 3]], grid: Grid) -> Self {
        let colours = by_patch(rgb, grid, &self.directions.device());
        Self {
            colours: Some(colours),
            ..self
        }
    }

    /// With the hints of the pixels.
    #[must_use]
    pub fn with_hints(self, hint: &Hint, grid: Grid) -> Self {
        let hints = by_patch(&hint.pixels, grid, &self.directions.device());
        Self {
            hints: Some(hints),
            ..self
        }
    }

    /// Of some of them, in this order.
    #[must_use]
    pub fn select(self, pixels: &Tensor<1, Int>) -> Self {
        Self {
            directions: self.directions.select(0, pixels.clone()),
            colours: self.colours.map(|it| it.select(0, pixels.clone())),
            hints: self.hints.map(|it| it.select(0, pixels.clone())),
            ..self
        }
    }
}

/// Numbers of pixels, row by row, in the order of [`Grid::pixels`]; 0 where there are none.
fn by_patch<const N: usize>(rows: &[[f32; N]], grid: Grid, device: &Device) -> Tensor<2> {
    let pixels = grid.pixels();
    let all = pixels.flat_map(|(column, row)| {
        let found = rows.get(row * grid.width + column);
        found.copied().unwrap_or([0.0; N])
    });
    let all: Vec<f32> = all.collect();
    let count = all.len() / N;
    Tensor::from_data(TensorData::new(all, [count, N]), device)
}

/// The decoder's numbers \[n P² × channels\], a row a pixel, of a view's tokens \[n × d\].
pub fn decode(tokens: Tensor<2>, weights: &Weights, config: &ModelConfig) -> Tensor<2> {
    let [n, _] = tokens.dims();
    let out = linear(normalise(tokens, &weights.decoder_norm), &weights.decoder);
    let pixels = n * config.patch_size * config.patch_size;
    out.reshape([pixels, config.decoded_channels()]) // (n · ph · pw) × channels
}

/// Opacity logits \[n P² × 1\] alone, at 1 / channels of the cost: what is pruned is never decoded.
pub fn decode_opacity(tokens: Tensor<2>, weights: &Weights, config: &ModelConfig) -> Tensor<2> {
    let [n, d] = tokens.dims();
    let pixels = config.patch_size * config.patch_size;
    let channels = config.decoded_channels();
    let by_pixel = weights.decoder.clone().reshape([pixels, channels, d]);
    let last = by_pixel.narrow(1, channels - 1, 1).reshape([pixels, d]);
    let logits = linear(normalise(tokens, &weights.decoder_norm), &last);
    logits.reshape([n * pixels, 1]) + config.opacity_bias
}

/// The last word of [`ModelConfig::pixel_head`] on the decoder's numbers \[N × channels\] of pixels
/// with `rays` \[N\]; without one they stay as they are.
pub fn touch_up(numbers: Tensor<2>, rays: &Rays, weights: &Weights) -> Tensor<2> {
    let Some(head) = &weights.pixel else {
        return numbers;
    };
    let [count, _] = numbers.dims();
    let device = numbers.device();
    let [_, wanted] = head.expand.dims();
    let mut seen = vec![numbers.clone()];
    seen.push(match &rays.colours {
        Some(colours) => colours.clone() - 0.5,
        None => Tensor::zeros([count, 3], &device),
    });
    seen.extend(rays.hints.clone());
    let width: usize = seen.iter().map(|it| it.dims()[1]).sum();
    // Of hints that are wanted and not there nothing is known.
    if width + 1 < wanted {
        seen.push(Tensor::zeros([count, wanted - width - 1], &device));
    }
    seen.push(Tensor::ones([count, 1], &device));
    let hidden = gelu(linear(Tensor::cat(seen, 1), &head.expand));
    numbers + linear(hidden, &head.project)
}

/// From the decoder's numbers \[N × channels\] to Gaussians along `rays` \[N\].
pub fn activate(numbers: &Tensor<2>, rays: &Rays, config: &ModelConfig) -> Gaussians {
    let [count, _] = numbers.dims();
    let harmonics = config.num_harmonics();
    let mut begin = 0;
    let mut take = |width: usize| {
        begin += width;
        numbers.clone().narrow(1, begin - width, width)
    };
    let depth = take(3).mean_dim(1); // [N × 1]
    let distance = match config.depth {
        DepthRange::Linear { max } => sigmoid(depth) * max,
        DepthRange::Object { radius } => {
            ((sigmoid(depth) * 2.0 - 1.0) * radius + rays.origin.length()).clamp_min(0.0)
        }
        DepthRange::Relative { most } => {
            let hinted = match &rays.hints {
                Some(hints) => depth + hints.clone().narrow(1, 0, 1),
                None => depth,
            };
            hinted.clamp(-most, most).exp() * rays.origin.length()
        }
    };
    let origin = TensorData::new(rays.origin.to_array().to_vec(), [1, 3]);
    let origin = Tensor::<2>::from_data(origin, &numbers.device());
    let mut coeffs = take(3 * harmonics);
    let mut log_scales = (take(3) + config.log_scale_bias).clamp_max(config.max_log_scale);
    if config.from_pixels {
        log_scales = log_scales + (distance.clone() * rays.pixel_width).clamp_min(LEAST).log();
        if let Some(colours) = &rays.colours {
            let base = coeffs.clone().narrow(1, 0, 3) + (colours.clone() - 0.5) / render::sh::C0;
            let rest = 3 * (harmonics - 1);
            coeffs = match rest {
                0 => base,
                _ => Tensor::cat(vec![base, coeffs.narrow(1, 3, rest)], 1),
            };
        }
    }
    Gaussians {
        means: rays.directions.clone() * distance + origin,
        harmonics: coeffs.reshape([count, harmonics, 3]),
        log_scales,
        quats: take(4),
        opacity_logits: opacity_logits(numbers, config),
    }
}

/// Opacity logits \[N × 1\] among the decoder's numbers \[N × channels\]: the last of them.
pub(super) fn opacity_logits(numbers: &Tensor<2>, config: &ModelConfig) -> Tensor<2> {
    let last = config.decoded_channels() - 1;
    numbers.clone().narrow(1, last, 1) + config.opacity_bias
}

impl Gaussians {
    /// All of several, one after the other.
    pub fn join(parts: &[Self]) -> Option<Self> {
        if parts.is_empty() {
            return None;
        }
        let all = |f: fn(&Self) -> &Tensor<2>| {
            Tensor::cat(parts.iter().map(|it| f(it).clone()).collect(), 0)
        };
        Some(Self {
            means: all(|it| &it.means),
            harmonics: Tensor::cat(parts.iter().map(|it| it.harmonics.clone()).collect(), 0),
            log_scales: all(|it| &it.log_scales),
            quats: all(|it| &it.quats),
            opacity_logits: all(|it| &it.opacity_logits),
        })
    }

    /// As splats on the host, still in the network's frame.
    ///
    /// # Errors
    /// Where the device does not give them.
    pub fn into_splats(self, config: &ModelConfig) -> Result<Splats, ModelError> {
        let rows = |it: Tensor<2>| numbers(on_host(it)?);
        let threes = |all: Vec<f32>| all.as_chunks::<3>().0.to_vec();
        let vectors = |all: Vec<f32>| all.as_chunks().0.iter().map(|it| Vec3::from(*it)).collect();
        let quats = rows(self.quats)?;
        Ok(Splats {
            means: vectors(rows(self.means)?),
            quats: quats.as_chunks::<4>().0.to_vec(),
            log_scales: vectors(rows(self.log_scales)?),
            opacity_logits: rows(self.opacity_logits)?,
            sh_coeffs: threes(numbers(on_host(self.harmonics)?)?),
            sh_degree: config.sh_degree,
        })
    }
}

/// Numbers that came back from the device.
pub(super) fn numbers(data: TensorData) -> Result<Vec<f32>, ModelError> {
    let data = data.convert::<f32>().try_into_vec::<f32>();
    data.map_err(|it| ModelError::Device(it.to_string()))
}

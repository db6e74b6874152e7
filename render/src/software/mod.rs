//! Splats drawn and differentiated on the processor: the method of the kernels in plain Rust.
//!
//! For machines whose only GPU is a program that runs kernels on the processor, and for small
//! pictures, many side by side: a picture needs no device, one thread, and some milliseconds.
//! Thresholds and arithmetic are those of `shared/project`, `splat/blend` and their ways back; what
//! differs is the order of work. Kernels take a tile at a time and walk its splats; here a splat at
//! a time, nearest first, walks its pixels, as there is no other thread to wait for and most splats
//! of small pictures are a few pixels wide.

mod blend;
mod footprint;
mod harmonics;

use glam::Vec3;

use crate::gpu::FrameUniform;
use crate::rasterizer::camera_uniform;
use crate::{Camera, Image, RenderConfig, Splats, SplatsError, sh};

use blend::{Seen, Slopes, SplatSums};
use footprint::Footprint;

/// A picture of splats, and what its gradient is made from.
#[derive(Clone, Debug)]
pub struct Drawn<'a> {
    /// The picture.
    pub image: Image,
    splats: &'a Splats,
    frame: FrameUniform,
    /// Nearest first.
    seen: Vec<Seen>,
}

/// Draws splats as [`Style::Splats`](crate::Style::Splats), whatever style `config` has.
///
/// Splats whose numbers are not finite are not drawn, where that shows.
///
/// # Errors
/// [`SplatsError`] where the arrays disagree in length.
pub fn draw<'a>(
    splats: &'a Splats,
    camera: &Camera,
    config: &RenderConfig,
) -> Result<Drawn<'a>, SplatsError> {
    splats.check()?;
    let frame = camera_uniform(camera, config);
    let all = 0..splats.len();
    let seen: Vec<Seen> = all.filter_map(|i| seen(splats, i, &frame)).collect();
    let seen = in_order(&seen);
    Ok(Drawn {
        image: blend::blend(&seen, &frame),
        splats,
        frame,
        seen,
    })
}

impl Drawn<'_> {
    /// The gradient of a loss with respect to what is stored of the splats, from that at the
    /// pixels: planes of red, green, blue and alpha, each row-major. `[4 × height × width]`
    ///
    /// Zero for splats that do not reach the picture.
    ///
    /// # Errors
    /// [`SplatsError::Length`] where `d_image` is of another size than the picture.
    pub fn backward(&self, d_image: &[f32]) -> Result<Splats, SplatsError> {
        let expected = 4 * self.image.alpha.len();
        if d_image.len() != expected {
            return Err(SplatsError::Length {
                what: "the gradient at the pixels",
                expected,
                found: d_image.len(),
            });
        }
        let mut slopes = Slopes::new(&self.image, d_image);
        // From the order of depth back to that of storage, in which memory is read once.
        let mut sums: Vec<Option<SplatSums>> = vec![None; self.splats.len()];
        for seen in &self.seen {
            sums[seen.splat as usize] = slopes.backward(seen, &self.frame);
        }
        let mut d = self.splats.zeros_like();
        for (i, sums) in sums.iter().enumerate() {
            if let Some(sums) = sums {
                self.splat_backward(i, sums, &mut d);
            }
        }
        Ok(d)
    }

    /// From the sums over pixels of a splat to the gradient of what is stored of it.
    fn splat_backward(&self, i: usize, sums: &SplatSums, d: &mut Splats) {
        let (splats, frame) = (self.splats, &self.frame);
        let Some(footprint) = Footprint::new(splats, i, frame) else {
            return;
        };
        let geometry = footprint.backward(frame, sums);
        let k = splats.coeffs_per_splat();
        let used = sh::coeff_count(frame.sh_degree.min(splats.sh_degree));
        let coeffs = &splats.sh(i)[..used];
        let d_coeffs = &mut d.sh_coeffs[i * k..][..used];
        let from_camera = splats.means[i] - position(frame);
        let d_direction = harmonics::backward(coeffs, from_camera, sums.rgb, d_coeffs);
        d.means[i] = geometry.mean + d_direction;
        d.quats[i] = geometry.quat;
        d.log_scales[i] = geometry.log_scale;
        d.opacity_logits[i] = geometry.opacity_logit;
    }
}

/// The splat as it falls on the picture; `None` where it does not.
fn seen(splats: &Splats, i: usize, frame: &FrameUniform) -> Option<Seen> {
    let footprint = Footprint::new(splats, i, frame)?;
    let bounds = footprint.pixels(frame)?;
    let used = sh::coeff_count(frame.sh_degree.min(splats.sh_degree));
    let from_camera = splats.means[i] - position(frame);
    let rgb = harmonics::colour(&splats.sh(i)[..used], from_camera);
    let it = Seen::new(i, &footprint, rgb.max(Vec3::ZERO), bounds);
    rgb.is_finite().then_some(it)
}

fn position(frame: &FrameUniform) -> Vec3 {
    let [x, y, z, _] = frame.camera_position;
    Vec3::new(x, y, z)
}

/// Nearest first; equally near ones as they are stored.
fn in_order(seen: &[Seen]) -> Vec<Seen> {
    // The bits of positive floats are ordered like them; of negative ones the other way round.
    let rank = |depth: f32| {
        let bits = depth.to_bits();
        let flip = if bits >> 31 == 0 { 1 << 31 } else { u32::MAX };
        u64::from(bits ^ flip) << 32
    };
    let mut keys: Vec<u64> = (seen.iter().zip(0..))
        .map(|(it, at): (&Seen, u64)| rank(it.depth) | at)
        .collect();
    keys.sort_unstable();
    let place = |key: u64| (key & u64::from(u32::MAX)) as usize;
    keys.into_iter().map(|it| seen[place(it)]).collect()
}

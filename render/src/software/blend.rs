//! Blending over pixels, nearest splat first, and its way back (`splat/blend`,
//! `shared/pixel_column`).

use std::f32::consts::{LN_2, LOG2_E};
use std::ops::Range;

use glam::{BVec4A, Vec2, Vec3, Vec4};

use crate::Image;
use crate::gpu::FrameUniform;

use super::footprint::Footprint;

/// A splat as it falls on the picture.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    /// Which.
    pub(super) splat: u32,
    /// Camera z.
    pub(super) depth: f32,
    /// After the clamp at 0.
    pub(super) rgb: Vec3,
    mean: Vec2,
    /// Of dx², dx dy, dy² in −log2 of the Gaussian.
    shape: [f32; 3],
    opacity: f32,
    columns: [u32; 2],
    rows: [u32; 2],
}

/// Sums over a splat's pixels; letters as in `shared/pair_sums`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SplatSums {
    /// Σ v.
    pub(super) v: f32,
    /// Σ v Δ.
    pub(super) vd: Vec2,
    /// Σ v ΔΔᵀ: xx, xy, yy.
    pub(super) vdd: [f32; 3],
    /// Σ w g, of colours that are not clamped.
    pub(super) rgb: Vec3,
}

/// Pixels that are worked on at a time, neighbours in a row: as many as every processor has
/// floats in a register.
const LANES: usize = 4;

/// A number of every pixel, row by row; rows are longer than the picture's so that the last lanes
/// have a place.
#[derive(Clone, Debug)]
struct Plane {
    stride: usize,
    values: Vec<f32>,
}

/// The pixels on the way there.
struct Canvas {
    rgb: [Plane; 3],
    depth: Plane,
    /// Its negative once the pixel is finished.
    transmittance: Plane,
}

/// The pixels on the way back.
#[derive(Debug)]
pub(super) struct Slopes {
    /// g: ∂L/∂(colour).
    rgb: [Plane; 3],
    /// R·g.
    behind: Plane,
    /// 0 once the pixel is finished, and outside the picture.
    transmittance: Plane,
}

/// A splat's alpha at some pixels.
struct Alpha {
    /// Before the cap.
    raw: Vec4,
    capped: Vec4,
    seen: BVec4A,
}

impl Plane {
    fn new([width, height]: [u32; 2], value: f32) -> Self {
        let stride = width as usize + LANES;
        let values = vec![value; stride * height as usize];
        Self { stride, values }
    }

    /// From the picture's numbers; `outside` of it.
    fn from_pixels(size: [u32; 2], pixels: impl Iterator<Item = f32>, outside: f32) -> Self {
        let mut plane = Self::new(size, outside);
        let width = size[0] as usize;
        let rows = plane.values.chunks_mut(plane.stride);
        let places = rows.flat_map(|row| row.iter_mut().take(width));
        places.zip(pixels).for_each(|(to, from)| *to = from);
        plane
    }

    /// The picture's numbers.
    fn pixels(&self) -> impl Iterator<Item = f32> {
        let rows = self.values.chunks(self.stride);
        rows.flat_map(|row| &row[..self.stride - LANES]).copied()
    }

    #[inline]
    fn get(&self, at: usize) -> Vec4 {
        Vec4::from_slice(&self.values[at..])
    }

    #[inline]
    fn set(&mut self, at: usize, value: Vec4) {
        value.write_to_slice(&mut self.values[at..]);
    }
}

impl Seen {
    /// `columns` and `rows` of pixels that it can touch.
    pub(super) fn new(
        splat: usize,
        footprint: &Footprint,
        rgb: Vec3,
        [columns, rows]: [[u32; 2]; 2],
    ) -> Self {
        let [xx, xy, yy] = footprint.conic;
        Self {
            splat: splat as u32,
            depth: footprint.camera_point.z,
            rgb,
            mean: footprint.mean2d,
            shape: [0.5 * LOG2_E * xx, LOG2_E * xy, 0.5 * LOG2_E * yy],
            opacity: footprint.opacity,
            columns,
            rows,
        }
    }

    /// First columns of the lanes that it can touch.
    fn lanes(&self) -> impl Iterator<Item = u32> + use<> {
        (self.columns[0]..self.columns[1]).step_by(LANES)
    }

    fn rows(&self) -> Range<u32> {
        self.rows[0]..self.rows[1]
    }

    /// From the centres of lanes to the mean, horizontally.
    fn across(&self, column: u32) -> Vec4 {
        self.mean.x - 0.5 - column as f32 - Vec4::new(0.0, 1.0, 2.0, 3.0)
    }

    /// From the centres of a row to the mean, vertically.
    fn down(&self, row: u32) -> f32 {
        self.mean.y - 0.5 - row as f32
    }

    #[inline]
    fn alpha(&self, dx: Vec4, dy: f32, frame: &FrameUniform) -> Alpha {
        let [xx, xy, yy] = self.shape;
        let power = xx * dx * dx + (xy * dx + yy * dy) * dy;
        let raw = self.opacity * exp2_of_negative(power);
        let capped = raw.min(Vec4::splat(frame.alpha_max));
        let seen = power.cmpge(Vec4::ZERO) & capped.cmpge(Vec4::splat(frame.alpha_min));
        Alpha { raw, capped, seen }
    }
}

/// 2⁻ᵖ for p from 0 on, to some 10⁻⁷ of itself; 0 is 10⁻³⁸ here.
#[inline]
fn exp2_of_negative(p: Vec4) -> Vec4 {
    // In floats of this size the last bit is 1: adding it rounds, and leaves whole numbers in the
    // lowest bits.
    const ROUND: f32 = 12_582_912.0;
    let p = p.min(Vec4::splat(126.0));
    let rounded = p + ROUND;
    // e^x for |x| ≤ ½ ln 2 by its series.
    let x = (rounded - ROUND - p) * LN_2;
    let series = [1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0];
    let fraction = (series.into_iter()).fold(Vec4::splat(1.0 / 720.0), |sum, it| sum * x + it);
    let exponent = |it: f32| (127_u32 << 23).wrapping_sub(it.to_bits() << 23);
    let whole = rounded.to_array().map(|it| f32::from_bits(exponent(it)));
    fraction * Vec4::from_array(whole)
}

/// Blends splats, which are in the order of their depths.
pub(super) fn blend(seen: &[Seen], frame: &FrameUniform) -> Image {
    let [width, height] = frame.image_size;
    let plane = |value| Plane::new(frame.image_size, value);
    let mut canvas = Canvas {
        rgb: [plane(0.0), plane(0.0), plane(0.0)],
        depth: plane(0.0),
        transmittance: plane(1.0),
    };
    for it in seen {
        canvas.add(it, frame);
    }
    let [r, g, b, _] = frame.background;
    let left: Vec<f32> = canvas.transmittance.pixels().map(f32::abs).collect();
    let [red, green, blue] = canvas.rgb.each_ref().map(Plane::pixels);
    let colours = red.zip(green).zip(blue).zip(&left);
    Image {
        width,
        height,
        rgb: colours
            .map(|(((red, green), blue), left)| [red + left * r, green + left * g, blue + left * b])
            .collect(),
        alpha: left.iter().map(|it| 1.0 - it).collect(),
        depth: canvas.depth.pixels().collect(),
    }
}

impl Canvas {
    /// The next splat.
    fn add(&mut self, it: &Seen, frame: &FrameUniform) {
        let stop = Vec4::splat(frame.transmittance_stop);
        for x in it.lanes() {
            let dx = it.across(x);
            for y in it.rows() {
                let at = y as usize * self.depth.stride + x as usize;
                let before = self.transmittance.get(at);
                let alpha = it.alpha(dx, it.down(y), frame);
                let hit = alpha.seen & before.cmpgt(Vec4::ZERO);
                if !hit.any() {
                    continue;
                }
                let next = before * (1.0 - alpha.capped);
                let stops = next.cmple(stop);
                let weight = Vec4::select(hit & !stops, alpha.capped * before, Vec4::ZERO);
                let left = Vec4::select(stops, -before, next);
                self.transmittance.set(at, Vec4::select(hit, left, before));
                for (plane, colour) in self.rgb.iter_mut().zip(it.rgb.to_array()) {
                    plane.set(at, plane.get(at) + weight * colour);
                }
                self.depth.set(at, self.depth.get(at) + weight * it.depth);
            }
        }
    }
}

impl Slopes {
    /// The gradient at the pixels (planes of red, green, blue, alpha), before the first splat.
    pub(super) fn new(image: &Image, d_image: &[f32]) -> Self {
        let size = [image.width, image.height];
        let plane = image.alpha.len();
        let d = |channel: usize| d_image[channel * plane..][..plane].iter().copied();
        // Alpha is one minus what is left of T, in which every splat has a part, as in what the
        // background gives.
        let behind = (image.rgb.iter().zip(&image.alpha).enumerate()).map(|(at, (rgb, alpha))| {
            let [r, g, b, d_alpha] = [0, 1, 2, 3].map(|it| d_image[it * plane + at]);
            Vec3::new(r, g, b).dot(Vec3::from(*rgb)) - d_alpha * (1.0 - alpha)
        });
        Self {
            rgb: [0, 1, 2].map(|channel| Plane::from_pixels(size, d(channel), 0.0)),
            behind: Plane::from_pixels(size, behind, 0.0),
            transmittance: Plane::from_pixels(size, image.alpha.iter().map(|_| 1.0), 0.0),
        }
    }

    /// Walks the next splat over the pixels; `None` where no pixel shows it.
    ///
    /// Splats come nearest first here too, so that every decision falls as it fell before.
    pub(super) fn backward(&mut self, it: &Seen, frame: &FrameUniform) -> Option<SplatSums> {
        let mut sums = SplatSums::default();
        let mut shown = false;
        for x in it.lanes() {
            let dx = it.across(x);
            let mut lanes = LaneSums::default();
            for y in it.rows() {
                let at = y as usize * self.behind.stride + x as usize;
                let dy = it.down(y);
                let alpha = it.alpha(dx, dy, frame);
                let hit = alpha.seen & self.transmittance.get(at).cmpgt(Vec4::ZERO);
                if hit.any() {
                    shown = true;
                    self.pass(it, &alpha, hit, (at, dy), frame, &mut lanes);
                }
            }
            lanes.add_to(&mut sums, dx);
        }
        // The clamp of colours at 0 lets nothing through.
        sums.rgb = Vec3::select(it.rgb.cmpgt(Vec3::ZERO), sums.rgb, Vec3::ZERO);
        shown.then_some(sums)
    }

    /// Takes a splat's part in some pixels away.
    #[inline]
    fn pass(
        &mut self,
        splat: &Seen,
        alpha: &Alpha,
        hit: BVec4A,
        (at, dy): (usize, f32),
        frame: &FrameUniform,
        lanes: &mut LaneSums,
    ) {
        let before = self.transmittance.get(at);
        let clear = 1.0 - alpha.capped;
        let next = before * clear;
        let stops = next.cmple(Vec4::splat(frame.transmittance_stop));
        let left = Vec4::select(stops, Vec4::ZERO, next);
        self.transmittance.set(at, Vec4::select(hit, left, before));
        let passes = hit & !stops;
        let g = self.rgb.each_ref().map(|it| it.get(at));
        let e = splat.rgb.x * g[0] + splat.rgb.y * g[1] + splat.rgb.z * g[2];
        let weight = Vec4::select(passes, alpha.capped * before, Vec4::ZERO);
        let behind = self.behind.get(at) - weight * e;
        self.behind.set(at, behind);
        // Where alpha is capped it does not depend on the splat.
        let free = passes & alpha.raw.cmple(Vec4::splat(frame.alpha_max));
        let slope = -alpha.capped * (before * e - behind / clear);
        let slope = Vec4::select(free, slope, Vec4::ZERO);
        lanes.v += slope;
        lanes.vy += slope * dy;
        lanes.vyy += slope * (dy * dy);
        for (sum, g) in lanes.rgb.iter_mut().zip(g) {
            *sum += weight * g;
        }
    }
}

/// Sums over a column of pixels in every lane, in which Δx is constant.
#[derive(Default)]
struct LaneSums {
    v: Vec4,
    vy: Vec4,
    vyy: Vec4,
    rgb: [Vec4; 3],
}

impl LaneSums {
    fn add_to(&self, sums: &mut SplatSums, dx: Vec4) {
        sums.v += self.v.element_sum();
        sums.vd += Vec2::new(self.v.dot(dx), self.vy.element_sum());
        sums.vdd[0] += self.v.dot(dx * dx);
        sums.vdd[1] += self.vy.dot(dx);
        sums.vdd[2] += self.vyy.element_sum();
        sums.rgb += Vec3::from(self.rgb.map(Vec4::element_sum));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_of_two_are_right() {
        for i in 0..12_600 {
            let p = i as f32 * 0.01;
            let found = exp2_of_negative(Vec4::splat(p)).x;
            let expected = (-f64::from(p)).exp2();
            let off = f64::from(found) / expected - 1.0;
            assert!(off.abs() < 5e-7, "{p}: {off}");
        }
        let ends = exp2_of_negative(Vec4::new(0.0, 300.0, f32::INFINITY, 1.0));
        assert_eq!([ends.x, ends.w], [1.0, 0.5]);
        assert!(ends.y < 2e-38 && ends.z < 2e-38);
    }
}

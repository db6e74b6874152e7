//! Turns a photo of a bent lens into the photo that a pinhole would have taken.

#[cfg(test)]
mod tests;

use glam::{DVec2, DVec3, Vec4};
use image::{GrayImage, RgbaImage};
use rayon::prelude::*;

use super::{Distortion, Lens, LensModel, Projection};

/// Half the widest view that is kept, seen from the image's centre along an axis: a pinhole's
/// plane stretches without bound towards 90°.
const MAX_HALF_ANGLE_DEGREES: f64 = 60.0;

/// The picture's middle keeps at least this part of its size.
const MIN_SCALE: f64 = 0.75;

/// The most that a picture is enlarged, for lenses whose coefficients make no sense.
const MAX_SCALE: f64 = 4.0;

/// Places along each side of the picture at which the directions are looked at.
const PLACES: u32 = 33;

/// The way from a lens to a pinhole for images of the same size, chosen once for a camera.
///
/// # Which pinhole
/// The whole picture stays in view: the pinhole's scale is the largest that shows every direction
/// that the photo shows, and what the photo does not show is masked. Two things come before that.
/// The middle of the picture never shrinks to less than 0.75 of its size, and no more than 60° to
/// either side are kept; of a lens that would need that (a fisheye of more than about 120°) the
/// outer part is cut.
///
/// # Cost
/// No map is stored: each pixel of the result is projected when it is needed, which takes the
/// closed formulas only (Newton's method is for the other direction) and no memory, however many
/// cameras there are.
#[derive(Clone, Debug, PartialEq)]
pub struct Undistortion {
    bent: Lens,
    straight: Lens,
}

/// A straightened photo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undistorted {
    /// The size of what went in; black and transparent where not `covered`.
    pub image: RgbaImage,
    /// 255 where the photo reaches, 0 elsewhere.
    pub covered: GrayImage,
}

impl Undistortion {
    /// Chooses the pinhole for `lens`. A lens that is one already stays as it is.
    pub fn new(lens: &Lens) -> Self {
        let straight = Lens {
            model: LensModel::Pinhole,
            distortion: Distortion::None,
            ..lens.clone()
        };
        let straight = if lens.is_pinhole() {
            straight
        } else {
            framed(lens, straight)
        };
        Self {
            bent: lens.clone(),
            straight,
        }
    }

    /// The pinhole that took the straightened photos.
    pub fn lens(&self) -> &Lens {
        &self.straight
    }

    /// Whether photos stay as they are.
    pub fn is_identity(&self) -> bool {
        self.bent.is_pinhole()
    }

    /// Straightens a photo. One of another size than the lens is taken as a scaled photo, and the
    /// result fits [`Self::lens`] scaled likewise ([`Lens::resized`]).
    ///
    /// Samples with Catmull and Rom's cubic (1974), which blurs less than a linear blend, on the
    /// stored bytes without undoing their gamma. Colours weigh as much as they are opaque.
    pub fn apply(&self, photo: &RgbaImage) -> Undistorted {
        let (width, height) = photo.dimensions();
        if self.is_identity() || width == 0 || height == 0 {
            return Undistorted {
                image: photo.clone(),
                covered: GrayImage::from_pixel(width, height, image::Luma([255])),
            };
        }
        let map = self.map(width, height);
        let mut image = RgbaImage::new(width, height);
        let mut covered = GrayImage::new(width, height);
        let rows = image.par_chunks_exact_mut(4 * width as usize);
        let covered_rows = covered.par_chunks_exact_mut(width as usize);
        rows.zip(covered_rows)
            .enumerate()
            .for_each(|(y, (row, covered))| {
                for (x, (pixel, covered)) in row.chunks_exact_mut(4).zip(covered).enumerate() {
                    if let Some(at) = map.source(x, y) {
                        pixel.copy_from_slice(&sample_cubic(photo, at));
                        *covered = 255;
                    }
                }
            });
        Undistorted { image, covered }
    }

    /// Straightens a mask (white counts, black does not) in the same way. What the photo does not
    /// reach is black; a pixel is white where the blend of its four sources is at least half.
    pub fn apply_to_mask(&self, mask: &GrayImage) -> GrayImage {
        let (width, height) = mask.dimensions();
        if self.is_identity() || width == 0 || height == 0 {
            return mask.clone();
        }
        let map = self.map(width, height);
        let mut straight = GrayImage::new(width, height);
        let rows = straight.par_chunks_exact_mut(width as usize);
        rows.enumerate().for_each(|(y, row)| {
            for (x, pixel) in row.iter_mut().enumerate() {
                let at = map.source(x, y);
                if at.is_some_and(|it| 127.5 <= sample_linear(mask, it)) {
                    *pixel = 255;
                }
            }
        });
        straight
    }

    fn map(&self, width: u32, height: u32) -> Map {
        Map {
            bent: Projection::new(&self.bent.resized(width, height)),
            straight: self.straight.resized(width, height),
        }
    }
}

/// Where pixels of the straightened image lie in the photo.
struct Map {
    bent: Projection,
    straight: Lens,
}

impl Map {
    /// In pixels of the photo; `None` outside of it.
    fn source(&self, x: usize, y: usize) -> Option<DVec2> {
        let Lens { fx, fy, cx, cy, .. } = self.straight;
        let ray = DVec3::new((x as f64 + 0.5 - cx) / fx, (y as f64 + 0.5 - cy) / fy, 1.0);
        let at = self.bent.project(ray)?;
        let size = DVec2::new(
            f64::from(self.straight.width),
            f64::from(self.straight.height),
        );
        (DVec2::ZERO.cmple(at).all() && at.cmple(size).all()).then_some(at)
    }
}

/// Sets focal length and principal point of `straight` so that it shows what `bent` shows.
fn framed(bent: &Lens, straight: Lens) -> Lens {
    let projection = Projection::new(bent);
    let size = DVec2::new(f64::from(bent.width), f64::from(bent.height));
    let places = (0..PLACES).map(|it| f64::from(it) / f64::from(PLACES - 1));
    let rays = places
        .clone()
        .flat_map(|y| places.clone().map(move |x| DVec2::new(x, y)))
        .filter_map(|it| Some(on_plane(projection.unproject(it * size)?)));
    let (low, high) = rays.fold((DVec2::INFINITY, DVec2::NEG_INFINITY), |(low, high), it| {
        (low.min(it), high.max(it))
    });
    let focal = DVec2::new(bent.fx, bent.fy);
    let shown = (high - low) * focal;
    // What is no number, too.
    let is_sound = shown.is_finite() && shown.cmpgt(1e-6 * size).all();
    if !is_sound {
        return straight;
    }
    let widest = size / (2.0 * MAX_HALF_ANGLE_DEGREES.to_radians().tan() * focal);
    let scale = (size / shown)
        .min_element()
        .max(MIN_SCALE)
        .max(widest.max_element())
        .min(MAX_SCALE);
    let focal = focal * scale;
    // In the plane: how much the pinhole sees, and where its middle lies. Where not all is seen,
    // it stays where the photo's middle is, unless that wastes room.
    let seen = size / focal;
    let middle = projection.unproject(0.5 * size).map(on_plane);
    let spare = (0.5 * (high - low - seen)).max(DVec2::ZERO);
    let centre = 0.5 * (low + high);
    let middle = middle
        .unwrap_or(centre)
        .clamp(centre - spare, centre + spare);
    let principal = 0.5 * size - middle * focal;
    Lens {
        fx: focal.x,
        fy: focal.y,
        cx: principal.x,
        cy: principal.y,
        ..straight
    }
}

/// Where a direction meets the plane z = 1, drawn in to the widest angle that is kept.
fn on_plane(direction: DVec3) -> DVec2 {
    let radius = direction.truncate().length();
    let reach = MAX_HALF_ANGLE_DEGREES.to_radians().tan();
    if radius <= reach * direction.z {
        return direction.truncate() / direction.z;
    }
    direction.truncate() * (reach / radius)
}

/// The pixel whose centre comes before `at` (not negative) on each axis, and how far `at` is beyond
/// that centre; centres are at +0.5.
fn split(at: DVec2) -> ([i64; 2], [f32; 2]) {
    // Cutting off the digits rounds down what is positive; `floor` is a slow call on many CPUs.
    let whole = [at.x, at.y].map(|it| (it + 0.5) as i64 - 1);
    let before = DVec2::new(whole[0] as f64, whole[1] as f64);
    (whole, (at - 0.5 - before).as_vec2().to_array())
}

/// Clamps to the image: its border goes on outwards.
fn inside(at: i64, size: u32) -> usize {
    at.clamp(0, i64::from(size) - 1) as usize
}

/// Weights of the four pixels around a place `t` beyond the second.
fn cubic_weights(t: f32) -> [f32; 4] {
    let (t2, t3) = (t * t, t * t * t);
    [
        0.5 * (-t + 2.0 * t2 - t3),
        0.5 * (2.0 - 5.0 * t2 + 3.0 * t3),
        0.5 * (t + 4.0 * t2 - 3.0 * t3),
        0.5 * (t3 - t2),
    ]
}

fn sample_cubic(photo: &RgbaImage, at: DVec2) -> [u8; 4] {
    let ([x, y], [tx, ty]) = split(at);
    let (wx, wy) = (cubic_weights(tx), cubic_weights(ty));
    let (width, height) = photo.dimensions();
    let columns = [-1, 0, 1, 2].map(|it| 4 * inside(x + it, width));
    // Colours times their opacity, and the opacity.
    let mut sum = Vec4::ZERO;
    for (dy, wy) in (-1..).zip(wy) {
        let row = 4 * width as usize * inside(y + dy, height);
        for (column, wx) in columns.iter().zip(wx) {
            let pixel = &photo.as_raw()[row + column..row + column + 4];
            let [red, green, blue, alpha] = [0, 1, 2, 3].map(|it| f32::from(pixel[it]));
            sum += wx * wy * alpha * Vec4::new(red, green, blue, 1.0);
        }
    }
    if sum.w < 0.5 {
        return [0; 4];
    }
    let colour = sum / sum.w;
    // `as` cuts off digits and saturates: the cubic overshoots at edges.
    [colour.x, colour.y, colour.z, sum.w].map(|it| (it + 0.5) as u8)
}

fn sample_linear(mask: &GrayImage, at: DVec2) -> f32 {
    let ([x, y], [tx, ty]) = split(at);
    let (width, height) = mask.dimensions();
    let value = |dx: i64, dy: i64| {
        let index = inside(y + dy, height) * width as usize + inside(x + dx, width);
        f32::from(mask.as_raw()[index])
    };
    let above = value(0, 0) * (1.0 - tx) + value(1, 0) * tx;
    let below = value(0, 1) * (1.0 - tx) + value(1, 1) * tx;
    above * (1.0 - ty) + below * ty
}

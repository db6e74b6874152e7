//! What neighbouring photos say about how far away a pixel's surface is, without any learning: a
//! plane sweep (Collins, "A Space-Sweep Approach to True Multi-Image Matching", 1996).
//!
//! ```text
//! for every distance along a pixel's ray:  the point ─► where other photos see it ─► their colours
//!     cost = how much these differ from the pixel's, mean over a window of neighbours
//! distances weighed by exp(−cost / temperature) ─► mean and spread, the least cost
//! ```
//! The published networks learn this from hundreds of thousands of objects. A small network that is
//! trained in hours is told instead, and learns what to make of it: where it is wrong, what is
//! empty, how splats of several views share a surface.

use glam::{Mat3, Vec2, Vec3};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::ModelError;
use super::newton_schulz::Precision;
use super::rays::{Grid, NetworkCamera};

/// How distances are searched.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Stereo {
    /// Largest logarithm of a distance that is tried, either way, in units of the origin's: as in
    /// [`DepthRange::Relative`](super::DepthRange).
    pub most: f32,
    /// How many distances are tried, evenly by their logarithms.
    pub planes: usize,
    /// Most other views that a pixel is looked for in, the nearest first.
    pub neighbours: usize,
    /// Half the window whose costs are averaged, without its middle pixel.
    pub radius: usize,
    /// Difference of costs that makes a distance e times less likely.
    pub temperature: f32,
}

impl Default for Stereo {
    fn default() -> Self {
        Self {
            most: 0.6,
            planes: 32,
            neighbours: 4,
            radius: 2,
            temperature: 0.005,
        }
    }
}

impl Stereo {
    /// # Errors
    /// Naming what does not fit.
    pub(super) fn check(&self) -> Result<(), ModelError> {
        let fail = |what: String| Err(ModelError::Config(what));
        let counts = [
            ("stereo.planes", self.planes, 512),
            ("stereo.neighbours", self.neighbours, MOST),
        ];
        for (name, count, most) in counts {
            if count == 0 || most < count {
                return fail(format!("{name} is {count}; 1 to {most} is possible"));
            }
        }
        if 64 < self.radius {
            return fail(format!(
                "stereo.radius is {}; 0 to 64 is possible",
                self.radius
            ));
        }
        for (name, it) in [
            ("stereo.most", self.most),
            ("stereo.temperature", self.temperature),
        ] {
            if !(1e-4..=10.0).contains(&it) {
                return fail(format!("{name} is {it}; 0.0001 to 10 is possible"));
            }
        }
        Ok(())
    }
}

/// A posed photo.
#[derive(Clone, Copy, Debug)]
pub struct Shot<'a> {
    /// Where it was taken from.
    pub camera: NetworkCamera,
    /// Row by row, 0 to 1.
    pub rgb: &'a [[f32; 3]],
}

/// What is known of a view's pixels, row by row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hint {
    /// For each pixel
    /// 0. the logarithm of its distance in units of the origin's,
    /// 1. how sure that is: 0 for all distances alike, 1 for one only,
    /// 2. the least cost,
    /// 3. how much the neighbours, as far as they are sure, find the same surface,
    /// 4. how much they look through where it is said to be.
    pub pixels: Vec<[f32; Hint::CHANNELS]>,
}

impl Hint {
    /// Numbers of a pixel.
    pub const CHANNELS: usize = 5;
}

/// Cost of a point that no other view sees.
const UNSEEN: f32 = 0.5;

/// Logarithms of distances that differ by less agree.
const ALIKE: f32 = 0.05;

/// A hint for every view, from those that are there. Where a view has no neighbour nothing is sure.
pub fn hints(shots: &[Shot<'_>], grid: Grid, stereo: &Stereo) -> Vec<Hint> {
    let views: Vec<View> = shots.iter().map(|it| View::new(it, grid)).collect();
    let near: Vec<Vec<usize>> = (0..views.len())
        .map(|of| neighbours(&views, of, stereo.neighbours))
        .collect();
    let swept: Vec<Hint> = (0..views.len())
        .into_par_iter()
        .map(|of| sweep(&views, (of, &near[of]), grid, stereo))
        .collect();
    let all = (0..views.len()).into_par_iter().map(|of| {
        let mut hint = swept[of].clone();
        for (i, pixel) in hint.pixels.iter_mut().enumerate() {
            let from_camera = views[of].point(i, pixel[0]);
            let asked = near[of].iter();
            let found =
                asked.filter_map(|&it| views[of].sees(from_camera, &views[it], &swept[it], grid));
            let (mut count, mut agree, mut through) = (0.0_f32, 0.0, 0.0);
            for (off, sure) in found {
                count += 1.0;
                agree += sure * (-(off / ALIKE).powi(2)).exp();
                through += if off < -1.5 * ALIKE { sure } else { 0.0 };
            }
            pixel[3] = agree / count.max(1.0);
            pixel[4] = through / count.max(1.0);
        }
        hint
    });
    all.collect()
}

/// The plane sweep for the pixels of view `of`.
fn sweep(views: &[View], (of, near): (usize, &[usize]), grid: Grid, stereo: &Stereo) -> Hint {
    let own = &views[of];
    let pixels = own.rgb.len();
    let others: Vec<Other<'_>> = near.iter().map(|it| Other::new(own, &views[*it])).collect();
    let offset = |plane: usize| match stereo.planes {
        0 | 1 => 0.0,
        planes => stereo.most * (2.0 * plane as f32 / (planes - 1) as f32 - 1.0),
    };
    let costs: Vec<Vec<f32>> = (0..stereo.planes)
        .map(|plane| {
            let distance = offset(plane);
            let cost = |i: usize| cost(own.rgb[i], own.point(i, distance), &others, grid);
            let costs: Vec<f32> = (0..pixels).map(cost).collect();
            averaged(&costs, grid, stereo.radius)
        })
        .collect();
    let pixel = |i: usize| {
        let least = costs
            .iter()
            .fold(f32::INFINITY, |least, it| least.min(it[i]));
        if !least.is_finite() || others.is_empty() {
            return [0.0, 0.0, UNSEEN, 0.0, 0.0];
        }
        let (mut sum, mut first, mut second) = (0.0, 0.0, 0.0);
        for (plane, costs) in costs.iter().enumerate() {
            let weight = ((least - costs[i]) / stereo.temperature).exp();
            let x = offset(plane);
            sum += weight;
            first += weight * x;
            second += weight * x * x;
        }
        let mean = first / sum;
        let spread = (second / sum - mean * mean).max(0.0).sqrt();
        // Evenly spread over all that is tried it is most / √3.
        let sure = 1.0 - (3.0_f32.sqrt() * spread / stereo.most.max(f32::EPSILON)).min(1.0);
        [mean, sure, least, 0.0, 0.0]
    };
    Hint {
        pixels: (0..pixels).map(pixel).collect(),
    }
}

/// A posed photo, ready to be looked at from others.
struct View {
    camera: NetworkCamera,
    /// From the network's axes to the camera's.
    turn: Mat3,
    focal: Vec2,
    principal: Vec2,
    /// How far the origin is.
    far: f32,
    /// Unit vectors, network axes, row by row.
    directions: Vec<Vec3>,
    /// Row by row; none where the photo is not there.
    rgb: Vec<Vec3>,
}

impl View {
    fn new(shot: &Shot<'_>, grid: Grid) -> Self {
        let camera = shot.camera;
        let [fx, fy, cx, cy] = camera.lens;
        let pixels = grid.width * grid.height;
        let is_there = shot.rgb.len() == pixels;
        let rgb = if is_there { shot.rgb } else { &[] };
        let direction = |i: usize| {
            let (column, row) = (i % grid.width, i / grid.width);
            camera.direction(column, row, Precision::F32)
        };
        Self {
            camera,
            turn: Mat3::from(camera.c2w.matrix3).transpose(),
            focal: Vec2::new(fx, fy),
            principal: Vec2::new(cx, cy),
            far: camera.centre().length(),
            directions: (0..rgb.len()).map(direction).collect(),
            rgb: rgb.iter().map(|it| Vec3::from(*it)).collect(),
        }
    }

    /// From the camera to pixel `i`'s surface at a logarithm of a distance, network axes.
    fn point(&self, i: usize, log_distance: f32) -> Vec3 {
        self.directions[i] * (self.far * log_distance.exp())
    }

    /// How far a point of this view, seen `from_camera`, lies behind what another view sees there,
    /// as a logarithm of distances from that one, and how sure that one is.
    fn sees(&self, from_camera: Vec3, other: &Self, hint: &Hint, grid: Grid) -> Option<(f32, f32)> {
        let seen = Other::new(self, other);
        let at = seen.place(from_camera, grid)?;
        let place = (at.y + 0.5) as usize * grid.width + (at.x + 0.5) as usize;
        let [log_distance, sure, ..] = *hint.pixels.get(place)?;
        let p = seen.turn * from_camera + seen.shift;
        Some((
            (p.length() / other.far.max(1e-6)).max(1e-6).ln() - log_distance,
            sure,
        ))
    }
}

/// The views whose cameras are nearest to that of view `of` in direction from the origin.
fn neighbours(views: &[View], of: usize, most: usize) -> Vec<usize> {
    let towards = |it: usize| views[it].camera.centre().normalize_or_zero();
    let own = towards(of);
    let is_other = |it: &usize| *it != of && !views[*it].rgb.is_empty();
    let mut others: Vec<usize> = (0..views.len()).filter(is_other).collect();
    others.sort_by(|a, b| towards(*b).dot(own).total_cmp(&towards(*a).dot(own)));
    others.truncate(most.min(MOST));
    others
}

/// How much the other views' colours of a point differ from `colour`: half the mean over all that
/// see it, which carves away what is empty in one of them, and half the mean over the better half,
/// which forgives those to which something else hides it.
fn cost(colour: Vec3, from_camera: Vec3, others: &[Other<'_>], grid: Grid) -> f32 {
    let mut found = [0.0_f32; MOST];
    let mut count = 0;
    for other in others {
        if let Some(seen) = other.colour(from_camera, grid) {
            let off = (seen - colour).abs();
            found[count] = (off.x + off.y + off.z) / 3.0;
            count += 1;
        }
    }
    let found = &mut found[..count];
    if found.is_empty() {
        return UNSEEN;
    }
    found.sort_by(f32::total_cmp);
    let mean = |it: &[f32]| it.iter().sum::<f32>() / it.len() as f32;
    0.5 * mean(found) + 0.5 * mean(&found[..count.div_ceil(2)])
}

/// More neighbours than this tell nothing new.
const MOST: usize = 8;

/// Another view as seen from the pixel's camera.
struct Other<'a> {
    /// From a vector from the pixel's camera, network axes, to this camera's axes.
    turn: Mat3,
    /// Where the pixel's camera is, in this camera's axes.
    shift: Vec3,
    view: &'a View,
}

impl<'a> Other<'a> {
    fn new(own: &View, view: &'a View) -> Self {
        Self {
            turn: view.turn,
            shift: view.turn * (own.camera.centre() - view.camera.centre()),
            view,
        }
    }

    /// Where a point is in the picture, in pixels from the centre of the first one; `None` where it
    /// is not in it.
    fn place(&self, from_camera: Vec3, grid: Grid) -> Option<Vec2> {
        let p = self.turn * from_camera + self.shift;
        if p.z <= 1e-3 {
            return None;
        }
        let at = self.view.focal * p.truncate() / p.z + self.view.principal - 0.5;
        let last = Vec2::new((grid.width - 1) as f32, (grid.height - 1) as f32);
        let is_in = Vec2::splat(-0.5).cmple(at).all() && at.cmple(last + 0.5).all();
        is_in.then(|| at.clamp(Vec2::ZERO, last))
    }

    /// The colour of a point, between pixels; `None` where it is not in the picture.
    fn colour(&self, from_camera: Vec3, grid: Grid) -> Option<Vec3> {
        let at = self.place(from_camera, grid)?;
        let rgb = &self.view.rgb;
        let (column, row) = (at.x as usize, at.y as usize);
        let part = at - Vec2::new(column as f32, row as f32);
        let right = usize::from(column + 1 < grid.width);
        let below = if row + 1 < grid.height { grid.width } else { 0 };
        let first = row * grid.width + column;
        let top = rgb[first].lerp(rgb[first + right], part.x);
        let bottom = rgb[first + below].lerp(rgb[first + below + right], part.x);
        Some(top.lerp(bottom, part.y))
    }
}

/// Means over windows of `2 radius + 1` squared, cut off at the borders.
fn averaged(costs: &[f32], grid: Grid, radius: usize) -> Vec<f32> {
    let rows: Vec<f32> = (0..costs.len())
        .map(|i| {
            let (column, row) = (i % grid.width, i - i % grid.width);
            let near = column.saturating_sub(radius)..(column + radius + 1).min(grid.width);
            let count = near.len() as f32;
            near.map(|it| costs[row + it]).sum::<f32>() / count
        })
        .collect();
    (0..costs.len())
        .map(|i| {
            let (column, row) = (i % grid.width, i / grid.width);
            let near = row.saturating_sub(radius)..(row + radius + 1).min(grid.height);
            let count = near.len() as f32;
            near.map(|it| rows[it * grid.width + column]).sum::<f32>() / count
        })
        .collect()
}

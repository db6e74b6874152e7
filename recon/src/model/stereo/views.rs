//! Photos as they are looked at from others.

use glam::{Mat3, Vec2, Vec3};

use super::super::newton_schulz::Precision;
use super::super::rays::{Grid, NetworkCamera};
use super::{Hint, MOST, Shot};

/// A posed photo, ready to be looked at from others.
pub(super) struct View {
    pub(super) camera: NetworkCamera,
    /// From the network's axes to the camera's.
    pub(super) turn: Mat3,
    focal: Vec2,
    principal: Vec2,
    /// How far the origin is.
    pub(super) far: f32,
    /// Unit vectors, network axes, row by row.
    pub(super) directions: Vec<Vec3>,
    /// Row by row; none where the photo is not there.
    pub(super) rgb: Vec<Vec3>,
}

impl View {
    pub(super) fn new(shot: &Shot<'_>, grid: Grid) -> Self {
        let camera = shot.camera;
        let [fx, fy, cx, cy] = camera.lens;
        let is_there = shot.rgb.len() == grid.width * grid.height;
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
}

/// The views whose cameras are nearest to that of view `of` in direction from the origin.
pub(super) fn neighbours(views: &[View], of: usize, most: usize) -> Vec<usize> {
    let towards = |it: usize| views[it].camera.centre().normalize_or_zero();
    let own = towards(of);
    let is_other = |it: &usize| *it != of && !views[*it].rgb.is_empty();
    let mut others: Vec<usize> = (0..views.len()).filter(is_other).collect();
    others.sort_by(|a, b| towards(*b).dot(own).total_cmp(&towards(*a).dot(own)));
    others.truncate(most.min(MOST));
    others
}

/// Another view as seen from the pixel's camera.
pub(super) struct Other<'a> {
    /// Which.
    pub(super) index: usize,
    pub(super) view: &'a View,
    /// Where the pixel's camera is, in this camera's axes.
    pub(super) shift: Vec3,
}

impl<'a> Other<'a> {
    pub(super) fn new(own: &View, view: &'a View, index: usize) -> Self {
        Self {
            index,
            view,
            shift: view.turn * (own.camera.centre() - view.camera.centre()),
        }
    }

    /// Where a point, in this camera's axes, is in the picture, in pixels from the centre of the
    /// first one; `None` where it is not in it.
    fn place(&self, point: Vec3, grid: Grid) -> Option<Vec2> {
        if point.z <= 1e-3 {
            return None;
        }
        let at = self.view.focal * (point.truncate() / point.z) + self.view.principal - 0.5;
        let last = Vec2::new((grid.width - 1) as f32, (grid.height - 1) as f32);
        let is_in = Vec2::splat(-0.5).cmple(at).all() && at.cmple(last + 0.5).all();
        is_in.then(|| at.clamp(Vec2::ZERO, last))
    }

    /// The colour of a point in this camera's axes, between pixels; `None` where it is not in the
    /// picture.
    pub(super) fn colour(&self, point: Vec3, grid: Grid) -> Option<Vec3> {
        let at = self.place(point, grid)?;
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

    /// How far a point, seen `from_camera` of the pixel, network axes, lies behind the surface that
    /// this view sees there, as a logarithm of distances from here, and how sure that surface is.
    pub(super) fn surface(&self, from_camera: Vec3, hint: &Hint, grid: Grid) -> Option<(f32, f32)> {
        let point = self.view.turn * from_camera + self.shift;
        let at = self.place(point, grid)?;
        let place = (at.y + 0.5) as usize * grid.width + (at.x + 0.5) as usize;
        let [log_distance, sure, ..] = *hint.pixels.get(place)?;
        let distance = point.length() / self.view.far.max(1e-6);
        Some((distance.max(1e-6).ln() - log_distance, sure))
    }
}

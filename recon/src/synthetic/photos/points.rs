//! Points of the true surfaces, as a perfect structure from motion would find them.

use std::f32::consts::TAU;

use glam::Vec3;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use render::Camera;

use super::super::DEMO_CENTRE;
use super::super::demo::shared_out;
use super::super::surface::Surface;
use super::scene::{Background, DOME_RADIUS, PhotoScene};
use crate::dataset::{Observation, Points};

/// Photos that have to see a point.
const LEAST_VIEWS: usize = 2;

/// The dome's share of the points, where there is one.
const DOME_SHARE: f32 = 0.2;

/// Spreads `count` points over the surfaces and keeps those that two cameras see. A colour is the
/// mean of what the cameras see there.
pub(super) fn points(scene: &PhotoScene, seed: u64, count: usize, cameras: &[Camera]) -> Points {
    let mut rng = Pcg64Mcg::seed_from_u64(seed);
    let num_dome = match scene.background() {
        Background::Dome => (DOME_SHARE * count as f32) as usize,
        _ => 0,
    };
    let surfaces: Vec<_> = scene
        .shapes
        .iter()
        .map(|it| Surface::new(&it.position))
        .collect();
    let weights: Vec<f32> = scene
        .shapes
        .iter()
        .zip(&surfaces)
        .map(|(shape, surface)| shape.detail * surface.area())
        .collect();
    let mut points = Points::default();
    let counts = shared_out(count - num_dome, &weights);
    for ((shape, surface), count) in scene.shapes.iter().zip(&surfaces).zip(counts) {
        for point in surface.points(count, rng.random()) {
            if (shape.presence)(&point) < 1.0 {
                continue;
            }
            let colour = |to_eye| scene.shade(shape, &point, to_eye);
            add(&mut points, scene, cameras, point.position, colour);
        }
    }
    for i in 0..num_dome {
        let position = DEMO_CENTRE + DOME_RADIUS * lattice(i, num_dome);
        let colour = |_| scene.dome_colour(position).clamp(Vec3::ZERO, Vec3::ONE);
        add(&mut points, scene, cameras, position, colour);
    }
    points
}

fn add(
    points: &mut Points,
    scene: &PhotoScene,
    cameras: &[Camera],
    position: Vec3,
    colour: impl Fn(Vec3) -> Vec3,
) {
    let index = points.positions.len() as u32;
    let mut sum = Vec3::ZERO;
    let mut seen = Vec::new();
    for (frame, camera) in (0..).zip(cameras) {
        if let Some(pixel) = scene.pixel_of(camera, position) {
            sum += colour((camera.position() - position).normalize());
            seen.push(Observation {
                point: index,
                frame,
                pixel: pixel.as_dvec2(),
            });
        }
    }
    if seen.len() < LEAST_VIEWS {
        return;
    }
    let mean = 255.0 * sum / seen.len() as f32;
    points.positions.push(position.as_dvec3());
    points
        .colours
        .push(mean.to_array().map(|it| it.round() as u8));
    points.observations.append(&mut seen);
}

/// Unit vector `i` of `count` that lie evenly on a sphere (Fibonacci's spiral).
fn lattice(i: usize, count: usize) -> Vec3 {
    const GOLDEN: f64 = 0.618_033_988_749_894_8;
    let y = 1.0 - (2.0 * i as f32 + 1.0) / count as f32;
    let (sin, cos) = (TAU * (i as f64 * GOLDEN).fract() as f32).sin_cos();
    let radius = (1.0 - y * y).sqrt();
    Vec3::new(radius * cos, y, radius * sin)
}

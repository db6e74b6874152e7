//! Photos of boxes on a floor, all of speckled stone, by a plain ray caster; cameras known.
#![expect(clippy::unwrap_used, reason = "what tests rest on may panic")]

use std::path::Path;

use glam::{DAffine3, DMat3, DVec2, DVec3};
use image::{Rgb, RgbImage};
use recon::dataset::Lens;

/// Lower and upper corners of the boxes; the floor is z = 0.
const BOXES: [[DVec3; 2]; 3] = [
    [DVec3::new(-0.9, -0.5, 0.0), DVec3::new(0.1, 0.5, 1.0)],
    [DVec3::new(0.35, -0.8, 0.0), DVec3::new(1.0, 0.0, 0.6)],
    [DVec3::new(0.2, 0.3, 0.0), DVec3::new(0.8, 1.1, 0.35)],
];

/// Half of the floor's side.
const FLOOR: f64 = 2.5;

/// The lens of all photos.
pub fn lens() -> Lens {
    Lens::centred(230.0, 240, 200)
}

/// Camera to world of `count` cameras on an arc around the boxes, up and down by turns.
pub fn cameras(count: usize) -> Vec<DAffine3> {
    let camera = |i: usize| {
        let part = i as f64 / count.max(2) as f64;
        let angle = 2.2 * part - 1.1;
        let height = 1.6 + 0.5 * (2.7 * i as f64).sin();
        let eye = DVec3::new(2.9 * angle.cos(), 2.9 * angle.sin(), height);
        look_at(eye, DVec3::new(0.0, 0.0, 0.3))
    };
    (0..count).map(camera).collect()
}

/// Camera to world, z up in the world.
pub fn look_at(eye: DVec3, target: DVec3) -> DAffine3 {
    let forward = (target - eye).normalize();
    let right = forward.cross(DVec3::Z).normalize();
    let axes = DMat3::from_cols(right, forward.cross(right), forward);
    DAffine3::from_mat3_translation(axes, eye)
}

/// Distance of a point from the nearest surface.
pub fn distance(point: DVec3) -> f64 {
    let to_box = |[low, high]: &[DVec3; 2]| {
        let outside = (*low - point).max(point - *high);
        outside.max(DVec3::ZERO).length() + outside.max_element().min(0.0).abs()
    };
    BOXES.iter().map(to_box).fold(point.z.abs(), f64::min)
}

/// Writes photos `view_00.png`, … of the scene into `folder`.
pub fn write_photos(folder: &Path, cameras: &[DAffine3]) {
    for (i, c2w) in cameras.iter().enumerate() {
        let photo = photo(c2w, &lens());
        photo.save(folder.join(format!("view_{i:02}.png"))).unwrap();
    }
}

/// One photo, four rays a pixel.
pub fn photo(c2w: &DAffine3, lens: &Lens) -> RgbImage {
    RgbImage::from_fn(lens.width, lens.height, |x, y| {
        let mut sum = DVec3::ZERO;
        for (dx, dy) in [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)] {
            let pixel = DVec2::new(f64::from(x) + dx, f64::from(y) + dy);
            let ray = (pixel - DVec2::new(lens.cx, lens.cy)) / DVec2::new(lens.fx, lens.fy);
            sum += colour(c2w.translation, c2w.transform_vector3(ray.extend(1.0)));
        }
        Rgb((0.25 * sum * 255.0).to_array().map(|it| it as u8))
    })
}

fn colour(origin: DVec3, ray: DVec3) -> DVec3 {
    let mut nearest = f64::INFINITY;
    let floor = -origin.z / ray.z;
    let at = origin + floor * ray;
    if 0.0 < floor && at.x.abs() < FLOOR && at.y.abs() < FLOOR {
        nearest = floor;
    }
    for [low, high] in BOXES {
        let (a, b) = ((low - origin) / ray, (high - origin) / ray);
        let (enter, leave) = (a.min(b).max_element(), a.max(b).min_element());
        if 0.0 < enter && enter < leave {
            nearest = nearest.min(enter);
        }
    }
    if nearest == f64::INFINITY {
        return DVec3::splat(0.75);
    }
    stone(origin + nearest * ray)
}

/// Speckles of several sizes, differently in each channel.
fn stone(at: DVec3) -> DVec3 {
    let mut sum = DVec3::ZERO;
    for (size, strength) in [(2.0, 0.2), (5.0, 0.3), (11.0, 0.3), (23.0, 0.2)] {
        let channel = |seed: u32| strength * noise(at * size, seed);
        sum += DVec3::new(channel(1), channel(2), channel(3));
    }
    sum.clamp(DVec3::ZERO, DVec3::ONE)
}

/// Value noise: random values at whole places, blended between them.
fn noise(at: DVec3, seed: u32) -> f64 {
    let floor = at.floor();
    let part = at - floor;
    let part = part * part * (3.0 - 2.0 * part);
    let cell = floor.as_ivec3();
    let mut sum = 0.0;
    for corner in 0..8 {
        let step = glam::IVec3::new(corner & 1, corner >> 1 & 1, corner >> 2);
        let weight = |axis: usize| {
            if step[axis] == 1 {
                part[axis]
            } else {
                1.0 - part[axis]
            }
        };
        sum += weight(0) * weight(1) * weight(2) * random((cell + step).to_array(), seed);
    }
    sum
}

fn random(cell: [i32; 3], seed: u32) -> f64 {
    let mut state = seed.wrapping_mul(0x9e37_79b9);
    for it in cell {
        state = (state ^ it as u32).wrapping_mul(0x85eb_ca6b);
        state ^= state >> 15;
    }
    state = state.wrapping_mul(0xc2b2_ae35);
    f64::from(state >> 8) / f64::from(1_u32 << 24)
}

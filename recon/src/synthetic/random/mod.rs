//! Endless random scenes to train networks on: pictures, coverage, distances, normals, cameras.
//!
//! After the idea of LRM-Zero (Xie et al., 2024, "Training Large Reconstruction Models with
//! Synthesized Data"): shapes and colours of pure chance teach what real objects need. Everything
//! follows from a seed; nothing is stored.

mod backdrop;
mod cameras;
mod colour;
mod deform;
mod dice;
mod light;
mod noise;
mod object;
mod raster;
mod room;
mod scene;
mod shape;
mod solid;
mod surface;
mod view;

use std::sync::Arc;

use glam::Vec3;
use image::RgbImage;
use rayon::prelude::*;
use render::Camera;

use backdrop::Sky;
use cameras::Stand;
use dice::Dice;
use light::Lamp;
use room::Room;
use scene::Scene;
use solid::Detail;

/// What a scene is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SceneKind {
    /// A thing around the origin, within a ball of radius 1, seen from outside.
    #[default]
    Object,
    /// A furnished room, seen from inside.
    Room,
}

/// What is seen around an object. It does not change how the object is lit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Backdrop {
    /// White.
    White,
    /// A colour that the seed decides.
    Coloured,
    /// A sky and a ground that the seed decides.
    Environment,
    /// One of these; the seed decides.
    #[default]
    Any,
}

/// How cameras stand to one another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum CameraPlan {
    /// Anywhere, in no order.
    #[default]
    Scattered,
    /// One after the other on a smooth path.
    Path,
}

/// What is taken of a scene.
#[derive(Clone, Debug)]
pub struct SampleConfig {
    /// What the scene is.
    pub kind: SceneKind,
    /// What is seen around it.
    pub backdrop: Backdrop,
    /// How the cameras stand.
    pub cameras: CameraPlan,
    /// Width and height of a picture, pixels.
    pub size: [u32; 2],
    /// How many pictures: inputs and targets together.
    pub views: usize,
    /// Pictures, sRGB, that surfaces may show parts of.
    pub textures: Option<Arc<Vec<RgbImage>>>,
}

impl Default for SampleConfig {
    /// Sixteen small pictures of an object.
    fn default() -> Self {
        Self {
            kind: SceneKind::Object,
            backdrop: Backdrop::Any,
            cameras: CameraPlan::Scattered,
            size: [128, 128],
            views: 16,
            textures: None,
        }
    }
}

/// A picture with all that is known of it. Everything is row by row from the top left.
#[derive(Clone, Debug, PartialEq)]
pub struct SampleView {
    /// Where it was taken from, and through what lens.
    pub camera: Camera,
    /// sRGB, 0 to 1, the backdrop included.
    pub rgb: Vec<[f32; 3]>,
    /// How much of the pixel the scene covers, 0 to 1; in steps of an eighth.
    pub alpha: Vec<f32>,
    /// Distance along the unit ray through the pixel's middle, world units; infinite where
    /// nothing is hit.
    pub depth: Vec<f32>,
    /// Unit vectors out of the surface there, in world coordinates; zero where nothing is hit.
    pub normals: Vec<Vec3>,
}

/// Pictures of one scene.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// What the scene followed from.
    pub seed: u64,
    /// In the order of the plan.
    pub views: Vec<SampleView>,
}

/// Streams of random choices: what is asked of one leaves the others as they are.
mod stream {
    pub(super) const CAMERAS: u64 = 1;
    pub(super) const OBJECT: u64 = 2;
    pub(super) const LIGHT: u64 = 3;
}

/// Makes the scene of `seed` and takes pictures of it, on all of rayon's threads. The same seed
/// and configuration give the same bits. Nothing is taken where a side is 0.
pub fn sample(seed: u64, config: &SampleConfig) -> Sample {
    if config.size.contains(&0) {
        return Sample {
            seed,
            views: Vec::new(),
        };
    }
    let (scene, cameras) = match config.kind {
        SceneKind::Object => object_scene(seed, config),
        SceneKind::Room => room_scene(seed, config),
    };
    let views = cameras.par_iter().map(|it| view::take(&scene, it));
    Sample {
        seed,
        views: views.collect(),
    }
}

/// Triangles' edges in pixels: rounder is not to be seen.
const EDGE_PX: f32 = 3.0;

fn object_scene(seed: u64, config: &SampleConfig) -> (Scene, Vec<Camera>) {
    let mut dice = Dice::new(seed, stream::CAMERAS);
    let stand = Stand::random(&mut dice);
    let cameras = stand.cameras(config.cameras, config.views, config.size, &mut dice);
    let mut dice = Dice::new(seed, stream::OBJECT);
    let mut parts = object::random(config.textures.as_ref(), &mut dice);
    let radius = stand.frame(&mut parts, &cameras);
    let side = config.size[0].min(config.size[1]);
    let detail = Detail {
        edge: EDGE_PX * 2.0 * radius / side as f32,
    };
    let mut dice = Dice::new(seed, stream::LIGHT);
    let sky = Sky::random(config.backdrop, &mut dice);
    let mut scene = Scene::new(parts, sky, detail);
    light::gather(&mut scene, radius, 0.08);
    let lamps = 1 + dice.weighted(&[0.5, 0.35, 0.15]);
    for i in 0..lamps {
        let mut towards = dice.direction();
        if dice.chance(0.85) && towards.dot(super::UP) < 0.15 {
            towards += (0.3 - towards.dot(super::UP)) * super::UP;
        }
        let strength = dice.between(0.6, 1.3) / (1.0 + i as f32);
        let warm = Vec3::ONE.lerp(Vec3::new(1.25, 1.0, 0.7), dice.between(-0.3, 1.0));
        let distance = 8.0 * radius;
        let mut lamp = Lamp::new(distance * towards.normalize(), strength * warm);
        let softness = dice.unless(0.0, 0.5, 0.02, 0.12);
        let side = (2 * side).clamp(64, 1024);
        lamp.throw_shadows(&scene, (Vec3::ZERO, 1.02 * radius), side, softness);
        scene.lamps.push(lamp);
    }
    (scene, cameras)
}

/// Triangles' edges in rooms, in pixels at a usual distance: most of them are far away.
const ROOM_EDGE_PX: f32 = 4.0;

fn room_scene(seed: u64, config: &SampleConfig) -> (Scene, Vec<Camera>) {
    let mut dice = Dice::new(seed, stream::OBJECT);
    let room = Room::random(config.textures.as_ref(), &mut dice);
    let mut dice = Dice::new(seed, stream::CAMERAS);
    let cameras = room.cameras(config.cameras, config.views, config.size, &mut dice);
    let side = config.size[0].min(config.size[1]);
    let detail = Detail {
        edge: ROOM_EDGE_PX * room.seen_height() / side as f32,
    };
    let mut dice = Dice::new(seed, stream::LIGHT);
    let sky = Sky::random(Backdrop::Environment, &mut dice);
    let mut scene = Scene::new(room.parts.clone(), sky, detail);
    light::gather(&mut scene, room.radius(), 0.3);
    room.darken_corners(&mut scene);
    scene.lamps = room.lamps(&scene, side.clamp(32, 512), &mut dice);
    (scene, cameras)
}

#[cfg(test)]
mod tests;

//! A generated scene as the network is to learn from it: views in its own frame.

use glam::{Affine3A, DAffine3, DMat3, DVec3, Vec3};
use rand::{Rng, RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use render::{Camera, Intrinsics};

use super::config::{Scenes, Stage};
use crate::model::rays::NetworkCamera;
use crate::model::{Frame, SceneFrame};
use crate::synthetic::random::{Backdrop, CameraPlan, SampleConfig, SampleView, SceneKind, sample};

/// Scenes with such seeds are measured with; those that are trained on have the bit cleared.
pub const HELD_OUT: u64 = 1 << 63;

/// A view in the network's frame, row by row.
#[derive(Clone, Debug)]
pub struct ExampleView {
    /// Where it was taken from.
    pub camera: NetworkCamera,
    /// Width and height in pixels.
    pub size: [u32; 2],
    /// Display RGB, 0 to 1.
    pub rgb: Vec<[f32; 3]>,
    /// How much of the pixel shows something, 0 to 1; white is behind it.
    pub coverage: Vec<f32>,
    /// Distance along the ray of the pixel's centre; infinite where nothing is hit.
    pub distance: Vec<f32>,
}

/// A scene: what the network sees, and what its answer is compared with.
#[derive(Clone, Debug)]
pub struct Example {
    /// Views that it sees.
    pub inputs: Vec<ExampleView>,
    /// Views that it does not.
    pub targets: Vec<ExampleView>,
    /// Inputs come a few at a time, and are seen causally.
    pub chunk: Option<usize>,
}

/// How many views of which size a scene has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    /// Width and height of all pictures, pixels.
    pub side: usize,
    /// Views that the network sees.
    pub inputs: usize,
    /// Other views.
    pub targets: usize,
    /// Inputs come in an order, so many at a time.
    pub chunk: Option<usize>,
}

impl ExampleView {
    /// As the rasteriser takes it.
    pub fn render_camera(&self) -> Camera {
        let [fx, fy, cx, cy] = self.camera.lens;
        let [width, height] = self.size;
        Camera {
            intrinsics: Intrinsics {
                fx,
                fy,
                cx,
                cy,
                width,
                height,
            },
            c2w: self.camera.c2w,
        }
    }
}

impl Example {
    /// The scene of step `step`, number `number` in it, of a training with `seed`.
    pub fn of_step(
        seed: u64,
        (step, number): (u32, usize),
        stage: &Stage,
        scenes: &Scenes,
        frame: Frame,
    ) -> Self {
        let place = (u64::from(step) << 16) | number as u64;
        let mut rng = Pcg64Mcg::seed_from_u64(seed ^ place.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut chance = |part: f32| rng.random::<f32>() < part;
        let is_room = chance(scenes.rooms);
        let has_backdrop = chance(scenes.backdrops);
        let is_causal = chance(stage.causal);
        let inputs = rng.random_range(stage.inputs[0]..=stage.inputs[1]);
        let chunk = is_causal.then(|| rng.random_range(1..=(inputs / 2).clamp(1, 4)));
        let shape = Shape {
            side: stage.side,
            inputs,
            targets: stage.targets,
            chunk,
        };
        let scene_seed = rng.next_u64() & !HELD_OUT;
        let (kind, backdrop) = match (is_room, has_backdrop) {
            (true, _) => (SceneKind::Room, Backdrop::Any),
            (false, true) => (SceneKind::Object, Backdrop::Any),
            (false, false) => (SceneKind::Object, Backdrop::White),
        };
        Self::new(scene_seed, shape, (kind, backdrop), frame)
    }

    /// A scene that is never trained on: an object before white.
    pub fn held_out(number: u64, shape: Shape, frame: Frame) -> Self {
        let what = (SceneKind::Object, Backdrop::White);
        Self::new(HELD_OUT | number, shape, what, frame)
    }

    fn new(seed: u64, shape: Shape, what: (SceneKind, Backdrop), frame: Frame) -> Self {
        let (kind, backdrop) = what;
        let config = SampleConfig {
            kind,
            backdrop,
            cameras: match shape.chunk {
                Some(_) => CameraPlan::Path,
                None => CameraPlan::Scattered,
            },
            size: [shape.side as u32; 2],
            views: shape.inputs + shape.targets,
            textures: None,
        };
        let views = sample(seed, &config).views;
        let is_input = |i: usize| match shape.chunk {
            // Along a path, inputs are spread over all of it.
            Some(_) => is_spread(i, shape.inputs, views.len()),
            None => i < shape.inputs,
        };
        let (inputs, targets): (Vec<_>, Vec<_>) =
            (views.iter().enumerate()).partition(|(i, _)| is_input(*i));
        let c2w: Vec<DAffine3> = inputs
            .iter()
            .map(|(_, it)| double(&it.camera.c2w))
            .collect();
        let frame = SceneFrame::new(frame, &c2w);
        let is_open = backdrop == Backdrop::White && kind == SceneKind::Object;
        let all = |views: Vec<(usize, &SampleView)>| {
            let views = views.into_iter();
            views
                .map(|(_, it)| example_view(it, &frame, is_open))
                .collect()
        };
        Self {
            inputs: all(inputs),
            targets: all(targets),
            chunk: shape.chunk,
        }
    }
}

/// Whether `i` is one of `count` evenly spread among `of`, the first and the last with them.
fn is_spread(i: usize, count: usize, of: usize) -> bool {
    let place = |k: usize| match count {
        1 => 0,
        _ => k * (of - 1) / (count - 1),
    };
    (0..count).any(|k| place(k) == i)
}

fn example_view(view: &SampleView, frame: &SceneFrame, is_open: bool) -> ExampleView {
    let k = view.camera.intrinsics;
    let scale = frame.network_from_dataset.scale as f32;
    ExampleView {
        camera: frame.camera(&double(&view.camera.c2w), [k.fx, k.fy, k.cx, k.cy]),
        size: [k.width, k.height],
        rgb: view.rgb.clone(),
        // Other backdrops are part of the picture: something has to show them.
        coverage: if is_open {
            view.alpha.clone()
        } else {
            vec![1.0; view.alpha.len()]
        },
        distance: view.depth.iter().map(|it| it * scale).collect(),
    }
}

fn double(c2w: &Affine3A) -> DAffine3 {
    let [x, y, z, t] = [
        c2w.matrix3.x_axis,
        c2w.matrix3.y_axis,
        c2w.matrix3.z_axis,
        c2w.translation,
    ]
    .map(|it| -> DVec3 { Vec3::from(it).as_dvec3() });
    DAffine3 {
        matrix3: DMat3::from_cols(x, y, z),
        translation: t,
    }
}

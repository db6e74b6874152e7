//! Camera poses descend along the loss.

use glam::{Affine3A, Quat, Vec3};
use render::gpu::{Gpu, Recorder};
use render::gradient::GradientOptions;
use render::loss::Photo;
use render::training::{PoseRates, PoseRefinement, RefinedPose};
use render::{Camera, GpuSplats, Gradient, Loss, LossConfig, RenderConfig};
use tests::gpu;

use crate::gradients::differences::{camera, random_splats};

/// How far a pose is from another: world units and radians.
fn distance(a: &Camera, b: &Camera) -> (f32, f32) {
    let turn = a.rotation().angle_between(b.rotation());
    ((a.position() - b.position()).length(), turn)
}

fn moved(camera: &Camera, shift: Vec3, turn: Vec3) -> Camera {
    let by = Affine3A::from_rotation_translation(Quat::from_scaled_axis(turn), shift);
    Camera {
        c2w: (by * camera.w2c()).inverse(),
        ..*camera
    }
}

/// Frames of both views together.
const STEPS: u16 = 56;

/// Two views whose poses are a little off, drawn in turns; photos were taken from the right ones.
#[test]
fn poses_that_are_off_are_found() {
    let Some(gpu) = gpu::gpu() else { return };
    let splats = GpuSplats::upload(gpu, &random_splats(41, 200, 0)).unwrap();
    let first = camera(48, 36);
    let right = [
        first,
        moved(&first, Vec3::new(0.4, 0.2, 0.1), Vec3::new(0.0, 0.2, 0.1)),
    ];
    let photos = right.map(|it| photo(gpu, &splats, &it));
    let off = [
        moved(
            &right[0],
            Vec3::new(0.01, -0.01, 0.02),
            Vec3::new(0.01, 0.005, -0.01),
        ),
        moved(
            &right[1],
            Vec3::new(-0.02, 0.0, 0.01),
            Vec3::new(0.0, -0.01, 0.01),
        ),
    ];
    let poses = off.iter().map(RefinedPose::of).collect();
    let mut refinement = PoseRefinement::new(gpu, poses).unwrap();
    let options = GradientOptions {
        pose: true,
        until_sums: true,
        ..GradientOptions::portable(gpu.capabilities())
    };
    let mut gradient = Gradient::new(gpu, options).unwrap();
    let mut loss = Loss::new(gpu).unwrap();
    let mut rasterizer = gpu::rasterizer(gpu);
    let config = RenderConfig::default();
    let mut steps = 0;
    for step in 0..STEPS {
        let view = usize::from(step % 2);
        let camera = refinement.refined(view, &off[view]);
        rasterizer
            .draw_complete(gpu, &splats, &camera, &config)
            .unwrap();
        loss.prepare(
            gpu,
            &rasterizer,
            &photos[view],
            [0.0; 3],
            &LossConfig::default(),
        )
        .unwrap();
        gradient
            .prepare(gpu, &rasterizer, &splats, loss.d_image().unwrap())
            .unwrap();
        let mut recorder = Recorder::new(gpu, None, false);
        loss.record(&mut recorder);
        gradient.record(&mut recorder, &rasterizer).unwrap();
        refinement.record(&mut recorder, &gradient, (view, &camera));
        recorder.submit(gpu);
        refinement.request();
        gpu.wait().unwrap();
        let rate = 2.5e-3 * (1.0 - f32::from(step) / f32::from(STEPS));
        steps += refinement.descend(PoseRates {
            translation: rate,
            rotation: 0.5 * rate,
        });
    }
    assert_eq!(steps, usize::from(STEPS));
    for view in 0..2 {
        let found = refinement.refined(view, &off[view]);
        let (before, after) = (
            distance(&right[view], &off[view]),
            distance(&right[view], &found),
        );
        println!("view {view}: {before:?} to {after:?}");
        assert!(after.0 < 0.5 * before.0 && after.1 < 0.5 * before.1);
    }
    let poses = refinement.poses().to_vec();
    assert!(poses.iter().all(|it| it.steps == u32::from(STEPS) / 2));
    assert_eq!(
        PoseRefinement::new(gpu, poses.clone()).unwrap().poses(),
        poses
    );
}

fn photo(gpu: &Gpu, splats: &GpuSplats, camera: &Camera) -> Photo {
    let mut rasterizer = gpu::rasterizer(gpu);
    rasterizer
        .draw_complete(gpu, splats, camera, &RenderConfig::default())
        .unwrap();
    let size = [camera.intrinsics.width, camera.intrinsics.height];
    Photo::upload(gpu, size, &rasterizer.read_rgba8(gpu).unwrap()).unwrap()
}

/// The first step of Adam is as long as the rate, against the gradient; one that is no number is
/// none.
#[test]
fn a_pose_steps_against_its_gradient() {
    let start = RefinedPose::of(&camera(10, 10));
    let rates = PoseRates {
        translation: 0.1,
        rotation: 0.01,
    };
    let mut pose = start;
    pose.descend([f32::NAN, 0.0, 0.0, 0.0, 0.0, 0.0], rates);
    assert_eq!(pose, start);
    pose.descend([3.0, 0.0, 0.0, 0.0, 0.0, 0.0], rates);
    let [x, y, z] = start.translation;
    let shifted = Vec3::from(pose.translation) - Vec3::new(x - 0.1, y, z);
    assert!(shifted.length() < 1e-6);
    let mut pose = start;
    pose.descend([0.0, 0.0, 0.0, 0.0, -7.0, 0.0], rates);
    let by = Affine3A::from_rotation_y(0.01) * start.w2c();
    assert!(pose.w2c().abs_diff_eq(by, 1e-6));
}

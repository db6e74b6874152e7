//! Splats come back to where their pixels look, as large, turned and coloured as they were.

use glam::{DAffine3, DMat3, DQuat, DVec3, Mat3, Quat, Vec3};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use recon::model::newton_schulz::Precision;
use recon::model::rays::Grid;
use recon::model::{DepthRange, Frame, Mode, ReconstructConfig, SceneFrame, ViewChoice};
use render::{Splats, sh};

use super::{all_of, cameras, config, farthest_from_its_pixel, network, scan};

#[test]
fn every_pixels_splat_is_seen_at_its_pixel() {
    let scan = scan();
    for (frame, depth) in [
        (Frame::MeanCam, DepthRange::Linear { max: 4.0 }),
        (Frame::FirstCam, DepthRange::Linear { max: 500.0 }),
        // Objects are around the origin, which the first camera would be at.
        (Frame::MeanCam, DepthRange::Object { radius: 0.4 }),
    ] {
        let mut model = config();
        (model.frame, model.depth) = (frame, depth);
        let network = network(model);
        for (mode, with_targets) in [
            (Mode::Full, false),
            (Mode::Full, true),
            (Mode::Replay, false),
            (Mode::Causal, true),
            (Mode::Merge, false),
        ] {
            let settings = ReconstructConfig {
                mode,
                with_targets,
                choice: ViewChoice::Even,
                views: 5,
                chunk: 2,
                ..ReconstructConfig::default()
            };
            let told = all_of(&scan.dataset, &settings, &network);
            assert!(told.warnings.is_empty(), "{:?}", told.warnings);
            for chunk in &told.chunks {
                let cameras = cameras(&scan.dataset, &chunk.views_seen, &network.config);
                let off = farthest_from_its_pixel(&chunk.splats, &cameras, &network.config);
                assert!(off < 0.01, "{frame:?} {depth:?} {mode:?}: {off} px");
            }
        }
    }
}

/// Cameras on a wide ring somewhere in the world.
fn ring(count: usize, middle: DVec3, radius: f64) -> Vec<DAffine3> {
    let camera = |i: usize| {
        let (sin, cos) = (0.7 * i as f64).sin_cos();
        let position = middle + radius * DVec3::new(cos, 0.3 * (1.1 * i as f64).sin(), sin);
        let forward = (middle - position).normalize();
        let right = DVec3::Y.cross(forward).normalize();
        let axes = DMat3::from_cols(right, forward.cross(right), forward);
        DAffine3::from_mat3_translation(axes, position)
    };
    (0..count).map(camera).collect()
}

#[test]
fn pixels_of_the_published_size_are_found_again_in_single_precision() {
    let mut random = Pcg64Mcg::seed_from_u64(1);
    let grid = Grid {
        width: 960,
        height: 536,
        patch: 8,
    };
    let lens = [820.0, 815.0, 477.5, 271.0];
    let given = ring(9, DVec3::new(3.0, -2.0, 5.0), 6.0);
    for frame in [Frame::MeanCam, Frame::FirstCam] {
        let scene = SceneFrame::new(frame, &given);
        let mut worst = 0.0_f32;
        for c2w in &given {
            let network = scene.camera(c2w, lens);
            let pixels: Vec<(usize, usize)> = grid.pixels().step_by(211).collect();
            let means = pixels.iter().map(|(x, y)| {
                let distance = 500.0 * random.random_range(1e-3..1.0_f32).powi(3).max(2e-4);
                network.centre() + distance * network.direction(*x, *y, Precision::F32)
            });
            let back = scene.bring_back(of_means(means.collect()));
            let intrinsics = render::Intrinsics {
                fx: lens[0],
                fy: lens[1],
                cx: lens[2],
                cy: lens[3],
                width: 960,
                height: 536,
            };
            let camera = render::Camera {
                intrinsics,
                c2w: recon::dataset::pose_of(c2w),
            };
            for (mean, (x, y)) in back.means.iter().zip(pixels) {
                let (seen, _) = camera.project(*mean).unwrap();
                let pixel = glam::Vec2::new(x as f32 + 0.5, y as f32 + 0.5);
                worst = worst.max(seen.distance(pixel));
            }
        }
        println!("{frame:?}: {worst} px");
        assert!(worst < 0.01, "{frame:?}: {worst} px");
    }
}

/// Splats with these means and nothing else to tell them apart.
fn of_means(means: Vec<Vec3>) -> Splats {
    let count = means.len();
    Splats {
        means,
        quats: vec![[1.0, 0.0, 0.0, 0.0]; count],
        log_scales: vec![Vec3::ZERO; count],
        opacity_logits: vec![0.0; count],
        sh_coeffs: vec![[0.0; 3]; count],
        sh_degree: 0,
    }
}

#[test]
fn shapes_and_colours_turn_along() {
    let mut random = Pcg64Mcg::seed_from_u64(2);
    let mut number = move || random.random_range(-1.0..1.0_f32);
    let given = ring(5, DVec3::new(-40.0, 7.0, 90.0), 3.0);
    for (frame, degree) in [
        (Frame::MeanCam, 3),
        (Frame::FirstCam, 2),
        (Frame::FirstCam, 0),
    ] {
        let scene = SceneFrame::new(frame, &given);
        let count = 40;
        let vector = |number: &mut dyn FnMut() -> f32| Vec3::new(number(), number(), number());
        let before = Splats {
            means: (0..count).map(|_| vector(&mut number)).collect(),
            quats: (0..count)
                .map(|_| [number(), number(), number(), number()])
                .collect(),
            log_scales: (0..count).map(|_| vector(&mut number)).collect(),
            opacity_logits: (0..count).map(|_| number()).collect(),
            sh_coeffs: (0..count * sh::coeff_count(degree))
                .map(|_| vector(&mut number).to_array())
                .collect(),
            sh_degree: degree,
        };
        let after = scene.bring_back(before.clone());
        let back = scene.network_from_dataset.inverse();
        let turn: Quat = DQuat::from_mat3(&back.rotation).as_quat();
        let scale = back.scale as f32;
        assert_eq!(after.opacity_logits, before.opacity_logits);
        for i in 0..count {
            let expected = back.point(before.means[i].as_dvec3()).as_vec3();
            assert!(after.means[i].distance(expected) < 1e-5);
            // Covariance by covariance: axes and lengths may be told in several ways.
            let covariance = |it: &Splats| {
                let axes = Mat3::from_quat(it.rotation(i)) * Mat3::from_diagonal(it.scales(i));
                axes * axes.transpose()
            };
            let turned = Mat3::from_quat(turn);
            let expected = turned * covariance(&before) * turned.transpose() * (scale * scale);
            let off = (covariance(&after) - expected).to_cols_array();
            let size = expected
                .to_cols_array()
                .iter()
                .fold(0.0, |a: f32, b| a.max(b.abs()));
            assert!(off.iter().all(|it| it.abs() < 1e-4 * size), "{off:?}");
            for direction in [
                Vec3::X,
                Vec3::new(0.6, -0.8, 0.0),
                Vec3::new(0.48, 0.6, -0.64),
            ] {
                let was = sh::colour(before.sh(i), direction);
                let is = sh::colour(after.sh(i), turn * direction);
                assert!(was.distance(is) < 1e-4, "{frame:?} {degree}: {was} {is}");
            }
        }
    }
}

#[test]
fn targets_have_a_say_only_where_they_are_asked_to() {
    let scan = scan();
    let network = network(config());
    let mut moved = (*scan.dataset).clone();
    moved.views[4].c2w.translation += DVec3::new(0.0, 30.0, 0.0);
    let moved = std::sync::Arc::new(moved);
    for mode in [Mode::Full, Mode::Causal] {
        let made = |with_targets, dataset| {
            let settings = ReconstructConfig {
                mode,
                with_targets,
                choice: ViewChoice::All,
                ..ReconstructConfig::default()
            };
            all_of(dataset, &settings, &network).last().clone()
        };
        assert_eq!(made(false, &scan.dataset), made(false, &moved));
        assert_ne!(made(true, &scan.dataset), made(true, &moved));
        assert_ne!(made(true, &scan.dataset), made(false, &scan.dataset));
    }
}

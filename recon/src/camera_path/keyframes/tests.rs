//! What holds for every path: exact at keyframes, without jumps, of unit length, never a panic.

use glam::{EulerRot, Vec3};

use super::*;

const SIZE: [u32; 2] = [64, 48];

/// Numbers from 0 to 1 that look random, the same for each seed.
fn dice(seed: u32) -> impl FnMut() -> f32 {
    let mut state = seed.wrapping_mul(0x9e37_79b9) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 8) as f32 / (1 << 24) as f32
    }
}

fn keyframe(time_secs: f64, position: Vec3, rotation: Quat, fov_y_degrees: f32) -> Keyframe {
    let c2w = Affine3A::from_rotation_translation(rotation, position);
    Keyframe::new(time_secs, &c2w, fov_y_degrees)
}

/// Keyframes anywhere, at uneven times, turned by anything, on both signs of the quaternion.
fn wild(seed: u32, eases: &[Ease]) -> CameraPath {
    let mut roll = dice(seed);
    let mut time = f64::from(roll());
    let keyframes = (0..7).map(|index| {
        time += 0.05 + 3.0 * f64::from(roll());
        let position = 10.0 * Vec3::new(roll(), roll(), roll());
        let angles = [roll(), roll(), roll()].map(|it| 7.0 * it);
        let rotation = Quat::from_euler(EulerRot::YXZ, angles[0], angles[1], angles[2]);
        let mut keyframe = keyframe(time, position, rotation, 20.0 + 60.0 * roll());
        if roll() < 0.5 {
            keyframe.rotation = keyframe.rotation.map(|it| -it);
        }
        keyframe.ease = eases[index % eases.len()];
        keyframe
    });
    CameraPath::new(keyframes.collect()).unwrap()
}

fn at(path: &CameraPath, time: f64) -> Camera {
    path.camera_at(time, SIZE).unwrap()
}

/// How far apart two cameras are: in place, in turn (radians), in field of view (radians).
fn apart(a: &Camera, b: &Camera) -> [f32; 3] {
    let turn = (a.rotation().inverse() * b.rotation()).normalize();
    let half = turn.w.abs().min(1.0).acos();
    [
        a.position().distance(b.position()),
        2.0 * half,
        (a.intrinsics.fov_y() - b.intrinsics.fov_y()).abs(),
    ]
}

#[test]
fn every_keyframe_is_met_exactly() {
    for seed in 0..50 {
        for ease in Ease::ALL {
            for path in [wild(seed, &[ease]), wild(seed, &[ease]).closed(2.0)] {
                for keyframe in path.keyframes() {
                    let camera = at(&path, keyframe.time_secs);
                    let wanted = keyframe.c2w();
                    assert_eq!(camera.position(), Vec3::from_array(keyframe.position));
                    assert!(camera.c2w.abs_diff_eq(wanted, 2e-6), "{seed} {ease:?}");
                    let fov = camera.intrinsics.fov_y().to_degrees();
                    assert!((fov - keyframe.fov_y_degrees).abs() < 1e-3);
                }
            }
        }
    }
}

#[test]
fn nothing_jumps_and_rotations_stay_rotations() {
    const STEP: f64 = 1e-3;
    let mixes: [&[Ease]; 4] = [
        &[Ease::Smooth],
        &[Ease::InOut],
        &[Ease::Linear],
        &[Ease::Smooth, Ease::Linear, Ease::InOut],
    ];
    for seed in 0..20 {
        for eases in mixes {
            for path in [wild(seed, eases), wild(seed, eases).closed(1.5)] {
                let steps = (path.duration_secs() / STEP) as usize;
                let mut before = at(&path, path.start_secs());
                for step in 1..=steps + 5 {
                    let now = at(&path, path.start_secs() + step as f64 * STEP);
                    let [moved, turned, zoomed] = apart(&before, &now);
                    // The shortest piece of 10 √3 units or half a turn takes 50 ms; a curve is
                    // at most a few times as fast as its mean.
                    assert!(
                        moved < 17.4 / 50.0 * 3.5,
                        "{seed} {eases:?} {step}: {moved}"
                    );
                    assert!(
                        turned < 0.3 && zoomed < 0.1,
                        "{seed} {step}: {turned} {zoomed}"
                    );
                    let matrix = now.c2w.matrix3;
                    assert!((matrix.determinant() - 1.0).abs() < 1e-4);
                    before = now;
                }
            }
        }
    }
}

/// The same speed just before a keyframe as just after it.
#[test]
fn smooth_paths_have_no_jumps_in_speed() {
    // Short beside the shortest piece, in which the speed may rise by thousands a second.
    const STEP: f64 = 1e-6;
    for seed in 0..50 {
        for path in [
            wild(seed, &[Ease::Smooth]),
            wild(seed, &[Ease::Smooth]).closed(1.0),
        ] {
            for keyframe in &path.keyframes()[1..path.keyframes().len() - 1] {
                let pose = |time: f64| path.pose_at(time).unwrap();
                let time = keyframe.time_secs;
                let [a, b, c] = [-STEP, 0.0, STEP].map(|it| pose(time + it));
                let (before, after) = (a.towards(&b, STEP), b.towards(&c, STEP));
                let speed = before.place.length().max(0.1);
                assert!((before.place - after.place).length() < 0.05 * speed + 0.05);
                let spin = before.turn.length().max(0.1);
                assert!(
                    (before.turn - after.turn).length() < 0.05 * spin + 0.05,
                    "{seed}"
                );
            }
        }
    }
}

#[test]
fn linear_goes_straight_at_constant_speed() {
    for seed in 0..20 {
        let path = wild(seed, &[Ease::Linear]);
        for pair in path.keyframes().windows(2) {
            let [from, to] = [pair[0].position, pair[1].position].map(Vec3::from_array);
            let turn = pair[0].c2w().matrix3.transpose() * pair[1].c2w().matrix3;
            let angle = Quat::from_mat3a(&turn).w.abs().min(1.0).acos() * 2.0;
            for part in [0.1, 0.25, 0.5, 0.9] {
                let secs = pair[1].time_secs - pair[0].time_secs;
                let camera = at(&path, pair[0].time_secs + part * secs);
                let expected = from.lerp(to, part as f32);
                assert!(camera.position().distance(expected) < 1e-4);
                let first = at(&path, pair[0].time_secs);
                let turned = apart(&first, &camera)[1];
                assert!(
                    (turned - part as f32 * angle).abs() < 2e-3,
                    "{turned} {angle}"
                );
            }
        }
    }
}

#[test]
fn stop_and_go_rests_at_keyframes_and_hold_stays() {
    let path = wild(3, &[Ease::InOut]);
    for keyframe in path.keyframes() {
        let near = at(&path, keyframe.time_secs + 1e-3);
        let moved = near
            .position()
            .distance(Vec3::from_array(keyframe.position));
        assert!(moved < 0.05, "{moved}");
    }
    let path = wild(3, &[Ease::Hold]);
    for pair in path.keyframes().windows(2) {
        let just_before = at(&path, pair[1].time_secs - 1e-6);
        assert_eq!(just_before.position(), Vec3::from_array(pair[0].position));
        let then = at(&path, pair[1].time_secs);
        assert_eq!(then.position(), Vec3::from_array(pair[1].position));
    }
}

/// The camera turns by the smaller angle, on whichever sign of the quaternion it was stored.
#[test]
fn it_turns_the_shorter_way() {
    for sign in [1.0, -1.0] {
        for ease in [Ease::Smooth, Ease::InOut, Ease::Linear] {
            let mut a = keyframe(0.0, Vec3::ZERO, Quat::IDENTITY, 45.0);
            let b = Quat::from_rotation_y(1.0);
            let mut b = keyframe(1.0, Vec3::X, b, 45.0);
            a.ease = ease;
            b.rotation = b.rotation.map(|it| sign * it);
            let path = CameraPath::new(vec![a, b]).unwrap();
            let middle = at(&path, 0.5);
            let expected = Quat::from_rotation_y(0.5) * Vec3::Z;
            assert!((middle.forward() - expected).length() < 1e-5, "{ease:?}");
        }
    }
}

/// A camera that rests between two keyframes of the same pose does not swing.
#[test]
fn a_pause_is_a_pause() {
    let there = |time, x| keyframe(time, Vec3::new(x, 0.0, 0.0), Quat::IDENTITY, 45.0);
    let frames = vec![
        there(0.0, 0.0),
        there(1.0, 5.0),
        there(2.0, 5.0),
        there(3.0, 9.0),
    ];
    let path = CameraPath::new(frames).unwrap();
    for step in 0..=20 {
        let x = at(&path, 1.0 + 0.05 * f64::from(step)).position().x;
        assert_eq!(x, 5.0);
    }
    for step in 0..=300 {
        let x = at(&path, 0.01 * f64::from(step)).position().x;
        assert!((0.0..=9.0).contains(&x), "{x}");
    }
}

#[test]
fn loops_close() {
    for seed in 0..20 {
        let path = wild(seed, &[Ease::Smooth]).closed(1.5);
        let (start, secs) = (path.start_secs(), path.duration_secs());
        let first = at(&path, start);
        let [moved, turned, _] = apart(&at(&path, start + secs - 1e-7), &first);
        assert!(moved < 1e-4 && turned < 2e-3, "{moved} {turned}");
        for time in [0.3, 1.7, 2.0] {
            let [moved, turned, _] = apart(
                &at(&path, start + time),
                &at(&path, start + time + 3.0 * secs),
            );
            assert!(moved < 1e-4 && turned < 2e-3);
        }
    }
}

#[test]
fn few_keyframes_and_odd_times_behave() {
    let none = CameraPath::default();
    assert_eq!(none.camera_at(1.0, SIZE), None);
    assert!(none.cameras(30.0, SIZE).is_empty() && none.duration_secs() == 0.0);
    let one = keyframe(2.0, Vec3::X, Quat::IDENTITY, 45.0);
    for path in [
        CameraPath::new(vec![one]).unwrap(),
        CameraPath::new(vec![one]).unwrap().closed(3.0),
    ] {
        for time in [-1.0, 0.0, 2.0, 1e300, f64::NAN, f64::INFINITY] {
            assert_eq!(at(&path, time).position(), Vec3::X);
        }
        assert_eq!(path.cameras(30.0, SIZE).len(), 1);
    }
    let path = wild(1, &[Ease::Smooth]).closed(f64::NAN);
    for time in [-5.0, f64::NAN, f64::NEG_INFINITY, 1e18] {
        assert!(at(&path, time).c2w.is_finite());
    }
    for fps in [0.0, -1.0, f64::NAN, 1e300] {
        assert!((1..=MAX_FRAMES).contains(&path.frame_count(fps)), "{fps}");
    }
}

#[test]
fn films_have_a_frame_for_each_time() {
    let there = |time| keyframe(time, Vec3::X * time as f32, Quat::IDENTITY, 45.0);
    let open = CameraPath::new(vec![there(0.5), there(1.5), there(2.5)]).unwrap();
    let cameras = open.cameras(30.0, SIZE);
    assert_eq!(cameras.len(), 61, "both ends");
    assert_eq!(cameras[60].position(), Vec3::X * 2.5);
    let closed = open.clone().closed(1.0);
    assert_eq!(
        closed.cameras(30.0, SIZE).len(),
        90,
        "the first is not seen twice"
    );
    assert_eq!(closed.cameras(24.0, [7, 5])[0].intrinsics.width, 7);
}

#[test]
fn paths_are_edited_in_the_order_of_time() {
    let there = |time, x| keyframe(time, Vec3::X * x, Quat::IDENTITY, 45.0);
    let xs = |path: &CameraPath| -> Vec<f32> {
        path.keyframes().iter().map(|it| it.position[0]).collect()
    };
    let mut path = CameraPath::default();
    assert_eq!(path.insert(there(2.0, 2.0)), Some(0));
    assert_eq!(path.insert(there(0.0, 0.0)), Some(0));
    assert_eq!(path.insert(there(1.0, 1.0)), Some(1));
    assert_eq!(path.insert(there(1.0, 9.0)), Some(1), "one at a time");
    assert_eq!(xs(&path), [0.0, 9.0, 2.0]);
    assert_eq!(path.insert(there(f64::NAN, 0.0)), None);
    assert_eq!(path.replace(0, there(5.0, 5.0)), Some(2));
    assert_eq!(
        path.replace(0, there(5.0, 7.0)),
        Some(2),
        "beside it, not over it"
    );
    assert_eq!(xs(&path), [2.0, 5.0, 7.0]);
    assert_eq!(path.replace(9, there(0.0, 0.0)), None);
    assert!(path.remove(9).is_none() && path.remove(0).is_some());
    path.insert(there(1.0, 1.0));
    path.set_looped(true);
    let before = path.duration_secs();
    path.set_duration(12.0);
    assert!((path.duration_secs() - 12.0).abs() < 1e-9 && 0.0 < before);
    assert_eq!((path.start_secs(), xs(&path)), (0.0, vec![1.0, 5.0, 7.0]));
    path.set_duration(0.0);
    CameraPath::new(path.keyframes().to_vec()).expect("times still rise");
    path.set_looped(false);
    path.set_duration(1.0);
    assert!((path.duration_secs() - 1.0).abs() < 1e-9);
}

#[test]
fn json_comes_back_to_the_bit() {
    for seed in 0..20 {
        let path = wild(seed, &Ease::ALL).closed(1.0 / 3.0);
        let json = serde_json::to_string(&path).unwrap();
        let back: CameraPath = serde_json::from_str(&json).unwrap();
        assert_eq!(back, path);
        assert_eq!(serde_json::to_string(&back).unwrap(), json);
    }
    let default: CameraPath = serde_json::from_str(r#"{"keyframes": []}"#).unwrap();
    assert_eq!(default, CameraPath::default());
    assert!(
        serde_json::from_str::<CameraPath>(r#"{"keyframes": [], "closing_secs": -1}"#).is_err()
    );
}

//! Navigation: what stays where it is, and what follows the pointer.

use super::*;

const SIZE: Vec2 = Vec2::new(400.0, 300.0);
const FOV: f32 = 0.9;

fn half_tangents() -> Vec2 {
    (0.5 * FOV).tan() * Vec2::new(SIZE.x / SIZE.y, 1.0)
}

fn assert_frames(navigation: &Navigation, extent: Extent) {
    let seen: Vec<Vec2> = extent.corners().map(|it| pixel(navigation, it)).collect();
    let from_border = |it: &Vec2| it.min(SIZE - it).min_element();
    let nearest = seen.iter().map(from_border).fold(f32::MAX, f32::min);
    assert!((0.0..30.0).contains(&nearest), "{nearest} from the border");
}

fn intrinsics() -> Intrinsics {
    Intrinsics::from_vertical_fov(FOV, SIZE.x as u32, SIZE.y as u32)
}

fn start(up: Vec3) -> Navigation {
    let centre = Vec3::new(1.0, 2.0, 3.0);
    let half = Vec3::splat(2.0 / 3.0_f32.sqrt());
    let scene = Extent {
        low: centre - half,
        high: centre + half,
    };
    Navigation::home(scene, up, half_tangents())
}

fn pixel(navigation: &Navigation, point: Vec3) -> Vec2 {
    navigation.camera(intrinsics()).project(point).unwrap().0
}

fn assert_near(a: Vec2, b: Vec2) {
    assert!((a - b).length() < 0.05, "{a} is not {b}");
}

#[test]
fn home_sees_the_scene_upright() {
    for up in [Vec3::NEG_Y, Vec3::Y, Vec3::Z] {
        let navigation = start(up);
        assert_near(pixel(&navigation, navigation.pivot), 0.5 * SIZE);
        let above = pixel(&navigation, navigation.pivot + 0.5 * up);
        assert!(above.y < 140.0 && (above.x - 200.0).abs() < 0.05, "{above}");
        assert!(0.0 < (navigation.eye() - navigation.pivot).dot(up));
        assert_frames(&navigation, navigation.scene);
    }
}

#[test]
fn orbit_turns_about_the_pivot() {
    let mut navigation = start(Vec3::NEG_Y);
    let (pivot, distance) = (navigation.pivot, navigation.distance);
    let nearer = navigation.pivot - 0.5 * navigation.forward();
    navigation.orbit(0.2, 0.1);
    assert_eq!((navigation.pivot, navigation.distance), (pivot, distance));
    assert_near(pixel(&navigation, pivot), 0.5 * SIZE);
    let seen = pixel(&navigation, nearer);
    assert!(
        200.0 < seen.x && 150.0 < seen.y,
        "the near side follows the drag: {seen}"
    );
    let horizon = navigation.rotation * Vec3::X;
    assert!(horizon.dot(Vec3::Y).abs() < 1e-5, "no roll comes up");
}

#[test]
fn orbit_stops_at_the_poles() {
    for pitch in [-0.3, 0.3] {
        let mut navigation = start(Vec3::Z);
        for _ in 0..50 {
            navigation.orbit(0.1, pitch);
            let image_up = navigation.rotation * Vec3::NEG_Y;
            assert!(0.0 < image_up.dot(Vec3::Z), "never upside down");
        }
        assert!(0.99 < navigation.forward().z.abs());
    }
}

#[test]
fn look_stays_where_it_stands() {
    let mut navigation = start(Vec3::Y);
    let eye = navigation.eye();
    let ahead = navigation.pivot;
    navigation.look(0.2, 0.0);
    assert!((navigation.eye() - eye).length() < 1e-4);
    assert!(
        pixel(&navigation, ahead).x < 150.0,
        "a drag to the right looks right"
    );
}

#[test]
fn roll_and_level() {
    let mut navigation = start(Vec3::NEG_Y);
    let right_of_pivot = navigation.pivot + navigation.rotation * Vec3::X;
    navigation.roll(0.3);
    assert!(
        155.0 < pixel(&navigation, right_of_pivot).y,
        "clockwise: right goes down"
    );
    navigation.level();
    assert!((pixel(&navigation, right_of_pivot).y - 150.0).abs() < 0.05);
}

#[test]
fn pan_keeps_the_pivot_under_the_pointer() {
    let mut navigation = start(Vec3::NEG_Y);
    let point = navigation.pivot;
    navigation.pan(Vec2::new(31.0, -17.0), intrinsics().fx);
    assert_near(
        pixel(&navigation, point),
        0.5 * SIZE + Vec2::new(31.0, -17.0),
    );
}

#[test]
fn zoom_goes_towards_the_pointer() {
    let mut navigation = start(Vec3::NEG_Y);
    let pointer = Vec2::new(80.0, 40.0);
    let world_per_px = navigation.distance / intrinsics().fx;
    let under = navigation.pivot + navigation.rotation * (pointer.extend(0.0) * world_per_px);
    assert_near(pixel(&navigation, under), 0.5 * SIZE + pointer);
    let before = navigation.distance;
    navigation.zoom(0.5, pointer, intrinsics().fx);
    assert!((navigation.distance - 0.5 * before).abs() < 1e-5);
    assert_near(pixel(&navigation, under), 0.5 * SIZE + pointer);
}

#[test]
fn zoom_has_limits() {
    let mut navigation = start(Vec3::NEG_Y);
    for factor in [1e-3_f32, 1e3] {
        for _ in 0..10 {
            navigation.zoom(factor, Vec2::ZERO, 300.0);
        }
        assert!((1e-4..3e3).contains(&navigation.distance));
        assert!(navigation.eye().is_finite());
    }
}

#[test]
fn flying_moves_along_the_camera() {
    let mut navigation = start(Vec3::NEG_Y);
    let (eye, forward) = (navigation.eye(), navigation.forward());
    navigation.translate(Vec3::Z);
    assert!((navigation.eye() - eye - forward).length() < 1e-5);
    assert!(0.0 < navigation.fly_speed());
}

#[test]
fn frame_keeps_the_direction() {
    let mut navigation = start(Vec3::NEG_Y);
    navigation.orbit(1.0, -0.2);
    let forward = navigation.forward();
    let extent = Extent {
        low: Vec3::ZERO,
        high: Vec3::splat(10.0),
    };
    navigation.frame(extent, half_tangents());
    assert_frames(&navigation, extent);
    assert_eq!(navigation.forward(), forward);
    assert_near(pixel(&navigation, Vec3::splat(5.0)), 0.5 * SIZE);
}

#[test]
fn a_double_click_becomes_the_middle() {
    let mut navigation = start(Vec3::Z);
    let camera = navigation.camera(intrinsics());
    let clicked = Vec2::new(260.0, 100.0);
    let point = camera.unproject(clicked, 3.0);
    let rotation = navigation.rotation;
    navigation.pivot_at(clicked - 0.5 * SIZE, 3.0, intrinsics().fx);
    assert!((navigation.pivot - point).length() < 1e-4);
    assert_eq!((navigation.rotation, navigation.distance), (rotation, 3.0));
    assert_near(pixel(&navigation, point), 0.5 * SIZE);
}

#[test]
fn a_point_is_an_extent_too() {
    let point = Extent {
        low: Vec3::X,
        high: Vec3::X,
    };
    assert_eq!((point.centre(), point.radius()), (Vec3::X, 1.0));
    let navigation = Navigation::home(point, Vec3::Z, half_tangents());
    assert!(0.0 < navigation.distance && navigation.eye().is_finite());
}

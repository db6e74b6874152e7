//! Procedural scenes: splats to look at and to measure with, and photos to make splats from.
//! Deterministic from a seed.
//!
//! Axes are those of a 3DGS `.ply` as COLMAP makes it: x right, y down, z forward; see [`UP`].
//! The same seed and count give the same bits on one build; other platforms may round sines
//! differently in the last bit.

mod clustered;
mod demo;
mod gloss;
mod light;
mod photos;
pub mod random;
mod shapes;
mod surface;
mod texture;

use glam::Vec3;
use render::{Camera, Intrinsics, Splats};

pub use clustered::clustered;
pub use demo::demo_scene;
pub use photos::{Background, PhotoScene, PhotosConfig, SyntheticPhotos, demo_photos, photos};

/// The direction away from the ground in every scene of this module.
pub const UP: Vec3 = Vec3::NEG_Y;

/// Seed of the demo scene that the program shows.
pub const DEMO_SEED: u64 = 1;

/// Splats of that scene: dense enough to have no holes, and quick enough on a CPU driver.
pub const DEMO_SPLATS: usize = 60_000;

/// Degree of their harmonics.
pub const DEMO_SH_DEGREE: u32 = 3;

/// What [`demo_scene`] turns around, in world units.
pub const DEMO_CENTRE: Vec3 = Vec3::new(0.0, -0.62, 0.0);

/// Distance from [`DEMO_CENTRE`] from which all of [`demo_scene`] is seen, in world units.
pub const DEMO_RADIUS: f32 = 6.4;

/// How far above the horizon of [`DEMO_CENTRE`] the demo's cameras stand, in radians.
pub const DEMO_ELEVATION: f32 = 0.38;

/// The view that shows [`demo_scene`] best, on `width` × `height` pixels.
pub fn demo_camera(width: u32, height: u32) -> Camera {
    let (sin, cos) = DEMO_ELEVATION.sin_cos();
    let (side, front) = 0.5_f32.sin_cos();
    let towards_eye = Vec3::new(side * cos, -sin, -front * cos);
    let intrinsics = Intrinsics::from_vertical_fov(DEMO_FOV_Y, width, height);
    let eye = DEMO_CENTRE + DEMO_RADIUS * towards_eye;
    Camera::look_at(intrinsics, eye, DEMO_CENTRE, UP)
}

/// The camera that [`clustered`] is made for: at the origin, looking along +z.
pub fn bench_camera(width: u32, height: u32) -> Camera {
    let intrinsics = Intrinsics::from_vertical_fov(BENCH_FOV_Y, width, height);
    Camera::look_at(intrinsics, Vec3::ZERO, Vec3::Z, UP)
}

const DEMO_FOV_Y: f32 = 0.75;
const BENCH_FOV_Y: f32 = 0.9;

/// Room for `num_splats` of degree `sh_degree`, cut to what can be drawn.
fn empty_splats(num_splats: usize, sh_degree: u32) -> Splats {
    let sh_degree = sh_degree.min(render::sh::MAX_DEGREE);
    let num_coeffs = num_splats * render::sh::coeff_count(sh_degree);
    Splats {
        means: Vec::with_capacity(num_splats),
        quats: Vec::with_capacity(num_splats),
        log_scales: Vec::with_capacity(num_splats),
        opacity_logits: Vec::with_capacity(num_splats),
        sh_coeffs: Vec::with_capacity(num_coeffs),
        sh_degree,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Scene = fn(u64, usize, u32) -> Splats;
    const SCENES: [(&str, Scene); 2] = [("demo", demo_scene), ("clustered", clustered)];

    fn is_finite(splats: &Splats) -> bool {
        splats.means.iter().all(|it| it.is_finite())
            && splats.quats.as_flattened().iter().all(|it| it.is_finite())
            && splats.log_scales.iter().all(|it| it.is_finite())
            && splats.opacity_logits.iter().all(|it| it.is_finite())
            && splats
                .sh_coeffs
                .as_flattened()
                .iter()
                .all(|it| it.is_finite())
    }

    #[test]
    fn scenes_have_what_was_asked_for() {
        for (name, scene) in SCENES {
            for num_splats in [0, 1, 7, 5_000] {
                for sh_degree in 0..=3 {
                    let splats = scene(1, num_splats, sh_degree);
                    assert_eq!(splats.check(), Ok(()), "{name}");
                    assert_eq!((splats.len(), splats.sh_degree), (num_splats, sh_degree));
                    assert!(is_finite(&splats), "{name} {num_splats} {sh_degree}");
                }
            }
            assert_eq!(scene(1, 10, 9).check(), Ok(()), "the degree is cut");
        }
    }

    #[test]
    fn the_seed_decides() {
        for (name, scene) in SCENES {
            assert_eq!(scene(3, 2_000, 2), scene(3, 2_000, 2), "{name}");
            assert_ne!(scene(3, 2_000, 2), scene(4, 2_000, 2), "{name}");
        }
    }

    #[test]
    fn quaternions_are_unit() {
        for (name, scene) in SCENES {
            for q in scene(5, 2_000, 0).quats {
                let length = q.iter().map(|it| it * it).sum::<f32>().sqrt();
                assert!((length - 1.0).abs() < 1e-5, "{name}: {q:?}");
            }
        }
    }

    #[test]
    fn cameras_see_their_scenes() {
        for (name, splats, camera, least) in [
            (
                "demo",
                demo_scene(1, 5_000, 0),
                demo_camera(960, 540),
                0.999,
            ),
            (
                "clustered",
                clustered(1, 5_000, 0),
                bench_camera(1920, 1080),
                0.75,
            ),
        ] {
            let k = camera.intrinsics;
            let in_image = |&mean: &Vec3| {
                camera.project(mean).is_some_and(|(pixel, _)| {
                    (0.0..k.width as f32).contains(&pixel.x)
                        && (0.0..k.height as f32).contains(&pixel.y)
                })
            };
            let seen = splats.means.iter().filter(|it| in_image(it)).count();
            assert!(
                least * splats.len() as f32 <= seen as f32,
                "{name}: {seen} of {} seen",
                splats.len()
            );
        }
        assert!(0.0 < demo_camera(4, 4).up().dot(UP));
    }
}

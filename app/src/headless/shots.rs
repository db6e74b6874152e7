//! Where the cameras of `render` stand: on a path, along photos, around the scene, or in front of
//! it.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use glam::Vec3;
use recon::camera_path::{CameraPath, MAX_FRAMES, Turntable};
use recon::io::{PathFile, open_dataset, read_camera_path, read_path_file};
use render::{Camera, Intrinsics, RenderConfig, Splats};

use super::measuring;
use crate::args::RenderArgs;

/// Field of view and size where no camera says otherwise.
const FOV_DEGREES: f32 = 45.0;
const HEIGHT_PX: u32 = 720;

/// A film along photos: its length, and most keyframes.
const THROUGH_SECS: f64 = 10.0;
const THROUGH_KEYFRAMES: usize = 24;

/// Two guesses at what a scene is about: the box without this part of the splats at each end of
/// each axis, grown by this factor. The first is most of the scene (a camera sees more than the
/// ball around a box). The second is smaller only where splats crowd in the middle of a wide
/// background, as in captured scenes; spread evenly they would make it larger.
const CROPS: [(f32, f32); 2] = [(0.05, 0.85), (0.3, 2.7)];

/// What is to be drawn.
#[derive(Clone, Debug)]
pub(super) struct Shots {
    /// One for each image.
    pub(super) cameras: Vec<Camera>,
    /// Whether a single image was asked for, rather than a sequence (that may have one image).
    pub(super) is_single: bool,
    /// What is nearer than this is not drawn, world units.
    pub(super) near: f32,
}

impl Shots {
    /// As the arguments ask for.
    ///
    /// # Errors
    /// Where a list of cameras cannot be read or has no such camera.
    pub(super) fn new(args: &RenderArgs, splats: &Splats) -> anyhow::Result<Self> {
        if let Some(path) = &args.path {
            let cameras = match read_path_file(path)? {
                PathFile::Cameras(list) => list.iter().map(|it| adjusted(it, args)).collect(),
                PathFile::Keyframes(keyframes) => on_path(keyframes, args)?,
            };
            return Ok(Self::several(cameras));
        }
        if let Some(photos) = &args.through_photos {
            let dataset = open_dataset(photos, None)?;
            let dataset = dataset.ok_or_else(|| measuring::without_poses(photos))?;
            let secs = args.seconds.unwrap_or(THROUGH_SECS);
            let path = CameraPath::through_photos(&dataset, THROUGH_KEYFRAMES, secs);
            let path = path.with_context(|| format!("{}: no posed photos", photos.display()))?;
            return Ok(Self::several(on_path(path, args)?));
        }
        if let Some(wanted) = &args.camera {
            let (path, index) = path_and_index(wanted);
            let cameras = read_camera_path(&path)?;
            let Some(camera) = cameras.get(index) else {
                bail!(
                    "{}: there is no camera {index}; the list has 0 to {}",
                    path.display(),
                    cameras.len() - 1
                );
            };
            return Ok(Self {
                cameras: vec![adjusted(camera, args)],
                is_single: true,
                near: RenderConfig::default().near,
            });
        }
        let around = frame(splats, &lens(args), args.up);
        let frames = args.turntable.unwrap_or(1) as usize;
        Ok(Self {
            cameras: around.cameras(frames, lens(args)),
            is_single: args.turntable.is_none(),
            // A scene in millimetres is no reason to see nothing of it.
            near: RenderConfig::default().near.min(0.01 * around.radius),
        })
    }

    fn several(cameras: Vec<Camera>) -> Self {
        Self {
            cameras,
            is_single: false,
            near: RenderConfig::default().near,
        }
    }
}

/// The cameras of keyframes, with the size, the field of view and the time that were asked for.
fn on_path(mut path: CameraPath, args: &RenderArgs) -> anyhow::Result<Vec<Camera>> {
    if let Some(secs) = args.seconds {
        path.set_duration(secs);
    }
    let fps = f64::from(args.fps);
    if MAX_FRAMES as f64 <= path.duration_secs() * fps {
        bail!(
            "{:.0} s are more than {MAX_FRAMES} images: give --seconds or a smaller --fps",
            path.duration_secs()
        );
    }
    let k = lens(args);
    let cameras = path.cameras(fps, [k.width, k.height]);
    Ok(cameras.iter().map(|it| adjusted(it, args)).collect())
}

/// A circle around what most splats show.
fn frame(splats: &Splats, intrinsics: &Intrinsics, up: Vec3) -> Turntable {
    let (centre, half) = CROPS
        .into_iter()
        .filter_map(|(trim, growth)| {
            let (low, high) = splats.robust_bounds(trim)?;
            Some((0.5 * (low + high), 0.5 * growth * (high - low)))
        })
        .min_by(|(_, a), (_, b)| a.length().total_cmp(&b.length()))
        .unwrap_or((Vec3::ZERO, Vec3::ONE));
    Turntable::around(centre - half, centre + half, intrinsics, up)
}

/// The lens where there is no camera to take it from.
fn lens(args: &RenderArgs) -> Intrinsics {
    let (width, height) = match (args.width, args.height) {
        (Some(width), Some(height)) => (width, height),
        (Some(width), None) => (width, (width * 9 / 16).max(1)),
        (None, height) => {
            let height = height.unwrap_or(HEIGHT_PX);
            (height * 16 / 9, height)
        }
    };
    let fov = args.fov.unwrap_or(FOV_DEGREES).to_radians();
    Intrinsics::from_vertical_fov(fov, width.max(1), height)
}

/// A camera of a list with the size and the field of view that were asked for.
fn adjusted(camera: &Camera, args: &RenderArgs) -> Camera {
    let k = camera.intrinsics;
    let scaled = |side: u32, by: u32, of: u32| {
        let side = f64::from(side) * f64::from(by) / f64::from(of);
        (side.round() as u32).max(1)
    };
    let (width, height) = match (args.width, args.height) {
        (None, None) => (k.width, k.height),
        (Some(width), None) => (width, scaled(k.height, width, k.width)),
        (None, Some(height)) => (scaled(k.width, height, k.height), height),
        (Some(width), Some(height)) => (width, height),
    };
    let mut intrinsics = k.resized(width, height);
    if let Some(fov) = args.fov {
        let fy = 0.5 * height as f32 / (0.5 * fov.to_radians()).tan();
        intrinsics.fx *= fy / intrinsics.fy;
        intrinsics.fy = fy;
    }
    Camera {
        intrinsics,
        ..*camera
    }
}

/// `cams.json#3` is camera 3 of `cams.json`, unless a file has that very name.
fn path_and_index(wanted: &Path) -> (PathBuf, usize) {
    let split = wanted.to_str().and_then(|it| it.rsplit_once('#'));
    match split.map(|(path, index)| (path, index.parse())) {
        Some((path, Ok(index))) if !wanted.exists() => (path.into(), index),
        _ => (wanted.to_owned(), 0),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use recon::synthetic::demo_scene;

    use super::*;
    use crate::args::{Cli, Command};

    fn args(more: &str) -> RenderArgs {
        let words = "accrete render a.ply --out a.png".split(' ');
        let cli = Cli::parse_from(words.chain(more.split_whitespace()));
        match cli.chosen().unwrap() {
            Command::Render(args) => args,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_number_sign_counts_cameras() {
        let split = |it: &str| path_and_index(Path::new(it));
        assert_eq!(split("c.json"), (PathBuf::from("c.json"), 0));
        assert_eq!(split("c.json#12"), (PathBuf::from("c.json"), 12));
        assert_eq!(split("c#x.json"), (PathBuf::from("c#x.json"), 0));
    }

    #[test]
    fn sizes_keep_the_shape_of_the_image() {
        let intrinsics = Intrinsics::from_vertical_fov(1.0, 400, 300);
        let camera = Camera::look_at(intrinsics, Vec3::ZERO, Vec3::Z, Vec3::NEG_Y);
        let k = adjusted(&camera, &args("--width 200")).intrinsics;
        assert_eq!((k.width, k.height), (200, 150));
        assert!((k.fov_y() - 1.0).abs() < 1e-5);
        let k = adjusted(&camera, &args("--height 30 --fov 60")).intrinsics;
        assert_eq!((k.width, k.height), (40, 30));
        assert!((k.fov_y().to_degrees() - 60.0).abs() < 1e-3 && (k.fx - k.fy).abs() < 1e-3);
        assert_eq!(lens(&args("--width 1600")).height, 900);
    }

    #[test]
    fn the_scene_is_framed_from_above_its_horizon() {
        let splats = demo_scene(1, 5_000, 0);
        let shots = Shots::new(&args(""), &splats).unwrap();
        assert!(shots.is_single && shots.cameras.len() == 1);
        let camera = shots.cameras[0];
        assert!(0.2 < camera.position().normalize().dot(Vec3::NEG_Y));
        let k = camera.intrinsics;
        let seen = |&mean: &Vec3| {
            camera.project(mean).is_some_and(|(pixel, _)| {
                (0.0..k.width as f32).contains(&pixel.x)
                    && (0.0..k.height as f32).contains(&pixel.y)
            })
        };
        let seen = splats.means.iter().filter(|it| seen(it)).count();
        assert!(0.97 * splats.len() as f32 <= seen as f32, "{seen}");

        // One splat in five far away all around: the camera stays with the others.
        let near = camera.position().length();
        let mut captured = splats;
        for mean in captured.means.iter_mut().step_by(5) {
            *mean *= 30.0;
        }
        let shots = Shots::new(&args(""), &captured).unwrap();
        assert!(shots.cameras[0].position().length() < 1.5 * near);

        let shots = Shots::new(&args("--turntable 1"), &Splats::default()).unwrap();
        assert!(!shots.is_single && shots.cameras[0].intrinsics.width == 1280);
    }
}

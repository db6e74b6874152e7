//! Poses from photos alone, against a scene whose cameras are known, and against nothing at all.

use std::ops::ControlFlow;
use std::path::Path;

use glam::DAffine3;
use recon::dataset::PoseFile;
use recon::io::{self, Opened};
use recon::poses::{BuiltinEngine, Photos, PoseConfig, PoseEngine, PoseError, PoseUpdate};
use tests::boxes;

/// The built-in engine finds the cameras, stops when told to, goes on where it was.
mod builtin;
/// What is hopeless or wrong is refused, with advice.
mod gate;
/// Points to begin with under known poses.
mod initial_points;
/// A real capture whose poses another program found.
mod real;
/// Kept beside the photos, found again, noticed to be stale.
mod results;

/// Photos of a folder without poses.
fn photos(folder: &Path) -> Photos {
    match io::open(folder).unwrap() {
        Opened::Photos(photos) => photos,
        other => panic!("{other:?}"),
    }
}

/// A folder with generated photos, and where they were taken.
fn boxes(count: usize) -> (tempfile::TempDir, Vec<DAffine3>) {
    let folder = tempfile::tempdir().unwrap();
    let cameras = boxes::cameras(count);
    boxes::write_photos(folder.path(), &cameras);
    (folder, cameras)
}

fn config() -> PoseConfig {
    PoseConfig {
        max_features: 800,
        seed: 3,
        ..PoseConfig::default()
    }
}

/// Runs the built-in engine to its end.
fn run(photos: &Photos) -> Result<PoseFile, PoseError> {
    BuiltinEngine::new().run(photos, &config(), &mut go_on)
}

fn go_on(_: PoseUpdate) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// The true cameras of the frames, by the number in the photo's name.
fn truth(poses: &PoseFile, cameras: &[DAffine3]) -> Vec<DAffine3> {
    let number = |name: &str| {
        name[name.len() - 6..name.len() - 4]
            .parse::<usize>()
            .unwrap()
    };
    poses
        .frames
        .iter()
        .map(|it| cameras[number(&it.image)])
        .collect()
}

fn found(poses: &PoseFile) -> Vec<DAffine3> {
    poses.frames.iter().map(|it| it.c2w).collect()
}

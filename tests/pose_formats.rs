//! Pose files other than COLMAP's.

mod hostile;
mod real;
mod roundtrip;

use glam::DMat3;
use recon::dataset::{Lens, Optics, PoseFile};

/// What has to hold for whatever a reader lets through: indices point at something, poses are
/// poses, numbers can be worked with.
pub(crate) fn assert_sound(file: &PoseFile) {
    assert!(!file.frames.is_empty());
    for frame in &file.frames {
        assert!(frame.optics < file.optics.len());
        assert!(frame.c2w.is_finite());
        let turn = frame.c2w.matrix3;
        let off = turn.transpose() * turn;
        assert!(off.abs_diff_eq(DMat3::IDENTITY, 1e-4), "{turn}");
        assert!(0.0 < turn.determinant());
    }
    for optics in &file.optics {
        let lens = optics.at(640, 480);
        assert!(0.0 < lens.fx && 0.0 < lens.fy, "{lens:?}");
        let numbers = [lens.fx, lens.fy, lens.cx, lens.cy];
        assert!(numbers.iter().all(|it| it.is_finite()), "{lens:?}");
        if let Optics::Lens(lens) = optics {
            assert!(0 < lens.width && 0 < lens.height);
        }
    }
    for chosen in file.input_lists.values() {
        assert!(chosen.iter().all(|it| *it < file.frames.len()));
    }
}

/// The lens of a file that has one, in pixels.
fn only_lens(file: &PoseFile) -> &Lens {
    let [Optics::Lens(lens)] = file.optics.as_slice() else {
        panic!("not one lens: {:?}", file.optics);
    };
    lens
}

/// Largest difference between the entries of two files' poses, photo by photo.
fn pose_difference(a: &PoseFile, b: &PoseFile) -> f64 {
    assert_eq!(a.frames.len(), b.frames.len());
    let pairs = a.frames.iter().zip(&b.frames);
    pairs
        .flat_map(|(a, b)| {
            let (a, b) = (a.c2w.to_cols_array(), b.c2w.to_cols_array());
            a.into_iter().zip(b).map(|(a, b)| (a - b).abs())
        })
        .fold(0.0, f64::max)
}

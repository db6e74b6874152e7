//! What the gate refuses, and what it says.

use std::path::Path;

use glam::{DAffine3, DVec3};
use image::{Rgb, RgbImage};
use rand::{RngExt, SeedableRng};
use recon::dataset::{Frame, Lens, Observation, Optics, PoseFile, PoseFormat};
use recon::poses::{BuiltinEngine, Photos, PoseEngine, PoseError, Standing, Verdict, judge};

use super::{photos, run};

fn write(folder: &Path, count: usize, pixel: impl Fn(usize, u32, u32) -> [u8; 3]) {
    for i in 0..count {
        let photo = RgbImage::from_fn(160, 120, |x, y| Rgb(pixel(i, x, y)));
        photo
            .save(folder.join(format!("photo_{i:02}.png")))
            .unwrap();
    }
}

/// Random blots, different in each photo.
fn noise(i: usize, x: u32, y: u32) -> [u8; 3] {
    let seed = (i as u64) << 40 | u64::from(x / 3) << 20 | u64::from(y / 3);
    let mut rng = rand_pcg::Pcg64::seed_from_u64(seed);
    [rng.random(), rng.random(), rng.random()]
}

#[test]
fn ten_unrelated_photos_are_refused_with_advice() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), 10, noise);
    let photos = photos(folder.path());
    let poses = run(&photos).unwrap();
    let gate = judge("built-in", &poses, &photos);
    println!("{gate:?}");
    assert_eq!((gate.verdict, gate.photos), (Verdict::Refused, 10));
    assert!(
        gate.advice.iter().any(|it| it.contains("overlap")),
        "{:?}",
        gate.advice
    );
    assert!(gate.advice.iter().any(|it| it.contains("COLMAP")));
    for it in &gate.per_photo {
        let reason = it.reason.as_deref().unwrap();
        assert!(
            reason.contains("in common") || reason.contains("match"),
            "{it:?}"
        );
    }
}

#[test]
fn blank_photos_are_called_blank() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), 4, |_, _, _| [90, 120, 200]);
    let photos = photos(folder.path());
    let gate = judge("built-in", &run(&photos).unwrap(), &photos);
    assert_eq!((gate.verdict, gate.points), (Verdict::Refused, 0));
    let reason = gate.per_photo[2].reason.as_deref().unwrap();
    assert!(reason.contains("blank"), "{reason}");
}

#[test]
fn the_same_photo_many_times_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), 6, |_, x, y| noise(0, x, y));
    let photos = photos(folder.path());
    // Nothing moves, so nothing has depth; what matters is that nobody takes it for a model.
    let gate = judge("built-in", &run(&photos).unwrap(), &photos);
    assert_eq!(gate.verdict, Verdict::Refused, "{gate:?}");
}

#[test]
fn one_photo_and_none_are_told_so() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), 1, noise);
    let mut photos = photos(folder.path());
    for count in [1, 0] {
        photos.images.truncate(count);
        let Err(PoseError::Failed(text)) = run(&photos) else {
            panic!()
        };
        assert!(text.contains("at least two"), "{text}");
        let empty = PoseFile::new(PoseFormat::ColmapBinary);
        assert_eq!(judge("any", &empty, &photos).verdict, Verdict::Refused);
    }
}

#[test]
fn a_photo_that_cannot_be_read_is_left_out_with_the_reason() {
    let (folder, _) = super::boxes(7);
    let mut photos = photos(folder.path());
    std::fs::write(folder.path().join("view_03.png"), b"no photo any more").unwrap();
    let mut warned = Vec::new();
    let mut report = |update| {
        if let recon::poses::PoseUpdate::Warned(text) = update {
            warned.push(text);
        }
        std::ops::ControlFlow::Continue(())
    };
    photos.images[3].width += 1;
    let engine = BuiltinEngine::new();
    let poses = engine.run(&photos, &super::config(), &mut report).unwrap();
    assert!(
        warned.iter().any(|it| it.contains("view_03.png")),
        "{warned:?}"
    );
    let gate = judge("built-in", &poses, &photos);
    assert_eq!(gate.per_photo[3].standing, Standing::Unregistered);
    assert_eq!(gate.good, 6, "{gate:?}");
}

/// A model that holds together: six cameras in a row and points before them.
fn exact(photos: &Photos) -> PoseFile {
    let mut poses = PoseFile::new(PoseFormat::ColmapBinary);
    let lens = Lens::centred(200.0, 160, 120);
    for (i, image) in photos.images.iter().enumerate() {
        poses.frames.push(Frame {
            image: image.path.to_string_lossy().into_owned(),
            mask: None,
            optics: 0,
            c2w: DAffine3::from_translation(DVec3::new(0.3 * i as f64 - 0.75, 0.0, -4.0)),
            split: None,
        });
    }
    for point in 0..200_u32 {
        let turn = f64::from(point);
        let position = DVec3::new(
            (1.3 * turn).sin(),
            0.8 * (2.1 * turn).cos(),
            (0.7 * turn).sin(),
        );
        poses.points.positions.push(position);
        poses.points.colours.push([0; 3]);
        for (frame, it) in (0..).zip(&poses.frames) {
            let pixel = lens
                .project(it.c2w.inverse().transform_point3(position))
                .unwrap();
            poses.points.observations.push(Observation {
                point,
                frame,
                pixel,
            });
        }
    }
    poses.optics.push(Optics::Lens(lens));
    poses
}

#[test]
fn the_gate_measures_and_does_not_believe() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), 6, noise);
    let photos = photos(folder.path());
    let good = exact(&photos);
    let gate = judge("any", &good, &photos);
    assert_eq!(
        (gate.verdict, gate.good, gate.median_observations),
        (Verdict::Good, 6, 200)
    );
    assert!(
        gate.mean_error_px < 1e-9 && gate.advice.is_empty(),
        "{gate:?}"
    );

    let verdict = |change: &dyn Fn(&mut PoseFile)| {
        let mut poses = good.clone();
        change(&mut poses);
        let gate = judge("any", &poses, &photos);
        assert!(
            gate.verdict == Verdict::Good || !gate.advice.is_empty(),
            "{gate:?}"
        );
        (gate.verdict, gate.good, gate.weak)
    };
    // Four of six: a warning. Two: none may be taken.
    assert_eq!(
        verdict(&|it| it.frames[4].image = "other".to_owned()),
        (Verdict::Good, 5, 0)
    );
    let fewer = |it: &mut PoseFile, keep: usize| {
        it.points
            .observations
            .retain(|it| (it.frame as usize) < keep || it.point < 5);
    };
    assert_eq!(verdict(&|it| fewer(it, 4)), (Verdict::Doubtful, 4, 2));
    assert_eq!(verdict(&|it| fewer(it, 2)), (Verdict::Refused, 2, 4));
    // Claimed, but the points project elsewhere.
    let moved = |it: &mut PoseFile| it.frames[1].c2w.translation.x += 1.0;
    // One camera that is off makes the mean large, too.
    assert_eq!(verdict(&moved), (Verdict::Doubtful, 5, 1));
    let inside_out = |it: &mut PoseFile| it.points.positions.iter_mut().for_each(|it| it.z -= 50.0);
    assert_eq!(verdict(&inside_out).0, Verdict::Refused);
    // All cameras at one place, and points to fit.
    let collapsed = |it: &mut PoseFile| {
        let c2w = it.frames[0].c2w;
        it.frames.iter_mut().for_each(|it| it.c2w = c2w);
        let first: Vec<_> = it
            .points
            .observations
            .iter()
            .step_by(6)
            .map(|it| it.pixel)
            .collect();
        it.points
            .observations
            .iter_mut()
            .for_each(|it| it.pixel = first[it.point as usize]);
    };
    assert_eq!(verdict(&collapsed).0, Verdict::Refused);
    assert_eq!(
        verdict(&|it| it.points = recon::dataset::Points::default()).0,
        Verdict::Refused
    );
    assert_eq!(verdict(&|it| it.frames.clear()), (Verdict::Refused, 0, 0));
    let not_numbers = |it: &mut PoseFile| it.frames[0].c2w.translation.x = f64::NAN;
    assert_eq!(verdict(&not_numbers), (Verdict::Good, 5, 1));
}

//! Datasets written in another format open as what they were; nothing is overwritten.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use recon::dataset::{Dataset, PoseFormat};
use recon::io::{DatasetFormat, SavedDataset, save_dataset};
use tests::capture::{Capture, bent_lens, straight_lens};

use super::{camera_differences, dataset};

fn saved(dataset: &Arc<Dataset>, out: &Path, format: DatasetFormat) -> SavedDataset {
    let mut last = 0;
    let mut report = |done, total| {
        assert!(last <= done && done <= total);
        last = done;
        ControlFlow::Continue(())
    };
    save_dataset(dataset, out, format, &mut report)
        .unwrap()
        .unwrap()
}

fn opened(capture: &Capture, folder: &Path) -> Arc<Dataset> {
    capture.write(folder, PoseFormat::ColmapBinary);
    Arc::new(dataset(folder))
}

#[test]
fn straight_photos_are_copied_in_every_format() {
    let capture = Capture::new(10, &straight_lens(48, 32));
    let dir = tempfile::tempdir().unwrap();
    let original = opened(&capture, &dir.path().join("in"));
    for format in DatasetFormat::ALL {
        let out = dir.path().join(format!("{format:?}"));
        let it = saved(&original, &out, format);
        assert_eq!(
            (it.photos, it.undistorted, it.points),
            (10, 0, 60),
            "{format:?}"
        );
        let again = dataset(&out);
        assert_eq!(again.views.len(), 10);
        let worst = camera_differences(&original, &again);
        assert!(worst.iter().all(|it| *it < 1e-9), "{format:?}: {worst:?}");
        for (a, b) in original.views.iter().zip(&again.views) {
            let bytes = again.folder.read(&b.image.path).unwrap();
            assert_eq!(original.folder.read(&a.image.path).unwrap(), bytes);
            assert_eq!(a.split, b.split, "{format:?}");
        }
        let apart = original
            .points
            .positions
            .iter()
            .zip(&again.points.positions);
        assert!(apart.into_iter().all(|(a, b)| a.distance(*b) < 1e-6));
        assert_eq!(original.points.colours, again.points.colours);
        let tracks = matches!(format, DatasetFormat::Colmap | DatasetFormat::ColmapText);
        assert_eq!(again.report.reprojection.is_some(), tracks);
        assert_eq!(it.losses.is_empty(), tracks, "{:?}", it.losses);
    }
}

#[test]
fn photos_are_undistorted_where_the_format_wants_pinholes() {
    let capture = Capture::new(3, &bent_lens(64, 48));
    let dir = tempfile::tempdir().unwrap();
    let original = opened(&capture, &dir.path().join("in"));
    for (format, bent) in [
        (DatasetFormat::Colmap, true),
        (DatasetFormat::Transforms, true),
        (DatasetFormat::OpencvCameras, false),
        (DatasetFormat::Inria, false),
    ] {
        let out = dir.path().join(format!("{format:?}"));
        let it = saved(&original, &out, format);
        assert_eq!(it.undistorted, if bent { 0 } else { 3 }, "{format:?}");
        let again = dataset(&out);
        assert_eq!(again.lenses[0].is_pinhole(), !bent);
        if bent {
            assert_eq!(camera_differences(&original, &again)[2], 0.0);
            continue;
        }
        assert!(
            it.losses.join("\n").contains("undistorted"),
            "{:?}",
            it.losses
        );
        // The points are where the new lens says: their squares have their colours.
        let mut near = 0;
        let mut all = 0;
        for view in &again.views {
            let photo = image::open(out.join(&view.image.path)).unwrap().into_rgb8();
            let w2c = view.c2w.inverse();
            for (position, colour) in again.points.positions.iter().zip(&again.points.colours) {
                let pixel = again.lenses[view.lens].project(w2c.transform_point3(*position));
                let Some(pixel) = pixel.filter(|it| it.min_element() >= 2.0) else {
                    continue;
                };
                let (x, y) = (pixel.x as u32, pixel.y as u32);
                if photo.width() <= x + 2 || photo.height() <= y + 2 {
                    continue;
                }
                all += 1;
                let found = photo.get_pixel(x, y).0;
                let off = (0..3).map(|i| found[i].abs_diff(colour[i])).max().unwrap();
                near += usize::from(off < 60);
            }
        }
        println!("{format:?}: {near} of {all} points have their colour");
        assert!(
            all > 100 && near * 10 >= all * 7,
            "{format:?}: {near} of {all}"
        );
    }
}

#[test]
fn masks_and_ignored_views() {
    let capture = Capture::new(4, &straight_lens(48, 32));
    let dir = tempfile::tempdir().unwrap();
    let input = dir.path().join("in");
    capture.write(&input, PoseFormat::Transforms);
    fs::create_dir(input.join("masks")).unwrap();
    let half =
        image::GrayImage::from_fn(48, 32, |x, _| image::Luma([if x < 20 { 255 } else { 0 }]));
    half.save(input.join("masks/0001.png")).unwrap();
    // White is what moves, here.
    half.save(input.join("images/dynamic_mask_0002.png"))
        .unwrap();
    let mut original = dataset(&input);
    assert_eq!(original.report.masks, 2);
    original.views[3].ignored = true;
    let original = Arc::new(original);
    let out = dir.path().join("out");
    let it = saved(&original, &out, DatasetFormat::Colmap);
    assert_eq!((it.photos, it.masks), (3, 2));
    let again = dataset(&out);
    assert_eq!((again.views.len(), again.report.masks), (3, 2));
    let read = |name: &str| image::open(out.join(name)).unwrap().into_luma8();
    assert_eq!(read("masks/0001.png.png"), half);
    let inverted = read("masks/0002.png.png");
    assert!(
        inverted
            .pixels()
            .zip(half.pixels())
            .all(|(a, b)| a.0[0] == 255 - b.0[0])
    );
}

#[test]
fn nothing_is_overwritten_and_an_abort_leaves_nothing() {
    let capture = Capture::new(10, &straight_lens(48, 32));
    let dir = tempfile::tempdir().unwrap();
    let original = opened(&capture, &dir.path().join("in"));
    let mut go_on = |_, _| ControlFlow::Continue(());
    let format = DatasetFormat::Transforms;
    let error = save_dataset(&original, &dir.path().join("in"), format, &mut go_on);
    assert!(
        error
            .unwrap_err()
            .to_string()
            .contains("nothing is overwritten")
    );

    let out = dir.path().join("out");
    let mut stop = |done, _| {
        if done < 8 {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    };
    assert_eq!(
        save_dataset(&original, &out, format, &mut stop).unwrap(),
        None
    );
    let names = || fs::read_dir(dir.path()).unwrap().count();
    assert_eq!((names(), out.exists()), (1, false));

    // A photo that vanished meanwhile is an error that names it.
    fs::remove_file(dir.path().join("in/images/0009.png")).unwrap();
    let error = save_dataset(&original, &out, format, &mut go_on)
        .unwrap_err()
        .to_string();
    assert!(error.contains("0009.png"), "{error}");
    assert_eq!((names(), out.exists()), (1, false));
}

//! Loading a dataset's photos: order, bounds, masks, sizes, straightened lenses.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use image::{DynamicImage, ImageFormat, Luma, Rgb, RgbImage, Rgba, RgbaImage};
use recon::dataset::{Dataset, Distortion, LensModel};
use recon::io::photo::{AlphaUse, Photo, PhotoLoader, PhotoOptions, TargetSize};
use recon::model::ModelConfig;
use recon::model::views::InputLoader;
use tempfile::TempDir;

use super::written::{app1, encoded, exif, jpeg_with};
use super::{dataset, squares};

const SIZE: (u32, u32) = (40, 30);
/// Of one photo of that size in memory.
const BYTES: usize = 40 * 30 * 4;

/// A folder with `count` photos, each of its own grey.
fn greys(count: u8) -> (TempDir, Dataset) {
    let dir = tempfile::tempdir().unwrap();
    for i in 0..count {
        let image = RgbImage::from_pixel(SIZE.0, SIZE.1, Rgb([i; 3]));
        write(dir.path(), &format!("{i}.png"), image);
    }
    let dataset = dataset(dir.path());
    (dir, dataset)
}

fn write(dir: &Path, name: &str, image: impl Into<DynamicImage>) {
    let path = dir.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, encoded(&image.into(), ImageFormat::Png)).unwrap();
}

fn load(dataset: Dataset, options: PhotoOptions, view: usize) -> Arc<Photo> {
    let loader = PhotoLoader::new(Arc::new(dataset), options, 0);
    loader.load(view).unwrap()
}

#[test]
fn photos_come_in_order_within_the_bound() {
    let (_dir, dataset) = greys(40);
    let bound = 3 * BYTES + 100;
    let loader = PhotoLoader::new(Arc::new(dataset), PhotoOptions::default(), bound);
    let order: Vec<usize> = (0..40).rev().chain([7, 7, 0]).collect();
    let mut seen = Vec::new();
    let flow = loader.for_each_in_order(&order, &mut |view, photo| {
        let photo = photo.unwrap();
        assert_eq!(usize::from(photo.rgba[0]), view);
        assert!(photo.mask.is_none() && (photo.width, photo.height) == SIZE);
        assert!(loader.cached_bytes() <= bound);
        seen.push(view);
        ControlFlow::Continue(())
    });
    assert!(flow.is_continue() && seen == order);
    assert!(BYTES <= loader.cached_bytes());

    let mut seen = 0;
    let flow = loader.for_each_in_order(&order, &mut |_, _| {
        seen += 1;
        if seen == 5 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    assert!(flow.is_break() && seen == 5);
}

#[test]
fn what_is_kept_is_not_decoded_again() {
    let (dir, dataset) = greys(3);
    let loader = PhotoLoader::new(Arc::new(dataset), PhotoOptions::default(), 2 * BYTES);
    let first = loader.load(0).unwrap();
    loader.load(1).unwrap();
    fs::remove_file(dir.path().join("0.png")).unwrap();
    assert!(Arc::ptr_eq(&first, &loader.load(0).unwrap()));
    loader.load(2).unwrap(); // now 1 has to go
    assert!(Arc::ptr_eq(&first, &loader.load(0).unwrap()));
    loader.load(1).unwrap();
    loader.load(2).unwrap(); // and now 0
    assert!(loader.load(0).is_err());
}

#[test]
fn a_broken_photo_does_not_stop_the_others() {
    let (dir, dataset) = greys(6);
    fs::write(dir.path().join("2.png"), "gone").unwrap();
    let other = RgbImage::new(10, 10);
    write(dir.path(), "4.png", other);
    let loader = PhotoLoader::new(Arc::new(dataset), PhotoOptions::default(), 10 * BYTES);
    let mut errors = Vec::new();
    let views: Vec<usize> = (0..7).collect();
    let flow = loader.for_each_in_order(&views, &mut |view, photo| {
        errors.extend(photo.err().map(|it| (view, it.to_string())));
        ControlFlow::Continue(())
    });
    assert!(flow.is_continue());
    let [(2, text), (4, changed), (6, missing)] = &errors[..] else {
        panic!("{errors:?}");
    };
    assert!(text.contains("2.png") && text.contains("text"), "{text}");
    assert!(changed.contains("10×10 pixels and had 40×30"), "{changed}");
    assert!(missing.contains("there are 6"), "{missing}");
}

#[test]
fn photos_are_fetched_ahead() {
    let (dir, dataset) = greys(2);
    let loader = PhotoLoader::new(Arc::new(dataset), PhotoOptions::default(), 10 * BYTES);
    loader.prefetch(&[0, 1, 99]);
    for _ in 0..2000 {
        if loader.cached_bytes() == 2 * BYTES {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    fs::remove_file(dir.path().join("1.png")).unwrap();
    assert_eq!(loader.load(1).unwrap().rgba[0], 1);
}

#[test]
fn sizes_masks_and_lenses_go_together() {
    let dir = tempfile::tempdir().unwrap();
    let jpeg = encoded(&squares().into(), ImageFormat::Jpeg);
    let turned = jpeg_with(&jpeg, &[app1(&exif(6))]); // 32×48 once upright
    fs::write(dir.path().join("a.jpg"), turned).unwrap();
    // White but for the upper left square of the photo as it is stored.
    let mask =
        image::GrayImage::from_fn(24, 16, |x, y| Luma([if x < 8 && y < 8 { 0 } else { 255 }]));
    write(dir.path(), "masks/a.jpg", mask);
    let dataset = dataset(dir.path());
    let options = PhotoOptions {
        size: TargetSize::MaxSide(24),
        ..PhotoOptions::default()
    };
    let photo = load(dataset.clone(), options, 0);
    assert_eq!((photo.width, photo.height), (16, 24));
    assert_eq!((photo.lens.width, photo.lens.height), (16, 24));
    assert_eq!(
        (photo.lens.fx, photo.lens.cx, photo.lens.cy),
        (25.0, 8.0, 12.0)
    );
    // Turned clockwise the upper left square is the upper right one.
    let mask = photo.mask.as_ref().unwrap();
    for y in 0..24 {
        for x in 0..16 {
            let counts = !(8 <= x && y < 8);
            assert_eq!(mask[y * 16 + x] == 255, counts, "{x} {y}");
        }
    }
    let pixel = &photo.rgba[4 * (3 * 16 + 12)..][..4];
    let near = |i: usize, it: u8| pixel[i].abs_diff(it) <= 8;
    assert!(near(0, 200) && near(1, 40) && near(2, 40), "{pixel:?}");

    let options = PhotoOptions {
        masks: false,
        size: TargetSize::Exact(20, 20),
        ..options
    };
    let photo = load(dataset, options, 0);
    assert_eq!((photo.width, photo.height, &photo.mask), (20, 20, &None));
    assert!((photo.lens.fx - 50.0 * 20.0 / 32.0).abs() < 1e-12);
    assert!((photo.lens.fy - 50.0 * 20.0 / 48.0).abs() < 1e-12);
}

#[test]
fn alpha_is_what_it_is_said_to_be() {
    let dir = tempfile::tempdir().unwrap();
    let image = RgbaImage::from_fn(8, 8, |x, _| Rgba([9, 8, 7, if x < 4 { 255 } else { 60 }]));
    write(dir.path(), "a.png", image);
    let dataset = dataset(dir.path());
    let load = |alpha| {
        let options = PhotoOptions {
            alpha,
            ..PhotoOptions::default()
        };
        load(dataset.clone(), options, 0)
    };
    let kept = load(AlphaUse::Transparency);
    assert!(kept.mask.is_none() && kept.rgba[..4] == [9, 8, 7, 255]);
    assert_eq!(kept.rgba[16..20], [9, 8, 7, 60]);
    let mask = load(AlphaUse::Mask);
    assert_eq!(mask.rgba[16..20], [9, 8, 7, 255]);
    assert_eq!(
        mask.mask.as_ref().unwrap()[..8],
        [255, 255, 255, 255, 0, 0, 0, 0]
    );
    let ignored = load(AlphaUse::Ignore);
    assert!(ignored.mask.is_none() && ignored.rgba == mask.rgba);
}

#[test]
fn bent_lenses_become_straight() {
    let dir = tempfile::tempdir().unwrap();
    let image = RgbImage::from_pixel(80, 60, Rgb([50, 100, 150]));
    write(dir.path(), "a.png", image);
    let mut dataset = dataset(dir.path());
    let lens = &mut dataset.lenses[0];
    lens.model = LensModel::SimpleRadial;
    lens.distortion = Distortion::Radial {
        k: [-0.2, 0.0, 0.0, 0.0, 0.0, 0.0],
        p: [0.0; 2],
    };
    let options = PhotoOptions {
        size: TargetSize::MaxSide(40),
        ..PhotoOptions::default()
    };
    let photo = load(dataset.clone(), options, 0);
    assert!(photo.lens.is_pinhole());
    assert_eq!((photo.lens.width, photo.width, photo.height), (40, 40, 30));
    let mask = photo.mask.as_ref().unwrap();
    // The corners of a barrel-shaped picture reach out, its sides fall short.
    assert!(mask.contains(&0) && mask[15 * 40 + 20] == 255);
    for (pixel, counts) in photo.rgba.chunks_exact(4).zip(mask) {
        assert_eq!(pixel[3], 255);
        // Nothing of the black around it has come in.
        assert!(*counts == 0 || pixel[..3] == [50, 100, 150], "{pixel:?}");
    }
    let options = PhotoOptions {
        undistort: false,
        ..options
    };
    let bent = load(dataset, options, 0);
    assert!(!bent.lens.is_pinhole() && bent.mask.is_none());
}

/// What a straightened photo does not reach has the colour that it was asked to have, and no black
/// is mixed in beside it; what a mask takes out keeps its own.
#[test]
fn the_network_sees_the_background_beyond_a_straightened_photo() {
    let dir = tempfile::tempdir().unwrap();
    let image = RgbImage::from_pixel(80, 60, Rgb([50, 100, 150]));
    write(dir.path(), "a.png", image);
    fs::create_dir(dir.path().join("masks")).unwrap();
    let mask = RgbImage::from_fn(80, 60, |x, _| Rgb([if x < 40 { 0 } else { 255 }; 3]));
    mask.save(dir.path().join("masks/a.png")).unwrap();
    let mut dataset = dataset(dir.path());
    dataset.views[0].mask = Some("masks/a.png".into());
    let lens = &mut dataset.lenses[0];
    lens.model = LensModel::SimpleRadial;
    lens.distortion = Distortion::Radial {
        k: [-0.2, 0.0, 0.0, 0.0, 0.0, 0.0],
        p: [0.0; 2],
    };
    let dataset = Arc::new(dataset);
    for (size, background) in [([40, 30], [1.0; 3]), ([80, 60], [0.0, 1.0, 0.0])] {
        let network = ModelConfig {
            patch_size: 2,
            image_width: size[0],
            image_height: size[1],
            ..ModelConfig::default()
        };
        let loader = InputLoader::new(dataset.clone(), &network, background);
        let mut seen = None;
        let flow = loader.for_each(&[0], &mut |_, input| {
            seen = Some(input.unwrap());
            ControlFlow::Continue(())
        });
        assert!(flow.is_continue());
        let seen = seen.unwrap();
        let behind = background.map(|it: f32| (255.0 * it) as u8);
        let own = [50, 100, 150];
        let counts = seen.counts.unwrap();
        let at = |x: usize, y: usize| y * size[0] + x;
        // In the middle of a side nothing of the photo is left, in that of the mask all of it.
        let beyond = at(size[0] / 2, 0);
        assert!(!counts[beyond]);
        // A filter reaches a little way from the photo.
        let close = |i: usize| seen.rgb[beyond][i].abs_diff(behind[i]) <= 8;
        assert!((0..3).all(close), "{:?}", seen.rgb[beyond]);
        assert!(!counts[at(size[0] / 4, size[1] / 2)]);
        assert_eq!(seen.rgb[at(size[0] / 4, size[1] / 2)], own);
        for (pixel, counts) in seen.rgb.iter().zip(&counts) {
            assert!(!counts || *pixel == own, "{pixel:?}");
            let between = |i: usize| {
                let (low, high) = (own[i].min(behind[i]), own[i].max(behind[i]));
                (low.saturating_sub(1)..=high.saturating_add(1)).contains(&pixel[i])
            };
            assert!((0..3).all(between), "{pixel:?}");
        }
    }
}

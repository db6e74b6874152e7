//! A real model in both forms: 97 photos of a plush figure.

use std::fs;
use std::path::Path;

use recon::dataset::{LensModel, Optics, PoseFile, reprojection};
use recon::io::colmap;

use super::{cameras_of, lenses_of, pose_miss};

fn read(folder: &Path, ending: &str) -> PoseFile {
    let file = |name: &str| fs::read(folder.join(format!("{name}.{ending}"))).unwrap();
    let (cameras, images, points) = (file("cameras"), file("images"), file("points3D"));
    let name = format!("images.{ending}");
    assert_eq!(colmap::count_images(&name, &images).unwrap(), 97);
    let read = match ending {
        "bin" => colmap::read_binary,
        _ => colmap::read_text,
    };
    read(&cameras, &images, Some(&points)).unwrap()
}

fn both_forms() -> Option<[PoseFile; 2]> {
    let folder = tests::test_data()?.join("data/snowmiku_simple_radial");
    Some([
        read(&folder.join("sparse/0"), "bin"),
        read(&folder.join("sparse_txt/0"), "txt"),
    ])
}

#[test]
fn both_forms_say_the_same() {
    let Some([binary, text]) = both_forms() else {
        return;
    };
    for file in [&binary, &text] {
        assert_eq!(file.warnings, [""; 0]);
        assert_eq!(file.frames.len(), 97);
        assert_eq!(file.points.len(), 25_784);
        let [Optics::Lens(lens)] = &file.optics[..] else {
            panic!("{:?}", file.optics);
        };
        assert_eq!(lens.model, LensModel::SimpleRadial);
        assert_eq!((lens.width, lens.height), (1008, 756));
        let (_, params) = lens.to_colmap();
        assert!((params[0] - 819.228_928).abs() < 1e-6);
        assert!((params[3] - 0.032_123).abs() < 1e-6);
    }
    let [a, b] = [&binary, &text].map(|it| it.optics.clone());
    let (Optics::Lens(a), Optics::Lens(b)) = (&a[0], &b[0]) else {
        panic!("{a:?} {b:?}");
    };
    for (a, b) in a.to_colmap().1.iter().zip(b.to_colmap().1) {
        assert!((a - b).abs() < 1e-6);
    }
    let mut worst: f64 = 0.0;
    for (a, b) in binary.frames.iter().zip(&text.frames) {
        assert_eq!(a.image, b.image);
        worst = worst.max(pose_miss(a.c2w, b.c2w));
    }
    println!("poses differ by {worst:e}");
    assert!(worst < 1e-6);
    let (a, b) = (&binary.points, &text.points);
    assert_eq!(a.colours, b.colours);
    let positions = a.positions.iter().zip(&b.positions);
    let apart = positions.map(|(a, b)| a.distance(*b)).fold(0.0, f64::max);
    println!("points differ by {apart:e}");
    assert!(apart < 1e-6);
    assert_eq!(a.observations.len(), b.observations.len());
    for (a, b) in a.observations.iter().zip(&b.observations) {
        assert_eq!((a.point, a.frame), (b.point, b.frame));
        // The text has three decimals.
        assert!(a.pixel.distance(b.pixel) < 1e-3);
    }
}

/// Its observations were made by projecting the points, so that a right projection misses by
/// nothing, whatever errors the file states. A lens without its distortion is clearly worse.
#[test]
fn points_fall_where_they_were_seen() {
    let Some(files) = both_forms() else {
        return;
    };
    for file in files {
        let (mut lenses, cameras) = (lenses_of(&file), cameras_of(&file));
        let report = reprojection(&lenses, &cameras, &file.points).unwrap();
        println!("{report:?}");
        assert_eq!(report.behind, 0);
        assert_eq!(report.observations, file.points.observations.len());
        assert!(report.mean_px < 0.05, "{report:?}");
        assert!(report.stated_mean_px.is_some());
        lenses[0].distortion = Default::default();
        let straight = reprojection(&lenses, &cameras, &file.points).unwrap();
        println!("without distortion: {:.3} px", straight.mean_px);
        assert!(0.5 < straight.mean_px, "{straight:?}");
    }
}

//! Photos of the generated scene, written as a folder and read back.

use std::path::Path;

use recon::dataset::PoseFormat;
use recon::io::{self, transforms};
use recon::synthetic::{Background, PhotosConfig, photos};

fn small(background: Background) -> PhotosConfig {
    PhotosConfig {
        num_views: 4,
        width: 48,
        height: 40,
        background,
        num_points: 300,
        ..PhotosConfig::default()
    }
}

#[test]
fn a_written_folder_says_what_was_made() {
    for background in [Background::Transparent, Background::Dome] {
        let made = photos(&small(background));
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("new/one");
        io::write_photos(&target, &made).unwrap();

        let file = std::fs::read(target.join("transforms.json")).unwrap();
        let poses = transforms::read(&file).unwrap();
        assert_eq!(poses.format, PoseFormat::Transforms);
        assert_eq!(poses.frames.len(), 4);
        assert_eq!(poses.point_file.as_deref(), Some("points.ply"));
        assert_eq!(poses.optics[0].at(48, 40), made.poses.optics[0].at(48, 40));
        for (read, own) in poses.frames.iter().zip(&made.poses.frames) {
            assert!(read.c2w.abs_diff_eq(own.c2w, 1e-9));
            assert_eq!(read.image, own.image);
        }
        for (frame, photo) in poses.frames.iter().zip(&made.photos) {
            let read = image::open(target.join(&frame.image)).unwrap();
            assert_eq!(
                read.color().has_alpha(),
                background == Background::Transparent
            );
            assert_eq!(&read.into_rgba8(), photo);
        }
        check_points(&target, made.poses.points.len());
    }
}

fn check_points(folder: &Path, count: usize) {
    let bytes = std::fs::read(folder.join("points.ply")).unwrap();
    let header = format!("element vertex {count}\n");
    let end = b"end_header\n";
    let start = bytes.windows(end.len()).position(|it| it == end).unwrap() + end.len();
    assert!(String::from_utf8_lossy(&bytes[..start]).contains(&header));
    assert_eq!(bytes.len() - start, 15 * count);
}

//! Damaged and hostile models: warnings or one error that names file and place, never a panic.

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use recon::dataset::{LensModel, Optics, PoseFile, Undistortion, reprojection};
use recon::io::{FormatError, colmap};

use super::{cameras_of, lenses_of, model};

type Reader = fn(&[u8], &[u8], Option<&[u8]>) -> Result<PoseFile, FormatError>;

const CAMERAS: &str = "1 PINHOLE 640 480 500 500 320 240\n";

fn read_text(cameras: &str, images: &str, points: Option<&str>) -> Result<PoseFile, FormatError> {
    let points = points.map(str::as_bytes);
    colmap::read_text(cameras.as_bytes(), images.as_bytes(), points)
}

/// The only warning contains `says`.
fn assert_warns(file: &PoseFile, says: &str) {
    assert_eq!(file.warnings.len(), 1, "{:?}", file.warnings);
    assert!(file.warnings[0].contains(says), "{:?}", file.warnings);
}

fn assert_refused(result: Result<PoseFile, FormatError>, says: &[&str]) {
    let error = result.unwrap_err().to_string();
    for it in says {
        assert!(error.contains(it), "`{it}` is not in: {error}");
    }
}

/// Whatever is let through fits together and can be worked with.
fn assert_sound(file: &PoseFile) {
    assert_eq!(file.points.positions.len(), file.points.colours.len());
    for frame in &file.frames {
        assert!(frame.optics < file.optics.len());
        assert!(frame.c2w.is_finite());
        let determinant = frame.c2w.matrix3.determinant();
        assert!((determinant - 1.0).abs() < 1e-9, "{determinant}");
    }
    for it in &file.points.observations {
        assert!((it.point as usize) < file.points.len());
        assert!((it.frame as usize) < file.frames.len());
        assert!(it.pixel.is_finite());
    }
    let lenses = lenses_of(file);
    reprojection(&lenses, &cameras_of(file), &file.points);
}

fn forms(file: &PoseFile) -> [(Reader, [Vec<u8>; 3]); 2] {
    [
        (
            colmap::read_binary,
            colmap::write_binary(file).unwrap().map(|it| it.1),
        ),
        (
            colmap::read_text,
            colmap::write_text(file).unwrap().map(|it| it.1),
        ),
    ]
}

#[test]
fn models_cut_at_any_byte_do_not_panic() {
    let mut small = model(11);
    small.points.observations.retain(|it| it.point < 4);
    for (form, (read, files)) in forms(&small).into_iter().enumerate() {
        for which in 0..3 {
            for len in 0..files[which].len() {
                let mut cut = files.clone();
                cut[which].truncate(len);
                match read(&cut[0], &cut[1], Some(&cut[2])) {
                    Ok(file) => assert_sound(&file),
                    Err(error) => assert!(!error.to_string().is_empty()),
                }
                let is_binary = form == 0;
                if is_binary {
                    let error = read(&cut[0], &cut[1], Some(&cut[2])).unwrap_err();
                    let name = ["cameras.bin", "images.bin", "points3D.bin"][which];
                    assert!(error.to_string().contains(name), "{error}");
                }
            }
        }
    }
}

#[test]
fn flipped_bytes_do_not_panic() {
    let mut random = Pcg64Mcg::seed_from_u64(5);
    let mut refused = 0;
    let mut small = model(12);
    small.points.observations.retain(|it| it.point < 4);
    for (read, files) in forms(&small) {
        for round in 0..5000 {
            let mut files = files.clone();
            for _ in 0..random.random_range(1..4) {
                let file = &mut files[random.random_range(0..3)];
                let at = random.random_range(0..file.len());
                file[at] = random.random();
            }
            match read(&files[0], &files[1], Some(&files[2])) {
                Ok(file) => {
                    assert_sound(&file);
                    let lenses = lenses_of(&file);
                    if let Some(lens) = lenses.get(round % 100) {
                        let straight = Undistortion::new(lens).lens().clone();
                        assert!(straight.fx.is_finite() && 0.0 < straight.fx);
                    }
                }
                Err(error) => {
                    assert!(!error.to_string().is_empty());
                    refused += 1;
                }
            }
        }
    }
    assert!((1000..9000).contains(&refused), "{refused}");
}

#[test]
fn claims_are_not_believed() {
    let [cameras, images, points] = colmap::write_binary(&model(1)).unwrap().map(|it| it.1);
    let claim = |bytes: &[u8], at: usize, count: u64| {
        let mut bytes = bytes.to_vec();
        bytes[at..at + 8].copy_from_slice(&count.to_le_bytes());
        bytes
    };
    for count in [u64::MAX, 1 << 40, 1000] {
        let result = colmap::read_binary(&claim(&cameras, 0, count), &images, None);
        assert_refused(result, &["cameras.bin", "truncated"]);
        let many = claim(&images, 0, count);
        assert_refused(
            colmap::read_binary(&cameras, &many, None),
            &["images.bin", "truncated", &format!("{count} images")],
        );
        assert!(colmap::count_images("images.bin", &many).is_err());
        let result = colmap::read_binary(&cameras, &images, Some(&claim(&points, 0, count)));
        assert_refused(result, &["points3D.bin", "truncated"]);
        // The list of the first image, behind its name, and the first track.
        let seen = 8 + 4 + 56 + 4 + "left eye/photo 1.jpg".len() + 1;
        let result = colmap::read_binary(&cameras, &claim(&images, seen, count), None);
        assert_refused(result, &["images.bin", "image 1 of 24"]);
        let result = colmap::read_binary(&cameras, &images, Some(&claim(&points, 51, count)));
        assert_refused(result, &["points3D.bin", "point 1 of 20"]);
    }
    // Fewer than there are.
    let file = colmap::read_binary(&cameras, &claim(&images, 0, 3), None).unwrap();
    assert_eq!(file.frames.len(), 3);
    assert_warns(&file, "images.bin goes on");
}

#[test]
fn unknown_camera_models_are_named() {
    let [mut cameras, images, _] = colmap::write_binary(&model(1)).unwrap().map(|it| it.1);
    cameras[12..16].copy_from_slice(&16i32.to_le_bytes());
    assert_refused(
        colmap::read_binary(&cameras, &images, None),
        &["cameras.bin", "camera 1 ", "16 (EUCM)", "image_undistorter"],
    );
    cameras[12..16].copy_from_slice(&(-7i32).to_le_bytes());
    let result = colmap::read_binary(&cameras, &images, None);
    assert_refused(result, &["camera 1 ", "-7"]);
    let result = read_text("5 PINHOLES 640 480 1 2 3 4", "", None);
    assert_refused(result, &["cameras.txt", "camera 5 ", "\"PINHOLES\""]);
}

#[test]
fn newer_fisheyes_without_coefficients_are_read() {
    let cameras = "1 SIMPLE_FISHEYE 640 480 300 320 240\n2 FISHEYE 640 480 300 301 320 240\n";
    let file = read_text(cameras, "", None).unwrap();
    let models: Vec<LensModel> = lenses_of(&file).iter().map(|it| it.model).collect();
    assert_eq!(
        models,
        [LensModel::SimpleRadialFisheye, LensModel::OpencvFisheye]
    );
    assert!(lenses_of(&file).iter().all(|it| !it.is_pinhole()));
}

#[test]
fn cameras_that_make_no_sense_cost_their_images() {
    for (camera, says) in [
        ("2 PINHOLE 0 480 500 500 320 240", "0×480"),
        (
            "2 PINHOLE 640 18446744073709551615 500 500 320 240",
            "no size",
        ),
        ("2 PINHOLE 640 480 NaN 500 320 240", "fx is NaN"),
        ("2 PINHOLE 640 480 500 -500 320 240", "fy is -500"),
        ("2 SIMPLE_RADIAL 640 480 500 320 240 inf", "k is inf"),
    ] {
        let images = "1 1 0 0 0 0 0 0 1 a.jpg\n\n2 1 0 0 0 0 0 0 2 b.jpg\n\n";
        let file = read_text(&format!("{CAMERAS}{camera}\n"), images, None).unwrap();
        assert_eq!(file.frames.len(), 1, "{camera}");
        assert_eq!(file.frames[0].image, "a.jpg");
        assert_eq!(file.warnings.len(), 2, "{:?}", file.warnings);
        assert!(file.warnings[0].contains(says), "{:?}", file.warnings);
        assert!(file.warnings[0].contains("camera 2"));
        assert!(file.warnings[1].contains("b.jpg"));
    }
}

#[test]
fn images_without_a_pose_are_unregistered() {
    let images = "1 1 0 0 0 0 0 0 1 good.jpg\n\n2 0 0 0 0 0 0 0 1 zero.jpg\n\n\
        3 nan 0 0 0 0 0 0 1 nan.jpg\n\n4 1 0 0 0 inf 0 0 1 far.jpg\n\n\
        5 2 0 0 0 0 0 4 1 long.jpg\n\n6 1 0 0 0 0 0 0 9 lost.jpg\n\n";
    let file = read_text(CAMERAS, images, None).unwrap();
    let names: Vec<&str> = file.frames.iter().map(|it| it.image.as_str()).collect();
    assert_eq!(names, ["good.jpg", "long.jpg"]);
    assert_eq!(file.unregistered, ["zero.jpg", "nan.jpg", "far.jpg"]);
    assert_eq!(file.warnings.len(), 3, "{:?}", file.warnings);
    assert!(file.warnings[0].starts_with("2 images (zero.jpg, nan.jpg)"));
    assert!(file.warnings[1].starts_with("1 image (far.jpg)"));
    assert!(file.warnings[2].starts_with("1 image (lost.jpg)"));
    // A quaternion of length 2 is the same turn.
    assert_eq!(file.frames[1].c2w.translation.z, -4.0);
    assert_sound(&file);
}

#[test]
fn text_of_every_kind_is_read() {
    let cameras = "\u{feff}# Camera list\r\n#\r\n\r\n  1 PINHOLE 640 480 500 500 320 240 \r\n";
    let images = "# Image list\r\n# Number of images: 3, mean observations: 0.7\r\n\
        7 1 0 0 0 0 0 0 1 photo one (2).jpg  \r\n\r\n\
        3 5.253e-001 8.616e-002 -0.8328 -0.1514 17.8 -3.67 71.6 1 sub/b.jpg\r\n\
        1.5 2.5 4 3.5 4.5 -1 \r\n\
        9 1 0 0 0 0 0 0 1 ../../outside.jpg";
    let points = "\r\n4 1 2 3 10 20 30 0.5 3 0 3 9 8 0\r\n5 nan 0 0 1 2 3 0.1\r\n";
    let file = read_text(cameras, images, Some(points)).unwrap();
    let names: Vec<&str> = file.frames.iter().map(|it| it.image.as_str()).collect();
    // By number. Where a name leads is for the folder to judge.
    assert_eq!(
        names,
        ["sub/b.jpg", "photo one (2).jpg", "../../outside.jpg"]
    );
    assert_eq!(file.optics.len(), 1);
    assert_eq!(file.points.len(), 1);
    assert_eq!(file.points.colours, [[10, 20, 30]]);
    assert_eq!(file.points.observations.len(), 1);
    assert_eq!(file.points.observations[0].pixel.to_array(), [1.5, 2.5]);
    assert_eq!(file.points.observations[0].frame, 0);
    let warnings = file.warnings.join("\n");
    assert!(
        warnings.contains("1 of 3 images have no second line"),
        "{warnings}"
    );
    assert!(warnings.contains("1 of 2 points left out"), "{warnings}");
    assert!(
        warnings.contains("2 of 3 observations left out"),
        "{warnings}"
    );
    assert_eq!(file.warnings.len(), 3, "{warnings}");
    assert_sound(&file);
}

#[test]
fn second_lines_may_be_missing() {
    let images = "1 1 0 0 0 0 0 0 1 a.jpg\n2 1 0 0 0 0 0 0 1 b 2.jpg\n\n3 1 0 0 0 0 0 0 1 c.jpg\n";
    let file = read_text(CAMERAS, images, None).unwrap();
    assert_eq!(file.frames.len(), 3);
    assert_warns(&file, "2 of 3 images have no second line");
    let count = colmap::count_images("images.txt", images.as_bytes());
    assert_eq!(count.unwrap(), 3);
}

#[test]
fn exports_that_end_oddly_are_read_or_explained() {
    let start = "# Number of images: 3\n1 1 0 0 0 0 0 0 1 a.jpg\n1 2 -1 3 4 ";
    let file = read_text(CAMERAS, &format!("{start}\n"), None).unwrap();
    assert_eq!(file.frames.len(), 1);
    let warnings = file.warnings.join("\n");
    assert!(warnings.contains("middle of a line"), "{warnings}");
    assert!(
        warnings.contains("announces 3 images and has 1"),
        "{warnings}"
    );
    // The same in front of another image is damage.
    let images = format!("{start}\n2 1 0 0 0 0 0 0 1 b.jpg\n\n");
    assert_refused(
        read_text(CAMERAS, &images, None),
        &["images.txt, line 3", "X Y POINT3D_ID", "\"1 2 -1 3 4\""],
    );
    for (images, says) in [
        ("1 1 0 0 0 0 0 0 1 a.jpg\n\n2 1 0 0 0 0 0 0 1\n", "line 3"),
        ("1 1 0 0 0 0 0 0 1 a.jpg\n\n2 1 0,5 0 0 0 0 0 1 b", "line 3"),
        ("1 1 0 0 0 0 0 0 1 a.jpg\n\n1 2 -1 3 4 -1\n", "line 3"),
        ("a list of images", "line 1"),
    ] {
        let expected = "IMAGE_ID QW QX QY QZ TX TY TZ CAMERA_ID NAME";
        let result = read_text(CAMERAS, images, None);
        assert_refused(result, &["images.txt", says, expected]);
    }
    let result = read_text("1 OPENCV 640 480 500 500 320 240", "", None);
    assert_refused(result, &["cameras.txt, line 1", "cx cy k1 k2 p1 p2"]);
    for points in [
        "1 2 3",
        "1 0 0 0 256 0 0 0.5",
        "1 0 0 0 1 2 3 0.5 1",
        "<html>",
    ] {
        let result = read_text(CAMERAS, "", Some(points));
        assert_refused(result, &["points3D.txt, line 1", "POINT3D_ID X Y Z R G B"]);
    }
    let result = colmap::read_text(b"\xFF\xFE1\0 \0", b"", None);
    assert_refused(result, &["cameras.txt is UTF-16"]);
    assert!(colmap::count_images("images.csv", b"").is_err());
}

#[test]
fn names_that_are_no_utf8_are_used_with_a_warning() {
    let images = b"1 1 0 0 0 0 0 0 1 caf\xE9.jpg\n\n2 1 0 0 0 0 0 0 1 b.jpg\n\n";
    let file = colmap::read_text(CAMERAS.as_bytes(), images, None).unwrap();
    assert_eq!(file.frames[0].image, "caf\u{fffd}.jpg");
    assert_warns(&file, "not UTF-8");
    let mut model = model(1);
    model.frames[0].image = "caf#.jpg".to_owned();
    let [cameras, mut images, _] = colmap::write_binary(&model).unwrap().map(|it| it.1);
    let at = images.iter().position(|it| *it == b'#').unwrap();
    images[at] = 0xE9;
    let file = colmap::read_binary(&cameras, &images, None).unwrap();
    assert_eq!(file.frames[0].image, "caf\u{fffd}.jpg");
    assert_warns(&file, "not UTF-8");
}

#[test]
fn numbers_used_twice_are_reported() {
    let cameras = format!("{CAMERAS}1 PINHOLE 64 48 50 50 32 24\n");
    let images = "1 1 0 0 0 0 0 0 1 a.jpg\n\n1 1 0 0 0 0 0 0 1 b.jpg\n\n";
    let file = read_text(&cameras, images, None).unwrap();
    assert_eq!(file.frames.len(), 2);
    assert_eq!(file.warnings.len(), 2, "{:?}", file.warnings);
    let Optics::Lens(lens) = &file.optics[0] else {
        panic!("{:?}", file.optics)
    };
    assert_eq!(lens.width, 640);
}

#[test]
fn empty_files_are_empty_or_refused() {
    let file = read_text("", "", Some("")).unwrap();
    assert_eq!((file.frames.len(), file.optics.len()), (0, 0));
    assert_refused(
        colmap::read_binary(b"", b"", None),
        &["cameras.bin", "8 bytes"],
    );
    let none = 0u64.to_le_bytes();
    let file = colmap::read_binary(&none, &none, Some(&none)).unwrap();
    assert!(file.frames.is_empty() && file.points.is_empty());
}

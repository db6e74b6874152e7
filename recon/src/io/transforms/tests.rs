//! Conventions of `transforms.json`, with numbers made by hand.

use glam::DVec3;

use super::*;
use crate::dataset::{Distortion, LensModel, Optics};

/// A camera at (1, 2, 3) that looks along +x with +z up: its axes are right (0, −1, 0), up
/// (0, 0, 1), back (−1, 0, 0).
const MATRIX: &str = "[[0, 0, -1, 1], [-1, 0, 0, 2], [0, 1, 0, 3], [0, 0, 0, 1]]";

fn one(top: &str, frame: &str) -> String {
    format!(
        r#"{{{top} "frames": [{{"file_path": "a.png", {frame} "transform_matrix": {MATRIX}}}]}}"#
    )
}

fn open(json: &str) -> PoseFile {
    read(json.as_bytes()).unwrap_or_else(|it| panic!("{it}: {json}"))
}

fn error(json: &str) -> String {
    read(json.as_bytes()).unwrap_err().to_string()
}

/// Where the first camera sees a point in an image of 80 × 60, without distortion.
fn pixel(file: &PoseFile, point: [f64; 3]) -> [f64; 2] {
    let frame = &file.frames[0];
    let lens = file.optics[frame.optics].at(80, 60);
    let it = frame.c2w.inverse().transform_point3(DVec3::from(point));
    assert!(0.0 < it.z, "behind");
    [
        lens.cx + lens.fx * it.x / it.z,
        lens.cy + lens.fy * it.y / it.z,
    ]
    .map(|it| (it * 1e9).round() / 1e9)
}

/// Two ahead, one to the left and half above.
const POINT: [f64; 3] = [3.0, 3.0, 3.5];

#[test]
fn a_camera_sees_a_point_where_it_should() {
    let stated = open(&one(r#""w": 80, "h": 60.0, "fl_x": 40, "fl_y": 20,"#, ""));
    assert_eq!(pixel(&stated, POINT), [40.0 - 20.0, 30.0 - 5.0]);
    let own = r#""w": 80, "h": 60, "fl_x": "40", "cx": 41, "cy": 29,"#;
    assert_eq!(
        pixel(&open(&one(r#""fl_x": 7,"#, own)), POINT),
        [21.0, 19.0]
    );
    // A field of view of 90° is a focal length of half the side.
    let angle = std::f64::consts::FRAC_PI_2;
    let blender = open(&one(&format!(r#""camera_angle_x": {angle},"#), ""));
    assert!(matches!(&blender.optics[0], Optics::Relative(_)));
    assert_eq!(pixel(&blender, POINT), [20.0, 20.0]);
    let degrees = open(&one(r#""x_fov": 90, "w": 80, "h": 60,"#, ""));
    assert_eq!(pixel(&degrees, POINT), [20.0, 20.0]);
    let vertical = open(&one(
        &format!(r#""w": 80, "h": 60, "camera_angle_y": {angle},"#),
        "",
    ));
    assert_eq!(pixel(&vertical, POINT), [40.0 - 15.0, 30.0 - 7.5]);
    let pixels = open(&one(r#""fl_x": 40, "cx": 41, "cy": 29,"#, ""));
    assert_eq!(pixel(&pixels, POINT), [21.0, 19.0]);
}

#[test]
fn lenses_are_what_the_file_says() {
    let lens = |members: &str| {
        let file = open(&one(
            &format!(r#""w": 80, "h": 60, "fl_x": 40, {members}"#),
            "",
        ));
        let Optics::Lens(lens) = file.optics[0].clone() else {
            panic!("no size");
        };
        (lens.model, lens.distortion)
    };
    let radial = |k1, k2, p1, p2| Distortion::Radial {
        k: [k1, k2, 0.0, 0.0, 0.0, 0.0],
        p: [p1, p2],
    };
    assert_eq!(lens(""), (LensModel::Pinhole, Distortion::None));
    let zero = r#""camera_model": "OPENCV", "k1": 0, "k2": 0, "p1": 0.0,"#;
    assert_eq!(lens(zero), (LensModel::Pinhole, Distortion::None));
    let fox = r#""k1": 0.1, "k2": -0.2, "p1": 0.3, "p2": 0.4,"#;
    assert_eq!(lens(fox), (LensModel::Opencv, radial(0.1, -0.2, 0.3, 0.4)));
    let simple = r#""camera_model": "SIMPLE_RADIAL", "k1": 0.1,"#;
    assert_eq!(
        lens(simple),
        (LensModel::SimpleRadial, radial(0.1, 0.0, 0.0, 0.0))
    );
    let k = [0.1, 0.2, 0.3, 0.4];
    let fisheye = r#""k1": 0.1, "k2": 0.2, "k3": 0.3, "k4": 0.4,"#;
    for named in [
        r#""is_fisheye": true,"#,
        r#""camera_model": "OPENCV_FISHEYE","#,
    ] {
        let found = lens(&format!("{fisheye}{named}"));
        assert_eq!(found, (LensModel::OpencvFisheye, Distortion::Fisheye { k }));
    }
    let full = lens(&format!(r#"{fisheye} "k5": 0.5, "k6": 0.6,"#));
    let k = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6];
    assert_eq!(
        full,
        (LensModel::FullOpencv, Distortion::Radial { k, p: [0.0; 2] })
    );
}

/// `k4` alone is nerfstudio's factor of r⁸, which COLMAP's lenses do not have.
#[test]
fn an_eighth_power_is_approximated_and_told() {
    let file = open(&one(r#""w": 800, "h": 600, "fl_x": 400, "k4": -0.02,"#, ""));
    assert!(file.warnings[0].contains("r⁸"), "{:?}", file.warnings);
    let Optics::Lens(lens) = &file.optics[0] else {
        panic!("no size");
    };
    let Distortion::Radial { k, .. } = lens.distortion else {
        panic!("no distortion");
    };
    assert_eq!(k[3..], [0.0; 3]);
    let r: f64 = 1.0;
    let off_px = 400.0 * (k[0] * r.powi(3) + k[1] * r.powi(5) + k[2] * r.powi(7) + 0.02);
    assert!(off_px.abs() < 0.4, "{off_px}");
}

#[test]
fn what_stands_beside_the_frames_is_kept() {
    let file = open(&one(
        r#""w": 8, "h": 6, "fl_x": 4, "ply_file_path": "sparse.ply",
           "test_filenames": ["./a.png", "gone.png"], "train_filenames": [],
           "applied_transform": [[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, -1, 0]],"#,
        r#""mask_path": "masks/a.png","#,
    ));
    assert_eq!(file.point_file.as_deref(), Some("sparse.ply"));
    assert_eq!(file.frames[0].mask.as_deref(), Some("masks/a.png"));
    assert_eq!(file.frames[0].split, Some(Split::HeldOut));
    // The pose is as stored: the transform that was applied is told, not undone.
    assert_eq!(file.frames[0].c2w.translation, DVec3::new(1.0, 2.0, 3.0));
    assert_eq!(file.warnings.len(), 2, "{:?}", file.warnings);
    assert!(file.warnings[0].contains("applied_transform"));
    assert!(file.warnings[1].contains("gone.png"));
    let identity = r#""applied_transform": [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]],"#;
    let file = open(&one(
        &format!(r#""fl_x": 4, {identity}"#),
        r#""mask_path": null,"#,
    ));
    assert_eq!(file.warnings, [""; 0]);
}

#[test]
fn blender_scenes_are_split_by_file() {
    let json = one(r#""camera_angle_x": 0.7,"#, "");
    let bytes = json.as_bytes();
    let file = read_split(&[
        ("transforms_train.json", bytes),
        ("transforms_val.json", bytes),
        ("nested/transforms_test.json", bytes),
    ])
    .unwrap();
    assert_eq!(file.format, PoseFormat::Blender);
    let splits: Vec<_> = file.frames.iter().map(|it| it.split).collect();
    let (train, held_out) = (Some(Split::Train), Some(Split::HeldOut));
    assert_eq!(splits, [train, held_out, held_out]);
    assert_eq!(file.optics.len(), 1);
    assert!(
        file.warnings[0].contains("1 of transforms_val.json"),
        "{:?}",
        file.warnings
    );
    let error = read_split(&[
        ("transforms_train.json", bytes),
        ("transforms_val.json", b"{"),
    ]);
    let error = error.unwrap_err().to_string();
    assert!(
        error.contains("transforms_val.json: not valid JSON"),
        "{error}"
    );
}

#[test]
fn single_photos_without_a_pose_are_told() {
    let bad = |matrix: &str| format!(r#"{{"file_path": "bad.png", "transform_matrix": {matrix}}}"#);
    let good = format!(r#"{{"file_path": "good.png", "transform_matrix": {MATRIX}}}"#);
    for (matrix, why) in [
        ("[[0,0,0,0],[0,0,0,0],[0,0,0,0],[0,0,0,1]]", "rotation"),
        ("[[NaN,0,-1,1],[-1,0,0,2],[0,1,0,3],[0,0,0,1]]", "finite"),
        (
            "[[0,0,-1,Infinity],[-1,0,0,2],[0,1,0,3],[0,0,0,1]]",
            "finite",
        ),
        ("[[0,0,1,1],[-1,0,0,2],[0,1,0,3],[0,0,0,1]]", "mirrors"),
        ("[[0,-1,0,0],[0,0,1,0],[-1,0,0,0],[1,2,3,1]]", "transposed"),
        ("[[1,2],[3,4]]", "4 numbers"),
        ("\"none\"", "not a list"),
        ("[[[1]]]", "not a number"),
    ] {
        let json = format!(r#"{{"fl_x": 4, "frames": [{}, {good}]}}"#, bad(matrix));
        let file = open(&json);
        assert_eq!(file.frames.len(), 1, "{matrix}");
        assert_eq!(file.unregistered, ["bad.png"]);
        assert!(file.warnings[0].contains(why), "{:?}", file.warnings);
        let error = error(&format!(r#"{{"fl_x": 4, "frames": [{}]}}"#, bad(matrix)));
        assert!(error.contains("no photo of 1 has a pose"), "{error}");
    }
    let json = format!(r#"{{"fl_x": 4, "frames": [{{"file_path": "b"}}, {{}}, {good}]}}"#);
    let file = open(&json);
    assert_eq!(file.unregistered, ["b"]);
    assert!(
        file.warnings.iter().any(|it| it.contains("frame 1")),
        "{:?}",
        file.warnings
    );
    // Not quite a rotation: the closest one, told when it is off by much.
    let skewed = MATRIX.replace("[0, 1, 0, 3]", "[0, 1.001, 0, 3]");
    let file = open(&format!(r#"{{"fl_x": 4, "frames": [{}]}}"#, bad(&skewed)));
    assert_eq!(file.warnings, [""; 0]);
    assert_eq!(pixel(&file, POINT), [38.0, 29.0]);
    let skewed = MATRIX.replace("[0, 1, 0, 3]", "[0, 1.1, 0, 3]");
    let file = open(&format!(r#"{{"fl_x": 4, "frames": [{}]}}"#, bad(&skewed)));
    assert!(
        file.warnings[0].contains("off by 0.100"),
        "{:?}",
        file.warnings
    );
    assert_eq!(pixel(&file, POINT), [38.0, 29.0]);
}

#[test]
fn errors_name_the_frame_and_the_key() {
    let frame = |frame: &str| error(&one(r#""w": 8, "h": 6, "fl_x": 4,"#, frame));
    for (message, says) in [
        (frame(r#""fl_x": "wide","#), "frame 0: `fl_x` is `\"wide\"`"),
        (frame(r#""fl_x": NaN,"#), "frame 0: `fl_x` is `null`"),
        (frame(r#""w": 8.5,"#), "frame 0: `w` is 8.5"),
        (frame(r#""w": 1e9,"#), "frame 0: `w` is 1000000000"),
        (
            frame(r#""fl_x": -4,"#),
            "frame 0: the focal length along x is -4",
        ),
        (frame(r#""k1": [],"#), "frame 0: `k1` is a list"),
        (frame(r#""k1": 1e300,"#), "coefficient"),
        (frame(r#""mask_path": 3,"#), "frame 0: `mask_path` is `3`"),
        (
            frame(r#""camera_model": "EQUIRECTANGULAR","#),
            "`EQUIRECTANGULAR`",
        ),
        (error(&one("", "")), "frame 0: no focal length"),
        (
            error(&one(r#""camera_angle_x": 4,"#, "")),
            "between 0 and π",
        ),
        (
            error(&one(r#""camera_angle_y": 1,"#, "")),
            "give `w` and `h`",
        ),
        (
            error(&one(r#""fl_x": 4, "w": 8,"#, "")),
            "one of `w` and `h`",
        ),
        (error(&one(r#""fl_x": 4, "cx": 8,"#, "")), "`cx` and `cy`"),
        (
            error(&one(r#""fl_x": 4, "test_filenames": [3],"#, "")),
            "`test_filenames` holds `3`",
        ),
        (error(r#"{"frames": []}"#), "empty"),
        (
            error(r#"{"frames": [3]}"#),
            "frame 0: is `3`, not an object",
        ),
        (error(r#"{"frames": {}}"#), "not a transforms.json"),
        (error("[]"), "not a transforms.json"),
        (error("{\"frames\": [\n{]}"), "line 2 column"),
    ] {
        assert!(message.contains(says), "{message} lacks {says}");
    }
}

#[test]
fn what_is_written_is_read() {
    let json = format!(
        r#"{{"w": 80, "h": 60, "fl_x": 40.1, "fl_y": 41, "k1": 0.1, "k2": 0.01, "k3": 0.3,
            "p1": 1e-3, "scene_name": "s", "ply_file_path": "p.ply", "train_filenames": ["b.png"],
            "frames": [
            {{"file_path": "b.png", "mask_path": "m.png", "transform_matrix": {MATRIX}}},
            {{"file_path": "c \"d\".png", "transform_matrix": {MATRIX}}}]}}"#
    );
    let shared = open(&json);
    let mixed = open(&json.replacen(
        r#""file_path": "b.png""#,
        r#""camera_model": "OPENCV_FISHEYE", "k4": 0.5, "w": 90, "file_path": "b.png""#,
        1,
    ));
    let full = open(&json.replace(r#""k3": 0.3"#, r#""k6": 0.3"#));
    for file in [shared, mixed, full] {
        let again = read(&write(&file).unwrap()).unwrap();
        assert_eq!(again.frames, file.frames);
        assert_eq!(again.optics, file.optics);
        assert_eq!(again.scene_name, file.scene_name);
        assert_eq!(again.point_file, file.point_file);
        assert_eq!(again.warnings, [""; 0]);
    }
    let mut file = open(&json);
    let Optics::Lens(lens) = &mut file.optics[0] else {
        panic!("no size");
    };
    lens.distortion = Distortion::Fov { omega: 1.0 };
    assert!(write(&file).unwrap_err().to_string().contains("COLMAP"));
    let relative = open(&one(r#""camera_angle_x": 1,"#, ""));
    assert!(
        write(&relative)
            .unwrap_err()
            .to_string()
            .contains("size of a.png")
    );
}

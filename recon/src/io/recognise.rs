//! Which pose format a file has, by its name and its first bytes.

use crate::dataset::PoseFormat;

/// The pose format of a file; `None` where it holds no poses. `front` are its first bytes: some
/// kilobytes are enough. Contents count before names, so that `poses.json` or `cameras (1).csv`
/// are recognised; only COLMAP's files, which say nothing about themselves, go by name.
///
/// A file of a COLMAP model is recognised by `cameras` and `images`, not by its points.
pub fn recognise_pose_file(file_name: &str, front: &[u8]) -> Option<PoseFormat> {
    let name = file_name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name = name.to_ascii_lowercase();
    let (_, ending) = name.rsplit_once('.')?;
    match ending {
        "bin" if ["cameras.bin", "images.bin"].contains(&name.as_str()) => {
            Some(PoseFormat::ColmapBinary)
        }
        "txt" if ["cameras.txt", "images.txt"].contains(&name.as_str()) => {
            begins_as_colmap(front).then_some(PoseFormat::ColmapText)
        }
        "json" => json(&name, front),
        "npy" => is_llff(front).then_some(PoseFormat::Llff),
        "csv" | "txt" => is_reality_capture(front).then_some(PoseFormat::RealityCapture),
        "xml" => is_metashape(front).then_some(PoseFormat::Metashape),
        _ => None,
    }
}

/// Comments, or a line of numbers; an empty text could still be a model without photos.
fn begins_as_colmap(front: &[u8]) -> bool {
    let text = front.trim_ascii_start();
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    text.first()
        .is_none_or(|it| *it == b'#' || it.is_ascii_digit())
}

fn json(name: &str, front: &[u8]) -> Option<PoseFormat> {
    let has = |key: &str| contains(front, format!("\"{key}\"").as_bytes());
    let is_split = ["train", "val", "test"]
        .iter()
        .any(|it| name == format!("transforms_{it}.json"));
    let transforms = if is_split {
        PoseFormat::Blender
    } else {
        PoseFormat::Transforms
    };
    let is_view_list = has("w2c") && has("file_path");
    let is_inria = has("img_name") && has("rotation") && has("position");
    // A long list of names in front may push the keys of the frames out of sight.
    let begins_as_transforms = name.starts_with("transforms")
        && [
            "frames",
            "camera_angle_x",
            "fl_x",
            "train_filenames",
            "camera_model",
        ]
        .into_iter()
        .any(has);
    if has("transform_matrix") || begins_as_transforms {
        Some(transforms)
    } else if is_view_list || (name == "opencv_cameras.json" && has("frames")) {
        Some(PoseFormat::OpencvCameras)
    } else {
        is_inria.then_some(PoseFormat::InriaCameras)
    }
}

/// An array whose header says that rows have 17 numbers.
fn is_llff(front: &[u8]) -> bool {
    let header = front.split(|it| *it == b'\n').next().unwrap_or_default();
    header.starts_with(b"\x93NUMPY") && (contains(header, b", 17)") || contains(header, b",17)"))
}

/// Like the header of "Internal/External camera parameters".
fn is_reality_capture(front: &[u8]) -> bool {
    let text = String::from_utf8_lossy(&front[..front.len().min(4096)]).to_ascii_lowercase();
    let header = text
        .lines()
        .map(|it| it.trim_start_matches('\u{feff}').trim_start())
        .find(|it| !it.starts_with("#cameras"))
        .unwrap_or_default();
    let names: Vec<&str> = header
        .split([',', ';', '\t'])
        .map(|it| it.trim().trim_start_matches('#').trim())
        .collect();
    let has = |name: &str| names.contains(&name);
    has("name") && has("x") && has("y") && has("pitch") && has("roll")
}

fn is_metashape(front: &[u8]) -> bool {
    let is_document = contains(front, b"<document") || contains(front, b"<chunk");
    is_document && (contains(front, b"<chunk") && contains(front, b"<sensor"))
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|it| it == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_and_names_are_recognised() {
        let inria = br#"[{"id": 0, "img_name": "a", "position": [], "rotation": []"#;
        for (name, front, format) in [
            (
                "sparse/0/images.bin",
                &b"\x05\0\0\0"[..],
                Some(PoseFormat::ColmapBinary),
            ),
            (
                "sparse\\0\\Cameras.TXT",
                b"# Camera list",
                Some(PoseFormat::ColmapText),
            ),
            (
                "images.txt",
                b"\xef\xbb\xbf1 0.5",
                Some(PoseFormat::ColmapText),
            ),
            ("points3D.bin", b"", None),
            ("images.txt", b"a.jpg\nb.jpg", None),
            (
                "transforms.json",
                b"{\"fl_x\": 3, \"frames\": [",
                Some(PoseFormat::Transforms),
            ),
            (
                "poses.json",
                b"{\"transform_matrix\": [",
                Some(PoseFormat::Transforms),
            ),
            (
                "a/transforms_val.json",
                b"{\"camera_angle_x\": 1",
                Some(PoseFormat::Blender),
            ),
            ("transforms.json", b"{}", None),
            (
                "cams.json",
                b"[{\"w2c\": [], \"file_path\": \"a\"",
                Some(PoseFormat::OpencvCameras),
            ),
            ("cameras.json", inria, Some(PoseFormat::InriaCameras)),
            ("cameras.json", b"[{\"c2w\": []", None),
            ("meta.json", b"{\"version\": 2", None),
            (
                "poses_bounds.npy",
                b"\x93NUMPY\x01\0v\0{'descr': '<f8', 'shape': (20, 17), }\n",
                Some(PoseFormat::Llff),
            ),
            (
                "a.npy",
                b"\x93NUMPY\x01\0v\0{'shape': (20, 18), }\n(2, 17)",
                None,
            ),
            (
                "a (1).csv",
                b"#cameras 7\r\n#name,x,y,alt,heading,pitch,roll,f\r\n",
                Some(PoseFormat::RealityCapture),
            ),
            (
                "a.csv",
                b"#name,x,y,alt,yaw,pitch,roll,f_35mm",
                Some(PoseFormat::RealityCapture),
            ),
            ("a.csv", b"name,x,y,z,omega,phi,kappa", None),
            (
                "a.xml",
                b"<?xml version=\"1.0\"?><document version=\"2\"><chunk><sensors>",
                Some(PoseFormat::Metashape),
            ),
            ("a.xml", b"<document/>", None),
            ("a.jpg", b"\"transform_matrix\"", None),
            ("transforms", b"\"transform_matrix\"", None),
            ("", b"", None),
        ] {
            assert_eq!(recognise_pose_file(name, front), format, "{name}");
        }
    }
}

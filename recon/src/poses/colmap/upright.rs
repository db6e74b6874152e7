//! Turns a model of the stored pixels to the photos as people see them: EXIF says how, and COLMAP
//! does not look.

use std::collections::HashMap;

use glam::{DAffine3, DMat3, DVec2, DVec3};

use crate::dataset::{Distortion, ImageFile, Lens, Optics, Orientation, PoseFile};

/// Turns frames, lenses and observations of the photos in `images`, which have the frames' names.
pub(super) fn make_upright(file: &mut PoseFile, images: &HashMap<String, &ImageFile>) {
    let mut turned: Vec<(usize, u32, usize)> = Vec::new();
    let mut turn_of_frame = vec![None; file.frames.len()];
    for (index, frame) in file.frames.iter_mut().enumerate() {
        let Some(image) = images.get(&frame.image) else {
            continue;
        };
        let Some(Optics::Lens(lens)) = file.optics.get(frame.optics) else {
            continue;
        };
        let quarters = quarters(image.orientation);
        let is_upright = (lens.width, lens.height) == (image.width, image.height);
        // Of the size that only the turned photo has: the program looked after all.
        if quarters == 0 || (is_upright && quarters % 2 == 1 && image.width != image.height) {
            continue;
        }
        turn_of_frame[index] = Some((lens.width, lens.height, quarters));
        let known = turned
            .iter()
            .find(|(optics, by, _)| (*optics, *by) == (frame.optics, quarters));
        let optics = if let Some(known) = known {
            known.2
        } else {
            let lens = (0..quarters).fold(lens.clone(), |it, _| quarter_turn(&it));
            turned.push((frame.optics, quarters, file.optics.len()));
            file.optics.push(Optics::Lens(lens));
            file.optics.len() - 1
        };
        frame.optics = optics;
        for _ in 0..quarters {
            frame.c2w = frame.c2w * DAffine3::from_mat3(STORED_FROM_TURNED);
        }
    }
    for it in &mut file.points.observations {
        let turn = turn_of_frame.get(it.frame as usize).copied().flatten();
        if let Some((width, height, quarters)) = turn {
            let mut size = [f64::from(width), f64::from(height)];
            for _ in 0..quarters {
                it.pixel = DVec2::new(size[1] - it.pixel.y, it.pixel.x);
                size.reverse();
            }
        }
    }
}

/// Clockwise quarter turns; no turn for mirrored photos, which no camera takes.
pub(super) fn quarters(orientation: Orientation) -> u32 {
    match orientation {
        Orientation::Rotate90 => 1,
        Orientation::Rotate180 => 2,
        Orientation::Rotate270 => 3,
        _ => 0,
    }
}

/// Whether the stored pixels are mirrored: no turn of the camera undoes that.
pub(super) fn is_mirrored(orientation: Orientation) -> bool {
    matches!(
        orientation,
        Orientation::FlipHorizontal
            | Orientation::FlipVertical
            | Orientation::Rotate90FlipHorizontal
            | Orientation::Rotate270FlipHorizontal
    )
}

/// From the camera axes of a photo turned clockwise by a quarter to those of the stored one:
/// right in the turned photo is up in the stored one, down is right.
const STORED_FROM_TURNED: DMat3 = DMat3::from_cols(
    DVec3::new(0.0, -1.0, 0.0),
    DVec3::new(1.0, 0.0, 0.0),
    DVec3::new(0.0, 0.0, 1.0),
);

/// The lens as it is once its photos are turned clockwise by a quarter: a pixel (x, y) of an image
/// of height h goes to (h − y, x).
fn quarter_turn(lens: &Lens) -> Lens {
    let turned = |[a, b]: [f64; 2]| [b, -a];
    let distortion = match lens.distortion {
        Distortion::Radial { k, p } => Distortion::Radial { k, p: turned(p) },
        // Only round terms, or none that COLMAP was asked for.
        other => other,
    };
    Lens {
        model: lens.model,
        width: lens.height,
        height: lens.width,
        fx: lens.fy,
        fy: lens.fx,
        cx: f64::from(lens.height) - lens.cy,
        cy: lens.cx,
        distortion,
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use glam::DQuat;

    use super::*;
    use crate::dataset::{Frame, LensModel, Observation, Points, PoseFormat};

    /// Brown and Conrady's model, written down once more.
    fn project(lens: &Lens, c2w: &DAffine3, point: DVec3) -> DVec2 {
        let seen = c2w.inverse().transform_point3(point);
        let (x, y) = (seen.x / seen.z, seen.y / seen.z);
        let Distortion::Radial { k, p } = lens.distortion else {
            panic!("{lens:?}");
        };
        let r2 = x * x + y * y;
        let radial = 1.0 + k[0] * r2 + k[1] * r2 * r2;
        let dx = 2.0 * p[0] * x * y + p[1] * (r2 + 2.0 * x * x);
        let dy = p[0] * (r2 + 2.0 * y * y) + 2.0 * p[1] * x * y;
        DVec2::new(
            lens.fx * (x * radial + dx) + lens.cx,
            lens.fy * (y * radial + dy) + lens.cy,
        )
    }

    #[test]
    fn the_turned_camera_sees_the_turned_photo() {
        let lens = Lens {
            model: LensModel::Opencv,
            width: 400,
            height: 300,
            fx: 310.0,
            fy: 320.0,
            cx: 190.0,
            cy: 160.0,
            distortion: Distortion::Radial {
                k: [0.1, -0.02, 0.0, 0.0, 0.0, 0.0],
                p: [0.01, -0.02],
            },
        };
        let rotation = DQuat::from_euler(glam::EulerRot::XYZ, 0.1, -0.2, 0.3);
        let c2w = DAffine3::from_rotation_translation(rotation, DVec3::new(0.5, -1.0, 0.2));
        let point = c2w.transform_point3(DVec3::new(0.2, -0.3, 1.5));
        let pixel = project(&lens, &c2w, point);
        for (orientation, quarters, expected) in [
            (Orientation::Stored, 0, pixel),
            (
                Orientation::Rotate90,
                1,
                DVec2::new(300.0 - pixel.y, pixel.x),
            ),
            (
                Orientation::Rotate180,
                2,
                DVec2::new(400.0 - pixel.x, 300.0 - pixel.y),
            ),
            (
                Orientation::Rotate270,
                3,
                DVec2::new(pixel.y, 400.0 - pixel.x),
            ),
        ] {
            let (width, height) = if quarters % 2 == 1 {
                (300, 400)
            } else {
                (400, 300)
            };
            let image = ImageFile {
                path: PathBuf::from("a.jpg"),
                width,
                height,
                orientation,
                has_alpha: false,
                bits: 8,
            };
            let mut file = PoseFile::new(PoseFormat::ColmapBinary);
            file.optics.push(Optics::Lens(lens.clone()));
            file.frames = vec![Frame {
                image: "a.jpg".to_owned(),
                mask: None,
                optics: 0,
                c2w,
                split: None,
            }];
            file.points = Points {
                positions: vec![point],
                observations: vec![Observation {
                    point: 0,
                    frame: 0,
                    pixel,
                }],
                ..Points::default()
            };
            let images = HashMap::from([("a.jpg".to_owned(), &image)]);
            make_upright(&mut file, &images);
            let frame = &file.frames[0];
            let Optics::Lens(lens) = &file.optics[frame.optics] else {
                panic!("a lens");
            };
            assert_eq!((lens.width, lens.height), (width, height));
            let seen = project(lens, &frame.c2w, point);
            assert!(seen.distance(expected) < 1e-9, "{orientation:?}: {seen}");
            let observed = file.points.observations[0].pixel;
            assert!(observed.distance(expected) < 1e-9, "{orientation:?}");
        }
    }
}

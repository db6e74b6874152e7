//! A tiny capture made on the spot: photos of coloured points on a ring of cameras, with the truth.

use std::fs;
use std::path::Path;

use glam::{DAffine3, DMat3, DVec2, DVec3};
use image::{Rgb, RgbImage};
use recon::dataset::{
    Distortion, Frame, Lens, LensModel, Observation, Optics, Points, PoseFile, PoseFormat,
};
use recon::io::{colmap, inria_cameras, opencv_cameras, point_cloud, transforms};

/// Photos with everything there is to know about them.
#[derive(Clone)]
pub struct Capture {
    /// As a pose file would have it; photos are called `images/0000.png` and so on.
    pub poses: PoseFile,
    /// In the order of the frames.
    pub photos: Vec<RgbImage>,
}

/// A lens whose distortion COLMAP calls OPENCV.
pub fn bent_lens(width: u32, height: u32) -> Lens {
    Lens {
        model: LensModel::Opencv,
        distortion: Distortion::Radial {
            k: [-0.12, 0.02, 0.0, 0.0, 0.0, 0.0],
            p: [0.001, -0.0005],
        },
        ..straight_lens(width, height)
    }
}

/// A pinhole whose centre is not the image's.
pub fn straight_lens(width: u32, height: u32) -> Lens {
    Lens {
        cx: 0.5 * f64::from(width) + 1.25,
        cy: 0.5 * f64::from(height) - 0.75,
        fy: 0.96 * f64::from(width),
        ..Lens::centred(0.95 * f64::from(width), width, height)
    }
}

impl Capture {
    /// `count` photos through `lens` of 60 points around the origin, from a ring of radius 4.
    pub fn new(count: usize, lens: &Lens) -> Self {
        let mut poses = PoseFile::new(PoseFormat::ColmapBinary);
        poses.optics.push(Optics::Lens(lens.clone()));
        poses.points = cloud();
        let mut photos = Vec::new();
        for i in 0..count {
            let c2w = ring(i as f64 / count as f64);
            let (photo, seen) = photo(lens, c2w, &poses.points);
            for (point, pixel) in seen {
                poses.points.observations.push(Observation {
                    point,
                    frame: i as u32,
                    pixel,
                });
            }
            poses.frames.push(Frame {
                image: format!("images/{i:04}.png"),
                mask: None,
                optics: 0,
                c2w,
                split: None,
            });
            photos.push(photo);
        }
        poses
            .points
            .observations
            .sort_by_key(|it| (it.point, it.frame));
        Self { poses, photos }
    }

    /// Writes the photos to `folder` under the names of their frames.
    pub fn write_photos(&self, folder: &Path) {
        for (frame, photo) in self.poses.frames.iter().zip(&self.photos) {
            let path = folder.join(&frame.image);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a new folder");
            photo.save(&path).expect("a photo");
        }
    }

    /// Writes photos and poses, in this format, with points.
    pub fn write(&self, folder: &Path, format: PoseFormat) {
        self.write_photos(folder);
        self.write_poses(folder, format);
    }

    /// Writes the poses in this format: a COLMAP model to `folder/sparse/0`, others to `folder`.
    pub fn write_poses(&self, folder: &Path, format: PoseFormat) {
        let points = point_cloud::write(&self.poses.points);
        let put = |name: &str, bytes: Vec<u8>| {
            fs::write(folder.join(name), bytes).expect("a pose file");
        };
        match format {
            PoseFormat::ColmapBinary | PoseFormat::ColmapText => {
                self.write_model(&folder.join("sparse/0"), format);
            }
            PoseFormat::Transforms => {
                let mut poses = self.poses.clone();
                poses.point_file = Some("sparse.ply".to_owned());
                put("transforms.json", transforms::write(&poses).expect("poses"));
                put("sparse.ply", points);
            }
            PoseFormat::OpencvCameras => {
                let bytes = opencv_cameras::write(&self.poses).expect("poses");
                put("opencv_cameras.json", bytes);
                put("sparse.ply", points);
            }
            PoseFormat::InriaCameras => {
                let bytes = inria_cameras::write(&self.poses).expect("poses");
                put("cameras.json", bytes);
                put("input.ply", points);
            }
            other => panic!("no writer for {other}"),
        }
    }

    /// Writes a COLMAP model into this very folder.
    pub fn write_model(&self, folder: &Path, format: PoseFormat) {
        fs::create_dir_all(folder).expect("a new folder");
        let mut poses = self.poses.clone();
        for frame in &mut poses.frames {
            // Names there count from the folder of photos.
            let name = frame.image.strip_prefix("images/");
            frame.image = name.unwrap_or(&frame.image).to_owned();
        }
        let files = match format {
            PoseFormat::ColmapText => colmap::write_text(&poses),
            _ => colmap::write_binary(&poses),
        };
        for (name, bytes) in files.expect("a model") {
            fs::write(folder.join(name), bytes).expect("a part of the model");
        }
    }

    /// The same with the first `count` photos only.
    #[must_use]
    pub fn first(&self, count: usize) -> Self {
        let mut first = self.clone();
        first.poses.frames.truncate(count);
        first.photos.truncate(count);
        let is_kept = |it: &Observation| (it.frame as usize) < count;
        first.poses.points.observations.retain(is_kept);
        first
    }
}

/// Points on a spiral over a sphere of radius 1.2.
fn cloud() -> Points {
    let mut points = Points::default();
    for i in 0..60 {
        let t = (f64::from(i) + 0.5) / 60.0;
        let (angle, height) = (2.4 * f64::from(i), 1.0 - 2.0 * t);
        let radius = (1.0 - height * height).sqrt();
        let position = DVec3::new(radius * angle.cos(), height, radius * angle.sin());
        points.positions.push(1.2 * position);
        points.colours.push([
            (60 + 3 * i) as u8,
            (240 - 4 * i) as u8,
            (37 * i % 256) as u8,
        ]);
    }
    points
}

/// The camera at this part of the ring, looking at the origin; the world's up is −y.
fn ring(part: f64) -> DAffine3 {
    let (sin, cos) = (std::f64::consts::TAU * part).sin_cos();
    let eye = DVec3::new(4.0 * cos, -1.0 - 0.3 * sin, 4.0 * sin);
    let forward = -eye.normalize();
    let right = DVec3::Y.cross(forward).normalize();
    let axes = DMat3::from_cols(right, forward.cross(right), forward);
    DAffine3::from_mat3_translation(axes, eye)
}

/// A gradient with a square of 3 × 3 pixels for each point, and where these are.
fn photo(lens: &Lens, c2w: DAffine3, points: &Points) -> (RgbImage, Vec<(u32, DVec2)>) {
    let shade = |x: u32, size: u32| (40 * x / size.max(1)) as u8;
    let mut photo = RgbImage::from_fn(lens.width, lens.height, |x, y| {
        Rgb([shade(x, lens.width), shade(y, lens.height), 30])
    });
    let mut seen = Vec::new();
    let w2c = c2w.inverse();
    for (i, position) in points.positions.iter().enumerate() {
        let Some(pixel) = lens.project(w2c.transform_point3(*position)) else {
            continue;
        };
        let (x, y) = (pixel.x.floor() as i64, pixel.y.floor() as i64);
        let is_inside = (1..i64::from(lens.width) - 1).contains(&x)
            && (1..i64::from(lens.height) - 1).contains(&y);
        if !is_inside {
            continue;
        }
        seen.push((i as u32, pixel));
        for (dx, dy) in (-1..=1).flat_map(|dx| (-1..=1).map(move |dy| (dx, dy))) {
            let colour = Rgb(points.colours[i]);
            photo.put_pixel((x + dx) as u32, (y + dy) as u32, colour);
        }
    }
    (photo, seen)
}

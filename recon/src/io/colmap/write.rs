//! Writes a model, as bytes or as text. Numbers are counted from 1 in the order of the lists.

use std::fmt::{self, Write as _};

use glam::{DMat3, DQuat, DVec2, DVec3};

use crate::dataset::{Lens, Optics, PoseFile};
use crate::io::FormatError;

/// The three files with their names.
type Files = [(&'static str, Vec<u8>); 3];

/// Writes `cameras.bin`, `images.bin` and `points3D.bin`. Points without a stated error get −1,
/// as COLMAP writes it.
///
/// # Errors
/// Where an image's size is not known, a pose is no number, a name cannot be written, or the
/// lists do not fit together.
pub fn write_binary(file: &PoseFile) -> Result<Files, FormatError> {
    let model = Rows::new(file)?;
    let mut cameras = Vec::new();
    cameras.extend((model.lenses.len() as u64).to_le_bytes());
    for (id, lens) in (1u32..).zip(&model.lenses) {
        let (kind, params) = lens.to_colmap();
        cameras.extend(id.to_le_bytes());
        cameras.extend(kind.colmap_id().to_le_bytes());
        cameras.extend(u64::from(lens.width).to_le_bytes());
        cameras.extend(u64::from(lens.height).to_le_bytes());
        put(&mut cameras, &params);
    }
    let mut images = Vec::new();
    images.extend((model.images.len() as u64).to_le_bytes());
    for (id, image) in (1u32..).zip(&model.images) {
        images.extend(id.to_le_bytes());
        put(&mut images, &image.quat);
        put(&mut images, &image.translation.to_array());
        images.extend(image.camera.to_le_bytes());
        images.extend(check_name(image.name, |it| !it.contains('\0'))?.as_bytes());
        images.push(0);
        images.extend((image.seen.len() as u64).to_le_bytes());
        for (pixel, point) in &image.seen {
            put(&mut images, &pixel.to_array());
            images.extend(point.to_le_bytes());
        }
    }
    let mut points = Vec::new();
    points.extend((file.points.len() as u64).to_le_bytes());
    for (i, track) in model.tracks.iter().enumerate() {
        points.extend((i as u64 + 1).to_le_bytes());
        put(&mut points, &file.points.positions[i].to_array());
        points.extend(model.colour(i));
        put(&mut points, &[model.error_px(i)]);
        points.extend((track.len() as u64).to_le_bytes());
        for (image, place) in track {
            points.extend(image.to_le_bytes());
            points.extend(place.to_le_bytes());
        }
    }
    Ok([
        ("cameras.bin", cameras),
        ("images.bin", images),
        ("points3D.bin", points),
    ])
}

/// Writes `cameras.txt`, `images.txt` and `points3D.txt`, with as many digits as it takes to read
/// the same numbers back.
///
/// # Errors
/// As [`write_binary`], and for names that a line of text cannot hold.
pub fn write_text(file: &PoseFile) -> Result<Files, FormatError> {
    let model = Rows::new(file)?;
    let mut cameras = format!(
        "# Cameras, one line each:\n#   CAMERA_ID, MODEL, WIDTH, HEIGHT, PARAMS[]\n\
         # Number of cameras: {}\n",
        model.lenses.len()
    );
    for (id, lens) in (1u32..).zip(&model.lenses) {
        let (kind, params) = lens.to_colmap();
        cameras += &id.to_string();
        cameras.push(' ');
        cameras += kind.name();
        spell(&mut cameras, [lens.width, lens.height]);
        spell(&mut cameras, params);
        cameras.push('\n');
    }
    let mut images = format!(
        "# Images, two lines each:\n#   IMAGE_ID, QW, QX, QY, QZ, TX, TY, TZ, CAMERA_ID, NAME\n\
         #   POINTS2D[] as (X, Y, POINT3D_ID)\n# Number of images: {}\n",
        model.images.len()
    );
    for (id, image) in (1u32..).zip(&model.images) {
        let fits = |it: &str| it.trim_ascii() == it && !it.contains('\n');
        let name = check_name(image.name, fits)?;
        images += &id.to_string();
        spell(&mut images, image.quat);
        spell(&mut images, image.translation.to_array());
        spell(&mut images, [image.camera]);
        images.push(' ');
        images += name;
        images.push('\n');
        let mut line = String::new();
        for (pixel, point) in &image.seen {
            spell(&mut line, pixel.to_array());
            spell(&mut line, [point]);
        }
        images += line.trim_ascii_start();
        images.push('\n');
    }
    let mut points = format!(
        "# Points, one line each:\n#   POINT3D_ID, X, Y, Z, R, G, B, ERROR, TRACK[] as \
         (IMAGE_ID, POINT2D_IDX)\n# Number of points: {}\n",
        file.points.len()
    );
    for (i, track) in model.tracks.iter().enumerate() {
        points += &(i + 1).to_string();
        spell(&mut points, file.points.positions[i].to_array());
        spell(&mut points, model.colour(i));
        spell(&mut points, [model.error_px(i)]);
        for (image, place) in track {
            spell(&mut points, [image, place]);
        }
        points.push('\n');
    }
    Ok([
        ("cameras.txt", cameras.into_bytes()),
        ("images.txt", images.into_bytes()),
        ("points3D.txt", points.into_bytes()),
    ])
}

fn put(bytes: &mut Vec<u8>, values: &[f64]) {
    bytes.extend(values.iter().flat_map(|it| it.to_le_bytes()));
}

/// A space and the shortest digits that give the number back, for each.
fn spell<T: fmt::Debug>(text: &mut String, numbers: impl IntoIterator<Item = T>) {
    for it in numbers {
        // Writing to a string cannot fail.
        let _ = write!(text, " {it:?}");
    }
}

fn check_name(name: &str, fits: impl Fn(&str) -> bool) -> Result<&str, FormatError> {
    if !name.is_empty() && fits(name) {
        return Ok(name);
    }
    Err(FormatError::Malformed(format!(
        "the image name {name:?} cannot be written in this form of COLMAP's files. Rename the photo"
    )))
}

/// The rows of the files, before they are spelt.
struct Rows<'a> {
    file: &'a PoseFile,
    lenses: Vec<&'a Lens>,
    images: Vec<Row<'a>>,
    /// By point: image number, place in what the image saw.
    tracks: Vec<Vec<(u32, u32)>>,
}

struct Row<'a> {
    quat: [f64; 4],
    translation: DVec3,
    camera: u32,
    name: &'a str,
    seen: Vec<(DVec2, u64)>,
}

impl<'a> Rows<'a> {
    fn new(file: &'a PoseFile) -> Result<Self, FormatError> {
        let lenses: Result<Vec<&Lens>, FormatError> = (1..)
            .zip(&file.optics)
            .map(|(id, it)| lens(id, it))
            .collect();
        let lenses = lenses?;
        let mut images = Vec::with_capacity(file.frames.len());
        for frame in &file.frames {
            let name = frame.image.as_str();
            if lenses.len() <= frame.optics {
                let cause = format!(
                    "{name} refers to camera {}, which is not there",
                    frame.optics
                );
                return Err(FormatError::Malformed(cause));
            }
            let w2c = frame.c2w.matrix3.transpose();
            let translation = -(w2c * frame.c2w.translation);
            if !w2c.is_finite() || !translation.is_finite() {
                let cause = format!("the pose of {name} is no number; leave the photo out");
                return Err(FormatError::Malformed(cause));
            }
            images.push(Row {
                quat: quat(w2c),
                translation,
                camera: frame.optics as u32 + 1,
                name,
                seen: Vec::new(),
            });
        }
        let mut tracks = vec![Vec::new(); file.points.len()];
        for it in &file.points.observations {
            let image = images.get_mut(it.frame as usize);
            let track = tracks.get_mut(it.point as usize);
            let (Some(image), Some(track)) = (image, track) else {
                let cause = "an observation refers to a point or an image that is not there";
                return Err(FormatError::Malformed(cause.to_owned()));
            };
            track.push((it.frame + 1, image.seen.len() as u32));
            image.seen.push((it.pixel, u64::from(it.point) + 1));
        }
        Ok(Self {
            file,
            lenses,
            images,
            tracks,
        })
    }

    fn colour(&self, point: usize) -> [u8; 3] {
        self.file
            .points
            .colours
            .get(point)
            .copied()
            .unwrap_or_default()
    }

    fn error_px(&self, point: usize) -> f64 {
        let errors_px = &self.file.points.errors_px;
        errors_px.get(point).copied().unwrap_or(-1.0)
    }
}

fn lens(id: usize, optics: &Optics) -> Result<&Lens, FormatError> {
    match optics {
        Optics::Lens(lens) => Ok(lens),
        Optics::Relative(_) => Err(FormatError::Malformed(format!(
            "camera {id} has no image size, which COLMAP's files need. Open the poses together \
             with their photos and write them from there"
        ))),
    }
}

/// w x y z with w ≥ 0.
fn quat(rotation: DMat3) -> [f64; 4] {
    let quat = DQuat::from_mat3(&rotation).normalize();
    let quat = if quat.w < 0.0 { -quat } else { quat };
    [quat.w, quat.x, quat.y, quat.z]
}

//! Writes pictures of random scenes as folders that any program for posed photos opens; reads the
//! pictures that their surfaces may show.

use std::fs;
use std::path::{Path, PathBuf};

use glam::{DAffine3, Vec3};
use image::{DynamicImage, ImageBuffer, Luma, Rgb, RgbImage, RgbaImage};

use super::save_dataset::staging::Staging;
use super::{FormatError, IoError, opencv_cameras, point_cloud, replace, save_png, transforms};
use crate::dataset::{Frame, Lens, Optics, Points, PoseFile, PoseFormat};
use crate::synthetic::random::{Sample, SampleView};

/// Distances in files count in so many parts of a world unit.
pub const DEPTH_PER_UNIT: f32 = 1_000.0;

/// About so many points are written.
const POINTS: usize = 6_000;

/// The name of the points' file.
const POINTS_FILE: &str = "points.ply";

/// Pictures for surfaces are made smaller to this many pixels a side: they are seen from afar.
const PICTURE_SIDE: u32 = 256;

/// So many pictures for surfaces are read, at most.
const MOST_PICTURES: usize = 4_096;

/// Endings of pictures for surfaces.
const PICTURE_ENDINGS: &[&str] = &["png", "jpg", "jpeg", "webp", "tif", "tiff"];

/// What is written of a sample.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SampleFiles {
    /// Pictures are transparent where nothing is; the sample's backdrop has to be white.
    pub transparent: bool,
    /// Distances as 16-bit PNG.
    pub depth: bool,
    /// Normals as 16-bit PNG.
    pub normals: bool,
}

/// Writes `images/0001.png` …, `transforms.json`, `opencv_cameras.json` and `points.ply` (surface
/// points of the views) into `folder`, which comes whole or not at all, unless files that
/// are there are replaced (`overwrite`).
/// On demand `depth/0001.png` … (distance along the ray in thousandths of a world unit, 0 where
/// nothing is hit, cut to 65.535 units) and `normals/0001.png` … (world axes, -1 … 1 as
/// 0 … 65535, all channels 0 where nothing is hit).
///
/// # Errors
/// Where the folder is not free and not to be overwritten, or the system refuses.
pub fn write_sample(
    folder: &Path,
    sample: &Sample,
    files: SampleFiles,
    overwrite: bool,
) -> Result<(), IoError> {
    if overwrite {
        return write_into(folder, sample, files);
    }
    let staging = Staging::beside(folder)?;
    write_into(staging.path(), sample, files)?;
    staging.finish(folder)
}

fn write_into(folder: &Path, sample: &Sample, files: SampleFiles) -> Result<(), IoError> {
    let make = |name: &str| {
        let path = folder.join(name);
        fs::create_dir_all(&path).map_err(|it| IoError::system(&path, it))
    };
    make("images")?;
    for (name, wanted) in [("depth", files.depth), ("normals", files.normals)] {
        if wanted {
            make(name)?;
        }
    }
    for (i, view) in sample.views.iter().enumerate() {
        let name = format!("{:04}.png", i + 1);
        let picture = picture(view, files.transparent);
        save_png(&folder.join("images").join(&name), &picture)?;
        if files.depth {
            save_png(&folder.join("depth").join(&name), &depth(view))?;
        }
        if files.normals {
            save_png(&folder.join("normals").join(&name), &normals(view))?;
        }
    }
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        replace(&path, bytes).map_err(|it| IoError::system(&path, it))
    };
    let mut poses = pose_file(sample);
    if !poses.points.is_empty() {
        write(POINTS_FILE, &point_cloud::write(&poses.points))?;
        poses.point_file = Some(POINTS_FILE.to_owned());
    }
    let format = |it: FormatError| IoError::format(folder, it);
    write(
        "transforms.json",
        &transforms::write(&poses).map_err(format)?,
    )?;
    let format = |it: FormatError| IoError::format(folder, it);
    write(
        "opencv_cameras.json",
        &opencv_cameras::write(&poses).map_err(format)?,
    )
}

fn pose_file(sample: &Sample) -> PoseFile {
    let lens = |view: &SampleView| {
        let k = &view.camera.intrinsics;
        Lens::centred(f64::from(k.fx), k.width, k.height)
    };
    let frame = |(i, view): (usize, &SampleView)| Frame {
        image: format!("images/{:04}.png", i + 1),
        mask: None,
        optics: 0,
        c2w: DAffine3::from_rotation_translation(
            view.camera.rotation().as_dquat().normalize(),
            view.camera.position().as_dvec3(),
        ),
        split: None,
    };
    PoseFile {
        scene_name: Some(format!("synth-{}", sample.seed)),
        optics: sample
            .views
            .first()
            .map(lens)
            .map(Optics::Lens)
            .into_iter()
            .collect(),
        frames: sample.views.iter().enumerate().map(frame).collect(),
        points: points(&sample.views),
        ..PoseFile::new(PoseFormat::Transforms)
    }
}

/// Points of surfaces that views see, evenly over their pixels.
fn points(views: &[SampleView]) -> Points {
    let pixels: usize = views.iter().map(|it| it.rgb.len()).sum();
    // A step that shares no factor with usual widths wanders over the columns.
    let step = (pixels / POINTS).max(1) | 1;
    let mut points = Points::default();
    for view in views {
        let width = view.camera.intrinsics.width as usize;
        for pixel in (0..view.rgb.len()).step_by(step) {
            if view.alpha[pixel] < 1.0 {
                continue;
            }
            let at = glam::Vec2::new((pixel % width) as f32, (pixel / width) as f32) + 0.5;
            let eye = view.camera.position();
            let ray = (view.camera.unproject(at, 1.0) - eye).normalize_or_zero();
            let point = eye + view.depth[pixel] * ray;
            points.positions.push(point.as_dvec3());
            points.colours.push(view.rgb[pixel].map(byte));
        }
    }
    points
}

fn byte(value: f32) -> u8 {
    (255.0 * value).round() as u8
}

/// A picture of a view's size whose values `at` gives by pixel.
fn filled<P: image::Pixel>(
    view: &SampleView,
    at: impl Fn(usize) -> P,
) -> ImageBuffer<P, Vec<P::Subpixel>> {
    let k = &view.camera.intrinsics;
    ImageBuffer::from_fn(k.width, k.height, |x, y| at((y * k.width + x) as usize))
}

fn picture(view: &SampleView, transparent: bool) -> DynamicImage {
    if !transparent {
        let picture: RgbImage = filled(view, |it| Rgb(view.rgb[it].map(byte)));
        return picture.into();
    }
    let picture: RgbaImage = filled(view, |it| {
        let alpha = view.alpha[it];
        // The white behind it is taken away again.
        let own = (Vec3::from(view.rgb[it]) - (1.0 - alpha)) / alpha.max(1e-6);
        let [r, g, b] = own.clamp(Vec3::ZERO, Vec3::ONE).to_array().map(byte);
        image::Rgba([r, g, b, byte(alpha)])
    });
    picture.into()
}

fn depth(view: &SampleView) -> DynamicImage {
    let value = |it: usize| {
        let distance = view.depth[it];
        let parts = (DEPTH_PER_UNIT * distance).round().clamp(1.0, 65_535.0);
        Luma([if distance.is_finite() {
            parts as u16
        } else {
            0
        }])
    };
    DynamicImage::ImageLuma16(filled(view, value))
}

fn normals(view: &SampleView) -> DynamicImage {
    let value = |it: usize| {
        let normal = view.normals[it];
        let bits = |it: f32| (65_535.0 * (0.5 + 0.5 * it)).round() as u16;
        Rgb(if normal == Vec3::ZERO {
            [0; 3]
        } else {
            normal.to_array().map(bits)
        })
    };
    DynamicImage::ImageRgb16(filled(view, value))
}

/// Reads all pictures of a folder, in the order of their names, made smaller.
///
/// # Errors
/// Where the folder cannot be read or has no pictures, or a picture cannot be read.
pub fn read_pictures(folder: &Path) -> Result<Vec<RgbImage>, IoError> {
    let system = |it| IoError::system(folder, it);
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(folder).map_err(system)? {
        let path = entry.map_err(system)?.path();
        let ending = path
            .extension()
            .and_then(|it| it.to_str())
            .unwrap_or_default();
        if PICTURE_ENDINGS.contains(&ending.to_ascii_lowercase().as_str()) {
            paths.push(path);
        }
    }
    paths.sort();
    paths.truncate(MOST_PICTURES);
    if paths.is_empty() {
        let cause = "no pictures here. Name a folder with PNG, JPEG, WebP or TIFF files";
        let cause = FormatError::Unsupported(cause.to_owned());
        return Err(IoError::format(folder, cause));
    }
    paths.iter().map(|it| read_picture(it)).collect()
}

fn read_picture(path: &Path) -> Result<RgbImage, IoError> {
    let malformed = |it: image::ImageError| {
        let cause = format!("cannot be read as a picture ({it}). Remove it or convert it to PNG");
        IoError::format(path, FormatError::Malformed(cause))
    };
    let reader = image::ImageReader::open(path).and_then(image::ImageReader::with_guessed_format);
    let picture = reader
        .map_err(|it| IoError::system(path, it))?
        .decode()
        .map_err(malformed)?;
    let is_large = PICTURE_SIDE < picture.width().max(picture.height());
    let small = if is_large {
        picture.thumbnail(PICTURE_SIDE, PICTURE_SIDE)
    } else {
        picture
    };
    Ok(small.into_rgb8())
}

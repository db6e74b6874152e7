//! Photos and masks of the new folder: copied where they can be, made anew where they cannot.

use std::collections::HashSet;
use std::io::Cursor;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, GrayImage, ImageFormat, RgbaImage};
use rayon::prelude::*;

use crate::dataset::{Dataset, Lens, Orientation, Undistortion, View};
use crate::io::photo::{AlphaUse, Photo, PhotoLoader, PhotoOptions, TargetSize};
use crate::io::photo_names::{extension, slashed};
use crate::io::{FormatError, IoError};

use super::{DatasetFormat, IMAGES, write_file};

/// Of photos that were JPEG and are made anew. Nothing to be seen is lost.
const JPEG_QUALITY: u8 = 97;

/// Photos between two reports.
const PER_REPORT: usize = 8;

/// Photos are made one after the other on each thread: none is asked for twice.
const CACHE_BYTES: usize = 0;

/// A photo of the new folder.
#[derive(Debug)]
pub(super) struct Written {
    /// Index of the view.
    pub(super) view: usize,
    /// Below `images/`, with forward slashes.
    pub(super) name: String,
    /// Its mask, relative to the new folder.
    pub(super) mask: Option<String>,
    /// Of the photo as written.
    pub(super) lens: Lens,
    /// Its lens was made a pinhole.
    pub(super) undistorted: bool,
    /// It was turned as EXIF asks.
    pub(super) turned: bool,
}

/// Writes the photos and masks of all views that are not ignored; `None` where `report` broke.
pub(super) fn write_photos(
    dataset: &Arc<Dataset>,
    format: DatasetFormat,
    out: &Path,
    report: &mut dyn FnMut(u64, u64) -> ControlFlow<()>,
) -> Result<Option<Vec<Written>>, IoError> {
    let straight = dataset.lenses.iter().map(|it| {
        let held = format.holds(it);
        (!held).then(|| Undistortion::new(it))
    });
    let writer = Writer {
        dataset,
        straight: straight.collect(),
        loader: PhotoLoader::new(
            Arc::clone(dataset),
            PhotoOptions {
                alpha: AlphaUse::Transparency,
                size: TargetSize::Full,
                undistort: false,
                ..PhotoOptions::default()
            },
            CACHE_BYTES,
        ),
        out,
    };
    let plans = writer.plans();
    let total = plans.len() as u64;
    let mut written = Vec::with_capacity(plans.len());
    for plans in plans.chunks(PER_REPORT) {
        if report(written.len() as u64, total).is_break() {
            return Ok(None);
        }
        let some: Vec<Written> = plans
            .par_iter()
            .map(|(view, name)| writer.write(*view, name))
            .collect::<Result<_, _>>()?;
        written.extend(some);
    }
    if report(total, total).is_break() {
        return Ok(None);
    }
    Ok(Some(written))
}

struct Writer<'a> {
    dataset: &'a Dataset,
    /// By lens: how its photos are undistorted, where they have to be.
    straight: Vec<Option<Undistortion>>,
    loader: PhotoLoader,
    out: &'a Path,
}

impl Writer<'_> {
    /// The views that are written, and their names below `images/`: the path in the folder without
    /// what all have in front. Those that are made anew get another ending.
    fn plans(&self) -> Vec<(usize, String)> {
        let views = self.dataset.views.iter().enumerate();
        let views: Vec<(usize, &View)> = views.filter(|(_, it)| !it.ignored).collect();
        let common = common_folder(views.iter().map(|it| it.1.image.path.as_path()));
        let mut names = HashSet::new();
        let plan = |(index, view): (usize, &View)| {
            let path = &view.image.path;
            let mut path = path.strip_prefix(&common).unwrap_or(path).to_owned();
            if self.is_redrawn(view) && !is_jpeg(&path) {
                path.set_extension("png");
            }
            let mut name = slashed(&path);
            while !names.insert(name.to_lowercase()) {
                let ending = extension(&path);
                path.set_extension(format!("x.{ending}"));
                name = slashed(&path);
            }
            (index, name)
        };
        views.into_iter().map(plan).collect()
    }

    fn is_redrawn(&self, view: &View) -> bool {
        self.straightened(view).is_some() || view.image.orientation != Orientation::Stored
    }

    fn straightened(&self, view: &View) -> Option<&Undistortion> {
        self.straight.get(view.lens)?.as_ref()
    }

    fn write(&self, index: usize, name: &str) -> Result<Written, IoError> {
        let view = &self.dataset.views[index];
        let straight = self.straightened(view);
        let place = self.out.join(IMAGES).join(name);
        let lens = &self.dataset.lenses[view.lens];
        let mask = if self.is_redrawn(view) {
            let photo = self.loader.load(index)?;
            let (image, mask) = redrawn(&photo, straight);
            let bytes = encode(image, view.image.has_alpha, is_jpeg(Path::new(name)));
            write_file(&place, &bytes.map_err(|it| IoError::format(&place, it))?)?;
            mask
        } else {
            let bytes = self.dataset.folder.read(&view.image.path)?;
            write_file(&place, &bytes)?;
            match view.mask {
                Some(_) => redrawn(&*self.loader.load(index)?, None).1,
                None => None,
            }
        };
        let mask = mask.map(|it| self.write_mask(it, name)).transpose()?;
        Ok(Written {
            view: index,
            name: name.to_owned(),
            mask,
            lens: straight.map_or(lens, Undistortion::lens).clone(),
            undistorted: straight.is_some(),
            turned: view.image.orientation != Orientation::Stored,
        })
    }

    /// As COLMAP wants it: the photo's whole name, and `.png`.
    fn write_mask(&self, mask: GrayImage, name: &str) -> Result<String, IoError> {
        let name = format!("masks/{name}.png");
        let place = self.out.join(&name);
        let bytes = encoded(&DynamicImage::ImageLuma8(mask), ImageFormat::Png);
        write_file(&place, &bytes.map_err(|it| IoError::format(&place, it))?)?;
        Ok(name)
    }
}

/// The photo, undistorted where it has to be, and its mask where not all pixels count.
fn redrawn(photo: &Photo, straight: Option<&Undistortion>) -> (RgbaImage, Option<GrayImage>) {
    let (width, height) = (photo.width, photo.height);
    // Both have the size that they say.
    let image = RgbaImage::from_raw(width, height, photo.rgba.clone()).unwrap_or_default();
    let mask = photo.mask.clone();
    let mask = mask.and_then(|it| GrayImage::from_raw(width, height, it));
    let (image, mask) = match straight {
        None => (image, mask),
        Some(straight) => {
            let result = straight.apply(&image);
            let mask = mask.map(|it| straight.apply_to_mask(&it));
            (result.image, Some(mask.unwrap_or(result.covered)))
        }
    };
    let mask = mask.filter(|it| it.as_raw().iter().any(|it| *it != 255));
    (image, mask)
}

fn encode(image: RgbaImage, has_alpha: bool, as_jpeg: bool) -> Result<Vec<u8>, FormatError> {
    let image = DynamicImage::ImageRgba8(image);
    if as_jpeg {
        let mut bytes = Vec::new();
        let mut encoder = JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY);
        let result = encoder.encode_image(&image.into_rgb8());
        return result.map_err(|it| refused(&it)).map(|()| bytes);
    }
    if has_alpha {
        encoded(&image, ImageFormat::Png)
    } else {
        encoded(
            &DynamicImage::ImageRgb8(image.into_rgb8()),
            ImageFormat::Png,
        )
    }
}

fn encoded(image: &DynamicImage, format: ImageFormat) -> Result<Vec<u8>, FormatError> {
    let mut bytes = Cursor::new(Vec::new());
    let result = image.write_to(&mut bytes, format);
    result
        .map_err(|it| refused(&it))
        .map(|()| bytes.into_inner())
}

fn refused(error: &image::ImageError) -> FormatError {
    FormatError::Unsupported(format!("the photo cannot be written: {error}"))
}

fn is_jpeg(path: &Path) -> bool {
    ["jpg", "jpeg", "jpe"].contains(&extension(path).as_str())
}

/// The deepest folder that all paths lie in.
fn common_folder<'a>(mut paths: impl Iterator<Item = &'a Path>) -> PathBuf {
    let folder = |it: &'a Path| it.parent().unwrap_or(Path::new(""));
    let mut common = paths.next().map_or(Path::new(""), folder);
    for path in paths {
        while !path.starts_with(common) {
            common = folder(common);
        }
    }
    common.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_common_folder_is_the_deepest() {
        let common = |paths: &[&str]| common_folder(paths.iter().map(Path::new));
        assert_eq!(common(&["a/b/1.png", "a/b/2.png"]), Path::new("a/b"));
        assert_eq!(common(&["a/b/1.png", "a/c/2.png"]), Path::new("a"));
        assert_eq!(common(&["a/1.png", "ab/2.png"]), Path::new(""));
        assert_eq!(common(&["1.png"]), Path::new(""));
        assert_eq!(common(&[]), Path::new(""));
    }

    #[test]
    fn what_photos_do_not_reach_is_masked() {
        let lens = Lens {
            distortion: crate::dataset::Distortion::Radial {
                k: [-0.3, 0.0, 0.0, 0.0, 0.0, 0.0],
                p: [0.0; 2],
            },
            ..Lens::centred(30.0, 40, 30)
        };
        let photo = Photo {
            width: 40,
            height: 30,
            rgba: vec![255; 40 * 30 * 4],
            mask: None,
            lens: lens.clone(),
        };
        assert_eq!(redrawn(&photo, None).1, None);
        let straight = Undistortion::new(&lens);
        let (image, mask) = redrawn(&photo, Some(&straight));
        let mask = mask.unwrap();
        assert_eq!(
            (image.dimensions(), mask.dimensions()),
            ((40, 30), (40, 30))
        );
        assert_eq!(mask.get_pixel(20, 15).0, [255]);
        for (pixel, counts) in image.pixels().zip(mask.pixels()) {
            assert_eq!(counts.0[0] == 255, pixel.0[3] == 255);
        }
    }
}

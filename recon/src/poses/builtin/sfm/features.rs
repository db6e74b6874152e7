//! Looks for features in each photo: decoded, upright, grey, reduced, then SIFT.

use cumulus3d_core::Descriptors;
use cumulus3d_features::{
    CpuSift, FeatureSelection, GrayImage, SiftEngine, SiftFeature, SiftOptions, SiftOutput,
};
use image::imageops::{FilterType, resize};
use image::{GrayImage as Luma, RgbaImage};
use rayon::prelude::*;

use super::partial::Partial;
use super::progress::guarded;
use super::{PoseConfig, PoseError, Reporter};
use crate::dataset::ImageFile;
use crate::io::Folder;
use crate::poses::{Photos, photo};

/// Photos smaller than this have nothing that could be told apart.
const MIN_SIDE: u32 = 16;

/// Features where the photo is more transparent than this are those of the cut, not of the thing.
const MIN_ALPHA: u8 = 128;

/// What was found in one photo. Lists run side by side.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::poses) struct Features {
    /// Where, in pixels of the upright photo times `scale`.
    pub(in crate::poses) pixels: Vec<[f32; 2]>,
    /// sRGB colour there.
    pub(in crate::poses) colours: Vec<[u8; 3]>,
    /// What it looks like.
    pub(in crate::poses) descriptors: Descriptors,
    /// Size at which features were looked for, as a part of the photo's size.
    pub(in crate::poses) scale: f64,
    /// Why there are none.
    pub(in crate::poses) trouble: Option<String>,
}

impl Features {
    /// How many there are.
    pub(in crate::poses) fn len(&self) -> usize {
        self.pixels.len()
    }
}

/// The part of a photo's size at which features are looked for: never larger than it is.
pub(in crate::poses) fn scale_of(image: &ImageFile, max_side: u32) -> f64 {
    let side = f64::from(image.width.max(image.height).max(1));
    (f64::from(max_side.max(MIN_SIDE)) / side).min(1.0)
}

/// Looks at every photo, or takes what an interrupted run has kept.
pub(super) fn look_at_all(
    photos: &Photos,
    config: &PoseConfig,
    kept: &mut Partial,
    report: &mut Reporter<'_>,
) -> Result<Vec<Features>, PoseError> {
    const STAGE: &str = "Looking for features";
    let total = photos.images.len();
    if let Some(features) = kept.features() {
        report.progress(STAGE, total, total)?;
        return Ok(features);
    }
    let mut features: Vec<Features> = Vec::with_capacity(total);
    report.progress(STAGE, 0, total)?;
    for chunk in photos.images.chunks(rayon::current_num_threads().max(1)) {
        let chunk: Vec<Features> = chunk
            .par_iter()
            .map(|it| look(&photos.folder, it, config.max_side, config.max_features))
            .collect();
        features.extend(chunk);
        report.progress(STAGE, features.len(), total)?;
    }
    for (image, it) in photos.images.iter().zip(&features) {
        if let Some(trouble) = &it.trouble {
            report.warn(format!("{}: {trouble}", image.path.display()))?;
        }
    }
    kept.keep_features(&features);
    Ok(features)
}

/// Looks at one photo. A photo that cannot be read has no features and says why.
pub(in crate::poses) fn look(
    folder: &Folder,
    image: &ImageFile,
    max_side: u32,
    max_features: usize,
) -> Features {
    let scale = scale_of(image, max_side);
    let found = photo::read(folder, image)
        .map_err(|it| it.to_string())
        .and_then(|it| {
            guarded("Looking for features", || sift(&it, scale, max_features))
                .map(|found| collect(&it, &found, scale))
                .map_err(|error| error.to_string())
        });
    match found {
        Ok(features) => features,
        Err(trouble) => Features {
            scale,
            trouble: Some(trouble),
            ..Features::default()
        },
    }
}

fn sift(photo: &RgbaImage, scale: f64, max_features: usize) -> cumulus3d_core::Result<SiftOutput> {
    let grey = grey(photo);
    let side = |it: u32| ((f64::from(it) * scale).round() as u32).max(1);
    let (width, height) = (side(grey.width()), side(grey.height()));
    if width.min(height) < MIN_SIDE {
        return Ok(SiftOutput::default());
    }
    let grey = if (width, height) == grey.dimensions() {
        grey
    } else {
        resize(&grey, width, height, FilterType::Lanczos3)
    };
    let grey = GrayImage::new(width as usize, height as usize, grey.into_raw())?;
    let options = SiftOptions {
        max_num_features: max_features.max(1),
        truncate_width_to_4: false,
        refinement_iterations: 5,
        orientation_bin_interpolation: true,
        selection: FeatureSelection::TopK,
        ..SiftOptions::default()
    };
    CpuSift::new().extract(&grey, &options)
}

/// Rec. 709 luma, transparent parts over white.
fn grey(photo: &RgbaImage) -> Luma {
    let luma = |rgba: &[u8]| {
        let alpha = f32::from(rgba[3]) / 255.0;
        let sum =
            0.2126 * f32::from(rgba[0]) + 0.7152 * f32::from(rgba[1]) + 0.0722 * f32::from(rgba[2]);
        (sum * alpha + 255.0 * (1.0 - alpha)).round() as u8
    };
    let pixels = photo.as_raw().chunks_exact(4).map(luma).collect();
    Luma::from_raw(photo.width(), photo.height(), pixels).unwrap_or_default()
}

/// Takes over the features on opaque parts, with their colours.
fn collect(photo: &RgbaImage, found: &SiftOutput, scale: f64) -> Features {
    let (width, height) = photo.dimensions();
    // The reduced image has whole sides: along each axis the factor is a little off `scale`.
    let exact = |it: u32| f64::from(it) * scale / (f64::from(it) * scale).round().max(1.0);
    let factor = [exact(width), exact(height)];
    let mut features = Features {
        scale,
        ..Features::default()
    };
    for (i, SiftFeature { x, y, .. }) in found.features.iter().enumerate() {
        let at = [f64::from(*x) * factor[0], f64::from(*y) * factor[1]];
        if !at.iter().all(|it| it.is_finite()) {
            continue;
        }
        let pixel = |it: f64, size: u32| ((it / scale).max(0.0) as u32).min(size - 1);
        let colour = photo.get_pixel(pixel(at[0], width), pixel(at[1], height)).0;
        if colour[3] < MIN_ALPHA {
            continue;
        }
        features.pixels.push([at[0] as f32, at[1] as f32]);
        features.colours.push([colour[0], colour[1], colour[2]]);
        if let Ok(row) = found.descriptors.row(i).try_into() {
            features.descriptors.push(row);
        }
    }
    features
}

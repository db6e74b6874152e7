//! Which photos share a lens, and what is known of it beforehand.

use std::collections::BTreeMap;

use cumulus3d_core::{Camera, CameraModelKind};
use rayon::prelude::*;

use super::features::scale_of;
use super::{PoseConfig, PoseError, Reporter};
use crate::io::photo::{Header, header_of};
use crate::poses::Photos;

/// With fewer photos than this a lens gets one focal length and one coefficient.
const MIN_PHOTOS_FOR_OPENCV: usize = 10;

/// Focal length over the longer side where nothing is known: a phone's main camera has 0.75, a
/// normal lens 1.4.
const GUESSED_FOCAL: f64 = 1.2;

/// Diagonal of the film that 35 mm equivalents refer to, in mm.
const FILM_DIAGONAL: f64 = 43.2666;

/// Photos taken with one lens.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Group {
    /// Indices into the photos.
    pub(super) photos: Vec<usize>,
    /// Size of the upright photos.
    pub(super) size: [u32; 2],
    /// Size at which features were looked for, as a part of that.
    pub(super) scale: f64,
    /// Focal length in pixels of the upright photos.
    pub(super) focal_px: f64,
    /// Whether EXIF or the person gave it.
    pub(super) is_known: bool,
}

impl Group {
    /// The lens as the crates have it, at the size at which features were looked for.
    pub(super) fn camera(&self, id: u32) -> Camera {
        let model = if self.photos.len() < MIN_PHOTOS_FOR_OPENCV {
            CameraModelKind::SingleFocalRadial
        } else {
            CameraModelKind::OpenCv
        };
        let side = |it: u32| ((f64::from(it) * self.scale).round() as u64).max(1);
        let [width, height] = self.size;
        let mut camera =
            Camera::from_focal(model, self.focal_px * self.scale, side(width), side(height));
        // The size is whole, the principal point need not be.
        camera.set_principal_point(
            0.5 * f64::from(width) * self.scale,
            0.5 * f64::from(height) * self.scale,
        );
        camera.camera_id = id;
        camera.focal_from_prior = self.is_known;
        camera
    }
}

/// Groups the photos by size and by what EXIF says of camera, lens and focal length.
pub(super) fn group(
    photos: &Photos,
    config: &PoseConfig,
    report: &mut Reporter<'_>,
) -> Result<Vec<Group>, PoseError> {
    report.progress("Reading EXIF", 0, photos.images.len())?;
    // A photo without a header has no features either, which was told.
    let headers: Vec<Option<Header>> = photos
        .images
        .par_iter()
        .map(|it| header_of(&photos.folder, &it.path).ok())
        .collect();
    report.progress("Reading EXIF", photos.images.len(), photos.images.len())?;
    let mut groups: BTreeMap<(u32, u32, String), Group> = BTreeMap::new();
    for (i, (image, header)) in photos.images.iter().zip(headers).enumerate() {
        let (width, height) = (image.width.max(1), image.height.max(1));
        let stated = header.as_ref().and_then(Header::focal_px);
        let focal_35mm = config.focal_35mm.filter(|it| it.is_finite() && 0.0 < *it);
        let diagonal = f64::from(width).hypot(f64::from(height));
        let focal_px = stated.or(focal_35mm.map(|it| it / FILM_DIAGONAL * diagonal));
        let mark = header.map_or_else(String::new, |it| {
            let camera = it.camera.unwrap_or_default();
            format!("{camera}, {:?}, {:?}", it.focal_mm, it.focal_35mm)
        });
        let guess = GUESSED_FOCAL * f64::from(width.max(height));
        let group = groups
            .entry((width, height, mark))
            .or_insert_with(|| Group {
                photos: Vec::new(),
                size: [width, height],
                scale: scale_of(image, config.max_side),
                focal_px: focal_px.unwrap_or(guess),
                is_known: focal_px.is_some(),
            });
        group.photos.push(i);
    }
    Ok(groups.into_values().collect())
}

/// The camera's id for each photo: the index of its group, from 1.
pub(super) fn camera_of(groups: &[Group], photos: usize) -> Vec<u32> {
    let mut camera_of = vec![0; photos];
    for (group, id) in groups.iter().zip(1..) {
        for &photo in &group.photos {
            camera_of[photo] = id;
        }
    }
    camera_of
}

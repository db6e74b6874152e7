//! Matches of each pair, and those of them that one motion of the camera explains.

use cumulus3d_core::{Camera, FeatureMatch, FeatureStore, ImageId, Keypoint, TwoViewGeometry};
use cumulus3d_matching::{TwoViewOptions, verify_pair};
use rayon::prelude::*;

use super::descriptors::matches;
use super::partial::Partial;
use super::progress::guarded;
use super::{Features, PoseError, Reporter};

/// Pairs that fewer matches of one motion hold together are no pairs.
pub(super) const MIN_INLIERS: usize = 15;

/// Largest distance in pixels from where the motion puts a match.
const MAX_ERROR_PX: f64 = 3.0;

/// The matches of two photos.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Matched {
    /// Indices of the photos, the smaller first.
    pub(super) pair: (usize, usize),
    /// Indices of their features.
    pub(super) matches: Vec<FeatureMatch>,
}

/// The crates count images from 1.
pub(super) fn image_id(photo: usize) -> ImageId {
    photo as ImageId + 1
}

/// Back from [`image_id`].
pub(super) fn photo_of(image: ImageId) -> usize {
    (image as usize).saturating_sub(1)
}

/// Compares the pairs, or takes over what an interrupted run has kept.
pub(super) fn match_all(
    features: &[Features],
    pairs: &[(usize, usize)],
    kept: &mut Partial,
    report: &mut Reporter<'_>,
) -> Result<Vec<Matched>, PoseError> {
    const STAGE: &str = "Matching photos";
    let mut known = kept.matches(features);
    let mut all = Vec::with_capacity(pairs.len());
    report.progress(STAGE, 0, pairs.len())?;
    for chunk in pairs.chunks(4 * rayon::current_num_threads().max(1)) {
        let (old, new): (Vec<_>, Vec<_>) = chunk.iter().partition(|it| known.contains_key(it));
        let new: Vec<Matched> = new
            .into_par_iter()
            .map(|&(a, b)| Matched {
                pair: (a, b),
                matches: matches(&features[a].descriptors, &features[b].descriptors),
            })
            .collect();
        kept.keep_matches(&new);
        all.extend(new);
        all.extend(old.into_iter().filter_map(|it| {
            let matches = known.remove(it)?;
            Some(Matched { pair: *it, matches })
        }));
        report.progress(STAGE, all.len(), pairs.len())?;
    }
    all.retain(|it| MIN_INLIERS <= it.matches.len());
    all.sort_by_key(|it| it.pair);
    Ok(all)
}

/// Cameras, photos and where their features are, as the crates want them. `camera_of` has the
/// camera's id for each photo.
pub(super) fn store(
    cameras: Vec<Camera>,
    camera_of: &[u32],
    features: &[Features],
) -> Result<FeatureStore, PoseError> {
    guarded("Preparing the photos", || {
        let store = FeatureStore::new();
        for camera in cameras {
            store.add_camera(camera)?;
        }
        for (photo, (camera, features)) in camera_of.iter().zip(features).enumerate() {
            let id = store.add_image_with_id(image_id(photo), &photo.to_string(), *camera)?;
            let keypoint = |it: &[f32; 2]| Keypoint::new(it[0], it[1]);
            store.set_keypoints(id, features.pixels.iter().map(keypoint).collect());
        }
        Ok(store)
    })
}

/// How a pair is checked: LO-RANSAC for E, F and H.
pub(super) fn two_view_options(seed: u64) -> TwoViewOptions {
    let mut options = TwoViewOptions {
        min_num_inliers: MIN_INLIERS,
        parallel_models: false,
        ..TwoViewOptions::default()
    };
    options.ransac.max_error = MAX_ERROR_PX;
    options.ransac.random_seed = Some(seed);
    options
}

/// The geometry of each pair; pairs without one have no inliers.
pub(super) fn verify(
    store: &FeatureStore,
    matched: &[&Matched],
    seed: u64,
) -> Result<Vec<TwoViewGeometry>, PoseError> {
    let options = two_view_options(seed);
    guarded("Checking matches", || {
        Ok(matched
            .par_iter()
            .map(|it| {
                let (a, b) = (image_id(it.pair.0), image_id(it.pair.1));
                verify_pair(store, a, b, &it.matches, &options)
            })
            .collect())
    })
}

/// Checks all pairs and keeps what holds in the store.
pub(super) fn verify_all(
    store: &FeatureStore,
    matched: &[Matched],
    seed: u64,
    report: &mut Reporter<'_>,
) -> Result<(), PoseError> {
    const STAGE: &str = "Checking matches";
    report.progress(STAGE, 0, matched.len())?;
    let mut done = 0;
    for chunk in matched.chunks(8 * rayon::current_num_threads().max(1)) {
        let chunk: Vec<&Matched> = chunk.iter().collect();
        let found = verify(store, &chunk, seed)?;
        guarded(STAGE, || {
            for (matched, geometry) in chunk.iter().zip(&found) {
                if !geometry.inlier_matches.is_empty() {
                    let (a, b) = matched.pair;
                    store.put_two_view(image_id(a), image_id(b), geometry)?;
                }
            }
            Ok(())
        })?;
        done += chunk.len();
        report.progress(STAGE, done, matched.len())?;
    }
    Ok(())
}

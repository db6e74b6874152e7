//! Says for each photo that stands badly why that is.

use std::collections::{BTreeMap, BTreeSet};

use cumulus3d_core::{FeatureStore, images_of_pair};

use super::Features;
use super::geometry::{MIN_INLIERS, photo_of};
use crate::dataset::PoseFile;
use crate::poses::{GOOD_OBSERVATIONS, Photos};

/// Fewer features than this are those of a blank or blurred photo.
const FEW_FEATURES: usize = 100;

/// What one photo shares with the others.
#[derive(Clone, Copy, Default)]
struct Shared {
    /// Photos that it has consistent matches with.
    partners: usize,
    /// Most consistent matches with any of them, and which.
    best: Option<(usize, usize)>,
}

/// Adds a warning `name: reason` for each photo that has no pose or little behind it.
pub(super) fn explain(
    poses: &mut PoseFile,
    photos: &Photos,
    features: &[Features],
    store: &FeatureStore,
) {
    let mut shared = vec![Shared::default(); features.len()];
    for (pair, geometry) in store.two_view_geometries() {
        let count = geometry.inlier_matches.len();
        let (a, b) = images_of_pair(pair);
        let (a, b) = (photo_of(a), photo_of(b));
        for (one, other) in [(a, b), (b, a)] {
            if let Some(it) = shared.get_mut(one).filter(|_| MIN_INLIERS <= count) {
                it.partners += 1;
                it.best = it.best.max(Some((count, other)));
            }
        }
    }
    let mut seen: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
    for it in &poses.points.observations {
        seen.entry(it.frame).or_default().insert(it.point);
    }
    let observations: BTreeMap<&str, usize> = (0..)
        .zip(&poses.frames)
        .map(|(i, it)| (it.image.as_str(), seen.get(&i).map_or(0, BTreeSet::len)))
        .collect();
    let mut reasons = Vec::new();
    for (i, image) in photos.images.iter().enumerate() {
        let name = image.path.to_string_lossy();
        let observations = observations.get(name.as_ref()).copied();
        if observations.is_none_or(|it| it < GOOD_OBSERVATIONS) {
            let partner = |it: usize| photos.images[it].path.to_string_lossy().into_owned();
            let reason = reason(&features[i], shared[i], observations, partner);
            reasons.push(format!("{name}: {reason}"));
        }
    }
    poses.warnings.extend(reasons);
}

fn reason(
    features: &Features,
    shared: Shared,
    observations: Option<usize>,
    name: impl Fn(usize) -> String,
) -> String {
    if let Some(trouble) = &features.trouble {
        return trouble.clone();
    }
    let count = features.len();
    if count < FEW_FEATURES {
        return format!(
            "{count} features were found, which is what a blank, blurred or very dark photo has"
        );
    }
    match (shared.best, observations) {
        (None, _) => "it has nothing in common with any other photo".to_owned(),
        (Some((most, other)), None) => format!(
            "its matches with {} photos (most: {most}, with {}) fit no place in the model; is it \
             of something that looks alike?",
            shared.partners,
            name(other)
        ),
        (Some((most, other)), Some(points)) => format!(
            "{points} of its points could be placed; it matches {} photos (most: {most}, with {})",
            shared.partners,
            name(other)
        ),
    }
}

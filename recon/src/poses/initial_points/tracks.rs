//! Features of neighbouring views that show the same point, under known poses.

use std::collections::BTreeMap;

use glam::{DAffine3, DVec3};
use rayon::prelude::*;

use super::super::PoseError;
use super::super::builtin::sfm::{Features, Reporter, match_descriptors};

/// Views whose axes differ by more do not show the same side of a thing, degrees.
const MAX_TURN: f64 = 60.0;

/// Farthest from the epipolar plane, in pixels of the reduced photo.
const MAX_EPIPOLAR_PX: f64 = 2.0;

/// A view as far as matching is concerned.
pub(super) struct Seen {
    /// Camera to world.
    pub(super) c2w: DAffine3,
    /// What was found in it.
    pub(super) features: Features,
    /// Where each feature points to, world coordinates, unit length; zero where the lens has no
    /// ray.
    pub(super) rays: Vec<DVec3>,
    /// Pixels of the reduced photo per radian.
    pub(super) focal_px: f64,
}

/// A feature: index of the view, index in it.
pub(super) type Feature = (usize, usize);

/// Pairs of views that look at the same things from near places, ascending.
pub(super) fn neighbours(views: &[Seen], count: usize) -> Vec<(usize, usize)> {
    let axis = |it: &Seen| it.c2w.matrix3.z_axis;
    let centre = views.iter().map(|it| it.c2w.translation).sum::<DVec3>() / views.len() as f64;
    let spread = views.iter().map(|it| it.c2w.translation.distance(centre));
    let spread = spread.fold(0.0, f64::max).max(f64::MIN_POSITIVE);
    let mut pairs = std::collections::BTreeSet::new();
    for (i, view) in views.iter().enumerate() {
        let mut costs: Vec<(f64, usize)> = Vec::new();
        for (j, other) in views.iter().enumerate() {
            let turn = axis(view).angle_between(axis(other));
            let base = view.c2w.translation.distance(other.c2w.translation) / spread;
            // Without a base there is no depth.
            if i != j && turn < MAX_TURN.to_radians() && 1e-4 < base {
                costs.push((turn + base, j));
            }
        }
        costs.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let nearest = costs.iter().take(count.max(1));
        pairs.extend(nearest.map(|&(_, j)| (i.min(j), i.max(j))));
    }
    pairs.into_iter().collect()
}

/// Follows features from view to view. A track has at most one feature per view and at least two.
pub(super) fn follow(
    views: &[Seen],
    pairs: &[(usize, usize)],
    report: &mut Reporter<'_>,
) -> Result<Vec<Vec<Feature>>, PoseError> {
    const STAGE: &str = "Matching neighbouring views";
    let mut starts = Vec::with_capacity(views.len());
    let mut total = 0;
    for view in views {
        starts.push(total);
        total += view.features.len();
    }
    let mut sets: Vec<usize> = (0..total).collect();
    let mut done = 0;
    report.progress(STAGE, 0, pairs.len())?;
    for chunk in pairs.chunks(4 * rayon::current_num_threads().max(1)) {
        let found: Vec<Vec<(usize, usize)>> = chunk
            .par_iter()
            .map(|&(a, b)| consistent(&views[a], &views[b]))
            .collect();
        for (&(a, b), found) in chunk.iter().zip(found) {
            for (i, j) in found {
                join(&mut sets, starts[a] + i, starts[b] + j);
            }
        }
        done += chunk.len();
        report.progress(STAGE, done, pairs.len())?;
    }
    let mut tracks: BTreeMap<usize, Vec<Feature>> = BTreeMap::new();
    for (view, start) in starts.iter().enumerate() {
        for feature in 0..views[view].features.len() {
            let root = root(&mut sets, start + feature);
            tracks.entry(root).or_default().push((view, feature));
        }
    }
    let is_whole = |it: &Vec<Feature>| 2 <= it.len() && it.windows(2).all(|it| it[0].0 != it[1].0);
    Ok(tracks.into_values().filter(is_whole).collect())
}

/// Matches that lie in one epipolar plane.
fn consistent(a: &Seen, b: &Seen) -> Vec<(usize, usize)> {
    let base = b.c2w.translation - a.c2w.translation;
    let limit = |it: &Seen| MAX_EPIPOLAR_PX / it.focal_px;
    let is_near = |other: DVec3, ray: DVec3, limit: f64| {
        // The plane of the base and the other ray; its normal vanishes towards the other camera.
        let normal = base.cross(other).normalize_or_zero();
        normal != DVec3::ZERO && ray.dot(normal).abs() < limit
    };
    match_descriptors(&a.features.descriptors, &b.features.descriptors)
        .into_iter()
        .map(|it| (it.idx1 as usize, it.idx2 as usize))
        .filter(|&(i, j)| {
            let (ray, other) = (a.rays[i], b.rays[j]);
            is_near(ray, other, limit(b)) && is_near(other, ray, limit(a))
        })
        .collect()
}

fn root(sets: &mut [usize], mut at: usize) -> usize {
    while sets[at] != at {
        sets[at] = sets[sets[at]];
        at = sets[at];
    }
    at
}

fn join(sets: &mut [usize], a: usize, b: usize) {
    let (a, b) = (root(sets, a), root(sets, b));
    sets[a.max(b)] = a.min(b);
}

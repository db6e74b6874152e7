//! Random points in the space that the cameras see together.

use glam::{DMat3, DVec2, DVec3};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

use crate::dataset::{Dataset, Lens, Points, Projection};

/// Depths, as parts of the distance to where the cameras look.
const DEPTHS: std::ops::Range<f64> = 0.4..2.0;

/// Parts of the cameras that must see a point; a lower one counts where a higher finds too few.
const SHARES: [f64; 4] = [0.5, 0.25, 0.1, 0.0];

/// Tries per point and share.
const TRIES: usize = 8;

/// Grey: nothing is known of their colour.
const COLOUR: [u8; 3] = [128; 3];

/// `count` random points: each on a ray of a random view, seen by as many others as can be asked.
pub(super) fn in_view(dataset: &Dataset, views: &[usize], count: usize, seed: u64) -> Points {
    let mut rng = Pcg64::seed_from_u64(seed);
    let lenses: Vec<Projection> = dataset.lenses.iter().map(Lens::projection).collect();
    let focus = focus(dataset, views);
    let mut points = Points::default();
    for share in SHARES {
        let needed = ((share * views.len() as f64).ceil() as usize).max(1);
        for _ in 0..TRIES * count {
            if points.len() == count {
                return points;
            }
            let view = &dataset.views[views[rng.random_range(0..views.len())]];
            let lens = &dataset.lenses[view.lens];
            let at = DVec2::new(
                rng.random_range(0.0..1.0) * f64::from(lens.width),
                rng.random_range(0.0..1.0) * f64::from(lens.height),
            );
            let distance = view.c2w.translation.distance(focus).max(f64::MIN_POSITIVE);
            let depth = distance * rng.random_range(DEPTHS);
            let Some(ray) = lenses[view.lens].unproject(at) else {
                continue;
            };
            let point = view.c2w.transform_point3(ray.normalize() * depth);
            let is_seen = |it: &&usize| {
                let view = &dataset.views[**it];
                let lens = &dataset.lenses[view.lens];
                let at = lenses[view.lens].project(view.c2w.inverse().transform_point3(point));
                let size = DVec2::new(f64::from(lens.width), f64::from(lens.height));
                at.is_some_and(|it| it.cmpge(DVec2::ZERO).all() && it.cmplt(size).all())
            };
            if point.is_finite() && needed <= views.iter().filter(is_seen).count() {
                points.positions.push(point);
                points.colours.push(COLOUR);
            }
        }
    }
    points
}

/// The point nearest to all optical axes; where they are parallel, one camera spread ahead.
fn focus(dataset: &Dataset, views: &[usize]) -> DVec3 {
    let (mut matrix, mut right) = (DMat3::ZERO, DVec3::ZERO);
    let (mut ahead, mut centre) = (DVec3::ZERO, DVec3::ZERO);
    for &view in views {
        let c2w = dataset.views[view].c2w;
        let axis = c2w.matrix3.z_axis;
        let across =
            DMat3::IDENTITY - DMat3::from_cols(axis * axis.x, axis * axis.y, axis * axis.z);
        matrix += across;
        right += across * c2w.translation;
        ahead += axis;
        centre += c2w.translation;
    }
    let count = views.len() as f64;
    centre /= count;
    let nearest = matrix.inverse() * right;
    let is_told = 1e-3 * count < matrix.determinant().cbrt() && nearest.is_finite();
    // Behind most cameras the axes meet where nothing is: outward views of a room.
    if is_told && 0.0 < (nearest - centre).dot(ahead) + 1e-9 {
        return nearest;
    }
    let spread = views
        .iter()
        .map(|it| dataset.views[*it].c2w.translation.distance(centre));
    let spread = spread.fold(0.0, f64::max).max(1e-3);
    centre + ahead.normalize_or(DVec3::Z) * 2.0 * spread
}

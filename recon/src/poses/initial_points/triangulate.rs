//! Points where the rays of a track meet.

use glam::{DAffine3, DMat3, DVec2, DVec3};
use rayon::prelude::*;

use super::super::PoseError;
use super::super::builtin::sfm::{Reporter, look};
use super::InitialPointsConfig;
use super::tracks::{Feature, Seen, follow, neighbours};
use crate::dataset::{Dataset, Lens, Observation, Points, Projection};

/// Largest reprojection error in pixels of the reduced photo.
const MAX_ERROR_PX: f64 = 2.0;

/// Smallest angle under which a point is seen, degrees.
const MIN_ANGLE: f64 = 1.5;

/// Gauss–Newton steps.
const STEPS: usize = 5;

/// Looks for features, follows them and triangulates.
pub(super) fn from_views(
    dataset: &Dataset,
    views: &[usize],
    config: &InitialPointsConfig,
    report: &mut Reporter<'_>,
) -> Result<Points, PoseError> {
    let lenses: Vec<Projection> = dataset.lenses.iter().map(Lens::projection).collect();
    let seen = see(dataset, views, &lenses, config, report)?;
    let tracks = follow(&seen, &neighbours(&seen, config.neighbours), report)?;
    report.progress("Triangulating", 0, tracks.len())?;
    let found: Vec<Option<Triangulated>> = tracks
        .par_iter()
        .map(|track| {
            let sights: Vec<Sight> = track
                .iter()
                .map(|it| Sight::new(*it, dataset, views, &seen, &lenses))
                .collect();
            triangulate(sights)
        })
        .collect();
    let mut points = Points::default();
    for found in found.into_iter().flatten() {
        let point = points.len() as u32;
        let mut sum = [0_usize; 3];
        for it in &found.sights {
            let colour = seen[it.view].features.colours[it.feature];
            sum = std::array::from_fn(|i| sum[i] + usize::from(colour[i]));
            points.observations.push(Observation {
                point,
                frame: views[it.view] as u32,
                pixel: it.pixel,
            });
        }
        points.positions.push(found.position);
        points
            .colours
            .push(sum.map(|it| (it / found.sights.len()) as u8));
        points.errors_px.push(found.error_px);
    }
    report.progress("Triangulating", tracks.len(), tracks.len())?;
    Ok(points)
}

fn see(
    dataset: &Dataset,
    views: &[usize],
    lenses: &[Projection],
    config: &InitialPointsConfig,
    report: &mut Reporter<'_>,
) -> Result<Vec<Seen>, PoseError> {
    const STAGE: &str = "Looking for features";
    let mut seen = Vec::with_capacity(views.len());
    report.progress(STAGE, 0, views.len())?;
    for chunk in views.chunks(rayon::current_num_threads().max(1)) {
        seen.par_extend(chunk.par_iter().map(|&it| {
            let view = &dataset.views[it];
            let side = config.max_side;
            let features = look(&dataset.folder, &view.image, side, config.max_features);
            let ray = |it: &[f32; 2]| {
                let pixel = DVec2::new(f64::from(it[0]), f64::from(it[1])) / features.scale;
                let ray = lenses[view.lens].unproject(pixel);
                ray.map_or(DVec3::ZERO, |it| {
                    view.c2w.transform_vector3(it).normalize_or_zero()
                })
            };
            let lens = &dataset.lenses[view.lens];
            Seen {
                c2w: view.c2w,
                rays: features.pixels.iter().map(ray).collect(),
                focal_px: 0.5 * (lens.fx + lens.fy).abs() * features.scale,
                features,
            }
        }));
        report.progress(STAGE, seen.len(), views.len())?;
    }
    Ok(seen)
}

/// One sight of a point.
#[derive(Clone)]
struct Sight<'a> {
    view: usize,
    feature: usize,
    /// Distorted pixel of the upright photo.
    pixel: DVec2,
    position: DVec3,
    ray: DVec3,
    w2c: DAffine3,
    lens: &'a Projection,
    /// Size at which features were looked for, as a part of the photo's.
    scale: f64,
}

impl<'a> Sight<'a> {
    fn new(
        (view, feature): Feature,
        dataset: &Dataset,
        views: &[usize],
        seen: &[Seen],
        lenses: &'a [Projection],
    ) -> Self {
        let it = &seen[view];
        let [x, y] = it.features.pixels[feature];
        Self {
            view,
            feature,
            pixel: DVec2::new(f64::from(x), f64::from(y)) / it.features.scale,
            position: it.c2w.translation,
            ray: it.rays[feature],
            w2c: it.c2w.inverse(),
            lens: &lenses[dataset.views[views[view]].lens],
            scale: it.features.scale,
        }
    }

    /// Projected minus seen, in pixels of the reduced photo.
    fn error(&self, point: DVec3) -> Option<DVec2> {
        let point = self.w2c.transform_point3(point);
        let pixel = self.lens.project(point).filter(|_| 0.0 < point.z)?;
        Some((pixel - self.pixel) * self.scale)
    }
}

struct Triangulated<'a> {
    position: DVec3,
    error_px: f64,
    sights: Vec<Sight<'a>>,
}

/// The point where the rays meet. The worst sight goes as long as it is too far off and two stay.
fn triangulate(mut sights: Vec<Sight<'_>>) -> Option<Triangulated<'_>> {
    sights.retain(|it| it.ray != DVec3::ZERO);
    while 2 <= sights.len() {
        let point = refined(nearest_to_rays(&sights)?, &sights);
        let error = |it: &Sight<'_>| it.error(point).map_or(f64::INFINITY, DVec2::length);
        let errors: Vec<f64> = sights.iter().map(error).collect();
        let worst = (0..errors.len()).max_by(|a, b| errors[*a].total_cmp(&errors[*b]))?;
        if errors[worst] <= MAX_ERROR_PX {
            let scale = sights.iter().map(|it| it.scale).fold(1.0, f64::min);
            let mean = errors.iter().sum::<f64>() / errors.len() as f64;
            let is_deep = MIN_ANGLE.to_radians() <= largest_angle(point, &sights);
            return is_deep.then_some(Triangulated {
                position: point,
                error_px: mean / scale,
                sights,
            });
        }
        sights.remove(worst);
    }
    None
}

/// The point nearest to all rays, in the sense of least squares.
fn nearest_to_rays(sights: &[Sight<'_>]) -> Option<DVec3> {
    let (mut matrix, mut right) = (DMat3::ZERO, DVec3::ZERO);
    for it in sights {
        let ray = it.ray;
        let along = DMat3::from_cols(ray * ray.x, ray * ray.y, ray * ray.z);
        matrix += DMat3::IDENTITY - along;
        right += (DMat3::IDENTITY - along) * it.position;
    }
    let point = matrix.inverse() * right;
    point.is_finite().then_some(point)
}

/// Gauss–Newton on the reprojection error; steps that do not help are not taken.
fn refined(mut point: DVec3, sights: &[Sight<'_>]) -> DVec3 {
    let cost = |point: DVec3| -> f64 {
        let one = |it: &Sight<'_>| it.error(point).map_or(f64::INFINITY, DVec2::length_squared);
        sights.iter().map(one).sum()
    };
    let mut best = cost(point);
    for _ in 0..STEPS {
        let (mut normal, mut gradient) = (DMat3::ZERO, DVec3::ZERO);
        for it in sights {
            let step = 1e-5 * it.position.distance(point).max(f64::MIN_POSITIVE);
            let side = |axis: DVec3| {
                let [ahead, back] = [point + step * axis, point - step * axis];
                Some((it.error(ahead)? - it.error(back)?) / (2.0 * step))
            };
            let columns = (
                side(DVec3::X),
                side(DVec3::Y),
                side(DVec3::Z),
                it.error(point),
            );
            let (Some(x), Some(y), Some(z), Some(error)) = columns else {
                continue;
            };
            for (row, error) in [
                (DVec3::new(x.x, y.x, z.x), error.x),
                (DVec3::new(x.y, y.y, z.y), error.y),
            ] {
                normal += DMat3::from_cols(row * row.x, row * row.y, row * row.z);
                gradient += row * error;
            }
        }
        let next = point - normal.inverse() * gradient;
        let cost = cost(next);
        if !next.is_finite() || best <= cost {
            break;
        }
        (point, best) = (next, cost);
    }
    point
}

fn largest_angle(point: DVec3, sights: &[Sight<'_>]) -> f64 {
    let rays: Vec<DVec3> = sights.iter().map(|it| point - it.position).collect();
    let pairs = (0..rays.len()).flat_map(|a| (a + 1..rays.len()).map(move |b| (a, b)));
    pairs
        .map(|(a, b)| rays[a].angle_between(rays[b]))
        .fold(0.0, f64::max)
}

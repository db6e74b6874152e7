//! Points to begin with where a dataset has none: random ones in the space that cameras share, of
//! which those are kept that photos agree on.
//!
//! A candidate lies on the ray of a random pixel. It is dropped where fewer than three other
//! cameras see it, or where one looks through it (a transparent pixel: the visual hull). The rest
//! is ranked by how alike the pixels are that show it; occluded views disagree, so that only the
//! better half of them counts.

use std::sync::Arc;

use glam::{DMat3, DVec2, DVec3};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use rayon::prelude::*;

use crate::dataset::{Dataset, Points, Split};
use crate::io::photo::{Photo, PhotoLoader, PhotoOptions, TargetSize};

/// Photos are looked at in this size: what agrees at this size is good enough to begin with.
const SIDE_PX: u32 = 160;
/// Photos that are looked at, evenly chosen.
const MAX_VIEWS: usize = 48;
/// Candidates for each point that is kept: of so many the best one is.
const CANDIDATES: usize = 4;
/// Rounds of as many candidates as points are wanted, until enough are found: of a small object in
/// a large space few survive.
const ROUNDS: u64 = 100;
/// Views that must see a point, beside the one that proposed it.
const LEAST_VIEWS: usize = 3;
/// Depths along a ray, in units of the distance to where the cameras look.
const DEPTHS: (f64, f64) = (0.25, 2.5);
/// Pixels less opaque than this are looked through.
const TRANSPARENT: f64 = 0.1;

/// A photo with its camera.
struct Seen {
    photo: Arc<Photo>,
    c2w: glam::DAffine3,
    w2c: glam::DAffine3,
}

/// A point that several photos show.
struct Candidate {
    position: DVec3,
    colour: [u8; 3],
    /// Mean absolute difference from the median colour, over the better half of views, 0 to 255.
    doubt: f64,
}

/// About `count` points for the training views of `dataset`. Fewer where photos agree on fewer;
/// photos that cannot be read are passed over.
pub(super) fn scatter(dataset: &Arc<Dataset>, count: usize, seed: u64) -> Points {
    let options = PhotoOptions {
        size: TargetSize::MaxSide(SIDE_PX),
        ..PhotoOptions::default()
    };
    let loader = PhotoLoader::new(dataset.clone(), options, 64 << 20);
    let views: Vec<usize> = (0..dataset.views.len())
        .filter(|&i| dataset.views[i].split == Split::Train && !dataset.views[i].ignored)
        .collect();
    let every = views.len().div_ceil(MAX_VIEWS).max(1);
    let seen: Vec<Seen> = views
        .par_iter()
        .step_by(every)
        .filter_map(|&view| {
            let c2w = dataset.views[view].c2w;
            let photo = loader.load(view).ok()?;
            let w2c = c2w.inverse();
            Some(Seen { photo, c2w, w2c })
        })
        .collect();
    if seen.len() < 2 {
        return Points::default();
    }
    let focus = focus(&seen);
    let mut found: Vec<Candidate> = Vec::new();
    for round in 0..ROUNDS {
        let first = round * count as u64;
        let numbers = (first..first + count as u64).into_par_iter();
        found.par_extend(numbers.filter_map(|it| candidate(&seen, focus, seed, it)));
        if count * CANDIDATES <= found.len() {
            break;
        }
    }
    found.sort_by(|a, b| a.doubt.total_cmp(&b.doubt));
    found.truncate(count);
    Points {
        positions: found.iter().map(|it| it.position).collect(),
        colours: found.iter().map(|it| it.colour).collect(),
        ..Points::default()
    }
}

/// The point nearest to all optical axes. Where they are nearly parallel, a point in front of the
/// cameras, a few times as far as they are apart.
fn focus(seen: &[Seen]) -> DVec3 {
    let count = seen.len() as f64;
    let middle = seen.iter().map(|it| it.c2w.translation).sum::<DVec3>() / count;
    let spread = seen
        .iter()
        .map(|it| it.c2w.translation.distance(middle))
        .sum::<f64>()
        / count;
    let forward = seen.iter().map(|it| it.c2w.matrix3.z_axis).sum::<DVec3>();
    let guess = middle + forward.normalize_or_zero() * 3.0 * spread;
    // Least squares, with a little of the guess so that it always has an answer.
    let prior = 0.01 * count;
    let mut matrix = DMat3::IDENTITY * prior;
    let mut right = guess * prior;
    for it in seen {
        let axis = it.c2w.matrix3.z_axis;
        let across =
            DMat3::IDENTITY - DMat3::from_cols(axis * axis.x, axis * axis.y, axis * axis.z);
        matrix += across;
        right += across * it.c2w.translation;
    }
    matrix.inverse() * right
}

fn candidate(seen: &[Seen], focus: DVec3, seed: u64, number: u64) -> Option<Candidate> {
    let mut rng = Pcg64::seed_from_u64(seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let own = rng.random_range(0..seen.len());
    let Seen { photo, c2w, .. } = &seen[own];
    let pixel = DVec2::new(
        rng.random::<f64>() * f64::from(photo.width),
        rng.random::<f64>() * f64::from(photo.height),
    );
    let shown = pixel_at(photo, pixel)?;
    let ray = photo.lens.unproject(pixel)?;
    let distance = c2w.translation.distance(focus);
    let (near, far) = DEPTHS;
    let depth = distance * (near.ln() + rng.random::<f64>() * (far / near).ln()).exp();
    let position = c2w.transform_point3(ray / ray.z * depth);
    let mut colours = vec![shown];
    for (i, it) in seen.iter().enumerate() {
        let in_camera = it.w2c.transform_point3(position);
        if i == own || in_camera.z <= 0.0 {
            continue;
        }
        let Some(pixel) = it.photo.lens.project(in_camera) else {
            continue;
        };
        match look(&it.photo, pixel) {
            Look::Outside => {}
            Look::Through => return None,
            Look::Colour(colour) => colours.push(colour),
        }
    }
    if colours.len() <= LEAST_VIEWS {
        return None;
    }
    let colour = [0, 1, 2].map(|channel| median(colours.iter().map(|it| it[channel])));
    let mut doubts: Vec<f64> = colours
        .iter()
        .map(|it| (0..3).map(|k| (it[k] - colour[k]).abs()).sum::<f64>() / 3.0)
        .collect();
    doubts.sort_by(f64::total_cmp);
    let half = doubts.len().div_ceil(2);
    Some(Candidate {
        position,
        colour: colour.map(|it| it.round() as u8),
        doubt: doubts[..half].iter().sum::<f64>() / half as f64,
    })
}

/// What a photo shows at a place.
enum Look {
    Outside,
    /// There is nothing.
    Through,
    Colour([f64; 3]),
}

fn look(photo: &Photo, pixel: DVec2) -> Look {
    let (x, y) = (pixel.x.floor(), pixel.y.floor());
    let inside =
        (0.0..f64::from(photo.width)).contains(&x) && (0.0..f64::from(photo.height)).contains(&y);
    if !inside {
        return Look::Outside;
    }
    let at = y as usize * photo.width as usize + x as usize;
    let counts = photo.mask.as_ref().and_then(|it| it.get(at));
    if counts.is_some_and(|it| *it < 128) {
        return Look::Outside;
    }
    let Some([r, g, b, alpha]) = photo.rgba.as_chunks::<4>().0.get(at) else {
        return Look::Outside;
    };
    if f64::from(*alpha) / 255.0 < TRANSPARENT {
        return Look::Through;
    }
    Look::Colour([r, g, b].map(|it| f64::from(*it)))
}

/// The colour of a pixel that counts and is not transparent.
fn pixel_at(photo: &Photo, pixel: DVec2) -> Option<[f64; 3]> {
    match look(photo, pixel) {
        Look::Colour(colour) => Some(colour),
        Look::Outside | Look::Through => None,
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    let middle = values.len() / 2;
    *values.select_nth_unstable_by(middle, f64::total_cmp).1
}

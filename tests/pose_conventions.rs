//! Poses are right, not just read: points land on their colours, features on epipolar lines.
//!
//! Every measure is taken again with a convention broken on purpose, which has to be clearly
//! worse: else the measure could not tell.

use std::path::Path;
use std::sync::Arc;

use cumulus3d_features::{CpuSift, GrayImage, SiftEngine, SiftOptions, SiftOutput, rgb_to_gray};
use cumulus3d_matching::{CpuMatcher, DescriptorMatchOptions, MatcherBackend};
use glam::{DAffine3, DMat3, DVec2, DVec3};
use recon::dataset::{Dataset, Lens};
use recon::io::photo::{Photo, PhotoLoader, PhotoOptions};
use recon::io::{self, Opened};

/// Photos that the colour measure looks at: every so many.
const COLOUR_STRIDE: usize = 6;

/// Pairs of neighbours that the epipolar measure looks at.
const PAIRS: usize = 6;

/// Matches that a pair must have to be counted.
const MIN_MATCHES: usize = 20;

/// A way to misread a pose.
#[derive(Clone, Copy, Debug)]
enum Reading {
    Right,
    /// OpenGL's axes taken for OpenCV's.
    FlippedAxes,
    /// Each photo with the pose of the next one.
    NextPose,
    /// World to camera taken for camera to world.
    Inverted,
}

const MISREADINGS: [Reading; 3] = [Reading::FlippedAxes, Reading::NextPose, Reading::Inverted];

fn pose(dataset: &Dataset, view: usize, reading: Reading) -> DAffine3 {
    let views = &dataset.views;
    let c2w = views[view].c2w;
    match reading {
        Reading::Right => c2w,
        Reading::FlippedAxes => {
            let flip = DMat3::from_diagonal(DVec3::new(1.0, -1.0, -1.0));
            c2w * DAffine3::from_mat3(flip)
        }
        Reading::NextPose => views[(view + 1) % views.len()].c2w,
        Reading::Inverted => c2w.inverse(),
    }
}

fn open(path: &Path) -> Arc<Dataset> {
    match io::open(path).unwrap_or_else(|it| panic!("{it}")) {
        Opened::Dataset(dataset) => Arc::new(dataset),
        other => panic!("{}: {other:?}", path.display()),
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Median difference (0 to 255, mean of the channels) between points and the pixels they land on.
fn colour_error(dataset: &Dataset, photos: &[(usize, Arc<Photo>)], reading: Reading) -> f64 {
    let mut errors = Vec::new();
    let points = &dataset.points;
    for (view, photo) in photos {
        let w2c = pose(dataset, *view, reading).inverse();
        for point in points_in(dataset, *view) {
            let (position, colour) = (points.positions[point], points.colours[point]);
            let Some(pixel) = photo.lens.project(w2c.transform_point3(position)) else {
                continue;
            };
            let (x, y) = (pixel.x.floor(), pixel.y.floor());
            if x < 0.0 || y < 0.0 || f64::from(photo.width) <= x || f64::from(photo.height) <= y {
                continue;
            }
            let at = 4 * (y as usize * photo.width as usize + x as usize);
            let seen = &photo.rgba[at..at + 3];
            let sum: f64 = (0..3)
                .map(|c| (f64::from(seen[c]) - f64::from(colour[c])).abs())
                .sum();
            errors.push(sum / 3.0);
        }
    }
    median(errors)
}

/// The points that were seen in a photo; all of them where that is not known.
fn points_in(dataset: &Dataset, view: usize) -> Vec<usize> {
    let observations = &dataset.points.observations;
    if observations.is_empty() {
        return (0..dataset.points.len()).collect();
    }
    let here = observations.iter().filter(|it| it.frame as usize == view);
    here.map(|it| it.point as usize).collect()
}

fn check_colours(folder: &str, at_most: f64) {
    let Some(root) = tests::test_data() else {
        return;
    };
    let dataset = open(&root.join(folder));
    let loader = PhotoLoader::new(Arc::clone(&dataset), PhotoOptions::default(), 1 << 28);
    let photos: Vec<_> = (0..dataset.views.len())
        .step_by(COLOUR_STRIDE)
        .map(|it| (it, loader.load(it).unwrap()))
        .collect();
    let right = colour_error(&dataset, &photos, Reading::Right);
    println!("{folder}: points differ from their pixels by {right:.1} of 255 (median)");
    assert!(right <= at_most);
    for misreading in MISREADINGS {
        let wrong = colour_error(&dataset, &photos, misreading);
        println!("{folder}: {misreading:?}: {wrong:.1}");
        // No pixel at all is as wrong as can be.
        assert!(wrong.is_nan() || 2.0 * right < wrong, "{misreading:?}");
    }
}

#[test]
fn points_of_the_fox_land_on_their_colours() {
    check_colours("data/fox_half", 20.0);
}

#[test]
fn points_of_snowmiku_land_on_their_colours() {
    check_colours("data/snowmiku_simple_radial", 20.0);
}

/// Features of a photo, on a white ground.
fn features(photo: &Photo) -> SiftOutput {
    let grey = photo.rgba.chunks_exact(4).map(|it| {
        let on_white = |c: usize| {
            let (value, alpha) = (u32::from(it[c]), u32::from(it[3]));
            ((value * alpha + 255 * (255 - alpha)) / 255) as u8
        };
        rgb_to_gray(on_white(0), on_white(1), on_white(2))
    });
    let image = GrayImage::new(photo.width as usize, photo.height as usize, grey.collect());
    let options = SiftOptions {
        max_num_features: 2000,
        ..SiftOptions::default()
    };
    CpuSift::new().extract(&image.unwrap(), &options).unwrap()
}

/// A photo, its features, and which one it is.
struct Seen {
    view: usize,
    lens: Lens,
    features: SiftOutput,
}

type Matches = Vec<(DVec2, DVec2)>;

fn matches(a: &Seen, b: &Seen) -> Matches {
    let options = DescriptorMatchOptions::default();
    let (from, to) = (&a.features.descriptors, &b.features.descriptors);
    let found = CpuMatcher::default().match_descriptors(from, to, &options, 4096);
    let pixel = |of: &SiftOutput, i: u32| {
        let feature = &of.features[i as usize];
        DVec2::new(f64::from(feature.x), f64::from(feature.y))
    };
    let pairs = found.iter();
    pairs
        .map(|it| (pixel(&a.features, it.idx1), pixel(&b.features, it.idx2)))
        .collect()
}

/// Distances in pixels of each match in `b` from the line on which `a` sees it.
fn epipolar_errors(
    dataset: &Dataset,
    (a, b): (&Seen, &Seen),
    matches: &Matches,
    reading: Reading,
) -> Vec<f64> {
    // Were both shifted, a turntable's neighbours would still stand to each other as they should.
    let of_a = match reading {
        Reading::NextPose => Reading::Right,
        other => other,
    };
    let b_from_a = pose(dataset, b.view, reading).inverse() * pose(dataset, a.view, of_a);
    let t = b_from_a.translation;
    let cross = DMat3::from_cols(
        DVec3::new(0.0, t.z, -t.y),
        DVec3::new(-t.z, 0.0, t.x),
        DVec3::new(t.y, -t.x, 0.0),
    );
    let essential = cross * b_from_a.matrix3;
    let inner = |lens: &Lens| {
        DMat3::from_cols(
            DVec3::new(lens.fx, 0.0, 0.0),
            DVec3::new(0.0, lens.fy, 0.0),
            DVec3::new(lens.cx, lens.cy, 1.0),
        )
    };
    let to_ray = (inner(&a.lens).inverse(), inner(&b.lens).inverse());
    let fundamental = to_ray.1.transpose() * essential * to_ray.0;
    matches
        .iter()
        .map(|(from, to)| {
            let line = fundamental * from.extend(1.0);
            line.dot(to.extend(1.0)).abs() / line.truncate().length()
        })
        .collect()
}

/// Each of some views with the one whose camera is next to it.
fn neighbours(dataset: &Dataset) -> Vec<(usize, usize)> {
    let views = &dataset.views;
    let distance = |a: usize, b: usize| {
        let (a, b) = (views[a].c2w, views[b].c2w);
        let turn = a.matrix3.z_axis.dot(b.matrix3.z_axis);
        // A camera that turns only tells nothing: ask for some way between them.
        let way = a.translation.distance(b.translation);
        if way < 1e-3 * (1.0 + a.translation.length()) || turn < 0.8 {
            return f64::INFINITY;
        }
        way
    };
    let stride = (views.len() / PAIRS).max(1);
    (0..views.len())
        .step_by(stride)
        .filter_map(|a| {
            let others = (0..views.len()).filter(|&it| it != a);
            let b = others.min_by(|&b, &c| distance(a, b).total_cmp(&distance(a, c)))?;
            distance(a, b).is_finite().then_some((a, b))
        })
        .collect()
}

fn check_epipolar(folder: &str) {
    let Some(root) = tests::test_data() else {
        return;
    };
    let dataset = open(&root.join(folder));
    let loader = PhotoLoader::new(Arc::clone(&dataset), PhotoOptions::default(), 1 << 28);
    let see = |view: usize| {
        let photo = loader.load(view).unwrap();
        Seen {
            view,
            features: features(&photo),
            lens: photo.lens.clone(),
        }
    };
    let pairs: Vec<_> = neighbours(&dataset)
        .into_iter()
        .map(|(a, b)| (see(a), see(b)))
        .map(|(a, b)| {
            let matches = matches(&a, &b);
            (a, b, matches)
        })
        .filter(|(.., it)| MIN_MATCHES <= it.len())
        .collect();
    assert!(3 <= pairs.len(), "{} pairs have matches", pairs.len());
    let measure = |reading: Reading| {
        let errors = pairs
            .iter()
            .flat_map(|(a, b, it)| epipolar_errors(&dataset, (a, b), it, reading));
        median(errors.collect())
    };
    let right = measure(Reading::Right);
    let count: usize = pairs.iter().map(|(.., it)| it.len()).sum();
    println!("{folder}: {count} matches are {right:.2} px from their epipolar lines (median)");
    assert!(right <= 1.5);
    for misreading in MISREADINGS {
        let wrong = measure(misreading);
        println!("{folder}: {misreading:?}: {wrong:.2} px");
        // No line at all is as wrong as can be.
        assert!(
            wrong.is_nan() || 3.0 * right < wrong,
            "{misreading:?}: {wrong}"
        );
    }
}

#[test]
fn features_of_the_desk_lie_on_epipolar_lines() {
    check_epipolar("data/mydesk_540p");
}

#[test]
fn features_of_lego_lie_on_epipolar_lines() {
    check_epipolar("data/lego_blender_400");
}

#[test]
fn features_of_the_toy_lie_on_epipolar_lines() {
    check_epipolar("data/gso_toy");
}

//! The choice of input views by k-means over positions and directions, as the tttLRM paper's
//! evaluation makes it: scikit-learn's `KMeans(random_state=0, n_init=1)` with NumPy's random
//! numbers, so that the same views come out.
//!
//! The choice is chaotic where clusters are not clear: poses that differ by rounding can give
//! other views. Lists that were published with a scene are therefore used where they exist.

use glam::DAffine3;
use rand_mt::Mt;

use super::{Dataset, Split};

/// A camera's position and the direction it looks in, world coordinates.
pub type Feature = [f64; 6];

const MAX_ITERATIONS: usize = 300;

/// Clusters stand still when they move less than this part of the features' mean variance.
const TOLERANCE: f64 = 1e-4;

/// Clusters of features.
#[derive(Clone, Debug, PartialEq)]
pub struct Clusters {
    /// Their centres.
    pub centres: Vec<Feature>,
    /// Rounds of Lloyd's algorithm that were made.
    pub iterations: usize,
    /// Sum of the squared distances to the nearest centre.
    pub inertia: f64,
}

/// `count` input views of the dataset, ascending: the published list where there is one for this
/// count of which all may be seen, else [`nearest_views`] of the training views. All of them where
/// there are not more. Two clusters may have the same nearest view, which is then named twice, as in
/// the paper.
pub fn choose_views(dataset: &Dataset, count: usize) -> Vec<usize> {
    let views = &dataset.views;
    let is_candidate = |i: &usize| {
        let view = views.get(*i);
        view.is_some_and(|it| !it.ignored && it.split == Split::Train && it.c2w.is_finite())
    };
    // A list is for the hold-out that it was published with: no view is seen and measured on.
    if let Some(list) = dataset.input_lists.get(&count)
        && list.iter().all(is_candidate)
    {
        return list.clone();
    }
    let candidates: Vec<usize> = (0..views.len()).filter(is_candidate).collect();
    let cameras: Vec<DAffine3> = candidates.iter().map(|i| views[*i].c2w).collect();
    let chosen = nearest_views(&cameras, count);
    chosen.into_iter().map(|i| candidates[i]).collect()
}

/// For each of `count` clusters of cameras the one next to its centre; indices, ascending.
pub fn nearest_views(cameras: &[DAffine3], count: usize) -> Vec<usize> {
    if cameras.len() <= count {
        return (0..cameras.len()).collect();
    }
    let features: Vec<Feature> = cameras.iter().map(feature).collect();
    let clusters = k_means(&features, count);
    let mut chosen: Vec<usize> = clusters
        .centres
        .iter()
        .map(|it| nearest(it, &features).0)
        .collect();
    chosen.sort_unstable();
    chosen
}

/// A camera's feature.
pub fn feature(c2w: &DAffine3) -> Feature {
    let (position, forward) = (c2w.translation, c2w.matrix3.z_axis);
    [
        position.x, position.y, position.z, forward.x, forward.y, forward.z,
    ]
}

/// Clusters `features`, which must be finite: k-means++ with several tries for each centre
/// (Arthur and Vassilvitskii 2007), then Lloyd's algorithm. Never more clusters than features.
pub fn k_means(features: &[Feature], count: usize) -> Clusters {
    let count = count.min(features.len());
    if count == 0 {
        return Clusters {
            centres: Vec::new(),
            iterations: 0,
            inertia: 0.0,
        };
    }
    let mean = mean(features);
    let tolerance = TOLERANCE * variance(features, &mean);
    // Around their mean, distances lose fewer digits.
    let centred: Vec<Feature> = features.iter().map(|it| minus(it, &mean)).collect();
    let mut random = NumpyRandom::new(0);
    let mut centres = first_centres(&centred, count, &mut random);
    let iterations = lloyd(&centred, &mut centres, tolerance);
    let distances = centred.iter().map(|it| nearest(it, &centres).1);
    let inertia = distances.sum();
    for centre in &mut centres {
        for (c, mean) in centre.iter_mut().zip(&mean) {
            *c += mean;
        }
    }
    Clusters {
        centres,
        iterations,
        inertia,
    }
}

/// NumPy's legacy generator.
struct NumpyRandom(Mt);

impl NumpyRandom {
    fn new(seed: u32) -> Self {
        Self(Mt::new(seed))
    }

    /// In [0, 1), 53 bits.
    fn unit(&mut self) -> f64 {
        let high = f64::from(self.0.next_u32() >> 5);
        let low = f64::from(self.0.next_u32() >> 6);
        (high * f64::from(1 << 26) + low) / (1_u64 << 53) as f64
    }
}

fn first_centres(features: &[Feature], count: usize, random: &mut NumpyRandom) -> Vec<Feature> {
    let norms: Vec<f64> = features.iter().map(|it| dot(it, it)).collect();
    let distances_to = |index: usize| -> Vec<f64> {
        let from = &features[index];
        let each = features.iter().zip(&norms);
        each.map(|(it, norm)| (-2.0 * dot(from, it) + norms[index] + norm).max(0.0))
            .collect()
    };
    let tries = 2 + (count as f64).ln() as usize;

    // Every feature is as likely as the others.
    let mut cumulated = cumulate(features.iter().map(|_| 1.0 / features.len() as f64));
    let total = cumulated[cumulated.len() - 1];
    for it in &mut cumulated {
        *it /= total;
    }
    let drawn = random.unit();
    let first = cumulated.partition_point(|it| *it <= drawn);
    let first = first.min(features.len() - 1);
    let mut centres = vec![features[first]];
    let mut closest = distances_to(first);
    let mut potential: f64 = closest.iter().sum();
    while centres.len() < count {
        let drawn: Vec<f64> = (0..tries).map(|_| random.unit() * potential).collect();
        let cumulated = cumulate(closest.iter().copied());
        let mut best: Option<(f64, usize, Vec<f64>)> = None;
        for value in drawn {
            let candidate = cumulated.partition_point(|it| *it < value);
            let candidate = candidate.min(features.len() - 1);
            let mut distances = distances_to(candidate);
            for (new, old) in distances.iter_mut().zip(&closest) {
                *new = old.min(*new);
            }
            let potential: f64 = distances.iter().sum();
            if best.as_ref().is_none_or(|(least, ..)| potential < *least) {
                best = Some((potential, candidate, distances));
            }
        }
        let Some((least, candidate, distances)) = best else {
            break; // there are at least two tries
        };
        (potential, closest) = (least, distances);
        centres.push(features[candidate]);
    }
    centres
}

/// Moves the centres until nothing changes or little does; how many rounds that took.
fn lloyd(features: &[Feature], centres: &mut [Feature], tolerance: f64) -> usize {
    let mut labels = vec![usize::MAX; features.len()];
    for round in 1..=MAX_ITERATIONS {
        let new_labels = assign(features, centres);
        let moved = average(features, &new_labels, centres);
        let shift: f64 = centres
            .iter()
            .zip(&moved)
            .map(|(old, new)| distance_squared(old, new))
            .sum();
        centres.copy_from_slice(&moved);
        if new_labels == labels || shift <= tolerance {
            return round;
        }
        labels = new_labels;
    }
    MAX_ITERATIONS
}

/// The nearest centre of each feature; of several the first.
fn assign(features: &[Feature], centres: &[Feature]) -> Vec<usize> {
    let norms: Vec<f64> = centres.iter().map(|it| dot(it, it)).collect();
    let label = |feature: &Feature| {
        let distances = centres.iter().zip(&norms);
        let distances = distances.map(|(it, norm)| norm - 2.0 * dot(feature, it));
        let least = |best: (usize, f64), (i, it)| if it < best.1 { (i, it) } else { best };
        let start = (0, f64::INFINITY);
        distances.enumerate().fold(start, least).0
    };
    features.iter().map(label).collect()
}

/// The mean of each cluster. A cluster that lost its last feature takes the one that is furthest
/// from its own centre.
fn average(features: &[Feature], labels: &[usize], old: &[Feature]) -> Vec<Feature> {
    let mut sums = vec![[0.0; 6]; old.len()];
    let mut weights = vec![0.0; old.len()];
    for (feature, &label) in features.iter().zip(labels) {
        weights[label] += 1.0;
        add(&mut sums[label], feature, 1.0);
    }
    relocate_empty(features, labels, old, &mut sums, &mut weights);
    let largest = (1..weights.len()).fold(
        0,
        |best, i| {
            if weights[best] < weights[i] { i } else { best }
        },
    );
    for i in 0..sums.len() {
        if 0.0 < weights[i] {
            let alpha = 1.0 / weights[i];
            sums[i] = sums[i].map(|it| it * alpha);
        } else {
            // As the reference has it: those behind the largest get its sum, not yet its mean.
            sums[i] = sums[largest];
        }
    }
    sums
}

fn relocate_empty(
    features: &[Feature],
    labels: &[usize],
    old: &[Feature],
    sums: &mut [Feature],
    weights: &mut [f64],
) {
    let empty: Vec<usize> = (0..weights.len()).filter(|i| weights[*i] == 0.0).collect();
    if empty.is_empty() {
        return;
    }
    let each = features.iter().zip(labels);
    let distances: Vec<f64> = each
        .map(|(it, label)| distance_squared(it, &old[*label]))
        .collect();
    if distances.iter().all(|it| *it == 0.0) {
        return; // fewer different features than clusters
    }
    let mut furthest: Vec<usize> = (0..features.len()).collect();
    furthest.sort_by(|a, b| distances[*b].total_cmp(&distances[*a]));
    for (cluster, feature) in empty.into_iter().zip(furthest) {
        let from = labels[feature];
        add(&mut sums[from], &features[feature], -1.0);
        weights[from] -= 1.0;
        sums[cluster] = features[feature];
        weights[cluster] = 1.0;
    }
}

/// Index of the nearest of `others`, of several the first, and its squared distance.
fn nearest(it: &Feature, others: &[Feature]) -> (usize, f64) {
    let distances = others.iter().map(|other| distance_squared(it, other));
    let least = |best: (usize, f64), (i, it)| if it < best.1 { (i, it) } else { best };
    distances.enumerate().fold((0, f64::INFINITY), least)
}

fn mean(features: &[Feature]) -> Feature {
    let mut sum = [0.0; 6];
    for it in features {
        add(&mut sum, it, 1.0);
    }
    sum.map(|it| it / features.len() as f64)
}

/// Averaged over the six axes.
fn variance(features: &[Feature], mean: &Feature) -> f64 {
    let squares = features.iter().map(|it| distance_squared(it, mean));
    squares.sum::<f64>() / (6 * features.len()) as f64
}

fn cumulate(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let add = |sum: &mut f64, it: f64| {
        *sum += it;
        Some(*sum)
    };
    values.scan(0.0, add).collect()
}

fn add(sum: &mut Feature, it: &Feature, weight: f64) {
    for (sum, it) in sum.iter_mut().zip(it) {
        *sum += weight * it;
    }
}

fn minus(a: &Feature, b: &Feature) -> Feature {
    std::array::from_fn(|i| a[i] - b[i])
}

fn dot(a: &Feature, b: &Feature) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn distance_squared(a: &Feature, b: &Feature) -> f64 {
    let difference = minus(a, b);
    dot(&difference, &difference)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_numbers_are_numpys() {
        let mut random = NumpyRandom::new(0);
        let expected = [0.548_813_503_927_324_8, 0.715_189_366_372_419_5];
        assert_eq!([random.unit(), random.unit()], expected);
    }

    #[test]
    fn clear_clusters_are_found() {
        let corner = |i: usize| {
            let jitter = (i / 4) as f64 * 1e-3;
            [(i & 1) as f64, (i >> 1 & 1) as f64, jitter, 0.0, 0.0, 1.0]
        };
        let features: Vec<Feature> = (0..40).map(corner).collect();
        let clusters = k_means(&features, 4);
        let mut corners: Vec<[i32; 2]> = clusters
            .centres
            .iter()
            .map(|it| [it[0].round() as i32, it[1].round() as i32])
            .collect();
        corners.sort_unstable();
        assert_eq!(corners, [[0, 0], [0, 1], [1, 0], [1, 1]]);
        assert!(clusters.inertia < 1e-3);
    }

    #[test]
    fn equal_and_few_cameras_are_no_trouble() {
        let clusters = k_means(&[[1.0; 6]; 9], 3);
        assert_eq!(clusters.centres, [[1.0; 6]; 3]);
        assert!(k_means(&[], 3).centres.is_empty());
        let cameras = [DAffine3::IDENTITY; 5];
        assert_eq!(nearest_views(&cameras, 8), [0, 1, 2, 3, 4]);
        assert_eq!(nearest_views(&cameras, 3), [0, 0, 0]);
        assert!(nearest_views(&cameras, 0).is_empty());
    }

    #[test]
    fn a_cluster_that_lost_its_features_takes_the_furthest() {
        let features: [Feature; 3] = [0.0, 1.0, 10.0].map(|x| [x, 0.0, 0.0, 0.0, 0.0, 0.0]);
        let far = [1e3, 0.0, 0.0, 0.0, 0.0, 0.0];
        let mut centres = [features[0], far];
        lloyd(&features, &mut centres, 0.0);
        let mut found = centres.map(|it| it[0]);
        found.sort_by(f64::total_cmp);
        assert_eq!(found, [0.5, 10.0]);
    }
}

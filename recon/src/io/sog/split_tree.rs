//! A tree of planes that splits points into clusters, and finds a cluster for a point again.
//!
//! Growing it is the first half of making a palette: the cluster with the largest squared error
//! is cut across its longest direction until there are enough clusters (as in Wu's colour
//! quantiser, in more dimensions). Searching it is the second half: the clusters near a point are
//! visited best plane first and only up to a budget, since no search in dozens of dimensions can
//! prove that it found the nearest without visiting most.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Points per cluster that decide its longest direction; of more, evenly spread ones are taken.
const MAX_AXIS_SAMPLES: usize = 4096;

/// Rounds of power iteration for the longest direction; it need not be exact.
const POWER_ROUNDS: usize = 3;

/// Values are padded with zeros to a multiple of this, so that sums run in lanes.
const LANES: usize = 8;

/// Points in many dimensions, padded. `[count × stride]`
pub(super) struct Points {
    values: Vec<f32>,
    stride: usize,
}

impl Points {
    /// Pads `dim` values each of all points.
    pub(super) fn new<'a>(points: impl Iterator<Item = &'a [f32]>, dim: usize) -> Self {
        let stride = dim.next_multiple_of(LANES);
        let mut values = Vec::with_capacity(points.size_hint().0 * stride);
        for point in points {
            values.extend_from_slice(point);
            values.resize(values.len() + stride - dim, 0.0);
        }
        Self { values, stride }
    }

    /// How many.
    pub(super) fn len(&self) -> usize {
        self.values.len() / self.stride
    }

    /// Values per point with padding.
    pub(super) fn stride(&self) -> usize {
        self.stride
    }

    /// Point `i`, padded.
    pub(super) fn point(&self, i: usize) -> &[f32] {
        &self.values[i * self.stride..(i + 1) * self.stride]
    }
}

/// Inner and leaf nodes; every leaf is a cluster.
pub(super) struct SplitTree {
    nodes: Vec<Node>,
    /// Normals of the planes of inner nodes, unit length. `[num_planes × stride]`
    normals: Vec<f32>,
    stride: usize,
}

#[derive(Clone, Copy)]
enum Node {
    Leaf {
        cluster: u32,
    },
    Plane {
        plane: u32,
        offset: f32,
        below: u32,
        above: u32,
    },
}

/// A cluster while the tree grows.
struct Cluster {
    /// Range in the order of points.
    start: usize,
    end: usize,
    node: u32,
    mean: Vec<f32>,
    /// The dimension with the largest variance.
    widest: usize,
    /// Sum of squared distances to the mean.
    error: f64,
}

impl SplitTree {
    /// Splits `points` (at least one) into at most `max_clusters`; fewer where points coincide.
    /// Returns the tree, the means of the clusters, padded, `[num_clusters × stride]`, and the
    /// cluster of each point.
    pub(super) fn grow(points: &Points, max_clusters: usize) -> (Self, Vec<f32>, Vec<u32>) {
        let stride = points.stride();
        let mut tree = Self {
            nodes: vec![Node::Leaf { cluster: 0 }],
            normals: Vec::new(),
            stride,
        };
        let mut order: Vec<u32> = (0..points.len() as u32).collect();
        let mut clusters = vec![Cluster::measure(points, &order, 0..points.len(), 0)];
        let mut largest = BinaryHeap::from([Ranked(clusters[0].error as f32, 0_u32)]);
        while clusters.len() < max_clusters {
            let Some(Ranked(error, cluster)) = largest.pop() else {
                break;
            };
            if error <= 0.0 {
                break;
            }
            let parent = &clusters[cluster as usize];
            let Some((below, above)) = tree.split(points, &mut order, parent, clusters.len())
            else {
                continue;
            };
            largest.push(Ranked(below.error as f32, cluster));
            largest.push(Ranked(above.error as f32, clusters.len() as u32));
            clusters[cluster as usize] = below;
            clusters.push(above);
        }
        let mut labels = vec![0; points.len()];
        for (number, cluster) in clusters.iter().enumerate() {
            for &i in &order[cluster.start..cluster.end] {
                labels[i as usize] = number as u32;
            }
        }
        let means = clusters.into_iter().flat_map(|it| it.mean).collect();
        (tree, means, labels)
    }

    /// Cuts a cluster at its mean, across its longest direction: the lower half keeps the number
    /// of the cluster, the upper half gets the number `next`. `None` where all points coincide.
    fn split(
        &mut self,
        points: &Points,
        order: &mut [u32],
        cluster: &Cluster,
        next: usize,
    ) -> Option<(Cluster, Cluster)> {
        let members = &mut order[cluster.start..cluster.end];
        let normal = longest_direction(points, members, cluster);
        let offset = dot(&cluster.mean, &normal);
        let is_below = |i: u32| dot(points.point(i as usize), &normal) < offset;
        let count = partition(members, is_below);
        if count == 0 || count == members.len() {
            return None;
        }
        let (first, middle, end) = (cluster.start, cluster.start + count, cluster.end);
        let node = self.nodes.len() as u32;
        let Node::Leaf { cluster: number } = self.nodes[cluster.node as usize] else {
            return None;
        };
        self.nodes.push(Node::Leaf { cluster: number });
        self.nodes.push(Node::Leaf {
            cluster: next as u32,
        });
        self.nodes[cluster.node as usize] = Node::Plane {
            plane: (self.normals.len() / self.stride) as u32,
            offset,
            below: node,
            above: node + 1,
        };
        self.normals.extend(normal);
        Some((
            Cluster::measure(points, order, first..middle, node),
            Cluster::measure(points, order, middle..end, node + 1),
        ))
    }

    /// The nearest of `centres` (numbered as the clusters) that is found in `budget` leaves, and
    /// its squared distance. `best` is one that is known already, with its squared distance.
    pub(super) fn search(
        &self,
        point: &[f32],
        centres: &[f32],
        budget: usize,
        mut best: (u32, f32),
    ) -> (u32, f32) {
        // Nodes to visit, nearest plane first; negated, as the heap gives the largest.
        let mut open = BinaryHeap::from([Ranked(-0.0, 0)]);
        for _ in 0..budget {
            let Some(Ranked(closeness, mut node)) = open.pop() else {
                break;
            };
            if best.1 <= -closeness {
                break;
            }
            let cluster = loop {
                match self.nodes[node as usize] {
                    Node::Leaf { cluster } => break cluster,
                    Node::Plane {
                        plane,
                        offset,
                        below,
                        above,
                    } => {
                        let start = plane as usize * self.stride;
                        let normal = &self.normals[start..start + self.stride];
                        let side = dot(point, normal) - offset;
                        let (near, far) = if side < 0.0 {
                            (below, above)
                        } else {
                            (above, below)
                        };
                        open.push(Ranked(closeness.min(-side * side), far));
                        node = near;
                    }
                }
            };
            let start = cluster as usize * self.stride;
            let distance = square_distance(point, &centres[start..start + self.stride]);
            if distance < best.1 {
                best = (cluster, distance);
            }
        }
        best
    }
}

impl Cluster {
    fn measure(points: &Points, order: &[u32], range: std::ops::Range<usize>, node: u32) -> Self {
        let members = &order[range.clone()];
        let count = members.len() as f64;
        let mut sums = vec![0.0_f64; points.stride()];
        for &i in members {
            for (sum, &it) in sums.iter_mut().zip(points.point(i as usize)) {
                *sum += f64::from(it);
            }
        }
        let mean: Vec<f32> = sums.iter().map(|it| (it / count) as f32).collect();
        let mut squares = vec![0.0_f32; points.stride()];
        for &i in members {
            for ((sum, &it), mean) in squares.iter_mut().zip(points.point(i as usize)).zip(&mean) {
                *sum += (it - mean) * (it - mean);
            }
        }
        let widest = (0..squares.len())
            .max_by(|&a, &b| squares[a].total_cmp(&squares[b]))
            .unwrap_or(0);
        // Rounding of the mean alone must not make coinciding points look spread.
        let first = points.point(members[0] as usize);
        let coincide = members.iter().all(|&i| points.point(i as usize) == first);
        let error = if coincide {
            0.0
        } else {
            squares.iter().copied().map(f64::from).sum()
        };
        Self {
            start: range.start,
            end: range.end,
            node,
            mean,
            widest,
            error,
        }
    }
}

/// The direction in which a cluster is longest, unit length: power iteration on its covariance,
/// from its widest dimension.
fn longest_direction(points: &Points, members: &[u32], cluster: &Cluster) -> Vec<f32> {
    let stride = members.len().div_ceil(MAX_AXIS_SAMPLES);
    let mut direction = vec![0.0; points.stride()];
    direction[cluster.widest] = 1.0;
    let mut next = vec![0.0; points.stride()];
    for _ in 0..POWER_ROUNDS {
        next.fill(0.0);
        let offset = dot(&cluster.mean, &direction);
        for &i in members.iter().step_by(stride) {
            let point = points.point(i as usize);
            let along = dot(point, &direction) - offset;
            for ((sum, it), mean) in next.iter_mut().zip(point).zip(&cluster.mean) {
                *sum += along * (it - mean);
            }
        }
        let length = dot(&next, &next).sqrt();
        if !(f32::MIN_POSITIVE..).contains(&length) {
            break;
        }
        for (to, from) in direction.iter_mut().zip(&next) {
            *to = from / length;
        }
    }
    direction
}

/// Moves those for which `is_first` to the front, and counts them.
fn partition(members: &mut [u32], is_first: impl Fn(u32) -> bool) -> usize {
    let mut count = 0;
    for i in 0..members.len() {
        if is_first(members[i]) {
            members.swap(i, count);
            count += 1;
        }
    }
    count
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0; LANES];
    for (a, b) in a
        .as_chunks::<LANES>()
        .0
        .iter()
        .zip(b.as_chunks::<LANES>().0)
    {
        for k in 0..LANES {
            lanes[k] += a[k] * b[k];
        }
    }
    lanes.iter().sum()
}

/// The squared distance of two padded points.
pub(super) fn square_distance(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0; LANES];
    for (a, b) in a
        .as_chunks::<LANES>()
        .0
        .iter()
        .zip(b.as_chunks::<LANES>().0)
    {
        for k in 0..LANES {
            let d = a[k] - b[k];
            lanes[k] += d * d;
        }
    }
    lanes.iter().sum()
}

/// A number by which a heap ranks an index; ties go to the smaller index.
#[derive(PartialEq)]
struct Ranked(f32, u32);

impl Eq for Ranked {}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0).then(other.1.cmp(&self.1))
    }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};

    use super::*;

    fn cloud(count: usize) -> Points {
        let mut rng = rand_pcg::Pcg32::seed_from_u64(4);
        let rows: Vec<[f32; 3]> = (0..count).map(|_| rng.random()).collect();
        Points::new(rows.iter().map(|it| &it[..]), 3)
    }

    #[test]
    fn an_unlimited_search_finds_the_nearest() {
        let points = cloud(600);
        let (tree, centres, _) = SplitTree::grow(&points, 64);
        assert_eq!(centres.len(), 64 * points.stride());
        for i in 0..points.len() {
            let point = points.point(i);
            let expected = centres
                .chunks(points.stride())
                .map(|it| square_distance(point, it))
                .fold(f32::INFINITY, f32::min);
            let (_, found) = tree.search(point, &centres, usize::MAX, (0, f32::INFINITY));
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn coinciding_points_make_one_cluster() {
        let rows: Vec<[f32; 2]> = (0..90).map(|i| [(i % 3) as f32 * 0.1, 1.0 / 3.0]).collect();
        let points = Points::new(rows.iter().map(|it| &it[..]), 2);
        let (tree, centres, _) = SplitTree::grow(&points, 40);
        assert_eq!(centres.len(), 3 * points.stride());
        for i in 0..90 {
            let (_, distance) = tree.search(points.point(i), &centres, 8, (0, f32::INFINITY));
            assert!(distance < 1e-12, "{distance}");
        }
    }
}

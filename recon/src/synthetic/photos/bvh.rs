//! A tree of boxes around triangles, and the first triangle on a ray.

use glam::Vec3;

/// Triangles in a leaf, at most.
const LEAF: usize = 4;

/// Intersections nearer than this are not in front of the ray, world units.
const NEAR: f32 = 1e-4;

/// A half-line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ray {
    pub(super) origin: Vec3,
    /// Distances count in its lengths.
    pub(super) direction: Vec3,
}

/// Where a ray meets a triangle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Hit {
    /// In lengths of the ray's direction.
    pub(super) distance: f32,
    /// In the order in which triangles were given.
    pub(super) triangle: u32,
    /// Weight of the second corner.
    pub(super) b: f32,
    /// Weight of the third corner.
    pub(super) c: f32,
}

/// A corner and the two edges from it.
#[derive(Clone, Copy)]
struct Triangle {
    corner: Vec3,
    edges: [Vec3; 2],
    index: u32,
}

#[derive(Clone, Copy)]
struct Node {
    low: Vec3,
    high: Vec3,
    /// Of a leaf, the first triangle; else the second child (the first follows the node).
    next: u32,
    /// Triangles of a leaf; else 0.
    count: u32,
}

/// The tree.
pub(super) struct Bvh {
    nodes: Vec<Node>,
    triangles: Vec<Triangle>,
}

impl Bvh {
    /// Halves the triangles along the longest side of their middles' box until few are left.
    pub(super) fn new(corners: impl Iterator<Item = [Vec3; 3]>) -> Self {
        let triangle = |([a, b, c], index): ([Vec3; 3], u32)| Triangle {
            corner: a,
            edges: [b - a, c - a],
            index,
        };
        let mut triangles: Vec<Triangle> = corners.zip(0..).map(triangle).collect();
        let mut nodes = Vec::new();
        build(&mut triangles, 0, &mut nodes);
        Self { nodes, triangles }
    }

    /// The nearest triangle on the ray, seen from either side, nearer than `limit`.
    pub(super) fn first(&self, ray: &Ray, limit: f32) -> Option<Hit> {
        let inverse = ray.direction.recip();
        let mut nearest = limit;
        let mut found = None;
        // Each level leaves one node waiting; 2³² triangles have 32 levels.
        let mut waiting = [0_u32; 64];
        let mut num_waiting = 1;
        while 0 < num_waiting {
            num_waiting -= 1;
            let mut at = waiting[num_waiting] as usize;
            if nearest <= self.entry(at, ray, inverse) {
                continue;
            }
            loop {
                let node = &self.nodes[at];
                if 0 < node.count {
                    let first = node.next as usize;
                    for triangle in &self.triangles[first..first + node.count as usize] {
                        if let Some(hit) = triangle.meet(ray, nearest) {
                            nearest = hit.distance;
                            found = Some(hit);
                        }
                    }
                    break;
                }
                let (mut near, mut far) = (at + 1, node.next as usize);
                let mut entries = [near, far].map(|it| self.entry(it, ray, inverse));
                if entries[1] < entries[0] {
                    (near, far) = (far, near);
                    entries.swap(0, 1);
                }
                if nearest <= entries[0] {
                    break;
                }
                if entries[1] < nearest {
                    waiting[num_waiting] = far as u32;
                    num_waiting += 1;
                }
                at = near;
            }
        }
        found
    }

    /// Where the ray enters the node's box; infinite where it passes by.
    fn entry(&self, node: usize, ray: &Ray, inverse: Vec3) -> f32 {
        let Some(node) = self.nodes.get(node) else {
            return f32::INFINITY;
        };
        let a = (node.low - ray.origin) * inverse;
        let b = (node.high - ray.origin) * inverse;
        let enter = a.min(b).max_element().max(0.0);
        let leave = a.max(b).min_element();
        if enter <= leave { enter } else { f32::INFINITY }
    }
}

impl Triangle {
    /// Möller and Trumbore, "Fast, Minimum Storage Ray-Triangle Intersection" (1997).
    fn meet(&self, ray: &Ray, limit: f32) -> Option<Hit> {
        let [ab, ac] = self.edges;
        let p = ray.direction.cross(ac);
        let determinant = ab.dot(p);
        if determinant == 0.0 {
            return None;
        }
        let inverse = determinant.recip();
        let from_corner = ray.origin - self.corner;
        let b = inverse * from_corner.dot(p);
        let q = from_corner.cross(ab);
        let c = inverse * ray.direction.dot(q);
        let distance = inverse * ac.dot(q);
        let is_inside = 0.0 <= b && 0.0 <= c && b + c <= 1.0;
        (is_inside && NEAR < distance && distance < limit).then_some(Hit {
            distance,
            triangle: self.index,
            b,
            c,
        })
    }

    fn corners(&self) -> [Vec3; 3] {
        let [ab, ac] = self.edges;
        [self.corner, self.corner + ab, self.corner + ac]
    }

    fn middle(&self) -> Vec3 {
        self.corner + (self.edges[0] + self.edges[1]) / 3.0
    }
}

/// Adds the tree of `triangles`, which begin at `first` among all, to `nodes`, root first.
fn build(triangles: &mut [Triangle], first: u32, nodes: &mut Vec<Node>) {
    if triangles.is_empty() {
        return;
    }
    let (low, high) = around(triangles.iter().flat_map(Triangle::corners));
    let at = nodes.len();
    nodes.push(Node {
        low,
        high,
        next: first,
        count: triangles.len() as u32,
    });
    if triangles.len() <= LEAF {
        return;
    }
    let (low, high) = around(triangles.iter().map(Triangle::middle));
    let size = high - low;
    let axis = size.max_position();
    let middle = triangles.len() / 2;
    triangles.select_nth_unstable_by(middle, |a, b| a.middle()[axis].total_cmp(&b.middle()[axis]));
    let (left, right) = triangles.split_at_mut(middle);
    build(left, first, nodes);
    nodes[at].next = nodes.len() as u32;
    nodes[at].count = 0;
    build(right, first + middle as u32, nodes);
}

/// The box around some points.
fn around(points: impl Iterator<Item = Vec3>) -> (Vec3, Vec3) {
    let nothing = (Vec3::INFINITY, Vec3::NEG_INFINITY);
    points.fold(nothing, |(low, high), it| (low.min(it), high.max(it)))
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_pcg::Pcg64Mcg;

    use super::*;

    /// Among random triangles the tree finds what looking at every one finds.
    #[test]
    fn the_nearest_triangle_is_found() {
        let mut rng = Pcg64Mcg::seed_from_u64(3);
        let mut vector = |size: f32| {
            let values = [(); 3].map(|()| rng.random_range(-size..size));
            Vec3::from(values)
        };
        let corners: Vec<[Vec3; 3]> = (0..500)
            .map(|_| {
                let middle = vector(1.0);
                [(); 3].map(|()| middle + vector(0.15))
            })
            .collect();
        let bvh = Bvh::new(corners.iter().copied());
        let mut num_hits = 0;
        for i in 0..2_000 {
            let mut direction = vector(1.0);
            if i % 10 == 0 {
                direction.x = 0.0;
            }
            let ray = Ray {
                origin: vector(2.0),
                direction,
            };
            let found = bvh.first(&ray, 10.0);
            let all = bvh.triangles.iter().filter_map(|it| it.meet(&ray, 10.0));
            let expected = all.min_by(|a, b| a.distance.total_cmp(&b.distance));
            assert_eq!(found.map(|it| it.distance), expected.map(|it| it.distance));
            num_hits += usize::from(found.is_some());
        }
        assert!((100..1_900).contains(&num_hits), "{num_hits}");
        assert_eq!(
            Bvh::new(std::iter::empty()).first(
                &Ray {
                    origin: Vec3::ZERO,
                    direction: Vec3::X
                },
                1.0
            ),
            None
        );
    }

    #[test]
    fn a_hit_says_where() {
        let bvh = Bvh::new(std::iter::once([Vec3::ZERO, 2.0 * Vec3::X, 2.0 * Vec3::Y]));
        let ray = Ray {
            origin: Vec3::new(1.0, 0.5, -3.0),
            direction: 2.0 * Vec3::Z,
        };
        let hit = bvh.first(&ray, f32::INFINITY).unwrap();
        assert_eq!((hit.distance, hit.b, hit.c), (1.5, 0.5, 0.25));
        assert_eq!(bvh.first(&ray, 1.5), None);
    }
}

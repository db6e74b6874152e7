//! Nearest descriptors of two photos: all scalar products as one matrix product.

use cumulus3d_core::{DESCRIPTOR_DIM, Descriptors, FeatureMatch};
use nalgebra::DMatrix;

/// Descriptors of the first photo that are compared at a time: the tile stays in the cache.
const ROWS: usize = 128;

/// Values that are worked on side by side.
const LANES: usize = 8;

/// A SIFT descriptor of bytes has this length, squared.
const SQUARED_LENGTH: f32 = 512.0 * 512.0;

/// Largest angle between two descriptors that match, radians.
const MAX_ANGLE: f32 = 0.7;

/// Lowe's ratio of the nearest to the second nearest angle.
const MAX_RATIO: f32 = 0.8;

/// Pairs of descriptors that are each other's nearest and clearly nearer than the next (Lowe
/// 2004), by ascending index of `a`.
///
/// Scalar products of bytes are whole numbers below 2²⁴ and so exact in f32, whatever the order of
/// the sum: the result is the same on every processor.
pub(in crate::poses) fn matches(a: &Descriptors, b: &Descriptors) -> Vec<FeatureMatch> {
    if a.is_empty() || b.is_empty() {
        return Vec::new();
    }
    let products = |it: &u8| f32::from(*it);
    let columns =
        DMatrix::from_iterator(DESCRIPTOR_DIM, b.len(), b.as_slice().iter().map(products));
    let mut tile = DMatrix::zeros(ROWS, b.len());
    let mut of_columns = vec![Largest::default(); b.len()];
    let mut candidates = Vec::new();
    for start in (0..a.len()).step_by(ROWS) {
        let count = ROWS.min(a.len() - start);
        let block = &a.as_slice()[start * DESCRIPTOR_DIM..][..count * DESCRIPTOR_DIM];
        // Rows that are not there are zero: no product is smaller, so they are never the largest.
        let rows = DMatrix::from_fn(ROWS, DESCRIPTOR_DIM, |row, k| {
            block.get(row * DESCRIPTOR_DIM + k).map_or(0.0, products)
        });
        rows.mul_to(&columns, &mut tile);
        let (first, second) = largest_of_rows(tile.as_slice(), &mut of_columns);
        for row in (0..count).filter(|&it| is_clear(first[it], second[it])) {
            let products = tile.as_slice().iter().skip(row).step_by(ROWS);
            let column = products.clone().position(|&it| it == first[row]);
            candidates.extend(column.map(|it| (start + row, it, first[row])));
        }
    }
    let mutual = |(row, column, product): (usize, usize, f32)| {
        let largest: Largest = of_columns[column];
        let is_mutual = largest.first == product && is_clear(largest.first, largest.second);
        is_mutual.then(|| FeatureMatch::new(row as u32, column as u32))
    };
    candidates.into_iter().filter_map(mutual).collect()
}

/// The two largest products of a column so far.
#[derive(Clone, Copy, Debug, Default)]
struct Largest {
    first: f32,
    second: f32,
}

impl Largest {
    fn add(&mut self, first: f32, second: f32) {
        let lower = smaller(self.first, first);
        self.first = larger(self.first, first);
        self.second = larger(larger(self.second, second), lower);
    }
}

/// The two largest products of each row; those of the columns are brought up to date.
fn largest_of_rows(tile: &[f32], of_columns: &mut [Largest]) -> ([f32; ROWS], [f32; ROWS]) {
    let (mut first, mut second) = ([0.0; ROWS], [0.0; ROWS]);
    for (column, largest) in tile.chunks_exact(ROWS).zip(of_columns) {
        for ((&it, first), second) in column.iter().zip(&mut first).zip(&mut second) {
            *second = larger(*second, smaller(*first, it));
            *first = larger(*first, it);
        }
        let (mut high, mut low) = ([0.0; LANES], [0.0; LANES]);
        for lanes in column.chunks_exact(LANES) {
            for ((&it, high), low) in lanes.iter().zip(&mut high).zip(&mut low) {
                *low = larger(*low, smaller(*high, it));
                *high = larger(*high, it);
            }
        }
        for (&high, &low) in high.iter().zip(&low) {
            largest.add(high, low);
        }
    }
    (first, second)
}

/// `f32::max` minds NaN, which costs half of the speed here.
fn larger(a: f32, b: f32) -> f32 {
    if b < a { a } else { b }
}

fn smaller(a: f32, b: f32) -> f32 {
    if a < b { a } else { b }
}

fn is_clear(first: f32, second: f32) -> bool {
    let angle = |it: f32| (it / SQUARED_LENGTH).min(1.0).acos();
    let nearest = angle(first);
    nearest < MAX_ANGLE && nearest < MAX_RATIO * angle(second)
}

#[cfg(test)]
mod tests {
    use cumulus3d_matching::{CpuMatcher, DescriptorMatchOptions, MatcherBackend};
    use rand::{RngExt, SeedableRng};

    use super::*;

    /// Random directions of length 512, all components positive as SIFT's are.
    fn random(count: usize, rng: &mut rand_pcg::Pcg64) -> Vec<[f32; DESCRIPTOR_DIM]> {
        let mut one = || std::array::from_fn(|_| rng.random_range(0.0_f32..1.0).powi(3));
        (0..count).map(|_| one()).collect()
    }

    fn bytes(rows: impl Iterator<Item = [f32; DESCRIPTOR_DIM]>) -> Descriptors {
        let mut descriptors = Descriptors::new();
        for row in rows {
            let length = row.iter().map(|it| it * it).sum::<f32>().sqrt();
            descriptors.push(&row.map(|it| (512.0 * it / length).round().min(255.0) as u8));
        }
        descriptors
    }

    #[test]
    fn agrees_with_the_plain_search() {
        let mut rng = rand_pcg::Pcg64::seed_from_u64(5);
        for (na, nb) in [(1, 1), (7, 300), (300, 257), (128, 129)] {
            let common = random(na.min(nb), &mut rng);
            let (a, b) = (random(na, &mut rng), random(nb, &mut rng));
            let mix = |own: Vec<[f32; DESCRIPTOR_DIM]>, part: f32| {
                let common = common.clone().into_iter().rev().chain(own.clone());
                let mixed = own
                    .into_iter()
                    .zip(common)
                    .map(move |(own, common)| std::array::from_fn(|i| common[i] + part * own[i]));
                bytes(mixed)
            };
            let (a, b) = (mix(a, 0.5), mix(b, 0.4));
            let plain = CpuMatcher::default();
            let expected =
                plain.match_descriptors(&a, &b, &DescriptorMatchOptions::default(), usize::MAX);
            assert!(
                na < 7 || na.min(nb) / 3 < expected.len(),
                "{}",
                expected.len()
            );
            assert_eq!(matches(&a, &b), expected);
        }
        assert_eq!(
            matches(&Descriptors::new(), &bytes(random(3, &mut rng).into_iter())),
            []
        );
    }
}

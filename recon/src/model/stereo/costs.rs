//! What distances cost, pixel by pixel, and how neighbours in the picture share it.

use super::super::rays::Grid;

/// What a step to the next distance costs, as part of a jump.
const STEP: f32 = 0.15;

/// Costs of a view's pixels, row by row, of all distances each.
pub(super) struct Costs {
    pub(super) values: Vec<f32>,
    pub(super) planes: usize,
}

impl Costs {
    fn pixel(&self, i: usize) -> &[f32] {
        &self.values[i * self.planes..][..self.planes]
    }

    /// Means over windows of `2 radius + 1` squared, cut off at the borders.
    pub(super) fn averaged(self, grid: Grid, radius: usize) -> Self {
        let across = self.averaged_along(grid.width, 1, radius);
        across.averaged_along(grid.height, grid.width, radius)
    }

    /// Means along one axis of so many pixels, `stride` apart.
    fn averaged_along(self, length: usize, stride: usize, radius: usize) -> Self {
        let mut values = vec![0.0; self.values.len()];
        for (i, to) in values.chunks_exact_mut(self.planes).enumerate() {
            let at = i / stride % length;
            let near = at.saturating_sub(radius)..(at + radius + 1).min(length);
            let part = 1.0 / near.len() as f32;
            for it in near {
                for (to, from) in to.iter_mut().zip(self.pixel(i + it * stride - at * stride)) {
                    *to += part * from;
                }
            }
        }
        Self { values, ..self }
    }

    /// The mean over four directions of the costs of the best way that ends at each pixel and
    /// distance. `jump` is for any change of distance between neighbours.
    pub(super) fn smooth(&self, grid: Grid, jump: f32) -> Self {
        let planes = self.planes;
        // None where the photo is not there.
        let pixels = self.values.len() / planes;
        let mut sum = vec![0.0; self.values.len()];
        // The best ways to the last `width` pixels that were passed.
        let mut ways = vec![0.0; grid.width * planes];
        let mut best = vec![0.0; planes];
        for (is_row, is_back) in [(true, false), (true, true), (false, false), (false, true)] {
            for passed in 0..pixels {
                let i = if is_back { pixels - 1 - passed } else { passed };
                let column = i % grid.width;
                let slot = if is_row { 0 } else { column * planes };
                let ways = &mut ways[slot..slot + planes];
                let at = if is_row {
                    passed % grid.width
                } else {
                    passed / grid.width
                };
                let own = self.pixel(i);
                if at == 0 {
                    ways.copy_from_slice(own);
                } else {
                    go_on(ways, own, jump, &mut best);
                }
                for (to, way) in sum[i * planes..].iter_mut().zip(&*ways) {
                    *to += 0.25 * way;
                }
            }
        }
        Self {
            values: sum,
            planes,
        }
    }
}

/// The best ways to the next pixel, with its `own` costs, in the place of those to the last.
fn go_on(ways: &mut [f32], own: &[f32], jump: f32, best: &mut [f32]) {
    let least = ways.iter().copied().fold(f32::INFINITY, f32::min);
    let last = ways.len() - 1;
    for (k, best) in best.iter_mut().enumerate() {
        let step = ways[k.saturating_sub(1)].min(ways[(k + 1).min(last)]) + STEP * jump;
        *best = ways[k].min(step).min(least + jump);
    }
    for ((way, best), own) in ways.iter_mut().zip(&*best).zip(own) {
        *way = own + best - least;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRID: Grid = Grid {
        width: 3,
        height: 2,
        patch: 1,
    };

    #[test]
    fn windows_end_at_borders() {
        let costs = Costs {
            values: vec![1.0, 0.0, 2.0, 0.0, 3.0, 0.0, 4.0, 0.0, 5.0, 0.0, 6.0, 1.0],
            planes: 2,
        };
        let means = costs.averaged(GRID, 1);
        assert!((means.pixel(0)[0] - 3.0).abs() < 1e-6); // of 1, 2, 4, 5
        assert!((means.pixel(4)[0] - 3.5).abs() < 1e-6); // of all
        assert!((means.pixel(5)[1] - 0.25).abs() < 1e-6);
        assert_eq!(means.pixel(0)[1], 0.0);
    }

    /// A pixel that knows nothing follows its neighbours; with no jumps' price it does not.
    #[test]
    fn neighbours_like_to_be_alike() {
        let mut values = [1.0, 0.0, 1.0].repeat(6);
        values[3..6].copy_from_slice(&[0.5, 0.5, 0.49]);
        let costs = Costs { values, planes: 3 };
        let smooth = costs.smooth(GRID, 0.4);
        let cheapest = |it: &[f32]| (0..3).min_by(|a, b| it[*a].total_cmp(&it[*b]));
        assert!((0..6).all(|i| cheapest(smooth.pixel(i)) == Some(1)));
        assert_eq!(cheapest(costs.smooth(GRID, 0.0).pixel(1)), Some(2));
    }
}

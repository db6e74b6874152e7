//! Lines over the scene: a grid on the ground, the world's axes, a box around the splats.

use glam::Vec3;
use render::Segment;

use super::navigate::Extent;
use crate::settings::Overlays;
use crate::state::Scene;
use crate::theme;

/// The grid has this many cells from the middle to each side.
const GRID_HALF_CELLS: i32 = 20;

/// Every so many lines one is stronger.
const MAIN_EVERY: i32 = 10;

/// The lines that are switched on. `width_px` is that of a thin line.
pub(crate) fn segments(scene: &Scene, overlays: Overlays, up: Vec3, width_px: f32) -> Vec<Segment> {
    let mut segments = Vec::new();
    if !overlays.shown {
        return segments;
    }
    if overlays.grid {
        grid(&mut segments, &scene.main_part, up, width_px);
    }
    if overlays.axes {
        axes(&mut segments, scene.main_part.radius(), 2.0 * width_px);
    }
    if overlays.bounds {
        cuboid(&mut segments, &scene.whole, width_px);
    }
    segments
}

/// On the plane below the main part of the scene.
fn grid(segments: &mut Vec<Segment>, extent: &Extent, up: Vec3, width_px: f32) {
    let cell = cell_size(extent.radius());
    let (side, front) = up.any_orthonormal_pair();
    let ground = extent.lowest(up);
    let snapped = |axis: Vec3| (extent.centre().dot(axis) / cell).round() as i32;
    let (middle_side, middle_front) = (snapped(side), snapped(front));
    let at = |i: i32, j: i32| side * (i as f32 * cell) + front * (j as f32 * cell) + up * ground;
    for k in -GRID_HALF_CELLS..=GRID_HALF_CELLS {
        let (i, j) = (middle_side + k, middle_front + k);
        let ends = [-GRID_HALF_CELLS, GRID_HALF_CELLS];
        let along_front = ends.map(|end| at(i, middle_front + end));
        let along_side = ends.map(|end| at(middle_side + end, j));
        for (index, [from, to]) in [(i, along_front), (j, along_side)] {
            let is_main = index.rem_euclid(MAIN_EVERY) == 0;
            segments.push(Segment {
                from,
                to,
                colour: if is_main {
                    theme::GRID_MAIN
                } else {
                    theme::GRID
                },
                width_px,
            });
        }
    }
}

/// 1, 2 or 5 times a power of ten, so that the grid is about twice as wide as the scene.
fn cell_size(radius: f32) -> f32 {
    let wanted = 2.0 * radius / GRID_HALF_CELLS as f32;
    let power = 10.0_f32.powf(wanted.log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .map(|it| it * power)
        .into_iter()
        .find(|it| wanted <= *it)
        .unwrap_or(power)
}

fn axes(segments: &mut Vec<Segment>, radius: f32, width_px: f32) {
    for (axis, colour) in [Vec3::X, Vec3::Y, Vec3::Z].into_iter().zip(theme::AXES) {
        segments.push(Segment {
            from: Vec3::ZERO,
            to: 0.25 * radius * axis,
            colour,
            width_px,
        });
    }
}

/// The twelve edges.
pub(super) fn cuboid(segments: &mut Vec<Segment>, extent: &Extent, width_px: f32) {
    let corner = |bits: u32| {
        let pick = |k: usize| {
            if bits & (1 << k) == 0 {
                extent.low[k]
            } else {
                extent.high[k]
            }
        };
        Vec3::new(pick(0), pick(1), pick(2))
    };
    for bits in 0..8 {
        for k in 0..3 {
            if bits & (1 << k) == 0 {
                segments.push(Segment {
                    from: corner(bits),
                    to: corner(bits | (1 << k)),
                    colour: theme::BOUNDS,
                    width_px,
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::UpAxis;

    const EXTENT: Extent = Extent {
        low: Vec3::new(-1.0, -2.0, -3.0),
        high: Vec3::new(3.0, 2.0, 1.0),
    };

    #[test]
    fn the_grid_lies_on_the_ground_around_the_scene() {
        for up in UpAxis::ALL.map(UpAxis::vector) {
            let mut segments = Vec::new();
            grid(&mut segments, &EXTENT, up, 1.0);
            let ground = EXTENT.low.dot(up).min(EXTENT.high.dot(up));
            let (mut low, mut high) = (Vec3::MAX, Vec3::MIN);
            for point in segments.iter().flat_map(|it| [it.from, it.to]) {
                assert!((point.dot(up) - ground).abs() < 1e-5);
                (low, high) = (low.min(point), high.max(point));
            }
            let across = |axis: Vec3| axis.dot(up) != 0.0;
            for axis in [Vec3::X, Vec3::Y, Vec3::Z]
                .into_iter()
                .filter(|it| !across(*it))
            {
                assert!(low.dot(axis) < EXTENT.low.dot(axis));
                assert!(EXTENT.high.dot(axis) < high.dot(axis));
            }
        }
    }

    #[test]
    fn cells_are_round_numbers() {
        for (radius, cell) in [(10.0, 1.0), (11.0, 2.0), (0.3, 0.05), (7000.0, 1000.0)] {
            assert!((cell_size(radius) / cell - 1.0).abs() < 1e-4, "{radius}");
        }
    }

    #[test]
    fn a_box_has_twelve_edges() {
        let mut segments = Vec::new();
        cuboid(&mut segments, &EXTENT, 1.0);
        assert_eq!(segments.len(), 12);
        let total: f32 = segments.iter().map(|it| (it.to - it.from).length()).sum();
        assert_eq!(total, 48.0);
    }
}

//! `splat/emit.wgsl`: which tiles of 16×16 pixels an ellipse reaches.

use render::gpu::FrameUniform;

use super::project::Projected;

const TILE: f64 = 16.0;

/// Tiles whose rectangle around the pixel centres, widened by `slack_px`, meets the ellipse,
/// ascending. Whether it does: the least of the quadratic form over the rectangle is at most `cut`.
pub(crate) fn tiles(splat: &Projected, frame: &FrameUniform, slack_px: f64) -> Vec<u32> {
    let reaches = |column: u32, row: u32| {
        let [left, top] = frame.origin.map(f64::from);
        let corner = [left + f64::from(column) * TILE, top + f64::from(row) * TILE];
        let low = corner.map(|it| it + 0.5 - slack_px);
        let high = corner.map(|it| it + 15.5 + slack_px);
        lowest(splat, low, high) <= splat.cut
    };
    matching(frame, reaches)
}

/// Tiles in which some pixel's centre inside the image lies in the ellipse shrunk to alpha values
/// a hundred-thousandth above the threshold, ascending.
pub(crate) fn contributing_tiles(splat: &Projected, frame: &FrameUniform) -> Vec<u32> {
    let [width, height] = frame.image_size;
    let contributes = |column: u32, row: u32| {
        let rows = row * 16..(row * 16 + 16).min(height);
        let mut pixels = rows.flat_map(|y| {
            let columns = column * 16..(column * 16 + 16).min(width);
            columns.map(move |x| (x, y))
        });
        pixels.any(|(x, y)| {
            let dx = f64::from(x + frame.origin[0]) + 0.5 - splat.mean2d.x;
            let dy = f64::from(y + frame.origin[1]) + 0.5 - splat.mean2d.y;
            power(splat, dx, dy) < splat.cut - 1e-5
        })
    };
    matching(frame, contributes)
}

fn matching(frame: &FrameUniform, tile: impl Fn(u32, u32) -> bool) -> Vec<u32> {
    let [across, down] = frame.tile_count;
    (0..across * down)
        .filter(|it| tile(it % across, it / across))
        .collect()
}

/// Half the squared Mahalanobis distance.
fn power(splat: &Projected, dx: f64, dy: f64) -> f64 {
    let [a, b, c] = splat.conic;
    0.5 * (a * dx * dx + c * dy * dy) + b * dx * dy
}

/// The least `power` over a rectangle: 0 at the mean, else somewhere on the four sides.
fn lowest(splat: &Projected, low: [f64; 2], high: [f64; 2]) -> f64 {
    let mean = splat.mean2d;
    let [x0, y0] = [low[0] - mean.x, low[1] - mean.y];
    let [x1, y1] = [high[0] - mean.x, high[1] - mean.y];
    if x0 <= 0.0 && 0.0 <= x1 && y0 <= 0.0 && 0.0 <= y1 {
        return 0.0;
    }
    let [a, b, c] = splat.conic;
    // On a side one coordinate is fixed and the form is a parabola in the other.
    let vertical = |x: f64| power(splat, x, (-b * x / c).clamp(y0, y1));
    let horizontal = |y: f64| power(splat, (-b * y / a).clamp(x0, x1), y);
    [vertical(x0), vertical(x1), horizontal(y0), horizontal(y1)]
        .into_iter()
        .fold(f64::INFINITY, f64::min)
}

// Which tiles an ellipse touches, exactly: row by row, the columns between its left- and rightmost
// points in that row (the scan-line form of AccuTile, Speedy-Splat).
//
// A tile is touched when the ellipse reaches the box around its pixel centres.

#import shared/frame

const TILE: f32 = 16.0;
// Distance from a tile's edge to its first and last pixel centre.
const FIRST_CENTRE: f32 = 0.5;
const LAST_CENTRE: f32 = 15.5;
// Rounding in the square root below, at image sizes up to 16k; a tile too many does no harm.
const SLACK_PX: f32 = 0.02;

struct Ellipse {
    mean: vec2f,
    conic: vec3f,
    extent: vec2f,
    cut: f32, // half the squared Mahalanobis distance at its border
}

// The projected splat as the kernels after projection see it: three vectors, so that counting and
// emitting decide from the very same bits.
fn ellipse_of(frame: FrameUniform, a: vec4f, b: vec4f, c: vec4f) -> Ellipse {
    return Ellipse(a.xy, b.xyz, vec2f(c.w, a.w), cut_of(frame, b.w));
}

// Tiles [first, end) along one axis whose pixel centres meet [low, high], of `tiles` from pixel
// `origin` on, counted from there.
fn tile_span(low: f32, high: f32, origin: u32, tiles: u32) -> vec2u {
    let first = ceil((low - SLACK_PX - LAST_CENTRE) / TILE);
    let end = floor((high + SLACK_PX - FIRST_CENTRE) / TILE) + 1.0;
    let before = origin / 16u;
    let least = f32(before);
    let most = f32(before + tiles);
    return vec2u(u32(clamp(first, least, most)), u32(clamp(end, least, most))) - before;
}

// Rows [first, end) of tiles that the ellipse reaches.
fn tile_rows(e: Ellipse, frame: FrameUniform) -> vec2u {
    let low = e.mean.y - e.extent.y;
    return tile_span(low, e.mean.y + e.extent.y, frame.origin.y, frame.tile_count.y);
}

// Columns [first, end) of tiles that the ellipse reaches in one row.
fn tile_columns(e: Ellipse, row: u32, frame: FrameUniform) -> vec2u {
    // The row's pixel centres relative to the mean, as far as the ellipse goes.
    let top = f32(row * 16u + frame.origin.y) - e.mean.y;
    let y0 = clamp(top + FIRST_CENTRE - SLACK_PX, -e.extent.y, e.extent.y);
    let y1 = clamp(top + LAST_CENTRE + SLACK_PX, -e.extent.y, e.extent.y);
    // The rightmost point of the whole ellipse lies at y_right, the leftmost opposite.
    let y_right = -e.conic.y / e.conic.z * e.extent.x;
    let right = border(e, clamp(y_right, y0, y1), 1.0);
    let left = border(e, clamp(-y_right, y0, y1), -1.0);
    let x_max = select(right, e.extent.x, y0 <= y_right && y_right <= y1);
    let x_min = select(left, -e.extent.x, y0 <= -y_right && -y_right <= y1);
    return tile_span(e.mean.x + x_min, e.mean.x + x_max, frame.origin.x, frame.tile_count.x);
}

// The border's x at height y, both relative to the mean: right of the centre line or left of it.
// From a x² + 2 b x y + c y² = 2 cut, with c − b²/a written as 2 cut / extent.y², which does not
// cancel for needles.
fn border(e: Ellipse, y: f32, side: f32) -> f32 {
    let t = y / e.extent.y;
    let half_width = sqrt(2.0 * e.cut / e.conic.x * max(1.0 - t * t, 0.0));
    return side * half_width - e.conic.y / e.conic.x * y;
}

fn tile_count_of(e: Ellipse, frame: FrameUniform) -> u32 {
    let rows = tile_rows(e, frame);
    var count = 0u;
    for (var row = rows.x; row < rows.y; row += 1u) {
        let columns = tile_columns(e, row, frame);
        count += max(columns.y, columns.x) - columns.x;
    }
    return count;
}

// The eight boxes of 8×4 pixels that make a tile, and how near an ellipse comes to one.

const BOXES: u32 = 8u;
const LOG2_E: f32 = 1.4426950409;

// Minimum of the quadratic form over a rectangle of pixel centres (StopThePop): 0 where the mean
// lies inside, else on one of the two sides that face the mean.
fn lowest_power(q: vec3f, mean: vec2f, low: vec2f, high: vec2f) -> f32 {
    let d = mean - clamp(mean, low, high);
    if all(d == vec2f(0.0)) { return 0.0; }
    // On the vertical side x is fixed; the best y solves ∂/∂y = 0, kept within the side.
    let dy = mean.y - clamp(mean.y + 0.5 * q.y * d.x / q.z, low.y, high.y);
    let on_vertical = q.x * d.x * d.x + (q.y * d.x + q.z * dy) * dy;
    let dx = mean.x - clamp(mean.x + 0.5 * q.y * d.y / q.x, low.x, high.x);
    let on_horizontal = q.x * dx * dx + (q.y * dx + q.z * d.y) * d.y;
    return min(on_vertical, on_horizontal);
}

// σ log2(e) = q.x dx² + q.y dx dy + q.z dy², so that alpha = opacity · exp2(−that).
fn exponent_of(conic: vec3f) -> vec3f {
    return conic * vec3f(0.5, 1.0, 0.5) * LOG2_E;
}

// A box is reached when its lowest power is at most this. One part in a thousand for rounding; a
// box too many does no harm.
fn reach_of(cut: f32) -> f32 {
    return cut * LOG2_E * 1.001 + 1e-3;
}

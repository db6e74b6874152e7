// Backwards through the harmonics of a splat (see `render::sh`).
//
// The importing kernel declares `frame`, `chunk`, `params`, and
//   fn band(k: u32, i: u32, rgb: vec3f, y: f32, d_y: vec3f) -> vec3f
// which is called for each coefficient k in use, in order, with the value of its basis function and
// the slope of that: ∂L/∂(coefficient) is y·rgb. It returns the coefficient's part of the
// direction's gradient, dot(rgb, coefficient)·d_y.

#import shared/sh

// How the camera sees a splat.
struct Sight {
    direction: vec3f,
    distance: f32,
}

fn sight_of(i: u32) -> Sight {
    let from_camera = param3(0u, i) - frame.camera_position.xyz;
    let distance = length(from_camera);
    return Sight(from_camera / distance, distance);
}

// What of ∂L/∂rgb the clamp at 0 lets through.
fn let_through(i: u32, sight: Sight, d_rgb: vec3f) -> vec3f {
    return select(vec3f(0.0), d_rgb, vec3f(0.0) < sh_colour(i, sight.direction));
}

// Coefficients in use.
fn used_coefficients() -> u32 {
    let degree = min(frame.sh_degree, chunk.sh_degree);
    return (degree + 1u) * (degree + 1u);
}

// Calls `band` for all coefficients in use; returns the gradient of the mean through the direction
// of view. The slopes are those of the polynomials; what of them lies along the direction is taken
// away in the end.
fn colour_backward(i: u32, rgb: vec3f, sight: Sight) -> vec3f {
    let d = sight.direction;
    let degree = min(frame.sh_degree, chunk.sh_degree);
    var slope = band(0u, i, rgb, 0.2820947918, vec3f(0.0));
    if 1u <= degree { slope += first_band(i, rgb, d); }
    if 2u <= degree { slope += second_band(i, rgb, d); }
    if 3u <= degree { slope += third_band(i, rgb, d); }
    return (slope - d * dot(d, slope)) / sight.distance;
}

fn first_band(i: u32, rgb: vec3f, d: vec3f) -> vec3f {
    let a = 0.4886025119;
    return band(1u, i, rgb, -a * d.y, vec3f(0.0, -a, 0.0))
        + band(2u, i, rgb, a * d.z, vec3f(0.0, 0.0, a))
        + band(3u, i, rgb, -a * d.x, vec3f(-a, 0.0, 0.0));
}

fn second_band(i: u32, rgb: vec3f, d: vec3f) -> vec3f {
    let a = 1.0925484306;
    let b = 0.3153915653;
    let c = 0.5462742153;
    let x = d.x;
    let y = d.y;
    let z = d.z;
    return band(4u, i, rgb, a * x * y, a * vec3f(y, x, 0.0))
        + band(5u, i, rgb, -a * y * z, -a * vec3f(0.0, z, y))
        + band(6u, i, rgb, b * (2.0 * z * z - x * x - y * y), b * vec3f(-2.0 * x, -2.0 * y, 4.0 * z))
        + band(7u, i, rgb, -a * x * z, -a * vec3f(z, 0.0, x))
        + band(8u, i, rgb, c * (x * x - y * y), c * vec3f(2.0 * x, -2.0 * y, 0.0));
}

fn third_band(i: u32, rgb: vec3f, d: vec3f) -> vec3f {
    let a = 0.5900435899;
    let b = 2.8906114426;
    let c = 0.4570457995;
    let e = 0.3731763326;
    let f = 1.4453057213;
    let x = d.x;
    let y = d.y;
    let z = d.z;
    let xx = x * x;
    let yy = y * y;
    let zz = z * z;
    return band(9u, i, rgb, -a * y * (3.0 * xx - yy), -a * vec3f(6.0 * x * y, 3.0 * (xx - yy), 0.0))
        + band(10u, i, rgb, b * x * y * z, b * vec3f(y * z, x * z, x * y))
        + band(11u, i, rgb, -c * y * (4.0 * zz - xx - yy),
            -c * vec3f(-2.0 * x * y, 4.0 * zz - xx - 3.0 * yy, 8.0 * y * z))
        + band(12u, i, rgb, e * z * (2.0 * zz - 3.0 * xx - 3.0 * yy),
            e * vec3f(-6.0 * x * z, -6.0 * y * z, 6.0 * zz - 3.0 * xx - 3.0 * yy))
        + band(13u, i, rgb, -c * x * (4.0 * zz - xx - yy),
            -c * vec3f(4.0 * zz - 3.0 * xx - yy, -2.0 * x * y, 8.0 * x * z))
        + band(14u, i, rgb, f * z * (xx - yy), f * vec3f(2.0 * x * z, -2.0 * y * z, xx - yy))
        + band(15u, i, rgb, -a * x * (xx - 3.0 * yy), -a * vec3f(3.0 * (xx - yy), -6.0 * x * y, 0.0));
}

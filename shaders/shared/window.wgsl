// The window of SSIM, 11×11, which is a product of two: one along rows, one along columns.

// A Gaussian of σ = 1.5, normalised over 11 taps: its middle, and what is next to it.
const W0: f32 = 0.26601171493530273;
const W1: f32 = 0.21300552785396576;
const W2: f32 = 0.10936068743467331;
const W3: f32 = 0.036000773310661316;
const W4: f32 = 0.007598758675158024;
const W5: f32 = 0.0010283800680190325;

// The window along one axis, over eleven neighbours. Passes along rows and along columns make the
// whole: each thread does a run of eight pixels, so that a pixel is read little more than twice.
fn tap(
    a: vec3f, b: vec3f, c: vec3f, d: vec3f, e: vec3f, f: vec3f, g: vec3f, h: vec3f, i: vec3f,
    j: vec3f, k: vec3f,
) -> vec3f {
    return W5 * (a + k) + W4 * (b + j) + W3 * (c + i) + W2 * (d + h) + W1 * (e + g) + W0 * f;
}

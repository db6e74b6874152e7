// Compares a frame with a photo: L1, squared error, SSIM (Wang et al. 2004, with 3DGS's window), and
// how SSIM changes with the local moments of the frame.
//
// With means μ₁, μ₂ and moments E₁₁, E₂₂, E₁₂ of frame and photo under the window,
//   a = 2μ₁μ₂ + C₁,  b = 2(E₁₂ − μ₁μ₂) + C₂,  c = μ₁² + μ₂² + C₁,  d = E₁₁ − μ₁² + E₂₂ − μ₂² + C₂,
//   S = ab / cd;  ∂S/∂E₁₁ = −S/d,  ∂S/∂E₁₂ = 2a/cd,
//   ∂S/∂μ₁ = 2μ₂(b − a)/cd + 2μ₁ S (1/d − 1/c).
// The image beyond its edge is 0.
//
// A workgroup has 16×16 pixels and their surroundings in shared memory, one channel after the
// other; rows are convolved first, then columns.

#import shared/loss

@group(0) @binding(0) var<uniform> loss: LossUniform;
@group(0) @binding(1) var<storage, read> image: array<vec4f>; // rgb with background, alpha
@group(0) @binding(2) var<storage, read> targets: array<u32>; // RGBA8
@group(0) @binding(3) var<storage, read_write> slopes: array<f32>; // planes: 3 slopes of 3 channels
@group(0) @binding(4) var<storage, read_write> parts: array<vec4f>; // Σ L1, squares, SSIM, alpha

const C1: f32 = 0.0001; // 0.01²
const C2: f32 = 0.0009; // 0.03²

var<workgroup> sh_pair: array<vec2f, 676>;     // frame, photo: HALO_SIDE²
var<workgroup> sh_means: array<vec2f, 416>;    // rows convolved: HALO_SIDE × TILE_SIDE
var<workgroup> sh_moments: array<vec3f, 416>;  // E₁₁, E₂₂, E₁₂ likewise
var<workgroup> sh_sums: array<vec4f, 256>;

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) tile: vec3u,
    @builtin(num_workgroups) tiles: vec3u,
    @builtin(local_invocation_index) thread: u32,
) {
    let own = vec2u(thread % TILE_SIDE, thread / TILE_SIDE);
    let pixel = tile.xy * TILE_SIDE + own;
    let inside = all(pixel < loss.image_size);
    let at = pixel.y * loss.image_size.x + pixel.x;
    var sums = vec4f(0.0);
    for (var channel = 0u; channel < 3u; channel += 1u) {
        for (var k = thread; k < HALO_SIDE * HALO_SIDE; k += 256u) {
            sh_pair[k] = pair_at(tile.xy, vec2u(k % HALO_SIDE, k / HALO_SIDE), channel);
        }
        workgroupBarrier();
        for (var k = thread; k < HALO_SIDE * TILE_SIDE; k += 256u) { convolve_row(k); }
        // Outside the image both are 0.
        let it = sh_pair[(own.y + REACH) * HALO_SIDE + own.x + REACH];
        sums += vec4f(abs(it.x - it.y), (it.x - it.y) * (it.x - it.y), 0.0, 0.0);
        workgroupBarrier();
        if inside { sums.z += ssim(own, pixel, at, channel); }
    }
    if inside && loss.alpha_use == ALPHA_OPACITY {
        sums.w = abs(image[at].w - photo(at).w);
    }
    sh_sums[thread] = sums;
    workgroupBarrier();
    if thread < 16u {
        for (var k = 1u; k < 16u; k += 1u) { sums += sh_sums[thread + 16u * k]; }
        sh_sums[thread] = sums;
    }
    workgroupBarrier();
    if thread == 0u {
        for (var k = 1u; k < 16u; k += 1u) { sums += sh_sums[k]; }
        parts[tile.y * tiles.x + tile.x] = sums;
    }
}

fn pair_at(tile: vec2u, in_halo: vec2u, channel: u32) -> vec2f {
    let pixel = vec2i(tile * TILE_SIDE + in_halo) - i32(REACH);
    if any(pixel < vec2i(0)) || any(vec2i(loss.image_size) <= pixel) { return vec2f(0.0); }
    let it = compared_at(u32(pixel.y) * loss.image_size.x + u32(pixel.x));
    return vec2f(it.frame[channel], it.photo[channel]);
}

fn convolve_row(k: u32) {
    let at = k / TILE_SIDE * HALO_SIDE + k % TILE_SIDE; // the window's first
    var means = vec2f(0.0);
    var moments = vec3f(0.0);
    weigh(sh_pair[at + 0u], W5, &means, &moments);
    weigh(sh_pair[at + 1u], W4, &means, &moments);
    weigh(sh_pair[at + 2u], W3, &means, &moments);
    weigh(sh_pair[at + 3u], W2, &means, &moments);
    weigh(sh_pair[at + 4u], W1, &means, &moments);
    weigh(sh_pair[at + 5u], W0, &means, &moments);
    weigh(sh_pair[at + 6u], W1, &means, &moments);
    weigh(sh_pair[at + 7u], W2, &means, &moments);
    weigh(sh_pair[at + 8u], W3, &means, &moments);
    weigh(sh_pair[at + 9u], W4, &means, &moments);
    weigh(sh_pair[at + 10u], W5, &means, &moments);
    sh_means[k] = means;
    sh_moments[k] = moments;
}

fn weigh(it: vec2f, w: f32, means: ptr<function, vec2f>, moments: ptr<function, vec3f>) {
    let weighed = w * it;
    *means += weighed;
    *moments += vec3f(weighed * it, weighed.x * it.y);
}

// SSIM at a pixel, 0 where it does not count; keeps its slopes.
fn ssim(own: vec2u, pixel: vec2u, at: u32, channel: u32) -> f32 {
    var slope = vec3f(0.0);
    var s = 0.0;
    if in_border(pixel) {
        let k = own.y * TILE_SIDE + own.x; // the window's first
        let mean = W5 * sh_means[k + 0u]
            + W4 * sh_means[k + 16u]
            + W3 * sh_means[k + 32u]
            + W2 * sh_means[k + 48u]
            + W1 * sh_means[k + 64u]
            + W0 * sh_means[k + 80u]
            + W1 * sh_means[k + 96u]
            + W2 * sh_means[k + 112u]
            + W3 * sh_means[k + 128u]
            + W4 * sh_means[k + 144u]
            + W5 * sh_means[k + 160u];
        let moment = W5 * sh_moments[k + 0u]
            + W4 * sh_moments[k + 16u]
            + W3 * sh_moments[k + 32u]
            + W2 * sh_moments[k + 48u]
            + W1 * sh_moments[k + 64u]
            + W0 * sh_moments[k + 80u]
            + W1 * sh_moments[k + 96u]
            + W2 * sh_moments[k + 112u]
            + W3 * sh_moments[k + 128u]
            + W4 * sh_moments[k + 144u]
            + W5 * sh_moments[k + 160u];
        let a = 2.0 * mean.x * mean.y + C1;
        let b = 2.0 * (moment.z - mean.x * mean.y) + C2;
        let c = mean.x * mean.x + mean.y * mean.y + C1;
        let d = moment.x - mean.x * mean.x + moment.y - mean.y * mean.y + C2;
        s = a * b / (c * d);
        slope = vec3f(
            2.0 * mean.y * (b - a) / (c * d) + 2.0 * mean.x * s * (1.0 / d - 1.0 / c),
            -s / d,
            2.0 * a / (c * d),
        );
    }
    let plane = loss.image_size.x * loss.image_size.y;
    for (var k = 0u; k < 3u; k += 1u) { slopes[(3u * channel + k) * plane + at] = slope[k]; }
    return s;
}

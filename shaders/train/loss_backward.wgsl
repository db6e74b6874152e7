// The gradient of the loss at each pixel of the frame: of L1 its sign, of SSIM the slopes, which
// `train/measure_loss` left, carried back through the window (which is symmetric):
//   ∂S/∂x = w∗(∂S/∂μ₁) + 2x w∗(∂S/∂E₁₁) + y w∗(∂S/∂E₁₂).

#import shared/loss

@group(0) @binding(0) var<uniform> loss: LossUniform;
@group(0) @binding(1) var<storage, read> image: array<vec4f>;
@group(0) @binding(2) var<storage, read> targets: array<u32>;
@group(0) @binding(3) var<storage, read> slopes: array<f32>; // planes: 3 slopes of 3 channels
@group(0) @binding(4) var<storage, read_write> d_image: array<f32>; // planes: rgb, alpha

var<workgroup> sh_slopes: array<vec3f, 676>; // HALO_SIDE²
var<workgroup> sh_rows: array<vec3f, 416>;   // rows convolved: HALO_SIDE × TILE_SIDE

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) tile: vec3u, @builtin(local_invocation_index) thread: u32) {
    let own = vec2u(thread % TILE_SIDE, thread / TILE_SIDE);
    let pixel = tile.xy * TILE_SIDE + own;
    let inside = all(pixel < loss.image_size);
    let plane = loss.image_size.x * loss.image_size.y;
    let at = pixel.y * loss.image_size.x + pixel.x;
    for (var channel = 0u; channel < 3u; channel += 1u) {
        for (var k = thread; k < HALO_SIDE * HALO_SIDE; k += 256u) {
            sh_slopes[k] = slopes_at(tile.xy, vec2u(k % HALO_SIDE, k / HALO_SIDE), channel);
        }
        workgroupBarrier();
        for (var k = thread; k < HALO_SIDE * TILE_SIDE; k += 256u) {
            let first = k / TILE_SIDE * HALO_SIDE + k % TILE_SIDE;
            sh_rows[k] = W5 * sh_slopes[first + 0u]
                + W4 * sh_slopes[first + 1u]
                + W3 * sh_slopes[first + 2u]
                + W2 * sh_slopes[first + 3u]
                + W1 * sh_slopes[first + 4u]
                + W0 * sh_slopes[first + 5u]
                + W1 * sh_slopes[first + 6u]
                + W2 * sh_slopes[first + 7u]
                + W3 * sh_slopes[first + 8u]
                + W4 * sh_slopes[first + 9u]
                + W5 * sh_slopes[first + 10u];
        }
        workgroupBarrier();
        if inside { d_image[channel * plane + at] = gradient(own, at, channel, f32(plane)); }
    }
    if inside {
        var d_alpha = 0.0;
        if loss.alpha_use == ALPHA_OPACITY {
            d_alpha = loss.alpha_weight * sign(image[at].w - photo(at).w) / f32(plane);
        }
        d_image[3u * plane + at] = d_alpha;
    }
}

fn slopes_at(tile: vec2u, in_halo: vec2u, channel: u32) -> vec3f {
    let pixel = vec2i(tile * TILE_SIDE + in_halo) - i32(REACH);
    if any(pixel < vec2i(0)) || any(vec2i(loss.image_size) <= pixel) { return vec3f(0.0); }
    let plane = loss.image_size.x * loss.image_size.y;
    let at = 3u * channel * plane + u32(pixel.y) * loss.image_size.x + u32(pixel.x);
    return vec3f(slopes[at], slopes[at + plane], slopes[at + 2u * plane]);
}

fn gradient(own: vec2u, at: u32, channel: u32, pixels: f32) -> f32 {
    let first = own.y * TILE_SIDE + own.x;
    let slope = W5 * sh_rows[first + 0u]
        + W4 * sh_rows[first + 16u]
        + W3 * sh_rows[first + 32u]
        + W2 * sh_rows[first + 48u]
        + W1 * sh_rows[first + 64u]
        + W0 * sh_rows[first + 80u]
        + W1 * sh_rows[first + 96u]
        + W2 * sh_rows[first + 112u]
        + W3 * sh_rows[first + 128u]
        + W4 * sh_rows[first + 144u]
        + W5 * sh_rows[first + 160u];
    let it = compared_at(at);
    let x = it.frame[channel];
    let y = it.photo[channel];
    let d_ssim = slope.x + 2.0 * x * slope.y + y * slope.z;
    let d_l1 = sign(x - y) / (3.0 * pixels);
    let d = (1.0 - loss.ssim_weight) * d_l1 - loss.ssim_weight * d_ssim / (3.0 * ssim_pixels());
    return it.weight * d;
}

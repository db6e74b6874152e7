// What the kernels of the loss are told.

// Twin of `render::gpu::LossUniform`.
struct LossUniform {
    image_size: vec2u,
    first_target: u32, // where in `targets` the photo begins
    border: u32,       // pixels at the image's edge that SSIM leaves out
    background: vec3f,
    alpha_use: u32,
    ssim_weight: f32,
    alpha_weight: f32,
    pad: vec2u,
}

// Pixels one after the other that a thread does, along a row or down a column.
const RUN: u32 = 8u;
// Runs that a workgroup does.
const RUNS: u32 = 64u;

// How many pixels SSIM is the mean of.
fn ssim_pixels() -> f32 {
    let inner = max(vec2i(loss.image_size) - 2 * i32(loss.border), vec2i(0));
    return max(f32(inner.x * inner.y), 1.0);
}

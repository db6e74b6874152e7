// How a photo's exposure and white balance change a frame before the two are compared: rgb' = A rgb
// + b, with numbers of its own for each photo.
//
// The importing kernel declares `exposure` and `exposures`.

// Twin of `render::gpu::ExposureUniform`.
struct ExposureUniform {
    image_size: vec2u,
    photo: u32,
    rate: f32,
    identity_weight: f32, // of ‖A − I‖² + ‖b‖² in the loss
    correction1: f32,     // 1 / (1 − β₁ᵗ)
    correction2: f32,     // 1 / (1 − β₂ᵗ)
    pad: u32,
}

// Numbers of a photo: the three rows of (A | b). Their first and second moments follow.
const NUMBERS: u32 = 12u;
const STRIDE: u32 = 36u;

// Row k of (A | b) of this frame's photo.
fn row(k: u32) -> vec4f {
    let at = exposure.photo * STRIDE + 4u * k;
    return vec4f(exposures[at], exposures[at + 1u], exposures[at + 2u], exposures[at + 3u]);
}

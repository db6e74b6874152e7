// The photo that a frame is compared with, and the 11×11 window of SSIM.
//
// The importing kernel declares `loss`, `image` and `targets`.

#import shared/loss_uniform

// What the photo's fourth channel is.
const ALPHA_IGNORED: u32 = 0u;
const ALPHA_MASK: u32 = 1u;    // the pixel's weight, in photo and frame
const ALPHA_OPACITY: u32 = 2u; // the photo shows the frame's background through, and alpha is compared

// Photos are four floats a pixel, not RGBA8; for tests.
override FLOATS: bool = false;

const REACH: u32 = 5u;
const HALO_SIDE: u32 = 26u; // TILE_SIDE + 2 REACH
// A Gaussian of σ = 1.5, normalised over 11 taps: its middle, and what is next to it.
const W0: f32 = 0.26601171493530273;
const W1: f32 = 0.21300552785396576;
const W2: f32 = 0.10936068743467331;
const W3: f32 = 0.036000773310661316;
const W4: f32 = 0.007598758675158024;
const W5: f32 = 0.0010283800680190325;

fn photo(at: u32) -> vec4f {
    if FLOATS {
        let i = 4u * (loss.first_target + at);
        return bitcast<vec4f>(vec4u(targets[i], targets[i + 1u], targets[i + 2u], targets[i + 3u]));
    }
    return unpack4x8unorm(targets[loss.first_target + at]);
}

// The two pictures at a pixel, as they are compared, and what the frame's colours were multiplied
// by.
struct Compared {
    frame: vec3f,
    photo: vec3f,
    weight: f32,
}

fn compared_at(at: u32) -> Compared {
    let frame = image[at].xyz;
    let rgba = photo(at);
    if loss.alpha_use == ALPHA_MASK { return Compared(frame * rgba.w, rgba.xyz * rgba.w, rgba.w); }
    if loss.alpha_use == ALPHA_OPACITY {
        return Compared(frame, mix(loss.background, rgba.xyz, rgba.w), 1.0);
    }
    return Compared(frame, rgba.xyz, 1.0);
}

// Whether SSIM counts there.
fn in_border(pixel: vec2u) -> bool {
    return all(vec2u(loss.border) <= pixel) && all(pixel + loss.border < loss.image_size);
}

// The photo that a frame is compared with.
//
// The importing kernel declares `loss`, `image` and `targets`.

#import shared/loss_uniform

// What the photo's fourth channel is.
const ALPHA_IGNORED: u32 = 0u;
const ALPHA_MASK: u32 = 1u;    // the pixel's weight, in photo and frame
const ALPHA_OPACITY: u32 = 2u; // the photo shows the frame's background through, and alpha is compared

// Photos are four floats a pixel, not RGBA8; for tests.
override FLOATS: bool = false;

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

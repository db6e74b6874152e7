// How the frame is shown, and a colour as a shown pixel.
//
// Splat colours are trained on photographs and are display values already; no curve is applied.

const SHADE_COLOUR: u32 = 0u; // as blended; the others take a second look at the frame
const SHADE_DEPTH: u32 = 1u;
const SHADE_NORMALS: u32 = 2u;
const SHADE_ALPHA: u32 = 3u;

// RGBA8, opaque; clamps to 0..1.
fn shown_pixel(colour: vec3f) -> u32 {
    return pack4x8unorm(vec4f(colour, 1.0));
}

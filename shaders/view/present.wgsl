// Draws the shown frame over the viewport: one triangle that covers it, bilinear where the frame
// is coarser than the viewport.

#import shared/display

// Twin of `render::gpu::PresentUniform`.
struct PresentUniform {
    image_size: vec2u,
    linear_target: u32,
    pad: u32,
}

@group(0) @binding(0) var<uniform> params: PresentUniform;
@group(0) @binding(1) var<storage, read> pixels: array<u32>; // RGBA8, display values

struct Varyings {
    @builtin(position) position: vec4f,
    @location(0) uv: vec2f, // (0, 0) top left
}

@vertex
fn vertex(@builtin(vertex_index) index: u32) -> Varyings {
    let corner = vec2f(f32(index & 1u) * 2.0, f32(index >> 1u) * 2.0);
    return Varyings(vec4f(corner * vec2f(2.0, -2.0) + vec2f(-1.0, 1.0), 0.0, 1.0), corner);
}

@fragment
fn fragment(in: Varyings) -> @location(0) vec4f {
    let at = in.uv * vec2f(params.image_size) - 0.5;
    let corner = floor(at);
    let t = at - corner;
    let cell = vec2i(corner);
    let upper = mix(texel(cell), texel(cell + vec2i(1, 0)), t.x);
    let lower = mix(texel(cell + vec2i(0, 1)), texel(cell + vec2i(1, 1)), t.x);
    let colour = mix(upper, lower, t.y);
    if params.linear_target == 1u { return vec4f(linear_from_display(colour), 1.0); }
    return vec4f(colour, 1.0);
}

fn texel(cell: vec2i) -> vec3f {
    let inside = vec2u(clamp(cell, vec2i(0), vec2i(params.image_size) - 1));
    return unpack4x8unorm(pixels[inside.y * params.image_size.x + inside.x]).xyz;
}

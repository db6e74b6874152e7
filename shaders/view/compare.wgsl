// A photo and the frame drawn from its camera: either of them, both side by side, one wiped over
// the other, or where they differ. Covers the viewport with one triangle.

#import shared/display

// Twin of `render::gpu::CompareUniform`.
struct CompareUniform {
    image_size: vec2u,
    photo_size: vec2u,
    mode: u32,
    wipe: f32,
    linear_target: u32,
    pad: u32,
}

@group(0) @binding(0) var<uniform> params: CompareUniform;
@group(0) @binding(1) var<storage, read> pixels: array<u32>; // RGBA8, display values
@group(0) @binding(2) var<storage, read> photo: array<u32>;  // RGB8; alpha 0 where it does not count

// Twins of `render::view::CompareMode`.
const PHOTO: u32 = 0u;
const RENDER: u32 = 1u;
const SIDE_BY_SIDE: u32 = 2u;
const WIPE: u32 = 3u;

// Mean difference of the channels that is as bright as it gets.
const BRIGHTEST: f32 = 0.25;

// Brightness of what does not count.
const DIM: f32 = 0.3;

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
    let colour = shown(in.uv);
    if params.linear_target == 1u { return vec4f(linear_from_display(colour), 1.0); }
    return vec4f(colour, 1.0);
}

fn shown(uv: vec2f) -> vec3f {
    switch params.mode {
        case PHOTO: { return photo_at(uv); }
        case RENDER: { return render_at(uv); }
        case SIDE_BY_SIDE: {
            if uv.x < 0.5 { return photo_at(vec2f(2.0 * uv.x, uv.y)); }
            return render_at(vec2f(2.0 * uv.x - 1.0, uv.y));
        }
        case WIPE: {
            if uv.x < params.wipe { return photo_at(uv); }
            return render_at(uv);
        }
        default: { return heat(difference_at(uv)); }
    }
}

// Of the pixels as they are, not of what lies between them.
fn difference_at(uv: vec2f) -> f32 {
    let of_photo = photo_texel(vec2i(floor(uv * vec2f(params.photo_size))));
    if of_photo.w == 0.0 { return 0.0; }
    let of_render = render_texel(vec2i(floor(uv * vec2f(params.image_size))));
    return dot(abs(of_photo.xyz - of_render), vec3f(1.0 / 3.0));
}

// Black, violet, red, orange, pale yellow.
fn heat(difference: f32) -> vec3f {
    var stops = array<vec3f, 5>(
        vec3f(0.0, 0.0, 0.0),
        vec3f(0.30, 0.08, 0.52),
        vec3f(0.80, 0.16, 0.26),
        vec3f(0.98, 0.58, 0.10),
        vec3f(1.0, 0.98, 0.74),
    );
    let at = 4.0 * clamp(difference / BRIGHTEST, 0.0, 1.0);
    let below = min(u32(at), 3u);
    return mix(stops[below], stops[below + 1u], at - f32(below));
}

fn photo_at(uv: vec2f) -> vec3f {
    let at = uv * vec2f(params.photo_size) - 0.5;
    let corner = floor(at);
    let t = at - corner;
    let cell = vec2i(corner);
    let upper = mix(photo_texel(cell), photo_texel(cell + vec2i(1, 0)), t.x);
    let lower = mix(photo_texel(cell + vec2i(0, 1)), photo_texel(cell + vec2i(1, 1)), t.x);
    let colour = mix(upper, lower, t.y);
    return colour.xyz * mix(DIM, 1.0, colour.w);
}

fn render_at(uv: vec2f) -> vec3f {
    let at = uv * vec2f(params.image_size) - 0.5;
    let corner = floor(at);
    let t = at - corner;
    let cell = vec2i(corner);
    let upper = mix(render_texel(cell), render_texel(cell + vec2i(1, 0)), t.x);
    let lower = mix(render_texel(cell + vec2i(0, 1)), render_texel(cell + vec2i(1, 1)), t.x);
    return mix(upper, lower, t.y);
}

fn photo_texel(cell: vec2i) -> vec4f {
    let inside = vec2u(clamp(cell, vec2i(0), vec2i(params.photo_size) - 1));
    return unpack4x8unorm(photo[inside.y * params.photo_size.x + inside.x]);
}

fn render_texel(cell: vec2i) -> vec3f {
    let inside = vec2u(clamp(cell, vec2i(0), vec2i(params.image_size) - 1));
    return unpack4x8unorm(pixels[inside.y * params.image_size.x + inside.x]).xyz;
}

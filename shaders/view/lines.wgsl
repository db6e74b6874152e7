// Lines of a fixed width in pixels (grid, axes, boxes, camera frusta), hidden where splats lie in
// front of them.
//
// 1. Each segment is an instance of four corners. Its ends are cut at the near plane first, so that
//    a line that runs behind the camera keeps its direction.
// 2. The corners are pushed sideways by half the width, in pixels.
// 3. A fragment behind the splats' expected depth is faded by their alpha.

// Twin of `render::gpu::LineUniform`.
struct LineUniform {
    clip_from_world: mat4x4f,
    camera_from_world: mat4x4f,
    viewport_px: vec2f,
    image_size: vec2u,
    near: f32,
    linear_target: u32,
    pad: vec2u,
}

@group(0) @binding(0) var<uniform> params: LineUniform;
@group(0) @binding(1) var<storage, read> image: array<vec4f>; // rgb, alpha
@group(0) @binding(2) var<storage, read> depths: array<f32>;  // Σ α T z

// What a hidden line keeps, so that the eye can follow it.
const HIDDEN: f32 = 0.12;
// Relative depth within which a line counts as lying on the surface.
const ON_SURFACE: f32 = 0.005;

struct Segment {
    @location(0) from_world: vec3f,
    @location(1) to_world: vec3f,
    @location(2) colour: vec4f,
    @location(3) width_px: f32,
}

struct Varyings {
    @builtin(position) position: vec4f,
    @location(0) colour: vec4f,
    @location(1) uv: vec2f,                       // (0, 0) top left
    @location(2) @interpolate(linear) inverse_depth: f32,
}

@vertex
fn vertex(@builtin(vertex_index) corner: u32, segment: Segment) -> Varyings {
    let from_depth = depth_of(segment.from_world);
    let to_depth = depth_of(segment.to_world);
    var out: Varyings;
    out.colour = segment.colour;
    if from_depth < params.near && to_depth < params.near {
        out.position = vec4f(2.0, 2.0, 2.0, 1.0); // outside
        return out;
    }
    let span = to_depth - from_depth;
    let cut = select(0.0, (params.near - from_depth) / span, abs(span) > 1e-12);
    let begin = select(segment.from_world, mix(segment.from_world, segment.to_world, cut), from_depth < params.near);
    let end = select(segment.to_world, mix(segment.from_world, segment.to_world, cut), to_depth < params.near);

    let a = params.clip_from_world * vec4f(begin, 1.0);
    let b = params.clip_from_world * vec4f(end, 1.0);
    let along = (b.xy / b.w - a.xy / a.w) * params.viewport_px;
    let size = length(along);
    let sideways = select(vec2f(0.0, 1.0), vec2f(-along.y, along.x) / size, 0.0 < size);
    let side = select(-1.0, 1.0, (corner & 1u) == 1u);
    let here = select(a, b, 2u <= corner);
    let xy = here.xy / here.w + sideways * side * segment.width_px / params.viewport_px;
    out.position = vec4f(xy, 0.5, 1.0);
    out.uv = vec2f(0.5, -0.5) * xy + 0.5;
    out.inverse_depth = 1.0 / here.w;
    return out;
}

@fragment
fn fragment(in: Varyings) -> @location(0) vec4f {
    let pixel = clamp(vec2i(in.uv * vec2f(params.image_size)), vec2i(0), vec2i(params.image_size) - 1);
    let at = u32(pixel.y) * params.image_size.x + u32(pixel.x);
    let alpha = image[at].w;
    let surface = depths[at] / max(alpha, 1e-6);
    let depth = 1.0 / in.inverse_depth;
    let hidden = select(0.0, alpha, surface * (1.0 + ON_SURFACE) < depth);
    let opacity = in.colour.w * mix(1.0, HIDDEN, hidden);
    var rgb = in.colour.xyz;
    if params.linear_target == 1u { rgb = pow(rgb, vec3f(2.2)); }
    return vec4f(rgb * opacity, opacity); // premultiplied
}

fn depth_of(world: vec3f) -> f32 {
    return (params.camera_from_world * vec4f(world, 1.0)).z;
}

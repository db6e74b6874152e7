// As `splat/blend`, for subgroups of eight; soft splats only.
//
// Fallback: splat/blend

#import shared/boxes
#import shared/frame
#import shared/eights
#import shared/pixel

@group(0) @binding(0) var<uniform> frame: FrameUniform;
@group(0) @binding(1) var<storage, read> tile_ranges: array<vec2u>;
@group(0) @binding(2) var<storage, read> pair_splats: array<u32>;
@group(0) @binding(3) var<storage, read> projected_a: array<vec4f>; // mean2d, depth, extent.y
@group(0) @binding(4) var<storage, read> projected_b: array<vec4f>; // conic, opacity
@group(0) @binding(5) var<storage, read> projected_c: array<vec4f>; // rgb, extent.x
@group(0) @binding(6) var<storage, read_write> image: array<vec4f>; // rgb with background, alpha
@group(0) @binding(7) var<storage, read_write> depths: array<f32>;  // Σ α T z
@group(0) @binding(8) var<storage, read_write> pixels: array<u32>;  // RGBA8, where colour is shown

// Four pixels below each other.
struct Quad {
    red: vec4f,
    green: vec4f,
    blue: vec4f,
    depth: vec4f,
    transmittance: vec4f,
    live: vec4<bool>,
}

// A splat in one column: dx and what follows from it, and its colour and depth.
struct Slice {
    across: f32, // q.x dx²
    slope: f32,  // q.y dx
    down: f32,   // q.z
    opacity: f32,
    look: vec4f,
}

@compute @workgroup_size(EIGHT)
fn main(
    @builtin(workgroup_id) group: vec3u,
    @builtin(subgroup_invocation_id) lane: u32,
) {
    let tile = scattered_tile(group);
    let left = tile * 16u + vec2u(lane, 0u);
    let right = left + vec2u(8u, 0u);
    let centre = vec2f(left + frame.origin) + 0.5;
    let right_x = f32(right.x + frame.origin.x) + 0.5;
    var a0 = quad(left);
    var a1 = quad(left + vec2u(0u, 4u));
    var a2 = quad(left + vec2u(0u, 8u));
    var a3 = quad(left + vec2u(0u, 12u));
    var b0 = quad(right);
    var b1 = quad(right + vec2u(0u, 4u));
    var b2 = quad(right + vec2u(0u, 8u));
    var b3 = quad(right + vec2u(0u, 12u));

    let range = tile_ranges[tile.y * frame.tile_count.x + tile.x];
    for (var first = range.x; first < range.y; first += EIGHT) {
        let splat = pair_splats[min(first + lane, range.y - 1u)];
        let a = projected_a[splat];
        let b = projected_b[splat];
        let c = projected_c[splat];
        let q = exponent_of(b.xyz);
        let count = min(EIGHT, range.y - first);
        for (var j = 0u; j < count; j += 1u) {
            let mean = subgroupShuffle(a.xy, j);
            let shape = subgroupShuffle(vec4f(q, b.w), j);
            let look = subgroupShuffle(vec4f(c.xyz, a.z), j);
            let dx = mean.x - centre.x;
            let dy = mean.y - centre.y - vec4f(0.0, 1.0, 2.0, 3.0);
            let s = Slice(shape.x * dx * dx, shape.y * dx, shape.z, shape.w, look);
            walk(&a0, dy, s);
            walk(&a1, dy - 4.0, s);
            walk(&a2, dy - 8.0, s);
            walk(&a3, dy - 12.0, s);
            let ex = mean.x - right_x;
            let t = Slice(shape.x * ex * ex, shape.y * ex, shape.z, shape.w, look);
            walk(&b0, dy, t);
            walk(&b1, dy - 4.0, t);
            walk(&b2, dy - 8.0, t);
            walk(&b3, dy - 12.0, t);
        }
        let live = a0.live | a1.live | a2.live | a3.live | b0.live | b1.live | b2.live | b3.live;
        if !subgroupAny(any(live)) { break; }
    }
    write(left, a0);
    write(left + vec2u(0u, 4u), a1);
    write(left + vec2u(0u, 8u), a2);
    write(left + vec2u(0u, 12u), a3);
    write(right, b0);
    write(right + vec2u(0u, 4u), b1);
    write(right + vec2u(0u, 8u), b2);
    write(right + vec2u(0u, 12u), b3);
}

fn quad(top: vec2u) -> Quad {
    let live = vec4<bool>(top.x < frame.image_size.x)
        & (vec4u(top.y) + vec4u(0u, 1u, 2u, 3u) < vec4u(frame.image_size.y));
    return Quad(vec4f(0.0), vec4f(0.0), vec4f(0.0), vec4f(0.0), vec4f(1.0), live);
}

fn walk(p: ptr<function, Quad>, dy: vec4f, s: Slice) {
    let power = s.across + (s.slope + s.down * dy) * dy;
    let alpha = min(vec4f(frame.alpha_max), s.opacity * exp2(-power));
    var hit = (*p).live & (vec4f(0.0) <= power) & (vec4f(frame.alpha_min) <= alpha);
    let before = (*p).transmittance;
    let next = before * (1.0 - alpha);
    let stop = hit & (next <= vec4f(frame.transmittance_stop));
    hit = hit & !stop;
    let weight = select(vec4f(0.0), alpha * before, hit);
    (*p).live = (*p).live & !stop;
    (*p).transmittance = select(before, next, hit);
    (*p).red += weight * s.look.x;
    (*p).green += weight * s.look.y;
    (*p).blue += weight * s.look.z;
    (*p).depth += weight * s.look.w;
}

fn write(top: vec2u, p: Quad) {
    write_pixel(top, vec4f(p.red.x, p.green.x, p.blue.x, p.transmittance.x), p.depth.x);
    write_pixel(
        top + vec2u(0u, 1u), vec4f(p.red.y, p.green.y, p.blue.y, p.transmittance.y), p.depth.y,
    );
    write_pixel(
        top + vec2u(0u, 2u), vec4f(p.red.z, p.green.z, p.blue.z, p.transmittance.z), p.depth.z,
    );
    write_pixel(
        top + vec2u(0u, 3u), vec4f(p.red.w, p.green.w, p.blue.w, p.transmittance.w), p.depth.w,
    );
}

fn write_pixel(pixel: vec2u, blended: vec4f, depth: f32) {
    if any(frame.image_size <= pixel) { return; }
    let at = pixel.y * frame.image_size.x + pixel.x;
    let colour = blended.xyz + blended.w * frame.background.xyz;
    image[at] = vec4f(colour, 1.0 - blended.w);
    depths[at] = depth;
    if frame.shading == SHADE_COLOUR { pixels[at] = shown_pixel(colour); }
}

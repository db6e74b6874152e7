// The gradient of blending, by tiles: the sums of each (tile, splat) pair, written to its place, so
// that the result does not depend on the order in which tiles come, and no atomics are needed.
//
// Fallback: train/blend_backward

#import shared/blend_backward_eights

@group(0) @binding(0) var<uniform> frame: FrameUniform;
@group(0) @binding(1) var<storage, read> tile_ranges: array<vec2u>;
@group(0) @binding(2) var<storage, read> pair_splats: array<u32>;
@group(0) @binding(3) var<storage, read> projected_a: array<vec4f>; // mean2d, depth, extent.y
@group(0) @binding(4) var<storage, read> projected_b: array<vec4f>; // conic, opacity
@group(0) @binding(5) var<storage, read> projected_c: array<vec4f>; // rgb, extent.x
@group(0) @binding(6) var<storage, read> image: array<vec4f>;       // rgb with background, alpha
@group(0) @binding(7) var<storage, read> depths: array<f32>;        // Σ α T z
@group(0) @binding(8) var<storage, read> d_image: array<f32>;       // planes: rgb, alpha, depth
@group(0) @binding(9) var<storage, read_write> pair_sums: array<f32>;

fn put(pair: u32, splat: u32, which: u32, value: f32) {
    pair_sums[pair * SUMS + which] = value;
}

fn skip_pairs(first: u32, end: u32, thread: u32) {
    for (var at = first * SUMS + thread; at < end * SUMS; at += EIGHT) { pair_sums[at] = 0.0; }
}

@compute @workgroup_size(EIGHT)
fn main(
    @builtin(workgroup_id) group: vec3u,
    @builtin(subgroup_invocation_id) lane: u32,
) {
    walk_tile(scattered_tile(group), lane);
}

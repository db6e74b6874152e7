// The size of each splat's 3D filter (Mip-Splatting, Yu et al. 2024): what a pixel covers at the
// splat, z/f, in the camera that sees it most finely, times the root of the filter's variance.
//
// A camera sees a splat whose mean lies in front of it and in its image, a margin around included.
// Of splats that no camera sees the distance to each camera stands in for the depth.
// Frozen splats keep the filter they have: none where they came without.

#import shared/dispatch
#import shared/planes

// Twin of `render::gpu::FilterUniform`.
struct FilterUniform {
    cameras: u32,
    plane: u32,    // of `params`, for the result
    near: f32,     // camera z from which on splats are seen
    margin: f32,   // around the image, in parts of its size
    deviation: f32, // of the filter, in pixels
}

// Twin of `render::gpu::FilterCamera`.
struct FilterCamera {
    row_x: vec4f, // of w2c
    row_y: vec4f,
    row_z: vec4f,
    focal: vec2f, // pixels
    principal: vec2f,
    image_size: vec2f,
    pad: vec2u,
}

@group(0) @binding(0) var<uniform> filtering: FilterUniform;
@group(0) @binding(1) var<uniform> chunk: ChunkUniform;
@group(0) @binding(2) var<storage, read> cameras: array<FilterCamera>;
@group(0) @binding(3) var<storage, read_write> params: array<f32>;

const FAR_AWAY: f32 = 3.0e38;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let i = unfold_group(group) * 256u + thread;
    if chunk.count <= i || i < chunk.frozen { return; }
    let mean = vec4f(param3(0u, i), 1.0);
    var seen = FAR_AWAY;
    var unseen = FAR_AWAY;
    for (var k = 0u; k < filtering.cameras; k += 1u) {
        let camera = cameras[k];
        let p = vec3f(dot(camera.row_x, mean), dot(camera.row_y, mean), dot(camera.row_z, mean));
        let focal = max(camera.focal.x, camera.focal.y);
        unseen = min(unseen, length(p) / focal);
        if p.z <= filtering.near { continue; }
        let pixel = camera.focal * p.xy / p.z + camera.principal;
        let margin = filtering.margin * camera.image_size;
        if all(-margin <= pixel) && all(pixel <= camera.image_size + margin) {
            seen = min(seen, p.z / focal);
        }
    }
    let covered = select(unseen, seen, seen < FAR_AWAY);
    let size = select(0.0, filtering.deviation * covered, covered < FAR_AWAY);
    params[filtering.plane * chunk.stride + i] = size;
}

// Brings splats into a new order: each plane of a chunk is written from a copy of that plane over all
// chunks. One thread a splat, plane by plane, so that neighbours write neighbours.

#import shared/chunk
#import shared/dispatch

// Twin of `render::gpu::GatherUniform`.
struct GatherUniform {
    first_plane: u32,
    planes: u32,
    staged_len: u32, // elements from one plane to the next in the copy
}

@group(0) @binding(0) var<uniform> part: GatherUniform;
@group(0) @binding(1) var<uniform> chunk: ChunkUniform;
@group(0) @binding(2) var<storage, read> sources: array<u32>;
@group(0) @binding(3) var<storage, read> staged: array<u32>;
@group(0) @binding(4) var<storage, read_write> planes: array<u32>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let i = unfold_group(group) * 256u + thread;
    if chunk.count <= i { return; }
    let source = sources[chunk.first + i];
    for (var plane = 0u; plane < part.planes; plane += 1u) {
        let it = staged[plane * part.staged_len + source];
        planes[(part.first_plane + plane) * chunk.stride + i] = it;
    }
}

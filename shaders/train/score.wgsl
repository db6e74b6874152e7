// Adds to each splat's statistics what a view says of it: how much of what is clearly wrong it
// covers (Σ α T over marked pixels), and the mean error where it is seen.

#import shared/chunk
#import shared/dispatch
#import shared/frame
#import shared/pair_sums
#import shared/visible

@group(0) @binding(0) var<uniform> frame: FrameUniform;
@group(0) @binding(1) var<uniform> chunk: ChunkUniform;
@group(0) @binding(2) var<storage, read> visible_bits: array<u32>;
@group(0) @binding(3) var<storage, read> block_offsets: array<u32>;
@group(0) @binding(4) var<storage, read> splat_sums: array<f32>; // of mark, error, one
@group(0) @binding(5) var<storage, read_write> statistics: array<f32>;

const PLANE_IMPORTANCE: u32 = 2u;
const PLANE_ERROR: u32 = 3u;
// Of a splat of which less is seen, in pixels, no mean is taken.
const LEAST_SEEN: f32 = 1e-6;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let block = unfold_group(group);
    let i = block * 256u + thread;
    if chunk.count <= i { return; }
    let visible = place_among_visible(chunk.first / 256u + block, thread);
    if visible == NOT_VISIBLE { return; }
    let at = visible * SUMS + SUM_RED;
    statistics[PLANE_IMPORTANCE * chunk.stride + i] += splat_sums[at];
    if LEAST_SEEN < splat_sums[at + 2u] {
        statistics[PLANE_ERROR * chunk.stride + i] += splat_sums[at + 1u] / splat_sums[at + 2u];
    }
}

// Adds to each splat one of the sums that blending backward has left of it. Where the pixels'
// gradient is 1 in red, the gradient of its red is Σ α T over the pixels that count: what it gives
// to the picture. And with any gradient, Σ v = −Σ α ∂L/∂α is what its absence does to L.

#import shared/chunk
#import shared/dispatch
#import shared/frame
#import shared/pair_sums
#import shared/visible

@group(0) @binding(0) var<uniform> frame: FrameUniform;
@group(0) @binding(1) var<uniform> chunk: ChunkUniform;
@group(0) @binding(2) var<storage, read> visible_bits: array<u32>;
@group(0) @binding(3) var<storage, read> block_offsets: array<u32>;
@group(0) @binding(4) var<storage, read> splat_sums: array<f32>;
@group(0) @binding(5) var<storage, read_write> contributions: array<f32>; // of all splats

// Which sum.
override SUM: u32 = SUM_RED;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let block = unfold_group(group);
    let i = block * 256u + thread;
    if chunk.count <= i { return; }
    let visible = place_among_visible(chunk.first / 256u + block, thread);
    if visible == NOT_VISIBLE { return; }
    contributions[chunk.first + i] += splat_sums[visible * SUMS + SUM];
}

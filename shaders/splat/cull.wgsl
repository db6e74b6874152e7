// Which splats reach the image: a bit each, and their number in each block of 256.
//
// Compaction by bits keeps the splats' order, so that equal depths are drawn in the same order in
// every frame, which an atomic append would not give.

#import shared/dispatch
#import shared/project

@group(0) @binding(0) var<uniform> frame: FrameUniform;
@group(0) @binding(1) var<uniform> chunk: ChunkUniform;
@group(0) @binding(2) var<storage, read> params: array<f32>;
@group(0) @binding(3) var<storage, read_write> visible_bits: array<u32>; // 8 words a block
@group(0) @binding(4) var<storage, read_write> block_sums: array<u32>;

var<workgroup> sh_bits: array<atomic<u32>, 8>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let block = unfold_group(group);
    if thread < 8u { atomicStore(&sh_bits[thread], 0u); }
    workgroupBarrier();

    let i = block * 256u + thread;
    if i < chunk.count {
        if project_splat(i).visible { atomicOr(&sh_bits[thread / 32u], 1u << (thread % 32u)); }
    }
    workgroupBarrier();

    // Blocks that have no splats yet count none.
    if chunk.stride <= block * 256u { return; }
    let global_block = chunk.first / 256u + block;
    if thread < 8u { visible_bits[global_block * 8u + thread] = atomicLoad(&sh_bits[thread]); }
    if thread == 0u {
        var sum = 0u;
        for (var word = 0u; word < 8u; word += 1u) {
            sum += countOneBits(atomicLoad(&sh_bits[word]));
        }
        block_sums[global_block] = sum;
    }
}

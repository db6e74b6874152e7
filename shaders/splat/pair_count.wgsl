// How many (tile, splat) pairs each block of 256 splats makes, in the order of their depths.

#import shared/dispatch

@group(0) @binding(0) var<storage, read> counters: Counters;
@group(0) @binding(1) var<storage, read> order: array<u32>; // visible from depth rank
@group(0) @binding(2) var<storage, read> tile_counts: array<u32>;
@group(0) @binding(3) var<storage, read_write> block_sums: array<u32>;

var<workgroup> sh_sum: atomic<u32>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let block = unfold_group(group);
    if thread == 0u { atomicStore(&sh_sum, 0u); }
    workgroupBarrier();
    let rank = block * 256u + thread;
    if rank < counters.num_visible { atomicAdd(&sh_sum, tile_counts[order[rank]]); }
    workgroupBarrier();
    if thread == 0u && block * 256u < counters.num_visible {
        block_sums[block] = atomicLoad(&sh_sum);
    }
}

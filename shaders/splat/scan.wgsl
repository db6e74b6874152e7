// Sums of blocks to where each block begins (exclusive prefix sum), by one workgroup; the total
// becomes a counter and the sizes of the dispatches that depend on it.

#import shared/block_scan
#import shared/frame
#import shared/sort

// Twin of `render::gpu::ScanParams`.
struct ScanParams {
    counter: u32,
    num_blocks: u32, // 0: one block for each 256 visible splats
}

@group(0) @binding(0) var<uniform> frame: FrameUniform;
@group(0) @binding(1) var<uniform> params: ScanParams;
@group(0) @binding(2) var<storage, read_write> block_sums: array<u32>;
@group(0) @binding(3) var<storage, read_write> counters: Counters;
@group(0) @binding(4) var<storage, read_write> dispatches: array<DispatchArgs>; // 3 a counter

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) thread: u32) {
    var num_blocks = params.num_blocks;
    if params.counter == COUNTER_PAIRS { num_blocks = div_ceil(counters.num_visible, 256u); }
    let per_thread = div_ceil(num_blocks, 256u);
    let first = min(thread * per_thread, num_blocks);
    let end = min(first + per_thread, num_blocks);

    var sum = 0u;
    for (var i = first; i < end; i += 1u) { sum = saturating_add(sum, block_sums[i]); }
    var before = block_scan(thread, sum);
    for (var i = first; i < end; i += 1u) {
        let here = block_sums[i];
        block_sums[i] = before;
        before = saturating_add(before, here);
    }

    if thread == 0u {
        let total = sh_scan_rows[16];
        var count = 0u;
        if params.counter == COUNTER_VISIBLE {
            count = min(total, frame.visible_capacity);
            counters.num_visible = count;
            counters.wanted_visible = total;
        } else {
            count = min(total, frame.pair_capacity);
            counters.num_pairs = count;
            counters.wanted_pairs = total;
        }
        let partitions = div_ceil(count, PARTITION);
        let slot = params.counter * 3u;
        dispatches[slot] = fold_groups(div_ceil(count, 256u));
        dispatches[slot + 1u] = fold_groups(partitions);
        dispatches[slot + 2u] = fold_groups(div_ceil(partitions, PARTITIONS_PER_BLOCK));
    }
}

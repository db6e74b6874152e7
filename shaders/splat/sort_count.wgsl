// First step of a sorting pass: how often each digit occurs in each partition.

#import shared/sort

@group(0) @binding(0) var<uniform> params: SortParams;
@group(0) @binding(1) var<storage, read> counters: Counters;
@group(0) @binding(2) var<storage, read> keys: array<u32>;
@group(0) @binding(3) var<storage, read_write> digit_counts: array<u32>; // [partition][digit]
@group(0) @binding(4) var<storage, read_write> block_totals: array<atomic<u32>>; // [block][digit]

var<workgroup> sh_counts: array<atomic<u32>, RADIX>;

@compute @workgroup_size(SORT_THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let part = unfold_group(group);
    for (var digit = thread; digit < RADIX; digit += SORT_THREADS) {
        atomicStore(&sh_counts[digit], 0u);
    }
    workgroupBarrier();

    let n = num_keys(params, counters);
    let first = part * PARTITION;
    for (var k = 0u; k < KEYS_PER_THREAD; k += 1u) {
        let i = first + k * SORT_THREADS + thread;
        if i < n { atomicAdd(&sh_counts[(keys[i] >> params.shift) & (RADIX - 1u)], 1u); }
    }
    workgroupBarrier();

    if n <= first { return; }
    let block = part / PARTITIONS_PER_BLOCK;
    for (var digit = thread; digit < RADIX; digit += SORT_THREADS) {
        let count = atomicLoad(&sh_counts[digit]);
        digit_counts[part * RADIX + digit] = count;
        if 0u < count { atomicAdd(&block_totals[block * RADIX + digit], count); }
    }
}

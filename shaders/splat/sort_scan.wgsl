// Third step of a sorting pass: where the keys of each digit begin, for each partition.
// A workgroup for each block of partitions, a thread for each digit.

#import shared/sort

@group(0) @binding(0) var<uniform> params: SortParams;
@group(0) @binding(1) var<storage, read> counters: Counters;
@group(0) @binding(2) var<storage, read_write> digit_counts: array<u32>; // [partition][digit]
@group(0) @binding(3) var<storage, read_write> block_totals: array<u32>; // [block][digit]

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) digit: u32) {
    let block = unfold_group(group);
    let partitions = div_ceil(num_keys(params, counters), PARTITION);
    let first = block * PARTITIONS_PER_BLOCK;
    if partitions <= first { return; }
    var before = block_totals[block * RADIX + digit];
    // The next pass counts into zeros again.
    block_totals[block * RADIX + digit] = 0u;
    let end = min(first + PARTITIONS_PER_BLOCK, partitions);
    for (var part = first; part < end; part += 1u) {
        let at = part * RADIX + digit;
        let here = digit_counts[at];
        digit_counts[at] = before;
        before += here;
    }
}

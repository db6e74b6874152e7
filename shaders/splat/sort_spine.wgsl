// Second step of a sorting pass: where the keys of each digit begin, for each block of partitions.
// One workgroup, a thread for each digit.

#import shared/block_scan
#import shared/sort

@group(0) @binding(0) var<uniform> params: SortParams;
@group(0) @binding(1) var<storage, read> counters: Counters;
@group(0) @binding(2) var<storage, read_write> block_totals: array<u32>; // [block][digit]

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) digit: u32) {
    let n = num_keys(params, counters);
    let blocks = div_ceil(n, PARTITION * PARTITIONS_PER_BLOCK);
    var sum = 0u;
    for (var block = 0u; block < blocks; block += 1u) {
        sum += block_totals[block * RADIX + digit];
    }
    var before = block_scan(digit, sum);
    for (var block = 0u; block < blocks; block += 1u) {
        let at = block * RADIX + digit;
        let here = block_totals[at];
        block_totals[at] = before;
        before += here;
    }
}

// Last step of a sorting pass: each key and its value to its place.
//
// 1. Each thread counts the digits of its own 32 consecutive keys, in a column of its own.
// 2. Each row (two digits) is scanned over the threads: how many such keys are before each thread's.
// 3. Each thread places its keys in order, which keeps the sort stable, counting on as it goes.
//
// Two barriers, no atomics, no subgroups. Counts are 16 bits wide, two to a word: 32 KiB in all.

#import shared/sort

@group(0) @binding(0) var<uniform> params: SortParams;
@group(0) @binding(1) var<storage, read> counters: Counters;
@group(0) @binding(2) var<storage, read> keys: array<u32>;
@group(0) @binding(3) var<storage, read> values: array<u32>;
@group(0) @binding(4) var<storage, read> digit_offsets: array<u32>; // [partition][digit]
@group(0) @binding(5) var<storage, read_write> sorted_keys: array<u32>;
@group(0) @binding(6) var<storage, read_write> sorted_values: array<u32>;

const ROWS: u32 = 128u; // RADIX / 2

var<workgroup> sh_ranks: array<u32, 8192>; // ROWS × SORT_THREADS

// Columns are permuted within each row so that threads that walk along rows side by side hit
// different banks.
fn slot(row: u32, column: u32) -> u32 {
    return row * SORT_THREADS + (column ^ (row % 32u));
}

@compute @workgroup_size(SORT_THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let part = unfold_group(group);
    let n = num_keys(params, counters);
    let first = min(part * PARTITION + thread * KEYS_PER_THREAD, n);
    let end = min(first + KEYS_PER_THREAD, n);

    for (var row = 0u; row < ROWS; row += 1u) { sh_ranks[slot(row, thread)] = 0u; }
    for (var i = first; i < end; i += 1u) {
        let digit = (keys[i] >> params.shift) & (RADIX - 1u);
        let at = slot(digit / 2u, thread);
        sh_ranks[at] += 1u << (16u * (digit % 2u));
    }
    workgroupBarrier();

    for (var row = thread; row < ROWS; row += SORT_THREADS) {
        var before = 0u;
        for (var column = 0u; column < SORT_THREADS; column += 1u) {
            let at = slot(row, column);
            let here = sh_ranks[at];
            sh_ranks[at] = before;
            before += here;
        }
    }
    workgroupBarrier();

    for (var i = first; i < end; i += 1u) {
        let key = keys[i];
        let digit = (key >> params.shift) & (RADIX - 1u);
        let at = slot(digit / 2u, thread);
        let half = 16u * (digit % 2u);
        let ranks = sh_ranks[at];
        sh_ranks[at] = ranks + (1u << half);
        let place = digit_offsets[part * RADIX + digit] + ((ranks >> half) & 0xffffu);
        sorted_keys[place] = key;
        sorted_values[place] = values[i];
    }
}

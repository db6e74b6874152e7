// Sizes and parameters shared by the four kernels of the radix sort.
//
// A stable least-significant-digit sort, eight bits a pass, in the reduce-then-scan form: count
// digits per partition, add up, scatter. No workgroup waits for another, so that it runs where
// there is no forward progress between them (Metal, Mali, CPU drivers), and it needs no subgroups.

#import shared/dispatch

// Twin of `render::gpu::SortParams`.
struct SortParams {
    counter: u32,
    shift: u32,
}

const RADIX: u32 = 256u;
// A partition is what one workgroup sorts: 64 threads with 32 keys each.
const PARTITION: u32 = 2048u;
const SORT_THREADS: u32 = 64u;
const KEYS_PER_THREAD: u32 = 32u;
// Partitions whose digit counts are added up by one workgroup.
const PARTITIONS_PER_BLOCK: u32 = 64u;

fn num_keys(params: SortParams, counters: Counters) -> u32 {
    return select(counters.num_pairs, counters.num_visible, params.counter == COUNTER_VISIBLE);
}

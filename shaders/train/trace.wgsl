// Which old splat each new one comes from, found in the running sums of how many copies the old ones
// have: copies of a splat lie beside each other, in its place among the others.

#import shared/levels

// Twin of `render::gpu::TraceUniform`.
struct TraceUniform {
    len: u32,     // old splats
    new_len: u32, // new ones; those beyond the sum come from the last
}

@group(0) @binding(0) var<uniform> trace: TraceUniform;
@group(0) @binding(1) var<storage, read> sums: array<u32>;
@group(0) @binding(2) var<storage, read_write> sources: array<u32>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let j = unfold_group(group) * 256u + thread;
    if trace.new_len <= j { return; }
    let levels = levels_of(trace.len);
    var rest = j;
    var found = 0u;
    for (var above = levels.count; 0u < above; above -= 1u) {
        let level = above - 1u;
        let first = levels.firsts[level];
        let begin = found * LEVEL_BLOCK;
        let end = min(begin + LEVEL_BLOCK, levels.lens[level]);
        found = first_above(first, begin, end, rest);
        if begin < found { rest -= sums[first + found - 1u]; }
    }
    sources[j] = found;
}

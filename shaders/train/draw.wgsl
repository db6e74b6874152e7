// Draws which splats are copied, each as likely as its weight says, with replacement: as many draws
// as splats are missing from the number wanted. Where nothing is alive everything stays. Frozen
// splats weigh nothing and have one copy each; `tally.alive` does not count them.
//
// A draw descends the running sums of `train/accumulate` from the highest level, with another random
// number on each: one alone would not tell ten million splats apart.

#import shared/levels
#import shared/random
#import shared/tally

// Twin of `render::gpu::DrawUniform`.
struct DrawUniform {
    len: u32,
    target_len: u32, // not below len
    seed: u32,
    frozen: u32, // the first so many are never drawn
}

@group(0) @binding(0) var<uniform> draw: DrawUniform;
@group(0) @binding(1) var<storage, read> tally: DensifyTally;
@group(0) @binding(2) var<storage, read> sums: array<u32>; // bits of floats
@group(0) @binding(3) var<storage, read_write> copies: array<atomic<u32>>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let k = unfold_group(group) * 256u + thread;
    if tally.alive == 0u {
        if k < draw.len { atomicStore(&copies[k], 1u); }
        return;
    }
    if draw.target_len - draw.frozen - tally.alive <= k { return; }
    let levels = levels_of(draw.len);
    var bits = scrambled(k ^ scrambled(draw.seed));
    var picked = 0u;
    for (var above = levels.count; 0u < above; above -= 1u) {
        let level = above - 1u;
        let first = levels.firsts[level];
        let begin = picked * LEVEL_BLOCK;
        let end = min(begin + LEVEL_BLOCK, levels.lens[level]);
        let bound = fraction(bits) * bitcast<f32>(sums[first + end - 1u]);
        picked = first_above(first, begin, end, bitcast<u32>(bound));
        bits = scrambled(bits ^ 0x9e3779b9u);
    }
    atomicAdd(&copies[picked], 1u);
}

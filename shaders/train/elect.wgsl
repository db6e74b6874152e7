// The first of the splats in an order get what they stand for: as many of those that want to grow as
// the budget allows become two, or half of the candidates for pruning become none.

#import shared/dispatch
#import shared/tally

// Twin of `render::gpu::ElectUniform`.
struct ElectUniform {
    copies: u32, // 0: candidates are pruned; else: wishes come true
    budget: u32, // splats there may be
}

@group(0) @binding(0) var<uniform> elect: ElectUniform;
@group(0) @binding(1) var<storage, read> tally: DensifyTally;
@group(0) @binding(2) var<storage, read> order: array<u32>;
@group(0) @binding(3) var<storage, read_write> copies: array<u32>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let k = unfold_group(group) * 256u + thread;
    var seats = tally.candidates / 2u;
    if elect.copies != 0u {
        seats = min(tally.wishes, elect.budget - min(tally.alive, elect.budget));
    }
    if k < seats { copies[order[k]] = elect.copies; }
}

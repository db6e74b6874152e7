// How likely each splat is to be copied in 3DGS-MCMC (Kheradmand et al. 2024): by its opacity, or by
// opacity and importance. Splats that can no longer be seen, or whose numbers are none, are given
// up: they weigh nothing and have no copy; all others have one, themselves. Frozen splats stay
// whatever they are, weigh nothing and are not counted.

#import shared/dispatch
#import shared/finite
#import shared/tally_atomic

// Twin of `render::gpu::WeighUniform`.
struct WeighUniform {
    least_opacity: f32, // not above: given up
    by_importance: u32,
}

@group(0) @binding(0) var<uniform> weigh: WeighUniform;
@group(0) @binding(1) var<uniform> chunk: ChunkUniform;
@group(0) @binding(2) var<storage, read> params: array<f32>;
@group(0) @binding(3) var<storage, read> statistics: array<f32>;
@group(0) @binding(4) var<storage, read_write> sums: array<u32>; // bits of weights, level 0
@group(0) @binding(5) var<storage, read_write> copies: array<u32>;
@group(0) @binding(6) var<storage, read_write> tally: DensifyTally;

const PLANE_IMPORTANCE: u32 = 2u;
// A scene in which nothing is important is densified by opacity alone.
const LEAST_IMPORTANCE: f32 = 1e-6;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    begin_count(thread);
    let i = unfold_group(group) * 256u + thread;
    if i < chunk.count {
        let frozen = i < chunk.frozen;
        let opacity = 1.0 / (1.0 + exp(-param(PLANE_OPACITY, i)));
        let alive = !frozen && weigh.least_opacity < opacity && is_finite_splat(i);
        var weight = 0.0;
        if alive {
            weight = opacity;
            if weigh.by_importance == 1u {
                weight *= max(statistics[PLANE_IMPORTANCE * chunk.stride + i], LEAST_IMPORTANCE);
            }
            atomicAdd(&sh_alive, 1u);
        }
        sums[chunk.first + i] = bitcast<u32>(weight);
        copies[chunk.first + i] = select(0u, 1u, alive || frozen);
    }
    finish_count(thread);
}

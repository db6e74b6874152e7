// Which splats may be pruned where several views were asked (after FastGS, Ren et al. 2025): faint
// ones and those too large. Half of them go; who, is drawn without replacement, likelier the more
// wrong the picture is where they are. Sorting by −log(u) / weight, with u uniform in (0, 1), puts
// such a draw first (Efraimidis and Spirakis 2006). Splats whose numbers are none go at once.
// Frozen splats stay whatever they are.

#import shared/dispatch
#import shared/finite
#import shared/random
#import shared/tally_atomic

// Twin of `render::gpu::DoubtUniform`.
struct DoubtUniform {
    least_opacity: f32,
    largest_log_scale: f32,
    views: f32, // over which errors were added up
    seed: u32,
}

@group(0) @binding(0) var<uniform> doubt: DoubtUniform;
@group(0) @binding(1) var<uniform> chunk: ChunkUniform;
@group(0) @binding(2) var<storage, read> params: array<f32>;
@group(0) @binding(3) var<storage, read> statistics: array<f32>;
@group(0) @binding(4) var<storage, read_write> copies: array<u32>;
@group(0) @binding(5) var<storage, read_write> keys: array<u32>;
@group(0) @binding(6) var<storage, read_write> splats: array<u32>;
@group(0) @binding(7) var<storage, read_write> tally: DensifyTally;

const PLANE_ERROR: u32 = 3u;
const LAST: u32 = 0xffffffffu;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    begin_count(thread);
    let i = unfold_group(group) * 256u + thread;
    if i < chunk.count {
        let place = chunk.first + i;
        let scales = param3(PLANE_LOG_SCALE, i);
        let opacity = 1.0 / (1.0 + exp(-param(PLANE_OPACITY, i)));
        let frozen = i < chunk.frozen;
        let finite = is_finite_splat(i);
        let candidate = !frozen && finite && (opacity < doubt.least_opacity
            || doubt.largest_log_scale < max(scales.x, max(scales.y, scales.z)));
        let error = clamp(statistics[PLANE_ERROR * chunk.stride + i] / doubt.views, 0.0, 1.0);
        let chance = fraction(scrambled(place ^ scrambled(doubt.seed)));
        let per_weight = 1.000001 - error;
        keys[place] = select(LAST, bitcast<u32>(abs(log(chance)) * per_weight), candidate);
        splats[place] = place;
        copies[place] = select(0u, 1u, finite || frozen);
        if candidate { atomicAdd(&sh_candidates, 1u); }
    }
    finish_count(thread);
}

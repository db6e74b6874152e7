// Which splats want to grow, by how far the gradient would move them in the image (3DGS, Kerbl et al.
// 2023): keys that sort the most eager first. Splats that are faint or too large are given up, and
// so are those whose numbers are none. With several views asked (after FastGS, Ren et al. 2025) only
// splats where these agree that the picture is wrong may grow, and pruning has been decided before.
// Frozen splats stay as they are; they count among those there may be.

#import shared/dispatch
#import shared/finite
#import shared/tally_atomic

// Twin of `render::gpu::NominateUniform`.
struct NominateUniform {
    gradient_threshold: f32, // mean length, in units of half the image
    least_opacity: f32,
    largest_log_scale: f32,
    least_importance: f32,
    by_importance: u32, // 1: `copies` says already who stays
}

@group(0) @binding(0) var<uniform> nominate: NominateUniform;
@group(0) @binding(1) var<uniform> chunk: ChunkUniform;
@group(0) @binding(2) var<storage, read> params: array<f32>;
@group(0) @binding(3) var<storage, read> statistics: array<f32>;
@group(0) @binding(4) var<storage, read_write> copies: array<u32>;
@group(0) @binding(5) var<storage, read_write> keys: array<u32>;
@group(0) @binding(6) var<storage, read_write> splats: array<u32>;
@group(0) @binding(7) var<storage, read_write> tally: DensifyTally;

const PLANE_IMPORTANCE: u32 = 2u;
const LAST: u32 = 0xffffffffu;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    begin_count(thread);
    let i = unfold_group(group) * 256u + thread;
    if i < chunk.count {
        let place = chunk.first + i;
        let frozen = i < chunk.frozen;
        var stays = false;
        var may_grow = !frozen;
        if nominate.by_importance == 1u {
            stays = copies[place] != 0u;
            let importance = statistics[PLANE_IMPORTANCE * chunk.stride + i];
            may_grow = !frozen && nominate.least_importance < importance;
        } else {
            let scales = param3(PLANE_LOG_SCALE, i);
            let opacity = 1.0 / (1.0 + exp(-param(PLANE_OPACITY, i)));
            stays = frozen || (is_finite_splat(i)
                && nominate.least_opacity <= opacity
                && max(scales.x, max(scales.y, scales.z)) <= nominate.largest_log_scale);
            copies[place] = select(0u, 1u, stays);
        }
        // Not in a frame: 0 / 1.
        let gradient = statistics[i] / max(statistics[chunk.stride + i], 1.0);
        let wishes = stays && may_grow && is_number(gradient)
            && nominate.gradient_threshold < gradient;
        // Lengths are not negative: their bits order as they do.
        keys[place] = select(LAST, ~bitcast<u32>(gradient), wishes);
        splats[place] = place;
        if stays { atomicAdd(&sh_alive, 1u); }
        if wishes { atomicAdd(&sh_wishes, 1u); }
    }
    finish_count(thread);
}

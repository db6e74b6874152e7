// Makes splats fainter: by a part of their opacity, and down to a largest one. What is needed becomes
// opaque again, the rest can be given up (3DGS, Kerbl et al. 2023, resets opacities to this end).
// Frozen splats stay as they are.

#import shared/dispatch
#import shared/planes

// Twin of `render::gpu::FadeUniform`.
struct FadeUniform {
    keep: f32, // what opacities are multiplied by
    largest_opacity: f32,
    forget: u32, // 1: moments of opacities begin anew
    geometry_planes: u32, // planes of first moments, and of second
}

@group(0) @binding(0) var<uniform> fade: FadeUniform;
@group(0) @binding(1) var<uniform> chunk: ChunkUniform;
@group(0) @binding(2) var<storage, read_write> params: array<f32>;
@group(0) @binding(3) var<storage, read_write> geometry_moments: array<f32>;

// Fainter ones, which nobody sees, have logits that f32 cannot hold.
const LEAST_OPACITY: f32 = 1e-30;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let i = unfold_group(group) * 256u + thread;
    if chunk.count <= i || i < chunk.frozen { return; }
    let opacity = 1.0 / (1.0 + exp(-param(PLANE_OPACITY, i)));
    let faded = min(opacity * fade.keep, fade.largest_opacity);
    if faded < opacity && LEAST_OPACITY < faded {
        params[PLANE_OPACITY * chunk.stride + i] = log(faded / (1.0 - faded));
    }
    if fade.forget == 1u {
        geometry_moments[PLANE_OPACITY * chunk.stride + i] = 0.0;
        geometry_moments[(fade.geometry_planes + PLANE_OPACITY) * chunk.stride + i] = 0.0;
    }
}

// A step of Adam (Kingma and Ba 2015, with bias correction) for everything stored of the splats.
//
// One thread a splat, plane by plane, so that neighbours read neighbours. Splats that the frame did
// not show can be left as they are, moments too (Taming-3DGS): most frames show few of many.

#import shared/dispatch
#import shared/planes

// Twin of `render::gpu::AdamUniform`.
struct AdamUniform {
    mean_rate: f32,
    quat_rate: f32,
    log_scale_rate: f32,
    opacity_rate: f32,
    sh_base_rate: f32, // of the colour that all directions share
    sh_rest_rate: f32,
    beta1: f32,
    beta2: f32,
    epsilon: f32,
    correction1: f32, // 1 / (1 − β₁ᵗ)
    correction2: f32, // 1 / (1 − β₂ᵗ)
    only_visible: u32,
}

@group(0) @binding(0) var<uniform> adam: AdamUniform;
@group(0) @binding(1) var<uniform> chunk: ChunkUniform;
@group(0) @binding(2) var<storage, read> visible_bits: array<u32>;
@group(0) @binding(3) var<storage, read> d_params: array<f32>;
@group(0) @binding(4) var<storage, read_write> params: array<f32>;
@group(0) @binding(5) var<storage, read_write> first_moments: array<f32>;
@group(0) @binding(6) var<storage, read_write> second_moments: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let block = unfold_group(group);
    let i = block * 256u + thread;
    if chunk.count <= i { return; }
    if adam.only_visible == 1u {
        let word = visible_bits[(chunk.first / 256u + block) * 8u + thread / 32u];
        if ((word >> (thread % 32u)) & 1u) == 0u { return; }
    }
    let planes = PLANE_SH + 3u * (chunk.sh_degree + 1u) * (chunk.sh_degree + 1u);
    for (var plane = 0u; plane < planes; plane += 1u) {
        descend(plane * chunk.stride + i, rate_of(plane));
    }
}

fn rate_of(plane: u32) -> f32 {
    if plane < PLANE_QUAT { return adam.mean_rate; }
    if plane < PLANE_LOG_SCALE { return adam.quat_rate; }
    if plane < PLANE_OPACITY { return adam.log_scale_rate; }
    if plane < PLANE_SH { return adam.opacity_rate; }
    return select(adam.sh_rest_rate, adam.sh_base_rate, plane < PLANE_SH + 3u);
}

fn descend(at: u32, rate: f32) {
    let d = d_params[at];
    let m = adam.beta1 * first_moments[at] + (1.0 - adam.beta1) * d;
    let v = adam.beta2 * second_moments[at] + (1.0 - adam.beta2) * d * d;
    first_moments[at] = m;
    second_moments[at] = v;
    // A number that never had a gradient stays put.
    if v == 0.0 && m == 0.0 { return; }
    params[at] -= rate * (m * adam.correction1) / (sqrt(v * adam.correction2) + adam.epsilon);
}

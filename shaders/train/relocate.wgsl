// Dead splats become copies of live ones so that the image stays what it was (3DGS-MCMC, Kheradmand
// et al. 2024, eq. 9). A splat of opacity o that is to be n splats in one place gets
//   o' = 1 − (1 − o)^(1/n), kept at least at the opacity at which splats are given up,
//   s' = s o / D,  D = Σ_{j=1..n} C(n, j) (−1)^(j−1) o'^j / √j
// (the paper's double sum; Σ_{i=1..n} C(i−1, k) = C(n, k+1)). Moments of Adam begin anew.
//
// Two dispatches: first those that are copied shrink, then the copies are written from them. Both
// lie in the same chunk.

#import shared/dispatch
#import shared/planes

// Twin of `render::gpu::RelocateUniform`.
struct RelocateUniform {
    smallest_opacity: f32,
    write_copies: u32,
}

@group(0) @binding(0) var<uniform> relocation: RelocateUniform;
@group(0) @binding(1) var<uniform> chunk: ChunkUniform;
@group(0) @binding(2) var<storage, read> sources: array<u32>; // of which each is to be a copy; own number: of none
@group(0) @binding(3) var<storage, read> copies: array<u32>;  // how many each becomes, itself included
@group(0) @binding(4) var<storage, read_write> params: array<f32>;
@group(0) @binding(5) var<storage, read_write> first_moments: array<f32>;
@group(0) @binding(6) var<storage, read_write> second_moments: array<f32>;

// The binomials of more would no longer fit f32's digits.
const MAX_COPIES: u32 = 51u;
const LARGEST_OPACITY: f32 = 0.99999988; // 1 − ε

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let i = unfold_group(group) * 256u + thread;
    if chunk.count <= i { return; }
    let planes = PLANE_SH + 3u * (chunk.sh_degree + 1u) * (chunk.sh_degree + 1u);
    if relocation.write_copies == 1u {
        if sources[i] == i || chunk.count <= sources[i] { return; }
        for (var plane = 0u; plane < planes; plane += 1u) {
            params[plane * chunk.stride + i] = param(plane, sources[i]);
        }
    } else {
        if copies[i] < 2u { return; }
        shrink(i, min(copies[i], MAX_COPIES));
    }
    for (var plane = 0u; plane < planes; plane += 1u) {
        first_moments[plane * chunk.stride + i] = 0.0;
        second_moments[plane * chunk.stride + i] = 0.0;
    }
}

fn shrink(i: u32, n: u32) {
    let logit = param(PLANE_OPACITY, i);
    let opacity = 1.0 / (1.0 + exp(-logit));
    let shared_opacity = clamp(
        one_minus_exp(log_one_minus(opacity) / f32(n)),
        relocation.smallest_opacity,
        LARGEST_OPACITY,
    );
    params[PLANE_OPACITY * chunk.stride + i] = log(shared_opacity / (1.0 - shared_opacity));

    var sum = 0.0;
    var term = 1.0; // C(n, j) o'^j
    for (var j = 1u; j <= n; j += 1u) {
        term *= shared_opacity * f32(n + 1u - j) / f32(j);
        let part = term / sqrt(f32(j));
        sum += select(part, -part, j % 2u == 0u);
    }
    let shift = log(opacity / sum);
    for (var k = 0u; k < 3u; k += 1u) {
        params[(PLANE_LOG_SCALE + k) * chunk.stride + i] += shift;
    }
}

// log(1 − x) and 1 − exp(x) lose the digits of a small x; there, their series.
fn log_one_minus(x: f32) -> f32 {
    if 0.03 < x { return log(1.0 - x); }
    return -x * (1.0 + x * (0.5 + x * (0.33333333 + x * (0.25 + x * 0.2))));
}

fn one_minus_exp(x: f32) -> f32 {
    if x < -0.03 { return 1.0 - exp(x); }
    return -x * (1.0 + x * (0.5 + x * (0.16666667 + x * 0.041666667)));
}

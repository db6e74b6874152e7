// Makes of copies in one place what belongs there; their moments of Adam begin anew.
//
// SHARE: n copies together look as the one did (3DGS-MCMC, Kheradmand et al. 2024, eq. 9). A splat
// of opacity o becomes n with
//   o' = 1 − (1 − o)^(1/n), kept at least at the opacity at which splats are given up,
//   s' = s o / D,  D = Σ_{j=1..n} C(n, j) (−1)^(j−1) o'^j / √j
// (the paper's double sum; Σ_{i=1..n} C(i−1, k) = C(n, k+1)).
//
// CLONE_OR_SPLIT (3DGS, Kerbl et al. 2023): small splats stay as they are, twice, and only the second
// forgets; large ones become smaller ones at places drawn from the splat as a distribution.

#import shared/dispatch
#import shared/planes
#import shared/random

// Twin of `render::gpu::DivideUniform`.
struct DivideUniform {
    rule: u32,
    smallest_opacity: f32,
    split_log_scale: f32, // splats with a larger log-scale are split
    seed: u32,
    geometry_moments: u32, // planes
    sh_moments: u32,       // planes
}

@group(0) @binding(0) var<uniform> divide: DivideUniform;
@group(0) @binding(1) var<uniform> chunk: ChunkUniform;
@group(0) @binding(2) var<storage, read> sources: array<u32>; // of each new splat
@group(0) @binding(3) var<storage, read> copies: array<u32>;  // of each old splat
@group(0) @binding(4) var<storage, read_write> params: array<f32>;
@group(0) @binding(5) var<storage, read_write> geometry_moments: array<f32>;
@group(0) @binding(6) var<storage, read_write> sh_first: array<u32>;
@group(0) @binding(7) var<storage, read_write> sh_second: array<f32>;

const RULE_SHARE: u32 = 0u;
// The binomials of more would no longer fit f32's digits.
const MAX_COPIES: u32 = 51u;
const LARGEST_OPACITY: f32 = 0.99999988; // 1 − ε
const LOG_SPLIT: f32 = 0.47000363; // log 1.6

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let i = unfold_group(group) * 256u + thread;
    if chunk.count <= i { return; }
    let j = chunk.first + i;
    let n = copies[sources[j]];
    if n < 2u { return; }
    if divide.rule == RULE_SHARE {
        share(i, min(n, MAX_COPIES));
    } else {
        let scales = param3(PLANE_LOG_SCALE, i);
        if divide.split_log_scale < max(scales.x, max(scales.y, scales.z)) {
            split(i, j);
        } else if j == 0u || sources[j - 1u] != sources[j] {
            return;
        }
    }
    for (var plane = 0u; plane < divide.geometry_moments; plane += 1u) {
        geometry_moments[plane * chunk.stride + i] = 0.0;
    }
    for (var plane = 0u; plane < divide.sh_moments; plane += 1u) {
        sh_first[plane * chunk.stride + i] = 0u;
    }
    sh_second[i] = 0.0;
}

fn share(i: u32, n: u32) {
    let logit = param(PLANE_OPACITY, i);
    let opacity = 1.0 / (1.0 + exp(-logit));
    let shared_opacity = clamp(
        one_minus_exp(log_one_minus(opacity) / f32(n)),
        divide.smallest_opacity,
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
    add3(PLANE_LOG_SCALE, i, vec3f(log(opacity / sum)));
}

fn split(i: u32, j: u32) {
    let scales = exp(param3(PLANE_LOG_SCALE, i));
    add3(0u, i, rotation_of(i) * (scales * normal_noise(j, divide.seed)));
    add3(PLANE_LOG_SCALE, i, vec3f(-LOG_SPLIT));
}

fn add3(plane: u32, i: u32, delta: vec3f) {
    for (var k = 0u; k < 3u; k += 1u) { params[(plane + k) * chunk.stride + i] += delta[k]; }
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

// A step of Adam (Kingma and Ba 2015, with bias correction) for all that is stored of the splats,
// straight from the sums over pixels: backwards through projection and harmonics, regularisers, and
// the step, all in registers. One thread a splat; neighbours read neighbours.
//
// Splats that the frame did not show either stay as they are, moments too (Taming-3DGS), or have a
// gradient of zero. Regularisers (3DGS-MCMC) pull at opacities and scales of all splats. Frozen
// splats stay as they are in any case, and nothing is added to their statistics.
//
// Of harmonics little is remembered. All share one second moment: the mean of their squared
// gradients. It is that of degree 0 alone, because a coefficient's gradient is its basis function
// times ∂L/∂rgb, and the mean of the squared basis functions of any degree is the square of the
// first (Unsöld's theorem). First moments m are kept as m/√v, whose size is bounded, in f16.

#import shared/dispatch
#import shared/project_backward
#import shared/sh_backward
#import shared/sound
#import shared/visible

// Twin of `render::gpu::DescentUniform`.
struct DescentUniform {
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
    opacity_pull: f32, // weight of the mean opacity, by the number of splats
    scale_pull: f32,   // weight of the mean scale, by the number of scales
    largest_log_scale: f32,
    only_visible: u32,
    sh_rest: u32,      // harmonics above degree 0 move
    statistics: u32,   // the first two planes of statistics are there
}

@group(0) @binding(0) var<uniform> frame: FrameUniform;
@group(0) @binding(1) var<uniform> descent: DescentUniform;
@group(0) @binding(2) var<uniform> chunk: ChunkUniform;
@group(0) @binding(3) var<storage, read> visible_bits: array<u32>;
@group(0) @binding(4) var<storage, read> block_offsets: array<u32>;
@group(0) @binding(5) var<storage, read> splat_sums: array<f32>;
@group(0) @binding(6) var<storage, read_write> params: array<f32>;
@group(0) @binding(7) var<storage, read_write> geometry: array<f32>; // 11 planes of m, then of v
@group(0) @binding(8) var<storage, read_write> sh_first: array<u32>; // m/√v, two planes a word
@group(0) @binding(9) var<storage, read_write> sh_second: array<f32>;
@group(0) @binding(10) var<storage, read_write> statistics: array<f32>;

// `splat_sums` holds the gradients themselves, in planes like those of `params`; for tests.
override GIVEN: bool = false;

const LARGEST_F16: f32 = 65504.0;

// The second moment of the harmonics of this thread's splat, as `band` needs it.
struct HarmonicScale {
    root_before: f32, // √v before the step
    per_root: f32,    // 1/√v after it
    per_step: f32,    // what a first moment is multiplied by to make a step
}
var<private> harmonic_scale: HarmonicScale;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let block = unfold_group(group);
    let i = block * 256u + thread;
    if chunk.count <= i || i < chunk.frozen { return; }
    let visible = place_among_visible(chunk.first / 256u + block, thread);
    var d: GeometryGradient;
    var seen = visible != NOT_VISIBLE;
    if seen {
        if GIVEN {
            d = given_gradient(i);
        } else {
            let sums = sums_of(visible);
            seen = are_sound(sums);
            if seen { d = descend_colour(i, sums); }
        }
    }
    if !seen {
        if descent.only_visible == 1u {
            if descent.opacity_pull != 0.0 { descend_opacity(i, 0.0); }
            if descent.scale_pull != 0.0 { descend_scale(i, vec3f(0.0)); }
            return;
        }
        update_scale(i, vec3f(0.0));
        for (var k = 0u; k < used_coefficients(); k += 1u) { descend_harmonic(k, i, sh(k, i), vec3f(0.0)); }
    }
    descend(0u, i, d.mean.x, descent.mean_rate);
    descend(1u, i, d.mean.y, descent.mean_rate);
    descend(2u, i, d.mean.z, descent.mean_rate);
    descend(PLANE_QUAT, i, d.quat.x, descent.quat_rate);
    descend(PLANE_QUAT + 1u, i, d.quat.y, descent.quat_rate);
    descend(PLANE_QUAT + 2u, i, d.quat.z, descent.quat_rate);
    descend(PLANE_QUAT + 3u, i, d.quat.w, descent.quat_rate);
    descend_scale(i, d.log_scale);
    descend_opacity(i, d.opacity_logit);
}

fn sums_of(visible: u32) -> array<f32, SUMS> {
    let at = visible * SUMS;
    return array<f32, SUMS>(
        splat_sums[at], splat_sums[at + 1u], splat_sums[at + 2u], splat_sums[at + 3u],
        splat_sums[at + 4u], splat_sums[at + 5u], splat_sums[at + 6u], splat_sums[at + 7u],
        splat_sums[at + 8u], splat_sums[at + 9u],
    );
}

fn are_sound(sums: array<f32, SUMS>) -> bool {
    return is_sound(sums[0]) && is_sound(sums[1]) && is_sound(sums[2]) && is_sound(sums[3])
        && is_sound(sums[4]) && is_sound(sums[5]) && is_sound(sums[6]) && is_sound(sums[7])
        && is_sound(sums[8]) && is_sound(sums[9]);
}

// Moves the harmonics; returns the gradient of the rest. Nothing else may have moved before.
fn descend_colour(i: u32, sums: array<f32, SUMS>) -> GeometryGradient {
    var d = project_backward(i, sums);
    if descent.statistics == 1u {
        statistics[i] += length(d.mean2d * 0.5 * vec2f(frame.image_size));
        statistics[chunk.stride + i] += 1.0;
    }
    let d_rgb = vec3f(sums[SUM_RED], sums[SUM_RED + 1u], sums[SUM_RED + 2u]);
    let sight = sight_of(i);
    let rgb = let_through(i, sight, d_rgb);
    update_scale(i, 0.2820947918 * rgb);
    d.mean += colour_backward(i, rgb, sight);
    return d;
}

fn given_gradient(i: u32) -> GeometryGradient {
    var d: GeometryGradient;
    d.mean = given3(0u, i);
    d.quat = vec4f(given3(PLANE_QUAT, i), given3(PLANE_QUAT + 1u, i).z);
    d.log_scale = given3(PLANE_LOG_SCALE, i);
    d.opacity_logit = given3(PLANE_OPACITY, i).x;
    update_scale(i, given3(PLANE_SH, i));
    for (var k = 0u; k < used_coefficients(); k += 1u) {
        descend_harmonic(k, i, sh(k, i), given3(PLANE_SH + 3u * k, i));
    }
    return d;
}

fn given3(plane: u32, i: u32) -> vec3f {
    let at = plane * chunk.stride + i;
    return vec3f(splat_sums[at], splat_sums[at + chunk.stride], splat_sums[at + 2u * chunk.stride]);
}

fn descend_opacity(i: u32, d: f32) {
    let opacity = 1.0 / (1.0 + exp(-param(PLANE_OPACITY, i)));
    let pull = descent.opacity_pull * opacity * (1.0 - opacity);
    descend(PLANE_OPACITY, i, d + pull, descent.opacity_rate);
}

fn descend_scale(i: u32, d: vec3f) {
    descend_axis(PLANE_LOG_SCALE, i, d.x);
    descend_axis(PLANE_LOG_SCALE + 1u, i, d.y);
    descend_axis(PLANE_LOG_SCALE + 2u, i, d.z);
}

fn descend_axis(plane: u32, i: u32, d: f32) {
    let pull = descent.scale_pull * exp(param(plane, i));
    descend(plane, i, d + pull, descent.log_scale_rate);
    let at = plane * chunk.stride + i;
    params[at] = min(params[at], descent.largest_log_scale);
}

// One number before the harmonics.
fn descend(plane: u32, i: u32, gradient: f32, rate: f32) {
    let d = select(0.0, gradient, is_sound(gradient));
    let at = plane * chunk.stride + i;
    let at_second = (PLANE_SH + plane) * chunk.stride + i;
    let m = descent.beta1 * geometry[at] + (1.0 - descent.beta1) * d;
    let v = descent.beta2 * geometry[at_second] + (1.0 - descent.beta2) * d * d;
    geometry[at] = m;
    geometry[at_second] = v;
    params[at] -= rate * (m * descent.correction1) / (sqrt(v * descent.correction2) + descent.epsilon);
}

// The step of the harmonics' second moment, from the gradient of degree 0.
fn update_scale(i: u32, d: vec3f) {
    let before = sh_second[i];
    let v = descent.beta2 * before + (1.0 - descent.beta2) * dot(d, d) / 3.0;
    sh_second[i] = v;
    harmonic_scale.root_before = sqrt(before);
    harmonic_scale.per_root = 0.0;
    if 0.0 < v { harmonic_scale.per_root = 1.0 / sqrt(v); }
    harmonic_scale.per_step =
        descent.correction1 / (sqrt(v * descent.correction2) + descent.epsilon);
}

fn band(k: u32, i: u32, rgb: vec3f, y: f32, d_y: vec3f) -> vec3f {
    let coefficient = sh(k, i);
    descend_harmonic(k, i, coefficient, y * rgb);
    return dot(rgb, coefficient) * d_y;
}

// One coefficient, three planes: a word and a half of first moments.
fn descend_harmonic(k: u32, i: u32, coefficient: vec3f, d: vec3f) {
    if k != 0u && descent.sh_rest == 0u { return; }
    let rate = select(descent.sh_rest_rate, descent.sh_base_rate, k == 0u);
    let at_word = (3u * k / 2u) * chunk.stride + i;
    let words = vec2u(sh_first[at_word], sh_first[at_word + chunk.stride]);
    let early = unpack2x16float(words.x);
    let late = unpack2x16float(words.y);
    let starts_word = k % 2u == 0u;
    let ratio = select(vec3f(early.y, late), vec3f(early, late.x), starts_word);

    let m = descent.beta1 * harmonic_scale.root_before * ratio + (1.0 - descent.beta1) * d;
    let next = clamp(m * harmonic_scale.per_root, vec3f(-LARGEST_F16), vec3f(LARGEST_F16));
    if starts_word {
        sh_first[at_word] = pack2x16float(next.xy);
        sh_first[at_word + chunk.stride] =
            (words.y & 0xffff0000u) | pack2x16float(vec2f(next.z, 0.0));
    } else {
        sh_first[at_word] = (words.x & 0xffffu) | pack2x16float(vec2f(0.0, next.x));
        sh_first[at_word + chunk.stride] = pack2x16float(next.yz);
    }
    let moved = coefficient - rate * harmonic_scale.per_step * m;
    let at = (PLANE_SH + 3u * k) * chunk.stride + i;
    params[at] = moved.x;
    params[at + chunk.stride] = moved.y;
    params[at + 2u * chunk.stride] = moved.z;
}

// Exploration of 3DGS-MCMC (Kheradmand et al. 2024): means move at random by Σ (η g λ), with Σ the
// splat's covariance, η unit normal noise, and the gate g = sigmoid(−slope (o − o₀)), which spares
// splats that are seen.

#import shared/dispatch
#import shared/planes

// Twin of `render::gpu::NoiseUniform`.
struct NoiseUniform {
    scale: f32, // λ
    gate_slope: f32,
    gate_opacity: f32, // o₀
    seed: u32,
}

@group(0) @binding(0) var<uniform> noise: NoiseUniform;
@group(0) @binding(1) var<uniform> chunk: ChunkUniform;
@group(0) @binding(2) var<storage, read> given: array<f32>; // η of each splat, where GIVEN
@group(0) @binding(3) var<storage, read_write> params: array<f32>;

// Noise comes from an array, not from the seed; for tests.
override GIVEN: bool = false;

const TAU: f32 = 6.2831853072;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let i = unfold_group(group) * 256u + thread;
    if chunk.count <= i { return; }
    var unit = vec3f();
    if GIVEN {
        unit = vec3f(given[3u * i], given[3u * i + 1u], given[3u * i + 2u]);
    } else {
        unit = normal_noise(chunk.first + i);
    }
    let opacity = 1.0 / (1.0 + exp(-param(PLANE_OPACITY, i)));
    let gate = 1.0 / (1.0 + exp(noise.gate_slope * (opacity - noise.gate_opacity)));
    let rotation = rotation_of(i);
    let scale = exp(param3(PLANE_LOG_SCALE, i));
    // Σ η = R S² Rᵀ η.
    let delta = rotation * (scale * scale * (unit * rotation)) * gate * noise.scale;
    for (var k = 0u; k < 3u; k += 1u) { params[k * chunk.stride + i] += delta[k]; }
}

// Three normal numbers by Box and Muller.
fn normal_noise(splat: u32) -> vec3f {
    let a = scrambled(splat ^ scrambled(noise.seed));
    let b = scrambled(a ^ 0x9e3779b9u);
    let c = scrambled(b ^ 0x9e3779b9u);
    let d = scrambled(c ^ 0x9e3779b9u);
    let first = sqrt(-2.0 * log(fraction(a)));
    let second = sqrt(-2.0 * log(fraction(b)));
    let turns = TAU * fraction(c);
    return vec3f(first * cos(turns), first * sin(turns), second * cos(TAU * fraction(d)));
}

// In (0, 1), from the upper 23 bits.
fn fraction(bits: u32) -> f32 {
    return (f32(bits >> 9u) + 0.5) / 8388608.0;
}

// The finaliser of MurmurHash3, a bijection on 32 bits.
fn scrambled(number: u32) -> u32 {
    var x = number;
    x = (x ^ (x >> 16u)) * 0x85ebca6bu;
    x = (x ^ (x >> 13u)) * 0xc2b2ae35u;
    return x ^ (x >> 16u);
}

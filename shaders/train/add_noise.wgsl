// Exploration of 3DGS-MCMC (Kheradmand et al. 2024): means move at random by Σ (η g λ), with Σ the
// splat's covariance, η unit normal noise, and the gate g = sigmoid(−slope (o − o₀)), which spares
// splats that are seen. Frozen splats stay where they are.

#import shared/dispatch
#import shared/planes
#import shared/random

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

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let i = unfold_group(group) * 256u + thread;
    if chunk.count <= i || i < chunk.frozen { return; }
    var unit = vec3f();
    if GIVEN {
        unit = vec3f(given[3u * i], given[3u * i + 1u], given[3u * i + 2u]);
    } else {
        unit = normal_noise(chunk.first + i, noise.seed);
    }
    let opacity = 1.0 / (1.0 + exp(-param(PLANE_OPACITY, i)));
    let gate = 1.0 / (1.0 + exp(noise.gate_slope * (opacity - noise.gate_opacity)));
    let rotation = rotation_of(i);
    let scale = exp(param3(PLANE_LOG_SCALE, i));
    // Σ η = R S² Rᵀ η.
    let delta = rotation * (scale * scale * (unit * rotation)) * gate * noise.scale;
    for (var k = 0u; k < 3u; k += 1u) { params[k * chunk.stride + i] += delta[k]; }
}

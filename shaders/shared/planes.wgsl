// Where a chunk of splats lies among all, and what its planes hold.

// Twin of `render::gpu::ChunkUniform`.
struct ChunkUniform {
    first: u32,
    count: u32,
    stride: u32,
    sh_degree: u32,
}

// Planes of `params`: 0–2 mean, 3–6 quaternion wxyz, 7–9 log-scale, 10 opacity logit, then SH.
const PLANE_QUAT: u32 = 3u;
const PLANE_LOG_SCALE: u32 = 7u;
const PLANE_OPACITY: u32 = 10u;
const PLANE_SH: u32 = 11u;

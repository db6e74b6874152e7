// Where a chunk of splats lies among all, and its shape.

// Twin of `render::gpu::ChunkUniform`.
struct ChunkUniform {
    first: u32,
    count: u32,
    stride: u32,
    sh_degree: u32,
    frozen: u32, // the first so many: an optimisation leaves them as they are
}

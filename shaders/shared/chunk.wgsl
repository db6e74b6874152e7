// Where a chunk of splats lies among all, and its shape.

// Twin of `render::gpu::ChunkUniform`.
struct ChunkUniform {
    first: u32,
    count: u32,
    stride: u32,
    sh_degree: u32,
}

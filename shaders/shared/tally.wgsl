// What a densification counts on its way; those who count declare it with atomics.

// Twin of `render::gpu::DensifyTally`.
struct DensifyTally {
    alive: u32,      // splats that stay
    wishes: u32,     // of these, those that want to grow
    candidates: u32, // splats that may be pruned
}

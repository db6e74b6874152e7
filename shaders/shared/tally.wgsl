// What a densification counts on its way.

// Twin of `render::gpu::DensifyTally`. Written by atomics, so declared once more where it is.
struct DensifyTally {
    alive: u32,         // splats that stay
    wishes: u32,        // of these, those that want to grow
    candidates: u32,    // splats that may be pruned
    largest_error: u32, // bits of the largest error of a splat
}

//! Splats under optimisation: steps, memory, what is read, written and copied of them.

/// Exposures of photos.
mod exposure;
/// The 3D filter: its size, frames and gradients through it, baked.
mod filter;
/// Frozen splats, and splats that stay in a region.
mod frozen;
/// Pools to the host and back, and copies of them.
mod memory;
/// Poses of cameras.
mod poses;
/// Steps of whole frames, in chunks, with room, along broken gradients.
mod steps;

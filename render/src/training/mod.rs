//! Splats under optimisation: what is stored of them beside the parameters, and what moves them.
//!
//! The parts: [`SplatPool`] (parameters with room for more, moments, statistics). All of it stays
//! on the GPU; the host knows how many splats there are.

mod pool;

pub use pool::{GEOMETRY_MOMENTS, MomentChunk, STATISTICS, SplatPool};

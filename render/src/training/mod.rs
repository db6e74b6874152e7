//! Splats under optimisation: what is stored of them beside the parameters, and what moves them.
//!
//! The parts: [`SplatPool`] (parameters with room for more, moments, statistics), [`Densifier`]
//! (splats become more and fewer), [`Noise`]. All of it stays
//! on the GPU; the host knows how many splats there are.

mod densify;
mod noise;
mod pool;

pub use densify::{Densified, Densifier, PLANE_IMPORTANCE, Rule};
pub use noise::Noise;
pub use pool::{GEOMETRY_MOMENTS, MomentChunk, STATISTICS, SplatPool};

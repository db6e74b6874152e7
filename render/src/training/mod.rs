//! Splats under optimisation: what is stored of them beside the parameters, and what moves them.
//!
//! The parts: [`SplatPool`] (parameters with room for more, moments, statistics) and [`Descent`]
//! (a step of Adam along the gradient of a frame). All of it stays on the GPU; the host knows how
//! many splats there are.

mod descent;
mod pool;

pub use descent::{AdamRates, Descent, DescentConfig};
pub use pool::{
    ERRORS, FRAMES_SEEN, GEOMETRY_MOMENTS, GRADIENT_LENGTHS, IMPORTANCE, MomentChunk, SplatPool,
};

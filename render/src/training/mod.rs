//! Splats under optimisation: what is stored of them beside the parameters, and what moves them.
//!
//! The parts: [`SplatPool`] (parameters with room for more, moments, statistics), [`Descent`]
//! (a step of Adam along the gradient of a frame), [`Noise`] (a step at random), [`Densifier`]
//! (splats become more and fewer) and [`Scores`] (where photos say that they should). All of it stays on the GPU; the host knows how many splats
//! there are.

mod densify;
mod descent;
mod noise;
mod pool;
mod scores;

pub use densify::{Densified, Densifier, Growth, Rule};
pub use descent::{AdamRates, Descent, DescentConfig};
pub use noise::Noise;
pub use pool::{
    ERRORS, FRAMES_SEEN, GEOMETRY_MOMENTS, GRADIENT_LENGTHS, IMPORTANCE, MomentChunk, SplatPool,
};
pub use scores::Scores;

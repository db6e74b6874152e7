//! Splats under optimisation: what is stored of them beside the parameters, and what moves them.
//!
//! The parts: [`SplatPool`] (parameters with room for more, moments, statistics), [`Descent`]
//! (a step of Adam along the gradient of a frame), [`Noise`] (a step at random), [`Densifier`]
//! (splats become more and fewer), [`Scores`] (where photos say that they should) and [`Filter`]
//! (splats are no sharper than photos can tell). All of it stays on the GPU; the host knows how
//! many splats there are.

mod densify;
mod descent;
mod filter;
mod noise;
mod pool;
mod pool_state;
mod scores;

pub use densify::{Densified, Densifier, Growth, Rule};
pub use descent::{AdamRates, Descent, DescentConfig};
pub use filter::Filter;
pub use noise::Noise;
pub use pool::{
    ERRORS, FRAMES_SEEN, GEOMETRY_MOMENTS, GRADIENT_LENGTHS, IMPORTANCE, MomentChunk, PoolOptions,
    SplatPool,
};
pub use pool_state::PoolState;
pub use scores::Scores;

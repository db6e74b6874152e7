//! Splats under optimisation: what is stored of them beside the parameters, and what moves them.
//!
//! The parts: [`SplatPool`] (parameters with room for more, moments, statistics), [`Descent`]
//! (a step of Adam along the gradient of a frame), [`Noise`] (a step at random), [`Densifier`]
//! (splats become more and fewer), [`Scores`] (where photos say that they should), [`Confine`]
//! (splats stay in a region), [`Filter`] (splats are no sharper than photos can tell), [`Exposure`]
//! (photos differ in brightness and tint) and [`PoseRefinement`] (cameras stand elsewhere). Splats
//! stay on the GPU; the host knows how many there are.
//!
//! The first splats of a pool may be frozen: they are drawn like the others, and nothing here moves,
//! fades, filters, copies, reorders or removes them.

mod confine;
mod densify;
mod descent;
mod exposure;
mod filter;
mod noise;
mod pool;
mod pool_state;
mod poses;
mod scores;

pub use confine::{Confine, Enclosure};
pub use densify::{Densified, Densifier, Growth, Rule};
pub use descent::{AdamRates, Descent, DescentConfig};
pub use exposure::{EXPOSURE_NUMBERS, EXPOSURE_STRIDE, Exposure, ExposureState};
pub use filter::Filter;
pub use noise::Noise;
pub use pool::{
    ERRORS, FRAMES_SEEN, GEOMETRY_MOMENTS, GRADIENT_LENGTHS, IMPORTANCE, MomentChunk, PoolOptions,
    SplatPool,
};
pub use pool_state::PoolState;
pub use poses::{PoseRates, PoseRefinement, RefinedPose};
pub use scores::Scores;

//! From a frame to a render target: the picture, and lines that splats can hide.

mod lines;
mod pipeline;
mod present;

pub use lines::{Lines, Segment};
pub use present::Present;

//! From a frame to a render target: the picture, lines that splats can hide, and the picture beside
//! a photo.

mod compare;
mod lines;
mod pipeline;
mod present;

pub use compare::{Compare, CompareMode, Comparison};
pub use lines::{Lines, Segment};
pub use present::Present;

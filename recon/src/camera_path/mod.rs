//! Paths of cameras through a scene: keyframes with a curve through them, a circle around a scene,
//! the way that the photos went.

mod curve;
mod keyframes;
mod sampled;
mod through_photos;
mod turntable;

pub use keyframes::{CameraPath, Ease, Keyframe, MAX_FRAMES, PathError};
pub use turntable::Turntable;

//! Draws 3D Gaussian splats with WGSL compute kernels: splats in, pixels out.
//!
//! The path of a frame: [`Splats`] (host) → [`GpuSplats`] (device) → [`Rasterizer`] (projection,
//! sorting, blending) → [`Present`] (to a texture) or [`Rasterizer::read_image`]. The way back:
//! the gradient at the pixels → [`Gradient`] → the gradients of splats and pose, or
//! [`training::Descent`], which moves the splats along them. [`edit`] answers what an editor asks. [`software`] goes both ways on the
//! processor alone.
//!
//! What is deliberately absent: this crate reads no file, starts no thread, knows no window and
//! no tensor library. It owns no global; whoever draws passes a [`gpu::Gpu`].
//!
//! # Conventions
//! World and camera axes are right-handed; cameras follow OpenCV (x right, y down, z forward).
//! Pixel `(i, j)` has its centre at `(i + 0.5, j + 0.5)`. Quaternions are `w, x, y, z`.

pub mod camera;
pub mod config;
pub mod edit;
pub mod gpu;
pub mod gpu_splats;
pub mod gradient;
pub mod kernels;
pub mod loss;
pub mod rasterizer;
pub mod sh;
mod sh_rotation;
pub mod software;
pub mod splats;
pub mod training;
pub mod view;

pub use camera::{Camera, Intrinsics};
pub use config::{RenderConfig, Style};
pub use gpu_splats::GpuSplats;
pub use gradient::{Gradient, GradientOptions};
pub use loss::{Loss, LossConfig};
pub use rasterizer::{FrameStats, Image, Rasterizer};
pub use sh_rotation::ShRotation;
pub use splats::{Splats, SplatsError};
pub use training::AdamRates;
pub use view::{Compare, CompareMode, Comparison, Lines, Present, Segment};

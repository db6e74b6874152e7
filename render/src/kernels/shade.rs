//! `view/shade.wgsl`: the frame as it is shown, in bytes.

use crate::gpu::FrameUniform;
use crate::shader;

kernel! {
    /// Turns a frame into what is shown: colour, depth ramp, normals or alpha.
    Shade = shader!("view/shade"), {
        frame: FrameUniform,
        image: [f32; 4],
        depths: f32,
        pixels: u32,
    }
}

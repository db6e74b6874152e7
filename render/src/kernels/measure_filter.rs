//! `train/measure_filter.wgsl`: how finely photos sample each splat.

use crate::gpu::{ChunkUniform, FilterCamera, FilterUniform};
use crate::shader;

kernel! {
    /// Writes the size of each splat's 3D filter.
    MeasureFilter = shader!("train/measure_filter"), {
        filtering: FilterUniform,
        chunk: ChunkUniform,
        cameras: FilterCamera,
        params: f32,
    }
}

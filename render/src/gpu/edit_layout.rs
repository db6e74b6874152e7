//! Structs shared with the kernels of an editor, `shaders/edit`; see [`super::layout`].

use bytemuck::{Pod, Zeroable};

use super::layout::{GpuStruct, GpuStructLayout, gpu_structs};

gpu_structs! { EDIT_STRUCTS;
    /// Parameters of `edit/find.wgsl`.
    QueryUniform {
        /// Directions of a box's own axes, world; `w` unused.
        axes: [[f32; 4]; 3],
        /// A centre in the world, or a colour.
        point: [f32; 3],
        /// How far from there.
        reach: f32,
        /// Of a box, along its own axes.
        half_size: [f32; 3],
        /// Lower border of a range.
        low: f32,
        /// Upper border of a range.
        high: f32,
        /// Number of a [`Property`](crate::edit::Property).
        property: u32,
        /// Unused.
        pad: [u32; 2],
    }

    /// Parameters of `edit/dress.wgsl`.
    LookUniform {
        /// What the colour of selected splats is mixed with, display rgb.
        tint: [f32; 3],
        /// How much of it.
        tint_share: f32,
        /// How much of the colour of locked splats becomes grey.
        grey_share: f32,
        /// Unused.
        pad: u32,
        /// Unused.
        pad_more: [u32; 2],
    }
}

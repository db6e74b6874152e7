//! Structs shared with WGSL, declared once each and checked against naga in `tests/shaders.rs`.

use bytemuck::{Pod, Zeroable};

/// A Rust struct that has a twin of the same name in WGSL.
pub trait GpuStruct: Pod {
    /// The name of the twin.
    const NAME: &'static str;
    /// Field name and byte offset, in order.
    const FIELDS: &'static [(&'static str, usize)];
}

/// What a [`GpuStruct`] looks like in memory, without its type.
#[derive(Clone, Copy, Debug)]
pub struct GpuStructLayout {
    /// The name in Rust and in WGSL.
    pub name: &'static str,
    /// Field name and byte offset, in order.
    pub fields: &'static [(&'static str, usize)],
    /// Size in bytes.
    pub size: usize,
}

/// Declares structs, and their list under the name that comes first.
macro_rules! gpu_structs {
    ($list:ident; $($(#[$meta:meta])* $name:ident { $($(#[$fmeta:meta])* $field:ident: $ty:ty,)* })*) => {
        $(
            $(#[$meta])*
            #[repr(C)]
            #[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
            pub struct $name { $($(#[$fmeta])* pub $field: $ty,)* }

            impl GpuStruct for $name {
                const NAME: &'static str = stringify!($name);
                const FIELDS: &'static [(&'static str, usize)] =
                    &[$((stringify!($field), std::mem::offset_of!($name, $field)),)*];
            }
        )*

        /// All of them, for the test that compares them with their twins.
        pub const $list: &[GpuStructLayout] = &[$(GpuStructLayout {
            name: $name::NAME,
            fields: $name::FIELDS,
            size: size_of::<$name>(),
        },)*];
    };
}

pub(super) use gpu_structs;

gpu_structs! { GPU_STRUCTS;
    /// The camera and the settings of one frame, as every kernel sees them.
    FrameUniform {
        /// World to camera (w2c), OpenCV axes, column-major.
        camera_from_world: [[f32; 4]; 4],
        /// Where the camera stands, in the world; `w` unused.
        camera_position: [f32; 4],
        /// What shows through, rgb; `w` unused.
        background: [f32; 4],
        /// `fx, fy` in pixels.
        focal: [f32; 2],
        /// `cx, cy` in pixels.
        principal: [f32; 2],
        /// Smallest `x/z, y/z` used inside the Jacobian.
        tangent_min: [f32; 2],
        /// Largest `x/z, y/z` used inside the Jacobian.
        tangent_max: [f32; 2],
        /// Width and height of what is drawn, in pixels.
        image_size: [u32; 2],
        /// Tiles across and down.
        tile_count: [u32; 2],
        /// Splats nearer than this are dropped (camera z, world units).
        near: f32,
        /// Splats farther than this are dropped.
        far: f32,
        /// Added to the diagonal of the 2D covariance, in square pixels.
        eps2d: f32,
        /// Alpha is capped here.
        alpha_max: f32,
        /// Contributions below this are skipped.
        alpha_min: f32,
        /// A pixel is finished when its transmittance would fall to this.
        transmittance_stop: f32,
        /// Radius of a splat drawn as a point, in pixels.
        point_radius_px: f32,
        /// Highest degree of the harmonics that is evaluated.
        sh_degree: u32,
        /// 1: opacity is compensated for `eps2d`.
        antialiased: u32,
        /// 0 Gaussian, 1 point, 2 ellipsoid.
        shape: u32,
        /// 0 harmonics, 1 the shortest axis as a normal.
        colour_source: u32,
        /// How the image is shown: 0 colour, 1 depth, 2 normals from depth, 3 alpha.
        shading: u32,
        /// Nearest depth of the colour ramp, world units.
        depth_low: f32,
        /// Farthest depth of the colour ramp.
        depth_high: f32,
        /// How many projected splats there is room for.
        visible_capacity: u32,
        /// How many (tile, splat) pairs there is room for.
        pair_capacity: u32,
        /// Plane of parameters that holds the sizes of the 3D filters; 0: there are none.
        filter_plane: u32,
        /// Unused.
        pad: u32,
        /// First pixel that is drawn, in the camera's image; multiples of 16.
        origin: [u32; 2],
    }

    /// One chunk of the splats.
    ChunkUniform {
        /// Index of its first splat among all; a multiple of 256.
        first: u32,
        /// Splats in it.
        count: u32,
        /// Elements from one plane of parameters to the next.
        stride: u32,
        /// Degree of the stored harmonics.
        sh_degree: u32,
        /// So many, the first ones, are frozen: an optimisation leaves them as they are.
        frozen: u32,
    }

    /// Numbers that stay on the GPU during a frame and are read back some frames later.
    Counters {
        /// Splats that reach the image, at most the capacity.
        num_visible: u32,
        /// (tile, splat) pairs, at most the capacity.
        num_pairs: u32,
        /// Splats that would reach the image with unlimited room.
        wanted_visible: u32,
        /// Pairs that unlimited room would give.
        wanted_pairs: u32,
    }

    /// Workgroups of one indirect dispatch.
    DispatchArgs {
        /// Along x, at most 32768.
        x: u32,
        /// Along y.
        y: u32,
        /// Always 1.
        z: u32,
    }

    /// Parameters of `splat/scan.wgsl`.
    ScanParams {
        /// Which counter receives the sum: 0 `num_visible`, 1 `num_pairs`.
        counter: u32,
        /// Sums to scan where that is known beforehand; else 0, and `num_visible` decides.
        num_blocks: u32,
    }

    /// Parameters of the kernels that sort.
    SortParams {
        /// Which counter tells the number of keys: 0 `num_visible`, 1 `num_pairs`.
        counter: u32,
        /// Bits to the right of the digit.
        shift: u32,
    }

    /// Parameters of the kernels of the loss.
    LossUniform {
        /// Width and height in pixels.
        image_size: [u32; 2],
        /// Where in the array of photos this one begins, in pixels.
        first_target: u32,
        /// Pixels at the image's edge that SSIM leaves out.
        border: u32,
        /// What shows through a photo that is not opaque.
        background: [f32; 3],
        /// The photo's fourth channel: 0 nothing, 1 a mask, 2 opacity.
        alpha_use: u32,
        /// Weight of `1 − SSIM`; L1 has the rest.
        ssim_weight: f32,
        /// Weight of the difference of alphas.
        alpha_weight: f32,
        /// Unused.
        pad: [u32; 2],
    }

    /// What a loss came to: means over pixels and channels.
    LossValues {
        /// The weighted sum.
        loss: f32,
        /// Mean absolute difference.
        l1: f32,
        /// Mean squared difference.
        mse: f32,
        /// Structural similarity.
        ssim: f32,
        /// Mean absolute difference of alpha.
        alpha: f32,
    }

    /// Parameters of `train/descend.wgsl`.
    DescentUniform {
        /// Step of the means.
        mean_rate: f32,
        /// Step of the quaternions.
        quat_rate: f32,
        /// Step of the logarithms of the scales.
        log_scale_rate: f32,
        /// Step of the logits of the opacities.
        opacity_rate: f32,
        /// Step of the harmonics of degree 0.
        sh_base_rate: f32,
        /// Step of the other harmonics.
        sh_rest_rate: f32,
        /// Decay of the first moments.
        beta1: f32,
        /// Decay of the second moments.
        beta2: f32,
        /// Added to the root of the second moment.
        epsilon: f32,
        /// `1 / (1 − β₁ᵗ)` in step t.
        correction1: f32,
        /// `1 / (1 − β₂ᵗ)` in step t.
        correction2: f32,
        /// Weight of the mean opacity, by the number of splats.
        opacity_pull: f32,
        /// Weight of the mean scale, by the number of scales.
        scale_pull: f32,
        /// No logarithm of a scale grows beyond this.
        largest_log_scale: f32,
        /// 1: splats that the frame did not show stay as they are.
        only_visible: u32,
        /// 1: harmonics above degree 0 move.
        sh_rest: u32,
        /// 1: there are statistics to add to.
        statistics: u32,
    }

    /// What a densification counts on its way.
    DensifyTally {
        /// Splats that stay.
        alive: u32,
        /// Of these, those that want to grow.
        wishes: u32,
        /// Splats that may be pruned.
        candidates: u32,
    }

    /// Parameters of `train/accumulate.wgsl`.
    LevelUniform {
        /// Where the level begins among the sums.
        first: u32,
        /// Its elements; the totals of its blocks follow them.
        len: u32,
    }

    /// Parameters of `train/weigh.wgsl`.
    WeighUniform {
        /// Splats that are not more opaque are given up.
        least_opacity: f32,
        /// 1: weights are opacity times importance, else opacity.
        by_importance: u32,
    }

    /// Parameters of `train/draw.wgsl`.
    DrawUniform {
        /// Splats there are.
        len: u32,
        /// Splats there shall be, not fewer.
        target_len: u32,
        /// Another seed, other draws.
        seed: u32,
        /// The first so many are frozen: none of them is drawn.
        frozen: u32,
    }

    /// Parameters of `train/confine.wgsl`.
    ConfineUniform {
        /// Middle of the box, world.
        centre: [f32; 3],
        /// How far from the box splats may be, world units.
        radius: f32,
        /// Half the box's extents along its own axes, world units.
        half: [f32; 3],
        /// Unused.
        pad: u32,
        /// World from box, `x y z w`.
        rotation: [f32; 4],
    }

    /// Parameters of `train/trace.wgsl`.
    TraceUniform {
        /// Old splats.
        len: u32,
        /// New splats.
        new_len: u32,
    }

    /// Parameters of `train/gather.wgsl`.
    GatherUniform {
        /// The first plane that is written.
        first_plane: u32,
        /// How many are.
        planes: u32,
        /// Elements from one plane to the next in the copy they are written from.
        staged_len: u32,
    }

    /// Parameters of `train/divide.wgsl`.
    DivideUniform {
        /// 0: copies share what the one was; 1: they are clones or parts.
        rule: u32,
        /// No copy is fainter than this.
        smallest_opacity: f32,
        /// Splats with a larger log-scale are split, others cloned.
        split_log_scale: f32,
        /// Another seed, other places of the parts.
        seed: u32,
        /// Planes of moments of all but the harmonics.
        geometry_moments: u32,
        /// Planes of moments of the harmonics.
        sh_moments: u32,
    }

    /// Parameters of `train/nominate.wgsl`.
    NominateUniform {
        /// Splats whose mean gradient is longer want to grow, in units of half the image.
        gradient_threshold: f32,
        /// Fainter splats are given up.
        least_opacity: f32,
        /// Splats with a larger log-scale are given up.
        largest_log_scale: f32,
        /// Splats that are not more important do not grow.
        least_importance: f32,
        /// 1: importance counts, and who stays is decided already.
        by_importance: u32,
    }

    /// Parameters of `train/doubt.wgsl`.
    DoubtUniform {
        /// Fainter splats are candidates for pruning.
        least_opacity: f32,
        /// Splats with a larger log-scale are.
        largest_log_scale: f32,
        /// Views over which errors were added up.
        views: f32,
        /// Another seed, other splats pruned.
        seed: u32,
    }

    /// Parameters of `train/elect.wgsl`.
    ElectUniform {
        /// Copies that those elected get; 0: half of the candidates for pruning, else as many of
        /// those that want to grow as the budget allows.
        copies: u32,
        /// Splats there may be.
        budget: u32,
    }

    /// Parameters of `train/encode.wgsl`.
    EncodeUniform {
        /// Where most splats are, world units.
        centre: [f32; 3],
        /// How far they reach.
        radius: f32,
    }

    /// Parameters of `train/fade.wgsl`.
    FadeUniform {
        /// What opacities are multiplied by.
        keep: f32,
        /// No splat stays more opaque.
        largest_opacity: f32,
        /// 1: moments of opacities begin anew.
        forget: u32,
        /// Planes of first moments, and of second ones.
        geometry_planes: u32,
    }

    /// Parameters of `train/add_noise.wgsl`.
    NoiseUniform {
        /// What unit noise is multiplied by, before the covariance.
        scale: f32,
        /// How sharply opaque splats are spared.
        gate_slope: f32,
        /// Opacity at which half of the noise is left.
        gate_opacity: f32,
        /// Another seed, other noise.
        seed: u32,
    }

    /// Parameters of the kernels of exposure.
    ExposureUniform {
        /// Width and height of the frame in pixels.
        image_size: [u32; 2],
        /// Number of the photo.
        photo: u32,
        /// Size of the step.
        rate: f32,
        /// Weight of the squared distance from leaving frames as they are.
        identity_weight: f32,
        /// `1 / (1 − β₁ᵗ)` in step t of this photo.
        correction1: f32,
        /// `1 / (1 − β₂ᵗ)`.
        correction2: f32,
        /// Unused.
        pad: u32,
    }

    /// Parameters of `train/measure_filter.wgsl`.
    FilterUniform {
        /// How many there are.
        cameras: u32,
        /// Plane of parameters that receives the sizes.
        plane: u32,
        /// Splats nearer than this (camera z, world units) are not seen.
        near: f32,
        /// Around the image, in parts of its size, splats are seen too.
        margin: f32,
        /// Standard deviation of the filter, in pixels.
        deviation: f32,
    }

    /// A camera that takes photos of splats.
    FilterCamera {
        /// First row of w2c.
        row_x: [f32; 4],
        /// Second row.
        row_y: [f32; 4],
        /// Third row.
        row_z: [f32; 4],
        /// `fx, fy` in pixels.
        focal: [f32; 2],
        /// `cx, cy` in pixels.
        principal: [f32; 2],
        /// Width and height in pixels.
        image_size: [f32; 2],
        /// Unused.
        pad: [u32; 2],
    }

    /// Parameters of `view/present.wgsl`.
    PresentUniform {
        /// Width and height of the frame in pixels.
        image_size: [u32; 2],
        /// 1: the target stores linear values, so the shader undoes the display curve.
        linear_target: u32,
        /// Unused.
        pad: u32,
    }

    /// Parameters of `view/compare.wgsl`.
    CompareUniform {
        /// Width and height of the frame in pixels.
        image_size: [u32; 2],
        /// Width and height of the photo in pixels.
        photo_size: [u32; 2],
        /// Number of a [`CompareMode`](crate::view::CompareMode).
        mode: u32,
        /// Where the photo ends and the frame begins, 0 to 1 from the left.
        wipe: f32,
        /// 1: the target stores linear values, so the shader undoes the display curve.
        linear_target: u32,
        /// Unused.
        pad: u32,
    }

    /// Parameters of `view/lines.wgsl`.
    LineUniform {
        /// World to clip space, column-major.
        clip_from_world: [[f32; 4]; 4],
        /// World to camera (w2c), column-major.
        camera_from_world: [[f32; 4]; 4],
        /// Width and height of the viewport in pixels.
        viewport_px: [f32; 2],
        /// Width and height of the splat frame in pixels.
        image_size: [u32; 2],
        /// Lines end here (camera z).
        near: f32,
        /// 1: the target stores linear values.
        linear_target: u32,
        /// Unused.
        pad: [u32; 2],
    }
}

//! The backward pass as a list of steps, and the arrays between them.

use crate::GpuSplats;
use crate::gpu::{Gpu, GpuError, GpuVec, Groups, Kernel, Recorder};
use crate::kernels::{
    BlendBackward, BlendBackwardAtomic, BlendBackwardEights, BlendBackwardEightsAtomic,
    ProjectBackward, StreamBackward, StreamBackwardAtomic, SumPairs, SumPose, blend_backward,
    blend_backward_atomic, blend_backward_eights, blend_backward_eights_atomic, project_backward,
    stream_backward, stream_backward_atomic, sum_pairs, sum_pose,
};
use crate::rasterizer::{FrameBuffers, folded};

use super::{Accumulation, BackwardDesign, GradientOptions, POSE_SUMS, SUMS};

/// Splats in a workgroup of projection backward.
const BLOCK: usize = 256;

/// The kernels that the options ask for.
#[derive(Debug)]
pub(super) struct Kernels {
    blend: Blending,
    sum_pairs: Option<SumPairs>,
    project: Option<ProjectBackward>,
    sum_pose: Option<SumPose>,
}

/// Blending backward in one of its forms.
#[derive(Debug)]
enum Blending {
    Pixels(BlendBackward),
    PixelsAtomic(BlendBackwardAtomic),
    Splats(StreamBackward),
    SplatsAtomic(StreamBackwardAtomic),
    Eights(BlendBackwardEights),
    EightsAtomic(BlendBackwardEightsAtomic),
}

impl Kernels {
    /// Compiles them.
    ///
    /// # Errors
    /// [`GpuError::Shader`].
    pub(super) fn new(gpu: &Gpu, options: GradientOptions) -> Result<Self, GpuError> {
        let projected = [
            ("POSE", f64::from(u8::from(options.pose))),
            ("SPLATS", f64::from(u8::from(!options.until_sums))),
        ];
        let pairs = options.accumulation == Accumulation::Pairs;
        Ok(Self {
            blend: Blending::new(gpu, options)?,
            sum_pairs: pairs.then(|| SumPairs::new(gpu)).transpose()?,
            project: (options.pose || !options.until_sums)
                .then(|| ProjectBackward::with_constants(gpu, &projected))
                .transpose()?,
            sum_pose: options.pose.then(|| SumPose::new(gpu)).transpose()?,
        })
    }
}

/// What the steps leave for each other, and the result.
#[derive(Debug)]
pub(super) struct Arrays {
    /// Sums of each pair; `None` where atomics do without. `[pairs × SUMS]`
    pair_sums: Option<GpuVec<f32>>,
    /// Sums of each visible splat. `[visible × SUMS]`
    pub(super) splat_sums: GpuVec<f32>,
    /// Sums of each block of splats for the pose. `[blocks × POSE_SUMS]`
    pose_parts: GpuVec<f32>,
    /// Rows of ∂L/∂w2c. `[3]`
    pub(super) d_pose: GpuVec<[f32; 4]>,
    /// ∂L/∂(what is stored of each splat).
    pub(super) d_splats: Option<GpuSplats>,
    /// Takes the place of gradients that are not wanted.
    unwritten: GpuVec<f32>,
}

impl Arrays {
    /// Allocates them.
    ///
    /// # Errors
    /// [`GpuError::TooLarge`] or [`GpuError::OutOfMemory`].
    pub(super) fn new(
        gpu: &Gpu,
        frame: &FrameBuffers,
        splats: &GpuSplats,
        options: GradientOptions,
    ) -> Result<Self, GpuError> {
        let array = |label, len| GpuVec::zeroed(gpu, label, len);
        let capacity = &frame.capacity;
        Ok(Self {
            pair_sums: (options.accumulation == Accumulation::Pairs)
                .then(|| array("gradients of pairs", capacity.pairs * SUMS))
                .transpose()?,
            splat_sums: array("gradients in the image", capacity.visible * SUMS)?,
            pose_parts: array("gradient of the pose", capacity.blocks() * POSE_SUMS)?,
            d_pose: GpuVec::zeroed(gpu, "gradient of the pose", 3)?,
            d_splats: (!options.until_sums)
                .then(|| splats.zeroed_like(gpu, "gradients of splats"))
                .transpose()?,
            unwritten: array("gradients of splats", 1)?,
        })
    }

    /// Whether they have the sizes of this frame.
    pub(super) fn fit(
        &self,
        frame: &FrameBuffers,
        splats: &GpuSplats,
        options: GradientOptions,
    ) -> bool {
        let capacity = &frame.capacity;
        let pairs = match options.accumulation {
            Accumulation::Pairs => capacity.pairs * SUMS,
            Accumulation::Atomics => 0,
        };
        let shape = |it: &GpuSplats| {
            let chunks = it.chunks().iter();
            chunks
                .map(|it| (it.first, it.params.len()))
                .collect::<Vec<_>>()
        };
        self.pair_sums.as_ref().map_or(0, GpuVec::len) == pairs
            && self.splat_sums.len() == capacity.visible * SUMS
            && self.pose_parts.len() == capacity.blocks() * POSE_SUMS
            && self
                .d_splats
                .as_ref()
                .is_none_or(|it| shape(it) == shape(splats))
    }

    /// Size on the device.
    pub(super) fn bytes(&self) -> u64 {
        self.pair_sums.as_ref().map_or(0, GpuVec::bytes)
            + self.splat_sums.bytes()
            + self.pose_parts.bytes()
            + self.d_splats.as_ref().map_or(0, GpuSplats::bytes)
    }
}

/// The kernels' arguments.
#[derive(Debug)]
pub(super) struct Bindings {
    blend: wgpu::BindGroup,
    sum_pairs: Option<wgpu::BindGroup>,
    project: Vec<(wgpu::BindGroup, u32)>,
    sum_pose: Option<wgpu::BindGroup>,
}

impl Bindings {
    /// Binds the arrays of a frame and of its gradient.
    pub(super) fn new(
        gpu: &Gpu,
        kernels: &Kernels,
        arrays: &Arrays,
        frame: &FrameBuffers,
        splats: &GpuSplats,
        d_image: &GpuVec<f32>,
    ) -> Self {
        let project = kernels.project.iter().flat_map(|kernel| {
            let chunks = splats.chunks().iter().enumerate();
            chunks.map(move |(k, chunk)| {
                let d_splats = arrays.d_splats.as_ref();
                let d_chunk = d_splats.and_then(|it| it.chunks().get(k));
                let bound = kernel.bind(
                    gpu,
                    &project_backward::Arrays {
                        frame: &frame.frame,
                        chunk: &chunk.uniform,
                        params: &chunk.params,
                        visible_bits: &frame.visible_bits,
                        block_offsets: &frame.block_offsets,
                        splat_sums: &arrays.splat_sums,
                        d_params: d_chunk.map_or(&arrays.unwritten, |it| &it.params),
                        pose_parts: &arrays.pose_parts,
                    },
                );
                (bound, chunk.stride.div_ceil(BLOCK) as u32)
            })
        });
        let sum_pairs = kernels.sum_pairs.as_ref().zip(arrays.pair_sums.as_ref());
        Self {
            blend: bind_blend(gpu, &kernels.blend, arrays, frame, d_image),
            sum_pairs: sum_pairs.map(|(kernel, pair_sums)| {
                kernel.bind(
                    gpu,
                    &sum_pairs::Arrays {
                        frame: &frame.frame,
                        counters: &frame.counters,
                        tile_ranges: &frame.tile_ranges,
                        pair_splats: frame.pair_splats(),
                        projected_a: &frame.projected_a,
                        projected_b: &frame.projected_b,
                        projected_c: &frame.projected_c,
                        pair_sums,
                        splat_sums: &arrays.splat_sums,
                    },
                )
            }),
            project: project.collect(),
            sum_pose: kernels.sum_pose.as_ref().map(|kernel| {
                kernel.bind(
                    gpu,
                    &sum_pose::Arrays {
                        frame: &frame.frame,
                        pose_parts: &arrays.pose_parts,
                        d_pose: &arrays.d_pose,
                    },
                )
            }),
        }
    }
}

/// The forms differ in where sums go.
fn bind_blend(
    gpu: &Gpu,
    kernel: &Blending,
    arrays: &Arrays,
    frame: &FrameBuffers,
    d_image: &GpuVec<f32>,
) -> wgpu::BindGroup {
    macro_rules! bind {
        ($kernel:expr, $module:ident, $sums:ident: $to:expr) => {
            $kernel.bind(
                gpu,
                &$module::Arrays {
                    frame: &frame.frame,
                    tile_ranges: &frame.tile_ranges,
                    pair_splats: frame.pair_splats(),
                    projected_a: &frame.projected_a,
                    projected_b: &frame.projected_b,
                    projected_c: &frame.projected_c,
                    image: &frame.image,
                    depths: &frame.depths,
                    d_image,
                    $sums: $to,
                },
            )
        };
    }
    // Without pairs the kernels by pairs are not there either.
    let pair_sums = arrays.pair_sums.as_ref().unwrap_or(&arrays.splat_sums);
    match kernel {
        Blending::Pixels(it) => bind!(it, blend_backward, pair_sums: pair_sums),
        Blending::Splats(it) => bind!(it, stream_backward, pair_sums: pair_sums),
        Blending::Eights(it) => bind!(it, blend_backward_eights, pair_sums: pair_sums),
        Blending::EightsAtomic(it) => {
            bind!(it, blend_backward_eights_atomic, splat_sums: &arrays.splat_sums)
        }
        Blending::PixelsAtomic(it) => {
            bind!(it, blend_backward_atomic, splat_sums: &arrays.splat_sums)
        }
        Blending::SplatsAtomic(it) => {
            bind!(it, stream_backward_atomic, splat_sums: &arrays.splat_sums)
        }
    }
}

impl Blending {
    fn new(gpu: &Gpu, options: GradientOptions) -> Result<Self, GpuError> {
        use Accumulation::{Atomics, Pairs};
        use BackwardDesign::{Eights, Pixels, Splats};
        let depth = &[("DEPTH", f64::from(u8::from(options.depth)))];
        Ok(match (options.design, options.accumulation) {
            (Pixels, Pairs) => Self::Pixels(BlendBackward::with_constants(gpu, depth)?),
            (Pixels, Atomics) => {
                Self::PixelsAtomic(BlendBackwardAtomic::with_constants(gpu, depth)?)
            }
            (Splats, Pairs) => Self::Splats(StreamBackward::with_constants(gpu, depth)?),
            (Splats, Atomics) => {
                Self::SplatsAtomic(StreamBackwardAtomic::with_constants(gpu, depth)?)
            }
            (Eights, Pairs) => Self::Eights(BlendBackwardEights::with_constants(gpu, depth)?),
            (Eights, Atomics) => {
                Self::EightsAtomic(BlendBackwardEightsAtomic::with_constants(gpu, depth)?)
            }
        })
    }

    fn kernel(&self) -> &Kernel {
        match self {
            Self::Pixels(it) => it.kernel(),
            Self::PixelsAtomic(it) => it.kernel(),
            Self::Splats(it) => it.kernel(),
            Self::SplatsAtomic(it) => it.kernel(),
            Self::Eights(it) => it.kernel(),
            Self::EightsAtomic(it) => it.kernel(),
        }
    }
}

/// Records the backward pass.
pub(super) fn record(
    recorder: &mut Recorder<'_>,
    kernels: &Kernels,
    arrays: &Arrays,
    bindings: &Bindings,
    frame: &FrameBuffers,
) {
    if arrays.pair_sums.is_none() {
        recorder.clear(&arrays.splat_sums);
    }
    let [across, down] = frame.capacity.tiles();
    let tiles = Groups::Direct(across, down);
    recorder.dispatch(kernels.blend.kernel(), &bindings.blend, tiles);
    if let (Some(kernel), Some(bound)) = (&kernels.sum_pairs, &bindings.sum_pairs) {
        let per_visible = Groups::Indirect(&frame.dispatches, 0);
        recorder.dispatch(kernel.kernel(), bound, per_visible);
    }
    for (bound, blocks) in &bindings.project {
        let Some(kernel) = &kernels.project else {
            break;
        };
        recorder.dispatch(kernel.kernel(), bound, folded(*blocks));
    }
    if let (Some(kernel), Some(bound)) = (&kernels.sum_pose, &bindings.sum_pose) {
        recorder.dispatch(kernel.kernel(), bound, Groups::Direct(1, 1));
    }
}

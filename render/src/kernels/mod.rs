//! One wrapper per compute kernel in `shaders/`, of the same name: what it binds, typed.

/// Declares a wrapper: a name, its source, and the arrays it binds, in the order of `@binding` and
/// under the names they have in the source.
macro_rules! kernel {
    ($(#[$meta:meta])* $name:ident = $shader:expr, { $($binding:ident: $ty:ty,)* }) => {
        $(#[$meta])*
        #[derive(Debug)]
        pub struct $name {
            kernel: $crate::gpu::Kernel,
        }

        /// What the kernel binds, named as in its source.
        #[derive(Clone, Copy, Debug)]
        pub struct Arrays<'a> {
            $(
                #[doc = concat!("`", stringify!($binding), "` in the source.")]
                pub $binding: &'a $crate::gpu::GpuVec<$ty>,
            )*
        }

        impl $name {
            /// Names of the bindings, in order.
            pub const BINDINGS: &'static [&'static str] = &[$(stringify!($binding)),*];

            /// Compiles the kernel.
            ///
            /// # Errors
            /// [`GpuError::Shader`](crate::gpu::GpuError::Shader).
            pub fn new(gpu: &$crate::gpu::Gpu) -> Result<Self, $crate::gpu::GpuError> {
                Self::with_constants(gpu, &[])
            }

            /// Compiles the kernel with values for its `override` constants.
            ///
            /// # Errors
            /// [`GpuError::Shader`](crate::gpu::GpuError::Shader).
            pub fn with_constants(
                gpu: &$crate::gpu::Gpu,
                constants: &[(&str, f64)],
            ) -> Result<Self, $crate::gpu::GpuError> {
                let kernel = $crate::gpu::Kernel::with_constants(gpu, $shader, constants)?;
                Ok(Self { kernel })
            }

            /// Binds the arrays it reads and writes.
            pub fn bind(
                &self,
                gpu: &$crate::gpu::Gpu,
                arrays: &Arrays<'_>,
            ) -> wgpu::BindGroup {
                self.kernel.bind(gpu, &[$(arrays.$binding,)*])
            }

            /// The compiled kernel.
            pub fn kernel(&self) -> &$crate::gpu::Kernel {
                &self.kernel
            }
        }
    };
}

pub mod accumulate;
pub mod add_noise;
pub mod adjust_exposure;
pub mod blend;
pub mod blend_backward;
pub mod blend_backward_atomic;
pub mod blend_backward_eights;
pub mod blend_backward_eights_atomic;
pub mod blend_eights;
pub mod blur_rows;
pub mod blur_slopes;
pub mod confine;
pub mod contribute;
pub mod cull;
pub mod descend;
pub mod divide;
pub mod doubt;
pub mod draw;
pub mod dress;
pub mod elect;
pub mod emit;
pub mod encode;
pub mod expose;
pub mod expose_backward;
pub mod fade;
pub mod find;
pub mod find_errors;
pub mod gather;
pub mod loss_backward;
pub mod mark_errors;
pub mod measure_filter;
pub mod measure_loss;
pub mod nominate;
pub mod pair_count;
pub mod project;
pub mod project_backward;
pub mod ranges;
pub mod scan;
pub mod score;
pub mod shade;
pub mod sort_count;
pub mod sort_scan;
pub mod sort_scatter;
pub mod sort_spine;
pub mod stream_backward;
pub mod stream_backward_atomic;
pub mod sum_loss;
pub mod sum_pairs;
pub mod sum_pose;
pub mod trace;
pub mod weigh;

pub use accumulate::Accumulate;
pub use add_noise::AddNoise;
pub use adjust_exposure::AdjustExposure;
pub use blend::Blend;
pub use blend_backward::BlendBackward;
pub use blend_backward_atomic::BlendBackwardAtomic;
pub use blend_backward_eights::BlendBackwardEights;
pub use blend_backward_eights_atomic::BlendBackwardEightsAtomic;
pub use blend_eights::BlendEights;
pub use blur_rows::BlurRows;
pub use blur_slopes::BlurSlopes;
pub use confine::Confine;
pub use contribute::Contribute;
pub use cull::Cull;
pub use descend::Descend;
pub use divide::Divide;
pub use doubt::Doubt;
pub use draw::Draw;
pub use dress::Dress;
pub use elect::Elect;
pub use emit::Emit;
pub use encode::Encode;
pub use expose::Expose;
pub use expose_backward::ExposeBackward;
pub use fade::Fade;
pub use find::Find;
pub use find_errors::FindErrors;
pub use gather::Gather;
pub use loss_backward::LossBackward;
pub use mark_errors::MarkErrors;
pub use measure_filter::MeasureFilter;
pub use measure_loss::MeasureLoss;
pub use nominate::Nominate;
pub use pair_count::PairCount;
pub use project::Project;
pub use project_backward::ProjectBackward;
pub use ranges::Ranges;
pub use scan::Scan;
pub use score::Score;
pub use shade::Shade;
pub use sort_count::SortCount;
pub use sort_scan::SortScan;
pub use sort_scatter::SortScatter;
pub use sort_spine::SortSpine;
pub use stream_backward::StreamBackward;
pub use stream_backward_atomic::StreamBackwardAtomic;
pub use sum_loss::SumLoss;
pub use sum_pairs::SumPairs;
pub use sum_pose::SumPose;
pub use trace::Trace;
pub use weigh::Weigh;

//! The thin layer over wgpu: device, buffers, kernels, shader sources, structs shared with WGSL.

mod buffer;
mod capabilities;
mod context;
mod edit_layout;
mod fetch;
mod kernel;
mod layout;
mod recorder;
mod shader;

pub use buffer::{GpuVec, GpuView, read_bytes};
pub use capabilities::{AdapterKind, Capabilities};
pub use context::{Gpu, GpuError, GpuOptions, STORAGE_BUFFERS, WORKGROUP_BYTES};
pub use edit_layout::{EDIT_STRUCTS, LookUniform, QueryUniform};
pub use fetch::Fetch;
pub use kernel::Kernel;
pub use layout::{
    ChunkUniform, CompareUniform, ConfineUniform, Counters, DensifyTally, DescentUniform,
    DispatchArgs, DivideUniform, DoubtUniform, DrawUniform, ElectUniform, EncodeUniform,
    ExposureUniform, FadeUniform, FilterCamera, FilterUniform, FrameUniform, GatherUniform,
    LevelUniform, LineUniform, LossUniform, LossValues, NoiseUniform, NominateUniform,
    PresentUniform, ScanParams, SortParams, TraceUniform, WeighUniform,
};
pub use layout::{GPU_STRUCTS, GpuStruct, GpuStructLayout};
pub use recorder::{Groups, KernelTime, Profiler, Recorder, TimedPasses};
pub use shader::{Shader, ShaderError, resolve_imports};

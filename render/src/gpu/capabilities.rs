//! What an adapter is and what it can hold, in words for the status bar and for choosing one.

use std::fmt;

use serde::Serialize;

use crate::sh;

/// What sort of device an adapter is, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AdapterKind {
    /// A graphics card with its own memory.
    Discrete,
    /// A GPU that shares the processor's memory.
    Integrated,
    /// A GPU passed through to a virtual machine.
    Virtual,
    /// The driver does not say.
    Other,
    /// The processor plays the GPU (lavapipe, WARP).
    Cpu,
}

/// An adapter's name, driver, and what it can do.
#[derive(Clone, Debug, Serialize)]
pub struct Capabilities {
    /// The device's name, as the driver gives it.
    pub name: String,
    /// The driver's name and version.
    pub driver: String,
    /// Vulkan, Metal or DX12.
    pub backend: String,
    /// What sort of device it is.
    pub kind: AdapterKind,
    /// The largest array a kernel can bind, in bytes.
    pub max_binding_bytes: u64,
    /// The largest buffer, in bytes.
    pub max_buffer_bytes: u64,
    /// Memory shared by a workgroup, in bytes.
    pub workgroup_bytes: u32,
    /// Smallest and largest subgroup width, where the device has subgroup operations.
    pub subgroup_sizes: Option<(u32, u32)>,
    /// Atomic addition of f32 in storage buffers.
    pub float32_atomics: bool,
    /// Half-precision arithmetic in kernels.
    pub f16: bool,
    /// Time stamps at the borders of passes.
    pub timestamps: bool,
}

impl Capabilities {
    /// Asks an adapter.
    pub fn of(adapter: &wgpu::Adapter) -> Self {
        let about = adapter.get_info();
        let limits = adapter.limits();
        let features = adapter.features();
        let driver = [about.driver.as_str(), about.driver_info.as_str()]
            .into_iter()
            .filter(|it| !it.is_empty())
            .collect::<Vec<_>>()
            .join(" ");
        Self {
            name: about.name.clone(),
            driver,
            backend: about.backend.to_string(),
            kind: match about.device_type {
                wgpu::DeviceType::DiscreteGpu => AdapterKind::Discrete,
                wgpu::DeviceType::IntegratedGpu => AdapterKind::Integrated,
                wgpu::DeviceType::VirtualGpu => AdapterKind::Virtual,
                wgpu::DeviceType::Cpu => AdapterKind::Cpu,
                wgpu::DeviceType::Other => AdapterKind::Other,
            },
            max_binding_bytes: limits.max_storage_buffer_binding_size,
            max_buffer_bytes: limits.max_buffer_size,
            workgroup_bytes: limits.max_compute_workgroup_storage_size,
            subgroup_sizes: features
                .contains(wgpu::Features::SUBGROUP)
                .then_some((about.subgroup_min_size, about.subgroup_max_size)),
            float32_atomics: features.contains(wgpu::Features::SHADER_FLOAT32_ATOMIC),
            f16: features.contains(wgpu::Features::SHADER_F16),
            timestamps: features.contains(wgpu::Features::TIMESTAMP_QUERY),
        }
    }

    /// Whether the processor plays the GPU.
    pub fn is_cpu(&self) -> bool {
        self.kind == AdapterKind::Cpu
    }

    /// Whether its subgroups are eight threads wide, no more and no less, as those of lavapipe on
    /// processors with AVX: what the kernels named `…_eights` need.
    pub fn has_eights(&self) -> bool {
        self.subgroup_sizes == Some((8, 8))
    }

    /// How many splats of this degree can be drawn when all are in view: the splats themselves
    /// are chunked without end, the per-frame arrays (16 bytes a visible splat) must each fit one
    /// binding. Memory may run out before; drivers do not tell how much there is.
    pub fn max_splats(&self, sh_degree: u32) -> u64 {
        let chunk_bytes = 4 * (11 + 3 * sh::coeff_count(sh_degree) as u64);
        let per_chunk = self.max_binding_bytes / chunk_bytes;
        (self.max_binding_bytes / 16).max(per_chunk)
    }
}

impl fmt::Display for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} ({}, {}), up to {:.1} M splats in view",
            self.name,
            self.backend,
            self.driver,
            self.max_splats(3) as f64 / 1e6
        )?;
        if self.is_cpu() {
            write!(
                f,
                "; a CPU driver, so expect seconds rather than milliseconds"
            )?;
        }
        Ok(())
    }
}

//! The device and its queue: choosing an adapter, opening it, and hearing when it fails.

use std::any::Any;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::{Capabilities, ShaderError};

/// Adapter to use when none is asked for by option: an index or a part of its name.
const ADAPTER_VARIABLE: &str = "ACCRETE_ADAPTER";

/// Workgroup memory the sorting kernel needs, in bytes. Every desktop GPU has it.
pub const WORKGROUP_BYTES: u32 = 32 * 1024;

/// Storage buffers that the projecting kernel binds, the most of all.
pub const STORAGE_BUFFERS: u32 = 9;

/// Which adapter to open.
#[derive(Clone, Debug, Default)]
pub struct GpuOptions {
    /// Its index in [`Gpu::list`] or a part of its name. `None`: the environment variable
    /// `ACCRETE_ADAPTER`, else the best there is (discrete before integrated before CPU).
    pub adapter: Option<String>,
}

/// A GPU, opened. Cloning is cheap; all clones are the same device.
#[derive(Clone, Debug)]
pub struct Gpu {
    /// Where adapters and surfaces come from.
    pub instance: wgpu::Instance,
    /// The adapter that was chosen.
    pub adapter: wgpu::Adapter,
    /// Makes buffers and pipelines.
    pub device: wgpu::Device,
    /// Takes work.
    pub queue: wgpu::Queue,
    capabilities: Arc<Capabilities>,
    failure: Arc<Mutex<Option<GpuError>>>,
    lost: Arc<OnceLock<String>>,
    companions: Arc<Mutex<Vec<Companion>>>,
}

/// What another library made of a device.
type Companion = Box<dyn Any + Send + Sync>;

/// Why no GPU could be opened, or what happened to it since.
#[derive(Clone, Debug, thiserror::Error)]
pub enum GpuError {
    /// No driver at all.
    #[error(
        "no graphics driver was found. On Debian or Ubuntu install one with \
         `apt-get install mesa-vulkan-drivers libvulkan1` (setup.sh does this); elsewhere install \
         your graphics card's Vulkan driver"
    )]
    NoAdapter,
    /// There are adapters, and none is the one asked for.
    #[error("no graphics adapter matches {wanted:?}; there are: {found}")]
    NoSuchAdapter {
        /// What was asked for.
        wanted: String,
        /// What there is, with indices.
        found: String,
    },
    /// The adapter lacks something that cannot be done without.
    #[error("{adapter} cannot be used: {lacks}. Choose another with --adapter")]
    Unfit {
        /// Its name.
        adapter: String,
        /// What it lacks.
        lacks: String,
    },
    /// The adapter refused to open.
    #[error(
        "{adapter} could not be opened: {reason}. Update its driver, or choose another with --adapter"
    )]
    NoDevice {
        /// Its name.
        adapter: String,
        /// What it said.
        reason: String,
    },
    /// The device has no memory left.
    #[error(
        "the graphics device is out of memory ({what}). Close other programs, or use fewer splats or a smaller image"
    )]
    OutOfMemory {
        /// What was to be allocated.
        what: String,
    },
    /// An array is beyond what the device can bind.
    #[error(
        "{what} needs {needed} bytes in one array and the graphics device binds at most {limit}. Use fewer splats or a smaller image"
    )]
    TooLarge {
        /// What was to be allocated.
        what: String,
        /// Bytes needed.
        needed: u64,
        /// Bytes allowed.
        limit: u64,
    },
    /// The driver gave the device up.
    #[error(
        "the graphics device was lost: {0}. Restart the program; if it happens again, update the driver"
    )]
    DeviceLost(String),
    /// A shader could not be assembled.
    #[error(transparent)]
    Shader(#[from] ShaderError),
    /// The driver layer rejected a call: a fault of this program.
    #[error("the graphics layer rejected a call (a fault of this program, please report it): {0}")]
    Invalid(String),
}

impl Gpu {
    /// Opens the adapter asked for, or the best there is.
    ///
    /// # Errors
    /// [`GpuError::NoAdapter`] on a machine without a driver, and the other errors of choosing and
    /// opening.
    pub fn open(options: &GpuOptions) -> Result<Self, GpuError> {
        let instance = instance();
        let adapters = ranked(&instance);
        let wanted = options
            .adapter
            .clone()
            .or_else(|| std::env::var(ADAPTER_VARIABLE).ok())
            .filter(|it| !it.is_empty());
        let adapter = choose(adapters, wanted)?;
        let capabilities = Capabilities::of(&adapter);
        if let Some(lacks) = lacks(&adapter.limits()) {
            let adapter = capabilities.name;
            return Err(GpuError::Unfit { adapter, lacks });
        }
        let (device, queue) = open_device(&adapter, &capabilities)?;
        log::info!("graphics adapter: {capabilities}");
        let gpu = Self {
            instance,
            adapter,
            device,
            queue,
            capabilities: Arc::new(capabilities),
            failure: Arc::default(),
            lost: Arc::default(),
            companions: Arc::default(),
        };
        gpu.listen();
        Ok(gpu)
    }

    /// All adapters of this machine, best first; what `--adapter` chooses from.
    pub fn list() -> Vec<Capabilities> {
        ranked(&instance()).iter().map(Capabilities::of).collect()
    }

    /// What the adapter is and can hold.
    pub fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// Reports, once, what has gone wrong since the last call; that the device is lost, each time.
    ///
    /// # Errors
    /// [`GpuError::DeviceLost`], [`GpuError::OutOfMemory`] or [`GpuError::Invalid`].
    pub fn check(&self) -> Result<(), GpuError> {
        let failure = {
            let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
            failure.take()
        };
        if failure.is_some() {
            // A lost device shows first in calls that fail; why comes with the next poll.
            self.device.poll(wgpu::PollType::Poll).ok();
        }
        match (self.lost.get(), failure) {
            (Some(reason), _) => Err(GpuError::DeviceLost(reason.clone())),
            (None, Some(failure)) => Err(failure),
            (None, None) => Ok(()),
        }
    }

    /// Waits until all submitted work is done.
    ///
    /// # Errors
    /// [`GpuError::DeviceLost`], and whatever [`Gpu::check`] has to tell.
    pub fn wait(&self) -> Result<(), GpuError> {
        let polled = self.device.poll(wgpu::PollType::wait_indefinitely());
        self.check()?;
        polled
            .map(|_| ())
            .map_err(|err| GpuError::DeviceLost(err.to_string()))
    }

    /// What `make` makes of this device for another library, made once: later calls, of clones
    /// too, get a copy. For libraries that must not be shown the same device twice.
    ///
    /// # Errors
    /// That of `make`; the next call then tries again.
    pub fn once<T, E>(&self, make: impl FnOnce(&Self) -> Result<T, E>) -> Result<T, E>
    where
        T: Clone + Send + Sync + 'static,
    {
        // Held while `make` runs, so that two threads do not both make one.
        let companions = self.companions.lock();
        let mut companions = companions.unwrap_or_else(PoisonError::into_inner);
        if let Some(made) = companions.iter().find_map(|it| it.downcast_ref::<T>()) {
            return Ok(made.clone());
        }
        let made = make(self)?;
        companions.push(Box::new(made.clone()));
        Ok(made)
    }

    /// Runs `make` and turns the device's complaints about memory into an error.
    ///
    /// # Errors
    /// [`GpuError::OutOfMemory`], saying that it was for `what`.
    pub fn allocate<T>(
        &self,
        what: &str,
        make: impl FnOnce(&wgpu::Device) -> T,
    ) -> Result<T, GpuError> {
        let scope = self.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let made = make(&self.device);
        match pollster::block_on(scope.pop()) {
            None => Ok(made),
            Some(_) => Err(GpuError::OutOfMemory {
                what: what.to_owned(),
            }),
        }
    }

    fn listen(&self) {
        let lost = self.lost.clone();
        self.device
            .set_device_lost_callback(move |reason, message| {
                lost.get_or_init(|| format!("{reason:?}: {message}"));
            });
        let failure = self.failure.clone();
        self.device.on_uncaptured_error(Arc::new(move |err| {
            let failed = match err {
                wgpu::Error::OutOfMemory { .. } => GpuError::OutOfMemory {
                    what: "while drawing".to_owned(),
                },
                wgpu::Error::Validation { description, .. }
                | wgpu::Error::Internal { description, .. } => GpuError::Invalid(description),
            };
            log::error!("{failed}");
            note(&failure, failed);
        }));
    }
}

/// Keeps the first failure: what follows is usually its consequence.
fn note(failure: &Mutex<Option<GpuError>>, failed: GpuError) {
    failure
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .get_or_insert(failed);
}

fn instance() -> wgpu::Instance {
    let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle_from_env();
    // OpenGL cannot run the kernels, and its drivers fail when several threads look for adapters.
    descriptor.backends &= wgpu::Backends::PRIMARY;
    // Our own kernels write the indirect arguments and clamp them; checking each again costs a
    // dispatch per dispatch.
    descriptor
        .flags
        .remove(wgpu::InstanceFlags::VALIDATION_INDIRECT_CALL);
    wgpu::Instance::new(descriptor)
}

fn ranked(instance: &wgpu::Instance) -> Vec<wgpu::Adapter> {
    let mut adapters = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::PRIMARY));
    adapters.sort_by_key(|it| Capabilities::of(it).kind);
    adapters
}

fn choose(
    mut adapters: Vec<wgpu::Adapter>,
    wanted: Option<String>,
) -> Result<wgpu::Adapter, GpuError> {
    if adapters.is_empty() {
        return Err(GpuError::NoAdapter);
    }
    let Some(wanted) = wanted else {
        return Ok(adapters.remove(0));
    };
    let names: Vec<String> = adapters.iter().map(|it| it.get_info().name).collect();
    let index = wanted
        .parse()
        .ok()
        .filter(|&it| it < names.len())
        .or_else(|| {
            let part = wanted.to_lowercase();
            names
                .iter()
                .position(|it| it.to_lowercase().contains(&part))
        });
    match index {
        Some(index) => Ok(adapters.swap_remove(index)),
        None => Err(GpuError::NoSuchAdapter {
            wanted,
            found: (0..)
                .zip(&names)
                .map(|(i, name): (usize, _)| format!("{i}: {name}"))
                .collect::<Vec<_>>()
                .join(", "),
        }),
    }
}

/// What the kernels need and an adapter of these limits has not.
fn lacks(limits: &wgpu::Limits) -> Option<String> {
    [
        (
            "bytes shared by a workgroup",
            limits.max_compute_workgroup_storage_size,
            WORKGROUP_BYTES,
        ),
        (
            "storage buffers in a kernel",
            limits.max_storage_buffers_per_shader_stage,
            STORAGE_BUFFERS,
        ),
    ]
    .into_iter()
    .find(|(_, has, needed)| has < needed)
    .map(|(what, has, needed)| format!("it has {has} {what}, {needed} are needed"))
}

fn open_device(
    adapter: &wgpu::Adapter,
    capabilities: &Capabilities,
) -> Result<(wgpu::Device, wgpu::Queue), GpuError> {
    use wgpu::Features as F;
    let welcome = F::TIMESTAMP_QUERY
        | F::SUBGROUP
        | F::SUBGROUP_BARRIER
        | F::SHADER_FLOAT32_ATOMIC
        | F::SHADER_F16
        | F::PIPELINE_CACHE
        // Not used here: libraries that share the device write kernels for what the adapter has.
        | F::SHADER_INT64
        | F::SHADER_F64;
    let descriptor = wgpu::DeviceDescriptor {
        label: Some("accrete"),
        required_features: adapter.features() & welcome,
        required_limits: adapter.limits(),
        memory_hints: wgpu::MemoryHints::Performance,
        ..Default::default()
    };
    pollster::block_on(adapter.request_device(&descriptor)).map_err(|err| GpuError::NoDevice {
        adapter: capabilities.name.clone(),
        reason: err.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_adapter_lacks_is_named() {
        let enough = wgpu::Limits {
            max_compute_workgroup_storage_size: WORKGROUP_BYTES,
            max_storage_buffers_per_shader_stage: STORAGE_BUFFERS,
            ..wgpu::Limits::default()
        };
        assert_eq!(lacks(&enough), None);
        let little = wgpu::Limits {
            max_compute_workgroup_storage_size: 16 * 1024,
            ..enough.clone()
        };
        assert!(lacks(&little).is_some_and(|it| it.contains("16384")));
        let few = wgpu::Limits {
            max_storage_buffers_per_shader_stage: 8,
            ..enough
        };
        assert!(lacks(&few).is_some_and(|it| it.contains("storage buffers")));
    }
}

//! On what the network runs: the processor, the GPU that draws, or another one.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::str::FromStr;

use burn::tensor::wgpu::WgpuSetup;
use burn::tensor::{DType, Device};
use render::gpu::Gpu;
use serde::{Deserialize, Serialize};

use super::ModelError;
#[cfg(feature = "remote")]
use super::remote;
use super::remote::{RemoteAddress, RemoteError, is_remote};

/// Kernels that go to the GPU in one piece. Few, so that frames of the window find gaps.
const TASKS_AT_ONCE: usize = 4;

/// What `--device` chooses. Its text is `auto`, `cpu`, `gpu`, `cuda`, `cuda:1`, `remote:…`; that of
/// another machine has no token in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum DeviceChoice {
    /// [`Self::Gpu`], or [`Self::Cpu`] where there is none or the processor plays it.
    #[default]
    Auto,
    /// The processor.
    Cpu,
    /// The GPU that draws.
    Gpu,
    /// A card of NVIDIA's by its number, through CUDA. Needs the cargo feature `cuda`.
    Cuda(usize),
    /// A device of another machine, which `accrete serve` offers there; `None` where nobody has
    /// said yet which. Needs the cargo feature `remote`.
    Remote(Option<RemoteAddress>),
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Cpu => f.write_str("cpu"),
            Self::Gpu => f.write_str("gpu"),
            Self::Cuda(0) => f.write_str("cuda"),
            Self::Cuda(index) => write!(f, "cuda:{index}"),
            Self::Remote(None) => f.write_str("remote"),
            Self::Remote(Some(address)) => fmt::Display::fmt(address, f),
        }
    }
}

impl FromStr for DeviceChoice {
    type Err = ModelError;

    fn from_str(text: &str) -> Result<Self, ModelError> {
        let unknown = || {
            ModelError::NoDevice(format!(
                "{text:?} is no device for the network: auto, cpu, gpu, cuda, cuda:NUMBER and \
                 remote:ADDRESS are possible"
            ))
        };
        Ok(match text.split_once(':') {
            None => match text {
                "auto" => Self::Auto,
                "cpu" => Self::Cpu,
                "gpu" => Self::Gpu,
                "cuda" => Self::Cuda(0),
                "remote" => Self::Remote(None),
                _ => return Err(unknown()),
            },
            Some(("remote", _)) => Self::Remote(Some(text.parse()?)),
            Some(("cuda", index)) => Self::Cuda(index.parse().map_err(|_| unknown())?),
            Some(_) => return Err(unknown()),
        })
    }
}

impl TryFrom<String> for DeviceChoice {
    type Error = ModelError;

    fn try_from(text: String) -> Result<Self, ModelError> {
        text.parse()
    }
}

impl From<DeviceChoice> for String {
    fn from(choice: DeviceChoice) -> Self {
        choice.to_string()
    }
}

/// Opens what was chosen. `gpu` is the one that draws, where there is one.
///
/// # Errors
/// [`ModelError::NoDevice`] where this machine or this program has no such device;
/// [`ModelError::Remote`] where another machine does not answer or refuses.
pub fn open_device(choice: &DeviceChoice, gpu: Option<&Gpu>) -> Result<Device, ModelError> {
    match (choice, gpu) {
        (DeviceChoice::Auto, Some(gpu)) if !gpu.capabilities().is_cpu() => shared(gpu),
        (DeviceChoice::Auto | DeviceChoice::Cpu, _) => Ok(Device::flex()),
        (DeviceChoice::Gpu, Some(gpu)) => shared(gpu),
        (DeviceChoice::Gpu, None) => Err(ModelError::NoDevice(
            "there is no GPU for the network. Choose --device cpu".to_owned(),
        )),
        (DeviceChoice::Cuda(index), _) => cuda(*index),
        (DeviceChoice::Remote(None), _) => Err(RemoteError::NoAddress.into()),
        (DeviceChoice::Remote(Some(address)), _) => elsewhere(address),
    }
}

/// Waits until a device has done what it was given.
///
/// # Errors
/// [`ModelError::Device`] with what failed on it, [`RemoteError::Lost`] where another machine did.
pub fn wait_for(device: &Device) -> Result<(), ModelError> {
    device.sync().map_err(|it| failure(device, &it))
}

/// What a device's refusal is called.
pub(super) fn failure(device: &Device, why: &dyn fmt::Display) -> ModelError {
    if is_remote(device) {
        RemoteError::Lost(why.to_string()).into()
    } else {
        ModelError::Device(why.to_string())
    }
}

/// Runs what works on a device. The tensor library panics in places where a machine that was lost
/// cannot answer: that becomes an error here, any other panic goes on.
///
/// # Errors
/// Those of `work`; [`RemoteError::Lost`].
pub fn on_device<T, E: From<ModelError>>(
    device: &Device,
    work: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    if !is_remote(device) {
        return work();
    }
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result,
        Err(panic) => {
            wait_for(device)?;
            resume_unwind(panic)
        }
    }
}

/// What a device is called, for people.
pub fn device_name(device: &Device) -> String {
    match device.identity() {
        Some(identity) => identity.name,
        None if is_remote(device) => "another machine".to_owned(),
        None => "the processor".to_owned(),
    }
}

/// Whether half-precision numbers can be computed with.
pub fn has_half(device: &Device) -> bool {
    device.supports_dtype(DType::F16)
}

/// The device that draws, as the tensor library sees it. It must see each only once, so the GPU
/// remembers.
fn shared(gpu: &Gpu) -> Result<Device, ModelError> {
    gpu.once(|gpu| {
        let setup = WgpuSetup {
            instance: gpu.instance.clone(),
            adapter: gpu.adapter.clone(),
            device: gpu.device.clone(),
            queue: gpu.queue.clone(),
            backend: gpu.adapter.get_info().backend,
        };
        let options = Device::wgpu_options().tasks_max(TASKS_AT_ONCE);
        let opened = options.setup(setup).init();
        opened.map_err(|it| ModelError::Device(it.to_string()))
    })
}

#[cfg(feature = "cuda")]
fn cuda(index: usize) -> Result<Device, ModelError> {
    let failed = |why: &str| {
        ModelError::NoDevice(format!(
            "CUDA device {index} could not be opened{why}. Install NVIDIA's driver, or choose \
             --device gpu"
        ))
    };
    // Without a driver the library panics where it should return.
    let opened = std::panic::catch_unwind(|| {
        let device = Device::cuda(index);
        device.sync().map(|()| device)
    });
    let opened = opened.map_err(|_| failed(""))?;
    opened.map_err(|it| failed(&format!(": {it}")))
}

#[cfg(not(feature = "cuda"))]
fn cuda(_index: usize) -> Result<Device, ModelError> {
    Err(ModelError::NoDevice(
        "this program was built without CUDA. Build it with `cargo build --release --features \
         cuda`, or choose --device gpu or --device cpu"
            .to_owned(),
    ))
}

#[cfg(feature = "remote")]
fn elsewhere(address: &RemoteAddress) -> Result<Device, ModelError> {
    Ok(remote::connect(address)?)
}

#[cfg(not(feature = "remote"))]
fn elsewhere(_address: &RemoteAddress) -> Result<Device, ModelError> {
    Err(RemoteError::NotBuilt.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_read_as_they_are_written() {
        for text in [
            "auto",
            "cpu",
            "gpu",
            "cuda",
            "cuda:3",
            "remote",
            "remote:ws@127.0.0.1:4433/1",
        ] {
            let choice: DeviceChoice = text.parse().unwrap();
            assert_eq!(choice.to_string(), text);
            let json = serde_json::to_string(&choice).unwrap();
            assert_eq!(json, format!("{text:?}"));
            assert_eq!(serde_json::from_str::<DeviceChoice>(&json).unwrap(), choice);
        }
        for text in ["", "vulkan", "cuda:", "cuda:x", "cuda:-1", "cpu:0"] {
            let error = text.parse::<DeviceChoice>().unwrap_err().to_string();
            assert!(error.contains("cuda:NUMBER"), "{error}");
        }
    }

    #[test]
    fn what_is_not_there_says_what_to_do() {
        assert_eq!(
            open_device(&DeviceChoice::Auto, None).unwrap(),
            Device::flex()
        );
        let error = |choice| open_device(&choice, None).unwrap_err().to_string();
        assert!(error(DeviceChoice::Gpu).contains("--device cpu"));
        assert!(error(DeviceChoice::Remote(None)).contains("accrete serve"));
        let address = "remote:ws@127.0.0.1:1".parse().unwrap();
        let error_there = error(address);
        let remedy = if cfg!(feature = "remote") {
            "token"
        } else {
            "--features remote"
        };
        assert!(error_there.contains(remedy), "{error_there}");
        if cfg!(not(feature = "cuda")) {
            assert!(error(DeviceChoice::Cuda(0)).contains("--features cuda"));
        }
    }
}

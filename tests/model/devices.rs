//! The network on other devices than the processor.

use recon::model::{Device, DeviceChoice, has_half, open_device};

use super::cases::{ALL, HALF, WIDE, check};

/// What a GPU may be off: it sums in another order.
const TOLERANCE: f64 = 1e-3;

/// Half precision has steps of 5e-4, and two layers of them add up.
const HALF_TOLERANCE: f64 = 1e-2;

/// The GPU that draws, as the network sees it.
fn shared() -> Option<Device> {
    let gpu = tests::gpu::gpu()?;
    let device = open_device(&DeviceChoice::Gpu, Some(gpu)).unwrap();
    // Seen once, however often it is asked for.
    let again = open_device(&DeviceChoice::Gpu, Some(&gpu.clone())).unwrap();
    assert_eq!(device, again);
    assert_ne!(device, Device::flex());
    Some(device)
}

#[test]
fn the_gpu_that_draws_agrees() {
    let Some(device) = shared() else { return };
    check(&WIDE, &device, TOLERANCE);
}

#[test]
fn a_gpu_played_by_the_processor_is_passed_over() {
    let Some(gpu) = tests::gpu::gpu() else { return };
    let chosen = open_device(&DeviceChoice::Auto, Some(gpu)).unwrap();
    assert_eq!(chosen == Device::flex(), gpu.capabilities().is_cpu());
    let processor = open_device(&DeviceChoice::Cpu, Some(gpu)).unwrap();
    assert_eq!(processor, Device::flex());
}

#[test]
fn half_precision_is_close() {
    check(&HALF, &Device::flex(), HALF_TOLERANCE);
}

#[test]
#[ignore = "minutes on a GPU that the processor plays"]
fn half_precision_is_close_on_the_gpu() {
    let Some(device) = shared() else { return };
    if has_half(&device) {
        check(&HALF, &device, HALF_TOLERANCE);
    }
}

#[test]
#[ignore = "minutes on a GPU that the processor plays"]
fn the_gpu_that_draws_agrees_on_every_capture() {
    let Some(device) = shared() else { return };
    for case in ALL {
        check(case, &device, TOLERANCE);
    }
}

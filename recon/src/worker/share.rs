//! How a network and its splats share the memory of a GPU that both lie on.

use render::gpu::Gpu;

use crate::model::{Budget, DeviceChoice, ModelConfig};
use crate::optim::device_bytes;

/// Copies of the splats: the window's, and the one that is measured.
const COPIES: f64 = 2.0;
/// Less for the intermediate results of a step is no use: pieces become too small to be quick.
const LEAST_STEP: u64 = 64 << 20;

/// What a network on `choice` may hold beside its weights when so many views are seen. Alone on
/// its device it has the default.
pub fn share(choice: &DeviceChoice, gpu: &Gpu, config: &ModelConfig, views: usize) -> Budget {
    let is_shared = match choice {
        DeviceChoice::Auto => !gpu.capabilities().is_cpu(),
        DeviceChoice::Gpu => true,
        DeviceChoice::Cpu | DeviceChoice::Cuda(_) | DeviceChoice::Remote(_) => false,
    };
    if is_shared {
        beside_splats(device_bytes(gpu.capabilities()), config, views)
    } else {
        Budget::default()
    }
}

/// What is left of `memory` bytes. Splats have no more than half of it reserved: where they need
/// more, the least opaque are not shown.
fn beside_splats(memory: u64, config: &ModelConfig, views: usize) -> Budget {
    let bytes = |numbers: usize| (numbers * size_of::<f32>()) as u64;
    let fast = 3 * config.layers * config.dim * config.dim * config.fast_inner;
    // The fast weights are there twice more: as they are, and as an update leaves them.
    let network = bytes(config.num_parameters()) + 2 * bytes(fast);
    let prune = &config.prune;
    let (most, random) = if views < prune.many_views {
        (prune.keep, prune.random)
    } else {
        (prune.keep_many, prune.random_many)
    };
    let kept = if most <= 0.0 {
        1.0
    } else {
        most + (1.0 - most) * random
    };
    let pixels = views * config.image_width * config.image_height;
    let splat = bytes(11 + 3 * config.num_harmonics()) as f64;
    let splats = (COPIES * f64::from(kept) * pixels as f64 * splat) as u64;
    let left = memory
        .saturating_sub(network)
        .saturating_sub(splats.min(memory / 2));
    let most = Budget::default();
    Budget {
        stream_bytes: (left / 2).min(most.stream_bytes),
        step_bytes: (left / 4).clamp(LEAST_STEP, most.step_bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_splats_need_the_network_does_not_get() {
        let config = ModelConfig::default();
        let few = beside_splats(16 << 30, &config, 2);
        assert_eq!(few, Budget::default());
        let many = beside_splats(8 << 30, &config, 32);
        assert!(many.stream_bytes < few.stream_bytes, "{many:?}");
        let crowded = beside_splats(4 << 30, &config, 64);
        assert_eq!((crowded.stream_bytes, crowded.step_bytes), (0, LEAST_STEP));
    }

    #[test]
    fn a_small_network_fits_beside_its_splats() {
        let config = ModelConfig {
            dim: 64,
            layers: 2,
            image_width: 64,
            image_height: 48,
            ..ModelConfig::default()
        };
        let budget = beside_splats(512 << 20, &config, 8);
        assert!(200 << 20 < budget.stream_bytes, "{budget:?}");
    }
}

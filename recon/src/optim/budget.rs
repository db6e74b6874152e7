//! How many splats an optimisation may make, where nobody said.

use render::gpu::{AdapterKind, Capabilities};
use render::sh;

use super::{OptimiseConfig, Preset};

/// Bytes of a visible splat in the arrays of a frame and of its gradient: three quadruples of the
/// projection (48), depth keys and values twice (16), about four pairs with tiles at 16 each (64),
/// sums of the gradient (36), offsets and bits (about 12); rounded up.
const FRAME_BYTES: u64 = 200;
/// The widest of these arrays holds four bytes for each of the nine sums of a visible splat: it
/// must fit one binding, and one buffer.
const WIDEST_BYTES: u64 = 36;
/// Copies that the window draws and the timeline keeps while the optimisation goes on.
const COPIES: u64 = 2;

/// How many splats an optimisation with these settings should make at most on this device: what
/// the purpose asks for (the more of its memory a method is given the better its pictures, see the
/// caps of 3DGS-MCMC: 1 to 3 M a scene), or what the device can be trusted to hold, whichever is
/// less. At least 1.
///
/// Drivers do not tell through wgpu how much memory there is. What is counted on is therefore what
/// nearly every device of its kind has to spare: 4 GiB on cards of their own, 1 GiB where memory is
/// shared, ½ GiB where the processor plays the GPU, which also is slow. A splat takes its
/// parameters and moments (424 bytes at degree 3), [`FRAME_BYTES`], and [`COPIES`] of its
/// parameters: about 1.1 kB.
pub fn default_budget(device: &Capabilities, config: &OptimiseConfig) -> usize {
    let wanted = match config.preset {
        Preset::Fast => 1_000_000,
        Preset::Balanced => 1_500_000,
        Preset::Quality => 3_000_000,
        Preset::Compact => 400_000,
    };
    let memory = device_bytes(device);
    let array = device.max_binding_bytes.min(device.max_buffer_bytes);
    let held = (memory / splat_bytes(config.sh_degree))
        .min(array / WIDEST_BYTES)
        .min(device.max_splats(config.sh_degree));
    (held.min(wanted)).max(1) as usize
}

/// Memory that nearly every device of its kind has to spare, bytes: [`default_budget`] says why.
pub fn device_bytes(device: &Capabilities) -> u64 {
    match device.kind {
        AdapterKind::Discrete => 4 << 30,
        AdapterKind::Integrated | AdapterKind::Virtual | AdapterKind::Other => 1 << 30,
        AdapterKind::Cpu => 512 << 20,
    }
}

/// Bytes on the device for a splat under optimisation.
fn splat_bytes(sh_degree: u32) -> u64 {
    let coeffs = sh::coeff_count(sh_degree) as u64;
    let parameters = 4 * (11 + 3 * coeffs);
    // Two moments of what is no harmonic; of harmonics the first in half precision, and one second.
    let moments = 2 * 4 * 11 + 6 * coeffs + 4;
    parameters + moments + FRAME_BYTES + COPIES * parameters
}

impl OptimiseConfig {
    /// No more splats than this.
    pub(super) fn budget(&self, device: &Capabilities) -> usize {
        let chosen = self.splat_budget.map(|it| it.max(1));
        chosen.unwrap_or_else(|| default_budget(device, self))
    }
}

#[cfg(test)]
mod tests {
    use super::super::preset;
    use super::*;

    fn device(kind: AdapterKind) -> Capabilities {
        Capabilities {
            name: String::new(),
            driver: String::new(),
            backend: String::new(),
            kind,
            max_binding_bytes: 2 << 30,
            max_buffer_bytes: 4 << 30,
            workgroup_bytes: 32 << 10,
            subgroup_sizes: None,
            float32_atomics: false,
            f16: false,
            timestamps: false,
        }
    }

    #[test]
    fn a_card_holds_what_each_preset_asks_for() {
        let card = device(AdapterKind::Discrete);
        let budgets = Preset::ALL.map(|it| default_budget(&card, &preset(it)));
        assert_eq!(budgets, [1_000_000, 1_500_000, 3_000_000, 400_000]);
    }

    #[test]
    fn lesser_devices_are_asked_for_less() {
        let quality = preset(Preset::Quality);
        let budgets = [
            AdapterKind::Discrete,
            AdapterKind::Integrated,
            AdapterKind::Cpu,
        ]
        .map(|it| default_budget(&device(it), &quality));
        assert!(budgets.is_sorted_by(|a, b| b < a), "{budgets:?}");
        assert!(300_000 < budgets[2], "{budgets:?}");
        let flat = OptimiseConfig {
            sh_degree: 0,
            ..quality.clone()
        };
        assert!(budgets[2] < default_budget(&device(AdapterKind::Cpu), &flat));
        let narrow = Capabilities {
            max_binding_bytes: 3_600,
            ..device(AdapterKind::Discrete)
        };
        assert_eq!(default_budget(&narrow, &quality), 100);
        let none = Capabilities {
            max_buffer_bytes: 0,
            ..narrow
        };
        assert_eq!(default_budget(&none, &quality), 1);
    }

    #[test]
    fn a_splat_takes_what_its_arrays_do() {
        let state = splat_bytes(3) - FRAME_BYTES - COPIES * 4 * (11 + 3 * 16);
        assert_eq!(state, 424);
    }

    #[test]
    fn what_was_asked_for_counts() {
        let config = OptimiseConfig {
            splat_budget: Some(7),
            ..OptimiseConfig::default()
        };
        assert_eq!(config.budget(&device(AdapterKind::Cpu)), 7);
    }
}

//! Several devices that share the views of a scene.

use std::fmt;
use std::str::FromStr;

use burn::tensor::Device;
use render::gpu::Gpu;
use serde::{Deserialize, Serialize};

use super::device::{DeviceChoice, open_device};
use super::{Budget, ModelError};

/// More are not meant.
const MOST: usize = 64;

/// One device, or several that share the views of a scene. Its text is a list with commas, such as
/// `cuda:0,cuda:1`; the first of them gathers the splats.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Devices(Vec<DeviceChoice>);

impl Devices {
    /// All of them, at least one.
    pub fn each(&self) -> &[DeviceChoice] {
        &self.0
    }

    /// Whether all are NVIDIA's cards and no two the same, so that they can sum among themselves.
    pub fn are_cards(&self) -> bool {
        let is_card = |it: &DeviceChoice| matches!(it, DeviceChoice::Cuda(_));
        let is_new = |(i, it): (usize, &DeviceChoice)| !self.0[..i].contains(it);
        self.0.iter().all(is_card) && self.0.iter().enumerate().all(is_new)
    }

    /// Opens each, in their order. `gpu` is the one that draws, where there is one.
    ///
    /// # Errors
    /// Those of [`open_device`], of the first that cannot be opened.
    pub fn open(&self, gpu: Option<&Gpu>) -> Result<Vec<Device>, ModelError> {
        self.0.iter().map(|it| open_device(it, gpu)).collect()
    }

    /// What a rank may hold whose device is the same as that of others.
    pub fn share_of(&self, rank: usize, budget: Budget) -> Budget {
        let own = self.0.get(rank);
        let ranks = self.0.iter().filter(|it| Some(*it) == own).count();
        let ranks = ranks.max(1) as u64;
        Budget {
            stream_bytes: budget.stream_bytes / ranks,
            step_bytes: budget.step_bytes / ranks,
        }
    }
}

impl Default for Devices {
    fn default() -> Self {
        DeviceChoice::default().into()
    }
}

impl From<DeviceChoice> for Devices {
    fn from(one: DeviceChoice) -> Self {
        Self(vec![one])
    }
}

impl fmt::Display for Devices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, it) in self.0.iter().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            write!(f, "{comma}{it}")?;
        }
        Ok(())
    }
}

impl FromStr for Devices {
    type Err = ModelError;

    fn from_str(text: &str) -> Result<Self, ModelError> {
        let all: Result<Vec<DeviceChoice>, ModelError> =
            text.split(',').map(|it| it.trim().parse()).collect();
        let all = all?;
        if MOST < all.len() {
            return Err(ModelError::NoDevice(format!(
                "{} devices are more than the {MOST} that can share a scene",
                all.len()
            )));
        }
        Ok(Self(all))
    }
}

impl TryFrom<String> for Devices {
    type Error = ModelError;

    fn try_from(text: String) -> Result<Self, ModelError> {
        text.parse()
    }
}

impl From<Devices> for String {
    fn from(devices: Devices) -> Self {
        devices.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_as_they_are_written() {
        for (text, count, are_cards) in [
            ("auto", 1, false),
            ("cpu,cpu", 2, false),
            ("cuda,cuda:1", 2, true),
            ("cuda:1,cuda:1", 2, false),
            ("cuda:2,gpu,cpu", 3, false),
        ] {
            let devices: Devices = text.parse().unwrap();
            assert_eq!(devices.to_string(), text);
            assert_eq!(
                (devices.each().len(), devices.are_cards()),
                (count, are_cards)
            );
        }
        for text in ["", ",", "cpu,", "cpu,vulkan", &["cpu"; 65].join(",")] {
            text.parse::<Devices>().unwrap_err();
        }
    }

    #[test]
    fn who_shares_a_device_shares_its_memory() {
        let devices: Devices = "cpu,gpu,cpu".parse().unwrap();
        let all = Budget::default();
        assert_eq!(devices.share_of(1, all), all);
        assert_eq!(devices.share_of(2, all).step_bytes, all.step_bytes / 2);
        assert_eq!(devices.share_of(0, all).stream_bytes, all.stream_bytes / 2);
    }
}

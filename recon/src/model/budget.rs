//! How much memory the network may use at a time.

use super::ModelConfig;

/// Memory that a run may hold beside the weights, bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// For the residual stream on the device; what does not fit goes to the host.
    pub stream_bytes: u64,
    /// For the intermediate results of a step.
    pub step_bytes: u64,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            stream_bytes: 2 << 30,
            step_bytes: 512 << 20,
        }
    }
}

impl Budget {
    /// Tokens whose part of an update fits: about ten arrays as wide as the fast weights' hidden
    /// layer are alive at a time.
    pub fn tokens_at_once(self, config: &ModelConfig) -> usize {
        const ARRAYS: usize = 10;
        let a_token = ARRAYS * config.fast_inner * config.dim * size_of::<f32>();
        let tokens = self.step_bytes / a_token.max(1) as u64;
        (tokens as usize).max(1)
    }
}

//! How much memory the network may use at a time.

use super::ModelConfig;

/// Memory that a run may hold beside the weights, bytes.
///
/// Smaller pieces give the same numbers up to rounding. A view's queries, keys and values are
/// always whole: a budget below about ten arrays \[n × d\] is not kept.
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
    /// Tokens of a view that go through the fast weights, their update or the MLP at a time: about
    /// ten arrays as wide as the widest hidden layer are alive then.
    pub fn tokens_at_once(self, config: &ModelConfig) -> usize {
        const ARRAYS: usize = 10;
        let hidden = config.fast_inner.max(config.mlp_inner) * config.dim;
        self.pieces(config, ARRAYS * hidden)
    }

    /// Queries of a view that meet all its keys at a time: about four arrays of their scores are
    /// alive then, on devices whose attention keeps them.
    pub fn queries_at_once(self, config: &ModelConfig) -> usize {
        const ARRAYS: usize = 4;
        self.pieces(config, ARRAYS * config.heads * config.tokens_per_view())
    }

    /// Tokens in each of the fewest nearly equal parts of a view that fit, where one takes so many
    /// numbers.
    fn pieces(self, config: &ModelConfig, numbers: usize) -> usize {
        let bytes = (numbers * size_of::<f32>()).max(1) as u64;
        let most = usize::try_from(self.step_bytes / bytes).unwrap_or(usize::MAX);
        let tokens = config.tokens_per_view();
        let pieces = tokens.div_ceil(most.max(1)).max(1);
        tokens.div_ceil(pieces).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_fit_and_are_nearly_equal() {
        let config = ModelConfig::default();
        let budget = Budget::default();
        let queries = budget.queries_at_once(&config);
        assert_eq!((queries, 8040 % queries), (335, 0));
        assert_eq!(budget.tokens_at_once(&config), 4020);
        let none = Budget {
            stream_bytes: 0,
            step_bytes: 0,
        };
        assert_eq!(none.tokens_at_once(&config), 1);
        assert_eq!(none.queries_at_once(&config), 1);
        let all = Budget {
            stream_bytes: u64::MAX,
            step_bytes: u64::MAX,
        };
        assert_eq!(all.queries_at_once(&config), 8040);
    }
}

//! Which photos of a project are fitted, held out, left out.

use serde::{Deserialize, Serialize};

use crate::dataset::{Dataset, HoldOut};

/// Which photos of a project are used for what, as it was chosen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ViewChoice {
    /// Which are held out; `None` leaves that to what is opened.
    pub hold_out: Option<HoldOut>,
    /// Whether cameras far from all others are left out.
    pub ignores_outliers: bool,
}

impl ViewChoice {
    /// Splits a dataset that was just opened as it was chosen.
    pub fn apply(&self, dataset: &mut Dataset) {
        if self.ignores_outliers {
            dataset.ignore_outliers(true);
        }
        if let Some(hold_out) = &self.hold_out {
            hold_out.apply(dataset);
        }
    }

    /// The same in numbers that JSON has: a part that is no number holds nothing out.
    pub(super) fn written(&self) -> Self {
        let hold_out = match &self.hold_out {
            Some(HoldOut::Fraction(part)) if !part.is_finite() => Some(HoldOut::None),
            other => other.clone(),
        };
        Self { hold_out, ..*self }
    }
}

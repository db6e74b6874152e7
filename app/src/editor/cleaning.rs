//! Clean-up in the making: how strict, what was measured, what was found.

use std::sync::Arc;

use recon::edit::{Bits, CleanConfig, Measured, Rule, Subject, find, union};

/// How strict clean-up is, 0 to 1 each; `None` leaves a kind alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Strengths {
    /// Of splats that float alone, are hardly seen, or stand where no photo looks.
    pub floaters: Option<f32>,
    /// Of long thin ones.
    pub spikes: Option<f32>,
    /// Of large faint ones.
    pub fog: Option<f32>,
}

impl Default for Strengths {
    fn default() -> Self {
        Self {
            floaters: Some(CleanConfig::USUAL),
            spikes: Some(CleanConfig::USUAL),
            fog: Some(CleanConfig::USUAL),
        }
    }
}

/// Clean-up in the making.
#[derive(Clone, Debug, Default)]
pub struct Cleaning {
    /// How strict it is.
    pub strengths: Strengths,
    /// What was measured, or is being; of which version of the edits.
    pub subject: Option<(u64, Subject)>,
    /// What was measured.
    pub measured: Option<Arc<Measured>>,
    /// What each rule would remove.
    pub found: Vec<(Rule, Bits)>,
}

impl Cleaning {
    /// What each rule would remove, and all of it, of this version of the edits; `None` where that
    /// was not measured.
    pub fn find(&self, version: Option<u64>) -> Option<(Vec<(Rule, Bits)>, Bits)> {
        let (of, subject) = self.subject.as_ref()?;
        let measured = self.measured.as_ref().filter(|_| version == Some(*of))?;
        let Strengths {
            floaters,
            spikes,
            fog,
        } = self.strengths;
        let config = CleanConfig::with_strengths(floaters, spikes, fog);
        let found = find(subject, measured, &config);
        let len = found.first().map_or(0, |it| it.1.len());
        let all = union(len, &found);
        Some((found, all))
    }

    /// The scene has changed.
    pub fn forget(&mut self) {
        self.subject = None;
        self.measured = None;
        self.found.clear();
    }
}

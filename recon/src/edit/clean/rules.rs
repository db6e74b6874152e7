//! The rules, and what each finds.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{CleanConfig, Measured, Subject};
use crate::edit::{Bits, EditOp};

/// Why a splat does not belong to a scene.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// It floats alone, or with a few others.
    Isolated,
    /// The photos hardly see it.
    Unseen,
    /// It hangs right before a camera.
    NearCamera,
    /// It is in no photo's view.
    Outside,
    /// The photos would be met better without it.
    Spoiling,
    /// A needle.
    Spike,
    /// Large and faint.
    Fog,
}

impl Rule {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Isolated,
        Self::Unseen,
        Self::NearCamera,
        Self::Outside,
        Self::Spoiling,
        Self::Spike,
        Self::Fog,
    ];

    /// What a person calls what it finds.
    pub fn label(self) -> &'static str {
        match self {
            Self::Isolated => "isolated floaters",
            Self::Unseen => "splats that no photo sees",
            Self::NearCamera => "floaters before a camera",
            Self::Outside => "splats outside all views",
            Self::Spoiling => "splats that spoil photos",
            Self::Spike => "spikes",
            Self::Fog => "fog",
        }
    }

    /// Whether it needs what only a dataset's photos tell.
    pub fn needs_photos(self) -> bool {
        matches!(
            self,
            Self::Unseen | Self::NearCamera | Self::Outside | Self::Spoiling
        )
    }

    /// Whether it is on and finds splat `k`.
    fn finds(self, measured: &Measured, config: &CleanConfig, k: usize) -> bool {
        let can_be_needed = matches!(self, Self::Isolated | Self::Spike | Self::Fog);
        let is_needed = |it: f32| can_be_needed && measured.is_essential(k, it);
        let sight = || Some(measured.seen.as_ref()?.sights[k]);
        let found = match self {
            Self::Isolated => config.isolated.map(|it| it < measured.steps[k]),
            Self::Unseen => config.unseen.and_then(|it| {
                let contribution = measured.contributions()?[k];
                Some(contribution < it)
            }),
            Self::NearCamera => config.near_camera.and_then(|it| {
                let sight = sight()?;
                Some(sight.nearness < it.distance && it.size < sight.size)
            }),
            Self::Outside => config
                .outside
                .and_then(|it| Some(2.0 * it < sight()?.overshoot)),
            Self::Spoiling => config
                .spoiling
                .and_then(|it| Some(it < measured.spoils(k)?)),
            Self::Spike => config
                .spikes
                .map(|it| it.ratio < measured.ratios[k] && it.size < measured.sizes[k]),
            Self::Fog => config
                .fog
                .map(|it| measured.opacities[k] < it.opacity && it.size < measured.sizes[k]),
        };
        found.unwrap_or(false) && !config.essential.is_some_and(is_needed)
    }
}

/// What each rule that is on would remove of a scene, as sets of the scene's splats; a splat can be
/// in several. Rules that need what was not measured find nothing. A few milliseconds for a hundred
/// thousand splats.
pub fn find(subject: &Subject, measured: &Measured, config: &CleanConfig) -> Vec<(Rule, Bits)> {
    let count = subject.splats.len();
    if measured.len() != count {
        // Of another scene: nothing can be said of this one.
        return Vec::new();
    }
    let rule = |rule: &Rule| {
        let finds = |k| subject.is_free(k) && rule.finds(measured, config, k);
        (*rule, subject.in_scene(Bits::of(count, finds)))
    };
    let is_on = |rule: &&Rule| match rule {
        Rule::Isolated => config.isolated.is_some(),
        Rule::Unseen => config.unseen.is_some() && measured.contributions().is_some(),
        Rule::NearCamera => config.near_camera.is_some() && measured.seen.is_some(),
        Rule::Outside => config.outside.is_some() && measured.seen.is_some(),
        Rule::Spoiling => config.spoiling.is_some() && measured.knows_spoils(),
        Rule::Spike => config.spikes.is_some(),
        Rule::Fog => config.fog.is_some(),
    };
    let on: Vec<&Rule> = Rule::ALL.iter().filter(is_on).collect();
    on.into_par_iter().map(rule).collect()
}

/// All that was found, of a scene of `len` splats.
pub fn union(len: usize, found: &[(Rule, Bits)]) -> Bits {
    Bits::of(len, |i| found.iter().any(|(_, bits)| bits.get(i)))
}

/// The edits that remove what was found: one for each rule that found something, without what
/// those before it remove already.
pub fn removals(found: Vec<(Rule, Bits)>) -> Vec<EditOp> {
    let mut gone: Option<Bits> = None;
    let mut edits = Vec::new();
    for (rule, bits) in found {
        let len = bits.len();
        let was = |i: usize| gone.as_ref().is_some_and(|it| it.get(i));
        let hits = Bits::of(len, |i| bits.get(i) && !was(i));
        gone = Some(Bits::of(len, |i| bits.get(i) || was(i)));
        if 0 < hits.count() {
            edits.push(EditOp::Remove {
                what: rule.label().to_owned(),
                hits,
            });
        }
    }
    edits
}

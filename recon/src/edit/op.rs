//! One edit, as a value.

use serde::{Deserialize, Serialize};

use super::{Bits, ColourChange, Pick, Region, Similarity};

/// How what was picked changes the selection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// It is the selection.
    #[default]
    Replace,
    /// It joins the selection.
    Add,
    /// It leaves the selection.
    Remove,
    /// Only what was selected and is picked stays.
    Intersect,
}

impl Mode {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Replace, Self::Add, Self::Remove, Self::Intersect];

    /// What a person calls it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Replace => "New",
            Self::Add => "Add",
            Self::Remove => "Remove",
            Self::Intersect => "Intersect",
        }
    }

    /// The mode that held keys ask for: Shift adds, Ctrl removes, both intersect.
    #[must_use]
    pub fn held(self, shift: bool, ctrl: bool) -> Self {
        match (shift, ctrl) {
            (true, true) => Self::Intersect,
            (true, false) => Self::Add,
            (false, true) => Self::Remove,
            (false, false) => self,
        }
    }
}

/// What an edit changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// The whole scene, with what is hidden, locked or cropped.
    #[default]
    All,
    /// What is selected.
    Selection,
}

/// When a crop counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CropScope {
    /// What lies outside is neither shown nor saved; an optimisation still has it, so that it
    /// explains what is seen behind.
    #[default]
    Export,
    /// An optimisation does without it as well.
    Optimise,
}

/// One edit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "edit", rename_all = "kebab-case")]
pub enum EditOp {
    /// Change the selection by what was picked.
    Select {
        /// How it was picked.
        pick: Pick,
        /// How the selection changes.
        mode: Mode,
        /// What was picked.
        hits: Bits,
    },
    /// Select everything that can be.
    SelectAll,
    /// Select nothing.
    SelectNone,
    /// Select what is not, and the other way round.
    SelectInverse,
    /// Grow the selection to what lies near it; shrink it where the distance is below zero.
    Spread {
        /// World units.
        distance: f32,
    },
    /// Keep the selection under a name.
    Keep {
        /// The name.
        name: String,
    },
    /// Select what was kept.
    Recall {
        /// Its name.
        name: String,
        /// How the selection changes.
        mode: Mode,
    },
    /// Forget what was kept.
    Forget {
        /// Its name.
        name: String,
    },
    /// Delete what is selected.
    Delete,
    /// Delete what was found.
    Remove {
        /// What it is, in words.
        what: String,
        /// Which splats.
        hits: Bits,
    },
    /// Delete splats by their opacity or size.
    Prune {
        /// Those with an opacity below.
        opacity_below: Option<f32>,
        /// Those whose largest scale is above, world units.
        scale_above: Option<f32>,
    },
    /// Do not show what is selected.
    Hide,
    /// Show only what is selected.
    Isolate,
    /// Show all that was hidden.
    ShowAll,
    /// Protect what is selected.
    Lock,
    /// Protect nothing.
    UnlockAll,
    /// Leave out what lies outside a part of space, or inside it.
    Crop {
        /// The part.
        region: Region,
        /// What lies inside is left out.
        inside: bool,
        /// When it counts.
        scope: CropScope,
    },
    /// Take crops for export back.
    Uncrop,
    /// Move, turn, scale.
    Transform {
        /// How.
        by: Similarity,
        /// What.
        scope: Scope,
    },
    /// Change colours.
    Adjust {
        /// How.
        colour: ColourChange,
        /// What.
        scope: Scope,
    },
    /// Draw in front of this display rgb.
    Background {
        /// 0 to 1.
        rgb: [f32; 3],
    },
    /// Put copies of what is selected in the same place, and select them instead.
    Duplicate,
    /// Add splats of another file, and select them.
    Merge {
        /// Which of the history's parts.
        part: usize,
        /// What a person calls it.
        name: String,
    },
    /// Keep harmonics up to a degree.
    LimitSh {
        /// The degree.
        degree: u32,
    },
}

impl EditOp {
    /// A selection of what `pick` means among `splats`; `None` where that cannot be said.
    pub fn select(pick: Pick, mode: Mode, splats: &render::Splats) -> Option<Self> {
        let hits = pick.hits(splats)?;
        Some(Self::Select { pick, mode, hits })
    }

    /// What a person reads in the list of edits.
    pub fn label(&self) -> String {
        let of = |scope: &Scope| match scope {
            Scope::All => "",
            Scope::Selection => " the selection",
        };
        match self {
            Self::Select { pick, mode, .. } => match mode {
                Mode::Replace => format!("Select by {}", pick.label()),
                _ => format!("{} to selection by {}", mode.label(), pick.label()),
            },
            Self::SelectAll => "Select all".to_owned(),
            Self::SelectNone => "Select none".to_owned(),
            Self::SelectInverse => "Invert the selection".to_owned(),
            Self::Spread { distance } if *distance < 0.0 => "Shrink the selection".to_owned(),
            Self::Spread { .. } => "Grow the selection".to_owned(),
            Self::Keep { name } => format!("Keep the selection as \"{name}\""),
            Self::Recall { name, .. } => format!("Select \"{name}\""),
            Self::Forget { name } => format!("Forget \"{name}\""),
            Self::Delete => "Delete".to_owned(),
            Self::Remove { what, .. } => format!("Remove {what}"),
            Self::Prune { .. } => "Remove by opacity and size".to_owned(),
            Self::Hide => "Hide".to_owned(),
            Self::Isolate => "Isolate".to_owned(),
            Self::ShowAll => "Show all".to_owned(),
            Self::Lock => "Lock".to_owned(),
            Self::UnlockAll => "Unlock all".to_owned(),
            Self::Crop { region, inside, .. } => {
                let side = if *inside { "Cut out a" } else { "Crop to a" };
                let shape = match region {
                    Region::Box { .. } => "box",
                    Region::Ball { .. } => "ball",
                };
                format!("{side} {shape}")
            }
            Self::Uncrop => "Remove crops".to_owned(),
            Self::Transform { scope, .. } => format!("Move{}", of(scope)),
            Self::Adjust { scope, .. } => format!("Colours{}", of(scope)),
            Self::Background { .. } => "Background".to_owned(),
            Self::Duplicate => "Duplicate".to_owned(),
            Self::Merge { name, .. } => format!("Merge {name}"),
            Self::LimitSh { degree } => format!("SH degree {degree}"),
        }
    }

    /// Whether it changes the selection and nothing else.
    pub fn only_selects(&self) -> bool {
        matches!(
            self,
            Self::Select { .. }
                | Self::SelectAll
                | Self::SelectNone
                | Self::SelectInverse
                | Self::Spread { .. }
                | Self::Keep { .. }
                | Self::Recall { .. }
                | Self::Forget { .. }
        )
    }

    /// Whether it counts on what is selected.
    pub(super) fn needs_selection(&self) -> bool {
        match self {
            Self::Delete
            | Self::Hide
            | Self::Isolate
            | Self::Lock
            | Self::Duplicate
            | Self::SelectInverse
            | Self::Spread { .. }
            | Self::Keep { .. } => true,
            Self::Select { mode, .. } | Self::Recall { mode, .. } => {
                matches!(mode, Mode::Remove | Mode::Intersect | Mode::Add)
            }
            Self::Transform { scope, .. } | Self::Adjust { scope, .. } => {
                *scope == Scope::Selection
            }
            _ => false,
        }
    }
}

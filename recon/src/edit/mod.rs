//! Editing a scene without losing anything: an ordered list of edits over splats that stay as they
//! were.
//!
//! ```text
//! Splats as they were ─► EditOp, EditOp, … (History: do, undo, redo) ─► Edited: splats + marks
//!                                                                        ├► drawn (marks tint and hide)
//!                                                                        ├► result(): to a file
//!                                                                        └► restart(): to the optimiser
//! ```
//!
//! Every edit is a value: it can be written to a project file, done again on a later state of the
//! same scene, and undone to the bit. What is deliberately absent: no file, no window, and no GPU
//! but where clean-up measures what photos see. Which splats a pointer hits is found by whoever
//! draws; the edit keeps what was hit.

mod apply;
mod bits;
mod clean;
mod colour;
mod error;
mod history;
mod kin;
#[cfg(test)]
mod kin_tests;
mod marks;
mod op;
mod pick;
pub(crate) mod plain;
mod region;
mod similarity;
mod spread;
mod state;
#[cfg(test)]
pub(crate) mod tests;

pub use bits::Bits;
pub use clean::{
    CleanConfig, Fog, MeasureError, Measured, NearCamera, Rule, Spikes, Subject, find, measure,
    removals, union,
};
pub use colour::ColourChange;
pub use error::EditError;
pub use history::{History, Kept};
pub use marks::{CROPPED, DELETED, HIDDEN, LOCKED, SELECTED, is_free, is_shown};
pub use op::{CropScope, EditOp, Mode, Scope};
pub use pick::{PROPERTIES, Pick, Shape, property_label};
pub use region::Region;
pub use similarity::{Similarity, floor_to_up, scale_to};
pub use spread::spacing;
pub use state::{Edited, Restart};

//! Editing a scene: the parts of space that edits and optimisations are limited to.

mod plain;
mod region;

pub use region::Region;

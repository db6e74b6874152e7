//! 3DGS `.ply`: reads by property name whatever is stored how, writes the canonical layout.
//!
//! Values are kept as stored: opacity logits, natural log-scales, unnormalised quaternions
//! `w x y z`, SH coefficients. Axes are the ones in memory, so nothing is converted.

pub(super) mod columns;
pub(super) mod comments;
pub(super) mod header;
pub(super) mod layout;
mod read;
pub(super) mod walk;
mod write;

#[cfg(test)]
mod tests;

pub use read::read;
pub(in crate::io) use read::read_exact;
pub use write::write;

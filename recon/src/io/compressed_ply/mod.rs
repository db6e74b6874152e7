//! PlayCanvas `.compressed.ply`: 256 splats share bounds, each is packed into 16 bytes, higher SH
//! coefficients into a byte each.
//!
//! Axes are those of the `.ply` it was made from. Positions and log-scales have 11, 10 and 11
//! bits between the bounds of their chunk, rotations 10 bits for each of the three smaller
//! components, base colours and opacities 8 bits.

mod pack;
mod read;
mod write;

#[cfg(test)]
mod tests;

pub use read::read;
pub use write::write;

pub(super) use read::is_compressed;

/// Splats that share one set of bounds.
const CHUNK: usize = 256;

/// Names of a chunk's bounds: lower and upper mean, log-scale and colour. Old files lack colours.
const BOUNDS: [&str; 18] = [
    "min_x",
    "min_y",
    "min_z",
    "max_x",
    "max_y",
    "max_z",
    "min_scale_x",
    "min_scale_y",
    "min_scale_z",
    "max_scale_x",
    "max_scale_y",
    "max_scale_z",
    "min_r",
    "min_g",
    "min_b",
    "max_r",
    "max_g",
    "max_b",
];

/// Bounds without colours.
const OLD_BOUNDS: usize = 12;

/// Names of the packed words of a splat.
const WORDS: [&str; 4] = [
    "packed_position",
    "packed_rotation",
    "packed_scale",
    "packed_color",
];

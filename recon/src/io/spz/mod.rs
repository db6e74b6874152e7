//! Niantic's `.spz`: quantised columns, in gzip (v1 to v3) or in zstd streams (v4).
//!
//! The columns, in this order, of all splats each:
//!
//! | column | bytes | value |
//! | --- | --- | --- |
//! | positions | 3 × i24 (v1: 3 × f16) | `n / 2^fractional_bits` |
//! | alphas | u8 | opacity in 255ths |
//! | colours | 3 × u8 | `f_dc = (b / 255 - 0.5) / 0.15` |
//! | scales | 3 × u8 | `log_scale = b / 16 - 10` |
//! | rotations | 3 (v1, v2) or 4 | see [`rotations`] |
//! | harmonics | 3 × u8 per coefficient | `(b - 128) / 128`, coefficient-major |
//!
//! v1 to v3 are a 16-byte header and the columns, all in gzip. v4 is a 32-byte plain header,
//! extension records, a table of `(packed, unpacked)` sizes and one zstd stream per column.
//!
//! # Axes
//! The format stores RUB (x right, y up, z back); in memory are the axes of a 3DGS `.ply`, RDF.
//! So y and z change sign, both ways, in positions, quaternions and harmonics (see [`axes`]).
//! Files of splat-transform 2.7.1 and Niantic's own agree with their `.ply` under exactly this
//! map: splat-transform turns scenes by 180° about z only for display, not in its files. The
//! coordinate-system extension of Adobe, where present, names other axes and is followed.

mod axes;
mod header;
mod pack;
mod read;
mod rotations;
mod unpack;
mod write;

pub use read::read;
pub use write::write;

/// Colours are stored as
/// `0.5 + COLOUR_SCALE * f_dc`, wider than the 0.282 of the harmonics so that base colours out of
/// range survive.
const COLOUR_SCALE: f32 = 0.15;

/// Steps per unit of log-scale.
const SCALE_STEPS: f32 = 16.0;

/// The log-scale of byte 0.
const MIN_LOG_SCALE: f32 = -10.0;

/// The byte of a coefficient that is 0, and the steps per unit of a coefficient.
const SH_ZERO: f32 = 128.0;

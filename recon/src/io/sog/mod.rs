//! PlayCanvas SOG: splats as pixels of lossless WebP images, described by `meta.json`.
//!
//! A zip (`.sog`) or a folder. Splat `i` is pixel `i`, row by row, in every image but the last:
//!
//! | image | pixel |
//! | --- | --- |
//! | `means_l`, `means_u` | low and high bytes of 16-bit x, y, z between `mins` and `maxs` |
//! | `quats` | three smaller components; alpha is 252 + the index in w, x, y, z of the largest |
//! | `scales` | three indices into a codebook of log-scales |
//! | `sh0` | three indices into a codebook of f_dc; alpha is the opacity |
//! | `shN_labels` | 16-bit index of an entry in a palette of harmonics |
//! | `shN_centroids` | the palette: rows of 64 entries, each a pixel per coefficient |
//!
//! Version 1 has bounds where version 2 has codebooks, and is read only. `mins` and `maxs` of
//! positions hold `sign(v) ln(1 + |v|)`: the middle of the scene gets finer steps than its rim.
//!
//! # Axes
//! Those of the `.ply`, unchanged. The published description says "y up, z back", yet
//! splat-transform 2.7.1 (the reference writer) stores the numbers of the `.ply` as they are, as
//! its files beside their `.ply` show; only its viewers turn the scene for display.
//!
//! # Invisible splats
//! splat-transform 2.7.1 stores an opacity below 1/255 as alpha 0, and its WebP encoder then drops
//! the colour of the pixel: such splats come back black. Ours keeps it.
//!
//! # Antialiasing
//! `"antialias": bool` is of the published description, `"model": "antialiased"` of newer
//! writers. Both are read, both written.

mod codebook;
mod container;
mod images;
mod meta;
mod palette;
mod positions;
mod quats;
mod read;
mod split_tree;
mod write;

pub use read::{read, read_folder};
pub use write::write;

//! Splats as one web page that shows them: written, never read.
//!
//! The page holds the viewer (`assets/viewer`), its settings as JSON and the splats. It asks no
//! network for anything, and says so to the browser. The viewer draws as our kernels do: the same
//! projection, thresholds, order and harmonics, blended in half floats.
//!
//! # The splats
//! Bytes in base64, in elements of some megabytes, that together are one zlib stream. In it, little
//! endian, `n` splats in Morton order, in groups of 256 (the last may be smaller):
//!
//! | what | for | value |
//! | --- | --- | --- |
//! | 12 × f32 | each group | see below |
//! | 6 columns of u8 | each splat | high and low byte of x, of y, of z: `low + step · n` |
//! | 4 columns of u8 | each splat | rotation, a word, its lowest byte first |
//! | 3 columns of u8 | each splat | log-scales: `low + step · n` |
//! | 1 column of u8 | each splat | opacity in 255ths |
//! | 3 columns of u8 | each splat | base colour, red, green, blue: `low + step · n` |
//! | 3 columns of i8 for each coefficient above degree 0 | each splat | `step · n` |
//!
//! A group's numbers: lowest x, y, z, and their step; lowest log-scale and its step; step of the
//! colours; step of the harmonics; lowest red, green, blue; 0. A base colour is
//! `0.5 + C0 · f_dc`. A rotation's word has in its top two bits which of w, x, y, z is the largest,
//! which is left out; the others follow in this order from the lowest bits on, ten bits each, 511
//! for 0 and 1022 for √½.
//!
//! Columns, because bytes of one kind are alike and deflate well. Splats too transparent to be
//! drawn are left out.

mod pack;
mod page;

pub use page::{Page, PageLook, write};

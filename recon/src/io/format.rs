//! The formats that are read and written, and what a file of one holds.

use render::Splats;
use serde::Serialize;

/// A splat file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SplatFormat {
    /// 3DGS `.ply`.
    Ply,
    /// PlayCanvas `.compressed.ply`.
    CompressedPly,
    /// antimatter15 `.splat`.
    Splat,
    /// Niantic `.spz`; the version is 1 to 4.
    Spz {
        /// Version in the header.
        version: u32,
    },
    /// PlayCanvas SOG: a `.sog` zip or a folder with `meta.json`.
    Sog,
}

/// What a splat file holds.
#[derive(Clone, Debug, PartialEq)]
pub struct SplatFile {
    /// The splats, in the axes of a 3DGS `.ply`.
    pub splats: Splats,
    /// Where it came from, or where it goes.
    pub format: SplatFormat,
    /// Whether the splats were optimised for antialiased rendering (2D Mip filter). `None` where
    /// the file does not say.
    pub antialiased: Option<bool>,
    /// Comments of the header, kept for writing; only `.ply` has them.
    pub comments: Vec<String>,
    /// What was odd but did not prevent reading, in words for a person.
    pub warnings: Vec<String>,
}

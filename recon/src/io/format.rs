//! The formats that are read and written, and what a file of one holds.

use std::fmt;
use std::path::Path;

use render::Splats;
use serde::Serialize;

use super::FormatError;

/// Version of `.spz` that is written where none is asked for.
const SPZ_VERSION: u32 = 4;

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
    /// A web page that shows the splats; written, not read.
    Html,
}

impl SplatFormat {
    /// The formats that are read, in the words of an error.
    pub const SUPPORTED: &str = ".ply, .compressed.ply, .splat, .spz, .sog";

    /// The format that a file name asks for, whatever its upper and lower case.
    ///
    /// # Errors
    /// [`FormatError::Unsupported`], listing the formats, for any other name.
    pub fn from_path(path: &Path) -> Result<Self, FormatError> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let name = name.to_ascii_lowercase();
        // The longer ending first: a .compressed.ply is a .ply too.
        [
            (".compressed.ply", Self::CompressedPly),
            (".ply", Self::Ply),
            (".splat", Self::Splat),
            (
                ".spz",
                Self::Spz {
                    version: SPZ_VERSION,
                },
            ),
            (".sog", Self::Sog),
            (".html", Self::Html),
        ]
        .into_iter()
        .find_map(|(ending, format)| name.ends_with(ending).then_some(format))
        .ok_or_else(|| {
            let formats = Self::SUPPORTED;
            FormatError::Unsupported(format!(
                "the file name does not tell a splat format. Supported are {formats}, and .html for writing"
            ))
        })
    }

    /// Whether there is a reader for it.
    pub fn is_read(self) -> bool {
        self != Self::Html
    }
}

impl fmt::Display for SplatFormat {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Ply => f.write_str(".ply"),
            Self::CompressedPly => f.write_str(".compressed.ply"),
            Self::Splat => f.write_str(".splat"),
            Self::Spz { version } => write!(f, ".spz version {version}"),
            Self::Sog => f.write_str(".sog"),
            Self::Html => f.write_str(".html"),
        }
    }
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
    /// Comments of the header, kept for writing; only `.ply` has them. One that begins with
    /// `obj_info` was, and is written as, a line of that kind.
    pub comments: Vec<String>,
    /// What was odd but did not prevent reading, in words for a person.
    pub warnings: Vec<String>,
}

impl SplatFile {
    /// A file of these splats that says nothing else.
    pub fn new(splats: Splats, format: SplatFormat) -> Self {
        Self {
            splats,
            format,
            antialiased: None,
            comments: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// The arrays of the splats agree.
    pub(super) fn check(&self) -> Result<(), FormatError> {
        let result = self.splats.check();
        result.map_err(|it| FormatError::Malformed(format!("these splats cannot be written: {it}")))
    }
}

/// What of `file` a file of format `target` cannot hold, a sentence each, for the person who
/// exports. Empty where nothing is lost.
pub fn losses(file: &SplatFile, target: SplatFormat) -> Vec<String> {
    let degree = file.splats.sh_degree;
    let mut losses = Vec::new();
    if target == SplatFormat::Splat && 0 < degree {
        losses.push(format!(
            "colours that change with the view (SH degree {degree}) are left out: \
             {target} holds the base colour only"
        ));
    }
    let keeps_flag = target != SplatFormat::Splat;
    if !keeps_flag && file.antialiased == Some(true) {
        losses.push(format!(
            "{target} cannot say that the splats were optimised for antialiased rendering: \
             other programs may draw them too thick"
        ));
    }
    let keeps_comments = matches!(target, SplatFormat::Ply | SplatFormat::CompressedPly);
    let comments = file.comments.len();
    if !keeps_comments && 0 < comments {
        losses.push(format!(
            "{target} holds no comments; {comments} are left out"
        ));
    }
    losses.extend(quantisation(target).map(str::to_owned));
    losses
}

fn quantisation(target: SplatFormat) -> Option<&'static str> {
    match target {
        SplatFormat::Ply => None,
        SplatFormat::CompressedPly => Some(
            "values are rounded: positions and scales to 10 or 11 bits within groups of 256 \
             splats, rotations to 10 bits, colours and opacities to 8; the splats change order",
        ),
        SplatFormat::Splat => {
            Some("colours, opacities and rotations are rounded to 8 bits; the splats change order")
        }
        SplatFormat::Spz { version } if version < 3 => Some(
            "values are rounded: positions to 1/4096, scales, rotations, colours and opacities \
             to 8 bits, SH bands to 5 and 4",
        ),
        SplatFormat::Spz { .. } => Some(
            "values are rounded: positions to 1/4096, scales, colours and opacities to 8 bits, \
             rotations to 10, SH bands to 5 and 4",
        ),
        SplatFormat::Sog => Some(
            "values are rounded: positions to 16 bits, rotations and opacities to 8, scales and \
             colours to 256 common values, SH bands to a common palette; the splats change order",
        ),
        SplatFormat::Html => Some(
            "values are rounded: positions to 16 bits within groups of 256 splats, rotations to \
             10, scales, colours, opacities and SH bands to 8; splats too transparent to be drawn \
             are left out. The page is for looking: it cannot be opened as splats again",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> SplatFile {
        SplatFile {
            antialiased: Some(true),
            comments: vec!["by me".to_owned()],
            ..SplatFile::new(
                Splats {
                    sh_degree: 2,
                    ..Splats::default()
                },
                SplatFormat::Ply,
            )
        }
    }

    #[test]
    fn the_name_tells_the_format() {
        for (name, format) in [
            ("a.ply", SplatFormat::Ply),
            ("A.PLY", SplatFormat::Ply),
            ("x/a.compressed.ply", SplatFormat::CompressedPly),
            ("a.b.splat", SplatFormat::Splat),
            ("a.spz", SplatFormat::Spz { version: 4 }),
            ("a.Sog", SplatFormat::Sog),
            ("a.html", SplatFormat::Html),
        ] {
            assert_eq!(SplatFormat::from_path(Path::new(name)).unwrap(), format);
        }
        for name in ["a.png", "ply", "a", "..", "a.ply/"] {
            let format = SplatFormat::from_path(Path::new(name));
            if name == "a.ply/" {
                assert_eq!(format.unwrap(), SplatFormat::Ply);
                continue;
            }
            let error = format.unwrap_err().to_string();
            assert!(error.contains(SplatFormat::SUPPORTED), "{error}");
        }
    }

    #[test]
    fn losses_name_what_is_left_out() {
        let mentions = |target, what: &str| {
            let losses = losses(&file(), target);
            losses.iter().any(|it| it.contains(what))
        };
        assert!(losses(&file(), SplatFormat::Ply).is_empty());
        assert!(mentions(SplatFormat::Splat, "SH degree 2"));
        assert!(mentions(SplatFormat::Splat, "antialiased"));
        assert!(mentions(SplatFormat::Splat, "1 are left out"));
        assert!(mentions(SplatFormat::CompressedPly, "rounded"));
        assert!(!mentions(SplatFormat::CompressedPly, "left out"));
        assert!(mentions(SplatFormat::Spz { version: 4 }, "comments"));
        assert!(!mentions(SplatFormat::Spz { version: 4 }, "antialiased"));
        assert!(mentions(SplatFormat::Sog, "palette"));
        assert!(mentions(SplatFormat::Html, "cannot be opened"));
        assert!(!mentions(SplatFormat::Html, "antialiased"));
    }
}

//! What is to be saved, where, and as what.

use std::mem::discriminant;
use std::path::{Path, PathBuf};

use recon::dataset::Dataset;
use recon::io::{ExportOptions, SplatFormat, losses};

use super::Scene;

/// The formats that are offered for saving: the format, the ending of its files, what a person
/// calls it.
pub const EXPORT_FORMATS: [(SplatFormat, &str, &str); 7] = [
    (SplatFormat::Ply, ".ply", ".ply"),
    (
        SplatFormat::CompressedPly,
        ".compressed.ply",
        ".compressed.ply",
    ),
    (SplatFormat::Splat, ".splat", ".splat"),
    (SplatFormat::Spz { version: 4 }, ".spz", ".spz"),
    (
        SplatFormat::Spz { version: 3 },
        ".spz",
        ".spz (version 3, older programs)",
    ),
    (SplatFormat::Sog, ".sog", ".sog"),
    (
        SplatFormat::Html,
        ".html",
        ".html (a page to look at, in any browser)",
    ),
];

/// What the inspector's export part shows.
#[derive(Clone, Debug)]
pub struct Export {
    /// The format to save in.
    pub format: SplatFormat,
    /// Where to.
    pub path: String,
    /// What the format cannot hold, in words.
    pub losses: Vec<String>,
    /// What was saved last, until something else is chosen.
    pub saved: Option<String>,
    /// What is changed on the way.
    pub options: ExportOptions,
}

impl Default for Export {
    fn default() -> Self {
        Self {
            format: SplatFormat::Ply,
            path: String::new(),
            losses: Vec::new(),
            saved: None,
            options: ExportOptions::default(),
        }
    }
}

impl Export {
    /// The ending of the format's files.
    pub fn ending(&self) -> &'static str {
        self.offered().1
    }

    /// What a person calls the format.
    pub fn label(&self) -> &'static str {
        self.offered().2
    }

    fn offered(&self) -> (SplatFormat, &'static str, &'static str) {
        let mut offered = EXPORT_FORMATS.into_iter();
        offered
            .find(|(format, ..)| *format == self.format)
            .unwrap_or(EXPORT_FORMATS[0])
    }

    /// Another format: the path gets its ending, the losses are those of the scene.
    pub(crate) fn choose(&mut self, format: SplatFormat, scene: Option<&Scene>) {
        let stem = without_ending(&self.path).to_owned();
        self.format = format;
        self.saved = None;
        if !stem.is_empty() {
            self.path = stem + self.ending();
        }
        self.losses = scene.map_or_else(Vec::new, |it| losses(&it.at_hand().file, format));
    }

    /// A path typed or chosen by the user; its ending chooses the format.
    pub(crate) fn go_to(&mut self, path: String, scene: Option<&Scene>) {
        self.path = path;
        self.saved = None;
        // An ending does not tell the version: the one that was chosen stays.
        if let Ok(format) = SplatFormat::from_path(Path::new(&self.path))
            && discriminant(&format) != discriminant(&self.format)
        {
            self.format = format;
            self.losses = scene.map_or_else(Vec::new, |it| losses(&it.at_hand().file, format));
        }
    }

    /// Beside the file that was opened, under another name.
    pub(crate) fn propose(&mut self, scene: &Scene) {
        let folder = scene.snapshot.path.as_deref().and_then(Path::parent);
        let name = &scene.snapshot.name;
        let name = format!("{} copy{}", without_ending(name), self.ending());
        let path = folder.map_or_else(|| PathBuf::from(&name), |it| it.join(&name));
        self.path = path.to_string_lossy().into_owned();
        self.losses = losses(&scene.snapshot.file, self.format);
        self.saved = None;
        self.options = ExportOptions::default();
    }

    /// Beside the folder of the photos that the splats come from.
    pub(crate) fn propose_beside(&mut self, dataset: &Dataset) {
        let name = format!("{}{}", dataset.name, self.ending());
        let folder = dataset.report.path.parent();
        let path = folder.map_or_else(|| PathBuf::from(&name), |it| it.join(&name));
        self.path = path.to_string_lossy().into_owned();
        self.options = ExportOptions::default();
    }
}

/// `path` without the ending of a splat file.
fn without_ending(path: &str) -> &str {
    let lower = path.to_ascii_lowercase();
    EXPORT_FORMATS
        .iter()
        .map(|(_, ending, _)| ending)
        .filter(|it| lower.ends_with(**it))
        .max_by_key(|it| it.len())
        .map_or(path, |it| &path[..path.len() - it.len()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choosing_a_format_changes_the_ending() {
        let mut export = Export::default();
        export.go_to("out/A.PLY".to_owned(), None);
        assert_eq!(export.format, SplatFormat::Ply);
        export.choose(SplatFormat::CompressedPly, None);
        assert_eq!(export.path, "out/A.compressed.ply");
        export.choose(SplatFormat::Sog, None);
        assert_eq!(export.path, "out/A.sog");
        export.go_to("out/b.spz".to_owned(), None);
        assert_eq!(
            (export.format, export.ending()),
            (SplatFormat::Spz { version: 4 }, ".spz")
        );
        export.go_to("out/b".to_owned(), None);
        assert_eq!(export.format, SplatFormat::Spz { version: 4 }, "kept");
    }
}

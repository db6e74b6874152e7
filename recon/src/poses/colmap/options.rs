//! The options of COLMAP's commands, by the names that the version at hand gives them: its own
//! help is asked.

use std::ffi::OsString;
use std::path::Path;

/// The arguments of one command, as they grow.
#[derive(Debug)]
pub(super) struct Options {
    help: String,
    arguments: Vec<OsString>,
}

impl Options {
    /// For a command whose `--help` said this.
    pub(super) fn new(help: String) -> Self {
        Self {
            help,
            arguments: Vec::new(),
        }
    }

    /// Whether the help lists the option.
    pub(super) fn has(&self, name: &str) -> bool {
        let wanted = format!("--{name}");
        self.help
            .split_whitespace()
            .any(|it| it.trim_end_matches([',', ']']) == wanted)
    }

    /// Sets the option by the first of its names that this version knows, or not at all.
    pub(super) fn set(&mut self, names: &[&str], value: &str) -> &mut Self {
        if let Some(name) = names.iter().find(|it| self.has(it)) {
            self.arguments.push(format!("--{name}").into());
            self.arguments.push(value.into());
        }
        self
    }

    /// Sets an option that every version has.
    pub(super) fn path(&mut self, name: &str, path: &Path) -> &mut Self {
        self.arguments.push(format!("--{name}").into());
        self.arguments.push(path.into());
        self
    }

    /// What was set.
    pub(super) fn arguments(&self) -> &[OsString] {
        &self.arguments
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_that_the_version_knows_is_taken() {
        let old = "  --SiftExtraction.use_gpu arg (=1)\n  --SiftExtraction.gpu_index arg";
        let new = "  --FeatureExtraction.use_gpu arg (=1)";
        for (help, name) in [
            (old, "--SiftExtraction.use_gpu"),
            (new, "--FeatureExtraction.use_gpu"),
        ] {
            let mut options = Options::new(help.to_owned());
            options
                .set(
                    &["FeatureExtraction.use_gpu", "SiftExtraction.use_gpu"],
                    "0",
                )
                .set(&["SiftExtraction.use"], "1");
            assert_eq!(options.arguments(), [name, "0"]);
        }
    }
}

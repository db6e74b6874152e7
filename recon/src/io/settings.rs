//! Files of settings that people write: TOML or JSON.

use std::fs::File;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use super::bounded::read_at_most;
use super::json::utf8;
use super::{FormatError, IoError};

/// No file of settings is longer, in bytes.
const MAX_LEN: u64 = 1 << 20;

/// Endings of such files.
const ENDINGS: [&str; 2] = ["toml", "json"];

/// Reads settings; JSON where the name ends so, else TOML.
///
/// # Errors
/// Naming the path, where it cannot be read, and the line, where it is not what is wanted.
pub fn read_settings<T: DeserializeOwned>(path: &Path) -> Result<T, IoError> {
    let file = File::open(path).map_err(|it| IoError::system(path, it))?;
    let parsed = read_at_most(file, MAX_LEN, "the settings").and_then(|bytes| {
        let is_json = path.extension().is_some_and(|it| it == "json");
        parse_settings(utf8(&bytes)?, is_json)
    });
    parsed.map_err(|it| IoError::format(path, it))
}

/// Settings from their text.
///
/// # Errors
/// Naming the line, where it is not what is wanted.
pub fn parse_settings<T: DeserializeOwned>(text: &str, is_json: bool) -> Result<T, FormatError> {
    let malformed = |cause: &str| FormatError::Malformed(format!("{cause}. Correct the settings"));
    if is_json {
        return serde_json::from_str(text).map_err(|it| malformed(&it.to_string()));
    }
    toml::from_str(text).map_err(|it| {
        let before = it.span().and_then(|span| text.get(..span.start));
        let line = before.map_or(1, |it| it.matches('\n').count() + 1);
        malformed(&format!("line {line}: {}", it.message()))
    })
}

/// The settings that belong to a file: beside it, of the same name but for the ending.
pub fn settings_beside(path: &Path) -> Option<PathBuf> {
    let all = ENDINGS.into_iter().map(|it| path.with_extension(it));
    all.into_iter().find(|it| it != path && it.is_file())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    type Numbers = BTreeMap<String, u32>;

    #[test]
    fn both_forms_are_read_and_the_line_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let weights = folder.path().join("net.pt");
        assert_eq!(settings_beside(&weights), None);
        for (ending, text) in [("json", "{\"a\": 1}"), ("toml", "a = 1\n")] {
            let path = folder.path().join("net").with_extension(ending);
            std::fs::write(&path, text).unwrap();
            assert_eq!(settings_beside(&weights), Some(path.clone()));
            let read: Numbers = read_settings(&path).unwrap();
            assert_eq!(read, Numbers::from([("a".to_owned(), 1)]));
            std::fs::write(&path, format!("{text}\n?")).unwrap();
            let error = read_settings::<Numbers>(&path).unwrap_err().to_string();
            assert!(error.contains("net.") && error.contains("line "), "{error}");
        }
        let absent = folder.path().join("absent.toml");
        assert!(read_settings::<Numbers>(&absent).is_err());
    }
}

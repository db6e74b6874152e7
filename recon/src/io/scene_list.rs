//! Lists of scenes, as tttLRM and Long-LRM have them: a JSON array of paths of pose files.

use std::fs;
use std::path::{Path, PathBuf};

use super::{FormatError, IoError};

/// The scenes of a list. A path that leads nowhere from here is taken from the list's folder.
///
/// # Errors
/// Naming the list, where it cannot be read, is no array of paths, or is empty.
pub fn read_scene_list(path: &Path) -> Result<Vec<PathBuf>, IoError> {
    let bytes = fs::read(path).map_err(|it| IoError::system(path, it))?;
    let names = parse(&bytes).map_err(|it| IoError::format(path, it))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let place = |name: String| {
        let beside = folder.join(&name);
        let from_here = PathBuf::from(name);
        if !from_here.exists() && beside.exists() {
            beside
        } else {
            from_here
        }
    };
    Ok(names.into_iter().map(place).collect())
}

fn parse(bytes: &[u8]) -> Result<Vec<String>, FormatError> {
    let wrong = |why: &str| {
        FormatError::Malformed(format!(
            "{why}. A list of scenes is a JSON array of paths: \
             [\"scene/opencv_cameras.json\", …]"
        ))
    };
    let names: Vec<String> =
        serde_json::from_slice(bytes).map_err(|it| wrong(&format!("not a list ({it})")))?;
    if names.is_empty() {
        return Err(wrong("an empty list"));
    }
    let names: Vec<String> = names.iter().map(|it| it.trim().to_owned()).collect();
    if names.iter().any(String::is_empty) {
        return Err(wrong("a path is empty"));
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_count_from_here_or_from_the_list() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.json"), "{}").unwrap();
        let list = folder.path().join("list.json");
        fs::write(&list, r#"[" a.json", "nowhere/b.json\n"]"#).unwrap();
        let found = read_scene_list(&list).unwrap();
        assert_eq!(
            found,
            [folder.path().join("a.json"), "nowhere/b.json".into()]
        );
    }

    #[test]
    fn what_is_no_list_is_told_as_such() {
        let folder = tempfile::tempdir().unwrap();
        let list = folder.path().join("list.json");
        for text in ["", "{}", "[]", "[1]", "[\"\"]", "\"a.json\""] {
            fs::write(&list, text).unwrap();
            let error = read_scene_list(&list).unwrap_err().to_string();
            assert!(error.contains("list.json"), "{error}");
            assert!(error.contains("JSON array of paths"), "{error}");
        }
        let error = read_scene_list(&folder.path().join("no.json")).unwrap_err();
        assert!(error.to_string().contains("no.json"));
    }
}

//! Published choices of input views, as Long-LRM has them: a JSON array with an object for each scene,
//! `{"scene_name": …, "fold_8_kmeans_16_input": […], …}`. The numbers count the frames of the
//! scene's `opencv_cameras.json`.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

use serde_json::{Map, Value};

use super::opencv_cameras::fold_size;
use super::{FormatError, IoError};
use crate::dataset::Dataset;

/// Choices of input views for many scenes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FoldLists(HashMap<String, BTreeMap<usize, Vec<usize>>>);

/// Reads such a file.
///
/// # Errors
/// Naming the file, where it cannot be read or is something else.
pub fn read_fold_lists(path: &Path) -> Result<FoldLists, IoError> {
    let bytes = fs::read(path).map_err(|it| IoError::system(path, it))?;
    parse(&bytes).map_err(|it| IoError::format(path, it))
}

fn parse(bytes: &[u8]) -> Result<FoldLists, FormatError> {
    let wrong = |why: &str| {
        FormatError::Malformed(format!(
            "{why}. Lists of input views are a JSON array of objects: \
             [{{\"scene_name\": \"…\", \"fold_8_kmeans_16_input\": [0, …]}}, …]"
        ))
    };
    let scenes: Vec<Map<String, Value>> =
        serde_json::from_slice(bytes).map_err(|it| wrong(&format!("not such lists ({it})")))?;
    let mut all = HashMap::new();
    for (i, scene) in scenes.iter().enumerate() {
        let name = scene.get("scene_name").and_then(Value::as_str);
        let Some(name) = name.filter(|it| !it.is_empty()) else {
            return Err(wrong(&format!("scene {i} has no `scene_name`")));
        };
        let mut lists = BTreeMap::new();
        for (key, value) in scene {
            let Some(count) = fold_size(key) else {
                continue;
            };
            let index = |it: &Value| usize::try_from(it.as_u64()?).ok();
            let list: Option<Vec<usize>> = value
                .as_array()
                .and_then(|it| it.iter().map(index).collect());
            match list.filter(|it| !it.is_empty()) {
                Some(list) => lists.insert(count, list),
                None => return Err(wrong(&format!("`{key}` of {name} is no list of numbers"))),
            };
        }
        all.insert(name.to_owned(), lists);
    }
    Ok(FoldLists(all))
}

impl FoldLists {
    /// Gives a dataset that was opened from `scene` its lists; they go before those that its own
    /// file has. Says what keeps that from being, in words for a person.
    ///
    /// A scene goes by its name, or by a folder of its path, the innermost first.
    ///
    /// # Errors
    /// Naming the scene, where its frames cannot be read.
    pub fn apply(&self, dataset: &mut Dataset, scene: &Path) -> Result<Vec<String>, IoError> {
        let folders = scene.iter().rev().filter_map(|it| it.to_str());
        let mut names = [dataset.name.as_str()].into_iter().chain(folders);
        let Some(lists) = names.find_map(|it| self.0.get(it)) else {
            let name = &dataset.name;
            return Ok(vec![format!("the lists of input views do not have {name}")]);
        };
        let frames = frames(scene)?;
        let views: HashMap<String, usize> = dataset
            .views
            .iter()
            .enumerate()
            .map(|(i, it)| (plain(&it.name), i))
            .collect();
        let mut problems = Vec::new();
        for (count, list) in lists {
            let view = |i: &usize| views.get(frames.get(*i)?).copied();
            match list.iter().map(view).collect::<Option<Vec<usize>>>() {
                Some(list) => {
                    dataset.input_lists.insert(*count, list);
                }
                None => problems.push(format!(
                    "its list of {count} input views is left out: it names frames that are not there"
                )),
            }
        }
        Ok(problems)
    }
}

/// Names of the photos of all frames of a scene.
fn frames(scene: &Path) -> Result<Vec<String>, IoError> {
    let bytes = fs::read(scene).map_err(|it| IoError::system(scene, it))?;
    let value: Value = serde_json::from_slice(&bytes)
        .map_err(|it| IoError::format(scene, FormatError::Malformed(it.to_string())))?;
    let frames = value.get("frames").unwrap_or(&value).as_array();
    let name = |it: &Value| plain(it.get("file_path").and_then(Value::as_str).unwrap_or(""));
    Ok(frames.map_or_else(Vec::new, |it| it.iter().map(name).collect()))
}

/// One way to write a path.
fn plain(path: &str) -> String {
    let path = path.replace('\\', "/");
    path.strip_prefix("./").unwrap_or(&path).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_scene_by_scene() {
        let text = r#"[{"scene_name": "a", "fold_8_kmeans_2_input": [1, 3], "note": 7},
            {"scene_name": "b"}]"#;
        let lists = parse(text.as_bytes()).unwrap();
        assert_eq!(lists.0["a"], BTreeMap::from([(2, vec![1, 3])]));
        assert!(lists.0["b"].is_empty());
    }

    #[test]
    fn what_is_no_list_is_told_as_such() {
        for (text, word) in [
            ("", "not such lists"),
            ("{}", "not such lists"),
            ("[\"a\"]", "not such lists"),
            ("[{}]", "scene 0 has no `scene_name`"),
            (
                r#"[{"scene_name": "a", "fold_8_kmeans_2_input": [-1]}]"#,
                "`fold_8_kmeans_2_input` of a",
            ),
            (
                r#"[{"scene_name": "a", "fold_8_kmeans_2_input": []}]"#,
                "is no list",
            ),
        ] {
            let error = parse(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
            assert!(error.contains("JSON array of objects"), "{error}");
        }
    }
}

//! Where a project's photos are, in a way that survives a move.

use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Where a project's photos are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetPlace {
    /// From the project's folder, with `/` between; `None` where no way leads there.
    relative: Option<String>,
    /// From the root, as it was on the machine that wrote it.
    absolute: PathBuf,
    /// Where they were found.
    #[serde(skip)]
    found: Option<PathBuf>,
}

impl DatasetPlace {
    /// Photos that are there: what was opened, be it a folder, a zip or a pose file.
    pub fn new(path: &Path) -> Self {
        let absolute = std::fs::canonicalize(path)
            .or_else(|_| std::path::absolute(path))
            .unwrap_or_else(|_| path.to_owned());
        Self {
            relative: None,
            found: Some(absolute.clone()),
            absolute,
        }
    }

    /// What is to be opened; `None` where nothing is there.
    pub fn path(&self) -> Option<&Path> {
        self.found.as_deref()
    }

    /// What to say where nothing is there.
    pub(super) fn missing(&self) -> Option<String> {
        if self.found.is_some() {
            return None;
        }
        let relative = self.relative.as_ref();
        let relative = relative.map(|it| format!("{it} (from the project's folder) and "));
        Some(format!(
            "the photos are not there; looked for {}{}. The splats can be edited without them",
            relative.unwrap_or_default(),
            self.absolute.display()
        ))
    }

    /// The same as it is written by a project in `folder`, which is absolute. What is not there
    /// keeps the ways that it had.
    pub(super) fn seen_from(&self, folder: &Path) -> Self {
        match &self.found {
            None => self.clone(),
            Some(found) => Self {
                relative: way(folder, found),
                absolute: found.clone(),
                found: None,
            },
        }
    }

    /// The same with what is there, for a project that lies in `folder`.
    pub(super) fn found_from(self, folder: &Path) -> Self {
        let beside = self.relative.as_ref().map(|it| folder.join(it));
        let found = [beside, Some(self.absolute.clone())]
            .into_iter()
            .flatten()
            .find_map(|it| std::fs::canonicalize(it).ok());
        Self { found, ..self }
    }
}

/// The way from a folder to a place, both absolute; `None` from one drive to another.
fn way(folder: &Path, place: &Path) -> Option<String> {
    let (from, to): (Vec<_>, Vec<_>) =
        (folder.components().collect(), place.components().collect());
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    if common == 0 {
        return None;
    }
    let up = from[common..].iter().map(|_| Some(".."));
    let down = to[common..].iter().map(|it| match it {
        Component::Normal(name) => name.to_str(),
        _ => None,
    });
    let steps: Option<Vec<&str>> = up.chain(down).collect();
    let steps = steps?;
    Some(if steps.is_empty() {
        ".".to_owned()
    } else {
        steps.join("/")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn the_way_is_the_shortest() {
        let way = |a: &str, b: &str| way(Path::new(a), Path::new(b)).unwrap();
        assert_eq!(way("/a/b/p.accrete", "/a/b/photos"), "../photos");
        assert_eq!(way("/a/p.accrete", "/a/p.accrete/photos"), "photos");
        assert_eq!(way("/a/p", "/a/p"), ".");
        assert_eq!(way("/a/p", "/c/d.zip"), "../../c/d.zip");
    }

    #[test]
    fn what_is_not_there_keeps_its_ways() {
        let place = DatasetPlace {
            relative: Some("../photos".to_owned()),
            absolute: PathBuf::from("/no/such/photos"),
            found: None,
        };
        let place = place.found_from(Path::new("/no/such/p.accrete"));
        assert_eq!(place.path(), None);
        let said = place.missing().unwrap();
        assert!(said.contains("../photos") && said.contains("/no/such/photos"));
        assert_eq!(place.seen_from(Path::new("/elsewhere")), place);
    }
}

//! What a network keeps of a scene, as a file: a `.safetensors` whose header says of which network
//! it is, where the scene's cameras were put, and which views were seen.
//!
//! The tensors are the fast weights' (f32); [`crate::model::KeptScene`] names and checks them. A
//! save never destroys the file that was there before.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::weights::{self, Layout, Number, WeightsFile};
use super::{FormatError, IoError};
use crate::model::ModelConfig;

/// Grows when older files can no longer be read.
const VERSION: u32 = 1;
/// Key of the header's text.
const KEY: &str = "accrete_scene";

/// What the header holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SceneRecord {
    /// The network.
    pub network: ModelConfig,
    /// Of the map from the dataset's coordinates to the network's.
    pub scale: f64,
    /// Its rotation, column by column.
    pub rotation: [f64; 9],
    /// Its translation.
    pub translation: [f64; 3],
    /// The views that the fast weights have seen, in that order.
    pub seen: Vec<SeenView>,
}

/// A view that the fast weights have seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeenView {
    /// Its name in the dataset.
    pub name: String,
    /// Its camera to world then, column by column, the dataset's coordinates.
    pub c2w: [f64; 12],
}

/// The header's text.
#[derive(Serialize, Deserialize)]
struct Header<Record> {
    version: u32,
    #[serde(flatten)]
    record: Record,
}

/// Writes what is kept of a scene in one step, into a folder that is made if need be. `values` is
/// asked for the numbers of each of the `tensors`, whose shapes are given, in their order. Returns
/// the file's size in bytes.
///
/// # Errors
/// Naming the path, where the system refuses; what `values` says. A file that was there before is
/// then intact.
pub fn save<E: From<IoError>>(
    path: &Path,
    record: &SceneRecord,
    tensors: Vec<(String, Vec<usize>)>,
    values: &mut dyn FnMut(&str) -> Result<Vec<f32>, E>,
) -> Result<u64, E> {
    if let Some(folder) = path.parent().filter(|it| !it.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(|it| IoError::system(folder, it))?;
    }
    let header = Header {
        version: VERSION,
        record,
    };
    let text = serde_json::to_string(&header)
        .map_err(|it| IoError::format(path, FormatError::Malformed(it.to_string())))?;
    let layout = Layout {
        tensors,
        number: Number::F32,
        header: HashMap::from([(KEY.to_owned(), text)]),
    };
    weights::save(path, &layout, values)
}

/// Opens what was kept of a scene; its tensors can be read one after the other.
///
/// # Errors
/// Naming the path, where it cannot be read, is something else, or is damaged.
pub fn open(path: &Path) -> Result<(SceneRecord, WeightsFile<'static>), IoError> {
    let file = WeightsFile::open(path)?;
    let record = record(file.header(KEY)).map_err(|it| IoError::format(path, it))?;
    Ok((record, file))
}

/// Reads the header's text.
fn record(text: Option<&str>) -> Result<SceneRecord, FormatError> {
    let other = |why: &dyn std::fmt::Display| {
        FormatError::Malformed(format!(
            "not what is kept of a scene ({why}). Choose a file that was saved as one"
        ))
    };
    let text = text.ok_or_else(|| other(&"it says nothing of a scene"))?;
    let version: Header<serde_json::Value> = serde_json::from_str(text).map_err(|it| other(&it))?;
    if version.version != VERSION {
        let version = version.version;
        return Err(FormatError::Malformed(format!(
            "a scene of version {version}, and this program reads version {VERSION}. Use the \
             program that wrote it"
        )));
    }
    let header: Header<SceneRecord> = serde_json::from_str(text).map_err(|it| other(&it))?;
    let record = header.record;
    let cameras = record.seen.iter().flat_map(|it| &it.c2w);
    let numbers = record.rotation.iter().chain(&record.translation);
    let numbers = numbers.chain(cameras);
    let is_map = numbers.chain([&record.scale]).all(|it| it.is_finite()) && 0.0 < record.scale;
    if !is_map {
        return Err(FormatError::Malformed(
            "the scene's coordinates are no numbers. The file is damaged: use an older one"
                .to_owned(),
        ));
    }
    Ok(record)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Header<SceneRecord> {
        let record = SceneRecord {
            network: ModelConfig::default(),
            scale: 0.25,
            rotation: [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
            translation: [0.1, -2.0, 1e-9],
            seen: vec![SeenView {
                name: "a.jpg".to_owned(),
                c2w: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1e-9, 2.0, 3.0],
            }],
        };
        Header {
            version: VERSION,
            record,
        }
    }

    #[test]
    fn the_header_says_of_what_scene_it_is() {
        let text = serde_json::to_string(&sample()).unwrap();
        assert_eq!(record(Some(&text)).unwrap(), sample().record);
        let refused = |text: Option<&str>, word: &str| {
            let error = record(text).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        };
        refused(None, "says nothing");
        refused(Some("hello"), "not what is kept");
        refused(Some(&text[..text.len() / 2]), "not what is kept");
        let change = |change: fn(&mut Header<SceneRecord>)| {
            let mut header = sample();
            change(&mut header);
            serde_json::to_string(&header).unwrap()
        };
        refused(Some(&change(|it| it.record.scale = 0.0)), "damaged");
        refused(Some(&change(|it| it.version = 2)), "version 2");
    }
}

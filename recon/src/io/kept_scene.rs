//! What a network keeps of a scene, as a file: a `.safetensors` whose header says of which network
//! it is, where the scene's cameras were put, and which views were seen.
//!
//! The tensors are the fast weights' (f32); [`crate::model::KeptScene`] names and checks them. A
//! save never destroys the file that was there before.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use bytemuck::cast_slice;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde::{Deserialize, Serialize};

use super::weights::{self, Tensors};
use super::{FormatError, IoError, replace};
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
    /// Names of the views that the fast weights have seen, in that order.
    pub seen: Vec<String>,
}

/// The header's text.
#[derive(Serialize, Deserialize)]
struct Header<Record> {
    version: u32,
    #[serde(flatten)]
    record: Record,
}

/// Writes what is kept of a scene in one step, into a folder that is made if need be. Returns the
/// file's size in bytes.
///
/// # Errors
/// Naming the path, where the system refuses; a file that was there before is then intact.
pub fn save(path: &Path, record: &SceneRecord, tensors: &Tensors) -> Result<u64, IoError> {
    if let Some(folder) = path.parent().filter(|it| !it.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(|it| IoError::system(folder, it))?;
    }
    let bytes = write(record, tensors).map_err(|it| IoError::format(path, it))?;
    replace(path, &bytes).map_err(|it| IoError::system(path, it))?;
    Ok(bytes.len() as u64)
}

/// Reads what was kept of a scene.
///
/// # Errors
/// Naming the path, where it cannot be read, is something else, or is damaged.
pub fn open(path: &Path) -> Result<(SceneRecord, Tensors), IoError> {
    let bytes = fs::read(path).map_err(|it| IoError::system(path, it))?;
    read(&bytes).map_err(|it| IoError::format(path, it))
}

fn write(record: &SceneRecord, tensors: &Tensors) -> Result<Vec<u8>, FormatError> {
    let malformed = |it: &dyn std::fmt::Display| FormatError::Malformed(it.to_string());
    let header = Header {
        version: VERSION,
        record,
    };
    let text = serde_json::to_string(&header).map_err(|it| malformed(&it))?;
    let views = tensors.iter().map(|(name, it)| {
        let view = TensorView::new(Dtype::F32, it.shape.clone(), cast_slice(&it.values));
        view.map(|view| (name, view)).map_err(|it| malformed(&it))
    });
    let views = views.collect::<Result<Vec<_>, _>>()?;
    let header = HashMap::from([(KEY.to_owned(), text)]);
    safetensors::serialize(views, Some(header)).map_err(|it| malformed(&it))
}

fn read(bytes: &[u8]) -> Result<(SceneRecord, Tensors), FormatError> {
    let other = |why: &dyn std::fmt::Display| {
        FormatError::Malformed(format!(
            "not what is kept of a scene ({why}). Choose a file that was saved as one"
        ))
    };
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(|it| other(&it))?;
    let text = header.metadata().as_ref().and_then(|it| it.get(KEY));
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
    let numbers = record.rotation.iter().chain(&record.translation);
    let is_map = numbers.chain([&record.scale]).all(|it| it.is_finite()) && 0.0 < record.scale;
    if !is_map {
        return Err(FormatError::Malformed(
            "the scene's coordinates are no numbers. The file is damaged: use an older one"
                .to_owned(),
        ));
    }
    Ok((record, weights::read(bytes, &|_| true)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::Tensor;

    fn sample() -> (SceneRecord, Tensors) {
        let record = SceneRecord {
            network: ModelConfig::default(),
            scale: 0.25,
            rotation: [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
            translation: [0.1, -2.0, 1e-9],
            seen: vec!["a.jpg".to_owned(), "b.jpg".to_owned()],
        };
        let tensor = Tensor {
            shape: vec![2, 3],
            values: vec![1.0, 2.0, 3.0, -1.0, 0.0, 0.5],
        };
        (record, Tensors::from([("layers.0.w0".to_owned(), tensor)]))
    }

    #[test]
    fn what_is_written_is_read() {
        let (record, tensors) = sample();
        let bytes = write(&record, &tensors).unwrap();
        assert_eq!(read(&bytes).unwrap(), (record, tensors));
    }

    #[test]
    fn other_files_and_damaged_ones_are_told() {
        let (mut record, tensors) = sample();
        let bytes = write(&record, &tensors).unwrap();
        for bytes in [&b""[..], b"hello, hello", &bytes[..bytes.len() / 2]] {
            let error = read(bytes).unwrap_err().to_string();
            assert!(error.contains("scene"), "{error}");
        }
        let plain = safetensors::serialize::<&str, TensorView<'_>, _>([], None).unwrap();
        let error = read(&plain).unwrap_err().to_string();
        assert!(error.contains("says nothing"), "{error}");
        record.scale = 0.0;
        let error = read(&write(&record, &tensors).unwrap()).unwrap_err();
        assert!(error.to_string().contains("damaged"), "{error}");
    }
}

//! Checkpoints of optimisations: a `.safetensors` file whose header holds the settings.
//!
//! The tensors are `means`, `quats`, `log_scales`, `opacity_logits`, `sh_coeffs` (f32, one row a
//! splat), `geometry_moments`, `sh_first_moments`, `sh_second_moments`, `statistics.N` and
//! `filter` (planes). A save never destroys the checkpoint that was there before.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use bytemuck::{AnyBitPattern, cast_slice, pod_collect_to_vec};
use render::Splats;
use render::training::PoolState;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::save::clear_unfinished;
use super::{Folder, FormatError, IoError, RESULTS_FOLDER, replace};
use crate::edit::Region;
use crate::optim::{Checkpoint, CorrectionState, Evaluation, OptimiseConfig};

/// Grows when older files can no longer be read.
const VERSION: u32 = 1;
/// Key of the header's text.
const KEY: &str = "accrete";
/// Name of the file in the folder of results.
const NAME: &str = "optimisation.checkpoint";

/// The same of the optimisation that follows a reconstruction.
const INSTANT_NAME: &str = "instant.checkpoint";

/// Of what a network knows of the scene.
const MEMORY_NAME: &str = "scene.memory";

/// What the header holds beside the tensors.
#[derive(Serialize, Deserialize)]
struct Record {
    version: u32,
    step: u32,
    elapsed_secs: f32,
    extent: f32,
    sh_degree: u32,
    statistics: usize,
    config: OptimiseConfig,
    #[serde(default)]
    evaluations: Vec<Evaluation>,
    #[serde(default)]
    corrections: CorrectionState,
    #[serde(default)]
    frozen: usize,
    #[serde(default)]
    region: Option<Region>,
}

impl Record {
    /// As a value of JSON, where every number is finite: JSON has no others, and what is written in
    /// their place could not be read again.
    fn value(&self) -> Result<Value, FormatError> {
        let malformed = |it: serde_json::Error| FormatError::Malformed(it.to_string());
        let value = serde_json::to_value(self).map_err(malformed)?;
        let sound = Self {
            version: VERSION,
            step: 0,
            elapsed_secs: 0.0,
            extent: 1.0,
            sh_degree: 0,
            statistics: 0,
            config: OptimiseConfig::default(),
            evaluations: Vec::new(),
            corrections: CorrectionState::default(),
            frozen: 0,
            region: None,
        };
        let sound = serde_json::to_value(sound).map_err(malformed)?;
        match missing_number(&value, Some(&sound)) {
            None => Ok(value),
            Some(place) => Err(FormatError::Malformed(format!(
                "{place} is no finite number. Begin anew, or go on from an older checkpoint"
            ))),
        }
    }
}

/// Where in `value` a number is missing: one of a list, or one that `sound` has there, with a
/// fraction. Words for a person.
fn missing_number(value: &Value, sound: Option<&Value>) -> Option<String> {
    match value {
        Value::Null => sound.filter(|it| it.is_f64()).map(|_| String::new()),
        Value::Array(all) if all.iter().any(Value::is_null) => Some(String::new()),
        Value::Array(all) => all.iter().find_map(|it| missing_number(it, None)),
        Value::Object(all) => all.iter().find_map(|(key, it)| {
            let sound = sound.and_then(|it| it.get(key));
            let inner = missing_number(it, sound)?;
            let point = if inner.is_empty() { "" } else { "." };
            Some(format!("{key}{point}{inner}"))
        }),
        _ => None,
    }
}

/// Where the checkpoint of photos in `folder` belongs: beside them, in `.accrete`. `None` for a
/// zip, beside whose photos nothing can be put.
pub fn place(folder: &Folder) -> Option<PathBuf> {
    let results = folder.on_disk(Path::new(RESULTS_FOLDER))?;
    Some(results.join(NAME))
}

/// The same for the optimisation that follows a reconstruction: that of an earlier, longer one is
/// not to be lost to it.
pub fn instant_place(folder: &Folder) -> Option<PathBuf> {
    place(folder).map(|it| it.with_file_name(INSTANT_NAME))
}

/// Where what a network knows of the scene belongs.
pub fn memory_place(folder: &Folder) -> Option<PathBuf> {
    place(folder).map(|it| it.with_file_name(MEMORY_NAME))
}

/// Writes a checkpoint in one step, into a folder that is made if need be. What a program that was
/// killed while it wrote one has left there is removed. Returns the size in bytes.
///
/// # Errors
/// Naming the path, where the system refuses; a checkpoint that was there before is then intact.
pub fn save(path: &Path, checkpoint: &Checkpoint) -> Result<u64, IoError> {
    if let Some(folder) = path.parent().filter(|it| !it.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(|it| IoError::system(folder, it))?;
    }
    let bytes = write(checkpoint).map_err(|it| IoError::format(path, it))?;
    clear_unfinished(path);
    replace(path, &bytes).map_err(|it| IoError::system(path, it))?;
    Ok(bytes.len() as u64)
}

/// Reads a checkpoint.
///
/// # Errors
/// Naming the path, where it cannot be read, is no checkpoint, or is damaged.
pub fn open(path: &Path) -> Result<Checkpoint, IoError> {
    let bytes = fs::read(path).map_err(|it| IoError::system(path, it))?;
    read(&bytes).map_err(|it| IoError::format(path, it))
}

/// The bytes of a checkpoint.
///
/// # Errors
/// Where arrays disagree in length, and where a setting, a measurement or a correction is no finite
/// number.
pub fn write(checkpoint: &Checkpoint) -> Result<Vec<u8>, FormatError> {
    let pool = &checkpoint.pool;
    pool.check()
        .map_err(|it| FormatError::Malformed(it.to_string()))?;
    let record = Record {
        version: VERSION,
        step: checkpoint.step,
        elapsed_secs: checkpoint.elapsed_secs,
        extent: checkpoint.extent,
        sh_degree: pool.splats.sh_degree,
        statistics: pool.statistics.len(),
        config: checkpoint.config.clone(),
        evaluations: checkpoint.evaluations.clone(),
        corrections: checkpoint.corrections.clone(),
        frozen: pool.frozen,
        region: checkpoint.region,
    };
    let malformed = |it: &dyn std::fmt::Display| FormatError::Malformed(it.to_string());
    let text = record.value()?.to_string();
    let mut arrays: BTreeMap<String, (Dtype, &[u8])> = BTreeMap::new();
    let mut add = |name: &str, bytes| arrays.insert(name.to_owned(), (Dtype::F32, bytes));
    let splats = &pool.splats;
    add("means", cast_slice(&splats.means));
    add("quats", cast_slice(&splats.quats));
    add("log_scales", cast_slice(&splats.log_scales));
    add("opacity_logits", cast_slice(&splats.opacity_logits));
    add("sh_coeffs", cast_slice(&splats.sh_coeffs));
    add("geometry_moments", cast_slice(&pool.geometry));
    add("sh_second_moments", cast_slice(&pool.sh_second));
    for (plane, values) in pool.statistics.iter().enumerate() {
        add(&format!("statistics.{plane}"), cast_slice(values));
    }
    if let Some(sizes) = &pool.filter {
        add("filter", cast_slice(sizes));
    }
    let words = (Dtype::U32, cast_slice(&pool.sh_first));
    arrays.insert("sh_first_moments".to_owned(), words);
    let views = arrays.into_iter().map(|(name, (dtype, bytes))| {
        let view = TensorView::new(dtype, vec![bytes.len() / 4], bytes);
        view.map(|view| (name, view)).map_err(|it| malformed(&it))
    });
    let views = views.collect::<Result<Vec<_>, _>>()?;
    let header = HashMap::from([(KEY.to_owned(), text)]);
    safetensors::serialize(views, Some(header)).map_err(|it| malformed(&it))
}

/// A checkpoint from its bytes.
///
/// # Errors
/// Where they are no checkpoint or damaged, a number that is too large for its place included.
pub fn read(bytes: &[u8]) -> Result<Checkpoint, FormatError> {
    let other = "no checkpoint of an optimisation";
    let no_checkpoint = |why: &dyn std::fmt::Display| {
        FormatError::Malformed(format!("{other} ({why}). Choose another file"))
    };
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(|it| no_checkpoint(&it))?;
    let text = header.metadata().as_ref().and_then(|it| it.get(KEY));
    let text = text.ok_or_else(|| no_checkpoint(&"it holds no settings"))?;
    let record: Record = serde_json::from_str(text).map_err(|it| no_checkpoint(&it))?;
    if record.version != VERSION {
        let version = record.version;
        return Err(FormatError::Malformed(format!(
            "a checkpoint of version {version}, and this program reads version {VERSION}. Use \
             the program that wrote it"
        )));
    }
    let file = SafeTensors::deserialize(bytes).map_err(|it| no_checkpoint(&it))?;
    let pool = PoolState {
        splats: Splats {
            means: array(&file, "means")?,
            quats: array(&file, "quats")?,
            log_scales: array(&file, "log_scales")?,
            opacity_logits: array(&file, "opacity_logits")?,
            sh_coeffs: array(&file, "sh_coeffs")?,
            sh_degree: record.sh_degree,
        },
        geometry: array(&file, "geometry_moments")?,
        sh_first: array(&file, "sh_first_moments")?,
        sh_second: array(&file, "sh_second_moments")?,
        statistics: (0..record.statistics.min(file.len()))
            .map(|plane| array(&file, &format!("statistics.{plane}")))
            .collect::<Result<_, _>>()?,
        filter: file
            .names()
            .contains(&"filter")
            .then(|| array(&file, "filter"))
            .transpose()?,
        frozen: record.frozen,
        origins: Vec::new(),
    };
    pool.check().map_err(|it| {
        FormatError::Malformed(format!("{it}. The checkpoint is damaged: use an older one"))
    })?;
    Ok(Checkpoint {
        config: record.config,
        step: record.step,
        elapsed_secs: record.elapsed_secs,
        extent: record.extent,
        evaluations: record.evaluations,
        corrections: record.corrections,
        region: record.region,
        pool,
    })
}

fn array<T: bytemuck::NoUninit + AnyBitPattern>(
    file: &SafeTensors<'_>,
    name: &str,
) -> Result<Vec<T>, FormatError> {
    let damaged = |why: &dyn std::fmt::Display| {
        FormatError::Malformed(format!(
            "{name}: {why}. The checkpoint is damaged: use an older one"
        ))
    };
    let view = file.tensor(name).map_err(|it| damaged(&it))?;
    let bytes = view.data();
    if !bytes.len().is_multiple_of(size_of::<T>()) {
        return Err(damaged(&"is cut off"));
    }
    Ok(pod_collect_to_vec(bytes))
}

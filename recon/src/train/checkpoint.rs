//! A training on disk: everything that the next step depends on.

use std::collections::HashMap;
use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};
use render::gpu::Gpu;
use serde::{Deserialize, Serialize};

use super::TrainError;
use super::adam::Adam;
use super::config::TrainConfig;
use super::training::{Counts, Training};
use crate::io::IoError;
use crate::io::weights::{Layout, Number, Stored, WeightsFile, save};
use crate::model::{ModelError, Weights};

/// Where the header keeps what is no tensor.
const KEY: &str = "accrete.training";

/// What stands before the names of the parameters: they themselves, their running mean, and
/// [`Adam`]'s two.
const GROUPS: [&str; 4] = ["weights.", "mean.", "first.", "second."];

/// What is no tensor.
#[derive(Serialize, Deserialize)]
struct Header {
    config: TrainConfig,
    counts: Counts,
    adam_steps: u32,
}

impl Training {
    /// Writes a checkpoint in one step: an older one stays until the new one is complete.
    ///
    /// # Errors
    /// Naming the path.
    pub fn save(&self, path: &Path) -> Result<(), TrainError> {
        let header = Header {
            config: self.config.clone(),
            counts: self.counts,
            adam_steps: self.adam.steps,
        };
        let text = serde_json::to_string(&header);
        let text = text.map_err(|it| TrainError::Checkpoint(it.to_string()))?;
        let parameters = self.config.model.parameters();
        let lists = [
            self.network.weights.list(),
            self.mean.list(),
            self.adam.first.clone(),
            self.adam.second.clone(),
        ];
        let mut tensors = Vec::new();
        let mut all: HashMap<String, Tensor<2>> = HashMap::new();
        for (group, list) in GROUPS.into_iter().zip(lists) {
            for ((name, shape), tensor) in parameters.iter().zip(list) {
                let name = format!("{group}{name}");
                tensors.push((name.clone(), shape.clone()));
                all.insert(name, tensor);
            }
        }
        let layout = Layout {
            tensors,
            number: Number::F32,
            header: HashMap::from([(KEY.to_owned(), text)]),
        };
        save(path, &layout, &mut |name| -> Result<Vec<f32>, TrainError> {
            let Some(tensor) = all.get(name) else {
                return Ok(Vec::new());
            };
            let values = tensor.clone().into_data().try_into_vec::<f32>();
            Ok(values.map_err(|it| ModelError::Device(it.to_string()))?)
        })?;
        Ok(())
    }

    /// Goes on where a checkpoint left off. With `config`, the stages and what is logged may be
    /// others than those it was made with; the network may not.
    ///
    /// # Errors
    /// Naming the path, where it cannot be read or is of another network.
    pub fn resume(
        path: &Path,
        config: Option<TrainConfig>,
        gpu: &Gpu,
        device: Device,
    ) -> Result<Self, TrainError> {
        let mut file = WeightsFile::open(path)?;
        let text = file.header(KEY).unwrap_or_default();
        let header: Header = serde_json::from_str(text)
            .map_err(|it| TrainError::Checkpoint(format!("{}: {it}", path.display())))?;
        let config = config.unwrap_or_else(|| header.config.clone());
        if config.model.parameters() != header.config.model.parameters() {
            let what = "its network has other parameters".to_owned();
            return Err(TrainError::Checkpoint(what));
        }
        let mut groups = Vec::new();
        for group in GROUPS {
            let mut list = Vec::new();
            for (name, shape) in config.model.parameters() {
                let name = format!("{group}{name}");
                list.push(tensor(&mut file, path, &name, &shape, &device)?);
            }
            groups.push(list);
        }
        let mut groups = groups.into_iter();
        let mut next = || groups.next().unwrap_or_default();
        let weights = in_place(&config, next(), &device);
        let mean = in_place(&config, next(), &device);
        let adam = Adam {
            first: next(),
            second: next(),
            steps: header.adam_steps,
        };
        let mut training = Self::from_weights(config, weights, gpu, device)?;
        training.mean = mean;
        training.adam = adam;
        training.counts = header.counts;
        Ok(training)
    }
}

/// Parameters from their list.
fn in_place(config: &TrainConfig, list: Vec<Tensor<2>>, device: &Device) -> Weights {
    let mut weights = Weights::random(&config.model, 0, device);
    let mut list = list.into_iter();
    weights.visit(&mut |_, it| {
        if let Some(found) = list.next() {
            *it = found;
        }
    });
    weights
}

fn tensor(
    file: &mut WeightsFile<'_>,
    path: &Path,
    name: &str,
    shape: &[usize],
    device: &Device,
) -> Result<Tensor<2>, TrainError> {
    let wrong = |what: &str| TrainError::Checkpoint(format!("{}: {name} {what}", path.display()));
    let found: Option<&Stored> = file.find(name).and_then(Result::ok);
    match found {
        None => return Err(wrong("is missing")),
        Some(it) if it.shape != shape => return Err(wrong("has another shape")),
        Some(_) => {}
    }
    let read = file.read(name).map_err(|it| IoError::format(path, it))?;
    let columns = shape.last().copied().unwrap_or(1);
    let rows = read.values.len() / columns.max(1);
    let read = TensorData::new(read.values, [rows, columns]);
    Ok(Tensor::from_data(read, device))
}

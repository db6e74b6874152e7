//! What is kept of a scene between runs: its fast weights, its frame, the views they have seen.

use std::collections::HashMap;
use std::path::Path;

use burn::tensor::{Tensor, TensorData};
use glam::{DAffine3, DMat3, DVec3};

use super::decoder::numbers;
use super::fast_weights::FastWeights;
use super::network::{Network, SceneMemory};
use super::tokens::on_host;
use super::{ModelConfig, ModelError, SceneFrame};
use crate::dataset::normalise::Normalisation;
use crate::dataset::{Dataset, Split};
use crate::io::WeightsFile;
use crate::io::kept_scene::{self, SceneRecord, SeenView};

/// A scene as it was left.
#[derive(Clone, Debug)]
pub struct KeptScene {
    /// The fast weights of all layers.
    pub memory: SceneMemory,
    /// From the dataset's coordinates to the network's. Views that join later, and those that are
    /// asked for again, go through the same map.
    pub network_from_dataset: Normalisation,
    /// The views that the fast weights have seen, in that order.
    pub seen: Vec<KeptView>,
}

/// A view that the fast weights of a scene have seen.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptView {
    /// Its name in the dataset.
    pub name: String,
    /// Its camera to world then, the dataset's coordinates.
    pub c2w: DAffine3,
}

impl KeptScene {
    /// Writes it in one step; a file that was there before is replaced. Returns its size in bytes.
    ///
    /// # Errors
    /// Where the device does not give the weights, or the system refuses.
    pub fn save(&self, network: &Network, path: &Path) -> Result<u64, ModelError> {
        let mut tensors = HashMap::new();
        let mut shapes = Vec::new();
        for (layer, fast) in self.memory.iter().enumerate() {
            for (name, it) in fast.named() {
                let name = format!("layers.{layer}.{name}");
                shapes.push((name.clone(), it.dims().to_vec()));
                tensors.insert(name, it);
            }
        }
        let map = &self.network_from_dataset;
        let record = SceneRecord {
            network: network.config.clone(),
            scale: map.scale,
            rotation: map.rotation.to_cols_array(),
            translation: map.translation.to_array(),
            seen: self.seen.iter().map(KeptView::record).collect(),
        };
        kept_scene::save(
            path,
            &record,
            shapes,
            &mut |name| match tensors.remove(name) {
                Some(it) => numbers(on_host(it)?.convert::<f32>()),
                None => Ok(Vec::new()), // told as numbers that do not fit
            },
        )
    }

    /// Reads it onto the network's device.
    ///
    /// # Errors
    /// Naming the file, where it cannot be read, is damaged, or is of another network: of another
    /// size, other weights, or with another selective update.
    pub fn open(network: &Network, path: &Path) -> Result<Self, ModelError> {
        let (record, mut file) = kept_scene::open(path)?;
        let fail = |what: String| {
            let path = path.display();
            ModelError::Scene(format!("{path}: {what}"))
        };
        if let Some(what) = mismatch(&record.network, &network.config) {
            return Err(fail(what));
        }
        let mut memory = network.begin();
        for (layer, (fast, block)) in memory.iter_mut().zip(&network.weights.blocks).enumerate() {
            let mut wrong = None;
            fast.replace(&mut |name, it| {
                if wrong.is_some() {
                    return;
                }
                let name = format!("layers.{layer}.{name}");
                match fitting(&mut file, &name, it.dims()) {
                    Ok(values) => {
                        let data = TensorData::new(values, it.dims());
                        *it = Tensor::from_data(data, &network.device);
                    }
                    Err(what) => wrong = Some(what),
                }
            });
            if let Some(what) = wrong {
                return Err(fail(what));
            }
            if !is_of(fast, &block.lact.slow)? {
                return Err(fail(
                    "it was kept with other weights of the network. Choose those weights, or \
                     begin the scene anew"
                        .to_owned(),
                ));
            }
        }
        Ok(Self {
            memory,
            network_from_dataset: Normalisation {
                scale: record.scale,
                rotation: DMat3::from_cols_array(&record.rotation),
                translation: DVec3::from_array(record.translation),
            },
            seen: record.seen.into_iter().map(KeptView::of).collect(),
        })
    }

    /// Where the views that were seen are among the dataset's.
    ///
    /// # Errors
    /// [`ModelError::Scene`] where a view is not there, was put elsewhere since, or is held out.
    pub fn find_in(&self, dataset: &Dataset) -> Result<Vec<usize>, ModelError> {
        let indices: HashMap<&str, usize> = dataset
            .views
            .iter()
            .enumerate()
            .map(|(i, it)| (it.name.as_str(), i))
            .collect();
        let all = dataset.name.as_str();
        let fail = |what: String| Err(ModelError::Scene(what));
        let found: Vec<Option<usize>> = self
            .seen
            .iter()
            .map(|it| indices.get(it.name.as_str()).copied())
            .collect();
        let missing = found.iter().filter(|it| it.is_none()).count();
        if let Some(first) = found.iter().position(Option::is_none) {
            return fail(format!(
                "\u{201c}{all}\u{201d} does not have {missing} of the {} photos that the scene was made of, \
                 {} among them. Choose the photos it was made of, or begin the scene anew",
                self.seen.len(),
                self.seen[first].name
            ));
        }
        let found: Vec<usize> = found.into_iter().flatten().collect();
        for (kept, i) in self.seen.iter().zip(&found) {
            let view = &dataset.views[*i];
            if !self.is_close(&kept.c2w, &view.c2w) {
                return fail(format!(
                    "{} has another pose in \u{201c}{all}\u{201d} than when the scene was kept. Choose the poses \
                     it was made with, or begin the scene anew",
                    kept.name
                ));
            }
            if view.split == Split::HeldOut {
                return fail(format!(
                    "{} of \u{201c}{all}\u{201d} was seen, and is held out to measure by now. Hold out the same \
                     photos as then, or begin the scene anew",
                    kept.name
                ));
            }
        }
        Ok(found)
    }

    /// Whether a camera is where it was, as the network sees it: all cameras are within −1 … 1.
    fn is_close(&self, then: &DAffine3, now: &DAffine3) -> bool {
        const TOLERANCE: f64 = 1e-4;
        let [then, now] = [then, now].map(|it| self.network_from_dataset.camera(it));
        then.abs_diff_eq(now, TOLERANCE)
    }

    /// The scene's coordinates.
    pub fn frame(&self) -> SceneFrame {
        SceneFrame {
            network_from_dataset: self.network_from_dataset,
            is_scale_unknown: false,
        }
    }
}

impl KeptView {
    fn record(&self) -> SeenView {
        SeenView {
            name: self.name.clone(),
            c2w: self.c2w.to_cols_array(),
        }
    }

    fn of(record: SeenView) -> Self {
        Self {
            c2w: DAffine3::from_cols_array(&record.c2w),
            name: record.name,
        }
    }
}

/// What keeps a scene of one network from going on with another.
fn mismatch(kept: &ModelConfig, now: &ModelConfig) -> Option<String> {
    let sizes = |it: &ModelConfig| {
        [
            ("layers", it.layers),
            ("dim", it.dim),
            ("fast_inner", it.fast_inner),
        ]
    };
    for ((name, kept), (_, now)) in sizes(kept).into_iter().zip(sizes(now)) {
        if kept != now {
            return Some(format!(
                "it was kept by a network with {name} {kept}, and this one has {now}. Choose the \
                 weights it was made with"
            ));
        }
    }
    if kept.elastic == now.elastic {
        return None;
    }
    Some(match kept.elastic {
        None => {
            "it was kept without the selective update. Switch that off, or begin the scene anew"
                .to_owned()
        }
        Some(kept) => format!(
            "it was kept with the selective update (lambda {}, alpha {}, beta {}). Set it so, or \
             begin the scene anew",
            kept.lambda, kept.alpha, kept.beta
        ),
    })
}

/// The numbers of a tensor of a file, or what is wrong with it.
fn fitting(file: &mut WeightsFile<'_>, name: &str, shape: [usize; 2]) -> Result<Vec<f32>, String> {
    let damaged = |what: String| format!("{name} {what}. The file is damaged: use an older one");
    match file.find(name) {
        None => return Err(damaged("is missing".to_owned())),
        Some(Ok(found)) if found.shape != shape => {
            let found = &found.shape;
            return Err(damaged(format!("is {found:?} where {shape:?} is wanted")));
        }
        Some(_) => {}
    }
    let tensor = file.read(name).map_err(|it| it.to_string())?;
    if !tensor.values.iter().all(|it| it.is_finite()) {
        return Err(damaged("holds what is no number".to_owned()));
    }
    Ok(tensor.values)
}

/// Whether fast weights began at these slow ones. The lengths of their columns are kept, and no
/// two trainings agree in all of them.
fn is_of(fast: &FastWeights, slow: &[Tensor<2>; 3]) -> Result<bool, ModelError> {
    const TOLERANCE: f32 = 1e-3;
    let fresh = FastWeights::new(slow, None);
    for (kept, now) in fast.lengths().iter().zip(fresh.lengths()) {
        let kept = numbers(on_host(kept.clone())?.convert::<f32>())?;
        let now = numbers(on_host(now.clone())?.convert::<f32>())?;
        let differ = |(a, b): (&f32, &f32)| TOLERANCE * a.abs().max(b.abs()) < (a - b).abs();
        if kept.iter().zip(&now).any(differ) {
            return Ok(false);
        }
    }
    Ok(true)
}

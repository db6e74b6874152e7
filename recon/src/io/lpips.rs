//! Finds the weights of LPIPS where the user keeps them.

use std::fs;
use std::path::{Path, PathBuf};

use super::{IoError, Tensors, WeightsFile};
use crate::metrics::{Lpips, LpipsError, LpipsNet};

/// Endings of files with weights.
const ENDINGS: &[&str] = &["pt", "pth", "safetensors"];

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct LpipsFound {
    /// The metrics whose weights are complete, in the order of [`LpipsNet::ALL`].
    pub metrics: Vec<Lpips>,
    /// For each other network: what is missing, in words for a person.
    pub missing: Vec<String>,
}

impl LpipsFound {
    /// The metric with this network, where its weights are there.
    pub fn get(&self, net: LpipsNet) -> Option<&Lpips> {
        self.metrics.iter().find(|it| it.net() == net)
    }
}

/// Looks for weights in a file, or in the `.pth`, `.pt` and `.safetensors` files of a folder:
/// torchvision's `vgg16-….pth` and `alexnet-….pth`, lpips' `vgg.pth` and `alex.pth` in its
/// `weights/v0.1`, or both in one file.
///
/// What a file is, its tensors' shapes tell, not its name. Where both networks lie in a folder,
/// each takes the files that fit it.
///
/// # Errors
/// Where a file or the folder cannot be read.
pub fn open_lpips(path: &Path) -> Result<LpipsFound, IoError> {
    let files = weight_files(path)?;
    let mut tensors = Vec::new();
    for file in files {
        let found = WeightsFile::open(&file)?.read_all(&Lpips::wants);
        tensors.push(found.map_err(|it| IoError::format(&file, it))?);
    }
    let mut found = LpipsFound::default();
    for net in LpipsNet::ALL {
        match assemble(net, &tensors) {
            Ok(it) => found.metrics.push(it),
            Err(it) => found.missing.push(it.to_string()),
        }
    }
    Ok(found)
}

fn weight_files(path: &Path) -> Result<Vec<PathBuf>, IoError> {
    let system = |it| IoError::system(path, it);
    if !fs::metadata(path).map_err(system)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path).map_err(system)? {
        let file = entry.map_err(system)?.path();
        let ending = file.extension().and_then(|it| it.to_str());
        if ending.is_some_and(|it| ENDINGS.contains(&it)) {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}

/// The metric from those files whose tensors fit it.
fn assemble(net: LpipsNet, files: &[Tensors]) -> Result<Lpips, LpipsError> {
    let fitting = files.iter().filter(|it| Lpips::fits(net, it));
    let tensors = fitting
        .flatten()
        .map(|(name, it)| (name.clone(), it.clone()));
    Lpips::new(net, &tensors.collect())
}

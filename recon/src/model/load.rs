//! Networks in files: which network a file holds, reading it, writing it.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::{Path, PathBuf};

use burn::tensor::Device;

use super::decoder::numbers;
use super::device::on_device;
use super::reconstruct::ReconstructConfig;
use super::shipped;
use super::tokens::on_host;
use super::weights::{Ignored, RandomValues, Source, matrix, misfits, prefix};
use super::{ModelConfig, ModelError, Network, Weights};
use crate::io::weights::{Layout, Number, WeightsFile, save};
use crate::io::{FormatError, IoError, parse_settings, read_settings, settings_beside};

/// Where weights come from and what may be done with them, for people.
pub const ORIGIN: &str = "object-small comes with Accrete, under Accrete's own licence: a small \
     network for single objects. The authors of tttLRM publish large ones for whole scenes, \
     dl3dv_full.pt and dl3dv_ar.pt, at https://huggingface.co/chenwang/tttLRM under the Adobe \
     Research License: for non-commercial research only. Accrete downloads none.";

/// Under which the header of our own files keeps the config, as JSON.
const KEY: &str = "accrete.model";

/// Where a network's config was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigFrom {
    /// In the file that was named.
    Given(PathBuf),
    /// In the file beside the weights.
    Beside(PathBuf),
    /// In the header of the weights.
    Header,
    /// It is the one published under this name.
    Published(&'static str),
    /// The shapes of the tensors tell the sizes; the rest is as published.
    Shapes,
}

impl fmt::Display for ConfigFrom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(path) | Self::Beside(path) => write!(f, "read from {}", path.display()),
            Self::Header => f.write_str("read from the header of the weights"),
            Self::Published(name) => write!(f, "that of {name}, told by the shapes and the name"),
            Self::Shapes => f.write_str(
                "told by the shapes of the tensors; image size, frame, scan and depth are those of \
                 dl3dv_full",
            ),
        }
    }
}

/// What a file with weights holds.
#[derive(Clone, Debug)]
pub struct ModelSummary {
    /// What network it is.
    pub config: ModelConfig,
    /// Where that was found.
    pub config_from: ConfigFrom,
    /// Tensors of numbers in the file.
    pub tensors: usize,
    /// Those among them that the network does not know.
    pub ignored: usize,
    /// The kinds of numbers of the others, and how many tensors have each.
    pub numbers: BTreeMap<Number, usize>,
    /// Tensors that are missing or have another shape than wanted, in words; empty where the file
    /// can be used.
    pub wrong: Vec<String>,
}

/// Reads a network. Its config is looked for in the file `config`, else in a `.toml` or `.json`
/// beside the weights and of the same name, else in their header, else told from the shapes.
///
/// # Errors
/// Naming the file that cannot be used; [`ModelError::Weights`] with all tensors that are missing
/// or have another shape.
pub fn load_network(
    weights: &Path,
    config: Option<&Path>,
    device: &Device,
) -> Result<(Network, Ignored), ModelError> {
    let mut file = InFile::open(weights)?;
    let (config, _) = identify(&file, config)?;
    let read = Weights::read(&config, &mut file, device);
    let (weights, ignored) = read.map_err(|it| match it {
        ModelError::Weights(it) => ModelError::Weights(format!("{}: {it}", weights.display())),
        it => it,
    })?;
    Ok((Network::new(config, weights, device.clone()), ignored))
}

/// [`load_network`] on each of several devices, as `settings` run it. Those that are the same
/// share the weights.
///
/// # Errors
/// Those of [`load_network`] and of [`ReconstructConfig::adapt`]; where another machine is lost.
pub fn load_networks(
    weights: &Path,
    config: Option<&Path>,
    devices: &[Device],
    settings: &ReconstructConfig,
) -> Result<(Vec<Network>, Ignored), ModelError> {
    let mut networks: Vec<Network> = Vec::with_capacity(devices.len());
    let mut ignored = Ignored::default();
    for device in devices {
        if let Some(same) = networks.iter().find(|it| it.device == *device) {
            networks.push(same.clone());
            continue;
        }
        let network = on_device(device, || {
            let (network, unknown) = load_network(weights, config, device)?;
            ignored = unknown;
            settings.adapt(network)
        })?;
        networks.push(network);
    }
    Ok((networks, ignored))
}

/// Tells what a file holds, without reading the numbers.
///
/// # Errors
/// Naming the file that cannot be used. Tensors that do not fit are no error here.
pub fn summarise(weights: &Path, config: Option<&Path>) -> Result<ModelSummary, ModelError> {
    let file = InFile::open(weights)?;
    let (config, config_from) = identify(&file, config)?;
    let names = file.names();
    let prefix = prefix(&names);
    let mut numbers = BTreeMap::new();
    let wanted = config.parameters();
    let mut used = 0;
    for (name, _) in &wanted {
        if let Some(Ok(found)) = file.file.find(&format!("{prefix}{name}")) {
            *numbers.entry(found.number).or_insert(0) += 1;
            used += 1;
        }
    }
    Ok(ModelSummary {
        wrong: misfits(&config, &file, prefix),
        config,
        config_from,
        tensors: names.len(),
        ignored: names.len() - used,
        numbers,
    })
}

/// Writes a network as `.safetensors` with its config in the header, in one step. Returns the size
/// in bytes.
///
/// # Errors
/// Naming the file, where it cannot be written; where the device does not give the weights.
pub fn save_network(
    path: &Path,
    config: &ModelConfig,
    weights: &Weights,
    number: Number,
) -> Result<u64, ModelError> {
    let mut all = weights.list().into_iter();
    save(path, &layout(path, config, number)?, &mut |_| {
        let next = all.next().map(|it| numbers(on_host(it)?));
        next.unwrap_or_else(|| Ok(Vec::new()))
    })
}

/// Writes a network that nobody has trained, as [`Weights::random`] makes it.
///
/// # Errors
/// Naming the file, where it cannot be written.
pub fn save_random(
    path: &Path,
    config: &ModelConfig,
    seed: u64,
    number: Number,
) -> Result<u64, ModelError> {
    let mut random = RandomValues::new(seed);
    let layout = layout(path, config, number)?;
    let mut shapes = layout.tensors.iter();
    save(path, &layout, &mut |name| {
        let shape = shapes.next().map_or([0, 0], |(_, shape)| matrix(shape));
        Ok(random.next(name, shape))
    })
}

fn layout(path: &Path, config: &ModelConfig, number: Number) -> Result<Layout, ModelError> {
    config.check()?;
    let text = serde_json::to_string(config);
    let text = text.map_err(|it| {
        ModelError::from(IoError::format(
            path,
            FormatError::Malformed(it.to_string()),
        ))
    })?;
    Ok(Layout {
        tensors: config.parameters(),
        number,
        header: HashMap::from([(KEY.to_owned(), text)]),
    })
}

/// An opened file and its name.
struct InFile<'a> {
    path: &'a Path,
    file: WeightsFile<'static>,
}

impl<'a> InFile<'a> {
    fn open(path: &'a Path) -> Result<Self, ModelError> {
        let file = shipped::open(path)?;
        Ok(Self { path, file })
    }
}

impl Source for InFile<'_> {
    fn names(&self) -> Vec<String> {
        self.file.names().map(str::to_owned).collect()
    }

    fn shape(&self, name: &str) -> Option<Result<Vec<usize>, String>> {
        let found = self.file.find(name)?;
        Some(match found {
            Ok(it) => Ok(it.shape.clone()),
            Err(it) => Err(it.to_string()),
        })
    }

    fn values(&mut self, name: &str) -> Result<Vec<f32>, ModelError> {
        let tensor = self.file.read(name);
        let tensor = tensor.map_err(|it| IoError::format(self.path, it))?;
        if !tensor.values.iter().all(|it| it.is_finite()) {
            let what = format!(
                "{name} holds what is no number. The file is damaged, or its training failed: use \
                 another copy"
            );
            return Err(IoError::format(self.path, FormatError::Malformed(what)).into());
        }
        Ok(tensor.values)
    }
}

/// Which network a file holds, and how that is known.
fn identify(
    file: &InFile<'_>,
    given: Option<&Path>,
) -> Result<(ModelConfig, ConfigFrom), ModelError> {
    let in_file = |path: &Path| -> Result<ModelConfig, ModelError> {
        let config: ModelConfig = read_settings(path)?;
        checked(config, path)
    };
    if let Some(path) = given {
        return Ok((in_file(path)?, ConfigFrom::Given(path.to_owned())));
    }
    if let Some(path) = settings_beside(file.path).filter(|_| !shipped::is_shipped(file.path)) {
        return Ok((in_file(&path)?, ConfigFrom::Beside(path)));
    }
    if let Some(text) = file.file.header(KEY) {
        let config = parse_settings(text, true);
        let config = config.map_err(|it| IoError::format(file.path, it))?;
        return Ok((checked(config, file.path)?, ConfigFrom::Header));
    }
    let name = file.path.file_stem().map(|it| it.to_string_lossy());
    let (config, from) = recognise(file, &name.unwrap_or_default());
    Ok((checked(config, file.path)?, from))
}

fn checked(config: ModelConfig, path: &Path) -> Result<ModelConfig, ModelError> {
    match config.check() {
        Ok(()) => Ok(config),
        Err(ModelError::Config(it)) => Err(ModelError::Config(format!("{}: {it}", path.display()))),
        Err(it) => Err(it),
    }
}

/// The network that has tensors of these shapes. What they do not tell is as published; where one
/// is missing, so is what it would tell.
fn recognise(source: &dyn Source, name: &str) -> (ModelConfig, ConfigFrom) {
    let published = ModelConfig::default();
    let mut config = published.clone();
    let names = source.names();
    let prefix = prefix(&names);
    let shape = |name: &str| source.shape(&format!("{prefix}{name}"))?.ok();
    if let Some([dim, patch]) = shape("tokenizer.1.weight").as_deref() {
        config.dim = *dim;
        config.patch_size = (patch / ModelConfig::INPUT_CHANNELS).isqrt();
    }
    let blocks = format!("{prefix}blocks.");
    let numbers = names.iter().filter_map(|it| {
        let (number, _) = it.strip_prefix(&blocks)?.split_once('.')?;
        number.parse::<usize>().ok()
    });
    config.layers = numbers
        .max()
        .map_or(config.layers, |it| it.saturating_add(1));
    let block = |name: &str| shape(&format!("blocks.0.module_list.{name}"));
    if let Some([head]) = block("0.f.q_norm.weight").as_deref() {
        config.heads = config.dim / head.max(&1);
    }
    if let Some([_, _, hidden]) = block("1.f.w0").as_deref() {
        config.fast_inner = hidden / config.dim.max(1);
    }
    if let Some([hidden, _]) = block("2.f.c_fc.weight").as_deref() {
        config.mlp_inner = hidden / config.dim.max(1);
    }
    if let Some([out, _]) = shape("decoder.1.weight").as_deref() {
        let channels = out / config.patch_size.pow(2).max(1);
        let harmonics = channels.saturating_sub(11) / 3; // depth 3, scale 3, quaternion 4, opacity
        config.sh_degree = harmonics.isqrt().saturating_sub(1) as u32;
    }
    let whole = |size: usize| size - size % config.patch_size.max(1);
    config.image_width = whole(config.image_width);
    config.image_height = whole(config.image_height);
    if config != published {
        return (config, ConfigFrom::Shapes);
    }
    let mut words = name.split(|it: char| !it.is_alphanumeric());
    if words.any(|it| it.eq_ignore_ascii_case("ar")) {
        let config = ModelConfig::autoregressive();
        return (config, ConfigFrom::Published("dl3dv_ar"));
    }
    (config, ConfigFrom::Published("dl3dv_full"))
}

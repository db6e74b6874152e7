//! Networks in files: the published container, other numbers, settings beside them, what is missing.

use std::fs;
use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};

use recon::io::weights::{Layout, Number, save};
use recon::io::{IoError, Tensors, WeightsFile};
use recon::model::{
    ConfigFrom, Device, DeviceChoice, Frame, ModelConfig, ModelError, Scan, Weights, load_network,
    open_device, save_network, save_random, summarise,
};
use tempfile::TempDir;
use tests::test_data;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use crate::model::{golden, parameters};

/// A network small enough to be written in no time.
fn tiny() -> ModelConfig {
    ModelConfig {
        dim: 16,
        layers: 2,
        heads: 2,
        fast_inner: 2,
        mlp_inner: 3,
        patch_size: 4,
        image_width: 24,
        image_height: 16,
        sh_degree: 1,
        ..ModelConfig::default()
    }
}

/// The processor.
fn cpu() -> Device {
    open_device(&DeviceChoice::Cpu, None).unwrap()
}

/// A folder with one random network in it.
struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The tensors of a network that nobody has trained.
    fn random(config: &ModelConfig) -> Tensors {
        let weights = Weights::random(config, 3, &cpu());
        weights.to_tensors(config).unwrap()
    }

    /// Writes tensors without any settings.
    fn write(&self, name: &str, tensors: &Tensors, number: Number) -> PathBuf {
        let path = self.path(name);
        let layout = Layout {
            tensors: tensors
                .iter()
                .map(|(name, it)| (name.clone(), it.shape.clone()))
                .collect(),
            number,
            header: std::collections::HashMap::new(),
        };
        let mut values =
            |name: &str| -> Result<Vec<f32>, IoError> { Ok(tensors[name].values.clone()) };
        save(&path, &layout, &mut values).unwrap();
        path
    }
}

fn refused(weights: &Path, config: Option<&Path>) -> String {
    match load_network(weights, config, &cpu()) {
        Ok(_) => panic!("{} was taken", weights.display()),
        Err(err) => err.to_string(),
    }
}

/// The tensors of a file of `torch.save` whose dictionary is read after `change`.
fn changed_checkpoint(path: &Path, change: impl Fn(Vec<u8>) -> Vec<u8>) -> Vec<u8> {
    let mut from = ZipArchive::new(Cursor::new(fs::read(path).unwrap())).unwrap();
    let mut into = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for i in 0..from.len() {
        let mut file = from.by_index(i).unwrap();
        let name = file.name().unwrap().into_owned();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        if name.ends_with("data.pkl") {
            bytes = change(bytes);
        }
        into.start_file(name, options).unwrap();
        into.write_all(&bytes).unwrap();
    }
    into.finish().unwrap().into_inner()
}

fn replaced(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let at = bytes
        .windows(from.len())
        .position(|it| it == from.as_bytes());
    let at = at.unwrap_or_else(|| panic!("{from} is not there"));
    [&bytes[..at], to.as_bytes(), &bytes[at + from.len()..]].concat()
}

#[test]
fn a_checkpoint_of_pytorch_becomes_a_network() {
    let Some(data) = test_data() else { return };
    let path = data.join("fixtures/tttlrm/l_ckpt_tiny.pt");
    let (network, ignored) = load_network(&path, None, &cpu()).unwrap();
    assert_eq!(ignored.tensors, 2);
    let config = &network.config;
    let sizes = (config.dim, config.layers, config.heads, config.patch_size);
    assert_eq!(sizes, (32, 2, 2, 4));
    assert_eq!(
        (config.fast_inner, config.mlp_inner, config.sh_degree),
        (4, 4, 3)
    );
    let Some(file) = golden("c_ar_8views") else {
        return;
    };
    let ours = network.weights.to_tensors(config).unwrap();
    assert_eq!(ours, parameters(&file, "param/"));
    let summary = summarise(&path, None).unwrap();
    assert_eq!(summary.config_from, ConfigFrom::Shapes);
    assert_eq!((summary.tensors, summary.ignored), (ours.len() + 2, 2));
    assert!(summary.wrong.is_empty());
}

#[test]
fn a_checkpoint_that_lacks_a_tensor_is_refused_by_its_name() {
    let Some(data) = test_data() else { return };
    let whole = data.join("fixtures/tttlrm/l_ckpt_tiny.pt");
    let desk = Desk::new();
    let path = desk.path("without.pt");
    for (name, other) in [
        ("blocks.1.module_list.1.f.w1", "blocks.1.module_list.1.f.x1"),
        ("decoder.1.weight", "decoder.1.weighs"),
        ("input_layernorm.weight", "input_layernorm.weighs"),
    ] {
        let bytes = changed_checkpoint(&whole, |it| replaced(&it, name, other));
        fs::write(&path, bytes).unwrap();
        let error = refused(&path, None);
        assert!(error.contains(&format!("{name} [")), "{error}");
        assert!(
            error.contains("is missing") && error.contains("without.pt"),
            "{error}"
        );
        let summary = summarise(&path, None).unwrap();
        assert_eq!((summary.wrong.len(), summary.ignored), (1, 3), "{name}");
    }
}

#[test]
fn a_tensor_of_another_shape_is_named_with_both_shapes() {
    let desk = Desk::new();
    let mut tensors = Desk::random(&tiny());
    let changed = tensors
        .get_mut("blocks.0.module_list.0.f.k_norm.weight")
        .unwrap();
    changed.shape = vec![4, 2];
    tensors.remove("blocks.1.module_list.2.ln.weight").unwrap();
    let path = desk.write("odd.safetensors", &tensors, Number::F32);
    let error = refused(&path, None);
    for words in [
        "blocks.0.module_list.0.f.k_norm.weight is [4, 2] where [8] is wanted",
        "blocks.1.module_list.2.ln.weight [16] is missing",
        "odd.safetensors",
        "--model",
    ] {
        assert!(error.contains(words), "{words}: {error}");
    }
}

#[test]
fn every_kind_of_number_is_read() {
    let desk = Desk::new();
    let config = tiny();
    let tensors = Desk::random(&config);
    for (number, tolerance) in [
        (Number::F64, 0.0),
        (Number::F32, 0.0),
        (Number::F16, 5e-4),
        (Number::Bf16, 4e-3),
    ] {
        let path = desk.write("kind.safetensors", &tensors, number);
        let (network, ignored) = load_network(&path, None, &cpu()).unwrap();
        assert_eq!(ignored.tensors, 0);
        let read = network.weights.to_tensors(&config).unwrap();
        for (name, tensor) in &tensors {
            for (a, b) in tensor.values.iter().zip(&read[name].values) {
                // Half precision has steps of 6e-8 near zero.
                assert!(
                    (a - b).abs() <= tolerance * a.abs() + tolerance * 1e-3,
                    "{name}: {a} {b}"
                );
            }
        }
    }
}

#[test]
fn names_may_begin_with_words_of_the_program_that_trained() {
    let desk = Desk::new();
    let config = tiny();
    let tensors = Desk::random(&config);
    let mut named = Tensors::new();
    for (name, tensor) in &tensors {
        named.insert(format!("module.{name}"), tensor.clone());
        // An average that is not asked for.
        let mut other = tensor.clone();
        other.values.fill(9.0);
        named.insert(format!("averages.module.{name}"), other);
    }
    let path = desk.write("named.safetensors", &named, Number::F32);
    let (network, ignored) = load_network(&path, None, &cpu()).unwrap();
    assert_eq!(ignored.tensors, tensors.len());
    assert_eq!(network.weights.to_tensors(&config).unwrap(), tensors);
}

#[test]
fn a_network_is_what_it_was_when_it_was_saved() {
    let desk = Desk::new();
    let config = ModelConfig {
        scan: Scan::Autoregressive,
        chunk_views: 3,
        ..tiny()
    };
    let path = desk.path("saved.safetensors");
    let weights = Weights::random(&config, 5, &cpu());
    let bytes = save_network(&path, &config, &weights, Number::F32).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().len(), bytes);
    let (network, _) = load_network(&path, None, &cpu()).unwrap();
    assert_eq!(network.config, config);
    let tensors = weights.to_tensors(&config).unwrap();
    assert_eq!(network.weights.to_tensors(&config).unwrap(), tensors);
    // Random weights written at once are the same as those made in memory.
    let other = desk.path("other.safetensors");
    save_random(&other, &config, 5, Number::F32).unwrap();
    assert_eq!(fs::read(&other).unwrap(), fs::read(&path).unwrap());
    save_random(&other, &config, 6, Number::F32).unwrap();
    assert_ne!(fs::read(&other).unwrap(), fs::read(&path).unwrap());
    let halves = save_random(&other, &config, 5, Number::F16).unwrap();
    assert!(halves < bytes * 6 / 10);
}

#[test]
fn settings_are_looked_for_in_order() {
    let desk = Desk::new();
    let config = tiny();
    let tensors = Desk::random(&config);
    // Nothing but shapes: the size of photos is not told by them.
    let path = desk.write("net.safetensors", &tensors, Number::F32);
    let from = |given: Option<&Path>| {
        let summary = summarise(&path, given).unwrap();
        assert!(summary.wrong.is_empty(), "{:?}", summary.wrong);
        (summary.config.image_width, summary.config_from)
    };
    assert_eq!(from(None), (960, ConfigFrom::Shapes));
    let told = summarise(&path, None).unwrap().config;
    let with_size = ModelConfig {
        image_width: 24,
        image_height: 16,
        ..told
    };
    assert_eq!(with_size, config);
    let weights = Weights::random(&config, 3, &cpu());
    save_network(&path, &config, &weights, Number::F32).unwrap();
    assert_eq!(from(None), (24, ConfigFrom::Header));
    let sizes = "dim = 16\nlayers = 2\nheads = 2\nfast_inner = 2\nmlp_inner = 3\npatch_size = 4\n\
                 sh_degree = 1\nscan = \"autoregressive\"\nframe = \"first_cam\"\n";
    let beside = desk.path("net.toml");
    fs::write(&beside, format!("{sizes}image_width = 32\n")).unwrap();
    assert_eq!(from(None), (32, ConfigFrom::Beside(beside)));
    let given = desk.path("mine.toml");
    fs::write(&given, format!("{sizes}image_width = 40\n")).unwrap();
    assert_eq!(from(Some(&given)), (40, ConfigFrom::Given(given.clone())));
    let (network, _) = load_network(&path, Some(&given), &cpu()).unwrap();
    assert_eq!(network.config.frame, Frame::FirstCam);
    let json = desk.path("mine.json");
    let mut text = serde_json::to_value(&config).unwrap();
    text["image_width"] = 48.into();
    fs::write(&json, text.to_string()).unwrap();
    assert_eq!(from(Some(&json)), (48, ConfigFrom::Given(json.clone())));
}

/// A file of the published size takes no room where its numbers are a hole.
#[test]
fn the_published_networks_are_known_by_shapes_and_name() {
    let desk = Desk::new();
    let published = ModelConfig::default().parameters();
    let mut end = 0;
    let mut header = serde_json::Map::new();
    for (name, shape) in &published {
        let begin = end;
        end += 2 * shape.iter().product::<usize>() as u64;
        let about =
            serde_json::json!({"dtype": "F16", "shape": shape, "data_offsets": [begin, end]});
        header.insert(format!("model.{name}"), about);
    }
    let header = serde_json::Value::from(header).to_string();
    let length = (header.len() as u64).to_le_bytes();
    for (name, config, known) in [
        ("dl3dv_full.pt", ModelConfig::default(), "dl3dv_full"),
        ("dl3dv_ar.pt", ModelConfig::autoregressive(), "dl3dv_ar"),
        ("scarred.safetensors", ModelConfig::default(), "dl3dv_full"),
    ] {
        let path = desk.path(name);
        let mut file = fs::File::create(&path).unwrap();
        file.write_all(&[&length, header.as_bytes()].concat())
            .unwrap();
        file.set_len(8 + header.len() as u64 + end).unwrap();
        drop(file);
        let summary = summarise(&path, None).unwrap();
        assert_eq!(summary.config, config, "{name}");
        assert_eq!(summary.config_from, ConfigFrom::Published(known), "{name}");
        assert!(summary.wrong.is_empty());
        assert_eq!((summary.tensors, summary.ignored), (412, 0));
        assert_eq!(summary.numbers[&Number::F16], 412);
        fs::remove_file(path).unwrap();
    }
}

#[test]
fn what_is_no_network_is_named_and_never_a_panic() {
    let desk = Desk::new();
    let path = desk.path("net.safetensors");
    assert!(refused(&path, None).contains("net.safetensors"));
    for bytes in [&b""[..], b"PK\x03\x04", b"{}", &[0xff; 64], &[0; 64]] {
        fs::write(&path, bytes).unwrap();
        assert!(refused(&path, None).contains("net.safetensors"));
    }
    save_random(&path, &tiny(), 1, Number::F32).unwrap();
    let whole = fs::read(&path).unwrap();
    for len in [7, 8, 100, whole.len() / 2, whole.len() - 1] {
        fs::write(&path, &whole[..len]).unwrap();
        assert!(refused(&path, None).contains("net.safetensors"), "{len}");
    }
    fs::write(&path, &whole).unwrap();
    let config = desk.path("wrong.toml");
    for (text, words) in [
        ("dim = 16\nwidth = 3\n", "line 2"),
        ("dim = \"large\"", "line 1"),
        ("dim = 0", "dim is 0"),
        ("heads = 7", "heads"),
        ("dim = 32\nheads = 4", "is wanted"),
        ("[[[", "line 1"),
    ] {
        fs::write(&config, text).unwrap();
        let error = refused(&path, Some(&config));
        assert!(error.contains(words), "{text}: {error}");
        assert!(
            error.contains(".toml") || error.contains("net."),
            "{text}: {error}"
        );
    }
    // Shapes that no network has, under its names.
    let tensors = Desk::random(&tiny()).into_iter().map(|(name, mut it)| {
        it.shape = vec![it.values.len()];
        (name, it)
    });
    let flat = desk.write("flat.safetensors", &tensors.collect(), Number::F32);
    assert!(refused(&flat, None).contains("is wanted"));
    let none = desk.write("none.safetensors", &Tensors::new(), Number::F32);
    let error = refused(&none, None);
    assert!(error.contains("tokenizer.1.weight"), "{error}");
    assert!(matches!(
        save_random(
            &desk.path("x.safetensors"),
            &ModelConfig { dim: 0, ..tiny() },
            1,
            Number::F32
        ),
        Err(ModelError::Config(_))
    ));
}

/// Tensors come one at a time, in any order and as often as wanted, and share what they share.
#[test]
fn a_file_is_read_tensor_by_tensor() {
    let desk = Desk::new();
    let tensors = Desk::random(&tiny());
    let path = desk.write("net.safetensors", &tensors, Number::F32);
    let mut file = WeightsFile::open(&path).unwrap();
    assert_eq!(file.len(), tensors.len());
    for (name, expected) in tensors.iter().rev() {
        assert_eq!(&file.read(name).unwrap(), expected);
        assert_eq!(&file.read(name).unwrap(), expected);
    }
    assert!(file.read("absent").is_err());
    let Some(data) = test_data() else { return };
    let mut file = WeightsFile::open(&data.join("fixtures/tttlrm/l_ckpt_tiny.pt")).unwrap();
    let whole = file.read_all(&|_| true).unwrap();
    for (name, expected) in whole.iter().rev() {
        assert_eq!(&file.read(name).unwrap(), expected);
    }
}

//! Files with weights, as PyTorch and safetensors write them, whole and damaged.

use std::collections::BTreeMap;
use std::io::{Cursor, Write};

use recon::io::{self, Tensor, Tensors as Weights, weights};
use recon::metrics::LpipsNet;
use safetensors::tensor::{Dtype, TensorView};
use tests::fixtures::Tensors;
use tests::test_data;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::lpips::hash_weights;

fn few() -> Weights {
    let tensor = |shape: &[usize], first: f32| Tensor {
        shape: shape.to_vec(),
        values: (0..shape.iter().product())
            .map(|i| first + i as f32 / 8.0)
            .collect(),
    };
    Weights::from([
        ("features.0.bias".to_owned(), tensor(&[5], -1.0)),
        ("features.0.weight".to_owned(), tensor(&[2, 3, 1, 2], 4.0)),
        ("scalar".to_owned(), tensor(&[], 7.0)),
    ])
}

fn safetensors(weights: &Weights) -> Vec<u8> {
    let bytes: BTreeMap<&str, Vec<u8>> = weights
        .iter()
        .map(|(name, it)| (&**name, bytemuck::cast_slice(&it.values).to_vec()))
        .collect();
    let views = weights.iter().map(|(name, it)| {
        let view = TensorView::new(Dtype::F32, it.shape.clone(), &bytes[&**name]).unwrap();
        (name.clone(), view)
    });
    safetensors::serialize(views, None).unwrap()
}

/// A string, a number and a tuple of numbers as Python pickles them.
fn text(it: &str) -> Vec<u8> {
    [&b"X"[..], &(it.len() as u32).to_le_bytes(), it.as_bytes()].concat()
}

fn number(it: usize) -> Vec<u8> {
    [&b"J"[..], &(it as i32).to_le_bytes()].concat()
}

fn tuple(it: &[usize]) -> Vec<u8> {
    let numbers: Vec<u8> = it.iter().flat_map(|it| number(*it)).collect();
    [&b"("[..], &numbers, b"t"].concat()
}

/// The pickle of an ordered dictionary of tensors, each with a storage of its own.
///
/// The older form has one more entry per storage, and gives the dictionary as the list of pairs
/// that Python 2 made of it.
fn pickled(weights: &Weights, is_older: bool) -> Vec<u8> {
    let mut bytes = b"\x80\x02ccollections\nOrderedDict\nq\x00".to_vec();
    bytes.extend(if is_older {
        &b"]q\x01("[..]
    } else {
        b")Rq\x01("
    });
    for (i, (name, tensor)) in weights.iter().enumerate() {
        let mut strides = vec![1; tensor.shape.len()];
        for axis in (1..strides.len()).rev() {
            strides[axis - 1] = strides[axis] * tensor.shape[axis];
        }
        if is_older {
            bytes.extend(b"](");
        }
        bytes.extend(text(name));
        bytes.extend(b"ctorch._utils\n_rebuild_tensor_v2\n((");
        bytes.extend(text("storage"));
        bytes.extend(b"ctorch\nFloatStorage\n");
        bytes.extend(text(&i.to_string()));
        bytes.extend(text("cpu"));
        bytes.extend(number(tensor.values.len()));
        bytes.extend(if is_older { &b"NtQ"[..] } else { b"tQ" });
        bytes.extend([number(0), tuple(&tensor.shape), tuple(&strides)].concat());
        bytes.extend(b"\x89h\x00)RtR");
        if is_older {
            bytes.extend(b"e");
        }
    }
    bytes.extend(if is_older { &b"e\x85R}"[..] } else { b"u}" });
    bytes.extend([text("_metadata"), b"h\x00)Rsb.".to_vec()].concat());
    bytes
}

fn zipped(weights: &Weights) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let mut file = |name: String, bytes: &[u8]| {
        zip.start_file(name, options).unwrap();
        zip.write_all(bytes).unwrap();
    };
    file("archive/data.pkl".to_owned(), &pickled(weights, false));
    for (i, tensor) in weights.values().enumerate() {
        let bytes = bytemuck::cast_slice(&tensor.values);
        file(format!("archive/data/{i}"), bytes);
    }
    zip.finish().unwrap().into_inner()
}

fn older(weights: &Weights) -> Vec<u8> {
    let mut bytes =
        b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}q\x01.".to_vec();
    bytes.extend(pickled(weights, true));
    let keys = (0..weights.len()).flat_map(|i| text(&i.to_string()));
    bytes.extend([b"\x80\x02]q\x01(".to_vec(), keys.collect(), b"e.".to_vec()].concat());
    for tensor in weights.values() {
        bytes.extend((tensor.values.len() as u64).to_le_bytes());
        bytes.extend::<&[u8]>(bytemuck::cast_slice(&tensor.values));
    }
    bytes
}

/// The same weights in every form that is read.
fn forms(weights: &Weights) -> [(&'static str, Vec<u8>); 3] {
    [
        ("safetensors", safetensors(weights)),
        ("zip", zipped(weights)),
        ("older", older(weights)),
    ]
}

#[test]
fn every_form_gives_the_same_tensors() {
    let expected = few();
    for (form, bytes) in forms(&expected) {
        let all = weights::read(&bytes, &|_| true).unwrap_or_else(|it| panic!("{form}: {it}"));
        assert_eq!(all, expected, "{form}");
        let some = weights::read(&bytes, &|name| name.ends_with("bias")).unwrap();
        assert_eq!(
            some.keys().collect::<Vec<_>>(),
            ["features.0.bias"],
            "{form}"
        );
    }
}

#[test]
fn a_file_cut_anywhere_is_an_error_and_never_a_panic() {
    for (form, bytes) in forms(&few()) {
        for len in 0..bytes.len() {
            assert!(
                weights::read(&bytes[..len], &|_| true).is_err(),
                "{form} {len}"
            );
        }
    }
}

#[test]
fn a_damaged_file_never_panics() {
    for (_, bytes) in forms(&few()) {
        let mut survived = 0;
        for at in 0..bytes.len() {
            for value in [0, 0x28, 0x52, 0x7f, 0xff, bytes[at] ^ 1] {
                let mut bytes = bytes.clone();
                bytes[at] = value;
                survived += usize::from(weights::read(&bytes, &|_| true).is_ok());
            }
        }
        assert!(0 < survived);
    }
}

/// What a checkpoint of PyTorch holds is what the original's tensors are.
#[test]
fn a_real_checkpoint_is_read() {
    let Some(data) = test_data() else { return };
    let data = data.join("fixtures/tttlrm");
    let bytes = std::fs::read(data.join("l_ckpt_tiny.pt")).unwrap();
    let found = weights::read(&bytes, &|_| true).unwrap();
    let golden = Tensors::open(&data.join("c_ar_8views.safetensors"));
    let mut compared = 0;
    for name in golden.names() {
        let Some(plain) = name.strip_prefix("param/") else {
            continue;
        };
        let tensor = &found[&format!("model.{plain}")];
        assert_eq!(tensor.shape, golden.shape(&name), "{name}");
        assert_eq!(tensor.values, golden.f32s(&name), "{name}");
        compared += 1;
    }
    assert!(30 < compared, "{compared}");
}

#[test]
fn a_folder_of_weights_gives_the_metrics_that_are_complete() {
    let folder = tempfile::tempdir().unwrap();
    let write =
        |name: &str, bytes: Vec<u8>| std::fs::write(folder.path().join(name), bytes).unwrap();
    let halves = |net| {
        hash_weights(net)
            .into_iter()
            .partition::<Weights, _>(|(name, _)| name.starts_with("lin"))
    };
    let found = io::open_lpips(folder.path()).unwrap();
    assert!(found.metrics.is_empty());
    assert!(
        found.missing[0].contains("features.0.weight"),
        "{:?}",
        found.missing
    );

    let (heads, backbone) = halves(LpipsNet::Alex);
    write("alex.pth", older(&heads));
    write("alexnet-owt.pth", zipped(&backbone));
    write("vgg.pth", older(&halves(LpipsNet::Vgg).0));
    write("read me.txt", Vec::new());
    let found = io::open_lpips(folder.path()).unwrap();
    assert!(found.get(LpipsNet::Alex).is_some());
    assert!(found.get(LpipsNet::Vgg).is_none());
    assert_eq!(found.missing.len(), 1);

    let whole = folder.path().join("both.safetensors");
    std::fs::write(&whole, safetensors(&hash_weights(LpipsNet::Alex))).unwrap();
    assert!(
        io::open_lpips(&whole)
            .unwrap()
            .get(LpipsNet::Alex)
            .is_some()
    );
    assert!(io::open_lpips(&folder.path().join("absent")).is_err());
}

//! What is kept of a scene: it goes on from a file, and no other network takes it.

use burn::tensor::Device;
use recon::dataset::normalise::Normalisation;
use recon::model::{Elastic, KeptScene, KeptView, Network, Stream, Weights};

use super::{go_on, load, memories_close, network};

fn seen(name: &str) -> KeptView {
    KeptView {
        name: name.to_owned(),
        c2w: glam::DAffine3::from_rotation_y(0.3),
    }
}

#[test]
fn a_scene_is_kept_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kept").join("scene.safetensors");
    for elastic in [None, Some(Elastic::default())] {
        let network = network(elastic, 8);
        let mut stream = Stream::new(&network);
        stream.push(&mut load(&network, 0..2), &mut go_on).unwrap();
        let kept = KeptScene {
            memory: stream.memory().clone(),
            network_from_dataset: Normalisation {
                scale: 0.3,
                translation: glam::DVec3::new(0.1, 0.2, -1e-7),
                ..Normalisation::default()
            },
            seen: ["a.jpg", "b.jpg"].map(seen).to_vec(),
        };
        let bytes = kept.save(&network, &path).unwrap();
        assert_eq!(bytes, std::fs::metadata(&path).unwrap().len());
        let opened = KeptScene::open(&network, &path).unwrap();
        assert_eq!(opened.seen, kept.seen);
        assert_eq!(opened.network_from_dataset, kept.network_from_dataset);
        memories_close("kept", &opened.memory, &kept.memory, 0.0);
        let mut resumed = Stream::resume(&network, opened.memory);
        for stream in [&mut stream, &mut resumed] {
            stream.push(&mut load(&network, 2..4), &mut go_on).unwrap();
        }
        memories_close("resumed", resumed.memory(), stream.memory(), 0.0);
    }
}

#[test]
fn a_scene_of_another_network_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scene.safetensors");
    let own = network(Some(Elastic::default()), 9);
    let kept = KeptScene {
        memory: own.begin(),
        network_from_dataset: Normalisation::default(),
        seen: Vec::new(),
    };
    kept.save(&own, &path).unwrap();
    let refused = |network: &Network, word: &str| {
        let error = KeptScene::open(network, &path).unwrap_err().to_string();
        assert!(
            error.contains(word) && error.contains("scene.safetensors"),
            "{error}"
        );
    };
    KeptScene::open(&own, &path).unwrap();
    refused(&network(Some(Elastic::default()), 10), "other weights");
    refused(&network(None, 9), "with the selective update (lambda 0.05");
    let mut deeper = own.config.clone();
    deeper.layers = 3;
    let weights = Weights::random(&deeper, 9, &Device::flex());
    refused(&Network::new(deeper, weights, Device::flex()), "layers 2");

    // Damage.
    let mut cut = own.begin();
    cut[1].replace(&mut |name, it| {
        if name == "anchor.w1" {
            *it = it.clone() * f32::NAN;
        }
    });
    KeptScene {
        memory: cut,
        ..kept.clone()
    }
    .save(&own, &path)
    .unwrap();
    refused(&own, "layers.1.anchor.w1 holds what is no number");
    let cut = own.begin().into_iter().take(1).collect();
    KeptScene {
        memory: cut,
        ..kept
    }
    .save(&own, &path)
    .unwrap();
    refused(&own, "layers.1.");
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 4]).unwrap();
    refused(&own, "Copy or download it again");
}

//! Training: gradients against finite differences, what a few steps teach, checkpoints.

use recon::io::IoError;
use recon::io::weights::{Layout, Number, save};
use recon::model::stereo::Stereo;
use recon::model::{DepthRange, Device, Frame, ModelConfig, Network, Prune, Weights, has_half};
use recon::train::{
    Aim, Descent, Drawing, Economy, Example, Objective, Perceptual, Scenes, Shape, Stage,
    TrainConfig, Training, learn, tracked,
};
use tests::gpu;

/// A network for pictures of 32 × 32 that learns something within seconds.
fn tiny() -> ModelConfig {
    ModelConfig {
        dim: 32,
        layers: 2,
        heads: 2,
        fast_inner: 2,
        mlp_inner: 2,
        patch_size: 8,
        image_width: 32,
        image_height: 32,
        sh_degree: 0,
        frame: Frame::Focused,
        depth: DepthRange::Relative { most: 2.0 },
        from_pixels: true,
        stereo: Some(Stereo {
            planes: 8,
            ..Stereo::default()
        }),
        pixel_head: 8,
        log_scale_bias: -0.5,
        max_log_scale: 2.0,
        opacity_bias: 0.0,
        prune: Prune {
            keep: 0.0,
            ..Prune::default()
        },
        ..ModelConfig::default()
    }
}

fn config(steps: u32) -> TrainConfig {
    TrainConfig {
        model: tiny(),
        seed: 3,
        stages: vec![Stage {
            steps,
            side: 32,
            batch: 2,
            inputs: [2, 4],
            targets: 2,
            causal: 0.25,
        }],
        scenes: Scenes::default(),
        objective: Objective::default(),
        descent: Descent {
            rate: 3e-3,
            warm_up: 5,
            average: 0.9,
            ..Descent::default()
        },
        evaluated_scenes: 3,
        ..TrainConfig::default()
    }
}

/// Along the gradient of all parameters together the loss changes as the gradient says: through
/// the network, the decoder, the rasteriser and the pictures' loss.
#[test]
fn gradients_are_those_of_finite_differences() {
    let Some(gpu) = gpu::gpu() else { return };
    let objective = Objective::default();
    for (chunk, scale_invariance) in [(None, 0.0), (Some(1), 0.5)] {
        let objective = Objective {
            scale_invariance,
            ..objective
        };
        let weights = Weights::random(&tiny(), 5, &Device::flex());
        let network = Network::new(tiny(), weights, Device::flex());
        let shape = Shape {
            side: 32,
            inputs: 2,
            targets: 2,
            chunk,
        };
        let example = Example::held_out(7, shape, Frame::Focused);
        let mut drawing = Drawing::new(gpu).unwrap();
        let aim = Aim {
            objective: &objective,
            perceptual: None,
        };
        let mut total = |network: &Network| {
            let tracked = tracked(network, 32, Economy::default(), &network.device);
            let (losses, gradients) = learn(&tracked, &example, (gpu, &mut drawing), aim).unwrap();
            (f64::from(losses.total(&objective)), gradients)
        };
        let (_, gradients) = total(&network);
        let squares = gradients.iter().map(|it| it.clone().square().sum());
        let squares: f32 = squares.map(|it| it.into_scalar::<f32>()).sum();
        let length = f64::from(squares.sqrt());
        assert!(0.0 < length && length.is_finite());
        let step = 5e-4 / length;
        let moved = |by: f64| {
            let mut network = network.clone();
            let mut at = 0;
            network.weights.visit(&mut |_, it| {
                *it = it.clone() + gradients[at].clone() * by;
                at += 1;
            });
            network
        };
        let ends = [step, -step].map(|by| total(&moved(by)).0);
        let found = (ends[0] - ends[1]) / (2.0 * step);
        let expected = length * length;
        assert!(
            (found - expected).abs() < 0.05 * expected,
            "chunk {chunk:?}: {found} along the gradient, {expected} expected"
        );
    }
}

/// What the app ships is made this way: a few dozen steps are worth a decibel on scenes that were
/// never trained on.
#[test]
fn a_few_steps_teach_something() {
    let Some(gpu) = gpu::gpu() else { return };
    let mut training = Training::new(config(60), gpu, Device::flex()).unwrap();
    let (before, _) = training.evaluate(gpu).unwrap();
    while !training.is_done() {
        training.step(gpu).unwrap();
    }
    let (after, sheet) = training.evaluate(gpu).unwrap();
    assert!(sheet.picture().is_some());
    for (before, after) in before.rows.iter().zip(&after.rows) {
        println!(
            "{} views: {:.2} to {:.2} dB",
            before.inputs, before.psnr, after.psnr
        );
    }
    let mean = |it: &recon::train::Evaluation| {
        it.rows.iter().map(|it| it.psnr).sum::<f64>() / it.rows.len() as f64
    };
    assert!(mean(&before) + 1.0 < mean(&after), "{before:?} {after:?}");
    assert_eq!(training.counts().scenes, 120);
}

#[test]
fn a_checkpoint_goes_on_where_it_was() {
    let Some(gpu) = gpu::gpu() else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint.safetensors");
    let mut training = Training::new(config(8), gpu, Device::flex()).unwrap();
    for _ in 0..3 {
        training.step(gpu).unwrap();
    }
    training.save(&path).unwrap();
    let mut resumed = Training::resume(&path, None, gpu, Device::flex()).unwrap();
    assert_eq!(resumed.counts(), training.counts());
    for _ in 0..2 {
        let (a, b) = (training.step(gpu).unwrap(), resumed.step(gpu).unwrap());
        assert_eq!((a.step, a.rate), (b.step, b.rate));
        // Sums over pixels come in any order on a GPU.
        assert!((a.total - b.total).abs() < 1e-4 * a.total, "{a:?} {b:?}");
    }
    let mut other = config(8);
    other.model.layers = 3;
    let error = Training::resume(&path, Some(other), gpu, Device::flex()).unwrap_err();
    assert!(error.to_string().contains("other parameters"), "{error}");
    std::fs::write(&path, b"none").unwrap();
    let error = Training::resume(&path, None, gpu, Device::flex()).unwrap_err();
    assert!(
        error.to_string().contains("checkpoint.safetensors"),
        "{error}"
    );
}

/// What is computed again, or in half precision, comes to the same direction.
#[test]
fn saving_memory_changes_no_gradient() {
    let Some(gpu) = gpu::gpu() else { return };
    let weights = Weights::random(&tiny(), 5, &Device::flex());
    let network = Network::new(tiny(), weights, Device::flex());
    let shape = Shape {
        side: 32,
        inputs: 2,
        targets: 1,
        chunk: None,
    };
    let example = Example::held_out(3, shape, Frame::Focused);
    let objective = Objective::default();
    let gradient = |economy: Economy| -> Vec<f32> {
        let aim = Aim {
            objective: &objective,
            perceptual: None,
        };
        let tracked = tracked(&network, 32, economy, &network.device);
        let mut drawing = Drawing::new(gpu).unwrap();
        let (_, found) = learn(&tracked, &example, (gpu, &mut drawing), aim).unwrap();
        let values = found
            .into_iter()
            .map(|it| it.into_data().try_into_vec::<f32>().unwrap());
        values.flatten().collect()
    };
    let plain = gradient(Economy::default());
    let off = |economy: Economy| {
        let other = gradient(economy);
        let length = |it: &[f32]| it.iter().map(|it| it * it).sum::<f32>().sqrt();
        let apart: Vec<f32> = plain.iter().zip(&other).map(|(a, b)| a - b).collect();
        length(&apart) / length(&plain)
    };
    let checkpointing = Economy {
        checkpointing: true,
        ..Economy::default()
    };
    assert!(off(checkpointing) < 1e-3);
    if has_half(&Device::flex()) {
        let half = Economy {
            half: true,
            ..Economy::default()
        };
        let off = off(half);
        assert!(0.0 < off && off < 0.1, "{off}");
    }
}

/// Weights of a network built as VGG-19, with few channels.
fn small_vgg(path: &std::path::Path, without: Option<&str>) {
    let numbers = [0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30];
    let mut channels = 3;
    let mut tensors = Vec::new();
    for number in numbers {
        tensors.push((format!("features.{number}.weight"), vec![4, channels, 3, 3]));
        tensors.push((format!("features.{number}.bias"), vec![4]));
        channels = 4;
    }
    tensors.retain(|(name, _)| Some(name.as_str()) != without);
    let layout = Layout {
        tensors: tensors.clone(),
        number: Number::F32,
        header: Default::default(),
    };
    let mut seed = 1_u32;
    let mut random = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    save::<IoError>(path, &layout, &mut |name| {
        let (_, shape) = tensors.iter().find(|it| it.0 == name).unwrap();
        let count = shape.iter().product();
        Ok((0..count).map(|_| 0.6 * random()).collect())
    })
    .unwrap();
}

#[test]
fn the_perceptual_term_has_its_gradient() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vgg19.safetensors");
    small_vgg(&path, None);
    let perceptual = Perceptual::open(&path, &Device::flex()).unwrap();
    let (width, height) = (24, 18);
    let picture = |phase: f32| -> Vec<[f32; 3]> {
        let wave = |i: usize, k: usize| 0.5 + 0.4 * (phase + i as f32 * 0.37 + k as f32).sin();
        (0..width * height)
            .map(|i| [wave(i, 0), wave(i, 1), wave(i, 2)])
            .collect()
    };
    let (seen, wanted) = (picture(0.0), picture(0.8));
    let (same, _) = perceptual.compare(&wanted, &wanted, width).unwrap();
    assert_eq!(same, 0.0);
    let (value, slopes) = perceptual.compare(&seen, &wanted, width).unwrap();
    assert!(0.1 < value);
    // Along the gradient the term changes as it says.
    let squares: f32 = slopes.iter().map(|it| it * it).sum();
    let pixels = width * height;
    let ends = [1.0, -1.0].map(|sign: f32| {
        let step = sign * 2e-3 / squares.sqrt();
        let moved: Vec<[f32; 3]> = (0..pixels)
            .map(|i| [0, 1, 2].map(|k| seen[i][k] + step * slopes[k * pixels + i]))
            .collect();
        perceptual.compare(&moved, &wanted, width).unwrap().0
    });
    let found = (ends[0] - ends[1]) / 4e-3;
    let expected = squares.sqrt();
    assert!(
        (found - expected).abs() < 0.05 * expected,
        "{found} {expected}"
    );

    small_vgg(&path, Some("features.12.bias"));
    let error = Perceptual::open(&path, &Device::flex()).unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("features.12.bias") && text.contains("vgg19"),
        "{text}"
    );
}

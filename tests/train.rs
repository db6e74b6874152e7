//! Training: gradients against finite differences, what a few steps teach, checkpoints.

use recon::model::{DepthRange, Device, Frame, ModelConfig, Network, Prune, Weights};
use recon::train::{
    Descent, Drawing, Example, Objective, Scenes, Shape, Stage, TrainConfig, Training, learn,
    tracked,
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
        let mut total = |network: &Network| {
            let network = tracked(network, 32);
            let (losses, gradients) =
                learn(&network, &example, (gpu, &mut drawing), &objective).unwrap();
            (f64::from(losses.total(&objective)), gradients)
        };
        let (_, gradients) = total(&network);
        let squares = gradients.iter().map(|it| it.clone().square().sum());
        let squares: f32 = squares.map(|it| it.into_scalar::<f32>()).sum();
        let length = f64::from(squares.sqrt());
        assert!(0.0 < length && length.is_finite());
        let step = 2e-3 / length;
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

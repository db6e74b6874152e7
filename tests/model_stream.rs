//! Causal streaming, what is kept of a scene, ranks that share a sequence, and small budgets.

/// What is kept of a scene.
mod kept;
/// Whoever shares the device has its turn.
mod turns;

use std::ops::ControlFlow;
use std::path::Path;

use burn::tensor::{Device, Tensor};
use glam::{Affine3A, Mat4, Quat, Vec3};
use recon::io::weights;
use recon::model::newton_schulz::Precision;
use recon::model::rays::NetworkCamera;
use recon::model::{
    Budget, Elastic, ModelConfig, ModelError, Network, Op, Scan, SceneMemory, Stream, Tokens,
    Weights, decoder, operations,
};
use recon::worker::{Sequence, on_ranks, run_shared};
use tests::fixtures;

fn go_on(_: u64, _: u64) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn values<const D: usize>(it: Tensor<D>) -> Vec<f32> {
    it.into_data().try_into_vec::<f32>().unwrap()
}

/// ‖a − b‖ / ‖b‖.
fn relative(a: &[f32], b: &[f32]) -> f64 {
    assert_eq!(a.len(), b.len());
    let sum = |it: &mut dyn Iterator<Item = f64>| it.map(|it| it * it).sum::<f64>();
    let difference = sum(&mut a.iter().zip(b).map(|(a, b)| f64::from(a - b)));
    let length = sum(&mut b.iter().map(|it| f64::from(*it)));
    (difference / length).sqrt()
}

fn close(what: &str, a: &[f32], b: &[f32], most: f64) {
    let error = relative(a, b);
    println!("{what}: {error:.1e}");
    assert!(error <= most, "{what}: {error:.1e} is more than {most:.0e}");
}

fn memories_close(what: &str, a: &SceneMemory, b: &SceneMemory, most: f64) {
    assert_eq!(a.len(), b.len());
    for (layer, (a, b)) in a.iter().zip(b).enumerate() {
        for ((name, a), (_, b)) in a.named().into_iter().zip(b.named()) {
            let (a, b) = (values(a), values(b));
            if b.iter().any(|it| *it != 0.0) {
                close(&format!("{what}, layer {layer} {name}"), &a, &b, most);
            }
        }
    }
}

/// A tiny network whose layers all matter.
fn network(elastic: Option<Elastic>, seed: u64) -> Network {
    let config = ModelConfig {
        dim: 32,
        layers: 2,
        heads: 2,
        patch_size: 4,
        image_width: 24,
        image_height: 16,
        sh_degree: 1,
        elastic,
        ..ModelConfig::default()
    };
    let device = Device::flex();
    let mut weights = Weights::random(&config, seed, &device);
    weights.visit(&mut |name, it| {
        let is_linear = [".to_qkv", ".c_proj", ".c_fc", ".lr_fc", "tokenizer"];
        if is_linear.iter().any(|part| name.contains(part)) {
            *it = it.clone() * 8.0;
        }
    });
    Network::new(config, weights, device)
}

/// Tokens of made-up view number `view`.
fn tokens(network: &Network, view: usize) -> Tensor<2> {
    let [width, height] = [network.config.image_width, network.config.image_height];
    let t = view as f32;
    let camera = NetworkCamera {
        c2w: Affine3A::from_rotation_translation(
            Quat::from_rotation_y(0.3 * t - 0.5),
            Vec3::new((1.7 * t).sin(), 0.3 * (2.1 * t).cos(), 0.1 * t - 0.4),
        ),
        lens: [20.0, 21.0, 12.0, 8.0],
    };
    let pixel = |i: usize| {
        let i = i as f32;
        [0.37, 0.73, 1.19].map(|it: f32| 0.5 + 0.5 * (it * i + 2.3 * t + it).sin())
    };
    let photo: Vec<[f32; 3]> = (0..width * height).map(pixel).collect();
    network.tokenise(&camera, &photo, None)
}

fn load(network: &Network, views: impl IntoIterator<Item = usize>) -> Tokens {
    let mut all = Tokens::new(network.budget.stream_bytes, &network.device);
    for view in views {
        all.push(tokens(network, view)).unwrap();
    }
    all
}

fn run(network: &Network, ops: &[Op], views: usize) -> (Vec<Vec<f32>>, SceneMemory) {
    let mut tokens = load(network, 0..views);
    let mut memory = network.begin();
    network
        .run_alone(&mut tokens, &mut memory, ops, &mut go_on)
        .unwrap();
    let all = (0..views).map(|it| values(tokens.get(it)));
    (all.collect(), memory)
}

/// A camera and its photo, row by row.
type View = (NetworkCamera, Vec<[f32; 3]>);

/// The network and the views of a golden file.
fn golden(path: &Path, config: ModelConfig) -> (Network, Vec<View>) {
    let device = Device::flex();
    let bytes = std::fs::read(path).unwrap();
    let parameters = weights::read(&bytes, &|name| name.starts_with("param/")).unwrap();
    let (weights, _) = Weights::from_tensors(&config, parameters, &device).unwrap();
    let file = fixtures::Tensors::open(path);
    let pixels = config.image_width * config.image_height;
    let images = file.f32s("in/image");
    let cameras = file.rows::<16>("in/c2w").into_iter();
    let lenses = file.rows::<4>("in/fxfycxcy");
    let views = cameras.zip(lenses).zip(images.chunks_exact(3 * pixels));
    let views = views.map(|((c2w, lens), image)| {
        let c2w = Affine3A::from_mat4(Mat4::from_cols_array(&c2w).transpose());
        let rgb = (0..pixels).map(|i| [0, 1, 2].map(|channel| image[channel * pixels + i]));
        (NetworkCamera { c2w, lens }, rgb.collect())
    });
    let views = views.collect();
    (Network::new(config, weights, device), views)
}

fn to_f32(all: &[f64]) -> Vec<f32> {
    all.iter().map(|it| *it as f32).collect()
}

/// Points \[views × 3 × height × width\] of views' last tokens.
fn points(network: &Network, camera: &NetworkCamera, tokens: Tensor<2>) -> Vec<f32> {
    let numbers = decoder::decode(tokens, &network.weights, &network.config);
    let grid = network.grid();
    let rays = decoder::Rays::new(camera, grid, Precision::F32, &network.device);
    let found = values(decoder::activate(&numbers, &rays, &network.config).means);
    let pixels = grid.width * grid.height;
    let mut all = vec![0.0; 3 * pixels];
    for ((column, row), point) in grid.pixels().zip(found.as_chunks::<3>().0) {
        for (channel, it) in point.iter().enumerate() {
            all[channel * pixels + row * grid.width + column] = *it;
        }
    }
    all
}

#[test]
fn a_stream_does_what_the_golden_file_says() {
    /// Targets of the columns' lengths come from the first chunk's weights there, and from the
    /// slow ones here: 1e-5 apart.
    const MOST: f64 = 3e-5;
    let Some(folder) = tests::test_data() else {
        return;
    };
    let folder = folder.join("fixtures/tttlrm");
    let config = ModelConfig {
        dim: 32,
        layers: 2,
        heads: 2,
        patch_size: 4,
        image_width: 16,
        image_height: 16,
        ..ModelConfig::autoregressive()
    };
    let (network, views) = golden(&folder.join("c_ar_8views.safetensors"), config);
    let expected = fixtures::Tensors::open(&folder.join("f_stream_nonofficial.safetensors"));
    let tokenise = |view: usize| network.tokenise(&views[view].0, &views[view].1, None);
    let mut stream = Stream::new(&network);
    for (chunk, begin) in [0, 4].into_iter().enumerate() {
        let mut pushed = Tokens::new(u64::MAX, &network.device);
        for view in begin..begin + 4 {
            pushed.push(tokenise(view)).unwrap();
        }
        stream.push(&mut pushed, &mut go_on).unwrap();
        for (layer, fast) in stream.memory().iter().enumerate() {
            for (i, it) in fast.current.iter().enumerate() {
                let name = format!("ref/chunk{chunk}.layer{layer}.w{i}");
                close(&name, &values(it.clone()), &expected.f32s(&name), MOST);
            }
        }
        let mut last = Vec::new();
        let mut means = Vec::new();
        for (view, (camera, _)) in views[..begin + 4].iter().enumerate() {
            let asked = stream.query(tokenise(view), &mut go_on).unwrap();
            if begin <= view {
                // The chunk's own views need not be asked for.
                let own = values(pushed.get(view - begin));
                close("pushed and asked", &values(asked.clone()), &own, 1e-6);
            }
            if view == 0 {
                let name = format!("ref/chunk{chunk}.decoder_raw_view0");
                let raw = decoder::decode(asked.clone(), &network.weights, &network.config);
                let raw_expected = to_f32(&expected.f64s(&name));
                close(&name, &values(raw), &raw_expected, MOST);
            }
            means.extend(points(&network, camera, asked.clone()));
            last.extend(values(asked));
        }
        let name = format!("ref/chunk{chunk}.tokens_last_query");
        close(&name, &last, &to_f32(&expected.f64s(&name)), MOST);
        let name = format!("ref/chunk{chunk}.xyz_vchw");
        close(&name, &means, &expected.f32s(&name), MOST);
    }
}

#[test]
fn with_one_layer_a_stream_learns_what_the_autoregressive_scan_does() {
    for elastic in [None, Some(Elastic::default())] {
        let mut network = network(elastic, 1);
        network.weights.blocks.truncate(1);
        network.config.layers = 1;
        let ops = operations(Scan::Autoregressive, 2, 5, 5);
        let (last, memory) = run(&network, &ops, 5);
        let mut stream = Stream::new(&network);
        for chunk in [0..2, 2..4, 4..5] {
            let mut chunk = load(&network, chunk);
            stream.push(&mut chunk, &mut go_on).unwrap();
        }
        memories_close("one layer", stream.memory(), &memory, 1e-5);
        for (view, last) in last.iter().enumerate() {
            let asked = stream.query(tokens(&network, view), &mut go_on).unwrap();
            close("asked", &values(asked), last, 1e-5);
        }
        // No news changes nothing.
        let before = stream.memory().clone();
        stream.push(&mut load(&network, 0..0), &mut go_on).unwrap();
        memories_close("no news", stream.memory(), &before, 0.0);
    }
    let learnt = |elastic| {
        let network = network(elastic, 1);
        let mut stream = Stream::new(&network);
        for chunk in [0..2, 2..4] {
            stream.push(&mut load(&network, chunk), &mut go_on).unwrap();
        }
        values(stream.memory()[1].current[0].clone())
    };
    let difference = relative(&learnt(Some(Elastic::default())), &learnt(None));
    assert!(1e-3 < difference, "the selective update did nothing");
}

#[test]
fn a_chunk_that_is_cut_short_leaves_no_trace() {
    let network = network(Some(Elastic::default()), 2);
    let mut stream = Stream::new(&network);
    stream.push(&mut load(&network, 0..2), &mut go_on).unwrap();
    let before = stream.memory().clone();
    let mut pieces = 0;
    let mut stop = |done, total| {
        pieces = total;
        if done < total {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    };
    let mut chunk = load(&network, 2..4);
    let error = stream.push(&mut chunk, &mut stop).unwrap_err();
    assert!(matches!(error, ModelError::Cancelled), "{error}");
    // Each of two views is learnt from and answered, in each of two layers.
    assert_eq!(pieces, 8);
    memories_close("cut short", stream.memory(), &before, 0.0);
}

#[test]
fn operations_that_do_not_answer_every_view_once_are_refused() {
    let network = network(None, 3);
    let op = |views, update, apply| Op {
        views,
        update,
        apply,
    };
    for ops in [
        vec![],
        vec![op(0..2, true, false)],
        vec![op(0..1, true, true)],
        vec![op(0..2, true, true), op(1..2, false, true)],
        vec![op(0..3, false, true)],
    ] {
        let mut memory = network.begin();
        let result = network.run_alone(&mut load(&network, 0..2), &mut memory, &ops, &mut go_on);
        let error = result.unwrap_err();
        assert!(matches!(error, ModelError::Views(_)), "{error}");
    }
}

#[test]
fn a_small_budget_gives_the_same_numbers() {
    for scan in [Scan::Full, Scan::Autoregressive] {
        let mut network = network(None, 4);
        let ops = operations(scan, 2, 4, 4);
        let (expected, expected_memory) = run(&network, &ops, 4);
        let a_view = 4 * 32 * network.config.tokens_per_view() as u64;
        for budget in [
            // Everything on the host, and one token at a time.
            Budget {
                stream_bytes: 0,
                step_bytes: 0,
            },
            // Some views on the host, pieces that do not divide a view.
            Budget {
                stream_bytes: 2 * a_view,
                step_bytes: 7 * 10 * 128 * 4,
            },
        ] {
            network.budget = budget;
            let (found, memory) = run(&network, &ops, 4);
            for (found, expected) in found.iter().zip(&expected) {
                close("a small budget", found, expected, 1e-5);
            }
            memories_close("a small budget", &memory, &expected_memory, 1e-5);
        }
    }
}

#[test]
fn several_ranks_equal_one() {
    // Five views over two ranks and three: unevenly.
    for (scan, views, count) in [
        (Scan::Full, 4, 2),
        (Scan::Autoregressive, 4, 2),
        (Scan::Full, 5, 3),
        (Scan::Autoregressive, 5, 3),
        (Scan::Autoregressive, 2, 3),
    ] {
        let alone = network(Some(Elastic::default()), 5);
        let ops = operations(scan, 2, views, views);
        let (expected, expected_memory) = run(&alone, &ops, views);
        let sequence = Sequence {
            views,
            ops: &ops,
            load: &|network, view, all| all.push(tokens(network, view)),
            keep: &|_, view, all, i| Ok((view, values(all.get(i)))),
        };
        let networks = vec![alone.clone(); count];
        let (found, memory) = run_shared(&networks, &sequence, &mut go_on).unwrap();
        assert_eq!(found.len(), views);
        for (i, ((view, found), expected)) in found.iter().zip(&expected).enumerate() {
            assert_eq!(*view, i, "in the order of the sequence");
            close(&format!("{scan:?}, {count} ranks"), found, expected, 1e-5);
        }
        memories_close("shared", &memory, &expected_memory, 1e-5);
    }
}

#[test]
fn a_chunk_of_a_stream_is_shared_too() {
    let network = network(None, 6);
    let mut alone = Stream::new(&network);
    for chunk in [0..4, 4..8] {
        alone.push(&mut load(&network, chunk), &mut go_on).unwrap();
    }
    let memories = on_ranks(2, &mut go_on, &|rank, listener| {
        let mut stream = Stream::new(&network);
        for begin in [0, 4] {
            let own = (begin..begin + 4).filter(|it| it % 2 == rank.index());
            stream.push_shared(&mut load(&network, own), &rank, listener)?;
        }
        Ok(stream.memory().clone())
    });
    for memory in memories.unwrap() {
        memories_close("a shared stream", &memory, alone.memory(), 1e-5);
    }
}

#[test]
fn a_rank_that_stops_stops_the_others() {
    let network = network(None, 7);
    let ops = operations(Scan::Autoregressive, 2, 6, 6);
    let networks = vec![network.clone(); 3];
    let sequence = Sequence {
        views: 6,
        ops: &ops,
        load: &|network, view, all| all.push(tokens(network, view)),
        keep: &|_, view, _, _| Ok(view),
    };
    let mut stop = |done, _| {
        if done < 3 {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    };
    let error = run_shared(&networks, &sequence, &mut stop).unwrap_err();
    assert!(matches!(error, ModelError::Cancelled), "{error}");
    for broken in 0..3 {
        let sequence = Sequence {
            load: &|network, view, all| {
                if view == 3 + broken {
                    return Err(ModelError::Views("a broken photo".to_owned()));
                }
                all.push(tokens(network, view))
            },
            ..sequence
        };
        let error = run_shared(&networks, &sequence, &mut go_on).unwrap_err();
        assert_eq!(error.to_string(), "a broken photo");
    }
    // No device, nothing done.
    assert!(run_shared(&[], &sequence, &mut go_on).unwrap().0.is_empty());
}

//! What the modes compute, against the same by hand.

use std::ops::ControlFlow;
use std::sync::Arc;

use burn::tensor::Tensor;
use glam::DAffine3;
use recon::dataset::Dataset;
use recon::model::decoder::{Gaussians, Rays, activate, decode};
use recon::model::rays::NetworkCamera;
use recon::model::views::{InputLoader, InputView};
use recon::model::{
    Elastic, Mode, ModelConfig, Network, Op, Prune, ReconstructConfig, Scan as ScanKind,
    SceneFrame, Tokens, ViewChoice, operations, prune,
};
use render::Splats;
use tests::max_abs_diff;

use super::{all_of, config, network, scan};

/// Indices of training views.
const LIST: [usize; 7] = [1, 2, 3, 5, 6, 7, 9];

fn settings(mode: Mode, list: &[usize]) -> ReconstructConfig {
    ReconstructConfig {
        mode,
        choice: ViewChoice::Listed(list.to_vec()),
        chunk: 3,
        ..ReconstructConfig::default()
    }
}

fn autoregressive() -> ModelConfig {
    ModelConfig {
        scan: ScanKind::Autoregressive,
        chunk_views: 3,
        ..config()
    }
}

/// Photos as the network takes them.
fn inputs(dataset: &Arc<Dataset>, list: &[usize], config: &ModelConfig) -> Vec<InputView> {
    let loader = InputLoader::new(dataset.clone(), config, [1.0; 3]);
    let mut all = Vec::new();
    let flow = loader.for_each(list, &mut |_, input| {
        all.push(input.unwrap());
        ControlFlow::Continue(())
    });
    assert!(flow.is_continue());
    all
}

fn frame(dataset: &Dataset, list: &[usize], config: &ModelConfig) -> SceneFrame {
    let cameras: Vec<DAffine3> = list.iter().map(|i| dataset.views[*i].c2w).collect();
    SceneFrame::new(config.frame, &cameras)
}

/// The tokens of photos, and their cameras.
fn tokens(
    network: &Network,
    inputs: &[InputView],
    frame: &SceneFrame,
) -> (Tokens, Vec<NetworkCamera>) {
    let mut tokens = Tokens::new(u64::MAX, &network.device);
    let mut cameras = Vec::new();
    for input in inputs {
        let camera = frame.camera(&input.c2w, input.lens);
        tokens
            .push(network.tokenise(&camera, &input.colours(), None))
            .unwrap();
        cameras.push(camera);
    }
    (tokens, cameras)
}

fn never(_: u64, _: u64) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// All pixels decoded first, pruned then; the network's frame.
fn decoded(network: &Network, tokens: &[Tensor<2>], cameras: &[NetworkCamera]) -> Splats {
    let config = &network.config;
    let views = tokens.iter().zip(cameras).map(|(tokens, camera)| {
        let rays = Rays::new(
            camera,
            network.grid(),
            network.numerics.rays,
            &network.device,
        );
        activate(
            &decode(tokens.clone(), &network.weights, config),
            &rays,
            config,
        )
    });
    let all = Gaussians::join(&views.collect::<Vec<_>>()).unwrap();
    let all = all.into_splats(config).unwrap();
    let mut kept = prune::keep(&all.opacity_logits, &config.prune, cameras.len(), 0);
    kept.sort_unstable();
    let coeffs = all.coeffs_per_splat();
    Splats {
        means: kept.iter().map(|i| all.means[*i]).collect(),
        quats: kept.iter().map(|i| all.quats[*i]).collect(),
        log_scales: kept.iter().map(|i| all.log_scales[*i]).collect(),
        opacity_logits: kept.iter().map(|i| all.opacity_logits[*i]).collect(),
        sh_coeffs: kept
            .iter()
            .flat_map(|i| all.sh_coeffs[i * coeffs..(i + 1) * coeffs].to_vec())
            .collect(),
        sh_degree: config.sh_degree,
    }
}

/// The largest difference of any number.
pub(super) fn difference(a: &Splats, b: &Splats) -> f32 {
    assert_eq!(a.len(), b.len());
    let threes =
        |it: &[glam::Vec3]| -> Vec<f32> { it.iter().flat_map(glam::Vec3::to_array).collect() };
    [
        max_abs_diff(&threes(&a.means), &threes(&b.means)),
        max_abs_diff(&threes(&a.log_scales), &threes(&b.log_scales)),
        max_abs_diff(a.quats.as_flattened(), b.quats.as_flattened()),
        max_abs_diff(&a.opacity_logits, &b.opacity_logits),
        max_abs_diff(a.sh_coeffs.as_flattened(), b.sh_coeffs.as_flattened()),
    ]
    .into_iter()
    .fold(0.0, f32::max)
}

#[test]
fn full_is_one_run_and_pruned_splats_are_left_out() {
    let scan = scan();
    for (model, keeps) in [
        (
            ModelConfig {
                prune: Prune::default(),
                ..config()
            },
            true,
        ),
        (autoregressive(), false),
    ] {
        let mut network = network(model);
        let told = all_of(&scan.dataset, &settings(Mode::Full, &LIST), &network);
        assert_eq!(told.chunks.len(), 1);
        assert_eq!((told.chunks[0].index, told.chunks[0].of), (0, Some(1)));
        assert_eq!(told.chunks[0].views_seen, LIST);

        let config = &network.config;
        let frame = frame(&scan.dataset, &LIST, config);
        let inputs = inputs(&scan.dataset, &LIST, config);
        let (mut by_hand, cameras) = tokens(&network, &inputs, &frame);
        let ops = operations(config.scan, config.chunk_views, LIST.len(), LIST.len());
        let mut memory = network.begin();
        network
            .run_alone(&mut by_hand, &mut memory, &ops, &mut never)
            .unwrap();
        let last: Vec<Tensor<2>> = (0..LIST.len()).map(|i| by_hand.get(i)).collect();
        let expected = frame.bring_back(decoded(&network, &last, &cameras));
        let pixels = LIST.len() * 24 * 16;
        let kept = if keeps {
            (0.4 * pixels as f64) as usize + (0.6 * 0.1 * pixels as f64) as usize
        } else {
            pixels
        };
        assert_eq!(expected.len(), kept);
        let off = difference(told.last(), &expected);
        println!("opacity first: {off}");
        assert!(off < 1e-5, "{off}");

        // The same within a budget of a few tokens, the stream on the host.
        network.budget = recon::model::Budget {
            stream_bytes: 3000,
            step_bytes: 20_000,
        };
        let thrifty = all_of(&scan.dataset, &settings(Mode::Full, &LIST), &network);
        let off = difference(thrifty.last(), told.last());
        println!("thrifty: {off}");
        assert!(off < 1e-3, "{off}");
    }
}

#[test]
fn replay_of_the_first_views_is_a_run_on_these_alone() {
    let scan = scan();
    let network = network(autoregressive());
    let told = all_of(&scan.dataset, &settings(Mode::Replay, &LIST), &network);
    let seen: Vec<usize> = told.chunks.iter().map(|it| it.views_seen.len()).collect();
    assert_eq!(seen, [3, 6, 7]);
    for (i, chunk) in told.chunks.iter().enumerate() {
        assert_eq!((chunk.index, chunk.of), (i, Some(3)));
        let first = &LIST[..chunk.views_seen.len()];
        assert_eq!(chunk.views_seen, first);
        // The published evaluation of these views: all at once, with the network's own scan.
        let alone = all_of(&scan.dataset, &settings(Mode::Full, first), &network);
        assert_eq!(&chunk.splats, alone.last());
        let again = all_of(&scan.dataset, &settings(Mode::Replay, first), &network);
        assert_eq!(&chunk.splats, again.last());
    }
}

#[test]
fn causal_updates_once_and_asks_all_views_again() {
    let scan = scan();
    let mut network = network(config());
    let told = all_of(&scan.dataset, &settings(Mode::Causal, &LIST), &network);
    let frame = frame(&scan.dataset, &LIST, &network.config);
    let inputs = inputs(&scan.dataset, &LIST, &network.config);
    let mut memory = network.begin();
    assert_eq!(told.chunks.len(), 3);
    let mut earlier: Option<Splats> = None;
    for (chunk, range) in told.chunks.iter().zip([0..3, 3..6, 6..7]) {
        // The chunk's tokens update; then every view is asked, the chunk's own no otherwise.
        let (mut of_chunk, _) = tokens(&network, &inputs[range.clone()], &frame);
        let update = Op {
            views: 0..range.len(),
            update: true,
            apply: true,
        };
        network
            .run_alone(&mut of_chunk, &mut memory, &[update], &mut never)
            .unwrap();
        let (mut asked, cameras) = tokens(&network, &inputs[..range.end], &frame);
        let ask = Op {
            views: 0..range.end,
            update: false,
            apply: true,
        };
        network
            .run_alone(&mut asked, &mut memory, &[ask], &mut never)
            .unwrap();
        let last: Vec<Tensor<2>> = (0..range.end).map(|i| asked.get(i)).collect();
        let expected = frame.bring_back(decoded(&network, &last, &cameras));
        let off = difference(&chunk.splats, &expected);
        println!("causal, {} views: {off}", range.end);
        assert!(off < 1e-4, "{off}");
        // Earlier views say something else once more was seen.
        if let Some(earlier) = earlier {
            let now = &chunk.splats.means[..earlier.len()];
            let moved = now.iter().zip(&earlier.means);
            let moved = moved.map(|(a, b)| a.distance(*b)).fold(0.0, f32::max);
            assert!(1e-2 < moved, "{moved}");
        }
        earlier = Some(chunk.splats.clone());
    }
    // Not what the published operations compute, which let early chunks see late ones.
    let replayed = all_of(&scan.dataset, &settings(Mode::Replay, &LIST), &network);
    assert!(1e-2 < difference(told.last(), replayed.last()));
    // Where there is no room for earlier views' tokens, or only for some, these are asked twice.
    for views in [0, 4] {
        network.budget.stream_bytes = views * 24 * 16 * size_of::<f32>() as u64;
        let again = all_of(&scan.dataset, &settings(Mode::Causal, &LIST), &network);
        assert_eq!(told.last(), again.last());
    }
}

#[test]
fn merged_splats_stay_and_others_join_them() {
    let scan = scan();
    let network = network(ModelConfig {
        prune: Prune::default(),
        ..config()
    });
    let merged = all_of(&scan.dataset, &settings(Mode::Merge, &LIST), &network);
    let causal = all_of(&scan.dataset, &settings(Mode::Causal, &LIST), &network);
    assert_eq!(merged.chunks.len(), 3);
    assert_eq!(merged.chunks[0].splats, causal.chunks[0].splats);
    for pair in merged.chunks.windows(2) {
        let [before, after] = [&pair[0].splats, &pair[1].splats];
        let kept = before.len();
        assert!(kept < after.len());
        assert_eq!(after.means[..kept], before.means);
        assert_eq!(after.sh_coeffs[..before.sh_coeffs.len()], before.sh_coeffs);
    }
    assert_ne!(merged.last().means, causal.last().means);
}

#[test]
fn selective_updates_and_chance_are_as_asked() {
    let scan = scan();
    let network = network(ModelConfig {
        prune: Prune::default(),
        ..config()
    });
    let base = settings(Mode::Causal, &LIST);
    let made = |settings: &ReconstructConfig| {
        let told = all_of(&scan.dataset, settings, &network);
        told.last().clone()
    };
    let plain = made(&base);
    assert_eq!(plain, made(&base));
    let selective = ReconstructConfig {
        selective: Some(Elastic::default()),
        ..base.clone()
    };
    assert_ne!(plain, made(&selective));
    let other_seed = ReconstructConfig {
        seed: 5,
        ..base.clone()
    };
    let other = made(&other_seed);
    assert_eq!(plain.len(), other.len());
    assert_ne!(plain, other);
}

#[test]
fn the_order_of_a_list_is_that_of_time_where_it_counts() {
    let scan = scan();
    let network = network(config());
    let backwards: Vec<usize> = LIST.iter().rev().copied().collect();
    for (mode, is_sorted) in [
        (Mode::Full, false),
        (Mode::Replay, true),
        (Mode::Causal, true),
        (Mode::Merge, true),
    ] {
        let told = all_of(&scan.dataset, &settings(mode, &backwards), &network);
        let seen = &told.chunks.last().unwrap().views_seen;
        assert_eq!(
            *seen,
            if is_sorted {
                LIST.to_vec()
            } else {
                backwards.clone()
            }
        );
    }
}

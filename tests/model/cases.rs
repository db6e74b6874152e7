//! The whole network on four generated captures, and what every layer of its first block does.

use std::ops::ControlFlow;

use burn::tensor::{Device, Tensor};
use glam::{Affine3A, Mat4};
use recon::model::decoder::{Gaussians, Rays, activate, decode, decode_opacity};
use recon::model::fast_weights::apply;
use recon::model::layers::{Attending, answer, ask, attend, normalise, think};
use recon::model::prune::keep;
use recon::model::rays::NetworkCamera;
use recon::model::{ModelConfig, Network, Prune, Scan, Tokens, Weights, operations};
use tests::fixtures::Tensors;

use super::{agree, golden, numbers, parameters, relative};

/// Six to ten times what rounding in single precision was measured to make.
const TOLERANCE: f64 = 3e-5;

/// A capture's sizes.
pub(super) struct Case {
    file: &'static str,
    prefix: &'static str,
    size: (usize, usize),
    patch: usize,
    dim: usize,
    head: usize,
    sh_degree: u32,
    scan: Scan,
    chunk: usize,
    half: bool,
}

const FULL: Case = Case {
    file: "b_full_d64",
    prefix: "ref",
    size: (32, 32),
    patch: 8,
    dim: 64,
    head: 32,
    sh_degree: 1,
    scan: Scan::Full,
    chunk: 4,
    half: false,
};
const CHUNKS_OF_FOUR: Case = Case {
    file: "c_ar_8views",
    prefix: "ref.chunk4",
    size: (16, 16),
    patch: 4,
    dim: 32,
    head: 16,
    sh_degree: 3,
    scan: Scan::Autoregressive,
    chunk: 4,
    half: false,
};
const CHUNKS_OF_TWO: Case = Case {
    prefix: "ref.chunk2",
    chunk: 2,
    ..CHUNKS_OF_FOUR
};
pub(super) const WIDE: Case = Case {
    file: "d_full_nonsquare",
    prefix: "ref",
    size: (40, 24),
    patch: 8,
    scan: Scan::Full,
    ..CHUNKS_OF_FOUR
};
/// The same in half precision.
pub(super) const HALF: Case = Case { half: true, ..WIDE };
const NOVEL: Case = Case {
    file: "e_novel_virtual",
    prefix: "ref.full",
    size: (24, 16),
    ..WIDE
};
const NOVEL_CHUNKS: Case = Case {
    prefix: "ref.ar2",
    scan: Scan::Autoregressive,
    chunk: 2,
    ..NOVEL
};

/// Every capture, in every mode.
pub(super) const ALL: [&Case; 6] = [
    &FULL,
    &CHUNKS_OF_FOUR,
    &CHUNKS_OF_TWO,
    &WIDE,
    &NOVEL,
    &NOVEL_CHUNKS,
];

/// A network and the views of a golden file.
pub(super) struct Scene {
    pub(super) file: Tensors,
    pub(super) network: Network,
    /// Inputs first, then those that are only asked for.
    pub(super) cameras: Vec<NetworkCamera>,
    pub(super) photos: Vec<Vec<[f32; 3]>>,
    pub(super) num_inputs: usize,
}

impl Case {
    fn open(&self, device: &Device) -> Option<Scene> {
        let file = golden(self.file)?;
        let config = ModelConfig {
            dim: self.dim,
            layers: 2,
            heads: self.dim / self.head,
            patch_size: self.patch,
            image_width: self.size.0,
            image_height: self.size.1,
            sh_degree: self.sh_degree,
            scan: self.scan,
            chunk_views: self.chunk,
            ..ModelConfig::default()
        };
        let tensors = parameters(&file, "param/");
        let (weights, ignored) = Weights::from_tensors(&config, tensors, device).unwrap();
        assert_eq!(ignored.tensors, 0);
        let mut cameras = cameras(&file, "in/c2w", "in/fxfycxcy");
        let num_inputs = cameras.len();
        let virtual_cameras = cameras_of_virtual(&file);
        let mut photos = photos(&file, "in/image");
        if file.has("in/virtual_image") {
            photos.extend(self::photos(&file, "in/virtual_image"));
        } else {
            let from = file.i64s("in/virtual_input_indices");

            for i in from {
                photos.push(photos[i as usize].clone());
            }
        }
        cameras.extend(virtual_cameras);
        let mut network = Network::new(config, weights, device.clone());
        if self.half {
            network = network.in_half().unwrap();
        }
        Some(Scene {
            file,
            network,
            cameras,
            photos,
            num_inputs,
        })
    }
}

fn cameras_of_virtual(file: &Tensors) -> Vec<NetworkCamera> {
    cameras(file, "in/virtual_c2w", "in/virtual_fxfycxcy")
}

fn cameras(file: &Tensors, poses: &str, lenses: &str) -> Vec<NetworkCamera> {
    let poses = file.rows::<16>(poses);
    let lenses = file.rows::<4>(lenses);
    let pose = |rows: &[f32; 16]| Affine3A::from_mat4(Mat4::from_cols_array(rows).transpose());
    let both = poses.iter().zip(lenses);
    both.map(|(rows, lens)| NetworkCamera {
        c2w: pose(rows),
        lens,
    })
    .collect()
}

/// Photos \[V × 3 × H × W\] row by row.
fn photos(file: &Tensors, name: &str) -> Vec<Vec<[f32; 3]>> {
    let shape = file.shape(name);
    let pixels = shape[2] * shape[3];
    let all = file.f32s(name);
    let one = |planes: &[f32]| -> Vec<[f32; 3]> {
        (0..pixels)
            .map(|i| [planes[i], planes[pixels + i], planes[2 * pixels + i]])
            .collect()
    };
    all.chunks(3 * pixels).map(one).collect()
}

impl Scene {
    pub(super) fn tokens(&self) -> Vec<Tensor<2>> {
        let views = self.cameras.iter().zip(&self.photos);
        views
            .map(|(camera, photo)| self.network.tokenise(camera, photo, None))
            .collect()
    }

    /// Decoded Gaussians of the views that are asked for.
    fn gaussians(&self, tokens: &Tokens) -> Gaussians {
        let network = &self.network;
        let views = self.num_inputs..self.cameras.len();
        let all = views.map(|view| {
            let rays = Rays::new(
                &self.cameras[view],
                network.grid(),
                network.numerics.rays,
                &network.device,
            );
            let numbers = decode(tokens.get(view), &network.weights, &network.config);
            activate(&numbers, &rays, &network.config)
        });
        Gaussians::join(&all.collect::<Vec<_>>()).unwrap()
    }
}

/// The whole network against the file. Returns what it made, for more comparisons.
pub(super) fn check(case: &Case, device: &Device, tolerance: f64) -> Option<(Scene, Gaussians)> {
    let scene = case.open(device)?;
    let (file, network) = (&scene.file, &scene.network);
    let name = |it: &str| format!("{}/{it}", case.prefix);
    let views = scene.tokens();
    let all = Tensor::cat(views.clone(), 0);
    agree(all, file, &name("input_ln"), tolerance);
    let mut tokens = Tokens::new(u64::MAX, device);
    for view in views {
        tokens.push(view).unwrap();
    }
    let ops = operations(case.scan, case.chunk, scene.num_inputs, scene.cameras.len());
    let mut memory = network.begin();
    let mut go_on = |_, _| ControlFlow::Continue(());
    network
        .run_alone(&mut tokens, &mut memory, &ops, &mut go_on)
        .unwrap();
    for (i, w) in memory[0].current.iter().enumerate() {
        agree(
            w.clone(),
            file,
            &name(&format!("block0.fast_w{i}")),
            tolerance,
        );
    }
    let last = Tensor::cat((0..tokens.len()).map(|it| tokens.get(it)).collect(), 0);
    let error = agree(last, file, &name("blocks_last.out"), tolerance);
    println!("{} {}: last tokens {error:.1e} off", case.file, case.prefix);
    let gaussians = scene.gaussians(&tokens);
    agree(gaussians.means.clone(), file, &name("gs.xyz"), tolerance);
    agree(
        gaussians.harmonics.clone(),
        file,
        &name("gs.feature"),
        tolerance,
    );
    agree(
        gaussians.log_scales.clone(),
        file,
        &name("gs.scale"),
        tolerance,
    );
    agree(
        gaussians.quats.clone(),
        file,
        &name("gs.rotation"),
        tolerance,
    );
    agree(
        gaussians.opacity_logits.clone(),
        file,
        &name("gs.opacity"),
        tolerance,
    );
    let alone: Vec<Tensor<2>> = (scene.num_inputs..tokens.len())
        .map(|it| decode_opacity(tokens.get(it), &network.weights, &network.config))
        .collect();
    agree(Tensor::cat(alone, 0), file, &name("gs.opacity"), tolerance);
    Some((scene, gaussians))
}

#[test]
fn one_update_from_all_views() {
    check(&FULL, &Device::flex(), TOLERANCE);
}

#[test]
fn one_update_from_every_four_views() {
    check(&CHUNKS_OF_FOUR, &Device::flex(), TOLERANCE);
}

#[test]
fn one_update_from_every_two_views() {
    check(&CHUNKS_OF_TWO, &Device::flex(), TOLERANCE);
}

#[test]
fn views_that_are_no_inputs_are_answered() {
    check(&NOVEL, &Device::flex(), TOLERANCE);
    check(&NOVEL_CHUNKS, &Device::flex(), TOLERANCE);
}

#[test]
fn the_same_gaussians_are_kept() {
    let Some((scene, gaussians)) = check(&WIDE, &Device::flex(), TOLERANCE) else {
        return;
    };
    let means = numbers(gaussians.means);
    let prune = |random| Prune {
        keep: 0.4,
        random,
        ..Prune::default()
    };
    let theirs = scene.file.f32s("ref/gs.opacity");
    for (name, random) in [("prune40", 0.0), ("prune40_rand10", 0.1)] {
        let kept = keep(&theirs, &prune(random), scene.num_inputs, 777);
        let expected = scene.file.i64s(&format!("ref/{name}.keep_idx"));
        let same = kept.iter().zip(&expected).all(|(a, b)| *a as i64 == *b);
        assert!(same && kept.len() == expected.len(), "{name}");
        let first = kept[..64]
            .iter()
            .flat_map(|it| means[3 * it..][..3].to_vec());
        let expected = scene.file.f32s(&format!("ref/{name}.xyz_first64"));
        let error = relative(&first.collect::<Vec<f32>>(), &expected);
        assert!(error < TOLERANCE, "{name}");
    }
    // With our own opacities too, but for the order of neighbours that rounding makes equal.
    let sorted = |logits: &[f32]| {
        let mut kept = keep(logits, &prune(0.0), scene.num_inputs, 777);
        kept.sort_unstable();
        kept
    };
    let ours = numbers(gaussians.opacity_logits);
    assert!(sorted(&ours) == sorted(&theirs), "another set is kept");
}

/// Each layer of the first block from the golden input of the block, so that a failure says where.
#[test]
fn every_layer_of_a_block_agrees() {
    for case in ALL {
        let device = Device::flex();
        let Some(scene) = case.open(&device) else {
            return;
        };
        let (file, network) = (&scene.file, &scene.network);
        let name = |it: &str| format!("{}/{it}", case.prefix);
        let block = &network.weights.blocks[0];
        let of = |what: &str| super::matrix(file, &name(what), &device);
        let n = network.config.tokens_per_view();
        let x = of("input_ln");
        let views = x.clone().split(n, 0).into_iter();
        let attended = views.map(|it| {
            let it = normalise(it, &block.attention.norm);
            let how = Attending {
                heads: network.config.heads,
                eps: network.numerics.qk_eps,
                queries_at_once: usize::MAX,
            };
            attend(it, &block.attention, how)
        });
        let attended = Tensor::cat(attended.collect(), 0);
        agree(attended, file, &name("block0.attn_f"), TOLERANCE);
        let x = x + of("block0.attn_f");
        let fast = [
            of("block0.fast_w0"),
            of("block0.fast_w1"),
            of("block0.fast_w2"),
        ];
        let q = ask(normalise(x.clone(), &block.lact.norm), &block.lact);
        let recalled = answer(apply(&fast, &q), &block.lact);
        agree(recalled, file, &name("block0.ttt_f"), TOLERANCE);
        let x = x + of("block0.ttt_f");
        let thought = think(normalise(x.clone(), &block.mlp.norm), &block.mlp);
        agree(thought.clone(), file, &name("block0.mlp_f"), TOLERANCE);
        agree(x + thought, file, &name("block0.out"), TOLERANCE);
    }
}

#[test]
fn views_on_the_host_give_the_same_numbers() {
    let device = Device::flex();
    let Some(scene) = CHUNKS_OF_TWO.open(&device) else {
        return;
    };
    let run = |room: u64| {
        let mut tokens = Tokens::new(room, &device);
        for view in scene.tokens() {
            tokens.push(view).unwrap();
        }
        let ops = operations(Scan::Autoregressive, 2, scene.num_inputs, tokens.len());
        let mut memory = scene.network.begin();
        let mut go_on = |_, _| ControlFlow::Continue(());
        scene
            .network
            .run_alone(&mut tokens, &mut memory, &ops, &mut go_on)
            .unwrap();
        numbers(Tensor::cat(
            (0..tokens.len()).map(|it| tokens.get(it)).collect(),
            0,
        ))
    };
    assert_eq!(run(u64::MAX), run(0));
}

#[test]
fn it_stops_when_told_to() {
    let device = Device::flex();
    let Some(scene) = WIDE.open(&device) else {
        return;
    };
    let mut tokens = Tokens::new(u64::MAX, &device);
    for view in scene.tokens() {
        tokens.push(view).unwrap();
    }
    let ops = operations(Scan::Full, 4, scene.num_inputs, tokens.len());
    let mut asked = 0;
    let mut stop = |done, total| {
        asked += 1;
        assert!(done <= total);
        if done == 5 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    let mut memory = scene.network.begin();
    let ended = scene
        .network
        .run_alone(&mut tokens, &mut memory, &ops, &mut stop);
    assert!(ended.is_err());
    assert_eq!(asked, 5);
}

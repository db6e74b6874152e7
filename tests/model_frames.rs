//! From a dataset's photos through a tiny network with random weights, and back into the dataset's
//! coordinates.

/// Real captures.
mod captures;
/// What the published loader makes of cameras and photos.
mod fixture;
/// The network's frame and the way back from it.
mod geometry;
/// Settings and photos that nobody should have.
mod hostile;
/// A scene that was left, and gone on with.
mod kept;
/// What the modes compute.
mod modes;
/// What comes when: snapshots, photos, cancelling, folders that are filled meanwhile.
mod order;

use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock};

use burn::tensor::Device;
use glam::Vec2;
use recon::dataset::{Dataset, HoldOut, camera_at};
use recon::io::photo::{PhotoLoader, PhotoOptions, TargetSize};
use recon::model::{
    Chunk, DepthRange, ModelConfig, Network, Prune, ReconstructConfig, ReconstructUpdate, Weights,
    reconstruct,
};
use recon::synthetic::{self, PhotosConfig, SyntheticPhotos, photos};
use render::{Camera, Splats};

use crate::optimise::Scan;

/// Two layers, 6 × 4 tokens of 4 × 4 pixels; every pixel becomes a splat, 0 to 4 units away.
fn config() -> ModelConfig {
    ModelConfig {
        dim: 16,
        layers: 2,
        heads: 2,
        fast_inner: 2,
        mlp_inner: 2,
        patch_size: 4,
        image_width: 24,
        image_height: 16,
        sh_degree: 1,
        depth: DepthRange::Linear { max: 4.0 },
        prune: Prune {
            keep: 0.0,
            ..Prune::default()
        },
        ..ModelConfig::default()
    }
}

/// A network whose layers all have a say: the published beginning is all but silent.
fn network(config: ModelConfig) -> Network {
    let device = Device::flex();
    let mut weights = Weights::random(&config, 7, &device);
    weights.visit(&mut |name, it| {
        let is_linear = !name.contains("norm") && !name.contains("ln.") && !name.contains("bias");
        let is_fast = [".w0", ".w1", ".w2"].iter().any(|end| name.ends_with(end));
        if is_linear && !is_fast && name != "decoder.0.weight" {
            let [_, fan_in] = it.dims();
            *it = it.clone() * (50.0 / (fan_in as f32).sqrt());
        }
    });
    Network::new(config, weights, device)
}

/// Photos of the generated scene, 48 × 32 pixels, opened; 0, 4 and 8 are held out.
fn scan() -> Scan {
    static PHOTOS: OnceLock<SyntheticPhotos> = OnceLock::new();
    let made = PHOTOS.get_or_init(|| small_photos(12, synthetic::Background::Dome));
    Scan::of(made, HoldOut::EveryNth(4))
}

fn small_photos(num_views: usize, background: synthetic::Background) -> SyntheticPhotos {
    photos(&PhotosConfig {
        num_views,
        width: 48,
        height: 32,
        background,
        num_points: 50,
        ..PhotosConfig::default()
    })
}

/// All that a reconstruction told.
#[derive(Debug, Default)]
struct Told {
    chunks: Vec<Chunk>,
    warnings: Vec<String>,
}

impl Told {
    fn last(&self) -> &Splats {
        &self.chunks.last().unwrap().splats
    }
}

/// Runs to the end.
fn all_of(dataset: &Arc<Dataset>, config: &ReconstructConfig, network: &Network) -> Told {
    growing(dataset, Vec::new(), config, network)
}

/// Runs to the end; the dataset becomes each of the others by and by.
fn growing(
    dataset: &Arc<Dataset>,
    others: Vec<Arc<Dataset>>,
    config: &ReconstructConfig,
    network: &Network,
) -> Told {
    let mut told = Told::default();
    let mut others = others.into_iter();
    let outcome = reconstruct(
        dataset,
        config,
        network,
        &mut || others.next(),
        &mut |update| {
            match update {
                ReconstructUpdate::Preparing { done, total, .. } => assert!(done <= total),
                ReconstructUpdate::Warned(what) => told.warnings.push(what),
                ReconstructUpdate::Chunk(chunk) => {
                    chunk.splats.check().unwrap();
                    told.chunks.push(chunk);
                }
            }
            ControlFlow::Continue(())
        },
    );
    assert_eq!(outcome.unwrap(), ControlFlow::Continue(()));
    told
}

/// A view's camera in the dataset's coordinates, as the optimiser and the window have it, at the
/// network's size, and which of its pixels become splats (255) where not all do.
type Taken = (Camera, Option<Vec<u8>>);

fn cameras(dataset: &Arc<Dataset>, views: &[usize], config: &ModelConfig) -> Vec<Taken> {
    let size = TargetSize::Exact(config.image_width as u32, config.image_height as u32);
    let options = PhotoOptions {
        size,
        ..PhotoOptions::default()
    };
    let loader = PhotoLoader::new(dataset.clone(), options, 1 << 24);
    let camera = |view: &usize| {
        let photo = loader.load(*view).unwrap();
        let camera = camera_at(&photo.lens, &dataset.views[*view].c2w);
        (camera, photo.mask.clone())
    };
    views.iter().map(camera).collect()
}

/// How far splats of all pixels of these views are from their own pixel, the farthest of all.
fn farthest_from_its_pixel(splats: &Splats, cameras: &[Taken], config: &ModelConfig) -> f32 {
    let grid = recon::model::rays::Grid::new(config);
    let mut means = splats.means.iter();
    let mut farthest = 0.0_f32;
    for (camera, mask) in cameras {
        for (x, y) in grid.pixels() {
            let mask = mask.as_ref().map(|it| it[y * grid.width + x]);
            if mask.is_some_and(|it| it < 128) {
                continue;
            }
            let (seen, _) = camera.project(*means.next().unwrap()).unwrap();
            farthest = farthest.max(seen.distance(Vec2::new(x as f32 + 0.5, y as f32 + 0.5)));
        }
    }
    assert_eq!(means.next(), None);
    farthest
}

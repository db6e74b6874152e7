//! Splats optimised for small photos of the generated scene.

/// Exposures and poses that are off.
mod corrections;
/// A part of a scene is optimised, the rest is frozen.
mod frozen;
/// A run that is held: other work meanwhile, and whose descendants later splats are.
mod held;
/// What is no checkpoint, what cannot be written, photos that go.
mod hostile;
/// The worker's run follows orders, and keeps what it has however it ends.
mod orders;
/// Going on from a checkpoint, and doing the same twice.
mod resuming;
/// Each way to grow, each way to begin, what is exported.
mod strategies;

use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock};

use recon::dataset::{Dataset, HoldOut};
use recon::io::{self, OpenOptions, Opened};
use recon::optim::{
    Background, Begin, Densify, Evaluation, Optimisation, OptimiseConfig, Preset, Strategy, Update,
    preset,
};
use recon::synthetic::{self, PhotosConfig, SyntheticPhotos, photos};
use render::gpu::Gpu;
use tempfile::TempDir;

/// What is seen around the scene.
pub(crate) const BACKGROUND: [f32; 3] = [0.1, 0.11, 0.13];

/// A folder of posed photos, and what it opened as. The folder goes with it.
pub(crate) struct Scan {
    pub(crate) folder: TempDir,
    pub(crate) dataset: Arc<Dataset>,
}

impl Scan {
    /// Writes and opens these photos.
    pub(crate) fn of(photos: &SyntheticPhotos, hold_out: HoldOut) -> Self {
        let folder = tempfile::tempdir().unwrap();
        io::write_photos(folder.path(), photos).unwrap();
        let options = OpenOptions {
            hold_out: Some(hold_out),
        };
        let dataset = match io::open_with(folder.path(), &options).unwrap() {
            Opened::Dataset(dataset) => Arc::new(dataset),
            other => panic!("{other:?}"),
        };
        Self { folder, dataset }
    }

    /// Twelve photos of 64 × 48 pixels and several hundred points; 0, 4 and 8 are held out.
    pub(crate) fn small() -> Self {
        static PHOTOS: OnceLock<SyntheticPhotos> = OnceLock::new();
        let made = PHOTOS.get_or_init(|| photos(&small_photos()));
        Self::of(made, HoldOut::EveryNth(4))
    }
}

pub(crate) fn small_photos() -> PhotosConfig {
    PhotosConfig {
        num_views: 12,
        width: 64,
        height: 48,
        background: synthetic::Background::Plain(BACKGROUND),
        num_points: 1_200,
        ..PhotosConfig::default()
    }
}

/// Settings for few steps: the preset `fast`, that grows early.
pub(crate) fn quick(steps: u32) -> OptimiseConfig {
    let fast = preset(Preset::Fast);
    OptimiseConfig {
        steps,
        seed: 5,
        sh_degree: 1,
        background: Background::Known(BACKGROUND),
        densify: Densify {
            from: 10,
            until: steps,
            every: 10,
            // How many splats there will be is known then.
            strategy: Strategy::Mcmc,
            ..fast.densify
        },
        autosave_minutes: 0,
        ..fast
    }
}

/// What an optimisation warned of while `act` ran.
pub(crate) fn warned(act: impl FnOnce(&mut dyn FnMut(Update) -> ControlFlow<()>)) -> Vec<String> {
    let mut warnings = Vec::new();
    act(&mut |update| {
        if let Update::Warned(text) = update {
            warnings.push(text);
        }
        ControlFlow::Continue(())
    });
    warnings
}

pub(crate) fn begin(
    gpu: &Gpu,
    scan: &Scan,
    config: &OptimiseConfig,
    begin: &Begin,
) -> Optimisation {
    let go_on = &mut |_: Update| ControlFlow::Continue(());
    Optimisation::begin(
        gpu,
        scan.dataset.clone(),
        config.clone(),
        begin,
        None,
        go_on,
    )
    .unwrap()
}

/// Steps until `step` are done.
pub(crate) fn advance(gpu: &Gpu, optimisation: &mut Optimisation, step: u32) {
    while optimisation.step() < step {
        let go_on = &mut |_: Update| ControlFlow::Continue(());
        optimisation.advance(gpu, false, go_on).unwrap();
    }
}

/// On held-out photos.
pub(crate) fn measure(gpu: &Gpu, optimisation: &mut Optimisation) -> Evaluation {
    let go_on = &mut |_: Update| ControlFlow::Continue(());
    optimisation.evaluate(gpu, go_on).unwrap().unwrap()
}

pub(crate) fn psnr(gpu: &Gpu, optimisation: &mut Optimisation) -> f64 {
    measure(gpu, optimisation).report.mean.unwrap().psnr
}

//! `accrete eval-model`: a network measured as the tttLRM paper measures it, scene by scene.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use ::render::gpu::Gpu;
use ::render::{GpuSplats, Rasterizer, RenderConfig};
use anyhow::{Context, bail};
use glam::DAffine3;
use recon::dataset::{Dataset, HoldOut, Split};
use recon::io::photo::{PhotoLoader, PhotoOptions, TargetSize};
use recon::io::{self, FoldLists, OpenOptions, Opened};
use recon::metrics::{Lpips, Precision, Protocol, Scores, SsimVariant, ViewScores};
use recon::model::{
    Chunk, ModelConfig, Network, ReconstructConfig, ReconstructUpdate, SceneFrame, load_networks,
};
use recon::optim::{EvalConfig, EvalStep, HeldOut, evaluate};
use recon::worker::{reconstruct_on, share};
use serde::Serialize;

use super::console::with_causes;
use super::eval_model_table::table;
use super::interrupt::Interrupts;
use super::{Console, OpenGpu, measuring};
use crate::args::{ChoiceName, EvalModelArgs};

/// Every so many frames one is held out.
const TARGETS_EVERY: usize = 8;
/// Nothing nearer is drawn, in the network's units.
const NEAR: f64 = 0.1;
/// Decoded held-out photos that may wait to be compared, bytes.
const PHOTO_BYTES: usize = 256 << 20;

/// A scene that was measured.
#[derive(Serialize)]
pub(super) struct Scene {
    pub(super) path: PathBuf,
    pub(super) name: String,
    #[serde(flatten)]
    pub(super) mean: Scores,
    /// Views that the network saw, by name: not always as many as were asked for.
    pub(super) inputs: Vec<String>,
    pub(super) splats: usize,
    /// From the first photo to the splats.
    pub(super) seconds: f64,
    pub(super) views: Vec<ViewScores>,
    pub(super) protocol: Protocol,
    pub(super) warnings: Vec<String>,
}

/// A scene that was not.
#[derive(Serialize)]
struct FailedScene {
    path: PathBuf,
    why: String,
}

#[derive(Serialize)]
struct Report<'a> {
    list: &'a Path,
    adapter: &'a str,
    weights: &'a Path,
    config: &'a ReconstructConfig,
    /// Means over the scenes' means; `null` where none was measured.
    psnr: Option<f64>,
    ssim: Option<f64>,
    lpips: Option<f64>,
    scenes: &'a [Scene],
    failed: &'a [FailedScene],
    /// Ctrl-C came before the last scene.
    cancelled: bool,
}

/// What all scenes share.
struct Bench<'a> {
    gpu: &'a Gpu,
    /// One for each device that shares the views.
    networks: Vec<Network>,
    are_cards: bool,
    config: ReconstructConfig,
    lpips: Option<Lpips>,
    /// Choices of input views that lie apart from the scenes.
    folds: Option<FoldLists>,
    rasterizer: Rasterizer,
    interrupts: Interrupts,
    console: &'a Console,
}

/// Measures the network of `args` on the scenes of its list.
///
/// # Errors
/// Where list, weights or device cannot be used, and, when all is told, where a scene failed.
pub fn run(console: &Console, open_gpu: OpenGpu<'_>, args: &EvalModelArgs) -> anyhow::Result<()> {
    let list = io::read_scene_list(&args.list)?;
    let folds = args.folds.as_deref().map(io::read_fold_lists).transpose()?;
    measuring::check_weights(&args.network.weights)?;
    let lpips = measuring::open_lpips(args.lpips.as_deref())?;
    let gpu = open_gpu()?;
    let devices = args.network.device.open(Some(&gpu))?;
    let model = args.network.model.as_deref();
    let config = args.network.config(ChoiceName::Kmeans);
    let (mut networks, _) = load_networks(&args.network.weights, model, &devices, &config)?;
    for (rank, choice) in args.network.device.each().iter().enumerate() {
        let network = &mut networks[rank];
        let budget = share(choice, &gpu, &network.config, config.views);
        network.budget = args.network.device.share_of(rank, budget);
    }
    let mut bench = Bench {
        rasterizer: Rasterizer::new(&gpu)?,
        gpu: &gpu,
        networks,
        are_cards: args.network.device.are_cards(),
        config: ReconstructConfig {
            with_targets: !args.without_targets,
            ..config
        },
        lpips,
        folds,
        interrupts: Interrupts::heed(),
        console,
    };
    let bar = console.progress(list.len() as u64, "measuring");
    let (mut scenes, mut failed) = (Vec::new(), Vec::new());
    let mut cancelled = false;
    for path in &list {
        match bench.scene(path) {
            Ok(ControlFlow::Continue(scene)) => {
                bar.suspend(|| tell_scene(console, &scene));
                scenes.push(scene);
            }
            Ok(ControlFlow::Break(())) => {
                cancelled = true;
                break;
            }
            Err(err) => {
                let why = with_causes(&err);
                bar.suspend(|| console.warn(format_args!("{} failed: {why}", path.display())));
                failed.push(FailedScene {
                    path: path.clone(),
                    why,
                });
                if args.stop_on_failure {
                    break;
                }
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    let mean = mean_of(&scenes);
    console.say(table(&scenes, mean))?;
    console.report(&Report {
        list: &args.list,
        adapter: &gpu.capabilities().name,
        weights: &args.network.weights,
        config: &bench.config,
        psnr: mean.map(|it| it.psnr),
        ssim: mean.map(|it| it.ssim),
        lpips: mean.and_then(|it| it.lpips),
        scenes: &scenes,
        failed: &failed,
        cancelled,
    })?;
    conclude(list.len(), &failed, cancelled)
}

/// The exit code says whether all scenes were measured.
fn conclude(total: usize, failed: &[FailedScene], cancelled: bool) -> anyhow::Result<()> {
    if !failed.is_empty() {
        let names: Vec<String> = failed
            .iter()
            .map(|it| it.path.display().to_string())
            .collect();
        let count = failed.len();
        bail!("{count} of {total} scenes failed: {}", names.join(", "));
    }
    if cancelled {
        bail!("stopped before the last scene");
    }
    Ok(())
}

fn tell_scene(console: &Console, scene: &Scene) {
    let text = format!(
        "  {}: {:.2} dB, SSIM {:.4} in {:.1} s",
        scene.name, scene.mean.psnr, scene.mean.ssim, scene.seconds
    );
    // A closed output ends the program at its next word.
    console.say(text).ok();
}

/// Every scene counts the same, however many views it has.
fn mean_of(scenes: &[Scene]) -> Option<Scores> {
    let count = scenes.len() as f64;
    let mean =
        |of: &dyn Fn(&Scores) -> f64| scenes.iter().map(|it| of(&it.mean)).sum::<f64>() / count;
    let has_lpips = scenes.iter().all(|it| it.mean.lpips.is_some());
    (!scenes.is_empty()).then(|| Scores {
        psnr: mean(&|it| it.psnr),
        ssim: mean(&|it| it.ssim),
        lpips: has_lpips.then(|| mean(&|it| it.lpips.unwrap_or_default())),
    })
}

impl Bench<'_> {
    /// What the network is, on whichever device.
    fn network(&self) -> &ModelConfig {
        &self.networks[0].config
    }

    /// One scene; breaks where Ctrl-C says so.
    fn scene(&mut self, path: &Path) -> anyhow::Result<ControlFlow<(), Scene>> {
        let mut dataset = open(path)?;
        let mut warnings = dataset.report.warnings.clone();
        if let Some(folds) = &self.folds {
            warnings.extend(folds.apply(&mut dataset, path)?);
        }
        let dataset = Arc::new(dataset);
        let begun = Instant::now();
        let Some(chunk) = self.reconstruct(&dataset, &mut warnings)? else {
            return Ok(ControlFlow::Break(()));
        };
        let seconds = begun.elapsed().as_secs_f64();
        let name = |i: &usize| dataset.views.get(*i).map(|it| it.name.clone());
        let inputs: Vec<String> = chunk.views_seen.iter().filter_map(name).collect();
        let asked = self.config.views;
        if inputs.len() < asked {
            warnings.push(format!(
                "{} input views, not {asked}: there are no more",
                inputs.len()
            ));
        }
        for warning in &warnings {
            self.console
                .warn(format_args!("{}: {warning}", path.display()));
        }
        let report = self.measure(&dataset, &chunk)?;
        let Some(report) = report else {
            return Ok(ControlFlow::Break(()));
        };
        let mean = report.mean.context("no held-out photo could be read")?;
        Ok(ControlFlow::Continue(Scene {
            path: path.to_owned(),
            name: dataset.name.clone(),
            mean,
            inputs,
            splats: chunk.splats.len(),
            seconds,
            views: report.views,
            protocol: report.protocol,
            warnings,
        }))
    }

    /// The last chunk; `None` where it was stopped.
    fn reconstruct(
        &self,
        dataset: &Arc<Dataset>,
        warnings: &mut Vec<String>,
    ) -> anyhow::Result<Option<Chunk>> {
        let mut newest = None;
        let mut hear = |update| {
            match update {
                ReconstructUpdate::Chunk(chunk) => newest = Some(chunk),
                ReconstructUpdate::Warned(text) => warnings.push(text),
                ReconstructUpdate::Preparing { .. } => {}
            }
            if self.interrupts.taken() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        let flow = reconstruct_on(
            None,
            dataset,
            &self.config,
            (&self.networks, self.are_cards),
            &mut || None,
            &mut hear,
        )?;
        if flow.is_break() {
            return Ok(None);
        }
        Ok(Some(newest.context("the network made no splats")?))
    }

    /// At the network's size, as floats, with the uniform SSIM.
    fn measure(
        &mut self,
        dataset: &Arc<Dataset>,
        chunk: &Chunk,
    ) -> anyhow::Result<Option<recon::metrics::EvalReport>> {
        let network = self.network();
        let (width, height) = (network.image_width as u32, network.image_height as u32);
        let options = PhotoOptions {
            size: TargetSize::Exact(width, height),
            masks: false,
            ..PhotoOptions::default()
        };
        let loader = PhotoLoader::new(dataset.clone(), options, PHOTO_BYTES);
        let held_out = HeldOut::from_loader(loader);
        let splats = GpuSplats::upload(self.gpu, &chunk.splats)?;
        let config = EvalConfig {
            render: RenderConfig {
                background: self.config.background,
                near: self.near(dataset, &chunk.views_seen),
                ..RenderConfig::default()
            },
            ssim: SsimVariant::Uniform7,
            precision: Precision::Float,
            lpips: self.lpips.as_ref(),
        };
        let (console, interrupts) = (self.console, &self.interrupts);
        let mut visit = |step: EvalStep<'_>| {
            if let EvalStep::LeftOut { name, why } = step {
                console.warn(format_args!("{name} was not measured: {why}"));
            }
            if interrupts.taken() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        let rasterizer = &mut self.rasterizer;
        let report = evaluate(
            self.gpu, rasterizer, &splats, &held_out, &config, &mut visit,
        )?;
        Ok(report)
    }

    /// [`NEAR`] in the dataset's units.
    fn near(&self, dataset: &Dataset, inputs: &[usize]) -> f32 {
        let camera = |i: usize| dataset.views.get(i).map(|it| it.c2w);
        let targets = dataset.views.iter();
        let targets = targets.filter(|it| it.split == Split::HeldOut && !it.ignored);
        let targets = targets
            .filter(|_| self.config.with_targets)
            .map(|it| it.c2w);
        let inputs = inputs.iter().filter_map(|i| camera(*i));
        let cameras: Vec<DAffine3> = inputs.chain(targets).collect();
        let frame = SceneFrame::new(self.network().frame, &cameras);
        (NEAR / frame.network_from_dataset.scale) as f32
    }
}

/// A scene of the list, split as in the paper.
fn open(path: &Path) -> anyhow::Result<Dataset> {
    let options = OpenOptions {
        hold_out: Some(HoldOut::EveryNth(TARGETS_EVERY)),
    };
    match io::open_with(path, &options)? {
        Opened::Dataset(dataset) => Ok(dataset),
        Opened::Photos(_) => bail!("photos without camera poses"),
        Opened::Splats(_) | Opened::Video(_) | Opened::Project(..) => bail!("no posed photos"),
    }
}

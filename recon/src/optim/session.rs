//! An optimisation from its photos to its splats: what it begins with, step by step, measured now
//! and then.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use render::gpu::{Gpu, GpuError};
use render::{GpuSplats, Rasterizer, RenderConfig, Splats};

use crate::dataset::{Dataset, Split, camera_of};
use crate::edit::Region;
use crate::io::photo::{PhotoLoader, PhotoOptions, TargetSize, header_of};
use crate::io::{SplatFile, SplatFormat, open_lpips};
use crate::metrics::{Lpips, LpipsNet};

use super::checkpoint::Checkpoint;
use super::evaluate::{EvalConfig, EvalStep, HeldOut, evaluate};
use super::initial::{self, Beginning};
use super::part::{Arranged, Part};
use super::progress::{Evaluation, Pulse, TrainProgress, Update};
use super::scatter::scatter;
use super::sight::seen;
use super::targets::{Loading, Targets};
use super::trainer::Trainer;
use super::{Background, OptimError, OptimiseConfig};

/// Bytes of decoded photos that are kept on the host while they go to the GPU.
const LOADER_BYTES: usize = 512 << 20;

/// Told of what happens; says whether to go on.
pub type Listener<'a> = dyn FnMut(Update) -> ControlFlow<()> + 'a;

/// What an optimisation begins with.
#[derive(Clone, Debug, Default)]
pub enum Begin {
    /// The dataset's points; random ones in the cameras' common volume where it has none.
    #[default]
    Points,
    /// These splats, or a part of them between others that are frozen. Where some are, settings
    /// give way to what those were made with: all harmonics from the start, photos of full size, and
    /// antialiased or not as the file says.
    Splats(Arc<SplatFile>, Part),
    /// Where an earlier run was.
    Checkpoint(Box<Checkpoint>),
}

/// An optimisation in progress.
#[derive(Debug)]
pub struct Optimisation {
    dataset: Arc<Dataset>,
    trainer: Trainer,
    held_out: HeldOut,
    /// Apart from the trainer's: its images are of other sizes.
    evaluator: Rasterizer,
    lpips: Option<Lpips>,
    evaluations: Vec<Evaluation>,
    pulse: Pulse,
    /// Most bytes that were on the device.
    most_bytes: u64,
    /// Photos that were told of as gone.
    vanished: HashSet<String>,
    /// Longer side of the photos in the end, and at present.
    full_side: u32,
    side: u32,
}

impl Optimisation {
    /// Reads the photos, puts them and the first splats on the GPU and compiles the kernels.
    ///
    /// # Errors
    /// [`OptimError::NoPhotos`], [`OptimError::Cancelled`], and what files and GPU refuse. Where a
    /// part is optimised those of [`Part::order`], [`OptimError::UnseenRegion`] and
    /// [`OptimError::FrozenOverBudget`].
    pub fn begin(
        gpu: &Gpu,
        dataset: Arc<Dataset>,
        mut config: OptimiseConfig,
        begin: &Begin,
        lpips: Option<&Path>,
        listen: &mut Listener<'_>,
    ) -> Result<Self, OptimError> {
        let lpips = lpips.map(open_lpips).transpose()?;
        let lpips = lpips.and_then(|it| it.get(LpipsNet::Vgg).or(it.metrics.first()).cloned());
        let arranged = Arranged::of(begin, &mut config, gpu.capabilities())?;
        let full_side = full_side(&dataset, config.max_side);
        let step = match begin {
            Begin::Checkpoint(it) => it.step,
            Begin::Points | Begin::Splats(..) => 0,
        };
        let side = config.side_at(step, full_side);
        let region = arranged.region;
        let targets = read_photos(gpu, (&dataset, side), region.as_ref(), listen)?;
        let held_out = HeldOut::new(dataset.clone(), config.max_side);
        let views = dataset.views.iter();
        let cameras: Vec<_> = views
            .map(|it| camera_of(it, &dataset.lenses[it.lens]))
            .collect();
        let (mut pulse, mut evaluations) = (Pulse::default(), Vec::new());
        let mut trainer = if let Begin::Checkpoint(it) = begin {
            pulse.elapsed_secs = it.elapsed_secs;
            evaluations = comparable(&it.evaluations, &dataset, &config);
            Trainer::resume(gpu, config, it, (targets, &cameras))?
        } else {
            let extent = initial::extent(&dataset);
            let budget = config.budget(gpu.capabilities());
            let splats = if let Some(it) = &arranged.splats {
                initial::with_degree(it, config.sh_degree)
            } else {
                let mut it = points(&dataset, &config, (extent, budget), listen)?;
                initial::limit_in_photos(&mut it, &cameras);
                it
            };
            let splats = (&splats, arranged.frozen);
            Trainer::new(gpu, config, splats, (targets, &cameras), extent)?
        };
        if let Some(region) = region {
            trainer.confine(gpu, region)?;
        }
        Ok(Self {
            dataset,
            trainer,
            held_out,
            evaluator: Rasterizer::new(gpu)?,
            lpips,
            evaluations,
            pulse,
            most_bytes: 0,
            vanished: HashSet::new(),
            full_side,
            side,
        })
    }

    /// The settings, some of which may be changed between steps.
    pub fn config(&self) -> &OptimiseConfig {
        self.trainer.config()
    }

    /// The settings, to be changed.
    pub fn config_mut(&mut self) -> &mut OptimiseConfig {
        self.trainer.config_mut()
    }

    /// Whose photos are fitted.
    pub fn dataset(&self) -> &Arc<Dataset> {
        &self.dataset
    }

    /// Steps done.
    pub fn step(&self) -> u32 {
        self.trainer.step()
    }

    /// Whether all steps are done.
    pub fn is_done(&self) -> bool {
        self.config().steps <= self.step()
    }

    /// Submits a step. With `in_parts` it waits for the GPU after each part of it, so that a
    /// window can draw in between; else it does not wait.
    ///
    /// # Errors
    /// What the GPU refuses, and what it has to tell of earlier steps.
    pub fn advance(
        &mut self,
        gpu: &Gpu,
        in_parts: bool,
        listen: &mut Listener<'_>,
    ) -> Result<(), OptimError> {
        self.fit_photos(gpu, listen)?;
        let begun = Instant::now();
        if let Some(values) = self.trainer.advance(gpu, in_parts)? {
            self.pulse.hear(values.loss, values.mse);
        }
        self.pulse.beat(begun.elapsed().as_secs_f32());
        self.most_bytes = self.most_bytes.max(self.trainer.bytes());
        Ok(())
    }

    /// Photos of the size that the step asks for. Where none can be read any longer, those that
    /// are there stay.
    fn fit_photos(&mut self, gpu: &Gpu, listen: &mut Listener<'_>) -> Result<(), OptimError> {
        let side = self.config().side_at(self.step(), self.full_side);
        if side == self.side {
            return Ok(());
        }
        self.side = side;
        let region = self.trainer.region().copied();
        match read_photos(gpu, (&self.dataset, side), region.as_ref(), listen) {
            Ok(targets) => self.trainer.set_targets(gpu, targets)?,
            Err(OptimError::NoPhotos) => {
                let text = "No photo can be read any longer: the copies in memory go on being used";
                if listen(Update::Warned(text.to_owned())).is_break() {
                    return Err(OptimError::Cancelled);
                }
            }
            Err(err) => return Err(err),
        }
        Ok(())
    }

    /// Seconds that were waited for the GPU outside of [`Optimisation::advance`] count as the
    /// steps'.
    pub fn waited(&mut self, secs: f32) {
        self.pulse.elapsed_secs += secs;
    }

    /// Whether held-out photos are due to be measured after the last step.
    pub fn evaluation_is_due(&self) -> bool {
        let every = self.config().evaluate_every;
        let step = self.step();
        let is_due = 0 < every && 0 < step && step.is_multiple_of(every);
        let last = self.evaluations.last().map(|it| it.step);
        (is_due || self.is_done()) && last != Some(step)
    }

    /// Compares all held-out photos with what the splats look like from there; `None` where
    /// `listen` stopped it.
    ///
    /// # Errors
    /// What the GPU refuses.
    pub fn evaluate(
        &mut self,
        gpu: &Gpu,
        listen: &mut Listener<'_>,
    ) -> Result<Option<Evaluation>, OptimError> {
        let total = self.held_out.views().len() as u64;
        let mut done = 0;
        let config = EvalConfig {
            render: self.render_config(),
            lpips: self.lpips.as_ref(),
            ..EvalConfig::default()
        };
        let mut visit = |step: EvalStep<'_>| {
            done += 1;
            if let EvalStep::LeftOut { name, why } = step {
                let text = format!("{name} is left out of the measurement: {why}");
                listen(Update::Warned(text))?;
            }
            listen(Update::Preparing {
                what: "Measuring on held-out photos".to_owned(),
                done,
                total,
            })
        };
        let splats = self.trainer.shown(gpu)?;
        let report = evaluate(
            gpu,
            &mut self.evaluator,
            &splats,
            &self.held_out,
            &config,
            &mut visit,
        )?;
        Ok(report.map(|report| {
            let evaluation = Evaluation {
                step: self.trainer.step(),
                report,
            };
            self.evaluations.push(evaluation.clone());
            evaluation
        }))
    }

    /// How the splats are meant to be drawn.
    pub fn render_config(&self) -> RenderConfig {
        RenderConfig {
            background: match self.config().background {
                Background::Known(rgb) => rgb,
                Background::Random => [0.0; 3],
            },
            ..self.trainer.render_config()
        }
    }

    /// Measurements so far, oldest first; those of before a checkpoint too.
    pub fn evaluations(&self) -> &[Evaluation] {
        &self.evaluations
    }

    /// How far it is.
    pub fn progress(&self) -> TrainProgress {
        let config = self.config();
        let (step, steps) = (self.step(), config.steps);
        let step_secs = self.pulse.elapsed_secs / step.max(1) as f32;
        let recent = self.pulse.step_secs.unwrap_or(step_secs);
        TrainProgress {
            step,
            steps,
            steps_per_sec: if 0.0 < recent { 1.0 / recent } else { 0.0 },
            elapsed_secs: self.pulse.elapsed_secs,
            left_secs: recent * steps.saturating_sub(step) as f32,
            loss: self.pulse.loss.unwrap_or_default(),
            train_psnr: self.pulse.psnr(),
            splats: self.trainer.len(),
            frozen: self.trainer.frozen(),
            splat_budget: self.trainer.budget(),
            sh_degree: self.trainer.sh_degree(),
            image_side: self.trainer.image_side(),
            gpu_bytes: self.trainer.bytes(),
            paused: false,
        }
    }

    /// All that is needed to go on another day.
    ///
    /// # Errors
    /// What the GPU refuses.
    pub fn checkpoint(&self, gpu: &Gpu) -> Result<Checkpoint, GpuError> {
        Ok(Checkpoint {
            elapsed_secs: self.pulse.elapsed_secs,
            evaluations: self.evaluations.clone(),
            ..self.trainer.checkpoint(gpu)?
        })
    }

    /// From now on there are no more splats than this, or than there are already.
    pub fn set_budget(&mut self, budget: usize) {
        self.trainer.set_budget(budget);
    }

    /// Multiplies all step sizes; what is no positive number changes nothing.
    pub fn scale_rates(&mut self, factor: f32) {
        if factor.is_finite() && 0.0 < factor {
            self.config_mut().rates.scale(factor);
        }
    }

    /// How many photos are held out.
    pub fn num_held_out(&self) -> usize {
        self.held_out.views().len()
    }

    /// Names of photos that could be read and now cannot, each once.
    pub fn vanished(&mut self) -> Vec<String> {
        let views = self.dataset.views.iter().filter(|it| !it.ignored);
        let gone = views.filter(|it| header_of(&self.dataset.folder, &it.image.path).is_err());
        let new: Vec<String> = gone
            .map(|it| it.name.clone())
            .filter(|it| !self.vanished.contains(it))
            .collect();
        self.vanished.extend(new.iter().cloned());
        new
    }

    /// Most bytes that were on the device at a time.
    pub fn most_bytes(&self) -> u64 {
        self.most_bytes
    }

    /// What backward pass runs, in words for a person.
    pub fn backward(&self) -> String {
        self.trainer.backward()
    }

    /// A copy to be drawn while the optimisation goes on: it looks in every viewer as it does
    /// here.
    ///
    /// # Errors
    /// [`GpuError::OutOfMemory`].
    pub fn live(&self, gpu: &Gpu) -> Result<GpuSplats, GpuError> {
        self.trainer.shown(gpu)
    }

    /// From which splat each one comes, by its place among those that there were when this was asked
    /// last, or at the beginning: copies come from the one that they are copies of. `[splats]`
    ///
    /// # Errors
    /// What the GPU refuses.
    pub fn lineage(&mut self, gpu: &Gpu) -> Result<Vec<u32>, GpuError> {
        self.trainer.lineage(gpu)
    }

    /// The splats as they stand, as a file would have them; frozen ones first, to the bit as they
    /// came, but for harmonics of zero where others have more.
    ///
    /// # Errors
    /// What the GPU refuses.
    pub fn file(&self, gpu: &Gpu) -> Result<SplatFile, GpuError> {
        let splats = self.trainer.shown(gpu)?.download(gpu)?;
        let mut file = SplatFile::new(splats, SplatFormat::Ply);
        file.antialiased = self.config().antialiased.then_some(true);
        Ok(file)
    }
}

/// Those of earlier measurements that were made as the next ones will be.
fn comparable(
    evaluations: &[Evaluation],
    dataset: &Dataset,
    config: &OptimiseConfig,
) -> Vec<Evaluation> {
    let is_alike = |it: &&Evaluation| {
        let protocol = &it.report.protocol;
        protocol.split == dataset.report.split && protocol.max_side == config.max_side
    };
    evaluations.iter().filter(is_alike).cloned().collect()
}

/// The longest side of a photo, as far as `max_side` allows.
fn full_side(dataset: &Dataset, max_side: Option<u32>) -> u32 {
    let sides = dataset.views.iter().filter(|it| !it.ignored);
    let longest = sides.map(|it| it.image.width.max(it.image.height)).max();
    longest
        .unwrap_or(1)
        .min(max_side.unwrap_or(u32::MAX))
        .max(1)
}

/// The photos that are fitted, on the GPU, with the longer side brought to `side` pixels. Where
/// there is a region, those that show it.
fn read_photos(
    gpu: &Gpu,
    (dataset, side): (&Arc<Dataset>, u32),
    region: Option<&Region>,
    listen: &mut Listener<'_>,
) -> Result<Targets, OptimError> {
    let options = PhotoOptions {
        size: TargetSize::MaxSide(side),
        ..PhotoOptions::default()
    };
    let loader = PhotoLoader::new(dataset.clone(), options, LOADER_BYTES);
    let views: Vec<usize> = (0..dataset.views.len())
        .filter(|&i| dataset.views[i].split == Split::Train && !dataset.views[i].ignored)
        .collect();
    let shows = |view: &usize| {
        let view = &dataset.views[*view];
        let camera = camera_of(view, &dataset.lenses[view.lens]);
        region.is_none_or(|it| seen(it, &camera).is_some())
    };
    let showing: Vec<usize> = views.iter().copied().filter(shows).collect();
    if showing.is_empty() && !views.is_empty() {
        return Err(OptimError::UnseenRegion);
    }
    Targets::load(gpu, &loader, (&showing, region), &mut |it| {
        listen(match it {
            Loading::Done(done, total) => Update::Preparing {
                what: "Reading photos".to_owned(),
                done: done as u64,
                total: total as u64,
            },
            Loading::Unreadable(why) => Update::Warned(format!("{why}. It is left out")),
        })
    })
}

/// Datasets with fewer points than this begin with scattered ones.
const FEW_POINTS: usize = 100;
/// How many points are scattered.
const SCATTERED: usize = 12_000;

/// Splats at the dataset's points, or at scattered ones.
fn points(
    dataset: &Arc<Dataset>,
    config: &OptimiseConfig,
    (extent, budget): (f32, usize),
    listen: &mut Listener<'_>,
) -> Result<Splats, OptimError> {
    let beginning = Beginning {
        opacity: config.first_opacity,
        scale: config.first_scale,
        sh_degree: config.sh_degree,
    };
    if FEW_POINTS <= dataset.points.len() {
        return Ok(initial::from_points(&dataset.points, extent, &beginning));
    }
    let preparing = Update::Preparing {
        what: "Looking for points that photos agree on".to_owned(),
        done: 0,
        total: 1,
    };
    if listen(preparing).is_break() {
        return Err(OptimError::Cancelled);
    }
    let count = SCATTERED.min(budget);
    let points = scatter(dataset, count, config.seed);
    if points.is_empty() {
        return Err(OptimError::NoPoints);
    }
    Ok(initial::from_points(&points, extent, &beginning))
}

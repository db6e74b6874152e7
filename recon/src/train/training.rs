//! A training in progress: step after step, measured now and then, resumable.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use burn::tensor::{Device, Tensor};
use rayon::prelude::*;
use render::gpu::Gpu;
use serde::{Deserialize, Serialize};

use super::TrainError;
use super::adam::{Adam, Stepped, average};
use super::config::{Stage, TrainConfig};
use super::drawing::{Aim, Drawing};
use super::evaluate::{Evaluation, evaluate};
use super::example::Example;
use super::lanes::{Lanes, timed};
use super::pass::{Losses, learn, sized, tracked};
use super::perceptual::{LEAST_SIDE, Perceptual};
use crate::metrics::Sheet;
use crate::model::{Network, Weights, device_name, has_half};

/// A network that is being trained.
#[derive(Debug)]
pub struct Training {
    pub(super) config: TrainConfig,
    /// As it is after the last step.
    pub(super) network: Network,
    /// Running mean of its parameters.
    pub(super) mean: Weights,
    pub(super) adam: Adam,
    pub(super) counts: Counts,
    /// What scenes run on, by turns; the first has the parameters.
    devices: Vec<Device>,
    /// What the perceptual term sees with.
    perceptual: Option<Perceptual>,
    /// One for every scene that runs at a time.
    drawings: Vec<Mutex<Drawing>>,
    /// Scenes run side by side where everything runs on the processor, or there are several devices.
    lanes: Option<Lanes>,
}

/// What was done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Counts {
    /// Steps, skipped ones with them.
    pub steps: u32,
    /// Steps whose gradients were too long.
    pub skipped: u32,
    /// Scenes seen.
    pub scenes: u64,
    /// Seconds in steps.
    pub secs: f64,
}

/// A step, for the log.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct StepReport {
    /// Which (from 1).
    pub step: u32,
    /// Means over its scenes.
    pub losses: Losses,
    /// Their weighted sum.
    pub total: f32,
    /// Step size.
    pub rate: f32,
    /// Length of the gradient.
    pub length: f32,
    /// Nothing was changed.
    pub skipped: bool,
    /// Sides of the pictures, pixels.
    pub side: usize,
    /// How long it took.
    pub secs: f32,
    /// Of these, making the scenes; where scenes run side by side, their mean over threads.
    pub scene_secs: f32,
}

/// What the scenes of a step come to, in the mean.
#[derive(Default)]
struct Learnt {
    losses: Losses,
    gradients: Vec<Tensor<2>>,
    scene_secs: f32,
}

impl Learnt {
    /// Adds a part of what a scene says.
    fn add(&mut self, part: f32, (losses, gradients): (Losses, Vec<Tensor<2>>)) {
        self.losses.add(part, &losses);
        let gradients = gradients.into_iter().map(|it| it * part);
        let before = std::mem::take(&mut self.gradients);
        self.gradients = if before.is_empty() {
            gradients.collect()
        } else {
            before
                .into_iter()
                .zip(gradients)
                .map(|(a, b)| a + b)
                .collect()
        };
    }
}

impl Training {
    /// A network that knows nothing.
    ///
    /// # Errors
    /// Where settings do not fit together, and where the GPU refuses.
    pub fn new(config: TrainConfig, gpu: &Gpu, device: Device) -> Result<Self, TrainError> {
        config.check()?;
        let weights = Weights::random(&config.model, config.seed, &device);
        Self::from_weights(config, weights, gpu, device)
    }

    /// The same where each of several devices takes scenes of every step; the first is that of the
    /// parameters. Gradients meet there, in the order of the scenes.
    ///
    /// # Errors
    /// Where the GPU or the system refuses; where a device lacks the precision that is wanted.
    pub fn on_devices(mut self, gpu: &Gpu, devices: Vec<Device>) -> Result<Self, TrainError> {
        self.devices = devices;
        self.devices.insert(0, self.network.device.clone());
        self.devices.dedup();
        if 1 < self.devices.len() {
            self.prepare(gpu)?;
        }
        Ok(self)
    }

    /// With the perceptual term.
    ///
    /// # Errors
    /// [`TrainError::Config`] where a stage has pictures that are too small for it.
    pub fn with_perceptual(mut self, perceptual: Perceptual) -> Result<Self, TrainError> {
        let small = self.config.stages.iter().find(|it| it.side < LEAST_SIDE);
        if let Some(Stage { side, .. }) = small {
            return Err(TrainError::Config(format!(
                "a stage has pictures of {side} pixels, and the perceptual term takes {LEAST_SIDE} \
                 or more. Enlarge them, or leave out the weights of VGG-19"
            )));
        }
        self.perceptual = Some(perceptual);
        Ok(self)
    }

    /// A network that knows something already: of a pre-training, or of somebody else's.
    ///
    /// # Errors
    /// Those of [`Self::new`].
    pub fn from_weights(
        config: TrainConfig,
        weights: Weights,
        gpu: &Gpu,
        device: Device,
    ) -> Result<Self, TrainError> {
        config.check()?;
        let mut training = Self {
            adam: Adam::new(&weights),
            mean: weights.clone(),
            network: Network::new(config.model.clone(), weights, device.clone()),
            devices: vec![device],
            perceptual: None,
            drawings: Vec::new(),
            lanes: None,
            counts: Counts::default(),
            config,
        };
        training.prepare(gpu)?;
        Ok(training)
    }

    /// What steps need beside the network.
    fn prepare(&mut self, gpu: &Gpu) -> Result<(), TrainError> {
        let lacking = self.devices.iter().find(|it| !has_half(it));
        if let (true, Some(device)) = (self.config.economy.half, lacking) {
            return Err(TrainError::Config(format!(
                "economy.half is set, and {} has no half precision. Leave it out",
                device_name(device)
            )));
        }
        let first = Drawing::new(gpu)?;
        let is_processor = matches!(first, Drawing::Processor)
            && self.devices.iter().all(|it| *it == Device::flex());
        let batches = self.config.stages.iter().map(|it| it.batch);
        let most = batches.fold(self.config.evaluated_scenes, usize::max);
        self.lanes = match self.devices.len() {
            1 if !is_processor => None,
            1 => Some(Lanes::new(rayon::current_num_threads().min(most))?),
            several => Some(Lanes::new(several)?),
        };
        let count = self.lanes.as_ref().map_or(1, Lanes::count);
        self.drawings = vec![Mutex::new(first)];
        for _ in 1..count {
            self.drawings.push(Mutex::new(Drawing::new(gpu)?));
        }
        Ok(())
    }

    fn aim(&self) -> Aim<'_> {
        Aim {
            objective: &self.config.objective,
            perceptual: self.perceptual.as_ref(),
        }
    }

    /// As it is after the last step.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Its settings.
    pub fn config(&self) -> &TrainConfig {
        &self.config
    }

    /// What was done so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Whether all stages are done.
    pub fn is_done(&self) -> bool {
        self.config.steps() <= self.counts.steps
    }

    /// The network with the running mean of its parameters: what is measured and shipped.
    pub fn averaged(&self) -> Network {
        Network {
            weights: self.mean.clone(),
            ..self.network.clone()
        }
    }

    /// One step: the gradients of some scenes, in the mean.
    ///
    /// # Errors
    /// Where a device fails.
    pub fn step(&mut self, gpu: &Gpu) -> Result<StepReport, TrainError> {
        let begun = Instant::now();
        let step = self.counts.steps;
        let Some(stage) = self.config.stage(step).copied() else {
            return Err(TrainError::Config("there is no stage".to_owned()));
        };
        let Learnt {
            losses,
            gradients,
            scene_secs,
        } = match &self.lanes {
            Some(lanes) => self.side_by_side(gpu, lanes, &stage)?,
            None => self.one_by_one(gpu, &stage)?,
        };
        let config = &self.config;
        let rate = config.rate(step);
        let descent = config.descent;
        let weights = &mut self.network.weights;
        let Stepped { length, skipped } = self.adam.step(weights, &gradients, rate, &descent);
        // The mean over few steps is not held back by where they began.
        let memory = descent.average.min((1 + step) as f32 / (10 + step) as f32);
        average(&mut self.mean, &self.network.weights, memory);
        let secs = begun.elapsed().as_secs_f32();
        self.counts.steps += 1;
        self.counts.skipped += u32::from(skipped);
        self.counts.scenes += stage.batch as u64;
        self.counts.secs += f64::from(secs);
        Ok(StepReport {
            step: self.counts.steps,
            total: losses.total(&self.config.objective),
            losses,
            rate,
            length,
            skipped,
            side: stage.side,
            secs,
            scene_secs,
        })
    }

    /// The scene of this step with this number.
    fn example(&self, stage: &Stage, number: usize) -> Example {
        let TrainConfig {
            seed,
            scenes,
            model,
            ..
        } = &self.config;
        Example::of_step(
            *seed,
            (self.counts.steps, number),
            stage,
            scenes,
            model.frame,
        )
    }

    /// Every scene on a thread, with its own graph of what was computed. What they say is added in
    /// their order, so that it does not depend on how many threads there are.
    fn side_by_side(&self, gpu: &Gpu, lanes: &Lanes, stage: &Stage) -> Result<Learnt, TrainError> {
        let economy = self.config.economy;
        let found = lanes.run(stage.batch, &|lane, number| {
            let (example, secs) = timed(|| self.example(stage, number));
            let device = &self.devices[lane % self.devices.len()];
            let tracked = tracked(&self.network, stage.side, economy, device);
            let mut drawing = self.drawing(lane);
            let found = learn(&tracked, &example, (gpu, &mut drawing), self.aim())?;
            Ok((found, secs.as_secs_f32()))
        })?;
        let mut learnt = Learnt::default();
        for ((losses, gradients), secs) in found {
            let home = &self.network.device;
            let gradients = gradients.into_iter().map(|it| it.to_device(home));
            learnt.add(1.0 / stage.batch as f32, (losses, gradients.collect()));
            learnt.scene_secs += secs / lanes.count() as f32;
        }
        Ok(learnt)
    }

    /// What a lane draws with.
    fn drawing(&self, lane: usize) -> MutexGuard<'_, Drawing> {
        // It keeps nothing from one picture to the next.
        let drawing = self.drawings[lane].lock();
        drawing.unwrap_or_else(PoisonError::into_inner)
    }

    /// Scenes are made side by side and learnt from one after the other.
    fn one_by_one(&self, gpu: &Gpu, stage: &Stage) -> Result<Learnt, TrainError> {
        let numbers = (0..stage.batch).into_par_iter();
        let make = || numbers.map(|it| self.example(stage, it)).collect();
        let (examples, secs): (Vec<Example>, _) = timed(make);
        let economy = self.config.economy;
        let tracked = tracked(&self.network, stage.side, economy, &self.network.device);
        let mut learnt = Learnt {
            scene_secs: secs.as_secs_f32(),
            ..Learnt::default()
        };
        for example in &examples {
            let mut drawing = self.drawing(0);
            let found = learn(&tracked, example, (gpu, &mut drawing), self.aim())?;
            learnt.add(1.0 / stage.batch as f32, found);
        }
        Ok(learnt)
    }

    /// Measures the averaged network on scenes that are never trained on, at the size of the
    /// present stage, and shows some of them.
    ///
    /// # Errors
    /// Where a device fails.
    pub fn evaluate(&self, gpu: &Gpu) -> Result<(Evaluation, Sheet), TrainError> {
        let side = self.config.stage(self.counts.steps.saturating_sub(1));
        let side = side.map_or(self.config.model.image_width, |it| it.side);
        let network = sized(&self.averaged(), side);
        let scenes = self.config.evaluated_scenes;
        let is_alone = self.devices.len() == 1;
        let lanes = self.lanes.as_ref().filter(|_| is_alone);
        evaluate(&network, scenes, (gpu, &mut self.drawing(0)), lanes)
    }
}

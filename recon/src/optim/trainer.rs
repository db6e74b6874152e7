//! The loop's body: a step draws a photo's view, compares, goes back and moves the splats; now and
//! then they become more.

use render::gpu::{Fetch, Gpu, GpuError, LossValues, Recorder};
use render::gradient::{Choice, choose};
use render::loss::AlphaUse;
use render::training::{
    Confine, Descent, DescentConfig, Filter, Noise, PoolOptions, PoolState, SplatPool,
};
use render::{
    Camera, GpuSplats, Gradient, GradientOptions, Loss, LossConfig, Rasterizer, RenderConfig,
    Splats,
};

use super::chance::Chance;
use super::checkpoint::Checkpoint;
use super::corrections::{CorrectionState, Corrections};
use super::growing::{Growing, Occasion};
use super::initial::thinned;
use super::part::enclosure;
use super::targets::{Target, Targets};
use super::{Background, OptimError, OptimiseConfig};
use crate::edit::Region;

/// No splat grows beyond this part of the extent.
const LARGEST_SCALE: f32 = 2.0;
/// Steps between measurements of the 3D filter: means move slowly.
const FILTER_EVERY: u32 = 100;

/// Splats, what moves them, and the photos they are to look like; all of it on the GPU.
#[derive(Debug)]
pub(super) struct Trainer {
    config: OptimiseConfig,
    budget: usize,
    /// Unit of the means' steps, world units.
    extent: f32,
    targets: Targets,
    pool: SplatPool,
    rasterizer: Rasterizer,
    loss: Loss,
    gradient: Gradient,
    descent: Descent,
    noise: Noise,
    filter: Option<Filter>,
    /// Where splats that are not frozen stay, where that is not everywhere.
    region: Option<(Region, Confine)>,
    corrections: Corrections,
    growth: Growing,
    fetch: Fetch<LossValues>,
    chance: Chance,
    /// What was chosen in the first step, and why.
    backward: Option<Choice>,
    step: u32,
    image_side: u32,
}

impl Trainer {
    /// Uploads the splats, of which the first `frozen` stay as they are, and compiles the kernels.
    /// `extent` is the unit of the means' steps.
    pub(super) fn new(
        gpu: &Gpu,
        config: OptimiseConfig,
        (splats, frozen): (&Splats, usize),
        (targets, cameras): (Targets, &[Camera]),
        extent: f32,
    ) -> Result<Self, OptimError> {
        let budget = config.budget(gpu.capabilities());
        let splats = thinned(splats, budget, frozen);
        let room = frozen + config.expected_splats(splats.len() - frozen, 0);
        let room = room.min(budget);
        let options = PoolOptions {
            room,
            statistics: config.densify.strategy.statistics(),
            filtered: config.filter_3d,
            frozen,
            max_chunk_bytes: None,
        };
        let pool = SplatPool::with_options(gpu, &splats, &options)?;
        let mut trainer = Self::with_pool(gpu, config, pool, targets, extent)?;
        trainer.correct(gpu, cameras, CorrectionState::default())?;
        Ok(trainer)
    }

    /// Goes on where a checkpoint left off.
    pub(super) fn resume(
        gpu: &Gpu,
        mut config: OptimiseConfig,
        checkpoint: &Checkpoint,
        (targets, cameras): (Targets, &[Camera]),
    ) -> Result<Self, OptimError> {
        config.sh_degree = checkpoint.pool.splats.sh_degree;
        let (len, frozen) = (checkpoint.pool.splats.len(), checkpoint.pool.frozen);
        let room = frozen + config.expected_splats(len - frozen, checkpoint.step);
        let room = room.min(config.budget(gpu.capabilities())).max(len);
        let pool = SplatPool::from_state(gpu, &checkpoint.fitted(&config), room)?;
        let mut trainer = Self::with_pool(gpu, config, pool, targets, checkpoint.extent)?;
        trainer.step = checkpoint.step;
        trainer.correct(gpu, cameras, checkpoint.corrections.clone())?;
        Ok(trainer)
    }

    fn with_pool(
        gpu: &Gpu,
        config: OptimiseConfig,
        pool: SplatPool,
        targets: Targets,
        extent: f32,
    ) -> Result<Self, OptimError> {
        let options = GradientOptions {
            until_sums: true,
            // What comes of poses is compiled once, when a design was chosen.
            ..GradientOptions::portable(gpu.capabilities())
        };
        let mut trainer = Self {
            budget: config.budget(gpu.capabilities()).max(pool.len()),
            extent,
            targets,
            pool,
            rasterizer: Rasterizer::new(gpu)?,
            loss: Loss::new(gpu)?,
            gradient: Gradient::new(gpu, options)?,
            descent: Descent::new(gpu)?,
            noise: Noise::new(gpu)?,
            filter: None,
            region: None,
            corrections: Corrections::default(),
            growth: Growing::new(gpu)?,
            fetch: Fetch::new(gpu, 1)?,
            chance: Chance::new(config.seed),
            backward: None,
            step: 0,
            image_side: 0,
            config,
        };
        trainer.fit_filter(gpu)?;
        Ok(trainer)
    }

    /// From now on splats stay in this region.
    pub(super) fn confine(&mut self, gpu: &Gpu, region: Region) -> Result<(), GpuError> {
        let confine = Confine::new(gpu, &enclosure(&region))?;
        self.region = Some((region, confine));
        Ok(())
    }

    /// From which splat each one comes, of those that there were when this was asked last, or at the
    /// beginning.
    pub(super) fn lineage(&self, gpu: &Gpu) -> Result<Vec<u32>, GpuError> {
        let origins = self.pool.origins(gpu)?;
        self.pool.mark_origins(gpu);
        Ok(origins)
    }

    /// Where splats are optimised; `None` for everywhere.
    pub(super) fn region(&self) -> Option<&Region> {
        self.region.as_ref().map(|it| &it.0)
    }

    fn correct(
        &mut self,
        gpu: &Gpu,
        cameras: &[Camera],
        state: CorrectionState,
    ) -> Result<(), GpuError> {
        let cameras = (cameras, self.targets.all.len());
        self.corrections = Corrections::new(gpu, &self.config, cameras, state)?;
        Ok(())
    }

    /// Other photos of the same views from now on: of another size.
    pub(super) fn set_targets(&mut self, gpu: &Gpu, targets: Targets) -> Result<(), GpuError> {
        self.targets = targets;
        self.fit_filter(gpu)
    }

    /// Splats are no sharper than the present photos can tell.
    fn fit_filter(&mut self, gpu: &Gpu) -> Result<(), GpuError> {
        if self.pool.splats().filter_plane().is_none() {
            return Ok(());
        }
        let cameras: Vec<_> = self.targets.all.iter().map(|it| it.camera).collect();
        self.filter = Some(Filter::new(gpu, &cameras)?);
        self.measure_filter(gpu)
    }

    fn measure_filter(&mut self, gpu: &Gpu) -> Result<(), GpuError> {
        let Some(filter) = &mut self.filter else {
            return Ok(());
        };
        filter.prepare(gpu, &self.pool, RenderConfig::default().near)?;
        let mut recorder = Recorder::new(gpu, None, false);
        filter.record(&mut recorder);
        recorder.submit(gpu);
        Ok(())
    }

    pub(super) fn config(&self) -> &OptimiseConfig {
        &self.config
    }

    pub(super) fn config_mut(&mut self) -> &mut OptimiseConfig {
        &mut self.config
    }

    /// Steps done.
    pub(super) fn step(&self) -> u32 {
        self.step
    }

    pub(super) fn len(&self) -> usize {
        self.pool.len()
    }

    /// How many of the splats, the first, stay as they are.
    pub(super) fn frozen(&self) -> usize {
        self.pool.frozen()
    }

    pub(super) fn budget(&self) -> usize {
        self.budget
    }

    pub(super) fn sh_degree(&self) -> u32 {
        self.config.sh_degree_at(self.step)
    }

    pub(super) fn image_side(&self) -> u32 {
        self.image_side
    }

    /// What backward pass runs, in words for a person.
    pub(super) fn backward(&self) -> String {
        self.backward
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default()
    }

    /// Size of everything on the device.
    pub(super) fn bytes(&self) -> u64 {
        self.pool.bytes()
            + self.targets.bytes
            + self.rasterizer.bytes()
            + self.gradient.bytes()
            + self.growth.bytes()
    }

    /// A copy to be drawn, as every viewer draws it.
    pub(super) fn shown(&self, gpu: &Gpu) -> Result<GpuSplats, GpuError> {
        self.pool.snapshot(gpu)
    }

    /// From now on there are no more splats than this, or than there are already.
    pub(super) fn set_budget(&mut self, budget: usize) {
        self.budget = budget.max(self.pool.len());
        self.config.splat_budget = Some(self.budget);
    }

    /// The state between two steps; seconds and measurements are the caller's to fill in.
    pub(super) fn checkpoint(&self, gpu: &Gpu) -> Result<Checkpoint, GpuError> {
        Ok(Checkpoint {
            config: self.config.clone(),
            step: self.step,
            elapsed_secs: 0.0,
            extent: self.extent,
            evaluations: Vec::new(),
            corrections: self.corrections.read(gpu)?,
            region: self.region().copied(),
            // Whoever goes on from here counts from here.
            pool: PoolState {
                origins: Vec::new(),
                ..self.pool.read(gpu)?
            },
        })
    }

    /// How splats are drawn, in front of black.
    pub(super) fn render_config(&self) -> RenderConfig {
        RenderConfig {
            antialiased: self.config.antialiased,
            ..RenderConfig::default()
        }
    }

    /// Submits a step; with `in_parts` it waits after each part. What an earlier step came to is
    /// returned when it has come.
    pub(super) fn advance(
        &mut self,
        gpu: &Gpu,
        in_parts: bool,
    ) -> Result<Option<LossValues>, OptimError> {
        let pause = |gpu: &Gpu| if in_parts { gpu.wait() } else { Ok(()) };
        // Not right after the last step: what is measured and kept between two steps has settled,
        // while clones and halves have not.
        if self.config.densifies_after(self.step) {
            self.densify(gpu)?;
            self.measure_filter(gpu)?;
            pause(gpu)?;
        }
        let target = self.next_target();
        let camera = self.corrections.camera(target.view, &target.camera);
        self.image_side = target.photo.size[0].max(target.photo.size[1]);
        let background = self.background(target.alpha_use);
        let render = RenderConfig {
            background,
            max_sh_degree: self.sh_degree(),
            ..self.render_config()
        };
        let splats = self.pool.splats();
        self.rasterizer.draw(gpu, splats, &camera, &render)?;
        pause(gpu)?;
        self.compare(gpu, &target, background)?;
        pause(gpu)?;
        self.descend(gpu, (target.view, &camera))?;
        self.step += 1;
        if self.step.is_multiple_of(FILTER_EVERY) {
            self.measure_filter(gpu)?;
        }
        pause(gpu)?;
        self.rasterizer.poll(gpu)?;
        let now = (&self.config, self.step);
        self.corrections.descend(self.extent, now);
        Ok(self.fetch.take().and_then(|it| it.first().copied()))
    }

    /// From the frame to the gradient at its pixels.
    fn compare(
        &mut self,
        gpu: &Gpu,
        target: &Target,
        background: [f32; 3],
    ) -> Result<(), GpuError> {
        let loss = LossConfig {
            alpha_use: target.alpha_use,
            ..self.config.loss
        };
        self.loss
            .prepare(gpu, &self.rasterizer, &target.photo, background, &loss)?;
        let now = (&self.config, self.step);
        let parts = (&self.rasterizer, &self.loss);
        self.corrections.prepare(gpu, parts, target.view, now)?;
        let mut recorder = Recorder::new(gpu, None, false);
        self.corrections.record_before(&mut recorder);
        self.loss.record(&mut recorder);
        self.corrections.record_after(&mut recorder);
        let requested = self.fetch.record(&mut recorder, self.loss.values());
        recorder.submit(gpu);
        if requested {
            self.fetch.request();
        }
        Ok(())
    }

    /// From there to the splats.
    fn descend(&mut self, gpu: &Gpu, drawn: (usize, &Camera)) -> Result<(), GpuError> {
        let Some(d_image) = self.loss.d_image() else {
            return Ok(());
        };
        let splats = self.pool.splats();
        if self.backward.is_none() {
            let wanted = GradientOptions {
                pose: self.config.refine_poses,
                ..self.gradient.options()
            };
            let choice = choose(gpu, &self.rasterizer, splats, d_image, wanted)?;
            log::info!("backward pass: {choice}");
            if choice.options != self.gradient.options() {
                self.gradient = Gradient::new(gpu, choice.options)?;
            }
            self.backward = Some(choice);
        }
        self.gradient
            .prepare(gpu, &self.rasterizer, splats, d_image)?;
        let rates = self.config.rates_at(self.step, self.extent);
        let is_mcmc = self.config.densify.strategy.is_mcmc();
        let regularise = if is_mcmc { 1.0 } else { 0.0 };
        let descent = DescentConfig {
            rates,
            step: self.step + 1,
            only_visible: self.config.only_visible,
            opacity_weight: regularise * self.config.opacity_weight,
            scale_weight: regularise * self.config.scale_weight / self.extent,
            update_sh_rest: true,
            largest_log_scale: self.largest_scale().ln(),
        };
        self.descent
            .prepare(gpu, &self.rasterizer, &self.gradient, &self.pool, &descent)?;
        let mut recorder = Recorder::new(gpu, None, false);
        self.gradient.record(&mut recorder, &self.rasterizer)?;
        self.corrections
            .record_pose(&mut recorder, &self.gradient, drawn);
        self.descent.record(&mut recorder);
        // Displacements by covariances are of world units squared: a step per extent, twice.
        let noise = self.config.densify.noise * rates.means / (self.extent * self.extent);
        if is_mcmc && 0.0 < noise {
            let seed = self.chance.seed(self.step);
            self.noise.prepare(gpu, &self.pool, noise, seed);
            self.noise.record(&mut recorder);
        }
        if let Some((_, confine)) = &mut self.region {
            confine.prepare(gpu, &self.pool);
            confine.record(&mut recorder);
        }
        recorder.submit(gpu);
        self.corrections.request();
        Ok(())
    }

    /// No splat grows larger than this, world units; in a region none larger than that.
    fn largest_scale(&self) -> f32 {
        let largest = LARGEST_SCALE * self.extent;
        let region = self.region();
        region.map_or(largest, |it| largest.min(it.half().max_element()))
    }

    fn densify(&mut self, gpu: &Gpu) -> Result<(), GpuError> {
        let occasion = Occasion {
            config: &self.config,
            step: self.step,
            seed: self.chance.seed(self.step),
            extent: self.extent,
            budget: self.budget,
            pixels: self.targets.mean_pixels(),
        };
        if self.config.densify.strategy.asks_views() {
            let render = RenderConfig {
                max_sh_degree: self.sh_degree(),
                ..self.render_config()
            };
            let count = self.targets.all.len();
            for number in 0..(self.config.densify.asked_views as usize).min(count) {
                // Evenly spread, others each time.
                let at = (number * count / self.config.densify.asked_views.max(1) as usize
                    + self.step as usize)
                    % count;
                let target = &self.targets.all[at];
                self.rasterizer
                    .draw(gpu, self.pool.splats(), &target.camera, &render)?;
                let parts = (&self.rasterizer, &mut self.gradient);
                self.growth.ask(gpu, parts, &self.pool, target)?;
            }
        }
        self.growth.grow(gpu, &mut self.pool, &occasion)
    }

    fn next_target(&mut self) -> Target {
        let next = self.chance.target(self.step, self.targets.all.len());
        self.targets.all[next].clone()
    }

    fn background(&self, alpha_use: AlphaUse) -> [f32; 3] {
        match self.config.background {
            Background::Known(rgb) => rgb,
            Background::Random if alpha_use == AlphaUse::Opacity => self.chance.colour(self.step),
            Background::Random => [0.0; 3],
        }
    }
}

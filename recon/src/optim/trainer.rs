//! The loop's body: a step draws a photo's view, compares, goes back and moves the splats.

use render::gpu::{Fetch, Gpu, LossValues, Recorder};
use render::{
    Adam, GpuSplats, Gradient, GradientOptions, Loss, LossConfig, Rasterizer, RenderConfig, Splats,
};

use super::chance::Chance;
use super::targets::{Target, Targets};
use super::{Background, OptimError, OptimiseConfig};

/// An optimisation in progress, all of it on the GPU.
#[derive(Debug)]
pub struct Trainer {
    config: OptimiseConfig,
    extent: f32,
    targets: Targets,
    splats: GpuSplats,
    rasterizer: Rasterizer,
    loss: Loss,
    gradient: Gradient,
    adam: Adam,
    fetch: Fetch<LossValues>,
    chance: Chance,
    step: u32,
}

impl Trainer {
    /// Uploads the splats and compiles the kernels. `extent` is the unit of the means' steps.
    ///
    /// # Errors
    /// What the GPU refuses.
    pub fn new(
        gpu: &Gpu,
        config: OptimiseConfig,
        splats: &Splats,
        targets: Targets,
        extent: f32,
    ) -> Result<Self, OptimError> {
        let splats = GpuSplats::upload(gpu, splats)?;
        let options = GradientOptions::portable(gpu.capabilities());
        Ok(Self {
            extent,
            targets,
            rasterizer: Rasterizer::new(gpu)?,
            loss: Loss::new(gpu)?,
            gradient: Gradient::new(gpu, options)?,
            adam: Adam::new(gpu, &splats)?,
            splats,
            fetch: Fetch::new(gpu, 1)?,
            chance: Chance::new(config.seed),
            step: 0,
            config,
        })
    }

    /// Steps done.
    pub fn step(&self) -> u32 {
        self.step
    }

    /// The splats as they stand.
    pub fn splats(&self) -> &GpuSplats {
        &self.splats
    }

    /// Submits a step and does not wait for it. What an earlier step came to is returned when it
    /// has come.
    ///
    /// # Errors
    /// What the GPU refuses, and what it has to tell of earlier steps.
    pub fn advance(&mut self, gpu: &Gpu) -> Result<Option<LossValues>, OptimError> {
        let target = self.next_target();
        let background = self.background();
        let render = RenderConfig {
            antialiased: self.config.antialiased,
            background,
            max_sh_degree: self.config.sh_degree_at(self.step),
            ..RenderConfig::default()
        };
        self.rasterizer
            .draw(gpu, &self.splats, &target.camera, &render)?;
        let loss = LossConfig {
            alpha_use: target.alpha_use,
            ..self.config.loss
        };
        self.loss
            .prepare(gpu, &self.rasterizer, &target.photo, background, &loss)?;
        let mut recorder = Recorder::new(gpu, None, false);
        self.loss.record(&mut recorder);
        if let Some(d_image) = self.loss.d_image() {
            self.gradient
                .prepare(gpu, &self.rasterizer, &self.splats, d_image)?;
            self.gradient.record(&mut recorder, &self.rasterizer)?;
        }
        let rates = self.config.rates_at(self.step, self.extent);
        self.adam.prepare(
            gpu,
            &self.rasterizer,
            &self.gradient,
            &self.splats,
            (&rates, false),
        )?;
        self.adam.record(&mut recorder);
        let requested = self.fetch.record(&mut recorder, self.loss.values());
        recorder.submit(gpu);
        if requested {
            self.fetch.request();
        }
        self.step += 1;
        self.rasterizer.poll(gpu)?;
        Ok(self.fetch.take().and_then(|it| it.first().copied()))
    }

    fn next_target(&mut self) -> Target {
        let next = self.chance.target(self.step, self.targets.all.len());
        self.targets.all[next].clone()
    }

    fn background(&self) -> [f32; 3] {
        match self.config.background {
            Background::Known(rgb) => rgb,
            Background::Random => self.chance.colour(self.step),
        }
    }
}

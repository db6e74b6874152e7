//! From splats to pictures and back: the gradient of the pictures' loss with respect to what is
//! stored of each splat, view by view, so that one view's arrays exist at a time (deferred
//! back-propagation).

use glam::Vec3;
use render::gpu::{Gpu, GpuError, GpuVec};
use render::{
    Camera, GpuSplats, Gradient, GradientOptions, Image, Rasterizer, RenderConfig, Splats,
    SplatsError, software,
};

use super::TrainError;
use super::config::Objective;
use super::example::ExampleView;
use super::perceptual::Perceptual;
use super::picture::{PictureLoss, Wanted, compare};

/// What pictures are compared by.
#[derive(Clone, Copy, Debug)]
pub struct Aim<'a> {
    /// Weights of the terms.
    pub objective: &'a Objective,
    /// What the perceptual one sees with; without it there is none.
    pub perceptual: Option<&'a Perceptual>,
}

impl Aim<'_> {
    /// The terms of a picture, and the gradient of their weighted sum at its pixels.
    fn compare(
        self,
        image: &Image,
        view: &ExampleView,
    ) -> Result<(PictureLoss, Vec<f32>), TrainError> {
        let wanted = Wanted {
            rgb: &view.rgb,
            coverage: &view.coverage,
        };
        let (mut loss, mut slopes) = compare(image, wanted, self.objective);
        if let Some(perceptual) = self.perceptual {
            let width = image.width as usize;
            let (value, more) = perceptual.compare(&image.rgb, &view.rgb, width)?;
            loss.perceptual = value;
            for (to, from) in slopes.iter_mut().zip(more) {
                *to += self.objective.perceptual * from;
            }
        }
        Ok((loss, slopes))
    }
}

/// Draws splats, and goes back.
#[derive(Debug)]
pub enum Drawing {
    /// By kernels.
    Gpu(Box<GpuDrawing>),
    /// By the same method in plain code, where the GPU is a program that runs kernels on the
    /// processor: to such a one pictures of 64 × 64 are so little work that it mostly compiles, and
    /// it takes one picture at a time. This way has no state: as many as there are threads can draw
    /// side by side.
    Processor,
}

/// Kernels, and their arrays.
#[derive(Debug)]
pub struct GpuDrawing {
    rasterizer: Rasterizer,
    gradient: Gradient,
    d_image: Option<GpuVec<f32>>,
}

impl Drawing {
    /// Chooses the way, and compiles what kernels it needs.
    ///
    /// # Errors
    /// Where the GPU refuses.
    pub fn new(gpu: &Gpu) -> Result<Self, GpuError> {
        if gpu.capabilities().is_cpu() {
            return Ok(Self::Processor);
        }
        let options = GradientOptions::portable(gpu.capabilities());
        Ok(Self::Gpu(Box::new(GpuDrawing {
            rasterizer: Rasterizer::new(gpu)?,
            gradient: Gradient::new(gpu, options)?,
            d_image: None,
        })))
    }

    /// The splats as seen by each of the views, before white.
    ///
    /// # Errors
    /// Where the GPU refuses.
    pub fn draw(
        &mut self,
        gpu: &Gpu,
        splats: &Splats,
        views: &[ExampleView],
    ) -> Result<Vec<Image>, GpuError> {
        let cameras = views.iter().map(ExampleView::render_camera);
        match self {
            Self::Gpu(it) => {
                let splats = GpuSplats::upload(gpu, splats)?;
                cameras
                    .map(|camera| it.draw(gpu, &splats, &camera))
                    .collect()
            }
            Self::Processor => cameras
                .map(|camera| {
                    let drawn = software::draw(splats, &camera, &config());
                    Ok(drawn.map_err(|it| invalid(&it))?.image)
                })
                .collect(),
        }
    }

    /// The means of the loss over views, and the gradient of their weighted sum.
    ///
    /// # Errors
    /// Where the GPU refuses.
    pub fn gradient(
        &mut self,
        gpu: &Gpu,
        splats: &Splats,
        views: &[ExampleView],
        aim: Aim<'_>,
    ) -> Result<(PictureLoss, Splats), TrainError> {
        let share = 1.0 / views.len().max(1) as f32;
        let mut mean = PictureLoss::default();
        let mut slopes = |view: &ExampleView, image: &Image| -> Result<Vec<f32>, TrainError> {
            let (loss, mut slopes) = aim.compare(image, view)?;
            mean.picture += share * loss.picture;
            mean.structure += share * loss.structure;
            mean.perceptual += share * loss.perceptual;
            mean.coverage += share * loss.coverage;
            for it in &mut slopes {
                *it *= share;
            }
            Ok(slopes)
        };
        let mut sum: Option<Splats> = None;
        let mut take = |found: Splats| match &mut sum {
            None => sum = Some(found),
            Some(sum) => add(sum, &found),
        };
        match self {
            Self::Gpu(it) => {
                let on_gpu = GpuSplats::upload(gpu, splats)?;
                for view in views {
                    let image = it.draw(gpu, &on_gpu, &view.render_camera())?;
                    if let Some(found) = it.backward(gpu, &on_gpu, &slopes(view, &image)?)? {
                        take(found);
                    }
                }
            }
            Self::Processor => {
                for view in views {
                    let drawn = software::draw(splats, &view.render_camera(), &config());
                    let drawn = drawn.map_err(|it| invalid(&it))?;
                    take(
                        drawn
                            .backward(&slopes(view, &drawn.image)?)
                            .map_err(|it| invalid(&it))?,
                    );
                }
            }
        }
        Ok((mean, sum.unwrap_or_else(|| splats.zeros_like())))
    }
}

impl GpuDrawing {
    fn draw(&mut self, gpu: &Gpu, splats: &GpuSplats, camera: &Camera) -> Result<Image, GpuError> {
        self.rasterizer
            .draw_complete(gpu, splats, camera, &config())?;
        self.rasterizer.read_image(gpu)
    }

    /// Of the picture drawn last.
    fn backward(
        &mut self,
        gpu: &Gpu,
        splats: &GpuSplats,
        slopes: &[f32],
    ) -> Result<Option<Splats>, GpuError> {
        let d_image = self.upload(gpu, slopes)?;
        self.gradient
            .backward(gpu, &self.rasterizer, splats, &d_image)?;
        let found = self.gradient.d_splats();
        let found = found.map(|it| it.download_bare(gpu)).transpose()?;
        Ok(found.map(|(splats, _)| splats))
    }

    fn upload(&mut self, gpu: &Gpu, slopes: &[f32]) -> Result<GpuVec<f32>, GpuError> {
        let kept = self.d_image.take().filter(|it| it.len() == slopes.len());
        let d_image = match kept {
            Some(it) => {
                it.write(gpu, slopes);
                it
            }
            None => GpuVec::from_slice(gpu, "gradient of a picture", slopes)?,
        };
        self.d_image = Some(d_image.clone());
        Ok(d_image)
    }
}

/// Splats nearer than this are not drawn, network units: cameras are about 1 from what they see.
const NEAR: f32 = 0.02;

fn config() -> RenderConfig {
    RenderConfig {
        background: [1.0; 3],
        near: NEAR,
        ..RenderConfig::default()
    }
}

/// As the GPU says it when it is given such splats.
fn invalid(err: &SplatsError) -> GpuError {
    GpuError::Invalid(err.to_string())
}

fn add(sum: &mut Splats, more: &Splats) {
    let vectors = |a: &mut [Vec3], b: &[Vec3]| a.iter_mut().zip(b).for_each(|(a, b)| *a += *b);
    let floats = |a: &mut [f32], b: &[f32]| a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
    vectors(&mut sum.means, &more.means);
    vectors(&mut sum.log_scales, &more.log_scales);
    floats(sum.quats.as_flattened_mut(), more.quats.as_flattened());
    floats(&mut sum.opacity_logits, &more.opacity_logits);
    floats(
        sum.sh_coeffs.as_flattened_mut(),
        more.sh_coeffs.as_flattened(),
    );
}

//! From splats to pictures and back: the gradient of the pictures' loss with respect to what is
//! stored of each splat, view by view, so that one view's arrays exist at a time (deferred
//! back-propagation).

use glam::Vec3;
use render::gpu::{Gpu, GpuError, GpuVec};
use render::{
    Camera, GpuSplats, Gradient, GradientOptions, Image, Rasterizer, RenderConfig, Splats,
};

use super::config::Objective;
use super::example::ExampleView;
use super::picture::{PictureLoss, Wanted, compare};

/// Draws splats, and goes back.
#[derive(Debug)]
pub struct Drawing {
    rasterizer: Rasterizer,
    gradient: Gradient,
    d_image: Option<GpuVec<f32>>,
}

impl Drawing {
    /// Compiles the kernels.
    ///
    /// # Errors
    /// Where the GPU refuses.
    pub fn new(gpu: &Gpu) -> Result<Self, GpuError> {
        let options = GradientOptions::portable(gpu.capabilities());
        Ok(Self {
            rasterizer: Rasterizer::new(gpu)?,
            gradient: Gradient::new(gpu, options)?,
            d_image: None,
        })
    }

    /// The splats as seen by a camera, before white.
    ///
    /// # Errors
    /// Where the GPU refuses.
    pub fn draw(
        &mut self,
        gpu: &Gpu,
        splats: &GpuSplats,
        camera: &Camera,
    ) -> Result<Image, GpuError> {
        let config = RenderConfig {
            background: [1.0; 3],
            near: NEAR,
            ..RenderConfig::default()
        };
        self.rasterizer
            .draw_complete(gpu, splats, camera, &config)?;
        self.rasterizer.read_image(gpu)
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
        objective: &Objective,
    ) -> Result<(PictureLoss, Splats), GpuError> {
        let on_gpu = GpuSplats::upload(gpu, splats)?;
        let share = 1.0 / views.len().max(1) as f32;
        let mut mean = PictureLoss::default();
        let mut sum: Option<Splats> = None;
        for view in views {
            let image = self.draw(gpu, &on_gpu, &view.render_camera())?;
            let wanted = Wanted {
                rgb: &view.rgb,
                coverage: &view.coverage,
            };
            let (loss, mut slopes) = compare(&image, wanted, objective);
            mean.picture += share * loss.picture;
            mean.structure += share * loss.structure;
            mean.coverage += share * loss.coverage;
            for it in &mut slopes {
                *it *= share;
            }
            let d_image = self.upload(gpu, &slopes)?;
            self.gradient
                .backward(gpu, &self.rasterizer, &on_gpu, &d_image)?;
            if let Some(found) = self.gradient.d_splats() {
                let (found, _) = found.download_bare(gpu)?;
                match &mut sum {
                    None => sum = Some(found),
                    Some(sum) => add(sum, &found),
                }
            }
        }
        Ok((mean, sum.unwrap_or_else(|| none_like(splats))))
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

/// The gradient of a loss that depends on no splat.
fn none_like(splats: &Splats) -> Splats {
    Splats {
        means: vec![Vec3::ZERO; splats.len()],
        quats: vec![[0.0; 4]; splats.len()],
        log_scales: vec![Vec3::ZERO; splats.len()],
        opacity_logits: vec![0.0; splats.len()],
        sh_coeffs: vec![[0.0; 3]; splats.sh_coeffs.len()],
        sh_degree: splats.sh_degree,
    }
}

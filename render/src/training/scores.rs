//! What views of the photos say of each splat: how much of what is wrong it covers (after FastGS,
//! Ren et al. 2025).

use crate::gpu::{Gpu, GpuError, GpuVec, LossUniform, Recorder};
use crate::gradient::PIXEL_PLANES;
use crate::kernels::{FindErrors, MarkErrors, Score, find_errors, mark_errors, score};
use crate::loss::{AlphaUse, Photo};
use crate::rasterizer::folded;
use crate::{Gradient, Rasterizer};

use super::{ERRORS, SplatPool};

/// Splats, or pixels, in a workgroup.
const BLOCK: usize = 256;

/// Adds up importance and errors of splats, view by view.
#[derive(Debug)]
pub struct Scores {
    find: FindErrors,
    mark: MarkErrors,
    score: Score,
    extremes: GpuVec<u32>,
    marks: Option<GpuVec<f32>>,
}

impl Scores {
    /// Compiles the kernels.
    ///
    /// # Errors
    /// [`GpuError::Shader`], [`GpuError::OutOfMemory`].
    pub fn new(gpu: &Gpu) -> Result<Self, GpuError> {
        Ok(Self {
            find: FindErrors::new(gpu)?,
            mark: MarkErrors::new(gpu)?,
            score: Score::new(gpu)?,
            extremes: GpuVec::zeroed(gpu, "range of errors", 2)?,
            marks: None,
        })
    }

    /// Adds what the frame of `pool` that `rasterizer` drew last says, beside its photo: to plane
    /// [`super::IMPORTANCE`] of the statistics Σ α T over the pixels that are clearly wrong, to
    /// plane [`ERRORS`] the mean error of the pixels, weighted by α T, with the view's errors
    /// stretched to between 0 and 1. Errors are means of absolute differences of the channels, in
    /// front of `background`. Does not wait.
    ///
    /// `gradient` lends the kernels that carry pixels to splats; it must be prepared anew for a
    /// step.
    ///
    /// # Errors
    /// [`GpuError::Invalid`] where the pool lacks these planes, the frame and the photo differ in
    /// size, or nothing was drawn; [`GpuError::TooLarge`] or [`GpuError::OutOfMemory`].
    pub fn score_view(
        &mut self,
        gpu: &Gpu,
        (rasterizer, gradient): (&Rasterizer, &mut Gradient),
        pool: &SplatPool,
        (photo, background, alpha_use): (&Photo, [f32; 3], AlphaUse),
    ) -> Result<(), GpuError> {
        gpu.check()?;
        let frame = rasterizer.blended()?;
        let size = frame.capacity.image_size;
        let pixels = frame.capacity.pixels();
        if photo.size != size || photo.pixels.len() < photo.first + pixels {
            let message = format!("a frame of {size:?} and a photo of {:?}", photo.size);
            return Err(GpuError::Invalid(message));
        }
        if pool.statistics() <= ERRORS {
            let message = "scores of splats have no place among the statistics";
            return Err(GpuError::Invalid(message.to_owned()));
        }
        let uniform = LossUniform {
            image_size: size,
            first_target: photo.first as u32,
            border: 0,
            background,
            alpha_use: alpha_use as u32,
            ssim_weight: 0.0,
            alpha_weight: 0.0,
            pad: [0; 2],
        };
        let uniform = GpuVec::from_slice(gpu, "photo", &[uniform])?;
        self.extremes.write(gpu, &[u32::MAX, 0]);
        let marks = match self.marks.take() {
            Some(marks) if marks.len() == PIXEL_PLANES * pixels => marks,
            _ => GpuVec::zeroed(gpu, "marks", PIXEL_PLANES * pixels)?,
        };
        let marks = self.marks.insert(marks);
        let find = find_errors::Arrays {
            loss: &uniform,
            image: &frame.image,
            targets: &photo.pixels,
            marks,
            extremes: &self.extremes,
        };
        let mark = mark_errors::Arrays {
            loss: &uniform,
            extremes: &self.extremes,
            marks,
        };
        let groups = folded(pixels.div_ceil(BLOCK) as u32);
        let mut recorder = Recorder::new(gpu, None, false);
        recorder.dispatch(self.find.kernel(), &self.find.bind(gpu, &find), groups);
        recorder.dispatch(self.mark.kernel(), &self.mark.bind(gpu, &mark), groups);
        gradient.prepare(gpu, rasterizer, pool.splats(), marks)?;
        gradient.record(&mut recorder, rasterizer)?;
        let Some(splat_sums) = gradient.splat_sums() else {
            return Ok(());
        };
        for (chunk, moments) in pool.chunks().filter(|(chunk, _)| 0 < chunk.count) {
            let arrays = score::Arrays {
                frame: &frame.frame,
                chunk: &chunk.uniform,
                visible_bits: &frame.visible_bits,
                block_offsets: &frame.block_offsets,
                splat_sums,
                statistics: &moments.statistics,
            };
            let bound = self.score.bind(gpu, &arrays);
            let groups = folded(chunk.count.div_ceil(BLOCK) as u32);
            recorder.dispatch(self.score.kernel(), &bound, groups);
        }
        recorder.submit(gpu);
        Ok(())
    }
}

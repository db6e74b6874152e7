//! How splats become more, and fewer, and change places; all of it on the GPU.
//!
//! One mechanism serves every rule: a rule says how many copies each splat is to have (0: it is
//! given up, 1: it stays), running sums of these say which old splat each new one comes from,
//! every plane of parameters and moments is brought into that order, and copies are told apart.
//! Copies take their splat's place among the others, so neighbours in memory stay neighbours in
//! space. Happens every hundred steps or so: small arrays are allocated on the way.

mod draws;
mod remap;
mod scratch;

use crate::gpu::{DivideUniform, Gpu, GpuError, GpuVec, Recorder};
use crate::kernels::{Accumulate, Divide, Draw, Gather, Trace, Weigh, divide};
use crate::rasterizer::folded;

use super::{MomentChunk, SplatPool};
use remap::Planes;
use scratch::Scratch;

/// Splats in a workgroup.
const BLOCK: usize = 256;

/// By which rule splats become more and fewer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// 3DGS-MCMC (Kheradmand et al. 2024): splats that cannot be seen become copies of others,
    /// drawn by opacity, and so do new ones; the picture stays what it was.
    Mcmc {
        /// Splats that are not more opaque are given up; no copy is fainter.
        least_opacity: f32,
        /// Splats there shall be: between as many as there are and the room.
        target_len: usize,
        /// Of the draws.
        seed: u32,
        /// Drawn by opacity times importance (plane [`super::IMPORTANCE`] of the statistics).
        by_importance: bool,
    },
}

/// What a densification did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Densified {
    /// Splats before.
    pub before: usize,
    /// Splats after.
    pub after: usize,
}

/// Changes how many splats there are, and their order.
#[derive(Debug)]
pub struct Densifier {
    kernels: Kernels,
    scratch: Option<Scratch>,
}

#[derive(Debug)]
struct Kernels {
    accumulate: Accumulate,
    accumulate_floats: Accumulate,
    weigh: Weigh,
    draw: Draw,
    trace: Trace,
    gather: Gather,
    divide: Divide,
}

impl Kernels {
    fn new(gpu: &Gpu) -> Result<Self, GpuError> {
        Ok(Self {
            accumulate: Accumulate::new(gpu)?,
            accumulate_floats: Accumulate::with_constants(gpu, &[("FLOATS", 1.0)])?,
            weigh: Weigh::new(gpu)?,
            draw: Draw::new(gpu)?,
            trace: Trace::new(gpu)?,
            gather: Gather::new(gpu)?,
            divide: Divide::new(gpu)?,
        })
    }
}

impl Densifier {
    /// Compiles the kernels.
    ///
    /// # Errors
    /// [`GpuError::Shader`].
    pub fn new(gpu: &Gpu) -> Result<Self, GpuError> {
        Ok(Self {
            kernels: Kernels::new(gpu)?,
            scratch: None,
        })
    }

    /// Gives up some splats and copies others, as the rule says. Statistics begin anew. Moments
    /// follow their splats, but for those of copies, which begin anew.
    ///
    /// Frames, gradients and optimisers that are bound to the pool's arrays stay bound.
    ///
    /// # Errors
    /// [`GpuError::TooLarge`] or [`GpuError::OutOfMemory`]; [`GpuError::Invalid`] where the pool
    /// lacks the statistics that the rule needs.
    pub fn densify(
        &mut self,
        gpu: &Gpu,
        pool: &mut SplatPool,
        rule: &Rule,
    ) -> Result<Densified, GpuError> {
        gpu.check()?;
        let before = pool.len();
        if before == 0 {
            return Ok(Densified { before, after: 0 });
        }
        self.fit(gpu, pool)?;
        let Some(scratch) = &self.scratch else {
            return Ok(Densified {
                before,
                after: before,
            });
        };
        let mut recorder = Recorder::new(gpu, None, false);
        let (after, division) = match *rule {
            Rule::Mcmc {
                least_opacity,
                target_len,
                seed,
                by_importance,
            } => {
                let target_len = target_len.clamp(before, pool.room());
                let rule = draws::Draws {
                    least_opacity,
                    by_importance,
                    target_len,
                    seed,
                };
                draws::record(gpu, &mut recorder, (&self.kernels, scratch), pool, &rule)?;
                (target_len, share(least_opacity))
            }
        };
        remap::trace(
            gpu,
            &mut recorder,
            (&self.kernels, scratch),
            (before, after),
        )?;
        // What is written to uniforms counts from the next submission on.
        recorder.submit(gpu);
        pool.set_len(gpu, after);

        let mut recorder = Recorder::new(gpu, None, false);
        let kept = [
            Planes::Params,
            Planes::Geometry,
            Planes::ShFirst,
            Planes::ShSecond,
        ];
        let sources = &scratch.sources;
        remap::gather(
            gpu,
            &mut recorder,
            (&self.kernels, scratch),
            (pool, before),
            (&kept, sources),
        )?;
        for (_, moments) in pool.chunks() {
            recorder.clear(&moments.statistics);
        }
        self.divide(gpu, &mut recorder, pool, division)?;
        recorder.submit(gpu);
        Ok(Densified { before, after })
    }

    /// Size of the arrays on the device.
    pub fn bytes(&self) -> u64 {
        self.scratch.as_ref().map_or(0, Scratch::bytes)
    }

    /// Makes or keeps arrays for this pool.
    fn fit(&mut self, gpu: &Gpu, pool: &SplatPool) -> Result<(), GpuError> {
        if self.scratch.as_ref().is_none_or(|it| !it.fits(pool)) {
            // Free the old arrays first: both may not fit.
            self.scratch = None;
            self.scratch = Some(Scratch::new(gpu, pool)?);
        }
        Ok(())
    }

    fn divide(
        &self,
        gpu: &Gpu,
        recorder: &mut Recorder<'_>,
        pool: &SplatPool,
        division: DivideUniform,
    ) -> Result<(), GpuError> {
        let Some(scratch) = &self.scratch else {
            return Ok(());
        };
        for (chunk, moments) in pool.chunks().filter(|(chunk, _)| 0 < chunk.count) {
            let planes = |len: usize| (len / chunk.stride) as u32;
            let division = DivideUniform {
                geometry_moments: planes(moments.geometry.len()),
                sh_moments: planes(moments.sh_first.len()),
                ..division
            };
            let MomentChunk {
                geometry,
                sh_first,
                sh_second,
                ..
            } = moments;
            let arrays = divide::Arrays {
                divide: &GpuVec::from_slice(gpu, "division", &[division])?,
                chunk: &chunk.uniform,
                sources: &scratch.sources,
                copies: &scratch.copies,
                params: &chunk.params,
                geometry_moments: geometry,
                sh_first,
                sh_second,
            };
            let kernel = &self.kernels.divide;
            let bound = kernel.bind(gpu, &arrays);
            recorder.dispatch(kernel.kernel(), &bound, blocks(chunk.count));
        }
        Ok(())
    }
}

/// Copies share what the one was.
fn share(smallest_opacity: f32) -> DivideUniform {
    DivideUniform {
        rule: 0,
        smallest_opacity,
        split_log_scale: 0.0,
        seed: 0,
        geometry_moments: 0,
        sh_moments: 0,
    }
}

/// Workgroups for this many splats.
fn blocks(len: usize) -> crate::gpu::Groups<'static> {
    folded(len.div_ceil(BLOCK) as u32)
}

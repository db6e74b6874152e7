//! How splats become more, and fewer, and change places; all of it on the GPU.
//!
//! One mechanism serves every rule: a rule says how many copies each splat is to have (0: it is
//! given up, 1: it stays), running sums of these say which old splat each new one comes from,
//! every plane of parameters and moments is brought into that order, and copies are told apart.
//! Copies take their splat's place among the others, so neighbours in memory stay neighbours in
//! space. Happens every hundred steps or so: small arrays are allocated on the way.

mod draws;
mod growth;
mod ranking;
mod remap;
mod rule;
mod scratch;

pub use rule::{Densified, Growth, Rule};

use crate::gpu::{DivideUniform, FadeUniform, Gpu, GpuError, GpuVec, Groups, Recorder};
use crate::gpu_splats::GEOMETRY_PLANES;
use crate::kernels::{Accumulate, Divide, Draw, Fade, Gather, Trace, Weigh, divide, fade};
use crate::rasterizer::folded;

use super::{IMPORTANCE, MomentChunk, SplatPool};
use ranking::Ranking;
use remap::Planes;
use scratch::Scratch;

/// Splats in a workgroup.
const BLOCK: usize = 256;

/// Changes how many splats there are, their order, and how faint they are.
#[derive(Debug)]
pub struct Densifier {
    kernels: Kernels,
    scratch: Option<Scratch>,
    ranking: Option<Ranking>,
}

/// What every rule needs.
#[derive(Debug)]
struct Kernels {
    accumulate: Accumulate,
    accumulate_floats: Accumulate,
    weigh: Weigh,
    draw: Draw,
    trace: Trace,
    gather: Gather,
    divide: Divide,
    fade: Fade,
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
            fade: Fade::new(gpu)?,
        })
    }
}

/// Where a rule records what it does.
struct Work<'a, 'b> {
    gpu: &'a Gpu,
    recorder: &'a mut Recorder<'b>,
    kernels: &'a Kernels,
    scratch: &'a Scratch,
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
            ranking: None,
        })
    }

    /// Gives up some splats and copies others, as the rule says. Statistics begin anew. Moments
    /// follow their splats, but for those of copies, which begin anew. Should a rule give up all,
    /// all stay. Frozen splats stay in any case, are not copied, and count among those that there may
    /// be.
    ///
    /// Frames, gradients and optimisers that are bound to the pool's arrays stay bound. Waits for
    /// the GPU where only it knows how many there will be: not with [`Rule::Mcmc`].
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
        let unchanged = Densified {
            before,
            after: before,
        };
        if pool.statistics() < rule.statistics() {
            let message = "a rule of densification needs statistics that are not kept";
            return Err(GpuError::Invalid(message.to_owned()));
        }
        if before == pool.frozen() {
            return Ok(unchanged);
        }
        let scratch = Scratch::for_pool(&mut self.scratch, gpu, pool)?;
        let mut recorder = Recorder::new(gpu, None, false);
        let mut work = Work {
            gpu,
            recorder: &mut recorder,
            kernels: &self.kernels,
            scratch,
        };
        let known = match rule {
            Rule::Mcmc { target_len, .. } => {
                let target_len = (*target_len).clamp(before, pool.room());
                draws::record(&mut work, pool, rule, target_len)?;
                Some(target_len)
            }
            Rule::Adaptive(growth) | Rule::MultiView { growth, .. } => {
                let ranking = Ranking::for_pool(&mut self.ranking, gpu, pool)?;
                growth::record(&mut work, ranking, pool, (rule, growth))?;
                None
            }
        };
        remap::add_up(&mut work, before)?;
        recorder.submit(gpu);
        let after = match known {
            Some(after) => after,
            None => scratch.read_total(gpu, before)?.min(pool.room()),
        };
        if after <= pool.frozen() {
            return Ok(unchanged);
        }
        // Written after the submission, so what was recorded still saw the old numbers.
        pool.set_len(gpu, after);
        self.rebuild(gpu, pool, before, rule.division())?;
        Ok(Densified { before, after })
    }

    /// Lays splats in an order in which neighbours in memory are neighbours in space. Nothing but
    /// the order changes; statistics follow too. Frozen splats keep their places, the first.
    ///
    /// # Errors
    /// [`GpuError::TooLarge`] or [`GpuError::OutOfMemory`].
    pub fn reorder(&mut self, gpu: &Gpu, pool: &mut SplatPool) -> Result<(), GpuError> {
        gpu.check()?;
        if pool.len() < 2 {
            return Ok(());
        }
        let scratch = Scratch::for_pool(&mut self.scratch, gpu, pool)?;
        let ranking = Ranking::for_pool(&mut self.ranking, gpu, pool)?;
        let mut recorder = Recorder::new(gpu, None, false);
        let mut work = Work {
            gpu,
            recorder: &mut recorder,
            kernels: &self.kernels,
            scratch,
        };
        ranking.record_places(&mut work, pool)?;
        let all = [Planes::KEPT.as_slice(), &[Planes::Statistics]].concat();
        remap::gather(&mut work, (pool, pool.len()), (&all, ranking.order()))?;
        recorder.submit(gpu);
        Ok(())
    }

    /// Takes the part `decay` of every opacity that is not frozen: o ← o (1 − decay).
    ///
    /// # Errors
    /// [`GpuError::OutOfMemory`].
    pub fn decay(&self, gpu: &Gpu, pool: &SplatPool, decay: f32) -> Result<(), GpuError> {
        let keep = (1.0 - decay).clamp(0.0, 1.0);
        self.fade(gpu, pool, (keep, 1.0), false)
    }

    /// Makes what is more opaque than `largest`, and not frozen, as opaque as that. With `forget` the moments of
    /// all opacities begin anew, as when 3DGS resets them.
    ///
    /// # Errors
    /// [`GpuError::OutOfMemory`].
    pub fn cap_opacity(
        &self,
        gpu: &Gpu,
        pool: &SplatPool,
        largest: f32,
        forget: bool,
    ) -> Result<(), GpuError> {
        self.fade(gpu, pool, (1.0, largest.clamp(0.0, 1.0)), forget)
    }

    /// Size of the arrays on the device.
    pub fn bytes(&self) -> u64 {
        self.scratch.as_ref().map_or(0, Scratch::bytes)
            + self.ranking.as_ref().map_or(0, Ranking::bytes)
    }

    /// Fills a pool that had `before` splats and has its new length from the numbers of copies.
    fn rebuild(
        &self,
        gpu: &Gpu,
        pool: &SplatPool,
        before: usize,
        division: DivideUniform,
    ) -> Result<(), GpuError> {
        let Some(scratch) = &self.scratch else {
            return Ok(());
        };
        let mut recorder = Recorder::new(gpu, None, false);
        let mut work = Work {
            gpu,
            recorder: &mut recorder,
            kernels: &self.kernels,
            scratch,
        };
        remap::trace(&mut work, (before, pool.len()))?;
        remap::gather(&mut work, (pool, before), (&Planes::KEPT, &scratch.sources))?;
        for (chunk, moments) in pool.chunks().filter(|(chunk, _)| 0 < chunk.count) {
            work.recorder.clear(&moments.statistics);
            divide(&mut work, (chunk, moments), division)?;
        }
        recorder.submit(gpu);
        Ok(())
    }

    fn fade(
        &self,
        gpu: &Gpu,
        pool: &SplatPool,
        (keep, largest_opacity): (f32, f32),
        forget: bool,
    ) -> Result<(), GpuError> {
        gpu.check()?;
        let uniform = FadeUniform {
            keep,
            largest_opacity,
            forget: u32::from(forget),
            geometry_planes: GEOMETRY_PLANES as u32,
        };
        let uniform = GpuVec::from_slice(gpu, "fading", &[uniform])?;
        let kernel = &self.kernels.fade;
        let mut recorder = Recorder::new(gpu, None, false);
        for (chunk, moments) in pool.chunks().filter(|(chunk, _)| 0 < chunk.count) {
            let arrays = fade::Arrays {
                fade: &uniform,
                chunk: &chunk.uniform,
                params: &chunk.params,
                geometry_moments: &moments.geometry,
            };
            let bound = kernel.bind(gpu, &arrays);
            recorder.dispatch(kernel.kernel(), &bound, blocks(chunk.count));
        }
        recorder.submit(gpu);
        Ok(())
    }
}

/// Records what tells copies in a chunk apart.
fn divide(
    work: &mut Work<'_, '_>,
    (chunk, moments): (&crate::gpu_splats::Chunk, &MomentChunk),
    division: DivideUniform,
) -> Result<(), GpuError> {
    let planes = |len: usize| (len / chunk.stride) as u32;
    let division = DivideUniform {
        geometry_moments: planes(moments.geometry.len()),
        sh_moments: planes(moments.sh_first.len()),
        ..division
    };
    let arrays = divide::Arrays {
        divide: &GpuVec::from_slice(work.gpu, "division", &[division])?,
        chunk: &chunk.uniform,
        sources: &work.scratch.sources,
        copies: &work.scratch.copies,
        params: &chunk.params,
        geometry_moments: &moments.geometry,
        sh_first: &moments.sh_first,
        sh_second: &moments.sh_second,
    };
    let kernel = &work.kernels.divide;
    let bound = kernel.bind(work.gpu, &arrays);
    let groups = blocks(chunk.count);
    work.recorder.dispatch(kernel.kernel(), &bound, groups);
    Ok(())
}

/// Workgroups for this many splats.
fn blocks(len: usize) -> Groups<'static> {
    folded(len.div_ceil(BLOCK) as u32)
}

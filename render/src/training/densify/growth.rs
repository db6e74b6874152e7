//! 3DGS's adaptive density control, and where several views are asked.

use crate::gpu::{DoubtUniform, GpuError, GpuVec, NominateUniform};
use crate::kernels::{doubt, nominate};
use crate::training::SplatPool;

use super::ranking::Ranking;
use super::rule::{Growth, Rule, log_scale};
use super::{Work, blocks};

/// Copies of those that grow.
const GROWN: u32 = 2;

/// Records what fills `copies`.
pub(super) fn record(
    work: &mut Work<'_, '_>,
    ranking: &Ranking,
    pool: &SplatPool,
    (rule, growth): (&Rule, &Growth),
) -> Result<(), GpuError> {
    let budget = growth.budget.min(pool.room()) as u32;
    work.recorder.clear(&work.scratch.tally);
    let mut uniform = NominateUniform {
        gradient_threshold: growth.gradient_threshold.max(0.0),
        least_opacity: growth.least_opacity,
        largest_log_scale: log_scale(growth.largest_scale),
        least_importance: 0.0,
        by_importance: 0,
    };
    if let Rule::MultiView {
        least_importance,
        views,
        ..
    } = rule
    {
        let views = (*views).max(1) as f32;
        uniform.least_importance = least_importance * views;
        uniform.by_importance = 1;
        prune(work, ranking, pool, (growth, views))?;
        ranking.elect(work, pool.len(), 0, budget)?;
    }
    nominate(work, ranking, pool, uniform)?;
    ranking.elect(work, pool.len(), GROWN, budget)
}

/// Records keys of a draw among those that may be pruned, and sorts by them.
fn prune(
    work: &mut Work<'_, '_>,
    ranking: &Ranking,
    pool: &SplatPool,
    (growth, views): (&Growth, f32),
) -> Result<(), GpuError> {
    let uniform = DoubtUniform {
        least_opacity: growth.least_opacity,
        largest_log_scale: log_scale(growth.largest_scale),
        views,
        seed: growth.seed,
    };
    let uniform = GpuVec::from_slice(work.gpu, "pruning", &[uniform])?;
    let kernel = &ranking.kernels.doubt;
    for (chunk, moments) in pool.chunks().filter(|(chunk, _)| 0 < chunk.count) {
        let arrays = doubt::Arrays {
            doubt: &uniform,
            chunk: &chunk.uniform,
            params: &chunk.params,
            statistics: &moments.statistics,
            copies: &work.scratch.copies,
            keys: ranking.keys(),
            splats: ranking.order(),
            tally: &work.scratch.tally,
        };
        let bound = kernel.bind(work.gpu, &arrays);
        let groups = blocks(chunk.count);
        work.recorder.dispatch(kernel.kernel(), &bound, groups);
    }
    ranking.record_sort(work, pool.len());
    Ok(())
}

/// Records keys of those that want to grow, and sorts by them.
fn nominate(
    work: &mut Work<'_, '_>,
    ranking: &Ranking,
    pool: &SplatPool,
    uniform: NominateUniform,
) -> Result<(), GpuError> {
    let uniform = GpuVec::from_slice(work.gpu, "growth", &[uniform])?;
    let kernel = &ranking.kernels.nominate;
    for (chunk, moments) in pool.chunks().filter(|(chunk, _)| 0 < chunk.count) {
        let arrays = nominate::Arrays {
            nominate: &uniform,
            chunk: &chunk.uniform,
            params: &chunk.params,
            statistics: &moments.statistics,
            copies: &work.scratch.copies,
            keys: ranking.keys(),
            splats: ranking.order(),
            tally: &work.scratch.tally,
        };
        let bound = kernel.bind(work.gpu, &arrays);
        let groups = blocks(chunk.count);
        work.recorder.dispatch(kernel.kernel(), &bound, groups);
    }
    ranking.record_sort(work, pool.len());
    Ok(())
}

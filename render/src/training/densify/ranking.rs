//! Splats in an order by keys: by eagerness to grow, by chance, by place.

use crate::gpu::{Counters, DispatchArgs, ElectUniform, EncodeUniform, Gpu, GpuError, GpuVec};
use crate::kernels::{Doubt, Elect, Encode, Nominate, elect, encode};
use crate::rasterizer::{
    Counted, FOLD, KeyValues, PARTITION, PARTITIONS_PER_BLOCK, Sort, SortPasses, SortScratch,
};
use crate::training::SplatPool;

use super::{BLOCK, Work, blocks};

/// Keys are sorted in full: an even number of passes, whose result lies where the keys were.
const KEY_BITS: u32 = 32;

/// The kernels, and the arrays for as many splats as there is room for.
#[derive(Debug)]
pub(super) struct Ranking {
    room: usize,
    pub(super) kernels: Kernels,
    sort: Sort,
    pairs: KeyValues,
    counters: GpuVec<Counters>,
    dispatches: GpuVec<DispatchArgs>,
    passes: SortPasses,
    bytes: u64,
}

/// What makes keys, and what is done with the order.
#[derive(Debug)]
pub(super) struct Kernels {
    pub(super) nominate: Nominate,
    pub(super) doubt: Doubt,
    elect: Elect,
    encode: Encode,
}

impl Ranking {
    /// Makes or keeps what fits this pool.
    ///
    /// # Errors
    /// [`GpuError::Shader`], [`GpuError::TooLarge`] or [`GpuError::OutOfMemory`].
    pub(super) fn for_pool<'a>(
        kept: &'a mut Option<Self>,
        gpu: &Gpu,
        pool: &SplatPool,
    ) -> Result<&'a Self, GpuError> {
        let fitting = kept.take().filter(|it| it.room == pool.room());
        let ranking = match fitting {
            Some(ranking) => ranking,
            None => Self::new(gpu, pool.room())?,
        };
        Ok(kept.insert(ranking))
    }

    fn new(gpu: &Gpu, room: usize) -> Result<Self, GpuError> {
        let sort = Sort::new(gpu)?;
        let pairs = KeyValues::new(gpu, room)?;
        let scratch = SortScratch::new(gpu, room)?;
        let counters = GpuVec::zeroed(gpu, "counters", 1)?;
        let passes = sort.bind(gpu, Counted::Visible, KEY_BITS, &counters, &scratch, &pairs)?;
        let arrays = pairs.keys.iter().chain(&pairs.values);
        Ok(Self {
            room,
            kernels: Kernels {
                nominate: Nominate::new(gpu)?,
                doubt: Doubt::new(gpu)?,
                elect: Elect::new(gpu)?,
                encode: Encode::new(gpu)?,
            },
            sort,
            counters,
            dispatches: GpuVec::zeroed(gpu, "dispatches", 6)?,
            passes,
            bytes: arrays.map(GpuVec::bytes).sum(),
            pairs,
        })
    }

    /// Size of the arrays on the device.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Where keys are written. `[room]`
    pub(super) fn keys(&self) -> &GpuVec<u32> {
        &self.pairs.keys[0]
    }

    /// Where the numbers of splats are written, and where they lie in order after the sort.
    /// `[room]`
    pub(super) fn order(&self) -> &GpuVec<u32> {
        &self.pairs.values[KeyValues::sorted(KEY_BITS)]
    }

    /// Records the sort of `len` keys.
    pub(super) fn record_sort(&self, work: &mut Work<'_, '_>, len: usize) {
        let counters = Counters {
            num_visible: len as u32,
            num_pairs: 0,
            wanted_visible: len as u32,
            wanted_pairs: 0,
        };
        self.counters.write(work.gpu, &[counters]);
        let per = |size: usize| {
            let groups = len.div_ceil(size) as u32;
            DispatchArgs {
                x: groups.min(FOLD),
                y: groups.div_ceil(FOLD),
                z: 1,
            }
        };
        let dispatches = [BLOCK, PARTITION, PARTITION * PARTITIONS_PER_BLOCK].map(per);
        self.dispatches.write(work.gpu, &dispatches);
        self.sort
            .record(work.recorder, &self.dispatches, &self.passes);
    }

    /// Records that the first of the order get this many copies: half of the candidates for
    /// pruning none, or as many of those that want to grow as the budget allows.
    ///
    /// # Errors
    /// [`GpuError::OutOfMemory`].
    pub(super) fn elect(
        &self,
        work: &mut Work<'_, '_>,
        len: usize,
        copies: u32,
        budget: u32,
    ) -> Result<(), GpuError> {
        let uniform = ElectUniform { copies, budget };
        let arrays = elect::Arrays {
            elect: &GpuVec::from_slice(work.gpu, "election", &[uniform])?,
            tally: &work.scratch.tally,
            order: self.order(),
            copies: &work.scratch.copies,
        };
        let kernel = &self.kernels.elect;
        let bound = kernel.bind(work.gpu, &arrays);
        work.recorder.dispatch(kernel.kernel(), &bound, blocks(len));
        Ok(())
    }

    /// Records the order by where splats are.
    ///
    /// # Errors
    /// [`GpuError::OutOfMemory`].
    pub(super) fn record_places(
        &self,
        work: &mut Work<'_, '_>,
        pool: &SplatPool,
    ) -> Result<(), GpuError> {
        let (centre, radius) = pool.splats().extent();
        let uniform = EncodeUniform {
            centre: centre.to_array(),
            radius: radius.max(f32::MIN_POSITIVE),
        };
        let uniform = GpuVec::from_slice(work.gpu, "places", &[uniform])?;
        let kernel = &self.kernels.encode;
        for (chunk, _) in pool.chunks().filter(|(chunk, _)| 0 < chunk.count) {
            let arrays = encode::Arrays {
                encode: &uniform,
                chunk: &chunk.uniform,
                params: &chunk.params,
                keys: self.keys(),
                splats: self.order(),
            };
            let bound = kernel.bind(work.gpu, &arrays);
            let groups = blocks(chunk.count);
            work.recorder.dispatch(kernel.kernel(), &bound, groups);
        }
        self.record_sort(work, pool.len());
        Ok(())
    }
}

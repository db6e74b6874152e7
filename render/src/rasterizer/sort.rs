//! The radix sort: four kernels a pass, as many passes as the keys have bytes that differ.

use crate::gpu::{Counters, DispatchArgs, Gpu, GpuError, GpuVec, Groups, Recorder, SortParams};
use crate::kernels::{
    SortCount, SortScan, SortScatter, SortSpine, sort_count, sort_scan, sort_scatter, sort_spine,
};

/// Keys that one workgroup sorts; `PARTITION` in `shared/sort.wgsl`.
pub const PARTITION: usize = 2048;
/// Partitions whose counts are added up together; `PARTITIONS_PER_BLOCK` there.
pub const PARTITIONS_PER_BLOCK: usize = 64;
/// Bits of a digit, and digits there are.
const DIGIT_BITS: u32 = 8;
const RADIX: usize = 256;

/// Which counter tells how many keys there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// Visible splats.
    Visible = 0,
    /// (tile, splat) pairs.
    Pairs = 1,
}

/// Keys with values, twice: a pass reads one copy and writes the other.
#[derive(Clone, Debug)]
pub struct KeyValues {
    /// Both copies of the keys.
    pub keys: [GpuVec<u32>; 2],
    /// Both copies of the values.
    pub values: [GpuVec<u32>; 2],
}

impl KeyValues {
    /// Room for `len` pairs.
    ///
    /// # Errors
    /// [`GpuError::TooLarge`] or [`GpuError::OutOfMemory`].
    pub fn new(gpu: &Gpu, len: usize) -> Result<Self, GpuError> {
        let array = |label| GpuVec::zeroed(gpu, label, len);
        Ok(Self {
            keys: [array("sort keys")?, array("sort keys")?],
            values: [array("sort values")?, array("sort values")?],
        })
    }

    /// Which copy holds the result after sorting `bits` bits.
    pub fn sorted(bits: u32) -> usize {
        (bits.div_ceil(DIGIT_BITS) % 2) as usize
    }
}

/// Counts of digits, shared by all sorts of a frame.
#[derive(Clone, Debug)]
pub struct SortScratch {
    digit_counts: GpuVec<u32>,
    block_totals: GpuVec<u32>,
}

impl SortScratch {
    /// For at most `len` keys.
    ///
    /// # Errors
    /// [`GpuError::TooLarge`] or [`GpuError::OutOfMemory`].
    pub fn new(gpu: &Gpu, len: usize) -> Result<Self, GpuError> {
        let partitions = len.div_ceil(PARTITION);
        let blocks = partitions.div_ceil(PARTITIONS_PER_BLOCK);
        Ok(Self {
            digit_counts: GpuVec::zeroed(gpu, "digit counts", partitions * RADIX)?,
            block_totals: GpuVec::zeroed(gpu, "digit totals", blocks * RADIX)?,
        })
    }
}

/// The four kernels.
#[derive(Debug)]
pub struct Sort {
    count: SortCount,
    spine: SortSpine,
    scan: SortScan,
    scatter: SortScatter,
}

/// The passes of one sort, bound to their arrays.
#[derive(Debug)]
pub struct SortPasses {
    counted: Counted,
    passes: Vec<[wgpu::BindGroup; 4]>,
}

impl Sort {
    /// Compiles the kernels.
    ///
    /// # Errors
    /// [`GpuError::Shader`].
    pub fn new(gpu: &Gpu) -> Result<Self, GpuError> {
        Ok(Self {
            count: SortCount::new(gpu)?,
            spine: SortSpine::new(gpu)?,
            scan: SortScan::new(gpu)?,
            scatter: SortScatter::new(gpu)?,
        })
    }

    /// Binds the sort of the lower `bits` bits of the keys in copy 0 of `pairs`. The result is in
    /// copy [`KeyValues::sorted`].
    ///
    /// # Errors
    /// [`GpuError::OutOfMemory`].
    pub fn bind(
        &self,
        gpu: &Gpu,
        counted: Counted,
        bits: u32,
        counters: &GpuVec<Counters>,
        scratch: &SortScratch,
        pairs: &KeyValues,
    ) -> Result<SortPasses, GpuError> {
        let SortScratch {
            digit_counts,
            block_totals,
        } = scratch;
        let pass = |k: u32| {
            let params = SortParams {
                counter: counted as u32,
                shift: k * DIGIT_BITS,
            };
            let params = &GpuVec::from_slice(gpu, "sort pass", &[params])?;
            let (from, to) = ((k % 2) as usize, ((k + 1) % 2) as usize);
            let (keys, values) = (&pairs.keys[from], &pairs.values[from]);
            let count = sort_count::Arrays {
                params,
                counters,
                keys,
                digit_counts,
                block_totals,
            };
            let spine = sort_spine::Arrays {
                params,
                counters,
                block_totals,
            };
            let scan = sort_scan::Arrays {
                params,
                counters,
                digit_counts,
                block_totals,
            };
            let scatter = sort_scatter::Arrays {
                params,
                counters,
                keys,
                values,
                digit_offsets: digit_counts,
                sorted_keys: &pairs.keys[to],
                sorted_values: &pairs.values[to],
            };
            Ok([
                self.count.bind(gpu, &count),
                self.spine.bind(gpu, &spine),
                self.scan.bind(gpu, &scan),
                self.scatter.bind(gpu, &scatter),
            ])
        };
        Ok(SortPasses {
            counted,
            passes: (0..bits.div_ceil(DIGIT_BITS))
                .map(pass)
                .collect::<Result<_, GpuError>>()?,
        })
    }

    /// Records all passes.
    pub fn record(
        &self,
        recorder: &mut Recorder<'_>,
        dispatches: &GpuVec<DispatchArgs>,
        passes: &SortPasses,
    ) {
        let slot = passes.counted as usize * 3;
        let partitions = Groups::Indirect(dispatches, slot + 1);
        let blocks = Groups::Indirect(dispatches, slot + 2);
        for [count, spine, scan, scatter] in &passes.passes {
            recorder.dispatch(self.count.kernel(), count, partitions);
            recorder.dispatch(self.spine.kernel(), spine, Groups::Direct(1, 1));
            recorder.dispatch(self.scan.kernel(), scan, blocks);
            recorder.dispatch(self.scatter.kernel(), scatter, partitions);
        }
    }
}

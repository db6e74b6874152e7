//! `splat/scan.wgsl`: exclusive prefix sum over blocks, and what follows from the total.

use render::gpu::DispatchArgs;
use render::rasterizer::{PARTITION, PARTITIONS_PER_BLOCK};

/// What the kernel writes.
#[derive(Debug, PartialEq)]
pub(crate) struct Scanned {
    /// Where each block begins.
    pub(crate) offsets: Vec<u32>,
    /// The total, at most the capacity.
    pub(crate) count: u32,
    /// The total.
    pub(crate) wanted: u32,
    /// Workgroups per 256, per partition, per block of partitions.
    pub(crate) dispatches: [DispatchArgs; 3],
}

/// Sums that 32 bits cannot hold stay at the largest number.
pub(crate) fn scan(block_sums: &[u32], capacity: u32) -> Scanned {
    let clamp = |it: u64| it.min(u64::from(u32::MAX)) as u32;
    let mut before = 0_u64;
    let mut offsets = Vec::new();
    for &sum in block_sums {
        offsets.push(clamp(before));
        before += u64::from(sum);
    }
    let wanted = clamp(before);
    let count = wanted.min(capacity);
    let per = |size: usize| dispatch((count as usize).div_ceil(size));
    Scanned {
        offsets,
        count,
        wanted,
        dispatches: [
            per(256),
            per(PARTITION),
            per(PARTITION * PARTITIONS_PER_BLOCK),
        ],
    }
}

/// Workgroups in rows of 32768.
fn dispatch(groups: usize) -> DispatchArgs {
    DispatchArgs {
        x: groups.min(32_768) as u32,
        y: groups.div_ceil(32_768) as u32,
        z: 1,
    }
}

//! The arrays of a frame, and how large they are.

use crate::GpuSplats;
use crate::gpu::{Counters, DispatchArgs, FrameUniform, Gpu, GpuError, GpuVec};

use super::sort::{KeyValues, SortScratch};

/// Pixels along a tile's side; `TILE` in `shared/tiles.wgsl`.
pub const TILE_PX: u32 = 16;
/// Splats in a block of the kernels that compact.
const BLOCK: usize = 256;
/// Room for pairs before the first frame has told how many there are.
const FIRST_PAIRS_PER_SPLAT: usize = 4;
const FIRST_PAIRS: usize = 1 << 16;

/// What the arrays have room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Image width and height in pixels.
    pub image_size: [u32; 2],
    /// All splats, visible or not.
    pub splats: usize,
    /// Visible splats.
    pub visible: usize,
    /// (tile, splat) pairs.
    pub pairs: usize,
}

impl Capacity {
    /// For these splats at this size, keeping the room for pairs that earlier frames needed.
    pub fn for_frame(
        gpu: &Gpu,
        splats: &GpuSplats,
        image_size: [u32; 2],
        pairs_before: usize,
    ) -> Self {
        let limit = gpu.capabilities().max_binding_bytes as usize;
        // Splats that are yet to come have their room: growing must not mean new arrays.
        let room = splats.room();
        let guess = (splats.len() * FIRST_PAIRS_PER_SPLAT).max(FIRST_PAIRS);
        Self {
            image_size,
            splats: room,
            visible: room.min(limit / size_of::<[f32; 4]>()),
            pairs: guess.max(pairs_before).min(limit / size_of::<u32>()),
        }
    }

    /// With room for `wanted` pairs and a quarter more; `None` where that cannot be had, or is
    /// there already.
    pub fn grown(self, gpu: &Gpu, wanted: usize) -> Option<Self> {
        let limit = gpu.capabilities().max_binding_bytes as usize / size_of::<u32>();
        let pairs = wanted.saturating_add(wanted / 4).min(limit);
        (self.pairs < wanted && self.pairs < pairs).then_some(Self { pairs, ..self })
    }

    /// Tiles across and down.
    pub fn tiles(&self) -> [u32; 2] {
        self.image_size.map(|it| it.div_ceil(TILE_PX))
    }

    /// Bits of a tile's number, one more tile (the padding) included.
    pub fn tile_bits(&self) -> u32 {
        let [across, down] = self.tiles();
        u32::BITS - (across * down).leading_zeros()
    }

    /// Blocks of splats.
    pub fn blocks(&self) -> usize {
        self.splats.div_ceil(BLOCK)
    }

    /// Pixels of the image.
    pub fn pixels(&self) -> usize {
        self.image_size[0] as usize * self.image_size[1] as usize
    }
}

/// The arrays of a frame.
#[derive(Debug)]
pub(crate) struct FrameBuffers {
    /// What they have room for.
    pub capacity: Capacity,
    /// Camera and settings.
    pub frame: GpuVec<FrameUniform>,
    /// Numbers of this frame.
    pub counters: GpuVec<Counters>,
    /// Workgroups, three entries a counter: per 256, per partition, per block of partitions.
    pub dispatches: GpuVec<DispatchArgs>,
    /// A bit for each splat that reaches the image.
    pub visible_bits: GpuVec<u32>,
    /// Visible splats per block, then where each block begins.
    pub block_offsets: GpuVec<u32>,
    /// Depth keys with the index among the visible.
    pub depth: KeyValues,
    /// `mean2d, depth, extent.y` of each visible splat.
    pub projected_a: GpuVec<[f32; 4]>,
    /// `conic, opacity`.
    pub projected_b: GpuVec<[f32; 4]>,
    /// `rgb, extent.x`.
    pub projected_c: GpuVec<[f32; 4]>,
    /// Tiles each visible splat touches.
    pub tile_counts: GpuVec<u32>,
    /// Pairs per block of splats in the order of depth, then where each block begins.
    pub pair_offsets: GpuVec<u32>,
    /// Tiles with the index among the visible.
    pub pairs: KeyValues,
    /// First and end of each tile's pairs.
    pub tile_ranges: GpuVec<[u32; 2]>,
    /// rgb with background, alpha. `[height × width]`
    pub image: GpuVec<[f32; 4]>,
    /// Σ α T z. `[height × width]`
    pub depths: GpuVec<f32>,
    /// What is shown, RGBA8. `[height × width]`
    pub pixels: GpuVec<u32>,
    /// Counts of the sort.
    pub scratch: SortScratch,
}

impl FrameBuffers {
    /// Allocates them.
    ///
    /// # Errors
    /// [`GpuError::TooLarge`] or [`GpuError::OutOfMemory`].
    pub(super) fn new(gpu: &Gpu, capacity: Capacity) -> Result<Self, GpuError> {
        let [across, down] = capacity.tiles();
        let Capacity { visible, pairs, .. } = capacity;
        let pixels = capacity.pixels();
        let projected = |label| GpuVec::zeroed(gpu, label, visible);
        Ok(Self {
            capacity,
            frame: GpuVec::zeroed(gpu, "frame", 1)?,
            counters: GpuVec::zeroed(gpu, "counters", 1)?,
            dispatches: GpuVec::zeroed(gpu, "dispatches", 6)?,
            visible_bits: GpuVec::zeroed(gpu, "visible bits", capacity.blocks() * 8)?,
            block_offsets: GpuVec::zeroed(gpu, "visible per block", capacity.blocks())?,
            depth: KeyValues::new(gpu, visible)?,
            projected_a: projected("projected splats")?,
            projected_b: projected("projected splats")?,
            projected_c: projected("projected splats")?,
            tile_counts: GpuVec::zeroed(gpu, "tiles per splat", visible)?,
            pair_offsets: GpuVec::zeroed(gpu, "pairs per block", visible.div_ceil(BLOCK))?,
            pairs: KeyValues::new(gpu, pairs)?,
            tile_ranges: GpuVec::zeroed(gpu, "tile ranges", (across * down) as usize)?,
            image: GpuVec::zeroed(gpu, "image", pixels)?,
            depths: GpuVec::zeroed(gpu, "depths", pixels)?,
            pixels: GpuVec::zeroed(gpu, "pixels", pixels)?,
            scratch: SortScratch::new(gpu, visible.max(pairs))?,
        })
    }

    /// The splats of the pairs, in the order of tiles and within them of depth.
    pub(crate) fn pair_splats(&self) -> &GpuVec<u32> {
        &self.pairs.values[KeyValues::sorted(self.capacity.tile_bits())]
    }

    /// Size on the device.
    pub(super) fn bytes(&self) -> u64 {
        let u32s = [
            &self.visible_bits,
            &self.block_offsets,
            &self.tile_counts,
            &self.pair_offsets,
            &self.pixels,
        ];
        let sorts = [&self.depth, &self.pairs];
        let sorts = sorts
            .into_iter()
            .flat_map(|it| it.keys.iter().chain(&it.values));
        let projected = [
            &self.projected_a,
            &self.projected_b,
            &self.projected_c,
            &self.image,
        ];
        u32s.into_iter()
            .chain(sorts)
            .map(GpuVec::bytes)
            .sum::<u64>()
            + projected.into_iter().map(GpuVec::bytes).sum::<u64>()
            + self.tile_ranges.bytes()
            + self.depths.bytes()
    }
}

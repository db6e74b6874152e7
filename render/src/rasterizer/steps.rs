//! A frame as a list of steps, in order.

use crate::gpu::{Gpu, GpuError, GpuVec, Groups, Kernel, Recorder, ScanParams};
use crate::kernels::{
    Blend, BlendEights, Cull, Emit, PairCount, Project, Ranges, Scan, Shade, blend, blend_eights,
    cull, emit, pair_count, project, ranges, scan, shade,
};
use crate::{GpuSplats, Style};

use super::buffers::FrameBuffers;
use super::sort::{Counted, KeyValues, Sort, SortPasses};

/// Depths are sorted in full: equal upper bits do not mean equal depths.
const DEPTH_BITS: u32 = 32;

/// All kernels of a frame.
#[derive(Debug)]
pub(super) struct Kernels {
    cull: Cull,
    scan: Scan,
    project: Project,
    sort: Sort,
    pair_count: PairCount,
    emit: Emit,
    ranges: Ranges,
    blend: Soft,
    blend_hard: Blend,
    shade: Shade,
}

/// Blending of soft splats, for wide subgroups (or none) and for those of eight.
#[derive(Debug)]
enum Soft {
    Wide(Blend),
    Eights(BlendEights),
}

impl Soft {
    fn new(gpu: &Gpu) -> Result<Self, GpuError> {
        Ok(if gpu.capabilities().has_eights() {
            Self::Eights(BlendEights::new(gpu)?)
        } else {
            Self::Wide(Blend::new(gpu)?)
        })
    }

    fn bind(&self, gpu: &Gpu, b: &FrameBuffers) -> wgpu::BindGroup {
        match self {
            Self::Wide(it) => bind_blend(gpu, it, b),
            Self::Eights(it) => it.bind(
                gpu,
                &blend_eights::Arrays {
                    frame: &b.frame,
                    tile_ranges: &b.tile_ranges,
                    pair_splats: b.pair_splats(),
                    projected_a: &b.projected_a,
                    projected_b: &b.projected_b,
                    projected_c: &b.projected_c,
                    image: &b.image,
                    depths: &b.depths,
                    pixels: &b.pixels,
                },
            ),
        }
    }

    fn kernel(&self) -> &Kernel {
        match self {
            Self::Wide(it) => it.kernel(),
            Self::Eights(it) => it.kernel(),
        }
    }
}

impl Kernels {
    /// Compiles them.
    ///
    /// # Errors
    /// [`GpuError::Shader`].
    pub(super) fn new(gpu: &Gpu) -> Result<Self, GpuError> {
        Ok(Self {
            cull: Cull::new(gpu)?,
            scan: Scan::new(gpu)?,
            project: Project::new(gpu)?,
            sort: Sort::new(gpu)?,
            pair_count: PairCount::new(gpu)?,
            emit: Emit::new(gpu)?,
            ranges: Ranges::new(gpu)?,
            blend: Soft::new(gpu)?,
            blend_hard: Blend::with_constants(gpu, &[("HARD", 1.0)])?,
            shade: Shade::new(gpu)?,
        })
    }
}

/// The kernels' arguments: made once for a set of splats and a set of arrays, used every frame.
#[derive(Debug)]
pub(super) struct Bindings {
    chunks: Vec<ChunkBindings>,
    scan_visible: wgpu::BindGroup,
    sort_depth: SortPasses,
    pair_count: wgpu::BindGroup,
    scan_pairs: wgpu::BindGroup,
    emit: wgpu::BindGroup,
    sort_tiles: SortPasses,
    ranges: wgpu::BindGroup,
    blend: wgpu::BindGroup,
    blend_hard: wgpu::BindGroup,
    shade: wgpu::BindGroup,
}

#[derive(Debug)]
struct ChunkBindings {
    cull: wgpu::BindGroup,
    project: wgpu::BindGroup,
    blocks: u32,
}

impl Bindings {
    /// Binds splats and arrays to the kernels.
    ///
    /// # Errors
    /// [`GpuError::OutOfMemory`].
    pub(super) fn new(
        gpu: &Gpu,
        kernels: &Kernels,
        buffers: &FrameBuffers,
        splats: &GpuSplats,
    ) -> Result<Self, GpuError> {
        let b = buffers;
        let sort = |counted, bits, pairs| {
            kernels
                .sort
                .bind(gpu, counted, bits, &b.counters, &b.scratch, pairs)
        };
        let tile_bits = b.capacity.tile_bits();
        let order = &b.depth.values[KeyValues::sorted(DEPTH_BITS)];
        let pair_tiles = &b.pairs.keys[KeyValues::sorted(tile_bits)];
        Ok(Self {
            chunks: bind_chunks(gpu, kernels, b, splats),
            scan_visible: bind_scan(gpu, kernels, b, Counted::Visible, &b.block_offsets)?,
            sort_depth: sort(Counted::Visible, DEPTH_BITS, &b.depth)?,
            pair_count: kernels.pair_count.bind(
                gpu,
                &pair_count::Arrays {
                    counters: &b.counters,
                    order,
                    tile_counts: &b.tile_counts,
                    block_sums: &b.pair_offsets,
                },
            ),
            scan_pairs: bind_scan(gpu, kernels, b, Counted::Pairs, &b.pair_offsets)?,
            emit: bind_emit(gpu, kernels, b, order),
            sort_tiles: sort(Counted::Pairs, tile_bits, &b.pairs)?,
            ranges: kernels.ranges.bind(
                gpu,
                &ranges::Arrays {
                    frame: &b.frame,
                    counters: &b.counters,
                    pair_tiles,
                    tile_ranges: &b.tile_ranges,
                },
            ),
            blend: kernels.blend.bind(gpu, b),
            blend_hard: bind_blend(gpu, &kernels.blend_hard, b),
            shade: kernels.shade.bind(
                gpu,
                &shade::Arrays {
                    frame: &b.frame,
                    image: &b.image,
                    depths: &b.depths,
                    pixels: &b.pixels,
                },
            ),
        })
    }
}

fn bind_scan(
    gpu: &Gpu,
    kernels: &Kernels,
    b: &FrameBuffers,
    counted: Counted,
    block_sums: &GpuVec<u32>,
) -> Result<wgpu::BindGroup, GpuError> {
    let params = ScanParams {
        counter: counted as u32,
        num_blocks: match counted {
            Counted::Visible => b.capacity.blocks() as u32,
            Counted::Pairs => 0,
        },
    };
    Ok(kernels.scan.bind(
        gpu,
        &scan::Arrays {
            frame: &b.frame,
            params: &GpuVec::from_slice(gpu, "scan", &[params])?,
            block_sums,
            counters: &b.counters,
            dispatches: &b.dispatches,
        },
    ))
}

fn bind_emit(
    gpu: &Gpu,
    kernels: &Kernels,
    b: &FrameBuffers,
    order: &GpuVec<u32>,
) -> wgpu::BindGroup {
    kernels.emit.bind(
        gpu,
        &emit::Arrays {
            frame: &b.frame,
            counters: &b.counters,
            order,
            tile_counts: &b.tile_counts,
            block_offsets: &b.pair_offsets,
            projected_a: &b.projected_a,
            projected_b: &b.projected_b,
            projected_c: &b.projected_c,
            pair_tiles: &b.pairs.keys[0],
            pair_splats: &b.pairs.values[0],
        },
    )
}

fn bind_blend(gpu: &Gpu, kernel: &Blend, b: &FrameBuffers) -> wgpu::BindGroup {
    kernel.bind(
        gpu,
        &blend::Arrays {
            frame: &b.frame,
            tile_ranges: &b.tile_ranges,
            pair_splats: b.pair_splats(),
            projected_a: &b.projected_a,
            projected_b: &b.projected_b,
            projected_c: &b.projected_c,
            image: &b.image,
            depths: &b.depths,
            pixels: &b.pixels,
        },
    )
}

fn bind_chunks(
    gpu: &Gpu,
    kernels: &Kernels,
    b: &FrameBuffers,
    splats: &GpuSplats,
) -> Vec<ChunkBindings> {
    let bind = |chunk: &crate::gpu_splats::Chunk| ChunkBindings {
        cull: kernels.cull.bind(
            gpu,
            &cull::Arrays {
                frame: &b.frame,
                chunk: &chunk.uniform,
                params: &chunk.params,
                visible_bits: &b.visible_bits,
                block_sums: &b.block_offsets,
            },
        ),
        project: kernels.project.bind(
            gpu,
            &project::Arrays {
                frame: &b.frame,
                chunk: &chunk.uniform,
                params: &chunk.params,
                visible_bits: &b.visible_bits,
                block_offsets: &b.block_offsets,
                depth_keys: &b.depth.keys[0],
                visible_ids: &b.depth.values[0],
                projected_a: &b.projected_a,
                projected_b: &b.projected_b,
                projected_c: &b.projected_c,
                tile_counts: &b.tile_counts,
            },
        ),
        blocks: chunk.stride.div_ceil(256) as u32,
    };
    splats.chunks().iter().map(bind).collect()
}

/// Records a frame.
pub(super) fn record(
    recorder: &mut Recorder<'_>,
    kernels: &Kernels,
    buffers: &FrameBuffers,
    bindings: &Bindings,
    style: Style,
) {
    let per_visible = Groups::Indirect(&buffers.dispatches, Counted::Visible as usize * 3);
    let per_pair = Groups::Indirect(&buffers.dispatches, Counted::Pairs as usize * 3);
    let one = Groups::Direct(1, 1);
    let k = kernels;
    recorder.clear(&buffers.tile_ranges);

    for chunk in &bindings.chunks {
        recorder.dispatch(k.cull.kernel(), &chunk.cull, folded(chunk.blocks));
    }
    recorder.dispatch(k.scan.kernel(), &bindings.scan_visible, one);
    for chunk in &bindings.chunks {
        recorder.dispatch(k.project.kernel(), &chunk.project, folded(chunk.blocks));
    }
    k.sort
        .record(recorder, &buffers.dispatches, &bindings.sort_depth);

    recorder.dispatch(k.pair_count.kernel(), &bindings.pair_count, per_visible);
    recorder.dispatch(k.scan.kernel(), &bindings.scan_pairs, one);
    recorder.dispatch(k.emit.kernel(), &bindings.emit, per_visible);
    k.sort
        .record(recorder, &buffers.dispatches, &bindings.sort_tiles);
    recorder.dispatch(k.ranges.kernel(), &bindings.ranges, per_pair);

    let [across, down] = buffers.capacity.tiles();
    let (blend, bound) = if style.is_hard() {
        (k.blend_hard.kernel(), &bindings.blend_hard)
    } else {
        (k.blend.kernel(), &bindings.blend)
    };
    recorder.dispatch(blend, bound, Groups::Direct(across, down));
    if !style.shows_colour() {
        let [width, height] = buffers.capacity.image_size;
        let groups = Groups::Direct(width.div_ceil(8), height.div_ceil(8));
        recorder.dispatch(k.shade.kernel(), &bindings.shade, groups);
    }
}

/// Longer rows of workgroups are folded at this width; `FOLD` in `shared/dispatch.wgsl`.
pub const FOLD: u32 = 32_768;

/// A row of workgroups, folded as `fold_groups` in `shared/dispatch.wgsl` does.
pub(crate) fn folded(groups: u32) -> Groups<'static> {
    Groups::Direct(groups.min(FOLD), groups.div_ceil(FOLD))
}

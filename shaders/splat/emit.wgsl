// Writes each splat's (tile, splat) pairs, nearest splat first. Sorting them by tile afterwards,
// stably, leaves each tile with its splats in the order of depth.
//
// A splat of few tiles is written by its own thread; large ones are put on a list and written by
// the whole workgroup, a row of tiles to each thread, so that none keeps 255 threads waiting.

#import shared/block_scan
#import shared/dispatch
#import shared/tiles

@group(0) @binding(0) var<uniform> frame: FrameUniform;
@group(0) @binding(1) var<storage, read> counters: Counters;
@group(0) @binding(2) var<storage, read> order: array<u32>; // visible from depth rank
@group(0) @binding(3) var<storage, read> tile_counts: array<u32>;
@group(0) @binding(4) var<storage, read> block_offsets: array<u32>;
@group(0) @binding(5) var<storage, read> projected_a: array<vec4f>;
@group(0) @binding(6) var<storage, read> projected_b: array<vec4f>;
@group(0) @binding(7) var<storage, read> projected_c: array<vec4f>;
@group(0) @binding(8) var<storage, read_write> pair_tiles: array<u32>;
@group(0) @binding(9) var<storage, read_write> pair_splats: array<u32>;

// A thread writes this many pairs alone; most trained splats touch fewer.
const ALONE: u32 = 32u;

var<workgroup> sh_num_large: atomic<u32>;
var<workgroup> sh_large: array<vec2u, 256>; // visible, first pair

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let block = unfold_group(group);
    let rank = block * 256u + thread;
    var visible = 0u;
    var count = 0u;
    if rank < counters.num_visible {
        visible = order[rank];
        count = tile_counts[visible];
    }
    if thread == 0u { atomicStore(&sh_num_large, 0u); }
    let before = block_scan(thread, count);
    if counters.num_visible <= block * 256u { return; }
    let first = saturating_add(block_offsets[block], before);

    if ALONE < count {
        sh_large[atomicAdd(&sh_num_large, 1u)] = vec2u(visible, first);
    } else if 0u < count {
        write_small(visible, first, count);
    }
    workgroupBarrier();

    let num_large = atomicLoad(&sh_num_large);
    for (var k = 0u; k < num_large; k += 1u) {
        write_large(sh_large[k].x, sh_large[k].y, thread);
    }
}

fn write_small(visible: u32, first: u32, count: u32) {
    let e = ellipse(visible);
    let rows = tile_rows(e, frame);
    var at = first;
    let end = min(saturating_add(first, count), frame.pair_capacity);
    for (var row = rows.x; row < rows.y; row += 1u) {
        let columns = tile_columns(e, row, frame);
        for (var column = columns.x; column < columns.y && at < end; column += 1u) {
            write_pair(at, row * frame.tile_count.x + column, visible);
            at += 1u;
        }
    }
    pad(at, end, visible);
}

// Each thread takes every 256th row and finds where it begins by walking the rows before it.
fn write_large(visible: u32, first: u32, thread: u32) {
    let e = ellipse(visible);
    let rows = tile_rows(e, frame);
    let end = min(saturating_add(first, tile_counts[visible]), frame.pair_capacity);
    var at = first;
    for (var row = rows.x; row < rows.y; row += 1u) {
        let columns = tile_columns(e, row, frame);
        let width = max(columns.y, columns.x) - columns.x;
        if (row - rows.x) % 256u == thread {
            let last = min(saturating_add(at, width), end);
            for (var k = at; k < last; k += 1u) {
                write_pair(k, row * frame.tile_count.x + columns.x + (k - at), visible);
            }
        }
        at = saturating_add(at, width);
    }
    if thread == 0u { pad(at, end, visible); }
}

fn ellipse(visible: u32) -> Ellipse {
    return ellipse_of(frame, projected_a[visible], projected_b[visible], projected_c[visible]);
}

fn write_pair(at: u32, tile: u32, visible: u32) {
    pair_tiles[at] = tile;
    pair_splats[at] = visible;
}

// Should a compiler round differently here than where tiles were counted, the places left over
// get a tile that does not exist.
fn pad(first: u32, end: u32, visible: u32) {
    for (var at = first; at < end; at += 1u) {
        write_pair(at, frame.tile_count.x * frame.tile_count.y, visible);
    }
}

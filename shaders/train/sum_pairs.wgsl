// The sums of each splat from those of its pairs, without atomics and in a fixed order.
//
// Nothing keeps which pairs are a splat's. But a thread can find the tiles its splat touches, as
// they were found for emission, and each tile's pairs are in the order of depth and, where depths
// are equal, of the splats: a binary search finds the pair.

#import shared/dispatch
#import shared/pair_sums
#import shared/tiles

@group(0) @binding(0) var<uniform> frame: FrameUniform;
@group(0) @binding(1) var<storage, read> counters: Counters;
@group(0) @binding(2) var<storage, read> tile_ranges: array<vec2u>;
@group(0) @binding(3) var<storage, read> pair_splats: array<u32>;
@group(0) @binding(4) var<storage, read> projected_a: array<vec4f>;
@group(0) @binding(5) var<storage, read> projected_b: array<vec4f>;
@group(0) @binding(6) var<storage, read> projected_c: array<vec4f>;
@group(0) @binding(7) var<storage, read> pair_sums: array<f32>;
@group(0) @binding(8) var<storage, read_write> splat_sums: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let splat = unfold_group(group) * 256u + thread;
    if counters.num_visible <= splat { return; }
    let a = projected_a[splat];
    let e = ellipse_of(frame, a, projected_b[splat], projected_c[splat]);

    var geometry = vec4f(0.0);
    var more_geometry = vec2f(0.0);
    var look = vec4f(0.0);
    let rows = tile_rows(e, frame);
    for (var row = rows.x; row < rows.y; row += 1u) {
        let columns = tile_columns(e, row, frame);
        for (var column = columns.x; column < columns.y; column += 1u) {
            let pair = pair_of(splat, a.z, tile_ranges[row * frame.tile_count.x + column]);
            if pair == NONE { continue; }
            let at = pair * SUMS;
            geometry += vec4f(pair_sums[at], pair_sums[at + 1u], pair_sums[at + 2u], pair_sums[at + 3u]);
            more_geometry += vec2f(pair_sums[at + 4u], pair_sums[at + 5u]);
            look += vec4f(pair_sums[at + 6u], pair_sums[at + 7u], pair_sums[at + 8u], pair_sums[at + 9u]);
        }
    }
    let at = splat * SUMS;
    for (var k = 0u; k < 4u; k += 1u) {
        splat_sums[at + k] = geometry[k];
        splat_sums[at + SUM_RED + k] = look[k];
    }
    splat_sums[at + SUM_VXY] = more_geometry.x;
    splat_sums[at + SUM_VYY] = more_geometry.y;
}

const NONE: u32 = 0xffffffffu;

// The pair of the splat among those of a tile; none where there was no room for it.
fn pair_of(splat: u32, depth: f32, range: vec2u) -> u32 {
    var low = range.x;
    var high = range.y;
    while low < high {
        let middle = (low + high) / 2u;
        let other = pair_splats[middle];
        if other == splat { return middle; }
        let z = projected_a[other].z;
        if z < depth || (z == depth && other < splat) {
            low = middle + 1u;
        } else {
            high = middle;
        }
    }
    return NONE;
}

// Where the pairs of each tile begin and end in the sorted list. Tiles without any keep [0, 0).

#import shared/dispatch
#import shared/frame

@group(0) @binding(0) var<uniform> frame: FrameUniform;
@group(0) @binding(1) var<storage, read> counters: Counters;
@group(0) @binding(2) var<storage, read> pair_tiles: array<u32>;
@group(0) @binding(3) var<storage, read_write> tile_ranges: array<vec2u>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let i = unfold_group(group) * 256u + thread;
    let n = counters.num_pairs;
    if n <= i { return; }
    let tile = pair_tiles[i];
    if frame.tile_count.x * frame.tile_count.y <= tile { return; } // padding
    if i == 0u || pair_tiles[max(i, 1u) - 1u] != tile { tile_ranges[tile].x = i; }
    if i + 1u == n || pair_tiles[min(i + 1u, n - 1u)] != tile { tile_ranges[tile].y = i + 1u; }
}

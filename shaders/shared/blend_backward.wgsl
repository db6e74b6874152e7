// The backward pass of blending by pixels: a thread has a column of four pixels and walks the
// tile's splats over it.
//
// A workgroup of 64 threads for a tile, as in the forward pass, with the same boxes and masks. For
// eight splats at a time threads leave their columns' sums in shared memory; then one thread adds
// up one sum of one splat. No subgroup operation, two barriers for eight splats.
//
// The importing kernel declares the bindings, `put`, which takes a sum of a pair, and
// `skip_pairs`, which is told of pairs that no pixel sees any more.

#import shared/pixel_column

const THREADS: u32 = 64u;
const BATCH: u32 = 128u;
const WORDS: u32 = 4u; // BATCH / 32
// Splats that are added up together, and the sums that a column has of each.
const GROUP: u32 = 8u;
override PARTS: u32 = select(6u, 7u, DEPTH);
// One more than there are threads: those that add up read from different banks.
const ROW: u32 = 65u;

var<workgroup> sh_splat: array<u32, BATCH>;
var<workgroup> sh_mean: array<vec2f, BATCH>;
var<workgroup> sh_shape: array<vec4f, BATCH>;
var<workgroup> sh_look: array<vec4f, BATCH>;
var<workgroup> sh_masks: array<atomic<u32>, 32>; // BOXES × WORDS
var<workgroup> sh_finished: atomic<u32>;
var<workgroup> sh_parts: array<f32, 3640>;       // GROUP × PARTS rows, at most

fn walk_tile(tile: vec3u, thread: u32) {
    let box = thread / 8u; // 2 boxes across, 4 down
    let pixel = tile.xy * 16u + box_corner(box) + vec2u(thread % 8u, 0u);
    let range = tile_ranges[tile.y * frame.tile_count.x + tile.x];
    var column = column_at(pixel);

    if thread == 0u { atomicStore(&sh_finished, 0u); }
    var counted = false;
    for (var first = range.x; first < range.y; first += BATCH) {
        if !counted && all(column.transmittance <= vec4f(0.0)) {
            counted = true;
            atomicAdd(&sh_finished, 1u);
        }
        if workgroupUniformLoad(&sh_finished) == THREADS {
            skip_pairs(first, range.y, thread);
            break;
        }
        if thread < BOXES * WORDS { atomicStore(&sh_masks[thread], 0u); }
        workgroupBarrier();
        let count = min(BATCH, range.y - first);
        for (var k = thread; k < count; k += THREADS) {
            fetch(k, pair_splats[first + k], vec2f(tile.xy) * 16.0 + 0.5);
        }
        workgroupBarrier();
        for (var group = 0u; group < count; group += GROUP) {
            walk_group(group, box, vec2f(pixel) + 0.5, &column, thread);
            workgroupBarrier();
            if thread < GROUP * PARTS && group + thread / PARTS < count {
                add_up(first, group, f32(tile.x * 16u) + 0.5, thread);
            }
            workgroupBarrier();
        }
    }
}

fn box_corner(box: u32) -> vec2u {
    return vec2u((box % 2u) * 8u, (box / 2u) * 4u);
}

// One column's part of eight splats.
fn walk_group(group: u32, box: u32, centre: vec2f, c: ptr<function, Column>, thread: u32) {
    var mask = (atomicLoad(&sh_masks[box * WORDS + group / 32u]) >> (group % 32u)) & 0xffu;
    while mask != 0u {
        let j = firstTrailingBit(mask);
        mask &= mask - 1u;
        let k = group + j;
        let sums = walk_column(c, centre, Blob(sh_mean[k], sh_shape[k], sh_look[k], 0.0));
        let row = j * PARTS * ROW + thread;
        sh_parts[row] = sums.v;
        sh_parts[row + ROW] = sums.vy;
        sh_parts[row + 2u * ROW] = sums.vyy;
        sh_parts[row + 3u * ROW] = sums.look.x;
        sh_parts[row + 4u * ROW] = sums.look.y;
        sh_parts[row + 5u * ROW] = sums.look.z;
        if DEPTH { sh_parts[row + 6u * ROW] = sums.look.w; }
    }
}

// Adds up one part of one splat of the group over the tile's columns. `left` is the centre of the
// tile's first column.
fn add_up(first: u32, group: u32, left: f32, thread: u32) {
    let j = thread / PARTS;
    let part = thread % PARTS;
    let k = group + j;
    let to_mean = sh_mean[k].x - left;
    var sums = vec3f(0.0); // times 1, Δx, Δx²
    for (var box = 0u; box < BOXES; box += 1u) {
        let mask = atomicLoad(&sh_masks[box * WORDS + k / 32u]);
        if ((mask >> (k % 32u)) & 1u) == 0u { continue; }
        let row = thread * ROW + box * 8u;
        var dx = to_mean - f32(box_corner(box).x);
        for (var i = 0u; i < 8u; i += 1u) {
            sums += sh_parts[row + i] * vec3f(1.0, dx, dx * dx);
            dx -= 1.0;
        }
    }
    let pair = first + k;
    let splat = sh_splat[k];
    switch part {
        case 0u: {
            put(pair, splat, SUM_V, sums.x);
            put(pair, splat, SUM_VX, sums.y);
            put(pair, splat, SUM_VXX, sums.z);
        }
        case 1u: {
            put(pair, splat, SUM_VY, sums.x);
            put(pair, splat, SUM_VXY, sums.y);
        }
        case 2u: { put(pair, splat, SUM_VYY, sums.x); }
        default: { put(pair, splat, SUM_RED + part - 3u, sums.x); }
    }
}

// Brings a splat into shared memory and marks the boxes it reaches. `origin` is the tile's first
// pixel centre.
fn fetch(k: u32, splat: u32, origin: vec2f) {
    let a = projected_a[splat];
    let b = projected_b[splat];
    let q = exponent_of(b.xyz);
    sh_splat[k] = splat;
    sh_mean[k] = a.xy;
    sh_shape[k] = vec4f(q, b.w);
    sh_look[k] = vec4f(projected_c[splat].xyz, a.z);
    let to_mean = a.xy - origin;
    let reach = reach_of(cut_of(frame, b.w));
    for (var box = 0u; box < BOXES; box += 1u) {
        let low = vec2f(box_corner(box));
        if lowest_power(q, to_mean, low, low + vec2f(7.0, 3.0)) <= reach {
            atomicOr(&sh_masks[box * WORDS + k / 32u], 1u << (k % 32u));
        }
    }
}

// The backward pass of blending by splats: a thread has a splat, and the tile's 64 columns of four
// pixels stream past it.
//
// A workgroup of 32 threads for a tile. At step s thread i works on column s − i, which thread
// i − 1 has left one step before: so each column meets the splats in their order, and each thread
// adds up its own splat's sums in registers, without any reduction (the per-splat pass of
// Taming-3DGS, with columns for pixels and shared memory for shuffles). A thread that has seen all
// columns takes the next splat but 31; columns are more than threads, so the first is free again
// by then and the stream never runs dry.
//
// A barrier after each step keeps it correct at every subgroup width; where a subgroup is as wide
// as the workgroup, drivers leave the barrier out.
//
// The importing kernel declares the bindings, `put`, which takes a sum of a pair, and
// `skip_pairs`, which is told of pairs that no pixel sees any more.

#import shared/pixel_column

const LANES: u32 = 32u;
const COLUMNS: u32 = 64u;

// The columns, each of their vectors by itself, so that neighbours read from different banks.
var<workgroup> sh_red: array<vec4f, COLUMNS>;
var<workgroup> sh_green: array<vec4f, COLUMNS>;
var<workgroup> sh_blue: array<vec4f, COLUMNS>;
var<workgroup> sh_far: array<vec4f, COLUMNS>;
var<workgroup> sh_behind: array<vec4f, COLUMNS>;
var<workgroup> sh_transmittance: array<vec4f, COLUMNS>;
var<workgroup> sh_alive: atomic<u32>;

// What a thread has of its splat so far.
struct SplatSums {
    v: vec3f,    // times 1, Δx, Δx²
    vy: vec2f,   // times 1, Δx
    vyy: f32,
    look: vec4f, // Σ w g: rgb, depth
}

fn walk_tile(tile: vec3u, lane: u32) {
    let range = tile_ranges[tile.y * frame.tile_count.x + tile.x];
    let corner = tile.xy * 16u;
    for (var c = lane; c < COLUMNS; c += LANES) {
        let column = column_at(corner + column_corner(c));
        sh_red[c] = column.red;
        sh_green[c] = column.green;
        sh_blue[c] = column.blue;
        sh_far[c] = column.far;
        sh_behind[c] = column.behind;
        sh_transmittance[c] = column.transmittance;
    }
    if lane == 0u { atomicStore(&sh_alive, 1u); }
    workgroupBarrier();

    let rounds = (range.y - range.x + LANES - 1u) / LANES;
    let steps = select(0u, rounds * COLUMNS + LANES - 1u, 0u < rounds);
    var blob: Blob;
    var sums: SplatSums;
    for (var step = 0u; step < steps; step += 1u) {
        if step % COLUMNS == 0u && 0u < step {
            for (var c = lane; c < COLUMNS; c += LANES) {
                if any(vec4f(0.0) < sh_transmittance[c]) { atomicStore(&sh_alive, 1u); }
            }
            if workgroupUniformLoad(&sh_alive) == 0u {
                leave(range, step, lane, sums);
                break;
            }
        }
        // Columns past which this thread has let go, all rounds together; wraps around before the
        // first.
        let seen = step - lane;
        let pair = range.x + seen / COLUMNS * LANES + lane;
        if lane <= step && pair < range.y {
            let c = seen % COLUMNS;
            if c == 0u {
                blob = fetch(pair_splats[pair]);
                sums = SplatSums(vec3f(), vec2f(), 0.0, vec4f());
            }
            take(c, vec2f(corner + column_corner(c)) + 0.5, blob, &sums);
            if c == COLUMNS - 1u { hand_over(pair, sums); }
        }
        if step % COLUMNS == COLUMNS / 2u && lane == 0u { atomicStore(&sh_alive, 0u); }
        workgroupBarrier();
    }
}

// 16 columns across, 4 down.
fn column_corner(c: u32) -> vec2u {
    return vec2u(c % 16u, c / 16u * 4u);
}

fn fetch(splat: u32) -> Blob {
    let a = projected_a[splat];
    let b = projected_b[splat];
    let look = vec4f(projected_c[splat].xyz, a.z);
    return Blob(a.xy, vec4f(exponent_of(b.xyz), b.w), look, reach_of(cut_of(frame, b.w)));
}

// One column past one splat.
fn take(c: u32, centre: vec2f, blob: Blob, sums: ptr<function, SplatSums>) {
    // Most columns of most splats are out of reach; then nothing is read.
    let dx = blob.mean.x - centre.x;
    let dy = blob.mean.y - centre.y - vec4f(0.0, 1.0, 2.0, 3.0);
    let power = blob.shape.x * dx * dx + (blob.shape.y * dx + blob.shape.z * dy) * dy;
    if all(vec4f(blob.reach) < power) { return; }
    var column = Column(
        sh_red[c], sh_green[c], sh_blue[c], vec4f(0.0), sh_behind[c], sh_transmittance[c],
    );
    if DEPTH { column.far = sh_far[c]; }
    let more = walk_column(&column, centre, blob);
    if !more.hit { return; }
    sh_behind[c] = column.behind;
    sh_transmittance[c] = column.transmittance;
    (*sums).v += more.v * vec3f(1.0, dx, dx * dx);
    (*sums).vy += more.vy * vec2f(1.0, dx);
    (*sums).vyy += more.vyy;
    (*sums).look += more.look;
}

fn hand_over(pair: u32, sums: SplatSums) {
    let splat = pair_splats[pair];
    put(pair, splat, SUM_V, sums.v.x);
    put(pair, splat, SUM_VX, sums.v.y);
    put(pair, splat, SUM_VXX, sums.v.z);
    put(pair, splat, SUM_VY, sums.vy.x);
    put(pair, splat, SUM_VXY, sums.vy.y);
    put(pair, splat, SUM_VYY, sums.vyy);
    put(pair, splat, SUM_RED, sums.look.x);
    put(pair, splat, SUM_RED + 1u, sums.look.y);
    put(pair, splat, SUM_RED + 2u, sums.look.z);
    put(pair, splat, SUM_DEPTH, sums.look.w);
}

// Every pixel is finished: hands over what a thread has begun; nobody sees the splats after.
fn leave(range: vec2u, step: u32, lane: u32, sums: SplatSums) {
    let seen = step - lane;
    var begun = seen / COLUMNS;
    if seen % COLUMNS != 0u {
        let pair = range.x + begun * LANES + lane;
        if pair < range.y { hand_over(pair, sums); }
        begun += 1u;
    }
    for (var pair = range.x + begun * LANES + lane; pair < range.y; pair += LANES) {
        skip_pairs(pair, pair + 1u, 0u);
    }
}

// The backward pass of blending by tiles: eight threads, one subgroup, walk the tile's splats over
// all its pixels, and their sums come together by shuffles. Only one subgroup ever adds to a pair.
//
// The importing kernel declares the bindings, `put`, which takes a sum of a pair, and
// `skip_pairs`, which is told of pairs that no pixel sees any more.

#import shared/eights
#import shared/pixel_column

// A splat in one column of the tile: dx and what follows from it.
struct Slice {
    across: f32, // q.x dx²
    slope: f32,  // q.y dx
    down: f32,   // q.z
    opacity: f32,
    look: vec4f, // rgb, depth
}

// What a splat has of the pixels of a column, four by four.
struct SliceSums {
    v: vec4f,
    vy: vec4f,
    vyy: vec4f,
}

// Σ w g of all pixels of a thread, four by four.
struct LookSums {
    red: vec4f,
    green: vec4f,
    blue: vec4f,
    far: vec4f,
}

fn walk_tile(tile: vec2u, lane: u32) {
    let left = tile * 16u + vec2u(lane, 0u);
    let right = left + vec2u(8u, 0u);
    var a0 = column_at(left);
    var a1 = column_at(left + vec2u(0u, 4u));
    var a2 = column_at(left + vec2u(0u, 8u));
    var a3 = column_at(left + vec2u(0u, 12u));
    var b0 = column_at(right);
    var b1 = column_at(right + vec2u(0u, 4u));
    var b2 = column_at(right + vec2u(0u, 8u));
    var b3 = column_at(right + vec2u(0u, 12u));

    let range = tile_ranges[tile.y * frame.tile_count.x + tile.x];
    for (var first = range.x; first < range.y; first += EIGHT) {
        let left_over = max(
            max(max(a0.transmittance, a1.transmittance), max(a2.transmittance, a3.transmittance)),
            max(max(b0.transmittance, b1.transmittance), max(b2.transmittance, b3.transmittance)),
        );
        if !subgroupAny(any(vec4f(0.0) < left_over)) {
            skip_pairs(first, range.y, lane);
            break;
        }
        let own = min(first + lane, range.y - 1u);
        let splat = pair_splats[own];
        let a = projected_a[splat];
        let b = projected_b[splat];
        let c = projected_c[splat];
        let q = exponent_of(b.xyz);
        let count = min(EIGHT, range.y - first);
        var last = vec2f(0.0); // Σ w g of blue and depth of the thread's own splat
        for (var j = 0u; j < count; j += 1u) {
            let mean = subgroupShuffle(a.xy, j);
            let shape = subgroupShuffle(vec4f(q, b.w), j);
            let look = subgroupShuffle(vec4f(c.xyz, a.z), j);
            var looks = LookSums(vec4f(), vec4f(), vec4f(), vec4f());
            let dy = mean.y - (f32(left.y) + 0.5) - vec4f(0.0, 1.0, 2.0, 3.0);
            let dx = mean.x - (f32(left.x) + 0.5);
            let s = Slice(shape.x * dx * dx, shape.y * dx, shape.z, shape.w, look);
            var sums_a = SliceSums(vec4f(), vec4f(), vec4f());
            walk(&a0, dy, s, &sums_a, &looks);
            walk(&a1, dy - 4.0, s, &sums_a, &looks);
            walk(&a2, dy - 8.0, s, &sums_a, &looks);
            walk(&a3, dy - 12.0, s, &sums_a, &looks);
            let ex = mean.x - (f32(right.x) + 0.5);
            let t = Slice(shape.x * ex * ex, shape.y * ex, shape.z, shape.w, look);
            var sums_b = SliceSums(vec4f(), vec4f(), vec4f());
            walk(&b0, dy, t, &sums_b, &looks);
            walk(&b1, dy - 4.0, t, &sums_b, &looks);
            walk(&b2, dy - 8.0, t, &sums_b, &looks);
            walk(&b3, dy - 12.0, t, &sums_b, &looks);

            let va = total(sums_a.v);
            let vb = total(sums_b.v);
            let ya = total(sums_a.vy);
            let yb = total(sums_b.vy);
            // SUM_V, SUM_VY, SUM_VXY, SUM_RED and SUM_VX, SUM_VXX, SUM_VYY, SUM_GREEN.
            let even = vec4f(va + vb, ya + yb, ya * dx + yb * ex, total(looks.red));
            let odd = vec4f(
                va * dx + vb * ex,
                va * dx * dx + vb * ex * ex,
                total(sums_a.vyy + sums_b.vyy),
                total(looks.green),
            );
            put(first + j, subgroupShuffle(splat, j), lane, eight_sums(even, odd, lane));
            var rest = vec2f(total(looks.blue), 0.0);
            if DEPTH { rest.y = total(looks.far); }
            rest += subgroupShuffleXor(rest, 1u);
            rest += subgroupShuffleXor(rest, 2u);
            rest += subgroupShuffleXor(rest, 4u);
            last = select(last, rest, lane == j);
        }
        if lane < count {
            put(own, splat, SUM_RED + 2u, last.x);
            put(own, splat, SUM_DEPTH, last.y);
        }
    }
}

fn total(it: vec4f) -> f32 {
    return (it.x + it.y) + (it.z + it.w);
}

// Adds up eight numbers over the eight threads; thread i gets the sum of number i, where even
// numbers come in `even` and odd ones in `odd`. At each step a thread keeps half of its numbers
// and gives the other half to a partner that keeps those.
fn eight_sums(even: vec4f, odd: vec4f, lane: u32) -> f32 {
    let first = (lane & 1u) != 0u;
    let four = select(even, odd, first) + subgroupShuffleXor(select(odd, even, first), 1u);
    let second = (lane & 2u) != 0u;
    let two = select(four.xz, four.yw, second)
        + subgroupShuffleXor(select(four.yw, four.xz, second), 2u);
    let third = (lane & 4u) != 0u;
    return select(two.x, two.y, third) + subgroupShuffleXor(select(two.y, two.x, third), 4u);
}

// Walks one splat over four pixels, as `walk_column` does.
fn walk(
    c: ptr<function, Column>,
    dy: vec4f,
    s: Slice,
    sums: ptr<function, SliceSums>,
    looks: ptr<function, LookSums>,
) {
    let power = s.across + (s.slope + s.down * dy) * dy;
    let raw = s.opacity * exp2(-power);
    let alpha = min(vec4f(frame.alpha_max), raw);
    let before = (*c).transmittance;
    var hit = (vec4f(0.0) <= power) & (vec4f(frame.alpha_min) <= alpha) & (vec4f(0.0) < before);
    let next = before * (1.0 - alpha);
    let stop = hit & (next <= vec4f(frame.transmittance_stop));
    hit = hit & !stop;
    var e = s.look.x * (*c).red + s.look.y * (*c).green + s.look.z * (*c).blue;
    if DEPTH { e += s.look.w * (*c).far; }
    let weight = select(vec4f(0.0), alpha * before, hit);
    let behind = (*c).behind - weight * e;
    // Where alpha is capped it does not depend on the splat.
    let d_alpha = before * e - behind / (1.0 - alpha);
    let v = select(vec4f(0.0), -alpha * d_alpha, hit & (raw <= vec4f(frame.alpha_max)));
    (*c).behind = behind;
    (*c).transmittance = select(select(before, next, hit), vec4f(0.0), stop);
    (*sums).v += v;
    (*sums).vy += v * dy;
    (*sums).vyy += v * dy * dy;
    (*looks).red += weight * (*c).red;
    (*looks).green += weight * (*c).green;
    (*looks).blue += weight * (*c).blue;
    if DEPTH { (*looks).far += weight * (*c).far; }
}

// Running sums in levels of blocks of 256, made by `train/accumulate`, and how to search them.
//
// Level 0 holds, for each element, the sum of its block up to and with itself; each next level does
// the same for the totals of the blocks below, until a level is a single block. The levels lie one
// after the other in `sums`, which the importing kernel declares as array<u32>. Sums may be bits of
// floats that are not negative: these order as whole numbers do.

#import shared/dispatch

const LEVEL_BLOCK: u32 = 256u;

struct Levels {
    count: u32,
    firsts: array<u32, 4>, // where each begins in `sums`
    lens: array<u32, 4>,
}

fn levels_of(len: u32) -> Levels {
    var levels: Levels;
    var first = 0u;
    var n = len;
    for (var k = 0u; k < 4u; k += 1u) {
        levels.firsts[k] = first;
        levels.lens[k] = n;
        levels.count = k + 1u;
        if n <= LEVEL_BLOCK { break; }
        first += n;
        n = div_ceil(n, LEVEL_BLOCK);
    }
    return levels;
}

// The first of the elements from `begin` to before `end` whose sum is above `bound`; the last of
// them where none is.
fn first_above(first: u32, begin: u32, end: u32, bound: u32) -> u32 {
    var low = begin;
    var high = end - 1u;
    while low < high {
        let middle = (low + high) / 2u;
        if bound < sums[first + middle] { high = middle; } else { low = middle + 1u; }
    }
    return low;
}

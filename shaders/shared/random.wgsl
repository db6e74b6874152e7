// Numbers by chance that depend on a seed and a place only, in whatever order they are asked for.

const TAU: f32 = 6.2831853072;

// Three normal numbers by Box and Muller.
fn normal_noise(place: u32, seed: u32) -> vec3f {
    let a = scrambled(place ^ scrambled(seed));
    let b = scrambled(a ^ 0x9e3779b9u);
    let c = scrambled(b ^ 0x9e3779b9u);
    let d = scrambled(c ^ 0x9e3779b9u);
    let first = sqrt(-2.0 * log(fraction(a)));
    let second = sqrt(-2.0 * log(fraction(b)));
    let turns = TAU * fraction(c);
    return vec3f(first * cos(turns), first * sin(turns), second * cos(TAU * fraction(d)));
}

// In (0, 1), from the upper 23 bits.
fn fraction(bits: u32) -> f32 {
    return (f32(bits >> 9u) + 0.5) / 8388608.0;
}

// The finaliser of MurmurHash3, a bijection on 32 bits.
fn scrambled(number: u32) -> u32 {
    var x = number;
    x = (x ^ (x >> 16u)) * 0x85ebca6bu;
    x = (x ^ (x >> 13u)) * 0xc2b2ae35u;
    return x ^ (x >> 16u);
}

// Gradients that can be used.

// A gradient of this size (2⁵⁰), infinite or not a number, is a mishap.
const MISHAP: u32 = 0x58800000u;

// By its bits: compilers may take for granted that there is no NaN.
fn is_sound(x: f32) -> bool {
    return (bitcast<u32>(x) & 0x7fffffffu) < MISHAP;
}

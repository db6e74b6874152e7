// The sRGB curve, for targets that apply its inverse when they store.

fn linear_from_display(colour: vec3f) -> vec3f {
    let low = colour / 12.92;
    let high = pow((colour + 0.055) / 1.055, vec3f(2.4));
    return select(high, low, colour <= vec3f(0.04045));
}

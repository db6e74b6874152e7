// Splats whose numbers are numbers.
//
// The importing kernel declares `chunk` and `params`.

#import shared/planes

// Compilers may take for granted that there is no NaN; the bits tell.
fn is_number(value: f32) -> bool {
    return (bitcast<u32>(value) & 0x7f800000u) != 0x7f800000u;
}

// Whether mean, quaternion, scales and opacity are.
fn is_finite_splat(i: u32) -> bool {
    var finite = true;
    for (var plane = 0u; plane < PLANE_SH; plane += 1u) {
        finite = finite && is_number(param(plane, i));
    }
    return finite;
}

// The 3D filter of Mip-Splatting (Yu et al. 2024, eq. 7–9): a splat is no sharper than the photos
// could tell. With f the filter's size, Σ becomes Σ + f² I, so along each own axis s' = √(s² + f²),
// and the opacity is taken back by Π s/s'.
//
// The importing kernel declares `frame`, `chunk` and `params`.

#import shared/frame
#import shared/planes

struct Filtered {
    scale: vec3f,
    sharpness: vec3f, // s/s'
    opacity: f32,     // what opacities are multiplied by
}

fn filtered(i: u32, scale: vec3f) -> Filtered {
    if frame.filter_plane == 0u { return Filtered(scale, vec3f(1.0), 1.0); }
    let f = param(frame.filter_plane, i);
    let wide = sqrt(scale * scale + f * f);
    let sharpness = scale / wide;
    return Filtered(wide, sharpness, sharpness.x * sharpness.y * sharpness.z);
}

// The colour that a splat's harmonics show in a direction.
//
// The importing kernel declares `frame`, `chunk` and `params`.

#import shared/project

fn sh(k: u32, i: u32) -> vec3f {
    return param3(PLANE_SH + 3u * k, i);
}

// Real spherical harmonics with 3DGS's order and signs; see `render::sh`.
fn sh_colour(i: u32, d: vec3f) -> vec3f {
    let degree = min(frame.sh_degree, chunk.sh_degree);
    var colour = 0.5 + 0.2820947918 * sh(0u, i);
    if degree == 0u { return colour; }
    colour += 0.4886025119 * (d.z * sh(2u, i) - d.y * sh(1u, i) - d.x * sh(3u, i));
    if degree == 1u { return colour; }
    let xx = d.x * d.x;
    let yy = d.y * d.y;
    let zz = d.z * d.z;
    colour += 1.0925484306 * (d.x * d.y * sh(4u, i) - d.y * d.z * sh(5u, i) - d.x * d.z * sh(7u, i));
    colour += 0.3153915653 * (2.0 * zz - xx - yy) * sh(6u, i);
    colour += 0.5462742153 * (xx - yy) * sh(8u, i);
    if degree == 2u { return colour; }
    colour -= 0.5900435899 * (d.y * (3.0 * xx - yy) * sh(9u, i) + d.x * (xx - 3.0 * yy) * sh(15u, i));
    colour += 2.8906114426 * d.x * d.y * d.z * sh(10u, i);
    colour -= 0.4570457995 * (4.0 * zz - xx - yy) * (d.y * sh(11u, i) + d.x * sh(13u, i));
    colour += 0.3731763326 * d.z * (2.0 * zz - 3.0 * xx - 3.0 * yy) * sh(12u, i);
    colour += 1.4453057213 * d.z * (xx - yy) * sh(14u, i);
    return colour;
}

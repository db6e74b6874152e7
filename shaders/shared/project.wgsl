// EWA projection of one splat (Zwicker et al. 2001, as in 3DGS and gsplat).
//
// 1. World to camera; drop what is not between near and far, or too transparent to be seen.
// 2. The covariance Σ = (R S)(R S)ᵀ is carried to the image by the affine approximation J of the
//    perspective at the mean: Σ' = (J W R S)(J W R S)ᵀ, a 2×2 matrix in square pixels.
// 3. Σ' is widened by eps2d so that no splat is thinner than a pixel; the antialiased mode takes
//    the added brightness back from the opacity (Mip-Splatting).
// 4. Where alpha falls to alpha_min the splat ends; that ellipse's box decides what it can touch.
//
// The importing kernel declares `frame`, `chunk` and `params`.

#import shared/filter

// Keeps the determinant away from 0 where eps2d is 0 (gsplat's value).
const MIN_DETERMINANT: f32 = 1e-10;
// Beyond this the covariance has overflowed.
const MAX_DETERMINANT: f32 = 1e37;
// The compensation is not allowed below 0.005 (gsplat's value), else tiny splats vanish.
const MIN_COMPENSATION_SQUARED: f32 = 0.000025;

struct Projection {
    visible: bool,
    mean: vec3f,   // world
    mean2d: vec2f, // pixels
    depth: f32,    // camera z
    conic: vec3f,  // inverse of Σ': xx, xy, yy
    extent: vec2f, // half size of the box around the visible ellipse, pixels
    opacity: f32,  // after compensation
}

fn project_splat(i: u32) -> Projection {
    var out: Projection;
    out.visible = false;
    out.mean = param3(0u, i);
    let p = (frame.camera_from_world * vec4f(out.mean, 1.0)).xyz;
    out.depth = p.z;
    if !(frame.near < p.z && p.z < frame.far) { return out; }
    let wide = filtered(i, exp(param3(PLANE_LOG_SCALE, i)));
    out.opacity = wide.opacity / (1.0 + exp(-param(PLANE_OPACITY, i)));
    if !(frame.alpha_min <= out.opacity) { return out; }
    out.mean2d = frame.focal * p.xy / p.z + frame.principal;

    // Columns of J W R S, one for each axis of the splat.
    let tangent = clamp(p.xy / p.z, frame.tangent_min, frame.tangent_max);
    let camera_from_world = mat3x3f(
        frame.camera_from_world[0].xyz,
        frame.camera_from_world[1].xyz,
        frame.camera_from_world[2].xyz,
    );
    let axes = camera_from_world * rotation_of(i);
    let scale = wide.scale;
    let zoom = frame.focal / p.z;
    let a0 = zoom * (axes[0].xy - tangent * axes[0].z) * scale.x;
    let a1 = zoom * (axes[1].xy - tangent * axes[1].z) * scale.y;
    let a2 = zoom * (axes[2].xy - tangent * axes[2].z) * scale.z;

    var cov = vec3f( // xx, xy, yy
        a0.x * a0.x + a1.x * a1.x + a2.x * a2.x,
        a0.x * a0.y + a1.x * a1.y + a2.x * a2.y,
        a0.y * a0.y + a1.y * a1.y + a2.y * a2.y,
    );
    // Cauchy–Binet: det(A Aᵀ) as a sum of squares, without the cancellation of xx·yy − xy².
    let m01 = a0.x * a1.y - a1.x * a0.y;
    let m02 = a0.x * a2.y - a2.x * a0.y;
    let m12 = a1.x * a2.y - a2.x * a1.y;
    let det_sharp = m01 * m01 + m02 * m02 + m12 * m12;
    let eps = frame.eps2d;
    let det = max(det_sharp + eps * (cov.x + cov.z) + eps * eps, MIN_DETERMINANT);
    if !(det < MAX_DETERMINANT) { return out; }
    if frame.antialiased == 1u {
        out.opacity *= sqrt(max(det_sharp / det, MIN_COMPENSATION_SQUARED));
        if !(frame.alpha_min <= out.opacity) { return out; }
    }
    cov += vec3f(eps, 0.0, eps);
    out.conic = vec3f(cov.z, -cov.y, cov.x) / det;
    if frame.shape == SHAPE_POINT {
        let r = frame.point_radius_px;
        cov = vec3f(r * r, 0.0, r * r);
        out.conic = vec3f(1.0, 0.0, 1.0) / (r * r);
    }

    out.extent = sqrt(2.0 * cut_of(frame, out.opacity) * cov.xz);
    let low = out.mean2d - out.extent;
    let high = out.mean2d + out.extent;
    let end = vec2f(frame.origin + frame.image_size);
    out.visible = all(low <= end) && all(vec2f(frame.origin) <= high);
    return out;
}

// The gradient of the projection of one splat, step by step backwards through `shared/project`.
//
// With A = (a₀ a₁ a₂) = J W R S, Σ' = A Aᵀ + ε and the conic Σ'⁻¹: for ∂L/∂conic as a symmetric
// matrix G, ∂L/∂Σ' = −conic G conic =: D and ∂L/∂A = 2 D A. The rest is the chain rule through
// aₖ = f/z (uₖ.xy − t uₖ.z) sₖ with uₖ = W rₖ, t the tangents (kept within bounds), s = exp(log s),
// filtered.
//
// The importing kernel declares `frame`, `chunk` and `params`.

#import shared/pair_sums
#import shared/project

// ∂L/∂(what the rasteriser takes of a splat).
struct FootprintGradient {
    mean2d: vec2f,
    conic: vec3f, // xx, xy (as one number), yy
    opacity: f32, // after compensation
    depth: f32,
    rgb: vec3f,
}

// ∂L/∂(what is stored of a splat), harmonics apart, and what the pose's gradient is made of.
struct GeometryGradient {
    mean2d: vec2f,
    mean: vec3f,
    quat: vec4f,
    log_scale: vec3f,
    opacity_logit: f32,
    camera_point: vec3f,         // of the mean in camera space
    camera_from_world: mat3x3f,  // through the covariance only
}

fn footprint_gradient(sums: array<f32, SUMS>, conic: vec3f, opacity: f32) -> FootprintGradient {
    var d: FootprintGradient;
    let x = sums[SUM_VX];
    let y = sums[SUM_VY];
    d.mean2d = vec2f(conic.x * x + conic.y * y, conic.y * x + conic.z * y);
    d.conic = vec3f(0.5 * sums[SUM_VXX], sums[SUM_VXY], 0.5 * sums[SUM_VYY]);
    d.opacity = -sums[SUM_V] / opacity;
    d.depth = sums[SUM_DEPTH];
    d.rgb = vec3f(sums[SUM_RED], sums[SUM_RED + 1u], sums[SUM_RED + 2u]);
    return d;
}

// a bᵀ, columns first.
fn outer(a: vec3f, b: vec3f) -> mat3x3f {
    return mat3x3f(a * b.x, a * b.y, a * b.z);
}

fn project_backward(i: u32, sums: array<f32, SUMS>) -> GeometryGradient {
    var out: GeometryGradient;
    // Forward again.
    let mean = param3(0u, i);
    let p = (frame.camera_from_world * vec4f(mean, 1.0)).xyz;
    let inside = (frame.tangent_min <= p.xy / p.z) & (p.xy / p.z <= frame.tangent_max);
    let tangent = clamp(p.xy / p.z, frame.tangent_min, frame.tangent_max);
    let w = mat3x3f(
        frame.camera_from_world[0].xyz,
        frame.camera_from_world[1].xyz,
        frame.camera_from_world[2].xyz,
    );
    let rotation = rotation_of(i);
    let wide = filtered(i, exp(param3(PLANE_LOG_SCALE, i)));
    let scale = wide.scale;
    let zoom = frame.focal / p.z;
    let u0 = w * rotation[0];
    let u1 = w * rotation[1];
    let u2 = w * rotation[2];
    let a0 = zoom * (u0.xy - tangent * u0.z) * scale.x;
    let a1 = zoom * (u1.xy - tangent * u1.z) * scale.y;
    let a2 = zoom * (u2.xy - tangent * u2.z) * scale.z;
    let m01 = a0.x * a1.y - a1.x * a0.y;
    let m02 = a0.x * a2.y - a2.x * a0.y;
    let m12 = a1.x * a2.y - a2.x * a1.y;
    let det_sharp = m01 * m01 + m02 * m02 + m12 * m12;
    let xx = dot(vec3f(a0.x, a1.x, a2.x), vec3f(a0.x, a1.x, a2.x));
    let xy = dot(vec3f(a0.x, a1.x, a2.x), vec3f(a0.y, a1.y, a2.y));
    let yy = dot(vec3f(a0.y, a1.y, a2.y), vec3f(a0.y, a1.y, a2.y));
    let eps = frame.eps2d;
    let det_free = det_sharp + eps * (xx + yy) + eps * eps;
    let det = max(det_free, MIN_DETERMINANT);
    let conic = vec3f(yy + eps, -xy, xx + eps) / det;
    let sigmoid = 1.0 / (1.0 + exp(-param(PLANE_OPACITY, i)));
    let bare_opacity = sigmoid * wide.opacity;
    var compensation = 1.0;
    if frame.antialiased == 1u {
        compensation = sqrt(max(det_sharp / det, MIN_COMPENSATION_SQUARED));
    }
    let d = footprint_gradient(sums, conic, bare_opacity * compensation);
    out.mean2d = d.mean2d;

    // Conic to covariance: −conic G conic, the lower element written once.
    let g = vec3f(d.conic.x, 0.5 * d.conic.y, d.conic.z);
    let cg = vec4f( // conic · G, row by row
        conic.x * g.x + conic.y * g.y, conic.x * g.y + conic.y * g.z,
        conic.y * g.x + conic.z * g.y, conic.y * g.y + conic.z * g.z,
    );
    var d_cov = -vec3f(
        cg.x * conic.x + cg.y * conic.y,
        cg.x * conic.y + cg.y * conic.z,
        cg.z * conic.y + cg.w * conic.z,
    );
    if det_free < MIN_DETERMINANT { d_cov = vec3f(g.z, -g.y, g.x) / det; }

    // Opacity, and the determinants inside its compensation.
    let d_log_opacity = d.opacity * compensation * bare_opacity;
    out.opacity_logit = d_log_opacity * (1.0 - sigmoid);
    var d_det_sharp = 0.0;
    if frame.antialiased == 1u && MIN_COMPENSATION_SQUARED < det_sharp / det {
        let d_ratio = 0.5 * d.opacity * bare_opacity / compensation;
        d_det_sharp = d_ratio * (det - det_sharp) / (det * det);
        let d_trace = -d_ratio * det_sharp * eps / (det * det);
        d_cov += vec3f(d_trace, 0.0, d_trace);
    }

    // Covariance to the columns of A.
    let d_m01 = 2.0 * m01 * d_det_sharp;
    let d_m02 = 2.0 * m02 * d_det_sharp;
    let d_m12 = 2.0 * m12 * d_det_sharp;
    let d_a0 = 2.0 * vec2f(d_cov.x * a0.x + d_cov.y * a0.y, d_cov.y * a0.x + d_cov.z * a0.y)
        + d_m01 * vec2f(a1.y, -a1.x) + d_m02 * vec2f(a2.y, -a2.x);
    let d_a1 = 2.0 * vec2f(d_cov.x * a1.x + d_cov.y * a1.y, d_cov.y * a1.x + d_cov.z * a1.y)
        - d_m01 * vec2f(a0.y, -a0.x) + d_m12 * vec2f(a2.y, -a2.x);
    let d_a2 = 2.0 * vec2f(d_cov.x * a2.x + d_cov.y * a2.y, d_cov.y * a2.x + d_cov.z * a2.y)
        - d_m02 * vec2f(a0.y, -a0.x) - d_m12 * vec2f(a1.y, -a1.x);

    // Columns of A to scales, axes, tangents and depth.
    let d_log_wide = vec3f(dot(d_a0, a0), dot(d_a1, a1), dot(d_a2, a2));
    // Of log s, log s' has the slope (s/s')² and the filter's log-opacity the rest.
    let slope = wide.sharpness * wide.sharpness;
    out.log_scale = d_log_wide * slope + d_log_opacity * (1.0 - slope);
    let b0 = zoom * d_a0 * scale.x; // ∂L/∂(uₖ.xy − t uₖ.z)
    let b1 = zoom * d_a1 * scale.y;
    let b2 = zoom * d_a2 * scale.z;
    let d_u0 = vec3f(b0, -dot(b0, tangent));
    let d_u1 = vec3f(b1, -dot(b1, tangent));
    let d_u2 = vec3f(b2, -dot(b2, tangent));
    let d_tangent = select(vec2f(0.0), -(b0 * u0.z + b1 * u1.z + b2 * u2.z), inside);
    // The zoom f/z is in every aₖ; sums of dot(d_aₖ, aₖ) are what it weighs.
    var d_z = d.depth - (d_log_wide.x + d_log_wide.y + d_log_wide.z) / p.z;

    // The mean: where it lands, and the tangents.
    let d_xy = zoom * d.mean2d + d_tangent / p.z;
    d_z -= dot(d_xy, p.xy) / p.z;
    out.camera_point = vec3f(d_xy, d_z);
    out.mean = out.camera_point * w;
    out.camera_from_world =
        outer(d_u0, rotation[0]) + outer(d_u1, rotation[1]) + outer(d_u2, rotation[2]);
    out.quat = rotation_backward(i, mat3x3f(d_u0 * w, d_u1 * w, d_u2 * w));
    return out;
}

// From the gradient of a rotation's columns to that of the stored quaternion (w x y z).
fn rotation_backward(i: u32, d: mat3x3f) -> vec4f {
    let stored = vec4f(
        param(PLANE_QUAT, i),
        param(PLANE_QUAT + 1u, i),
        param(PLANE_QUAT + 2u, i),
        param(PLANE_QUAT + 3u, i),
    );
    let norm = length(stored);
    if !(0.0 < norm) { return vec4f(0.0); }
    let q = stored / norm;
    let w = q.x;
    let x = q.y;
    let y = q.z;
    let z = q.w;
    let d_q = 2.0 * vec4f(
        z * (d[0].y - d[1].x) + y * (d[2].x - d[0].z) + x * (d[1].z - d[2].y),
        y * (d[0].y + d[1].x) + z * (d[0].z + d[2].x) + w * (d[1].z - d[2].y)
            - 2.0 * x * (d[1].y + d[2].z),
        x * (d[0].y + d[1].x) + z * (d[1].z + d[2].y) + w * (d[2].x - d[0].z)
            - 2.0 * y * (d[0].x + d[2].z),
        x * (d[0].z + d[2].x) + y * (d[1].z + d[2].y) + w * (d[0].y - d[1].x)
            - 2.0 * z * (d[0].x + d[1].y),
    );
    // Along q only the norm changes.
    return (d_q - q * dot(q, d_q)) / norm;
}

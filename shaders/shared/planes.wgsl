// What the planes of a chunk of splats hold, and how to read them.
//
// The importing kernel declares `chunk` and `params`.

#import shared/chunk

// Planes of `params`: 0–2 mean, 3–6 quaternion wxyz, 7–9 log-scale, 10 opacity logit, then SH.
const PLANE_QUAT: u32 = 3u;
const PLANE_LOG_SCALE: u32 = 7u;
const PLANE_OPACITY: u32 = 10u;
const PLANE_SH: u32 = 11u;

fn param(plane: u32, i: u32) -> f32 {
    return params[plane * chunk.stride + i];
}

fn param3(plane: u32, i: u32) -> vec3f {
    return vec3f(param(plane, i), param(plane + 1u, i), param(plane + 2u, i));
}

fn rotation_of(i: u32) -> mat3x3f {
    let stored = vec4f(
        param(PLANE_QUAT, i),
        param(PLANE_QUAT + 1u, i),
        param(PLANE_QUAT + 2u, i),
        param(PLANE_QUAT + 3u, i),
    );
    let norm = length(stored);
    let q = select(vec4f(1.0, 0.0, 0.0, 0.0), stored / norm, 0.0 < norm);
    let w = q.x;
    let x = q.y;
    let y = q.z;
    let z = q.w;
    return mat3x3f(
        vec3f(1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y + w * z), 2.0 * (x * z - w * y)),
        vec3f(2.0 * (x * y - w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z + w * x)),
        vec3f(2.0 * (x * z + w * y), 2.0 * (y * z - w * x), 1.0 - 2.0 * (x * x + y * y)),
    );
}

// From the sums over pixels to the gradients of what is stored of each splat, and of the pose.
//
// One thread a splat; those that do not reach the image get zeros. For the pose each workgroup
// adds up its splats in a fixed order; `train/sum_pose` adds up the workgroups.

#import shared/dispatch
#import shared/project_backward
#import shared/sh

@group(0) @binding(0) var<uniform> frame: FrameUniform;
@group(0) @binding(1) var<uniform> chunk: ChunkUniform;
@group(0) @binding(2) var<storage, read> params: array<f32>;
@group(0) @binding(3) var<storage, read> visible_bits: array<u32>;
@group(0) @binding(4) var<storage, read> block_offsets: array<u32>;
@group(0) @binding(5) var<storage, read> splat_sums: array<f32>;
@group(0) @binding(6) var<storage, read_write> d_params: array<f32>;   // planes as in params
@group(0) @binding(7) var<storage, read_write> pose_parts: array<f32>; // POSE_SUMS a block

// The gradient of the pose is wanted.
override POSE: bool = true;

// Sums for the pose: of the rotation in w2c 9 (columns first), of the translation 3, of the
// camera's position, through the direction of view, 3.
const POSE_SUMS: u32 = 15u;

var<workgroup> sh_pose: array<f32, 3840>; // POSE_SUMS rows of 256

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let block = unfold_group(group);
    let i = block * 256u + thread;
    let global_block = chunk.first / 256u + block;
    var pose = array<vec3f, 5>();
    if i < chunk.count { pose = splat_backward(i, global_block, thread); }
    if !POSE { return; }

    for (var k = 0u; k < POSE_SUMS; k += 1u) {
        sh_pose[k * 256u + thread] = pose[k / 3u][k % 3u];
    }
    workgroupBarrier();
    // 240 threads add up 16 numbers each, then 15 the 16 that this leaves.
    if thread < 16u * POSE_SUMS {
        let first = thread * 16u;
        var sum = 0.0;
        for (var k = 0u; k < 16u; k += 1u) { sum += sh_pose[first + k]; }
        sh_pose[first] = sum;
    }
    workgroupBarrier();
    if thread < POSE_SUMS && block * 256u < chunk.stride {
        var sum = 0.0;
        for (var k = 0u; k < 16u; k += 1u) { sum += sh_pose[thread * 256u + k * 16u]; }
        pose_parts[global_block * POSE_SUMS + thread] = sum;
    }
}

// Writes the gradients of a splat; returns its part in the pose's.
fn splat_backward(i: u32, global_block: u32, thread: u32) -> array<vec3f, 5> {
    var pose = array<vec3f, 5>();
    let own_word = thread / 32u;
    let own_bits = visible_bits[global_block * 8u + own_word];
    let own_bit = 1u << (thread % 32u);
    var visible = block_offsets[global_block] + countOneBits(own_bits & (own_bit - 1u));
    for (var word = 0u; word < own_word; word += 1u) {
        visible += countOneBits(visible_bits[global_block * 8u + word]);
    }
    if (own_bits & own_bit) == 0u || frame.visible_capacity <= visible {
        let planes = PLANE_SH + 3u * (chunk.sh_degree + 1u) * (chunk.sh_degree + 1u);
        for (var plane = 0u; plane < planes; plane += 1u) { write(plane, i, 0.0); }
        return pose;
    }

    var sums: array<f32, SUMS>;
    for (var k = 0u; k < SUMS; k += 1u) { sums[k] = splat_sums[visible * SUMS + k]; }
    let d = project_backward(i, sums);
    let d_rgb = vec3f(sums[SUM_RED], sums[SUM_RED + 1u], sums[SUM_RED + 2u]);
    let d_direction = colour_backward(i, d_rgb);
    write3(0u, i, d.mean + d_direction);
    for (var k = 0u; k < 4u; k += 1u) { write(PLANE_QUAT + k, i, d.quat[k]); }
    write3(PLANE_LOG_SCALE, i, d.log_scale);
    write(PLANE_OPACITY, i, d.opacity_logit);

    let rotation = d.camera_from_world + outer(d.camera_point, param3(0u, i));
    pose[0] = rotation[0];
    pose[1] = rotation[1];
    pose[2] = rotation[2];
    pose[3] = d.camera_point;
    pose[4] = -d_direction;
    return pose;
}

fn write(plane: u32, i: u32, value: f32) {
    d_params[plane * chunk.stride + i] = value;
}

fn write3(plane: u32, i: u32, value: vec3f) {
    write(plane, i, value.x);
    write(plane + 1u, i, value.y);
    write(plane + 2u, i, value.z);
}

// Y the value of basis function k, dY its slope, at the direction of view. Writes the gradient of
// coefficient k; `rgb` is what of ∂L/∂rgb the clamp at 0 lets through. Returns its part of the
// direction's gradient.
fn band(k: u32, i: u32, rgb: vec3f, y: f32, d_y: vec3f) -> vec3f {
    write3(PLANE_SH + 3u * k, i, y * rgb);
    return dot(rgb, param3(PLANE_SH + 3u * k, i)) * d_y;
}

// Harmonics (see `render::sh`): writes their gradients, returns that of the mean through the
// direction of view. The slopes are those of the polynomials; what of them lies along the direction
// is taken away in the end.
fn colour_backward(i: u32, d_rgb: vec3f) -> vec3f {
    let from_camera = param3(0u, i) - frame.camera_position.xyz;
    let distance = length(from_camera);
    let d = from_camera / distance;
    let degree = min(frame.sh_degree, chunk.sh_degree);
    let used = (degree + 1u) * (degree + 1u);
    let rgb = select(vec3f(0.0), d_rgb, vec3f(0.0) < sh_colour(i, d));
    var slope = band(0u, i, rgb, 0.2820947918, vec3f(0.0));
    if 1u <= degree { slope += first_band(i, rgb, d); }
    if 2u <= degree { slope += second_band(i, rgb, d); }
    if 3u <= degree { slope += third_band(i, rgb, d); }
    let stored = (chunk.sh_degree + 1u) * (chunk.sh_degree + 1u);
    for (var k = used; k < stored; k += 1u) { write3(PLANE_SH + 3u * k, i, vec3f(0.0)); }
    return (slope - d * dot(d, slope)) / distance;
}

fn first_band(i: u32, rgb: vec3f, d: vec3f) -> vec3f {
    let a = 0.4886025119;
    return band(1u, i, rgb, -a * d.y, vec3f(0.0, -a, 0.0))
        + band(2u, i, rgb, a * d.z, vec3f(0.0, 0.0, a))
        + band(3u, i, rgb, -a * d.x, vec3f(-a, 0.0, 0.0));
}

fn second_band(i: u32, rgb: vec3f, d: vec3f) -> vec3f {
    let a = 1.0925484306;
    let b = 0.3153915653;
    let c = 0.5462742153;
    let x = d.x;
    let y = d.y;
    let z = d.z;
    return band(4u, i, rgb, a * x * y, a * vec3f(y, x, 0.0))
        + band(5u, i, rgb, -a * y * z, -a * vec3f(0.0, z, y))
        + band(6u, i, rgb, b * (2.0 * z * z - x * x - y * y), b * vec3f(-2.0 * x, -2.0 * y, 4.0 * z))
        + band(7u, i, rgb, -a * x * z, -a * vec3f(z, 0.0, x))
        + band(8u, i, rgb, c * (x * x - y * y), c * vec3f(2.0 * x, -2.0 * y, 0.0));
}

fn third_band(i: u32, rgb: vec3f, d: vec3f) -> vec3f {
    let a = 0.5900435899;
    let b = 2.8906114426;
    let c = 0.4570457995;
    let e = 0.3731763326;
    let f = 1.4453057213;
    let x = d.x;
    let y = d.y;
    let z = d.z;
    let xx = x * x;
    let yy = y * y;
    let zz = z * z;
    return band(9u, i, rgb, -a * y * (3.0 * xx - yy), -a * vec3f(6.0 * x * y, 3.0 * (xx - yy), 0.0))
        + band(10u, i, rgb, b * x * y * z, b * vec3f(y * z, x * z, x * y))
        + band(11u, i, rgb, -c * y * (4.0 * zz - xx - yy),
            -c * vec3f(-2.0 * x * y, 4.0 * zz - xx - 3.0 * yy, 8.0 * y * z))
        + band(12u, i, rgb, e * z * (2.0 * zz - 3.0 * xx - 3.0 * yy),
            e * vec3f(-6.0 * x * z, -6.0 * y * z, 6.0 * zz - 3.0 * xx - 3.0 * yy))
        + band(13u, i, rgb, -c * x * (4.0 * zz - xx - yy),
            -c * vec3f(4.0 * zz - 3.0 * xx - yy, -2.0 * x * y, 8.0 * x * z))
        + band(14u, i, rgb, f * z * (xx - yy), f * vec3f(2.0 * x * z, -2.0 * y * z, xx - yy))
        + band(15u, i, rgb, -a * x * (xx - 3.0 * yy), -a * vec3f(3.0 * (xx - yy), -6.0 * x * y, 0.0));
}

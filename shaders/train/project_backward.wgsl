// From the sums over pixels to the gradients of what is stored of each splat, and of the pose.
//
// One thread a splat; those that do not reach the image get zeros. For the pose each workgroup
// adds up its splats in a fixed order; `train/sum_pose` adds up the workgroups.

#import shared/dispatch
#import shared/project_backward
#import shared/sh_backward
#import shared/visible

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
// The gradients of what is stored are wanted.
override SPLATS: bool = true;

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

    keep(0u, thread, pose[0]);
    keep(3u, thread, pose[1]);
    keep(6u, thread, pose[2]);
    keep(9u, thread, pose[3]);
    keep(12u, thread, pose[4]);
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

// Leaves three of a splat's numbers for the sums, from row `row` on.
fn keep(row: u32, thread: u32, numbers: vec3f) {
    sh_pose[row * 256u + thread] = numbers.x;
    sh_pose[(row + 1u) * 256u + thread] = numbers.y;
    sh_pose[(row + 2u) * 256u + thread] = numbers.z;
}

// Writes the gradients of a splat; returns its part in the pose's.
fn splat_backward(i: u32, global_block: u32, thread: u32) -> array<vec3f, 5> {
    var pose = array<vec3f, 5>();
    let visible = place_among_visible(global_block, thread);
    if visible == NOT_VISIBLE {
        for (var k = 0u; k < PLANE_SH; k += 1u) { write(k, i, 0.0); }
        write_unused(0u, i);
        return pose;
    }

    var sums: array<f32, SUMS>;
    for (var k = 0u; k < SUMS; k += 1u) { sums[k] = splat_sums[visible * SUMS + k]; }
    let d = project_backward(i, sums);
    let d_rgb = vec3f(sums[SUM_RED], sums[SUM_RED + 1u], sums[SUM_RED + 2u]);
    let sight = sight_of(i);
    let d_direction = colour_backward(i, let_through(i, sight, d_rgb), sight);
    write_unused(used_coefficients(), i);
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

// Harmonics from number `first` on have no gradient.
fn write_unused(first: u32, i: u32) {
    let stored = (chunk.sh_degree + 1u) * (chunk.sh_degree + 1u);
    for (var k = first; k < stored; k += 1u) { write3(PLANE_SH + 3u * k, i, vec3f(0.0)); }
}

fn write(plane: u32, i: u32, value: f32) {
    if !SPLATS { return; }
    d_params[plane * chunk.stride + i] = value;
}

fn write3(plane: u32, i: u32, value: vec3f) {
    write(plane, i, value.x);
    write(plane + 1u, i, value.y);
    write(plane + 2u, i, value.z);
}

fn band(k: u32, i: u32, rgb: vec3f, y: f32, d_y: vec3f) -> vec3f {
    write3(PLANE_SH + 3u * k, i, y * rgb);
    return dot(rgb, param3(PLANE_SH + 3u * k, i)) * d_y;
}

// The gradient of the pose: the blocks' parts added up, and what reaches it through the camera's
// position, which is −Rᵀt.

#import shared/frame

@group(0) @binding(0) var<uniform> frame: FrameUniform;
@group(0) @binding(1) var<storage, read> pose_parts: array<f32>; // 15 a block
@group(0) @binding(2) var<storage, read_write> d_pose: array<vec4f>; // w2c, three rows

// As in `train/project_backward`.
const POSE_SUMS: u32 = 15u;

var<workgroup> sh_sums: array<f32, 240>; // 16 of each

@compute @workgroup_size(240)
fn main(@builtin(local_invocation_index) thread: u32) {
    let which = thread % POSE_SUMS;
    let blocks = arrayLength(&pose_parts) / POSE_SUMS;
    var sum = 0.0;
    for (var block = thread / POSE_SUMS; block < blocks; block += 16u) {
        sum += pose_parts[block * POSE_SUMS + which];
    }
    sh_sums[thread] = sum;
    workgroupBarrier();
    if thread != 0u { return; }

    var d: array<vec3f, 5>; // columns of R, t, the camera's position
    for (var k = 0u; k < POSE_SUMS; k += 1u) {
        var total = 0.0;
        for (var part = 0u; part < 16u; part += 1u) { total += sh_sums[part * POSE_SUMS + k]; }
        d[k / 3u][k % 3u] = total;
    }
    let rotation = mat3x3f(
        frame.camera_from_world[0].xyz,
        frame.camera_from_world[1].xyz,
        frame.camera_from_world[2].xyz,
    );
    let translation = frame.camera_from_world[3].xyz;
    let c0 = d[0] - translation * d[4].x;
    let c1 = d[1] - translation * d[4].y;
    let c2 = d[2] - translation * d[4].z;
    let c3 = d[3] - rotation * d[4];
    d_pose[0] = vec4f(c0.x, c1.x, c2.x, c3.x);
    d_pose[1] = vec4f(c0.y, c1.y, c2.y, c3.y);
    d_pose[2] = vec4f(c0.z, c1.z, c2.z, c3.z);
}

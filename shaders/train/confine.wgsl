// Keeps splats in a region: the mean of one that has left it goes back to the nearest point on its
// border, which is a projected step of gradient descent (Bertsekas 1976, convex sets). Those inside
// stay to the bit, and so do frozen splats.
//
// A region is all that is no farther than a radius from a box, turned as a quaternion says: a box
// has radius 0, a ball is around a box of no size.

#import shared/dispatch
#import shared/planes

// Twin of `render::gpu::ConfineUniform`.
struct ConfineUniform {
    centre: vec3f,
    radius: f32,
    half: vec3f,
    pad: u32,
    rotation: vec4f, // world from box, xyzw, of length 1
}

@group(0) @binding(0) var<uniform> confine: ConfineUniform;
@group(0) @binding(1) var<uniform> chunk: ChunkUniform;
@group(0) @binding(2) var<storage, read_write> params: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let i = unfold_group(group) * 256u + thread;
    if chunk.count <= i || i < chunk.frozen { return; }
    let q = confine.rotation;
    let in_box = turned(vec4f(-q.xyz, q.w), param3(0u, i) - confine.centre);
    let nearest = clamp(in_box, -confine.half, confine.half);
    let beyond = in_box - nearest;
    let distance = length(beyond);
    // What is nowhere has no nearest point, and is for densification to give up.
    if !(confine.radius < distance) { return; }
    let back = nearest + beyond * (confine.radius / distance);
    let mean = confine.centre + turned(q, back);
    for (var k = 0u; k < 3u; k += 1u) { params[k * chunk.stride + i] = mean[k]; }
}

// v turned by the unit quaternion q: v + 2 q × (q × v + w v).
fn turned(q: vec4f, v: vec3f) -> vec3f {
    return v + 2.0 * cross(q.xyz, cross(q.xyz, v) + q.w * v);
}

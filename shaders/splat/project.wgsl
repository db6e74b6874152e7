// Each visible splat to its ellipse in the image, its colour, and the number of tiles it touches,
// at its place among the visible ones.

#import shared/dispatch
#import shared/project
#import shared/sh
#import shared/tiles

@group(0) @binding(0) var<uniform> frame: FrameUniform;
@group(0) @binding(1) var<uniform> chunk: ChunkUniform;
@group(0) @binding(2) var<storage, read> params: array<f32>;
@group(0) @binding(3) var<storage, read> visible_bits: array<u32>;
@group(0) @binding(4) var<storage, read> block_offsets: array<u32>;
@group(0) @binding(5) var<storage, read_write> depth_keys: array<u32>;
@group(0) @binding(6) var<storage, read_write> visible_ids: array<u32>;
@group(0) @binding(7) var<storage, read_write> projected_a: array<vec4f>; // mean2d, depth, extent.y
@group(0) @binding(8) var<storage, read_write> projected_b: array<vec4f>; // conic, opacity
@group(0) @binding(9) var<storage, read_write> projected_c: array<vec4f>; // rgb, extent.x
@group(0) @binding(10) var<storage, read_write> tile_counts: array<u32>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let block = unfold_group(group);
    let i = block * 256u + thread;
    if chunk.count <= i { return; }
    let global_block = chunk.first / 256u + block;
    let own_word = thread / 32u;
    let own_bits = visible_bits[global_block * 8u + own_word];
    let own_bit = 1u << (thread % 32u);
    if (own_bits & own_bit) == 0u { return; }

    var visible = block_offsets[global_block] + countOneBits(own_bits & (own_bit - 1u));
    for (var word = 0u; word < own_word; word += 1u) {
        visible += countOneBits(visible_bits[global_block * 8u + word]);
    }
    if frame.visible_capacity <= visible { return; }

    let splat = project_splat(i);
    let a = vec4f(splat.mean2d, splat.depth, splat.extent.y);
    let b = vec4f(splat.conic, splat.opacity);
    let c = vec4f(colour_of(i, splat.mean), splat.extent.x);
    projected_a[visible] = a;
    projected_b[visible] = b;
    projected_c[visible] = c;
    tile_counts[visible] = tile_count_of(ellipse_of(frame, a, b, c), frame);
    // Positive floats are ordered like their bits.
    depth_keys[visible] = bitcast<u32>(splat.depth);
    visible_ids[visible] = visible;
}

fn colour_of(i: u32, mean: vec3f) -> vec3f {
    let from_camera = mean - frame.camera_position.xyz;
    if frame.colour_source == 1u { return normal_of(i, from_camera); }
    return max(sh_colour(i, normalize(from_camera)), vec3f(0.0));
}

// The shortest axis, turned towards the camera, as a colour: x right, y up, z to the viewer.
fn normal_of(i: u32, from_camera: vec3f) -> vec3f {
    let rotation = rotation_of(i);
    let scale = param3(PLANE_LOG_SCALE, i);
    var axis = rotation[2];
    if scale.x <= scale.y && scale.x <= scale.z {
        axis = rotation[0];
    } else if scale.y <= scale.z {
        axis = rotation[1];
    }
    axis = select(axis, -axis, 0.0 < dot(axis, from_camera));
    let in_camera = (frame.camera_from_world * vec4f(axis, 0.0)).xyz;
    return 0.5 + 0.5 * in_camera * vec3f(1.0, -1.0, -1.0);
}

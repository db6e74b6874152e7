// Each visible splat to its ellipse in the image, its colour, and the number of tiles it touches,
// at its place among the visible ones.

#import shared/dispatch
#import shared/project
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

// Morton codes of the means, to lay splats in an order in which neighbours in memory are neighbours
// in space (Morton 1966). Ten bits an axis. Space is drawn together around where most splats are,
// x ↦ x/(1 + |x|), so that no stray one makes the cells of all others large.
// Frozen splats go first: their keys are the least, and the sort keeps what is equal in order.

#import shared/dispatch
#import shared/finite

// Twin of `render::gpu::EncodeUniform`.
struct EncodeUniform {
    centre: vec3f,
    radius: f32,
}

@group(0) @binding(0) var<uniform> encode: EncodeUniform;
@group(0) @binding(1) var<uniform> chunk: ChunkUniform;
@group(0) @binding(2) var<storage, read> params: array<f32>;
@group(0) @binding(3) var<storage, read_write> keys: array<u32>;
@group(0) @binding(4) var<storage, read_write> splats: array<u32>;

const CELLS: f32 = 1024.0;
const LAST: u32 = 0xffffffffu;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let i = unfold_group(group) * 256u + thread;
    if chunk.count <= i { return; }
    var key = LAST;
    if i < chunk.frozen {
        key = 0u;
    } else if is_finite_splat(i) {
        let from_centre = (param3(0u, i) - encode.centre) / encode.radius;
        let drawn_in = from_centre / (1.0 + abs(from_centre));
        let cell = vec3u(clamp((drawn_in + 1.0) * (0.5 * CELLS), vec3f(0.0), vec3f(CELLS - 1.0)));
        key = spread(cell.x) | (spread(cell.y) << 1u) | (spread(cell.z) << 2u);
    }
    keys[chunk.first + i] = key;
    splats[chunk.first + i] = chunk.first + i;
}

// Two zeros between each two of the lower ten bits.
fn spread(bits: u32) -> u32 {
    var x = bits;
    x = (x | (x << 16u)) & 0x030000ffu;
    x = (x | (x << 8u)) & 0x0300f00fu;
    x = (x | (x << 4u)) & 0x030c30c3u;
    x = (x | (x << 2u)) & 0x09249249u;
    return x;
}

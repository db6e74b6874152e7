// One level of running sums: what a block of 256 comes to up to and with each element, in place;
// the blocks' totals become the elements of the level behind. See `shared/levels`.

#import shared/block_scan
#import shared/dispatch

// Twin of `render::gpu::LevelUniform`.
struct LevelUniform {
    first: u32,
    len: u32,
}

@group(0) @binding(0) var<uniform> level: LevelUniform;
@group(0) @binding(1) var<storage, read_write> sums: array<u32>;

// The elements are bits of floats.
override FLOATS: bool = false;

var<workgroup> sh_floats: array<f32, 256>;
var<workgroup> sh_float_rows: array<f32, 16>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let block = unfold_group(group);
    let i = block * 256u + thread;
    var element = 0u;
    if i < level.len { element = sums[level.first + i]; }
    var sum = 0u;
    if FLOATS {
        sum = bitcast<u32>(float_scan(thread, bitcast<f32>(element)));
    } else {
        sum = saturating_add(block_scan(thread, element), element);
    }
    if i < level.len { sums[level.first + i] = sum; }
    let last = min(block * 256u + 255u, level.len - 1u);
    if i == last && 256u < level.len { sums[level.first + level.len + block] = sum; }
}

// The sum up to and with this thread's value. An element of nothing has, to the bit, the sum of
// its predecessor, so that a search never ends at it: rows first, then what lies before them.
fn float_scan(thread: u32, value: f32) -> f32 {
    sh_floats[thread] = value;
    workgroupBarrier();
    if thread < 16u {
        var sum = 0.0;
        for (var k = thread * 16u; k < thread * 16u + 16u; k += 1u) {
            sum += sh_floats[k];
            sh_floats[k] = sum;
        }
    }
    workgroupBarrier();
    if thread == 0u {
        var sum = 0.0;
        for (var row = 0u; row < 16u; row += 1u) {
            sh_float_rows[row] = sum;
            sum += sh_floats[row * 16u + 15u];
        }
    }
    workgroupBarrier();
    return sh_float_rows[thread / 16u] + sh_floats[thread];
}

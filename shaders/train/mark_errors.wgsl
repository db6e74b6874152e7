// What blending backward is to carry to the splats of a view instead of a gradient: 1 where the frame
// is clearly wrong, the error itself, and 1 (after FastGS, Ren et al. 2025). Errors are stretched so
// that the view's range from 0 to 1.

#import shared/dispatch
#import shared/loss_uniform

@group(0) @binding(0) var<uniform> loss: LossUniform;
@group(0) @binding(1) var<storage, read> extremes: array<u32>; // smallest and largest error, bits
@group(0) @binding(2) var<storage, read_write> marks: array<f32>; // planes: mark, error, one

const CLEARLY_WRONG: f32 = 0.1;
// A view whose errors are all alike has none that stands out.
const LEAST_RANGE: f32 = 1e-6;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let pixels = loss.image_size.x * loss.image_size.y;
    let at = unfold_group(group) * 256u + thread;
    if pixels <= at { return; }
    let lowest = bitcast<f32>(extremes[0]);
    let range = bitcast<f32>(extremes[1]) - lowest;
    var error = 0.0;
    if LEAST_RANGE < range { error = (marks[pixels + at] - lowest) / range; }
    marks[at] = select(0.0, 1.0, CLEARLY_WRONG < error);
    marks[pixels + at] = error;
    marks[2u * pixels + at] = 1.0;
}

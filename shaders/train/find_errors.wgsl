// How far each pixel of a frame is from the photo, and the smallest and largest of these.

#import shared/dispatch
#import shared/loss

@group(0) @binding(0) var<uniform> loss: LossUniform;
@group(0) @binding(1) var<storage, read> image: array<vec4f>; // rgb with background, alpha
@group(0) @binding(2) var<storage, read> targets: array<u32>; // RGBA8
@group(0) @binding(3) var<storage, read_write> marks: array<f32>; // plane 1 gets the errors
@group(0) @binding(4) var<storage, read_write> extremes: array<atomic<u32>, 2>; // bits

var<workgroup> sh_lowest: atomic<u32>;
var<workgroup> sh_highest: atomic<u32>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    if thread == 0u {
        atomicStore(&sh_lowest, 0xffffffffu);
        atomicStore(&sh_highest, 0u);
    }
    workgroupBarrier();
    let pixels = loss.image_size.x * loss.image_size.y;
    let at = unfold_group(group) * 256u + thread;
    if at < pixels {
        let it = compared_at(at);
        let off = abs(it.frame - it.photo);
        let error = (off.x + off.y + off.z) / 3.0;
        marks[pixels + at] = error;
        // Errors are not negative: their bits order as they do.
        atomicMin(&sh_lowest, bitcast<u32>(error));
        atomicMax(&sh_highest, bitcast<u32>(error));
    }
    workgroupBarrier();
    if thread == 0u {
        atomicMin(&extremes[0], atomicLoad(&sh_lowest));
        atomicMax(&extremes[1], atomicLoad(&sh_highest));
    }
}

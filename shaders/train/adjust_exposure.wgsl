// A step of Adam for a photo's exposure, from the parts that `train/expose_backward` left, drawn
// towards leaving frames as they are.

#import shared/dispatch
#import shared/exposure
#import shared/sound

@group(0) @binding(0) var<uniform> exposure: ExposureUniform;
@group(0) @binding(1) var<storage, read> parts: array<f32>; // NUMBERS a workgroup
@group(0) @binding(2) var<storage, read_write> exposures: array<f32>; // STRIDE a photo

const BETA1: f32 = 0.9;
const BETA2: f32 = 0.999;
const EPSILON: f32 = 1e-15;

var<workgroup> sh_sums: array<f32, 192>; // 16 of each

@compute @workgroup_size(192)
fn main(@builtin(local_invocation_index) thread: u32) {
    let number = thread % NUMBERS;
    let blocks = div_ceil(exposure.image_size.x * exposure.image_size.y, 256u);
    var sum = 0.0;
    for (var block = thread / NUMBERS; block < blocks; block += 16u) {
        sum += parts[block * NUMBERS + number];
    }
    sh_sums[thread] = sum;
    workgroupBarrier();
    if NUMBERS <= thread { return; }
    var d = 0.0;
    for (var part = 0u; part < 16u; part += 1u) { d += sh_sums[part * NUMBERS + number]; }
    if !is_sound(d) { return; }

    let at = exposure.photo * STRIDE + number;
    let identity = select(0.0, 1.0, number % 5u == 0u);
    d += 2.0 * exposure.identity_weight * (exposures[at] - identity);
    let m = BETA1 * exposures[at + NUMBERS] + (1.0 - BETA1) * d;
    let v = BETA2 * exposures[at + 2u * NUMBERS] + (1.0 - BETA2) * d * d;
    exposures[at + NUMBERS] = m;
    exposures[at + 2u * NUMBERS] = v;
    exposures[at] -=
        exposure.rate * (m * exposure.correction1) / (sqrt(v * exposure.correction2) + EPSILON);
}

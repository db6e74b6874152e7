// The loss and what it is made of, from the sums that `train/measure_loss` left of each workgroup.

#import shared/loss_uniform

@group(0) @binding(0) var<uniform> loss: LossUniform;
@group(0) @binding(1) var<storage, read> parts: array<vec4f>; // Σ L1, squares, SSIM, alpha
@group(0) @binding(2) var<storage, read_write> measured: LossValues;

// Twin of `render::gpu::LossValues`: means over pixels and channels.
struct LossValues {
    loss: f32,
    l1: f32,
    mse: f32,
    ssim: f32,
    alpha: f32,
}

var<workgroup> sh_sums: array<vec4f, 256>;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) thread: u32) {
    let runs = loss.image_size.x * ((loss.image_size.y + RUN - 1u) / RUN);
    let groups = (runs + RUNS - 1u) / RUNS;
    var sums = vec4f(0.0);
    for (var k = thread; k < groups; k += 256u) { sums += parts[k]; }
    sh_sums[thread] = sums;
    workgroupBarrier();
    if thread != 0u { return; }
    for (var k = 1u; k < 256u; k += 1u) { sums += sh_sums[k]; }

    let pixels = f32(loss.image_size.x * loss.image_size.y);
    measured.l1 = sums.x / (3.0 * pixels);
    measured.mse = sums.y / (3.0 * pixels);
    measured.ssim = sums.z / (3.0 * ssim_pixels());
    measured.alpha = sums.w / pixels;
    measured.loss = (1.0 - loss.ssim_weight) * measured.l1
        + loss.ssim_weight * (1.0 - measured.ssim)
        + loss.alpha_weight * measured.alpha;
}

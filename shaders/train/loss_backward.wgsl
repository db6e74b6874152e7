// The gradient of the loss at each pixel of the frame: of L1 its sign, of SSIM the slopes, which
// `train/measure_loss` left, carried back through the window (which is symmetric):
//   ∂S/∂x = w∗(∂S/∂μ₁) + 2x w∗(∂S/∂E₁₁) + y w∗(∂S/∂E₁₂).
//
// Rows are convolved already, by `train/blur_slopes`; a thread does a run of pixels down a column.

#import shared/dispatch
#import shared/loss
#import shared/run
#import shared/slopes

@group(0) @binding(0) var<uniform> loss: LossUniform;
@group(0) @binding(1) var<storage, read> image: array<vec4f>;
@group(0) @binding(2) var<storage, read> targets: array<u32>;
@group(0) @binding(3) var<storage, read> blurred_slopes: array<vec4f>; // planes: of mean, square, product
@group(0) @binding(4) var<storage, read_write> d_image: array<f32>; // planes: rgb, alpha

@compute @workgroup_size(RUNS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let number = unfold_group(group) * RUNS + thread;
    let runs = loss.image_size.x * ((loss.image_size.y + RUN - 1u) / RUN);
    if runs <= number { return; }
    let run = Run(number % loss.image_size.x, number / loss.image_size.x * RUN);
    slide(run);
}

fn at(run: Run, offset: i32) -> Slopes {
    let y = i32(run.y) + offset;
    let inside = 0 <= y && y < i32(loss.image_size.y);
    let at = u32(clamp(y, 0, i32(loss.image_size.y) - 1)) * loss.image_size.x + run.x;
    let plane = loss.image_size.x * loss.image_size.y;
    let weight = select(0.0, 1.0, inside);
    return Slopes(
        weight * blurred_slopes[at].xyz,
        weight * blurred_slopes[at + plane].xyz,
        weight * blurred_slopes[at + 2u * plane].xyz,
    );
}

fn write(run: Run, offset: u32, it: Slopes) {
    let y = run.y + offset;
    if loss.image_size.y <= y { return; }
    let at = y * loss.image_size.x + run.x;
    let plane = loss.image_size.x * loss.image_size.y;
    let pixels = f32(plane);
    let both = compared_at(at);
    let d_ssim = it.mean + 2.0 * both.frame * it.square + both.photo * it.product;
    let d_l1 = sign(both.frame - both.photo) / (3.0 * pixels);
    let d = (1.0 - loss.ssim_weight) * d_l1 - loss.ssim_weight * d_ssim / (3.0 * ssim_pixels());
    d_image[at] = both.weight * d.x;
    d_image[plane + at] = both.weight * d.y;
    d_image[2u * plane + at] = both.weight * d.z;
    var d_alpha = 0.0;
    if loss.alpha_use == ALPHA_OPACITY {
        d_alpha = loss.alpha_weight * sign(image[at].w - photo(at).w) / pixels;
    }
    d_image[3u * plane + at] = d_alpha;
}

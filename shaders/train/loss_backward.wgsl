// The gradient of the loss at each pixel of the frame: of L1 its sign, of SSIM the slopes, which
// `train/measure_loss` left, carried back through the window (which is symmetric):
//   ∂S/∂x = w∗(∂S/∂μ₁) + 2x w∗(∂S/∂E₁₁) + y w∗(∂S/∂E₁₂).
//
// Rows are convolved already, by `train/blur_slopes`; a thread does a run of pixels down a column.

#import shared/dispatch
#import shared/loss
#import shared/slopes

@group(0) @binding(0) var<uniform> loss: LossUniform;
@group(0) @binding(1) var<storage, read> image: array<vec4f>;
@group(0) @binding(2) var<storage, read> targets: array<u32>;
@group(0) @binding(3) var<storage, read> blurred_slopes: array<vec4f>; // planes: of mean, square, product
@group(0) @binding(4) var<storage, read_write> d_image: array<f32>; // planes: rgb, alpha

// The first of a run of pixels down a column.
struct Run {
    x: u32,
    y: u32,
}

@compute @workgroup_size(RUNS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let number = unfold_group(group) * RUNS + thread;
    let runs = loss.image_size.x * ((loss.image_size.y + RUN - 1u) / RUN);
    if runs <= number { return; }
    let run = Run(number % loss.image_size.x, number / loss.image_size.x * RUN);
    let p0 = at(run, -5);
    let p1 = at(run, -4);
    let p2 = at(run, -3);
    let p3 = at(run, -2);
    let p4 = at(run, -1);
    let p5 = at(run, 0);
    let p6 = at(run, 1);
    let p7 = at(run, 2);
    let p8 = at(run, 3);
    let p9 = at(run, 4);
    let p10 = at(run, 5);
    let p11 = at(run, 6);
    let p12 = at(run, 7);
    let p13 = at(run, 8);
    let p14 = at(run, 9);
    let p15 = at(run, 10);
    let p16 = at(run, 11);
    let p17 = at(run, 12);
    write(run, 0u, blurred(p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10));
    write(run, 1u, blurred(p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11));
    write(run, 2u, blurred(p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12));
    write(run, 3u, blurred(p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13));
    write(run, 4u, blurred(p4, p5, p6, p7, p8, p9, p10, p11, p12, p13, p14));
    write(run, 5u, blurred(p5, p6, p7, p8, p9, p10, p11, p12, p13, p14, p15));
    write(run, 6u, blurred(p6, p7, p8, p9, p10, p11, p12, p13, p14, p15, p16));
    write(run, 7u, blurred(p7, p8, p9, p10, p11, p12, p13, p14, p15, p16, p17));
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

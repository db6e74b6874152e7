// Compares a frame with a photo: L1, squared error, SSIM (Wang et al. 2004, with 3DGS's window), and
// how SSIM changes with the local moments of the frame.
//
// With means μ₁, μ₂ and moments E₁₁, E₂₂, E₁₂ of frame and photo under the window,
//   a = 2μ₁μ₂ + C₁,  b = 2(E₁₂ − μ₁μ₂) + C₂,  c = μ₁² + μ₂² + C₁,  d = E₁₁ − μ₁² + E₂₂ − μ₂² + C₂,
//   S = ab / cd;  ∂S/∂E₁₁ = −S/d,  ∂S/∂E₁₂ = 2a/cd,
//   ∂S/∂μ₁ = 2μ₂(b − a)/cd + 2μ₁ S (1/d − 1/c).
// The image beyond its edge is 0.
//
// Rows are convolved already, by `train/blur_rows`; a thread does a run of pixels down a column.

#import shared/dispatch
#import shared/loss
#import shared/moments
#import shared/run

@group(0) @binding(0) var<uniform> loss: LossUniform;
@group(0) @binding(1) var<storage, read> image: array<vec4f>; // rgb with background, alpha
@group(0) @binding(2) var<storage, read> targets: array<u32>; // RGBA8
@group(0) @binding(3) var<storage, read> moments: array<vec4f>; // 4 planes
@group(0) @binding(4) var<storage, read_write> slopes: array<vec4f>; // planes: of mean, square, product
@group(0) @binding(5) var<storage, read_write> parts: array<vec4f>; // Σ L1, squares, SSIM, alpha

const C1: f32 = 0.0001; // 0.01²
const C2: f32 = 0.0009; // 0.03²

var<workgroup> sh_sums: array<vec4f, RUNS>;

// What the thread's run of pixels gives.
var<private> sums: vec4f;

@compute @workgroup_size(RUNS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let part = unfold_group(group);
    let number = part * RUNS + thread;
    let runs = loss.image_size.x * ((loss.image_size.y + RUN - 1u) / RUN);
    if number < runs { slide(Run(number % loss.image_size.x, number / loss.image_size.x * RUN)); }
    sh_sums[thread] = sums;
    workgroupBarrier();
    if thread < 8u {
        for (var k = 8u; k < RUNS; k += 8u) { sums += sh_sums[thread + k]; }
        sh_sums[thread] = sums;
    }
    workgroupBarrier();
    if thread == 0u && part * RUNS < runs {
        for (var k = 1u; k < 8u; k += 1u) { sums += sh_sums[k]; }
        parts[part] = sums;
    }
}

fn at(run: Run, offset: i32) -> Moments {
    let y = i32(run.y) + offset;
    let inside = 0 <= y && y < i32(loss.image_size.y);
    let at = u32(clamp(y, 0, i32(loss.image_size.y) - 1)) * loss.image_size.x + run.x;
    let plane = loss.image_size.x * loss.image_size.y;
    let weight = select(0.0, 1.0, inside);
    let a = weight * moments[at];
    let b = weight * moments[at + plane];
    let c = weight * moments[at + 2u * plane];
    let d = weight * moments[at + 3u * plane];
    return Moments(a.xyz, b.xyz, c.xyz, d.xyz, vec3f(a.w, b.w, c.w));
}

// One pixel: adds what it gives, and keeps the slopes of SSIM.
fn write(run: Run, offset: u32, it: Moments) {
    let pixel = vec2u(run.x, run.y + offset);
    if loss.image_size.y <= pixel.y { return; }
    let at = pixel.y * loss.image_size.x + pixel.x;
    let both = compared_at(at);
    let apart = both.frame - both.photo;
    sums += vec4f(dot(abs(apart), vec3f(1.0)), dot(apart, apart), 0.0, 0.0);
    if loss.alpha_use == ALPHA_OPACITY { sums.w += abs(image[at].w - photo(at).w); }

    let counts = select(0.0, 1.0, in_border(pixel));
    let a = 2.0 * it.frame * it.photo + C1;
    let b = 2.0 * (it.product - it.frame * it.photo) + C2;
    let c = it.frame * it.frame + it.photo * it.photo + C1;
    let d = it.frame_square - it.frame * it.frame + it.photo_square - it.photo * it.photo + C2;
    let one_over = counts / (c * d);
    let s = a * b * one_over;
    sums.z += s.x + s.y + s.z;
    let of_mean = 2.0 * it.photo * (b - a) * one_over + 2.0 * it.frame * s * (1.0 / d - 1.0 / c);
    let plane = loss.image_size.x * loss.image_size.y;
    slopes[at] = vec4f(of_mean, 0.0);
    slopes[at + plane] = vec4f(-s / d, 0.0);
    slopes[at + 2u * plane] = vec4f(2.0 * a * one_over, 0.0);
}

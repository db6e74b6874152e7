// Frame and photo under the window's rows: what SSIM needs of them, half done.

#import shared/dispatch
#import shared/loss
#import shared/moments
#import shared/run

@group(0) @binding(0) var<uniform> loss: LossUniform;
@group(0) @binding(1) var<storage, read> image: array<vec4f>; // rgb with background, alpha
@group(0) @binding(2) var<storage, read> targets: array<u32>; // RGBA8
@group(0) @binding(3) var<storage, read_write> moments: array<vec4f>; // 4 planes

@compute @workgroup_size(RUNS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let number = unfold_group(group) * RUNS + thread;
    let across = (loss.image_size.x + RUN - 1u) / RUN;
    if across * loss.image_size.y <= number { return; }
    let run = Run(number % across * RUN, number / across);
    slide(run);
}

// The image beyond its edge is 0.
fn at(run: Run, offset: i32) -> Moments {
    let x = i32(run.x) + offset;
    let inside = 0 <= x && x < i32(loss.image_size.x);
    let row = run.y * loss.image_size.x;
    let it = compared_at(row + u32(clamp(x, 0, i32(loss.image_size.x) - 1)));
    let a = select(vec3f(0.0), it.frame, inside);
    let b = select(vec3f(0.0), it.photo, inside);
    return Moments(a, b, a * a, b * b, a * b);
}

fn write(run: Run, offset: u32, it: Moments) {
    let x = run.x + offset;
    if loss.image_size.x <= x { return; }
    let plane = loss.image_size.x * loss.image_size.y;
    let at = run.y * loss.image_size.x + x;
    moments[at] = vec4f(it.frame, it.product.x);
    moments[at + plane] = vec4f(it.photo, it.product.y);
    moments[at + 2u * plane] = vec4f(it.frame_square, it.product.z);
    moments[at + 3u * plane] = vec4f(it.photo_square, 0.0);
}

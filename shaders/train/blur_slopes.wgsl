// The slopes of SSIM under the window's rows: carried back through it, half done.

#import shared/dispatch
#import shared/loss_uniform
#import shared/run
#import shared/slopes

@group(0) @binding(0) var<uniform> loss: LossUniform;
@group(0) @binding(1) var<storage, read> slopes: array<vec4f>; // planes: of the mean, square, product
@group(0) @binding(2) var<storage, read_write> blurred_slopes: array<vec4f>;

@compute @workgroup_size(RUNS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let number = unfold_group(group) * RUNS + thread;
    let across = (loss.image_size.x + RUN - 1u) / RUN;
    if across * loss.image_size.y <= number { return; }
    let run = Run(number % across * RUN, number / across);
    slide(run);
}

fn at(run: Run, offset: i32) -> Slopes {
    let x = i32(run.x) + offset;
    let inside = 0 <= x && x < i32(loss.image_size.x);
    let row = run.y * loss.image_size.x;
    let at = row + u32(clamp(x, 0, i32(loss.image_size.x) - 1));
    let plane = loss.image_size.x * loss.image_size.y;
    let weight = select(0.0, 1.0, inside);
    return Slopes(
        weight * slopes[at].xyz,
        weight * slopes[at + plane].xyz,
        weight * slopes[at + 2u * plane].xyz,
    );
}

fn write(run: Run, offset: u32, it: Slopes) {
    let x = run.x + offset;
    if loss.image_size.x <= x { return; }
    let plane = loss.image_size.x * loss.image_size.y;
    let at = run.y * loss.image_size.x + x;
    blurred_slopes[at] = vec4f(it.mean, 0.0);
    blurred_slopes[at + plane] = vec4f(it.square, 0.0);
    blurred_slopes[at + 2u * plane] = vec4f(it.product, 0.0);
}

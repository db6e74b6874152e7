// The slopes of SSIM under the window's rows: carried back through it, half done.

#import shared/dispatch
#import shared/loss_uniform
#import shared/slopes

@group(0) @binding(0) var<uniform> loss: LossUniform;
@group(0) @binding(1) var<storage, read> slopes: array<vec4f>; // planes: of the mean, square, product
@group(0) @binding(2) var<storage, read_write> blurred_slopes: array<vec4f>;

// The first of a run of pixels along a row.
struct Run {
    x: u32,
    y: u32,
}

@compute @workgroup_size(RUNS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let number = unfold_group(group) * RUNS + thread;
    let across = (loss.image_size.x + RUN - 1u) / RUN;
    if across * loss.image_size.y <= number { return; }
    let run = Run(number % across * RUN, number / across);
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

// Back through `train/expose`: the gradient of the bare frame, Aᵀ ∂L/∂rgb', in place; each
// workgroup's part of the gradient of A and b, ∂L/∂rgb' (rgb, 1)ᵀ; and the frame as it was.

#import shared/dispatch
#import shared/exposure

@group(0) @binding(0) var<uniform> exposure: ExposureUniform;
@group(0) @binding(1) var<storage, read> exposures: array<f32>; // STRIDE a photo
@group(0) @binding(2) var<storage, read> bare: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> image: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> d_image: array<f32>; // planes of rgb and more
@group(0) @binding(5) var<storage, read_write> parts: array<f32>;   // NUMBERS a workgroup

var<workgroup> sh_numbers: array<f32, 3072>; // NUMBERS rows of 256

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let block = unfold_group(group);
    let at = block * 256u + thread;
    let pixels = exposure.image_size.x * exposure.image_size.y;
    var d = vec3f(0.0);
    var rgb1 = vec4f(0.0);
    if at < pixels {
        let pixel = bare[at];
        image[at] = pixel;
        rgb1 = vec4f(pixel.xyz, 1.0);
        d = vec3f(d_image[at], d_image[pixels + at], d_image[2u * pixels + at]);
        let d_bare = d.x * row(0u) + d.y * row(1u) + d.z * row(2u);
        d_image[at] = d_bare.x;
        d_image[pixels + at] = d_bare.y;
        d_image[2u * pixels + at] = d_bare.z;
    }
    keep(0u, thread, d.x * rgb1);
    keep(4u, thread, d.y * rgb1);
    keep(8u, thread, d.z * rgb1);
    workgroupBarrier();
    // 192 threads add up 16 numbers each, then 12 the 16 that this leaves.
    if thread < 16u * NUMBERS {
        let first = thread * 16u;
        var sum = 0.0;
        for (var k = 0u; k < 16u; k += 1u) { sum += sh_numbers[first + k]; }
        sh_numbers[first] = sum;
    }
    workgroupBarrier();
    if thread < NUMBERS && block * 256u < pixels {
        var sum = 0.0;
        for (var k = 0u; k < 16u; k += 1u) { sum += sh_numbers[thread * 256u + k * 16u]; }
        parts[block * NUMBERS + thread] = sum;
    }
}

fn keep(first: u32, thread: u32, numbers: vec4f) {
    sh_numbers[first * 256u + thread] = numbers.x;
    sh_numbers[(first + 1u) * 256u + thread] = numbers.y;
    sh_numbers[(first + 2u) * 256u + thread] = numbers.z;
    sh_numbers[(first + 3u) * 256u + thread] = numbers.w;
}

// A frame as a photo's exposure would have it. The bare frame is kept: blending goes back from it.

#import shared/dispatch
#import shared/exposure

@group(0) @binding(0) var<uniform> exposure: ExposureUniform;
@group(0) @binding(1) var<storage, read> exposures: array<f32>; // STRIDE a photo
@group(0) @binding(2) var<storage, read_write> image: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> bare: array<vec4f>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let at = unfold_group(group) * 256u + thread;
    if exposure.image_size.x * exposure.image_size.y <= at { return; }
    let pixel = image[at];
    bare[at] = pixel;
    let rgb1 = vec4f(pixel.xyz, 1.0);
    image[at] = vec4f(dot(row(0u), rgb1), dot(row(1u), rgb1), dot(row(2u), rgb1), pixel.w);
}

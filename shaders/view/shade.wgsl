// The frame as something other than its colours: depth as a ramp, normals from depth, or alpha.
// (Its colours are shown by splat/blend, which has them at hand.)

#import shared/frame
#import shared/pixel

@group(0) @binding(0) var<uniform> frame: FrameUniform;
@group(0) @binding(1) var<storage, read> image: array<vec4f>; // rgb with background, alpha
@group(0) @binding(2) var<storage, read> depths: array<f32>;  // Σ α T z
@group(0) @binding(3) var<storage, read_write> pixels: array<u32>; // RGBA8

// Less than this is nothing to take a depth from.
const MIN_ALPHA: f32 = 0.05;

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) pixel: vec3u) {
    if any(frame.image_size <= pixel.xy) { return; }
    let at = pixel.y * frame.image_size.x + pixel.x;
    let here = image[at];
    var colour = frame.background.xyz;
    if frame.shading == SHADE_ALPHA {
        colour = vec3f(here.w);
    } else if MIN_ALPHA < here.w {
        var surface = vec3f(0.0);
        if frame.shading == SHADE_DEPTH {
            let span = max(frame.depth_high - frame.depth_low, 1e-6);
            surface = ramp(clamp((depths[at] / here.w - frame.depth_low) / span, 0.0, 1.0));
        } else {
            surface = normal_colour(vec2i(pixel.xy));
        }
        colour = mix(colour, surface, here.w);
    }
    pixels[at] = shown_pixel(colour);
}

// Near is bright and warm, far dark and cold; lightness falls evenly.
fn ramp(t: f32) -> vec3f {
    let keys = array<vec3f, 5>(
        vec3f(0.99, 0.96, 0.75),
        vec3f(0.98, 0.62, 0.34),
        vec3f(0.80, 0.26, 0.40),
        vec3f(0.39, 0.12, 0.49),
        vec3f(0.05, 0.03, 0.18),
    );
    let x = t * 4.0;
    let k = min(u32(x), 3u);
    return mix(keys[k], keys[k + 1u], x - f32(k));
}

// Camera-space point seen at a pixel; w is 0 where there is nothing, as beyond the image.
fn point(pixel: vec2i) -> vec4f {
    if any(pixel < vec2i(0)) || any(vec2i(frame.image_size) <= pixel) { return vec4f(0.0); }
    let at = u32(pixel.y) * frame.image_size.x + u32(pixel.x);
    let alpha = image[at].w;
    if alpha <= MIN_ALPHA { return vec4f(0.0); }
    let z = depths[at] / alpha;
    let seen = vec2f(vec2u(pixel) + frame.origin) + 0.5;
    return vec4f((seen - frame.principal) / frame.focal * z, z, 1.0);
}

// Of the two neighbours along an axis the one nearer in depth: normals then do not smear over
// silhouettes. Where there is neither, no slope.
fn slope(here: vec4f, before: vec4f, after: vec4f) -> vec3f {
    if before.w == 0.0 && after.w == 0.0 { return vec3f(0.0); }
    let back = here - before;
    let forward = after - here;
    let use_back = after.w == 0.0 || (before.w != 0.0 && abs(back.z) < abs(forward.z));
    return select(forward.xyz, back.xyz, use_back);
}

fn normal_colour(pixel: vec2i) -> vec3f {
    let here = point(pixel);
    let dx = slope(here, point(pixel - vec2i(1, 0)), point(pixel + vec2i(1, 0)));
    let dy = slope(here, point(pixel - vec2i(0, 1)), point(pixel + vec2i(0, 1)));
    let across = cross(dy, dx);
    let size = length(across);
    if size == 0.0 { return vec3f(0.5, 0.5, 1.0); }
    // x right, y up, z to the viewer.
    return 0.5 + 0.5 * across / size * vec3f(1.0, -1.0, -1.0);
}

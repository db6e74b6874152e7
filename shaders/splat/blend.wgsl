// Blends the splats of one tile of 16×16 pixels, nearest first (3DGS, eq. 3):
// C = Σᵢ cᵢ αᵢ Tᵢ + T background, with Tᵢ the transmittance in front of splat i.
//
// A workgroup of 64 threads, each with a column of four pixels, so that one load of a splat serves
// four. Eight threads make a box of 8×4 pixels. For each batch of splats:
// 1. every thread fetches some into shared memory and tests each against the eight boxes;
// 2. every box has a bit mask of the splats that can reach it and walks only those.

#import shared/boxes
#import shared/frame
#import shared/pixel

@group(0) @binding(0) var<uniform> frame: FrameUniform;
@group(0) @binding(1) var<storage, read> tile_ranges: array<vec2u>;
@group(0) @binding(2) var<storage, read> pair_splats: array<u32>;
@group(0) @binding(3) var<storage, read> projected_a: array<vec4f>; // mean2d, depth, extent.y
@group(0) @binding(4) var<storage, read> projected_b: array<vec4f>; // conic, opacity
@group(0) @binding(5) var<storage, read> projected_c: array<vec4f>; // rgb, extent.x
@group(0) @binding(6) var<storage, read_write> image: array<vec4f>; // rgb with background, alpha
@group(0) @binding(7) var<storage, read_write> depths: array<f32>;  // Σ α T z
@group(0) @binding(8) var<storage, read_write> pixels: array<u32>;  // RGBA8, where colour is shown

// Points and ellipsoids have hard borders.
override HARD: bool = false;

const THREADS: u32 = 64u;
const BATCH: u32 = 128u;
const WORDS: u32 = 4u; // BATCH / 32

// Apart, so that what is only needed where a splat is seen, or has a hard border, is only then read.
var<workgroup> sh_mean: array<vec2f, BATCH>;
var<workgroup> sh_shape: array<vec4f, BATCH>; // conic for exp2, opacity
var<workgroup> sh_look: array<vec4f, BATCH>;  // rgb, depth
var<workgroup> sh_cut: array<f32, BATCH>;     // power at the border
var<workgroup> sh_masks: array<atomic<u32>, 64>; // two halves of BOXES × WORDS, used in turn
var<workgroup> sh_finished: atomic<u32>;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) tile: vec3u, @builtin(local_invocation_index) thread: u32) {
    let box = thread / 8u; // 2 boxes across, 4 down
    let corner = tile.xy * 16u + vec2u((box % 2u) * 8u, (box / 2u) * 4u);
    let pixel = corner + vec2u(thread % 8u, 0u);
    let centre = vec2f(pixel + frame.origin) + 0.5;
    let rows = vec4f(0.0, 1.0, 2.0, 3.0);
    let inside = vec4<bool>(pixel.x < frame.image_size.x)
        & (vec4u(pixel.y) + vec4u(0u, 1u, 2u, 3u) < vec4u(frame.image_size.y));

    let range = tile_ranges[tile.y * frame.tile_count.x + tile.x];
    var live = inside;
    var transmittance = vec4f(1.0);
    var red = vec4f(0.0);
    var green = vec4f(0.0);
    var blue = vec4f(0.0);
    var depth = vec4f(0.0);

    atomicStore(&sh_masks[thread], 0u);
    if thread == 0u { atomicStore(&sh_finished, 0u); }
    var half = 0u;
    var counted = false;
    for (var first = range.x; first < range.y; first += BATCH) {
        if !any(live) && !counted {
            counted = true;
            atomicAdd(&sh_finished, 1u);
        }
        if workgroupUniformLoad(&sh_finished) == THREADS { break; }

        // All threads have walked the other half by now; it is filled again in the next batch.
        let other_half = BOXES * WORDS - half;
        if thread < BOXES * WORDS { atomicStore(&sh_masks[other_half + thread], 0u); }
        for (var k = thread; k < min(BATCH, range.y - first); k += THREADS) {
            fetch(k, pair_splats[first + k], vec2f(tile.xy * 16u + frame.origin) + 0.5, half);
        }
        workgroupBarrier();

        for (var word = 0u; word < WORDS; word += 1u) {
            var mask = atomicLoad(&sh_masks[half + box * WORDS + word]);
            while mask != 0u && any(live) {
                let k = word * 32u + firstTrailingBit(mask);
                mask &= mask - 1u;
                let mean = sh_mean[k];
                let b = sh_shape[k];

                // −log2 of the Gaussian at the four pixels.
                let dx = mean.x - centre.x;
                let dy = mean.y - centre.y - rows;
                let power = b.x * dx * dx + (b.y * dx + b.z * dy) * dy;
                var alpha = min(vec4f(frame.alpha_max), b.w * exp2(-power));
                var hit = live & (vec4f(0.0) <= power) & (vec4f(frame.alpha_min) <= alpha);
                if HARD {
                    hit = live & (power <= vec4f(sh_cut[k]));
                    alpha = vec4f(1.0);
                }
                if !any(hit) { continue; }

                let next = transmittance * (1.0 - alpha);
                let look = sh_look[k];
                var weight = alpha * transmittance;
                if HARD {
                    live = live & !hit;
                    weight = select(vec4f(0.0), weight, hit);
                    transmittance = select(transmittance, next, hit);
                    depth += weight * look.w;
                    // Lit from the viewer: 1 where the surface faces it, less towards the rim.
                    weight *= 0.3 + 0.7 * sqrt(max(1.0 - power / sh_cut[k], vec4f(0.0)));
                } else {
                    let stop = hit & (next <= vec4f(frame.transmittance_stop));
                    live = live & !stop;
                    hit = hit & !stop;
                    weight = select(vec4f(0.0), weight, hit);
                    transmittance = select(transmittance, next, hit);
                    depth += weight * look.w;
                }
                red += weight * look.x;
                green += weight * look.y;
                blue += weight * look.z;
            }
        }
        half = other_half;
    }

    for (var k = 0u; k < 4u; k += 1u) {
        if !inside[k] { continue; }
        let at = (pixel.y + k) * frame.image_size.x + pixel.x;
        let t = transmittance[k];
        let colour = vec3f(red[k], green[k], blue[k]) + t * frame.background.xyz;
        image[at] = vec4f(colour, 1.0 - t);
        depths[at] = depth[k];
        if frame.shading == SHADE_COLOUR { pixels[at] = shown_pixel(colour); }
    }
}

// Brings a splat into shared memory and marks the boxes it reaches. `origin` is the tile's first
// pixel centre.
fn fetch(k: u32, splat: u32, origin: vec2f, half: u32) {
    let a = projected_a[splat];
    let b = projected_b[splat];
    let c = projected_c[splat];
    let cut = cut_of(frame, b.w);
    let q = exponent_of(b.xyz);
    sh_mean[k] = a.xy;
    sh_shape[k] = vec4f(q, b.w);
    sh_look[k] = vec4f(c.xyz, a.z);
    sh_cut[k] = cut * LOG2_E;
    let to_mean = a.xy - origin;
    let bit = 1u << (k % 32u);
    let reach = reach_of(cut);
    for (var box = 0u; box < BOXES; box += 1u) {
        let low = vec2f(f32((box % 2u) * 8u), f32((box / 2u) * 4u));
        if lowest_power(q, to_mean, low, low + vec2f(7.0, 3.0)) <= reach {
            atomicOr(&sh_masks[half + box * WORDS + k / 32u], bit);
        }
    }
}

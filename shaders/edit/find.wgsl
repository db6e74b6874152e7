// Which splats a query matches: a bit each.
//
// No more is read of a splat than the query is about, and only of those that match whether all
// their numbers are numbers. What a query is about is known when the kernel is compiled: a processor
// that plays the GPU would else go through all that there is.

#import shared/dispatch
#import shared/filter
#import shared/finite

// Twin of `render::gpu::QueryUniform`.
struct QueryUniform {
    axes: array<vec4f, 3>, // of the box, world
    point: vec3f,          // a centre in the world, or a colour
    reach: f32,            // from there
    half_size: vec3f,      // of the box
    low: f32,
    high: f32,
    property: u32,
    pad: vec2u,
}

@group(0) @binding(0) var<uniform> frame: FrameUniform; // the mask's camera and size
@group(0) @binding(1) var<uniform> query: QueryUniform;
@group(0) @binding(2) var<uniform> chunk: ChunkUniform;
@group(0) @binding(3) var<storage, read> params: array<f32>;
@group(0) @binding(4) var<storage, read> mask: array<u32>; // a bit a pixel
@group(0) @binding(5) var<storage, read_write> matched_bits: array<u32>; // 8 words a block

// As `render::edit::Query` numbers them; ranges by what is read for them.
const TOPIC_SCREEN: u32 = 0u;
const TOPIC_BOX: u32 = 1u;
const TOPIC_BALL: u32 = 2u;
const TOPIC_COLOUR: u32 = 3u;
const TOPIC_GEOMETRY_RANGE: u32 = 4u;
const TOPIC_DISTANCE_RANGE: u32 = 5u;
const TOPIC_COLOUR_RANGE: u32 = 6u;
const TOPIC_SH_RANGE: u32 = 7u;
override TOPIC: u32 = TOPIC_SCREEN;

// As `render::edit::Property` numbers them.
const PROPERTY_OPACITY: u32 = 0u;
const PROPERTY_LARGEST_SCALE: u32 = 1u;
const PROPERTY_SMALLEST_SCALE: u32 = 2u;
const PROPERTY_ELONGATION: u32 = 3u;
const PROPERTY_RED: u32 = 6u;
const PROPERTY_GREEN: u32 = 7u;
const PROPERTY_BLUE: u32 = 8u;
const PROPERTY_HUE: u32 = 9u;
const PROPERTY_SATURATION: u32 = 10u;

// Beyond it volumes would leave the range of floats.
const LARGEST_LOG_SCALE: f32 = 28.0;
const BALL_VOLUME: f32 = 4.188790205; // 4/3 π
const SH_BASE: f32 = 0.2820947918;

var<workgroup> sh_bits: array<atomic<u32>, 8>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let block = unfold_group(group);
    if thread < 8u { atomicStore(&sh_bits[thread], 0u); }
    workgroupBarrier();

    let i = block * 256u + thread;
    if i < chunk.count {
        if matches_query(i) && is_finite_splat(i) {
            atomicOr(&sh_bits[thread / 32u], 1u << (thread % 32u));
        }
    }
    workgroupBarrier();

    if chunk.count <= block * 256u { return; }
    let global_block = chunk.first / 256u + block;
    if thread < 8u { matched_bits[global_block * 8u + thread] = atomicLoad(&sh_bits[thread]); }
}

fn matches_query(i: u32) -> bool {
    switch TOPIC {
        case TOPIC_SCREEN: { return falls_on_mask(param3(0u, i)); }
        case TOPIC_BOX: {
            let apart = param3(0u, i) - query.point;
            let own = vec3f(
                dot(query.axes[0].xyz, apart),
                dot(query.axes[1].xyz, apart),
                dot(query.axes[2].xyz, apart),
            );
            return all(abs(own) <= query.half_size);
        }
        case TOPIC_BALL: { return distance(param3(0u, i), query.point) <= query.reach; }
        case TOPIC_COLOUR: {
            let base = param3(PLANE_SH, i);
            return distance(shown(base), query.point) <= query.reach && are_numbers(base);
        }
        case TOPIC_GEOMETRY_RANGE: { return is_in_range(geometry_of(i)); }
        case TOPIC_DISTANCE_RANGE: { return is_in_range(distance(param3(0u, i), query.point)); }
        case TOPIC_COLOUR_RANGE: {
            let base = param3(PLANE_SH, i);
            return is_in_range(colour_of(shown(base))) && are_numbers(base);
        }
        default: { return has_energy_in_range(i); }
    }
}

fn falls_on_mask(mean: vec3f) -> bool {
    let p = (frame.camera_from_world * vec4f(mean, 1.0)).xyz;
    if !(frame.near < p.z) { return false; }
    let pixel = frame.focal * p.xy / p.z + frame.principal;
    if !(all(vec2f(0.0) <= pixel) && all(pixel < vec2f(frame.image_size))) { return false; }
    let at = u32(pixel.y) * frame.image_size.x + u32(pixel.x);
    return ((mask[at / 32u] >> (at % 32u)) & 1u) == 1u;
}

fn is_in_range(value: f32) -> bool {
    let above = query.low <= value;
    let below = value <= query.high;
    // Hues go round in a circle.
    let wraps = query.property == PROPERTY_HUE && query.high < query.low;
    return (above && below) || (wraps && (above || below));
}

fn has_energy_in_range(i: u32) -> bool {
    var sum = 0.0;
    var finite = are_numbers(param3(PLANE_SH, i));
    for (var k = 1u; k < (chunk.sh_degree + 1u) * (chunk.sh_degree + 1u); k += 1u) {
        let coefficient = param3(PLANE_SH + 3u * k, i);
        sum += dot(coefficient, coefficient);
        finite = finite && are_numbers(coefficient);
    }
    return finite && is_in_range(sqrt(sum));
}

// Opacity, or what comes from the scales; with the 3D filter.
fn geometry_of(i: u32) -> f32 {
    let bound = vec3f(LARGEST_LOG_SCALE);
    let wide = filtered(i, exp(clamp(param3(PLANE_LOG_SCALE, i), -bound, bound)));
    let scale = wide.scale;
    let largest = max(max(scale.x, scale.y), scale.z);
    let smallest = min(min(scale.x, scale.y), scale.z);
    switch query.property {
        case PROPERTY_OPACITY: { return wide.opacity / (1.0 + exp(-param(PLANE_OPACITY, i))); }
        case PROPERTY_LARGEST_SCALE: { return largest; }
        case PROPERTY_SMALLEST_SCALE: { return smallest; }
        case PROPERTY_ELONGATION: { return largest / smallest; }
        default: { return BALL_VOLUME * scale.x * scale.y * scale.z; }
    }
}

// The displayed colour of the constant coefficient.
fn shown(base: vec3f) -> vec3f {
    return clamp(0.5 + SH_BASE * base, vec3f(0.0), vec3f(1.0));
}

fn are_numbers(v: vec3f) -> bool {
    return is_number(v.x) && is_number(v.y) && is_number(v.z);
}

fn colour_of(rgb: vec3f) -> f32 {
    let high = max(max(rgb.x, rgb.y), rgb.z);
    let span = high - min(min(rgb.x, rgb.y), rgb.z);
    switch query.property {
        case PROPERTY_RED: { return rgb.x; }
        case PROPERTY_GREEN: { return rgb.y; }
        case PROPERTY_BLUE: { return rgb.z; }
        case PROPERTY_HUE: { return 60.0 * sixths_of(rgb, high, span); }
        case PROPERTY_SATURATION: {
            if high <= 0.0 { return 0.0; }
            return span / high;
        }
        default: { return high; }
    }
}

// The hue, 0 to 6.
fn sixths_of(rgb: vec3f, high: f32, span: f32) -> f32 {
    if span <= 0.0 { return 0.0; }
    var sixths = 4.0 + (rgb.x - rgb.y) / span;
    if high == rgb.x {
        sixths = (rgb.y - rgb.z) / span;
    } else if high == rgb.y {
        sixths = 2.0 + (rgb.z - rgb.x) / span;
    }
    return select(sixths, sixths + 6.0, sixths < 0.0);
}

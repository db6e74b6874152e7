// The camera and the settings of one frame. Twin of `render::gpu::FrameUniform`.

struct FrameUniform {
    camera_from_world: mat4x4f, // w2c, OpenCV axes: x right, y down, z forward
    camera_position: vec4f,     // world
    background: vec4f,
    focal: vec2f,               // fx, fy in pixels
    principal: vec2f,           // cx, cy in pixels
    tangent_min: vec2f,         // bounds of x/z, y/z inside the Jacobian
    tangent_max: vec2f,
    image_size: vec2u,          // pixels that are drawn
    tile_count: vec2u,
    near: f32,
    far: f32,
    eps2d: f32,                 // square pixels
    alpha_max: f32,
    alpha_min: f32,
    transmittance_stop: f32,
    point_radius_px: f32,
    sh_degree: u32,
    antialiased: u32,
    shape: u32,
    colour_source: u32,
    shading: u32,
    depth_low: f32,
    depth_high: f32,
    visible_capacity: u32,
    pair_capacity: u32,
    filter_plane: u32,          // of the splats' parameters; 0: there is none
    pad: u32,
    origin: vec2u,              // first pixel drawn, in the camera's image; multiples of 16
}

const SHAPE_GAUSSIAN: u32 = 0u;
const SHAPE_POINT: u32 = 1u;
const SHAPE_ELLIPSOID: u32 = 2u;

// Half the squared Mahalanobis distance at which hard shapes end: a point at its radius, an
// ellipsoid at 1.5 standard deviations, where a dense scene still shows gaps between splats.
const POINT_CUT: f32 = 0.5;
const ELLIPSOID_CUT: f32 = 1.125;

// Where alpha_min is 0 every pixel counts; what lies below this cannot be seen in 32-bit floats.
const SMALLEST_ALPHA: f32 = 1e-30;

// Half the squared Mahalanobis distance at which a splat of this opacity ends: its alpha falls to
// alpha_min there.
fn cut_of(frame: FrameUniform, opacity: f32) -> f32 {
    if frame.shape == SHAPE_POINT { return POINT_CUT; }
    if frame.shape == SHAPE_ELLIPSOID { return ELLIPSOID_CUT; }
    return log(opacity / max(frame.alpha_min, SMALLEST_ALPHA));
}

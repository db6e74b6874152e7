// The gradient at four pixels, one below the other, and what a splat gives and takes there.
//
// The importing kernel declares `frame`, `image`, `depths` and `d_image`.

#import shared/boxes
#import shared/frame
#import shared/pair_sums

// There is a gradient of the depths as well.
override DEPTH: bool = false;

struct Column {
    red: vec4f, // g, a component for each pixel
    green: vec4f,
    blue: vec4f,
    far: vec4f,
    behind: vec4f,        // R·g
    transmittance: vec4f, // 0 where the pixel is finished or outside the image
}

// A splat as the walk over pixels needs it.
struct Blob {
    mean: vec2f,
    shape: vec4f, // conic for exp2, opacity
    look: vec4f,  // rgb, depth
    reach: f32,   // above this power it is not seen
}

// Sums over a column, in which Δx is constant.
struct ColumnSums {
    hit: bool, // else all are 0
    v: f32,
    vy: f32,
    vyy: f32,
    look: vec4f, // Σ w g: rgb, depth
}

// `pixel` is the topmost of the four.
fn column_at(pixel: vec2u) -> Column {
    var c = Column(vec4f(), vec4f(), vec4f(), vec4f(), vec4f(), vec4f());
    let plane = frame.image_size.x * frame.image_size.y;
    for (var k = 0u; k < 4u; k += 1u) {
        if frame.image_size.x <= pixel.x || frame.image_size.y <= pixel.y + k { continue; }
        let at = (pixel.y + k) * frame.image_size.x + pixel.x;
        let shown = image[at];
        c.red[k] = d_image[at];
        c.green[k] = d_image[plane + at];
        c.blue[k] = d_image[2u * plane + at];
        // Alpha is one minus what is left of T, in which every splat has a part, as in what the
        // background gives.
        c.behind[k] = dot(shown.xyz, vec3f(c.red[k], c.green[k], c.blue[k]))
            - d_image[3u * plane + at] * (1.0 - shown.w);
        if DEPTH {
            c.far[k] = d_image[4u * plane + at];
            c.behind[k] += depths[at] * c.far[k];
        }
        c.transmittance[k] = 1.0;
    }
    return c;
}

// Walks one splat over the column, whose topmost pixel has its centre at `centre`.
fn walk_column(c: ptr<function, Column>, centre: vec2f, s: Blob) -> ColumnSums {
    let dx = s.mean.x - centre.x;
    let dy = s.mean.y - centre.y - vec4f(0.0, 1.0, 2.0, 3.0);
    let power = s.shape.x * dx * dx + (s.shape.y * dx + s.shape.z * dy) * dy;
    let raw = s.shape.w * exp2(-power);
    let alpha = min(vec4f(frame.alpha_max), raw);
    var hit = (vec4f(0.0) <= power) & (vec4f(frame.alpha_min) <= alpha)
        & (vec4f(0.0) < (*c).transmittance);
    if !any(hit) { return ColumnSums(false, 0.0, 0.0, 0.0, vec4f(0.0)); }

    let before = (*c).transmittance;
    let next = before * (1.0 - alpha);
    let stop = hit & (next <= vec4f(frame.transmittance_stop));
    hit = hit & !stop;
    var e = s.look.x * (*c).red + s.look.y * (*c).green + s.look.z * (*c).blue;
    if DEPTH { e += s.look.w * (*c).far; }
    let weight = select(vec4f(0.0), alpha * before, hit);
    let behind = (*c).behind - weight * e;
    // Where alpha is capped it does not depend on the splat.
    let d_alpha = before * e - behind / (1.0 - alpha);
    let v = select(vec4f(0.0), -alpha * d_alpha, hit & (raw <= vec4f(frame.alpha_max)));
    (*c).behind = behind;
    (*c).transmittance = select(select(before, next, hit), vec4f(0.0), stop);

    var sums = ColumnSums(true, v.x + v.y + v.z + v.w, dot(v, dy), dot(v, dy * dy), vec4f(0.0));
    sums.look.x = dot(weight, (*c).red);
    sums.look.y = dot(weight, (*c).green);
    sums.look.z = dot(weight, (*c).blue);
    if DEPTH { sums.look.w = dot(weight, (*c).far); }
    return sums;
}

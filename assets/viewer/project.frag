#version 300 es
// One fragment a splat: its ellipse in the image and its colour from here.
//
// EWA projection as in shaders/shared/project.wgsl, with the same thresholds; instead of the
// inverse covariance the half axes of its ellipse are kept, which a quad is made from.
// Layouts of the textures: recon/src/io/html.
precision highp float;
precision highp int;
precision highp sampler2D;
precision highp usampler2D;

uniform usampler2D places;    // x, y, z as bits of floats; rotation
uniform usampler2D looks;     // a byte each: log-scales and opacity; base colour
uniform usampler2D harmonics; // a signed byte each coefficient above degree 0
uniform sampler2D groups;     // two texels for 256 splats
uniform mat4 camera_from_world;
uniform vec3 eye;
uniform vec2 focal;        // pixels
uniform vec2 principal;    // pixels
uniform vec2 tangent_low;
uniform vec2 tangent_high;
uniform float near;
uniform int count;
uniform int degree;
uniform bool antialiased;

layout(location = 0) out uvec4 ellipse; // middle, first half axis: pixels, bits of floats
layout(location = 1) out uvec4 look;    // length of the second half axis; rgb as halves; opacity

const int WIDTH = 2048; // of all textures
const float EPS_2D = 0.3;
const float ALPHA_MIN = 1.0 / 255.0;
const float MIN_DETERMINANT = 1e-10;
const float MAX_DETERMINANT = 1e37;
const float MIN_COMPENSATION_SQUARED = 0.000025;

uvec4 coefficients[3];

ivec2 at(int i) { return ivec2(i % WIDTH, i / WIDTH); }

float unsigned_byte(uint word, int k) { return float((word >> uint(8 * k)) & 255u); }

float signed_byte(int k) {
    uint word = coefficients[k / 16][(k / 4) % 4];
    return float(int(word << uint(24 - 8 * (k % 4))) >> 24);
}

vec3 sh(int k) {
    int first = 3 * (k - 1);
    return vec3(signed_byte(first), signed_byte(first + 1), signed_byte(first + 2));
}

mat3 rotation_of(uint word) {
    int largest = int(word >> 30u);
    vec4 q = vec4(0.0); // w, x, y, z
    float squares = 0.0;
    uint rest = word;
    for (int k = 0; k < 4; k += 1) {
        if (k == largest) { continue; }
        q[k] = (float(rest & 1023u) - 511.0) / 511.0 * 0.7071067812;
        squares += q[k] * q[k];
        rest >>= 10u;
    }
    q[largest] = sqrt(max(1.0 - squares, 0.0));
    q = normalize(q);
    float w = q.x, x = q.y, y = q.z, z = q.w;
    return mat3(
        1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y + w * z), 2.0 * (x * z - w * y),
        2.0 * (x * y - w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z + w * x),
        2.0 * (x * z + w * y), 2.0 * (y * z - w * x), 1.0 - 2.0 * (x * x + y * y));
}

// Real spherical harmonics with 3DGS's order and signs; all above degree 0.
vec3 harmonic_colour(int i, vec3 d) {
    int texels = degree;
    for (int k = 0; k < texels; k += 1) {
        coefficients[k] = texelFetch(harmonics, at(texels * i + k), 0);
    }
    vec3 colour = 0.4886025119 * (d.z * sh(2) - d.y * sh(1) - d.x * sh(3));
    if (degree == 1) { return colour; }
    float xx = d.x * d.x, yy = d.y * d.y, zz = d.z * d.z;
    colour += 1.0925484306 * (d.x * d.y * sh(4) - d.y * d.z * sh(5) - d.x * d.z * sh(7));
    colour += 0.3153915653 * (2.0 * zz - xx - yy) * sh(6);
    colour += 0.5462742153 * (xx - yy) * sh(8);
    if (degree == 2) { return colour; }
    colour -= 0.5900435899 * (d.y * (3.0 * xx - yy) * sh(9) + d.x * (xx - 3.0 * yy) * sh(15));
    colour += 2.8906114426 * d.x * d.y * d.z * sh(10);
    colour -= 0.4570457995 * (4.0 * zz - xx - yy) * (d.y * sh(11) + d.x * sh(13));
    colour += 0.3731763326 * d.z * (2.0 * zz - 3.0 * xx - 3.0 * yy) * sh(12);
    colour += 1.4453057213 * d.z * (xx - yy) * sh(14);
    return colour;
}

void main() {
    ellipse = uvec4(0u);
    look = uvec4(0u);
    int i = int(gl_FragCoord.y) * WIDTH + int(gl_FragCoord.x);
    if (count <= i) { return; }
    uvec4 place = texelFetch(places, at(i), 0);
    uvec2 own = texelFetch(looks, at(i), 0).xy;
    vec4 shape_group = texelFetch(groups, at(2 * (i / 256)), 0);
    vec4 colour_group = texelFetch(groups, at(2 * (i / 256) + 1), 0);

    vec3 mean = uintBitsToFloat(place.xyz);
    vec3 p = (camera_from_world * vec4(mean, 1.0)).xyz;
    if (!(near < p.z)) { return; }
    float opacity = unsigned_byte(own.x, 3) / 255.0;
    vec3 steps = vec3(unsigned_byte(own.x, 0), unsigned_byte(own.x, 1), unsigned_byte(own.x, 2));
    vec3 scale = exp(shape_group.x + shape_group.y * steps);

    // Columns of J W R S, one for each axis of the splat.
    vec2 tangent = clamp(p.xy / p.z, tangent_low, tangent_high);
    mat3 axes = mat3(camera_from_world) * rotation_of(place.w);
    vec2 zoom = focal / p.z;
    vec2 a0 = zoom * (axes[0].xy - tangent * axes[0].z) * scale.x;
    vec2 a1 = zoom * (axes[1].xy - tangent * axes[1].z) * scale.y;
    vec2 a2 = zoom * (axes[2].xy - tangent * axes[2].z) * scale.z;
    vec3 cov = vec3( // xx, xy, yy
        a0.x * a0.x + a1.x * a1.x + a2.x * a2.x,
        a0.x * a0.y + a1.x * a1.y + a2.x * a2.y,
        a0.y * a0.y + a1.y * a1.y + a2.y * a2.y);
    // Cauchy–Binet: det(A Aᵀ) as a sum of squares, without the cancellation of xx·yy − xy².
    float m01 = a0.x * a1.y - a1.x * a0.y;
    float m02 = a0.x * a2.y - a2.x * a0.y;
    float m12 = a1.x * a2.y - a2.x * a1.y;
    float sharp = m01 * m01 + m02 * m02 + m12 * m12;
    float det = max(sharp + EPS_2D * (cov.x + cov.z) + EPS_2D * EPS_2D, MIN_DETERMINANT);
    if (!(det < MAX_DETERMINANT)) { return; }
    if (antialiased) { opacity *= sqrt(max(sharp / det, MIN_COMPENSATION_SQUARED)); }
    if (!(ALPHA_MIN <= opacity)) { return; }
    cov += vec3(EPS_2D, 0.0, EPS_2D);

    // Eigenvalues: the larger one by the formula, the smaller one from the product.
    float half_difference = 0.5 * (cov.x - cov.z);
    float larger = 0.5 * (cov.x + cov.z) + length(vec2(half_difference, cov.y));
    float smaller = min(det / larger, larger);
    // Of the two ways to write the eigenvector the one that does not cancel.
    vec2 along = 0.0 <= half_difference
        ? vec2(larger - cov.z, cov.y)
        : vec2(cov.y, larger - cov.x);
    float norm = length(along);
    along = 0.0 < norm ? along / norm : vec2(1.0, 0.0);

    vec3 colour = colour_group.xyz + shape_group.z * vec3(
        unsigned_byte(own.y, 0), unsigned_byte(own.y, 1), unsigned_byte(own.y, 2));
    if (0 < degree) { colour += shape_group.w * harmonic_colour(i, normalize(mean - eye)); }
    colour = max(colour, 0.0);

    vec2 middle = focal * p.xy / p.z + principal;
    ellipse = floatBitsToUint(vec4(middle, sqrt(larger) * along));
    look = uvec4(
        floatBitsToUint(sqrt(smaller)),
        packHalf2x16(colour.rg),
        packHalf2x16(vec2(colour.b, 0.0)),
        floatBitsToUint(opacity));
}

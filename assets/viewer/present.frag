#version 300 es
// The blended splats over the background, on the canvas; bilinear where fewer pixels were drawn.
precision highp float;
precision highp sampler2D;

uniform sampler2D frame;      // premultiplied
uniform vec2 frame_size;      // pixels that were drawn, at the texture's lower left
uniform vec2 canvas_size;     // pixels
uniform vec3 background;      // display values

out vec4 colour;

vec4 texel(ivec2 at) { return texelFetch(frame, clamp(at, ivec2(0), ivec2(frame_size) - 1), 0); }

void main() {
    vec4 seen;
    if (frame_size == canvas_size) {
        seen = texel(ivec2(gl_FragCoord.xy));
    } else {
        vec2 at = gl_FragCoord.xy * frame_size / canvas_size - 0.5;
        vec2 corner = floor(at);
        vec2 t = at - corner;
        ivec2 cell = ivec2(corner);
        vec4 lower = mix(texel(cell), texel(cell + ivec2(1, 0)), t.x);
        vec4 upper = mix(texel(cell + ivec2(0, 1)), texel(cell + ivec2(1, 1)), t.x);
        seen = mix(lower, upper, t.y);
    }
    colour = vec4(seen.rgb + (1.0 - seen.a) * background, 1.0);
}

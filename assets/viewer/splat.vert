#version 300 es
// A splat's quad: the box around the ellipse where its alpha falls to 1/255, along its axes.
precision highp float;
precision highp int;
precision highp usampler2D;

uniform usampler2D ellipses;
uniform usampler2D shown;
uniform vec2 image_size; // pixels

in uint splat;

out vec2 across;    // from the middle, in standard deviations along the axes
flat out vec4 look; // rgb, opacity

const int WIDTH = 2048;

void main() {
    int i = int(splat);
    ivec2 at = ivec2(i % WIDTH, i / WIDTH);
    uvec4 words = texelFetch(shown, at, 0);
    float opacity = uintBitsToFloat(words.w);
    gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
    across = vec2(0.0);
    look = vec4(0.0);
    if (opacity * 255.0 <= 1.0) { return; }
    vec4 ellipse = uintBitsToFloat(texelFetch(ellipses, at, 0));
    vec2 first = ellipse.zw;
    vec2 second = normalize(vec2(-first.y, first.x)) * uintBitsToFloat(words.x);
    vec2 corner = vec2(float(gl_VertexID & 1), float(gl_VertexID >> 1)) * 2.0 - 1.0;
    across = corner * sqrt(2.0 * log(opacity * 255.0));
    vec2 pixel = ellipse.xy + across.x * first + across.y * second;
    vec2 ndc = 2.0 * pixel / image_size - 1.0;
    gl_Position = vec4(ndc.x, -ndc.y, 0.0, 1.0);
    look = vec4(unpackHalf2x16(words.y), unpackHalf2x16(words.z).x, opacity);
}

#version 300 es
// A splat in one pixel, ready to be blended over what lies behind it.
precision highp float;

in vec2 across;
flat in vec4 look;

out vec4 colour; // premultiplied

const float ALPHA_MAX = 0.999;
const float ALPHA_MIN = 1.0 / 255.0;

void main() {
    float alpha = min(ALPHA_MAX, look.w * exp(-0.5 * dot(across, across)));
    if (alpha < ALPHA_MIN) { discard; }
    colour = vec4(look.rgb * alpha, alpha);
}

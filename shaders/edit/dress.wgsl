// Writes splats as an editor shows them: those that are deleted or hidden are too transparent to be
// drawn, locked ones greyish, selected ones tinted. Only those whose marks have changed are written.
//
// Mixing is linear in what is displayed, 0.5 + Σ Y c, so it is linear in the harmonics c: with
// Y₀ = SH_BASE a share t of a constant colour is (colour − 0.5) t / Y₀ added to (1 − t) c₀.

#import shared/chunk
#import shared/dispatch
#import shared/planes

// Twin of `render::gpu::LookUniform`.
struct LookUniform {
    tint: vec3f, // of selected splats, display rgb
    tint_share: f32,
    grey_share: f32, // of locked splats
    pad: u32,
    pad_more: vec2u,
}

@group(0) @binding(0) var<uniform> look: LookUniform;
@group(0) @binding(1) var<uniform> chunk: ChunkUniform;
@group(0) @binding(2) var<storage, read> base: array<f32>; // as they are; planes like `params`
@group(0) @binding(3) var<storage, read> marks_before: array<u32>; // a byte a splat, of all splats
@group(0) @binding(4) var<storage, read> marks: array<u32>;
@group(0) @binding(5) var<storage, read_write> params: array<f32>;

// As in `render::edit::marks`.
const MARK_SELECTED: u32 = 1u;
const MARK_DELETED: u32 = 2u;
const MARK_HIDDEN: u32 = 4u;
const MARK_LOCKED: u32 = 8u;

// A logit so low that no frame draws the splat, and whose opacity is still a normal float.
const UNSEEN: f32 = -80.0;
const SH_BASE: f32 = 0.2820947918;
// What the eye makes of red, green and blue (ITU-R BT.709).
const LUMA: vec3f = vec3f(0.2126, 0.7152, 0.0722);

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let i = unfold_group(group) * 256u + thread;
    if chunk.count <= i { return; }
    let global = chunk.first + i;
    let shift = 8u * (global % 4u);
    let before = (marks_before[global / 4u] >> shift) & 0xffu;
    let mark = (marks[global / 4u] >> shift) & 0xffu;
    if mark == before { return; }

    let unseen = (mark & (MARK_DELETED | MARK_HIDDEN)) != 0u;
    let logit = PLANE_OPACITY * chunk.stride + i;
    params[logit] = select(base[logit], UNSEEN, unseen);
    if unseen { return; }
    let grey_share = select(0.0, look.grey_share, (mark & MARK_LOCKED) != 0u);
    let tint_share = select(0.0, look.tint_share, (mark & MARK_SELECTED) != 0u);
    let coefficients = (chunk.sh_degree + 1u) * (chunk.sh_degree + 1u);
    for (var k = 0u; k < coefficients; k += 1u) {
        let at = (PLANE_SH + 3u * k) * chunk.stride + i;
        var c = vec3f(base[at], base[at + chunk.stride], base[at + 2u * chunk.stride]);
        if 0.0 < grey_share { c = mix(c, vec3f(dot(LUMA, c)), grey_share); }
        if 0.0 < tint_share {
            c *= 1.0 - tint_share;
            if k == 0u { c += tint_share * (look.tint - 0.5) / SH_BASE; }
        }
        params[at] = c.x;
        params[at + chunk.stride] = c.y;
        params[at + 2u * chunk.stride] = c.z;
    }
}

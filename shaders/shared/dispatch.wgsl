// Counts that stay on the GPU, and dispatches sized by them.

// Twin of `render::gpu::Counters`.
struct Counters {
    num_visible: u32,
    num_pairs: u32,
    wanted_visible: u32,
    wanted_pairs: u32,
}

// Twin of `render::gpu::DispatchArgs`.
struct DispatchArgs {
    x: u32,
    y: u32,
    z: u32,
}

const COUNTER_VISIBLE: u32 = 0u;
const COUNTER_PAIRS: u32 = 1u;

// No dimension may exceed 65535, so longer rows of workgroups are folded at this width.
const FOLD: u32 = 32768u;

fn fold_groups(groups: u32) -> DispatchArgs {
    return DispatchArgs(min(groups, FOLD), (groups + FOLD - 1u) / FOLD, 1u);
}

// The linear index of a workgroup in a folded dispatch. May lie beyond the end in the last row.
fn unfold_group(workgroup_id: vec3u) -> u32 {
    return workgroup_id.y * FOLD + workgroup_id.x;
}

fn div_ceil(a: u32, b: u32) -> u32 {
    return (a + b - 1u) / b;
}

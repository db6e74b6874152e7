// A tile for eight threads that are one subgroup, for devices whose subgroups are that narrow:
// processors that play the GPU.
//
// There, reading memory is dear (lane after lane, checked each time), a barrier dearer, and no
// branch is ever skipped; but moving a register between lanes is one instruction. So each thread
// reads one splat, all eight look at it by shuffles, and every splat of the tile is walked over all
// its pixels without asking first whether it reaches them. No shared memory, no barriers.
//
// A thread has the pixels below each other in two columns of the tile, eight apart.
//
// The importing kernel declares `frame`.

const EIGHT: u32 = 8u;

// Workgroups in an order that looks random: drivers hand each processor a run of them, and runs of
// neighbouring tiles are not equally full. (No image has a multiple of this many tiles.)
const STRIDE: u32 = 7919u;

fn scattered_tile(group: vec3u) -> vec2u {
    let tiles = frame.tile_count;
    let at = ((group.y * tiles.x + group.x) * STRIDE) % (tiles.x * tiles.y);
    return vec2u(at % tiles.x, at / tiles.x);
}

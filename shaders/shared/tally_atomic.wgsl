// What a densification counts on its way, for those who count: once for each workgroup.
//
// The importing kernel declares `tally`.

// Twin of `render::gpu::DensifyTally`.
struct DensifyTally {
    alive: atomic<u32>,
    wishes: atomic<u32>,
    candidates: atomic<u32>,
}

var<workgroup> sh_alive: atomic<u32>;
var<workgroup> sh_wishes: atomic<u32>;
var<workgroup> sh_candidates: atomic<u32>;

// To be called by all threads, in uniform flow, as is `finish_count`.
fn begin_count(thread: u32) {
    if thread == 0u {
        atomicStore(&sh_alive, 0u);
        atomicStore(&sh_wishes, 0u);
        atomicStore(&sh_candidates, 0u);
    }
    workgroupBarrier();
}

fn finish_count(thread: u32) {
    workgroupBarrier();
    if thread == 0u {
        atomicAdd(&tally.alive, atomicLoad(&sh_alive));
        atomicAdd(&tally.wishes, atomicLoad(&sh_wishes));
        atomicAdd(&tally.candidates, atomicLoad(&sh_candidates));
    }
}

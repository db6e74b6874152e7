// Exclusive prefix sum over the 256 threads of a workgroup: 16 rows of 16, three barriers.

var<workgroup> sh_scan: array<u32, 256>;
var<workgroup> sh_scan_rows: array<u32, 17>; // [16] is the total

// Sum of the values of all threads before this one. To be called by all threads, in uniform flow;
// afterwards `sh_scan_rows[16]` holds the sum over the workgroup.
fn block_scan(thread: u32, value: u32) -> u32 {
    sh_scan[thread] = value;
    workgroupBarrier();
    if thread < 16u {
        var sum = 0u;
        for (var i = 0u; i < 16u; i += 1u) {
            let at = thread * 16u + i;
            let next = saturating_add(sum, sh_scan[at]);
            sh_scan[at] = sum;
            sum = next;
        }
        sh_scan_rows[thread] = sum;
    }
    workgroupBarrier();
    if thread == 0u {
        var sum = 0u;
        for (var i = 0u; i < 16u; i += 1u) {
            let next = saturating_add(sum, sh_scan_rows[i]);
            sh_scan_rows[i] = sum;
            sum = next;
        }
        sh_scan_rows[16] = sum;
    }
    workgroupBarrier();
    return saturating_add(sh_scan_rows[thread / 16u], sh_scan[thread]);
}

// A million splats that each fill a large screen make more pairs than 32 bits can count: then the
// sum must stay "too many" rather than wrap around to a small number.
fn saturating_add(a: u32, b: u32) -> u32 {
    let sum = a + b;
    return select(sum, 0xffffffffu, sum < a);
}

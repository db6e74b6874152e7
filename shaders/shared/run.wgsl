// SSIM's window, slid along a run of eight pixels: each pixel is read once for all that it counts in.
//
// The importing kernel declares `at`, which reads a pixel so far along from the run's first,
// `blurred`, which takes eleven of them together, and `write`.

// The first of a run of pixels, along a row or down a column.
struct Run {
    x: u32,
    y: u32,
}

fn slide(run: Run) {
    let p0 = at(run, -5);
    let p1 = at(run, -4);
    let p2 = at(run, -3);
    let p3 = at(run, -2);
    let p4 = at(run, -1);
    let p5 = at(run, 0);
    let p6 = at(run, 1);
    let p7 = at(run, 2);
    let p8 = at(run, 3);
    let p9 = at(run, 4);
    let p10 = at(run, 5);
    let p11 = at(run, 6);
    let p12 = at(run, 7);
    let p13 = at(run, 8);
    let p14 = at(run, 9);
    let p15 = at(run, 10);
    let p16 = at(run, 11);
    let p17 = at(run, 12);
    write(run, 0u, blurred(p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10));
    write(run, 1u, blurred(p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11));
    write(run, 2u, blurred(p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12));
    write(run, 3u, blurred(p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13));
    write(run, 4u, blurred(p4, p5, p6, p7, p8, p9, p10, p11, p12, p13, p14));
    write(run, 5u, blurred(p5, p6, p7, p8, p9, p10, p11, p12, p13, p14, p15));
    write(run, 6u, blurred(p6, p7, p8, p9, p10, p11, p12, p13, p14, p15, p16));
    write(run, 7u, blurred(p7, p8, p9, p10, p11, p12, p13, p14, p15, p16, p17));
}

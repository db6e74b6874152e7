//! Any bytes as a binary model of COLMAP: two u16 with the lengths of `cameras.bin` and
//! `images.bin`, these, and the rest as `points3D.bin`. What is read comes back as long as it was.
#![no_main]

use recon::io::colmap;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let &[a, b, c, d, ref rest @ ..] = bytes else {
        return;
    };
    let lengths = [[a, b], [c, d]].map(|it| usize::from(u16::from_le_bytes(it)));
    let (cameras, rest) = rest.split_at(lengths[0].min(rest.len()));
    let (images, points) = rest.split_at(lengths[1].min(rest.len()));
    let points = (!points.is_empty()).then_some(points);
    let count = colmap::count_images("images.bin", images);
    let Ok(file) = colmap::read_binary(cameras, images, points) else {
        return;
    };
    let listed = count.unwrap_or_else(|it| panic!("images were read: {it}"));
    assert!(file.frames.len() as u64 <= listed);
    fuzz::assert_poses_sound(&file);
    let Ok([cameras, images, points]) = colmap::write_binary(&file) else {
        return;
    };
    let again = colmap::read_binary(&cameras.1, &images.1, Some(&points.1));
    let again = again.unwrap_or_else(|it| panic!("does not read what it wrote: {it}"));
    fuzz::assert_as_many(&again, &file);
});

//! Any bytes as a text model of COLMAP: its files in a row, between them a zero byte. What is read
//! comes back as long as it was.
#![no_main]

use recon::io::colmap;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut files = bytes.splitn(3, |it| *it == 0);
    let cameras = files.next().unwrap_or_default();
    let images = files.next().unwrap_or_default();
    let count = colmap::count_images("images.txt", images);
    let Ok(file) = colmap::read_text(cameras, images, files.next()) else {
        return;
    };
    let listed = count.unwrap_or_else(|it| panic!("images were read: {it}"));
    assert!(file.frames.len() as u64 <= listed);
    fuzz::assert_poses_sound(&file);
    let Ok([cameras, images, points]) = colmap::write_text(&file) else {
        return;
    };
    let again = colmap::read_text(&cameras.1, &images.1, Some(&points.1));
    let again = again.unwrap_or_else(|it| panic!("does not read what it wrote: {it}"));
    fuzz::assert_as_many(&again, &file);
});

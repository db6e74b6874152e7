//! `synth`: random scenes as datasets, which every other command opens.

use std::fs;

use image::GenericImageView;

use super::Desk;

#[test]
fn an_object_is_written_and_opens() {
    let desk = Desk::new();
    let json = desk
        .run("synth --seed 5 --views 6 --size 40 --depth --normals --out thing --json")
        .done()
        .json();
    assert_eq!(
        (&json["images"], &json["interrupted"]),
        (&6.into(), &false.into())
    );
    for folder in ["images", "depth", "normals"] {
        assert_eq!(desk.names(&format!("thing/{folder}")).len(), 6);
    }
    let info = desk.run("info thing --json").done().json();
    assert_eq!(
        (&info["kind"], &info["used"]),
        (&"dataset".into(), &6.into())
    );
    assert!(20 < info["points"].as_u64().unwrap());
    let file = desk
        .run("info thing/opencv_cameras.json --json")
        .done()
        .json();
    assert_eq!(
        (&file["used"], &file["format"]),
        (&6.into(), &"opencv_cameras".into())
    );

    // Coverage, distances and normals say the same.
    let open = |folder: &str| image::open(desk.path(&format!("thing/{folder}/0001.png"))).unwrap();
    let (picture, depth, normals) = (open("images"), open("depth"), open("normals"));
    assert_eq!(picture.dimensions(), (40, 40));
    let (picture, depth, normals) = (picture.to_rgba8(), depth.to_luma16(), normals.to_rgb16());
    let mut covered = 0;
    for (x, y, pixel) in picture.enumerate_pixels() {
        let (is_hit, normal) = (depth.get_pixel(x, y).0[0] != 0, normals.get_pixel(x, y).0);
        match pixel.0[3] {
            0 => assert!(!is_hit && normal == [0; 3]),
            255 => assert!(is_hit && normal != [0; 3]),
            _ => assert_eq!(is_hit, normal != [0; 3]),
        }
        covered += usize::from(is_hit);
    }
    assert!((30..1_400).contains(&covered), "{covered}");
}

#[test]
fn the_seed_decides_and_nothing_is_overwritten_unasked() {
    let desk = Desk::new();
    let words = "synth --seed 9 --views 2 --size 24 --count 2 --kind room --path --out";
    desk.run(&format!("{words} a")).done();
    desk.run(&format!("{words} b")).done();
    assert_eq!(desk.names("a"), ["000009", "000010"]);
    let read = |name: &str| fs::read(desk.path(name)).unwrap();
    assert_eq!(
        read("a/000010/images/0002.png"),
        read("b/000010/images/0002.png")
    );
    assert_ne!(
        read("a/000009/images/0002.png"),
        read("a/000010/images/0002.png")
    );

    desk.run(&format!("{words} a"))
        .failed(1, &["000009", "nothing is overwritten"]);
    desk.run(&format!("{words} a --overwrite --backdrop white"))
        .done();
    desk.run("synth --out c --textures nowhere")
        .failed(1, &["nowhere"]);
    fs::create_dir(desk.path("empty")).unwrap();
    desk.run("synth --out c --textures empty")
        .failed(1, &["empty", "no pictures"]);
    fs::write(desk.path("empty/broken.png"), b"no picture").unwrap();
    desk.run("synth --out c --textures empty")
        .failed(1, &["broken.png"]);
    assert!(!desk.path("c").exists());
}

#[test]
fn splats_can_be_optimised_for_it() {
    if tests::gpu::gpu().is_none() {
        return;
    }
    let desk = Desk::new();
    desk.run("synth --seed 2 --views 9 --size 32 --backdrop white --out scan")
        .done();
    let words = "optimise scan --preset fast --steps 20 --out scan.ply --json";
    let json = desk.run(words).done().json();
    assert!(json.is_object());
    assert!(desk.path("scan.ply").is_file());
}

//! `accrete poses` on what holds no poses: words, exit codes, and a folder as clean as before.

use super::Desk;

impl Desk {
    /// A folder of photos that show nothing in common.
    fn with_noise(self) -> Self {
        std::fs::create_dir(self.path("photos")).unwrap();
        for seed in 1..=4_u32 {
            let shade = |x: u32, y: u32| {
                let mixed = (x + 131 * y + 7919 * seed).wrapping_mul(2_654_435_761);
                image::Luma([(mixed >> 24) as u8])
            };
            let photo = image::GrayImage::from_fn(96, 64, shade);
            photo
                .save(self.path(&format!("photos/{seed}.png")))
                .unwrap();
        }
        self
    }
}

const PHOTOS: [&str; 4] = ["1.png", "2.png", "3.png", "4.png"];

#[test]
fn what_is_no_photo_is_named() {
    let desk = Desk::new();
    desk.run("poses nowhere").failed(1, &["nowhere"]);
    desk.run("poses scene.ply")
        .failed(1, &["scene.ply", "splat file"]);
    std::fs::create_dir(desk.path("empty")).unwrap();
    desk.run("poses empty").failed(1, &["empty"]);
    for nonsense in [
        "poses",
        "poses photos --engine magic",
        "poses photos --max-side 3",
        "poses photos --sequential 0",
        "poses photos --focal-35mm -5",
        "poses photos --frames 1",
        "poses photos --engine builtin --colmap x",
    ] {
        desk.run(nonsense).failed(1, &[]);
    }
}

#[test]
fn a_hopeless_set_is_refused_with_advice() {
    let desk = Desk::new().with_noise();
    let outcome = desk.run("poses photos --engine builtin --json=r.json");
    outcome.failed(1, &[]);
    let said = format!("{}{}", outcome.stdout, outcome.stderr);
    assert!(
        said.contains("RealityScan") || said.contains("overlap"),
        "{said}"
    );
    assert_eq!(desk.names("photos"), PHOTOS);
}

#[test]
fn without_colmap_it_says_where_to_get_it() {
    let desk = Desk::new().with_noise();
    let outcome = desk.run_with("poses photos --engine colmap", |it| {
        it.env("PATH", "").env_remove("ACCRETE_COLMAP")
    });
    outcome.failed(1, &["COLMAP is not installed", "apt-get install colmap"]);
    let outcome = desk.run_with("poses photos --engine colmap", |it| {
        it.env("ACCRETE_COLMAP", "nowhere/colmap")
    });
    outcome.failed(1, &["nowhere/colmap"]);
    desk.run("poses photos --colmap nowhere/colmap")
        .failed(1, &["nowhere/colmap"]);
    assert_eq!(desk.names("photos"), PHOTOS);
}

#[test]
fn a_video_needs_ffmpeg() {
    let desk = Desk::new();
    // The beginning of an .mp4, and no more.
    std::fs::write(desk.path("walk.mp4"), b"\0\0\0\x18ftypisom\0\0\x02\0").unwrap();
    let outcome = desk.run_with("poses walk.mp4", |it| {
        it.env("PATH", "").env_remove("ACCRETE_FFMPEG")
    });
    outcome.failed(1, &["walk.mp4", "apt-get install ffmpeg"]);
    let outcome = desk.run_with("poses walk.mp4", |it| it.env("ACCRETE_FFMPEG", "no/ffmpeg"));
    outcome.failed(1, &["no/ffmpeg"]);
    assert_eq!(desk.names("."), ["scene.ply", "walk.mp4"]);
}

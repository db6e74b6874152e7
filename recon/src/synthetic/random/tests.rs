//! What every sample must be.

use super::*;

/// Not a test: writes a sheet of scenes to look at.
#[test]
fn sheet() {
    let Ok(path) = std::env::var("SYNTH_SHEET") else {
        return;
    };
    let var = |name: &str, or: u32| std::env::var(name).map_or(or, |it| it.parse().unwrap());
    let (side, n, first) = (
        var("SYNTH_SIDE", 128),
        var("SYNTH_N", 8),
        var("SYNTH_FIRST", 0),
    );
    let mut sheet = RgbImage::new(side * n, side * n);
    let clock = std::time::Instant::now();
    for i in 0..n * n {
        let config = SampleConfig {
            views: 1,
            size: [side; 2],
            kind: if var("SYNTH_ROOM", 0) == 1 {
                SceneKind::Room
            } else {
                SceneKind::Object
            },
            ..SampleConfig::default()
        };
        let made = sample(u64::from(first + i), &config);
        for (k, rgb) in made.views[0].rgb.iter().enumerate() {
            let (x, y) = (k as u32 % side, k as u32 / side);
            sheet.put_pixel(
                i % n * side + x,
                i / n * side + y,
                image::Rgb(rgb.map(|it| (255.0 * it).round() as u8)),
            );
        }
    }
    println!("{:?}", clock.elapsed());
    sheet.save(path).unwrap();
    for side in [64, 128] {
        let clock = std::time::Instant::now();
        for i in 0..20 {
            let config = SampleConfig {
                views: 16,
                size: [side; 2],
                ..SampleConfig::default()
            };
            sample(1000 + i, &config);
        }
        println!(
            "{side}: {:.1} images/s",
            320.0 / clock.elapsed().as_secs_f64()
        );
    }
}

//! Straightened pictures against what a pinhole would see.

use image::{Luma, Rgba};

use super::*;

fn barrel() -> Lens {
    Lens {
        model: LensModel::Opencv,
        distortion: Distortion::Radial {
            k: [-0.25, 0.07, 0.0, 0.0, 0.0, 0.0],
            p: [0.001, -0.0005],
        },
        ..Lens::centred(210.0, 320, 240)
    }
}

fn fisheye(focal_px: f64) -> Lens {
    Lens {
        model: LensModel::OpencvFisheye,
        distortion: Distortion::Fisheye {
            k: [0.02, -0.005, 0.0, 0.0],
        },
        ..Lens::centred(focal_px, 320, 240)
    }
}

/// A smooth colour for every direction.
fn painted(direction: DVec3) -> [f64; 3] {
    let waves = direction / direction.length() * 12.0;
    [waves.x, waves.y, waves.x + waves.y + waves.z].map(|it| 127.5 + 100.0 * it.sin())
}

fn photo_of(lens: &Lens) -> RgbaImage {
    let projection = lens.projection();
    RgbaImage::from_fn(lens.width, lens.height, |x, y| {
        let pixel = DVec2::new(f64::from(x), f64::from(y)) + 0.5;
        let [r, g, b] = projection.unproject(pixel).map_or([0.0; 3], painted);
        Rgba([r.round() as u8, g.round() as u8, b.round() as u8, 255])
    })
}

#[test]
fn the_result_is_what_a_pinhole_sees() {
    for lens in [barrel(), fisheye(200.0), fisheye(110.0)] {
        let undistortion = Undistortion::new(&lens);
        // Also for photos of another size than the lens.
        for (width, height) in [(320, 240), (480, 360)] {
            let photo = photo_of(&lens.resized(width, height));
            let Undistorted { image, covered } = undistortion.apply(&photo);
            let straight = undistortion.lens().resized(width, height);
            let projection = straight.projection();
            let (mut worst, mut count): (f64, u32) = (0.0, 0);
            // The photo's outermost pixels have no neighbours to be blended with.
            let within = lens.resized(width, height).projection();
            let size = DVec2::new(f64::from(width), f64::from(height));
            for (x, y, pixel) in image.enumerate_pixels() {
                let at = DVec2::new(f64::from(x), f64::from(y)) + 0.5;
                let direction = projection.unproject(at).unwrap();
                let is_covered = covered.get_pixel(x, y).0[0] == 255;
                assert_eq!(pixel.0[3], covered.get_pixel(x, y).0[0]);
                let source = within.project(direction);
                let margin = DVec2::splat(2.0);
                let is_inside = source
                    .is_some_and(|it| it.cmpge(margin).all() && it.cmple(size - margin).all());
                if is_inside {
                    assert!(is_covered, "{x} {y}");
                    count += 1;
                    for (value, expected) in pixel.0.iter().zip(painted(direction)) {
                        worst = worst.max((f64::from(*value) - expected).abs());
                    }
                }
            }
            assert!(worst < 2.5, "off by {worst} of 255");
            assert!(width * height / 2 < count, "{count} pixels compared");
        }
    }
}

#[test]
fn the_whole_picture_stays_in_view() {
    let lens = barrel();
    let straight = Undistortion::new(&lens).lens().clone();
    assert!(straight.is_pinhole());
    assert_eq!((straight.width, straight.height), (320, 240));
    let (mut low, mut high) = (DVec2::INFINITY, DVec2::NEG_INFINITY);
    for x in [0.0, 160.0, 320.0] {
        for y in [0.0, 120.0, 240.0] {
            let direction = lens.unproject(DVec2::new(x, y)).unwrap();
            let pixel = straight.project(direction).unwrap();
            (low, high) = (low.min(pixel), high.max(pixel));
        }
    }
    assert!(-1e-6 < low.min_element(), "{low}");
    assert!(high.cmple(DVec2::new(320.0, 240.0) + 1e-6).all(), "{high}");
    // And no room is given away.
    let spare = (low + DVec2::new(320.0, 240.0) - high).min_element();
    assert!(spare < 0.5, "{spare} px are left blank on each axis");
    assert!(MIN_SCALE * lens.fx < straight.fx && straight.fx < lens.fx);
}

#[test]
fn wide_lenses_are_cut() {
    let lens = fisheye(60.0); // 150° across
    let straight = Undistortion::new(&lens).lens().clone();
    let half_angle = (0.5 * 320.0 / straight.fx).atan().to_degrees();
    assert!(
        (MAX_HALF_ANGLE_DEGREES - 0.1..=MAX_HALF_ANGLE_DEGREES + 1e-9).contains(&half_angle),
        "{half_angle}"
    );
    assert!((straight.cx - 160.0).abs() < 1e-6, "{}", straight.cx);
    let covered = Undistortion::new(&lens).apply(&photo_of(&lens)).covered;
    assert!(covered.pixels().all(|it| it.0[0] == 255));
}

#[test]
fn a_pinhole_stays_as_it_is() {
    let mut lens = barrel();
    lens.distortion = Distortion::Radial {
        k: [0.0; 6],
        p: [0.0; 2],
    };
    lens.cx += 13.0;
    let undistortion = Undistortion::new(&lens);
    let photo = photo_of(&barrel());
    let straight = undistortion.apply(&photo);
    assert_eq!(straight.image, photo);
    assert!(straight.covered.pixels().all(|it| it.0[0] == 255));
    assert_eq!(undistortion.lens().cx, lens.cx);
    assert_eq!(undistortion.lens().distortion, Distortion::None);
}

#[test]
fn transparent_pixels_lend_no_colour() {
    let photo = RgbaImage::from_fn(320, 240, |x, _| {
        if x < 160 {
            Rgba([200, 0, 0, 255])
        } else {
            Rgba([0, 255, 0, 0])
        }
    });
    let image = Undistortion::new(&barrel()).apply(&photo).image;
    let mut halves = [0, 0];
    for pixel in image.pixels() {
        let [red, green, _, alpha] = pixel.0;
        assert_eq!(green, 0);
        if 0 < alpha {
            assert!((199..=201).contains(&red), "{pixel:?}");
        }
        halves[usize::from(alpha == 255)] += 1;
    }
    assert!(halves.iter().all(|it| 20_000 < *it), "{halves:?}");
}

#[test]
fn masks_follow_their_photos() {
    let lens = barrel();
    let undistortion = Undistortion::new(&lens);
    let mask = GrayImage::from_fn(320, 240, |x, _| Luma([if x < 160 { 255 } else { 0 }]));
    let straight = undistortion.apply_to_mask(&mask);
    let covered = undistortion.apply(&photo_of(&lens)).covered;
    let projection = lens.projection();
    let pinhole = undistortion.lens().projection();
    for (x, y, pixel) in straight.enumerate_pixels() {
        let at = DVec2::new(f64::from(x), f64::from(y)) + 0.5;
        let source = projection.project(pinhole.unproject(at).unwrap());
        let is_covered = covered.get_pixel(x, y).0[0] == 255;
        let is_left = source.is_some_and(|it| it.x < 160.0);
        let is_near = source.is_some_and(|it| (it.x - 160.0).abs() < 1e-6);
        assert!(is_near || pixel.0[0] == if is_covered && is_left { 255 } else { 0 });
    }
}

#[test]
fn odd_sizes_and_lenses_do_not_panic() {
    let empty = RgbaImage::new(0, 0);
    assert_eq!(Undistortion::new(&barrel()).apply(&empty).image, empty);
    let dot = Undistortion::new(&barrel()).apply(&RgbaImage::new(1, 1));
    assert_eq!(dot.image.dimensions(), (1, 1));
    for k in [f64::NAN, 1e9, -1e9, -5.0] {
        let mut lens = fisheye(100.0);
        lens.distortion = Distortion::Fisheye { k: [k; 4] };
        let straight = Undistortion::new(&lens);
        assert!(straight.lens().fx.is_finite());
        straight.apply(&photo_of(&barrel()));
    }
}

//! Lenses there and back, and against numbers of other programs.

use glam::{DVec2, DVec3};

use super::{Distortion, Lens, LensModel};

const WIDTH: u32 = 1008;
const HEIGHT: u32 = 756;

/// In front of a pinhole.
const NARROW: [[f64; 3]; 4] = [
    [0.3, -0.2, 1.0],
    [-0.45, 0.35, 0.9],
    [0.05, 0.6, 1.2],
    [0.0, 0.0, 2.0],
];
/// In front of a fisheye.
const WIDE: [[f64; 3]; 4] = [
    [1.4, -0.9, 1.0],
    [-0.45, 0.35, 0.9],
    [0.05, 2.6, 0.7],
    [0.01, 0.02, 2.0],
];

const FOCAL: [f64; 3] = [812.5, 503.2, 377.1];
const FOCALS: [f64; 4] = [812.5, 809.0, 503.2, 377.1];

/// A model with coefficients, points, and the pixels that COLMAP 4.2 (through pycolmap) projects
/// them to; OpenCV 5.0's `projectPoints` agrees for OPENCV, FULL_OPENCV and OPENCV_FISHEYE.
struct Case {
    lens: Lens,
    points: [[f64; 3]; 4],
    pixels: [[f64; 2]; 4],
}

fn case(model: LensModel, coeffs: &[f64], points: [[f64; 3]; 4], pixels: [[f64; 2]; 4]) -> Case {
    let is_single = model.param_names()[0] == "f";
    let focal: &[f64] = if is_single { &FOCAL } else { &FOCALS };
    let params = [focal, coeffs].concat();
    Case {
        lens: Lens::from_colmap(model, WIDTH, HEIGHT, &params).unwrap(),
        points,
        pixels,
    }
}

fn pinhole_cases() -> Vec<Case> {
    vec![
        case(
            LensModel::SimpleRadial,
            &[0.08],
            NARROW,
            [
                [749.485, 212.910_000_000_000_03],
                [83.909_876_543_209_86, 703.214_540_466_392_2],
                [537.735_951_967_592_5, 791.531_423_611_111_2],
                [503.2, 377.1],
            ],
        ),
        case(
            LensModel::Radial,
            &[-0.28, 0.09],
            NARROW,
            [
                [738.448_243_75, 220.267_837_5],
                [136.704_265_260_630_96, 662.152_238_130_620_4],
                [534.861_001_841_227_2, 757.032_022_094_726_6],
                [503.2, 377.1],
            ],
        ),
        case(
            LensModel::Opencv,
            &[-0.28, 0.09, 0.0011, -0.0007],
            NARROW,
            [
                [738.164_681_25, 221.198_257_200_000_03],
                [135.844_118_655_692_68, 661.770_774_500_838_3],
                [534.753_091_684_977_2, 756.040_765_977_647_7],
                [503.2, 377.1],
            ],
        ),
        case(
            LensModel::FullOpencv,
            &[0.21, -0.34, 0.0012, -0.0021, 0.11, 0.18, -0.29, 0.05],
            NARROW,
            [
                [747.066_658_834_206_2, 215.201_528_464_104_37],
                [91.927_978_303_829_43, 695.459_642_602_044_6],
                [536.835_268_423_684_6, 784.361_015_606_212_2],
                [503.2, 377.1],
            ],
        ),
        case(
            LensModel::Fov,
            &[0.92],
            NARROW,
            [
                [755.348_195_604_847_5, 209.725_320_825_172],
                [112.455_925_151_001_8, 679.702_898_580_495_9],
                [537.038_285_383_275, 781.410_245_539_487_7],
                [503.2, 377.1],
            ],
        ),
    ]
}

fn fisheye_cases() -> Vec<Case> {
    vec![
        case(
            LensModel::OpencvFisheye,
            &[0.034, -0.012, 0.0042, -0.0009],
            WIDE,
            [
                [1_225.597_410_540_560_8, -85.297_850_210_621_85],
                [137.539_923_939_958_5, 660.277_163_860_241_4],
                [524.374_269_287_861_4, 1_473.418_966_648_311_2],
                [507.262_348_004_566_4, 385.189_697_318_631_9],
            ],
        ),
        case(
            LensModel::SimpleRadialFisheye,
            &[-0.04],
            WIDE,
            [
                [1_177.143_657_356_731_6, -56.149_494_015_041_85],
                [145.687_693_300_880_37, 655.165_127_432_648_5],
                [522.233_462_067_646_7, 1_366.840_027_517_627],
                [507.262_310_431_899_6, 385.224_620_863_799_26],
            ],
        ),
        case(
            LensModel::RadialFisheye,
            &[-0.04, 0.006],
            WIDE,
            [
                [1_181.891_965_276_699_5, -59.201_977_677_878_35],
                [145.466_842_176_470_72, 655.336_900_529_411_7],
                [522.592_117_448_95, 1_385.490_107_345_404],
                [507.262_310_432_280_4, 385.224_620_864_560_8],
            ],
        ),
        case(
            LensModel::ThinPrismFisheye,
            &[
                0.034, -0.012, 0.0013, -0.0008, 0.0042, -0.0009, 0.0021, -0.0017,
            ],
            WIDE,
            [
                [1_224.723_081_532_347_4, -84.364_418_733_936_99],
                [137.292_043_611_897, 660.626_748_818_616_8],
                [526.249_589_391_895_4, 1_476.419_362_970_978_5],
                [507.262_553_143_721_6, 385.189_802_478_868_55],
            ],
        ),
        case(
            LensModel::RadTanThinPrismFisheye,
            &[
                -0.025, 0.09, -0.065, 0.013, 0.0011, -0.0004, 0.0007, -0.0011, -0.0008, 0.0002,
                0.0013, -0.0003,
            ],
            WIDE,
            [
                [1_219.092_707_645_104, -81.179_644_424_396_03],
                [141.848_059_516_869_97, 656.960_459_741_871_1],
                [524.187_371_410_007_7, 1_444.774_370_791_236_8],
                [507.262_246_969_002_83, 385.189_536_555_495_07],
            ],
        ),
    ]
}

fn cases() -> Vec<Case> {
    let mut cases = pinhole_cases();
    cases.extend(fisheye_cases());
    cases
}

#[test]
fn pixels_are_those_of_colmap_and_opencv() {
    for Case {
        lens,
        points,
        pixels,
    } in cases()
    {
        for (point, pixel) in points.into_iter().zip(pixels) {
            let ours = lens.project(DVec3::from(point)).unwrap();
            let miss = ours.distance(DVec2::from(pixel));
            assert!(miss < 1e-9, "{}: {ours} for {pixel:?}", lens.model.name());
        }
    }
}

#[test]
fn pixels_come_back_from_their_directions() {
    let mut lenses: Vec<Lens> = cases().into_iter().map(|it| it.lens).collect();
    lenses.push(Lens::centred(700.0, WIDTH, HEIGHT));
    for lens in lenses {
        let projection = lens.projection();
        let mut worst: f64 = 0.0;
        for y in 0..=27 {
            for x in 0..=36 {
                let pixel = DVec2::new(f64::from(x), f64::from(y)) * 28.0;
                let direction = projection.unproject(pixel);
                let direction = direction.unwrap_or_else(|| panic!("{pixel}: {lens:?}"));
                assert!((direction.length() - 1.0).abs() < 1e-12);
                // The length of a ray does not matter.
                let again = projection.project(direction * 7.0).unwrap();
                worst = worst.max(again.distance(pixel));
            }
        }
        assert!(worst < 1e-6, "{}: {worst} px", lens.model.name());
    }
}

#[test]
fn directions_come_back_from_their_pixels() {
    for Case { lens, points, .. } in cases() {
        for point in points.map(DVec3::from) {
            let pixel = lens.project(point).unwrap();
            let direction = lens.unproject(pixel).unwrap();
            let miss = direction.distance(point.normalize());
            assert!(miss < 1e-9, "{}: {point} is off {miss}", lens.model.name());
        }
    }
}

#[test]
fn a_fisheye_sees_behind_its_plane_and_a_pinhole_does_not() {
    let fisheye = Lens {
        distortion: Distortion::Fisheye { k: [0.0; 4] },
        ..Lens::centred(300.0, 1000, 1000)
    };
    let sideways = DVec3::new(1.0, 0.0, -0.2).normalize();
    let pixel = fisheye.project(sideways).unwrap();
    let angle = (-0.2f64).atan2(1.0).abs() + std::f64::consts::FRAC_PI_2;
    assert!((pixel.x - 500.0 - 300.0 * angle).abs() < 1e-9, "{pixel}");
    assert!(fisheye.unproject(pixel).unwrap().distance(sideways) < 1e-9);
    assert_eq!(fisheye.project(DVec3::NEG_Z), None);
    let pinhole = Lens::centred(300.0, 1000, 1000);
    assert_eq!(pinhole.project(sideways), None);
    assert_eq!(pinhole.project(DVec3::ZERO), None);
    assert_eq!(pinhole.project(DVec3::new(f64::NAN, 0.0, 1.0)), None);
}

/// r (1 − 0.28 r²) rises up to r = 1 / √0.84 = 1.0911.
#[test]
fn where_a_model_folds_back_it_ends() {
    let lens = Lens {
        distortion: Distortion::Radial {
            k: [-0.28, 0.0, 0.0, 0.0, 0.0, 0.0],
            p: [0.0; 2],
        },
        ..Lens::centred(800.0, 1000, 800)
    };
    let at = |radius: f64| lens.project(DVec3::new(0.6 * radius, 0.8 * radius, 1.0));
    assert!(at(1.09).is_some());
    assert_eq!(at(1.0912), None);
    // Without a limit this would land within the picture again.
    assert_eq!(at(1.8), None);
    let reach = 1.0911 * (1.0 - 0.28 * 1.0911 * 1.0911);
    let pixel = |radius: f64| DVec2::new(500.0 + 800.0 * radius, 400.0);
    assert!(lens.unproject(pixel(reach - 1e-4)).is_some());
    assert_eq!(lens.unproject(pixel(reach + 1e-4)), None);
    assert_eq!(lens.unproject(DVec2::new(f64::NAN, 0.0)), None);
}

#[test]
fn coefficients_without_sense_give_nothing_and_end() {
    let hostile = [f64::NAN, f64::INFINITY, 1e300, -1e300, -1.0, 1e6];
    for model in LensModel::all() {
        for value in hostile {
            let mut params = vec![value; model.num_params()];
            let count = if params.len() < 4 { 3 } else { 4 };
            params[..count].fill(500.0);
            let lens = Lens::from_colmap(model, 100, 100, &params).unwrap();
            for point in [DVec3::new(0.1, 0.2, 1.0), DVec3::new(5.0, -3.0, 0.1)] {
                let pixel = lens.project(point);
                assert!(pixel.is_none_or(DVec2::is_finite));
                let direction = lens.unproject(point.truncate() * 100.0);
                assert!(direction.is_none_or(DVec3::is_finite));
            }
        }
    }
}

#[test]
fn names_and_numbers_are_those_of_colmap() {
    let numbers: Vec<i32> = LensModel::all().map(LensModel::colmap_id).collect();
    assert_eq!(numbers, (0..12).collect::<Vec<_>>());
    for model in LensModel::all() {
        assert_eq!(LensModel::from_name(model.name()), Some(model));
        assert_eq!(LensModel::from_colmap_id(model.colmap_id()), Some(model));
        // serde spells the same names.
        let spelt = serde_json::to_string(&model).unwrap();
        assert_eq!(spelt, format!("\"{}\"", model.name()));
    }
    let counts: Vec<usize> = LensModel::all().map(LensModel::num_params).collect();
    assert_eq!(counts, [3, 4, 4, 5, 8, 8, 12, 5, 4, 5, 12, 16]);
    assert_eq!(LensModel::from_colmap_id(12), None);
    assert_eq!(LensModel::from_colmap_id(-1), None);
    assert_eq!(LensModel::from_name("pinhole"), None);
}

#[test]
fn parameters_come_back() {
    for model in LensModel::all() {
        let count = model.num_params();
        let params: Vec<f64> = (0..count).map(|it| 0.5 + it as f64).collect();
        let lens = Lens::from_colmap(model, 640, 480, &params).unwrap();
        assert_eq!(lens.to_colmap(), (model, params.clone()));
        assert_eq!(Lens::from_colmap(model, 640, 480, &params[1..]), None);
    }
}

#[test]
fn what_a_model_cannot_hold_is_written_as_a_larger_one() {
    let lens = Lens::from_colmap(LensModel::SimpleRadial, 100, 100, &[90.0, 50.0, 50.0, 0.1]);
    let (model, params) = lens.unwrap().resized(200, 100).to_colmap();
    assert_eq!(model, LensModel::FullOpencv);
    assert_eq!(params[..5], [180.0, 90.0, 100.0, 50.0, 0.1]);
    // A pinhole by another name, as RealityScan writes it for straightened photos.
    let mut params = vec![0.0; 12];
    params[..4].copy_from_slice(&FOCALS);
    let lens = Lens::from_colmap(LensModel::FullOpencv, 100, 100, &params).unwrap();
    assert!(lens.is_pinhole());
    assert_eq!(lens.to_colmap(), (LensModel::FullOpencv, params));
}

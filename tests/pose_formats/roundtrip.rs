//! Poses go from each format to each other and back.

use glam::{DAffine3, DMat3, DQuat, DVec3};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use recon::dataset::{Distortion, Frame, Lens, LensModel, Optics, PoseFile, PoseFormat, Split};
use recon::io::{inria_cameras, opencv_cameras, transforms};
use tests::test_data;

use super::{assert_sound, pose_difference};

/// Random cameras of two lenses, georeferenced far from zero.
pub(super) fn random_cameras(distortion: Distortion) -> PoseFile {
    let mut rng = Pcg64Mcg::seed_from_u64(7);
    let mut file = PoseFile::new(PoseFormat::ColmapText);
    file.scene_name = Some("a \"scene\"".to_owned());
    for i in 0..2 {
        let model = match distortion {
            Distortion::None => LensModel::Pinhole,
            Distortion::Fisheye { .. } => LensModel::OpencvFisheye,
            _ => LensModel::Opencv,
        };
        file.optics.push(Optics::Lens(Lens {
            model,
            fy: 401.25,
            cx: 333.1,
            distortion,
            ..Lens::centred(400.1 + f64::from(i), 640, 480)
        }));
    }
    for i in 0..30 {
        let mut number = || rng.random_range(-1.0..1.0);
        let turn = DQuat::from_xyzw(number(), number(), number(), number()).normalize();
        let place = 500_000.0 * DVec3::new(number(), number(), number());
        file.frames.push(Frame {
            image: format!("images/{i}.jpg"),
            mask: None,
            optics: i % 2,
            c2w: DAffine3 {
                matrix3: DMat3::from_quat(turn),
                translation: place,
            },
            split: (i % 3 == 0).then_some(Split::HeldOut),
        });
    }
    file.input_lists.insert(2, vec![3, 29]);
    file
}

#[test]
fn pinholes_survive_every_format() {
    let file = random_cameras(Distortion::None);
    let written = transforms::write(&file).unwrap();
    let again = transforms::read(&written).unwrap();
    assert_sound(&again);
    assert_eq!(again.frames, file.frames);
    assert_eq!(again.optics, file.optics);
    assert_eq!(again.scene_name, file.scene_name);

    let again = inria_cameras::read(&inria_cameras::write(&file).unwrap()).unwrap();
    assert_sound(&again);
    assert_eq!(pose_difference(&again, &file), 0.0);
    assert_eq!(again.optics, file.optics);

    // Through the inverse: to the last digits of numbers of this size.
    let again = opencv_cameras::read(&opencv_cameras::write(&file).unwrap()).unwrap();
    assert_sound(&again);
    let off = pose_difference(&again, &file);
    println!("w2c and back, 500 km from zero: {off:e}");
    assert!(off < 1e-9, "{off}");
    assert_eq!(again.optics, file.optics);
    assert_eq!(again.input_lists, file.input_lists);
    assert_eq!(again.scene_name, file.scene_name);
}

#[test]
fn distortion_survives_where_it_has_a_place_and_is_refused_elsewhere() {
    let bent = Distortion::Radial {
        k: [0.1, -0.2, 0.0, 0.0, 0.0, 0.0],
        p: [1e-3, 2e-4],
    };
    let fisheye = Distortion::Fisheye { k: [0.1; 4] };
    for distortion in [bent, fisheye] {
        let file = random_cameras(distortion);
        let again = transforms::read(&transforms::write(&file).unwrap()).unwrap();
        assert_eq!(again.frames, file.frames);
        assert_eq!(again.optics, file.optics);
        for error in [opencv_cameras::write(&file), inria_cameras::write(&file)] {
            let error = error.unwrap_err().to_string();
            assert!(error.contains("images/0.jpg"), "{error}");
            assert!(error.contains("Undistort"), "{error}");
        }
    }
}

#[test]
fn poses_that_are_not_finite_are_not_written() {
    let mut file = random_cameras(Distortion::None);
    file.frames[3].c2w.translation.y = f64::NAN;
    for written in [
        transforms::write(&file),
        opencv_cameras::write(&file),
        inria_cameras::write(&file),
    ] {
        let error = written.unwrap_err().to_string();
        assert!(error.contains("images/3.jpg is not finite"), "{error}");
    }
}

#[test]
fn the_fox_comes_back_bit_for_bit() {
    let Some(data) = test_data() else { return };
    let bytes = std::fs::read(data.join("data/fox_half/transforms.json")).unwrap();
    let fox = transforms::read(&bytes).unwrap();
    let again = transforms::read(&transforms::write(&fox).unwrap()).unwrap();
    assert_eq!(again.frames, fox.frames);
    assert_eq!(again.optics, fox.optics);
    assert_eq!(again.point_file, fox.point_file);
}

//! COLMAP models: written and read back, a real one, damaged ones.

mod hostile;
mod roundtrip;
mod snowmiku;

use glam::{DAffine3, DQuat, DVec2, DVec3};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use recon::dataset::{Frame, Lens, LensModel, Observation, Optics, Points, PoseFile, PoseFormat};

/// A plausible lens of each model.
fn lenses() -> Vec<Lens> {
    let coeffs = |model: LensModel| -> &[f64] {
        match model {
            LensModel::SimplePinhole | LensModel::Pinhole => &[],
            LensModel::SimpleRadial => &[0.032],
            LensModel::Radial => &[-0.12, 0.03],
            LensModel::Opencv => &[-0.2, 0.06, 0.0011, -0.0007],
            LensModel::FullOpencv => &[0.21, -0.3, 0.0012, -0.0021, 0.1, 0.18, -0.25, 0.05],
            LensModel::Fov => &[0.92],
            LensModel::SimpleRadialFisheye => &[-0.04],
            LensModel::RadialFisheye => &[-0.04, 0.006],
            LensModel::OpencvFisheye => &[0.034, -0.012, 0.0042, -0.0009],
            LensModel::ThinPrismFisheye => &[
                0.034, -0.012, 0.0013, -0.0008, 0.0042, -0.0009, 0.0021, -0.0017,
            ],
            LensModel::RadTanThinPrismFisheye => &[
                -0.025, 0.09, -0.065, 0.013, 0.0011, -0.0004, 0.0007, -0.0011, -0.0008, 0.0002,
                0.0013, -0.0003,
            ],
        }
    };
    let lens = |model: LensModel| {
        let focal: &[f64] = match model.param_names()[0] {
            "f" => &[812.5],
            _ => &[812.5, 809.25],
        };
        let params = [focal, &[503.2, 377.1], coeffs(model)].concat();
        Lens::from_colmap(model, 1008, 756, &params).unwrap()
    };
    LensModel::all().map(lens).collect()
}

/// Two images for each lens around a small cloud, with observations that miss by less than a
/// pixel; the points' errors are the means of what they miss by. Names have spaces and folders.
fn model(seed: u64) -> PoseFile {
    let mut random = Pcg64Mcg::seed_from_u64(seed);
    let mut file = PoseFile::new(PoseFormat::ColmapBinary);
    let lenses = lenses();
    for i in 0..2 * lenses.len() {
        let axis = DVec3::new(random.random(), random.random(), random.random());
        let turn = DQuat::from_scaled_axis((axis - 0.5) * 6.0);
        let from = turn * DVec3::new(0.1, -0.2, -5.0);
        file.frames.push(Frame {
            image: format!("left eye/photo {}.jpg", i + 1),
            mask: None,
            optics: i / 2,
            c2w: DAffine3::from_rotation_translation(turn, from),
            split: None,
        });
    }
    let mut points = Points::default();
    for point in 0..20 {
        let position = DVec3::new(random.random(), random.random(), random.random()) - 0.5;
        let mut missed = Vec::new();
        for (frame, it) in (0..).zip(&file.frames) {
            let at = it.c2w.inverse().transform_point3(position);
            let Some(pixel) = lenses[it.optics].project(at) else {
                continue;
            };
            let miss = DVec2::new(random.random(), random.random()) - 0.5;
            missed.push(miss.length());
            points.observations.push(Observation {
                point,
                frame,
                pixel: pixel + miss,
            });
        }
        points.positions.push(position);
        points.colours.push([point as u8, 100, 255]);
        points
            .errors_px
            .push(missed.iter().sum::<f64>() / missed.len() as f64);
    }
    file.optics = lenses.into_iter().map(Optics::Lens).collect();
    file.points = points;
    file
}

/// The lenses of a model, all of which have sizes.
fn lenses_of(file: &PoseFile) -> Vec<Lens> {
    let lens = |it: &Optics| match it {
        Optics::Lens(lens) => lens.clone(),
        Optics::Relative(it) => panic!("no size: {it:?}"),
    };
    file.optics.iter().map(lens).collect()
}

/// Lens and pose of each frame.
fn cameras_of(file: &PoseFile) -> Vec<(usize, DAffine3)> {
    file.frames.iter().map(|it| (it.optics, it.c2w)).collect()
}

/// Largest difference of two poses' numbers.
fn pose_miss(a: DAffine3, b: DAffine3) -> f64 {
    let (a, b) = (a.to_cols_array(), b.to_cols_array());
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f64::max)
}

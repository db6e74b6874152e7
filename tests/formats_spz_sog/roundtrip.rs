//! What is written is read back, within the steps of the format, at every degree.

use glam::Vec3;
use recon::io::{FormatError, SplatFile, SplatFormat, sog, spz};

use super::{SPZ, Steps, random_splats};

const V3: SplatFormat = SplatFormat::Spz { version: 3 };
const V4: SplatFormat = SplatFormat::Spz { version: 4 };

#[test]
fn spz_of_both_versions_and_every_degree() {
    for format in [V3, V4] {
        for degree in 0..=3 {
            let splats = random_splats(700, degree, 5);
            let bytes = spz::write(&SplatFile::new(splats.clone(), format)).unwrap();
            let read = spz::read(&bytes).unwrap();
            assert_eq!(read.format, format);
            assert!(read.warnings.is_empty(), "{:?}", read.warnings);
            // The order is kept, too.
            let matches = SPZ.match_all(&read.splats, &splats);
            assert!(matches.iter().enumerate().all(|(i, it)| *it == Some(i)));
            // A second round changes nothing but the last digits of rotations, whose largest
            // component is computed.
            let again = spz::read(&spz::write(&read).unwrap()).unwrap().splats;
            let mut read = read.splats;
            SPZ.assert_same(&again, &read, "again");
            read.quats.clone_from(&again.quats);
            assert!(again == read, "{format:?}, degree {degree}");
        }
    }
}

#[test]
fn other_formats_become_spz_4_and_old_versions_are_not_written() {
    let file = SplatFile::new(random_splats(5, 1, 5), SplatFormat::Ply);
    let read = spz::read(&spz::write(&file).unwrap()).unwrap();
    assert_eq!(read.format, V4);
    for version in [1, 2, 5] {
        let error = spz::write(&SplatFile {
            format: SplatFormat::Spz { version },
            ..file.clone()
        });
        assert!(matches!(error, Err(FormatError::Unsupported(_))));
    }
}

#[test]
fn a_wide_scene_costs_fractional_bits_and_keeps_the_rest() {
    let mut splats = random_splats(100, 0, 6);
    splats.means[7] = Vec3::new(-7000.0, 3.0, 1.0);
    let read = spz::read(&spz::write(&SplatFile::new(splats.clone(), V4)).unwrap()).unwrap();
    // 7000 needs 13 bits beside the sign, which leaves 10.
    let wide = Steps {
        mean: 0.5 / 1024.0,
        ..SPZ
    };
    wide.assert_same(&read.splats, &splats, "wide");
    splats.means[7].x = 1e9;
    let error = spz::write(&SplatFile::new(splats, V4))
        .unwrap_err()
        .to_string();
    assert!(error.contains("1000000000"), "{error}");
}

/// Steps of a `.sog` as ours rounds. Codebooks: 256 entries for 9000 even numbers within 4 units
/// and 2 units, twice the even gaps at the ends; the palette of these is not asserted here.
fn sog_steps() -> Steps {
    let log_of_extent = 2.0 * 6.0_f32.ln();
    Steps {
        mean_spread: 0.51 * log_of_extent / 65_535.0,
        mean: 1e-6,
        log_scale: 0.5 * 4.0 / 256.0 * 2.0,
        quat: 3.47 * 0.5 * std::f32::consts::SQRT_2 / 255.0,
        opacity: 0.5 / 255.0 + 1e-5,
        f_dc: 0.5 * 2.0 / 256.0 * 2.0,
        f_dc_max: f32::INFINITY,
        sh: [f32::INFINITY; 3],
    }
}

#[test]
fn sog_of_every_degree() {
    for degree in 0..=3 {
        let splats = random_splats(3000, degree, 5);
        let bytes = sog::write(&SplatFile::new(splats.clone(), SplatFormat::Sog)).unwrap();
        let read = sog::read(&bytes).unwrap();
        assert!(read.warnings.is_empty(), "{:?}", read.warnings);
        sog_steps().assert_same(&read.splats, &splats, "sog");
    }
}

#[test]
fn the_palette_of_a_sog_keeps_few_different_harmonics() {
    let mut splats = random_splats(2000, 3, 5);
    let (kept, others) = splats.sh_coeffs.split_at_mut(900 * 16);
    for (i, coeffs) in others.chunks_mut(16).enumerate() {
        let of = 16 * (i % 900);
        coeffs[1..].copy_from_slice(&kept[of + 1..of + 16]);
    }
    let bytes = sog::write(&SplatFile::new(splats.clone(), SplatFormat::Sog)).unwrap();
    let read = sog::read(&bytes).unwrap();
    // 900 different ones fit the palette of 1024: only the codebook rounds.
    let steps = Steps {
        sh: [0.5 * 2.0 / 256.0 * 2.0; 3],
        ..sog_steps()
    };
    steps.assert_same(&read.splats, &splats, "sog");
}

#[test]
fn the_same_splats_make_the_same_sog() {
    let file = SplatFile::new(random_splats(2500, 2, 11), SplatFormat::Sog);
    assert!(sog::write(&file).unwrap() == sog::write(&file).unwrap());
}

#[test]
fn the_antialiasing_flag_is_kept() {
    let splats = random_splats(10, 0, 1);
    for antialiased in [Some(true), Some(false)] {
        for format in [V3, V4, SplatFormat::Sog] {
            let file = SplatFile {
                antialiased,
                ..SplatFile::new(splats.clone(), format)
            };
            let read = match format {
                SplatFormat::Sog => sog::read(&sog::write(&file).unwrap()),
                _ => spz::read(&spz::write(&file).unwrap()),
            };
            assert_eq!(read.unwrap().antialiased, antialiased, "{format:?}");
        }
    }
    let file = SplatFile::new(splats, SplatFormat::Sog);
    let read = sog::read(&sog::write(&file).unwrap()).unwrap();
    assert_eq!(read.antialiased, None);
}

#[test]
fn a_flat_or_single_splat_is_kept() {
    let mut splats = random_splats(1, 3, 2);
    splats.log_scales[0] = Vec3::new(-4.0, -5.0, f32::NEG_INFINITY);
    splats.opacity_logits[0] = f32::INFINITY;
    splats.quats[0] = [0.0; 4];
    for format in [V3, V4, SplatFormat::Sog] {
        let file = SplatFile::new(splats.clone(), format);
        let (read, flat) = match format {
            SplatFormat::Sog => (sog::read(&sog::write(&file).unwrap()), -20.0),
            _ => (spz::read(&spz::write(&file).unwrap()), -10.0),
        };
        let read = read.unwrap().splats;
        assert_eq!(read.check(), Ok(()));
        assert_eq!(read.log_scales[0].z, flat, "{format:?}");
        assert!(0.99999 < read.opacity(0) && read.opacity_logits[0].is_finite());
        assert!(read.rotation(0).angle_between(glam::Quat::IDENTITY) < 0.01);
    }
}

#[test]
fn what_cannot_be_written_is_said() {
    let mut broken = random_splats(4, 1, 1);
    broken.sh_coeffs[6][1] = f32::NAN;
    for format in [V3, V4, SplatFormat::Sog] {
        let file = SplatFile::new(broken.clone(), format);
        let error = match format {
            SplatFormat::Sog => sog::write(&file),
            _ => spz::write(&file),
        };
        let error = error.unwrap_err().to_string();
        assert!(error.contains("the first is number 1"), "{error}");
    }
    let empty = SplatFile::new(random_splats(0, 0, 1), V4);
    let read = spz::read(&spz::write(&empty).unwrap()).unwrap();
    assert!(read.splats.is_empty());
    assert_eq!(read.warnings, ["holds no splats"]);
    assert!(matches!(
        sog::write(&empty),
        Err(FormatError::Unsupported(_))
    ));
}

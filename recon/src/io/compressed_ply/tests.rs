//! Packing and unpacking of generated splats.

use glam::Vec3;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use render::{Splats, sh};

use crate::io::morton::morton_order;
use crate::io::{SplatFile, SplatFormat, compressed_ply};

use super::pack::{
    Bounds, byte_from_sh, quat_from_word, sh_from_byte, unit_from_word, word_from_quat,
    word_from_unit,
};

fn file(count: usize, sh_degree: u32) -> SplatFile {
    let mut rng = Pcg64Mcg::seed_from_u64(11);
    let mut number = |half: f32| rng.random_range(-half..half);
    let mut vector = |half: f32| Vec3::new(number(half), number(half), number(half));
    let coeffs = count * sh::coeff_count(sh_degree);
    let splats = Splats {
        means: (0..count).map(|_| vector(10.0)).collect(),
        quats: (0..count)
            .map(|_| vector(1.0).extend(vector(1.0).x).to_array())
            .collect(),
        log_scales: (0..count).map(|_| vector(6.0)).collect(),
        opacity_logits: (0..count).map(|_| vector(5.0).x).collect(),
        sh_coeffs: (0..coeffs).map(|_| vector(1.5).to_array()).collect(),
        sh_degree,
    };
    SplatFile {
        antialiased: Some(true),
        comments: vec!["kept".to_owned()],
        ..SplatFile::new(splats, SplatFormat::CompressedPly)
    }
}

#[test]
fn words_round_to_the_nearest_step() {
    for unit in [Vec3::ZERO, Vec3::ONE, Vec3::new(0.3, 0.61, 0.97)] {
        let off = (unit_from_word(word_from_unit(unit)) - unit).abs();
        assert!(off.x <= 0.5 / 2047.0 && off.y <= 0.5 / 1023.0 && off.z <= 0.5 / 2047.0);
    }
    assert_eq!(word_from_unit(Vec3::X), 0xffe0_0000);
    assert_eq!(word_from_unit(Vec3::Y), 0x001f_f800);
    assert_eq!(word_from_unit(Vec3::Z), 0x0000_07ff);
    assert_eq!(word_from_unit(Vec3::splat(f32::NAN)), 0);
}

#[test]
fn quaternions_come_back_as_the_same_rotation() {
    for (quat, largest) in [
        ([1.0, 0.0, 0.0, 0.0], 0),
        ([0.1, -0.9, 0.2, 0.3], 1),
        ([-0.5, 0.5, 0.51, -0.5], 2),
        ([3.0, 4.0, 1.0, -5.0], 3),
    ] {
        let word = word_from_quat(quat);
        assert_eq!(word >> 30, largest);
        let norm = quat.iter().map(|it| it * it).sum::<f32>().sqrt();
        let dot: f32 = quat_from_word(word)
            .iter()
            .zip(quat)
            .map(|(a, b)| a * b / norm)
            .sum();
        assert!(0.999_99 < dot.abs(), "{quat:?}: {dot}");
    }
    assert_eq!(
        word_from_quat([0.0; 4]),
        word_from_quat([1.0, 0.0, 0.0, 0.0])
    );
}

#[test]
fn harmonics_keep_their_byte() {
    for byte in 0..=255 {
        assert_eq!(byte_from_sh(sh_from_byte(byte)), byte);
    }
    assert_eq!(sh_from_byte(byte_from_sh(9.0)), 4.0);
    assert_eq!(sh_from_byte(byte_from_sh(-9.0)), -4.0);
}

#[test]
fn bounds_without_extent_hold_their_point() {
    let point = Vec3::new(1.5, -2.0, 1e-20);
    let bounds = Bounds::of([point].into_iter());
    assert_eq!(bounds.point_from_unit(bounds.unit_from_point(point)), point);
}

#[test]
fn what_is_written_comes_back_within_the_quantisation() {
    for degree in 0..=3 {
        let file = file(700, degree);
        let written = compressed_ply::write(&file).unwrap();
        assert!(compressed_ply::is_compressed(&written));
        let read = compressed_ply::read(&written).unwrap();
        assert_eq!(read.splats.check(), Ok(()));
        assert_eq!(read.antialiased, Some(true));
        assert_eq!(read.comments[0], "kept");
        let order = morton_order(&file.splats.means);
        for (i, of) in order.into_iter().enumerate() {
            let (a, b) = (&read.splats, &file.splats);
            let of = of as usize;
            assert!((a.means[i] - b.means[of]).abs().max_element() < 20.0 / 2046.0 + 1e-5);
            let off = (a.log_scales[i] - b.log_scales[of]).abs();
            assert!(off.max_element() < 12.0 / 2046.0 + 1e-5);
            assert!((a.opacity(i) - b.opacity(of)).abs() < 0.51 / 255.0);
            // Half a step of each of three components, at worst all felt by the fourth: 2.4e-3.
            assert!(a.rotation(i).angle_between(b.rotation(of)) < 2.0 * 2.4e-3 + 7e-4);
            for (k, (a, b)) in a.sh(i).iter().zip(b.sh(of)).enumerate() {
                let step = if k == 0 { 3.0 / 509.0 } else { 4.001 / 256.0 };
                let off = (Vec3::from(*a) - Vec3::from(*b)).abs().max_element();
                assert!(off < step, "coefficient {k} is off by {off}");
            }
        }
    }
}

#[test]
fn old_files_without_colour_bounds_have_colours_from_0_to_1() {
    let written = compressed_ply::write(&file(1, 0)).unwrap();
    let text = String::from_utf8_lossy(&written).into_owned();
    let lines = ["min_r", "min_g", "min_b", "max_r", "max_g", "max_b"];
    let header = lines.iter().fold(text, |text, it| {
        text.replace(&format!("property float {it}\n"), "")
    });
    let mut old = header.into_bytes();
    old.truncate(written.len() - 6 * "property float min_r\n".len() - 72 - 16);
    let row = written.len() - 16;
    old.extend(&written[row - 72..row - 24]);
    old.extend(&written[row..row + 12]);
    old.extend([77, 255, 0, 51]); // opacity, blue, green, red: a little-endian word
    let read = compressed_ply::read(&old).unwrap().splats;
    let expected = [0.2, 0.0, 1.0].map(|it| (it - 0.5) / sh::C0);
    assert!((Vec3::from(read.sh(0)[0]) - Vec3::from(expected)).length() < 1e-5);
    assert!((read.opacity(0) - 77.0 / 255.0).abs() < 1e-6);
}

#[test]
fn tables_that_contradict_each_other_are_refused() {
    let written = compressed_ply::write(&file(300, 1)).unwrap();
    let end = written.len();
    for (from, to, cause) in [
        ("element chunk 2", "element chunk 1", "chunk"),
        ("element sh 300", "element sh 299", "299 rows of `sh`"),
        (
            "element chunk 2",
            "element chank 2",
            "without element `chunk`",
        ),
        ("uint packed_color", " int packed_color", "packed_color"),
        ("element vertex 300", "element vertex 999", "truncated"),
    ] {
        let text = written[..2000].escape_ascii().to_string();
        assert!(text.contains(from), "{from}");
        let at = written
            .windows(from.len())
            .position(|it| it == from.as_bytes())
            .unwrap();
        let mut broken = written.clone();
        broken[at..at + to.len()].copy_from_slice(to.as_bytes());
        let error = compressed_ply::read(&broken).unwrap_err().to_string();
        assert!(error.contains(cause), "{error}");
    }
    let error = compressed_ply::read(&written[..end - 1])
        .unwrap_err()
        .to_string();
    assert!(error.contains("truncated"), "{error}");
}

//! Generated PLY files of every layout, and files that are none.

use glam::Vec3;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use render::{Splats, sh};

use crate::io::{FormatError, SplatFile, SplatFormat, ply};

use super::layout::Scalar;

/// Values that f32, f64 and text all hold.
fn splats(count: usize, sh_degree: u32) -> Splats {
    let mut rng = Pcg64Mcg::seed_from_u64(7);
    let mut number = || rng.random_range(-4.0..4.0f32);
    let mut vector = || Vec3::new(number(), number(), number());
    let vectors: Vec<[Vec3; 3]> = (0..count).map(|_| [vector(), vector(), vector()]).collect();
    let coeffs = count * sh::coeff_count(sh_degree);
    Splats {
        means: vectors.iter().map(|it| it[0]).collect(),
        quats: vectors
            .iter()
            .map(|it| [it[1].x, it[1].y, 0.1, it[1].z])
            .collect(),
        log_scales: vectors.iter().map(|it| it[2]).collect(),
        opacity_logits: vectors.iter().map(|it| it[0].y - 1.0).collect(),
        sh_coeffs: (0..coeffs).map(|_| vector().to_array()).collect(),
        sh_degree,
    }
}

/// A PLY of one element `vertex`: names with types, and the values of each row.
struct Table {
    format: &'static str,
    properties: Vec<(String, Scalar)>,
    rows: Vec<Vec<f64>>,
}

impl Table {
    /// All parameters of `splats` under the names of the format, as `scalar`.
    fn of(splats: &Splats, format: &'static str, scalar: Scalar) -> Self {
        let numbered = |name: &str, n: usize| (0..n).map(|i| format!("{name}{i}")).collect();
        let rest = 3 * (splats.coeffs_per_splat() - 1);
        let names: [Vec<String>; 6] = [
            ["x", "y", "z"].map(str::to_owned).to_vec(),
            numbered("rot_", 4),
            numbered("scale_", 3),
            vec!["opacity".to_owned()],
            numbered("f_dc_", 3),
            numbered("f_rest_", rest),
        ];
        let row = |i: usize| {
            let sh = splats.sh(i);
            let mut row: Vec<f32> = splats.means[i].to_array().to_vec();
            row.extend(splats.quats[i]);
            row.extend(splats.log_scales[i].to_array());
            row.push(splats.opacity_logits[i]);
            row.extend(sh[0]);
            for channel in 0..3 {
                row.extend(sh[1..].iter().map(|it| it[channel]));
            }
            row.into_iter().map(f64::from).collect()
        };
        Self {
            format,
            properties: names.concat().into_iter().map(|it| (it, scalar)).collect(),
            rows: (0..splats.len()).map(row).collect(),
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let property =
            |(name, scalar): &(String, Scalar)| format!("property {} {name}\n", scalar.name());
        let properties: String = self.properties.iter().map(property).collect();
        let bytes = format!(
            "ply\nformat {} 1.0\nelement vertex {}\n{properties}end_header\n",
            self.format,
            self.rows.len()
        );
        let mut bytes = bytes.into_bytes();
        for row in &self.rows {
            for (value, (_, scalar)) in row.iter().zip(&self.properties) {
                bytes.extend(self.encode(*value, *scalar));
            }
            if self.format == "ascii" {
                bytes.push(b'\n');
            }
        }
        bytes
    }

    fn encode(&self, value: f64, scalar: Scalar) -> Vec<u8> {
        let mut bytes = match scalar {
            _ if self.format == "ascii" => return format!("{value} ").into_bytes(),
            Scalar::U8 => vec![value as u8],
            Scalar::I8 => (value as i8).to_le_bytes().to_vec(),
            Scalar::U16 => (value as u16).to_le_bytes().to_vec(),
            Scalar::I16 => (value as i16).to_le_bytes().to_vec(),
            Scalar::U32 => (value as u32).to_le_bytes().to_vec(),
            Scalar::I32 => (value as i32).to_le_bytes().to_vec(),
            Scalar::F32 => (value as f32).to_le_bytes().to_vec(),
            Scalar::F64 => value.to_le_bytes().to_vec(),
        };
        if self.format == "binary_big_endian" {
            bytes.reverse();
        }
        bytes
    }
}

const FORMATS: [&str; 3] = ["ascii", "binary_little_endian", "binary_big_endian"];

#[test]
fn every_encoding_and_float_type_reads_the_same() {
    for degree in 0..=3 {
        let splats = splats(9, degree);
        for format in FORMATS {
            for scalar in [Scalar::F32, Scalar::F64] {
                let read = ply::read(&Table::of(&splats, format, scalar).bytes()).unwrap();
                assert_eq!(read.splats, splats, "{format} {scalar:?} degree {degree}");
                assert!(read.warnings.is_empty(), "{:?}", read.warnings);
            }
        }
    }
}

#[test]
fn every_integer_type_is_read_with_its_sign() {
    for format in FORMATS {
        for scalar in [
            Scalar::I8,
            Scalar::U8,
            Scalar::I16,
            Scalar::U16,
            Scalar::I32,
            Scalar::U32,
        ] {
            let mut table = Table::of(&splats(1, 0), format, Scalar::F32);
            let signed = matches!(scalar, Scalar::I8 | Scalar::I16 | Scalar::I32);
            let x = if signed { -77.0 } else { 200.0 };
            table.properties[0].1 = scalar;
            table.rows[0][0] = x;
            let read = ply::read(&table.bytes()).unwrap().splats;
            assert_eq!(f64::from(read.means[0].x), x, "{format} {scalar:?}");
        }
    }
}

#[test]
fn what_is_written_is_read_bit_for_bit() {
    for degree in 0..=3 {
        let file = SplatFile {
            antialiased: Some(true),
            comments: vec!["first".to_owned(), "obj_info of a scanner".to_owned()],
            ..SplatFile::new(splats(5000, degree), SplatFormat::Ply)
        };
        let bytes = ply::write(&file).unwrap();
        let read = ply::read(&bytes).unwrap();
        assert_eq!(read.splats, file.splats);
        assert_eq!(read.antialiased, Some(true));
        assert_eq!(read.comments[..2], file.comments);
        assert_eq!(ply::write(&read).unwrap(), bytes);
    }
}

#[test]
fn a_comment_cannot_end_the_header() {
    let file = SplatFile {
        comments: vec!["a\nend_header\r\nb".to_owned()],
        ..SplatFile::new(splats(2, 0), SplatFormat::Ply)
    };
    let read = ply::read(&ply::write(&file).unwrap()).unwrap();
    assert_eq!(read.comments, ["a end_header  b"]);
    assert_eq!(read.splats, file.splats);
}

#[test]
fn lists_and_other_elements_are_stepped_over() {
    let splats = splats(3, 0);
    let plain = Table::of(&splats, "binary_little_endian", Scalar::F32).bytes();
    let text = String::from_utf8_lossy(&plain).into_owned();
    let header = &text[..text.find("element vertex").unwrap()];
    let properties: String = text
        .lines()
        .filter(|it| it.starts_with("property"))
        .fold(String::new(), |all, it| all + it + "\n");
    let header = format!(
        "{header}element nothing 1000000\n\
         element before 2\nproperty list uchar ushort them\nproperty float32 f\n\
         element vertex 3\n{properties}property list int8 double more\n\
         element after 1\nproperty list uint int face\nend_header\n"
    );
    let mut bytes = header.into_bytes();
    bytes.extend([2, 1, 0, 2, 0, 9, 9, 9, 9]); // before: 2 items and f
    bytes.extend([0, 9, 9, 9, 9]); // before: none and f
    let rows = &plain[plain.len() - 3 * 56..];
    for (i, row) in rows.chunks(56).enumerate() {
        bytes.extend(row);
        bytes.push(i as u8);
        bytes.extend(vec![7; 8 * i]);
    }
    bytes.extend([1, 0, 0, 0, 5, 0, 0, 0]);
    let read = ply::read(&bytes).unwrap();
    assert_eq!(read.splats, splats);
    assert!(read.warnings.is_empty(), "{:?}", read.warnings);
    // Cut off where it no longer matters.
    let read = ply::read(&bytes[..bytes.len() - 1]).unwrap();
    assert_eq!(read.splats, splats);
    assert!(read.warnings[0].contains("`after`"), "{:?}", read.warnings);
    // A list with a negative length.
    let at = bytes.len() - 8 - 17;
    bytes[at] = 0xff;
    let error = ply::read(&bytes).unwrap_err().to_string();
    assert!(error.contains("-1 items"), "{error}");
}

#[test]
fn text_with_lists_and_blank_lines() {
    let splats = splats(2, 0);
    let text = String::from_utf8(Table::of(&splats, "ascii", Scalar::F32).bytes()).unwrap();
    let text = text
        .replace(
            "element vertex",
            "element e 2\nproperty list int int l\nelement vertex",
        )
        .replace("end_header\n", "end_header\n2 7 8\n\n0\n")
        .replace('\n', "\r\n");
    assert_eq!(ply::read(text.as_bytes()).unwrap().splats, splats);
}

#[test]
fn degree_4_is_cut_and_other_counts_are_refused() {
    let mut table = Table::of(&splats(2, 3), "binary_little_endian", Scalar::F32);
    let bands = |channel: usize, i: usize| (100 * channel + i) as f64;
    table.properties.truncate(14);
    for row in &mut table.rows {
        row.truncate(14);
    }
    for channel in 0..3 {
        for i in 0..24 {
            let name = format!("f_rest_{}", 24 * channel + i);
            table.properties.push((name, Scalar::F32));
            for row in &mut table.rows {
                row.push(bands(channel, i));
            }
        }
    }
    let file = ply::read(&table.bytes()).unwrap();
    assert_eq!(file.splats.sh_degree, 3);
    assert_eq!(file.splats.sh(1)[1], [0.0, 100.0, 200.0]);
    assert_eq!(file.splats.sh(1)[15], [14.0, 114.0, 214.0]);
    assert!(file.warnings[0].contains("degree 4"), "{:?}", file.warnings);

    table.properties[20].0 = "f_rest_99".to_owned();
    let error = ply::read(&table.bytes()).unwrap_err().to_string();
    assert!(error.contains("`f_rest_6` is missing"), "{error}");
    table.properties[20].0 = "other".to_owned();
    let error = ply::read(&table.bytes()).unwrap_err().to_string();
    assert!(error.contains("71 f_rest"), "{error}");
}

#[test]
fn rgb_stands_in_for_the_base_colour() {
    for (scalar, full) in [
        (Scalar::U8, 255.0),
        (Scalar::U16, 65535.0),
        (Scalar::F32, 1.0),
        (Scalar::F64, 255.0),
    ] {
        let mut table = Table::of(&splats(2, 0), "binary_little_endian", Scalar::F32);
        for (i, name) in ["red", "green", "blue"].into_iter().enumerate() {
            table.properties[11 + i] = (name.to_owned(), scalar);
            table.rows[0][11 + i] = full * [0.0, 0.2, 1.0][i];
            table.rows[1][11 + i] = 0.0;
        }
        let file = ply::read(&table.bytes()).unwrap();
        let expected = [0.0, 0.2, 1.0].map(|it| (it - 0.5) / sh::C0);
        let off = Vec3::from(file.splats.sh(0)[0]) - Vec3::from(expected);
        assert!(off.length() < 1e-5, "{scalar:?}: {off}");
        assert!(file.warnings[0].contains("red"), "{:?}", file.warnings);
    }
}

#[test]
fn values_that_look_activated_are_warned_about_and_kept() {
    let mut splats = splats(20, 0);
    for i in 0..20 {
        splats.opacity_logits[i] = i as f32 / 19.0;
        splats.log_scales[i] = Vec3::splat(0.01);
    }
    let table = Table::of(&splats, "binary_little_endian", Scalar::F32);
    let file = ply::read(&table.bytes()).unwrap();
    assert_eq!(file.splats, splats);
    assert_eq!(file.warnings.len(), 2, "{:?}", file.warnings);
}

#[test]
fn what_is_no_splats_is_named() {
    let table = |names: &[&str], more: &str| {
        let properties = names
            .iter()
            .fold(String::new(), |all, it| all + "property float " + it + "\n");
        format!("ply\nformat ascii 1.0\nelement vertex 1\n{properties}{more}end_header\n0 0 0\n")
    };
    let face = "element face 1\nproperty list uchar int vertex_indices\n";
    for (text, says) in [
        (
            table(&["x", "y", "z"], ""),
            "a point cloud, not splats: vertex lacks rot_0",
        ),
        (
            table(&["x", "y", "z", "red", "green", "blue"], ""),
            "scale_0",
        ),
        (table(&["x", "y", "z"], face), "a mesh, not splats"),
        (table(&["x", "y", "z", "opacity"], ""), "not complete"),
        (
            "ply\nformat ascii 1.0\nend_header\n".to_owned(),
            "without element `vertex`",
        ),
        (table(&["packed_position"], ""), "compressed.ply"),
    ] {
        let error = ply::read(text.as_bytes()).unwrap_err();
        assert!(matches!(error, FormatError::Unsupported(_)), "{error}");
        assert!(error.to_string().contains(says), "{error}");
    }
    let mut flat = Table::of(&splats(1, 0), "ascii", Scalar::F32);
    flat.properties[9].0 = "label".to_owned();
    let error = ply::read(&flat.bytes()).unwrap_err().to_string();
    assert!(error.contains("2DGS"), "{error}");
}

#[test]
fn an_empty_table_opens_with_a_warning() {
    for format in FORMATS {
        let file = ply::read(&Table::of(&splats(0, 1), format, Scalar::F32).bytes()).unwrap();
        assert!(file.splats.is_empty());
        assert_eq!(file.splats.check(), Ok(()));
        assert!(
            file.warnings[0].contains("no splats"),
            "{:?}",
            file.warnings
        );
    }
}

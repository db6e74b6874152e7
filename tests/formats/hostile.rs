//! Damaged and hostile files: an error that names file and cause, never a panic, and no memory for
//! what a header merely claims.

use std::fs;

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use recon::io::{self, FormatError, SplatFile, SplatFormat, compressed_ply, ply, sog, splat, spz};

use super::random_splats;

type Reader = fn(&[u8]) -> Result<SplatFile, FormatError>;

/// A small sound file of each format, its ending and its reader.
fn samples() -> Vec<(&'static str, Vec<u8>, Reader)> {
    let file = |format| SplatFile {
        antialiased: Some(true),
        comments: vec!["a comment".to_owned()],
        ..SplatFile::new(random_splats(20, 1, 1), format)
    };
    let binary = ply::write(&file(SplatFormat::Ply)).unwrap();
    let ascii = ascii_ply();
    let packed = compressed_ply::write(&file(SplatFormat::CompressedPly)).unwrap();
    let rows = splat::write(&file(SplatFormat::Splat)).unwrap();
    let spz = |version| spz::write(&file(SplatFormat::Spz { version })).unwrap();
    let sog = sog::write(&file(SplatFormat::Sog)).unwrap();
    vec![
        (".ply", binary, ply::read),
        (".ply", ascii, ply::read),
        (".compressed.ply", packed, compressed_ply::read),
        (".splat", rows, splat::read),
        (".spz", spz(3), spz::read),
        (".spz", spz(4), spz::read),
        (".sog", sog, sog::read),
    ]
}

fn property_lines<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.fold(String::new(), |lines, it| {
        lines + "property float " + it + "\n"
    })
}

/// Text, with a list and an element in front of the splats.
fn ascii_ply() -> Vec<u8> {
    let names =
        "x y z rot_0 rot_1 rot_2 rot_3 scale_0 scale_1 scale_2 opacity f_dc_0 f_dc_1 f_dc_2";
    let properties = property_lines(names.split(' '));
    let rows = "0.5 -1 2e-3 1 0 0 0 -3 -4 -5 0.25 1 0 -1\n".repeat(10);
    format!(
        "ply\nformat ascii 1.0\nelement other 2\nproperty list uchar int l\n\
         element vertex 10\n{properties}end_header\n2 7 8\n0\n{rows}"
    )
    .into_bytes()
}

/// `name` with these contents does not open: the error names the file and contains `says`.
fn assert_refused(name: &str, bytes: &[u8], says: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    let error = io::open_splats(&path).unwrap_err().to_string();
    assert!(error.contains(name), "does not name {name}: {error}");
    assert!(error.contains(says), "{name} lacks `{says}`: {error}");
}

/// Whatever a reader lets through can be drawn.
fn assert_sound(file: &SplatFile) {
    let splats = &file.splats;
    assert_eq!(splats.check(), Ok(()));
    assert!(splats.means.iter().all(|it| it.is_finite()));
    assert!(splats.log_scales.iter().all(|it| it.is_finite()));
    assert!(splats.quats.as_flattened().iter().all(|it| it.is_finite()));
    assert!(splats.opacity_logits.iter().all(|it| it.is_finite()));
    assert!(
        splats
            .sh_coeffs
            .as_flattened()
            .iter()
            .all(|it| it.is_finite())
    );
}

/// The canonical header with another line, or another body.
fn with_line(from: &str, to: &str) -> Vec<u8> {
    let (_, bytes, _) = samples().swap_remove(1);
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.contains(from), "{from}");
    text.replacen(from, to, 1).into_bytes()
}

#[test]
fn headers_that_lie_are_refused_before_they_cost_anything() {
    for (from, to, says) in [
        ("vertex 10\n", "vertex 1152921504606846976\n", "truncated"),
        ("vertex 10\n", "vertex 18446744073709551615\n", "truncated"),
        (
            "vertex 10\n",
            "vertex 99999999999999999999999\n",
            "a count of",
        ),
        ("vertex 10\n", "vertex -5\n", "a count of `-5`"),
        ("vertex 10\n", "vertex\n", "line 5"),
        ("vertex 10\n", "vertex 11\n", "truncated"),
        ("other 2\n", "other 1152921504606846976\n", "truncated"),
        ("other 2\n", "other 3\n", "row 2 of `other`"),
        ("2 7 8\n", "-1 7 8\n", "a list of -1 items"),
        ("2 7 8\n", "1e300 7 8\n", "too few numbers"),
        ("2 7 8\n", "inf 7 8\n", "a list of inf items"),
        ("2 7 8\n", "2 7 8 9\n", "more numbers"),
        ("0.5 -1", "0.5 x", "property `y` is no number: `x`"),
        ("0.5 -1", "0.5\n-1", "too few numbers"),
        ("format ascii 1.0\n", "", "without a `format`"),
        ("ascii", "middle_endian", "`middle_endian`"),
        ("1.0", "2.0", "version `2.0`"),
        ("float x", "quaternion x", "unknown type, `quaternion`"),
        ("float y", "float x", "repeats the property `x`"),
        ("element other 2\n", "", "a property before any element"),
        (
            "element vertex",
            "element vertices",
            "without element `vertex`",
        ),
        ("end_header\n", "", "is not understood"),
        ("float x", "list uchar float x", "is a list"),
        ("ply\n", "ply \n", "not a PLY"),
    ] {
        let says = if to == "ply \n" {
            "content is text"
        } else {
            says
        };
        assert_refused("a.ply", &with_line(from, to), says);
    }
}

#[test]
fn what_is_not_utf8_is_refused_except_in_comments() {
    let mut bytes = with_line("element vertex", "comment by M_ller\nelement vertex");
    let at = bytes.iter().position(|it| *it == b'_').unwrap();
    bytes[at] = 0xfc;
    let file = ply::read(&bytes).unwrap();
    assert_eq!(file.comments, ["by M\u{fffd}ller"]);
    let mut bytes = with_line("float x", "float _");
    let at = bytes.iter().position(|it| *it == b'_').unwrap();
    bytes[at] = 0xfc;
    assert_refused("a.ply", &bytes, "line 6 of the PLY header is not text");
}

#[test]
fn huge_headers_are_read_or_refused_in_no_time() {
    let names: Vec<String> = (0..100_000).map(|i| format!("p{i}")).collect();
    let many = property_lines(names.iter().map(String::as_str));
    let bytes = with_line("end_header", &format!("{many}end_header"));
    assert_refused("a.ply", &bytes, "truncated");
    let bytes = with_line(
        "element vertex",
        &format!("element empty 9\n{many}element vertex"),
    );
    assert_refused("a.ply", &bytes, "truncated");
    let long = format!("comment {}\nend_header", "x".repeat(1 << 17));
    assert_refused("a.ply", &with_line("end_header", &long), "64 KiB");
    let nothing = "element nothing 18446744073709551615\nelement vertex";
    let file = ply::read(&with_line("element vertex", nothing)).unwrap();
    assert_eq!(file.splats.len(), 10);
    let mut binary = b"ply\n".to_vec();
    binary.resize(1 << 20, 0);
    assert_refused("a.ply", &binary, "64 KiB");
}

#[test]
fn files_of_other_kinds_are_called_by_their_name() {
    let mesh = b"ply\nformat ascii 1.0\nelement vertex 3\nproperty float x\nproperty float y\n\
        property float z\nelement face 1\nproperty list uchar int vertex_indices\nend_header\n\
        0 0 0\n0 0 1\n0 1 0\n3 0 1 2\n";
    let lfs = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n";
    assert_refused("mesh.ply", mesh, "a mesh, not splats");
    for name in ["a.ply", "a.splat", "a.spz", "a.sog", "a"] {
        assert_refused(name, lfs, "git lfs pull");
        assert_refused(name, b"", "empty");
    }
    assert_refused("a.ply", b"hello\n", "content is text");
    assert_refused("a.splat", &[1; 33], "33 bytes");
    assert_refused("a.glb", b"glTF\x02\0\0\0", ".glb");
    let folder = tempfile::tempdir().unwrap();
    let error = io::open_splats(folder.path()).unwrap_err().to_string();
    assert!(error.contains("meta.json"), "{error}");
}

#[test]
fn values_that_are_no_numbers_are_dropped_and_counted() {
    let bytes = with_line("0.5 -1", "nan -1");
    let file = ply::read(&bytes).unwrap();
    assert_sound(&file);
    assert_eq!(file.splats.len(), 9);
    assert_eq!(file.warnings.len(), 1);
    let bytes = with_line("-5 0.25", "-5 -inf");
    let file = ply::read(&bytes).unwrap();
    assert_sound(&file);
    assert_eq!(file.splats.len(), 10);
    assert!(
        file.warnings[0].contains("infinite opacity"),
        "{:?}",
        file.warnings
    );
}

#[test]
fn files_cut_off_anywhere_are_refused() {
    for (ending, bytes, reader) in samples() {
        assert_sound(&reader(&bytes).unwrap());
        for end in 0..bytes.len() {
            let result = reader(&bytes[..end]);
            match ending {
                // Every whole splat of a .splat is one.
                ".splat" if end % 32 == 0 && 0 < end => assert_sound(&result.unwrap()),
                // The last number of a text loses a digit, or the line its end: nothing shows it.
                ".ply" if bytes.len() - end <= 2 && bytes.ends_with(b"\n") => {}
                _ => {
                    let error = result.unwrap_err().to_string();
                    assert!(20 < error.len(), "{ending} cut at {end}: {error}");
                }
            }
        }
        // The same through a file.
        for end in [5, bytes.len() / 3, bytes.len() - 33] {
            assert_refused(&format!("cut{ending}"), &bytes[..end], "");
        }
    }
}

#[test]
fn flipped_bytes_never_panic() {
    const ROUNDS: usize = 20_000;
    let mut rng = Pcg64Mcg::seed_from_u64(2);
    for (_, bytes, reader) in samples() {
        for _ in 0..ROUNDS {
            let mut broken = bytes.clone();
            for _ in 0..rng.random_range(1..4) {
                let at = rng.random_range(0..broken.len());
                broken[at] = rng.random();
            }
            if rng.random_bool(0.2) {
                broken.truncate(rng.random_range(0..broken.len()));
            }
            if let Ok(file) = reader(&broken) {
                assert_sound(&file);
                // No more splats than the file has bytes for.
                assert!(file.splats.len() <= broken.len());
            }
        }
    }
}

//! Damaged and hostile files: an error that says what is wrong, never a panic, and no memory for
//! what is merely claimed.

use std::io::{Cursor, Read, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use recon::io::{FormatError, SplatFile, SplatFormat, sog, spz};
use zip::write::{SimpleFileOptions, ZipWriter};

use super::random_splats;

type Reader = fn(&[u8]) -> Result<SplatFile, FormatError>;

fn spz_bytes(version: u32) -> Vec<u8> {
    let format = SplatFormat::Spz { version };
    spz::write(&SplatFile::new(random_splats(40, 1, 1), format)).unwrap()
}

fn sog_bytes() -> Vec<u8> {
    sog::write(&SplatFile::new(random_splats(40, 1, 1), SplatFormat::Sog)).unwrap()
}

/// The contents of a gzip'd `.spz`: header and columns.
fn raw_spz() -> Vec<u8> {
    let mut raw = Vec::new();
    flate2::read::GzDecoder::new(&spz_bytes(3)[..])
        .read_to_end(&mut raw)
        .unwrap();
    raw
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The entries of an archive.
fn entries(archive: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = zip::ZipArchive::new(Cursor::new(archive)).unwrap();
    (0..archive.len())
        .map(|i| {
            let mut entry = archive.by_index(i).unwrap();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            (entry.name().unwrap().into_owned(), bytes)
        })
        .collect()
}

fn archive(entries: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        let options = SimpleFileOptions::default();
        zip.start_file(name.clone(), options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A `.sog` whose entries were changed.
fn changed_sog(change: impl FnOnce(&mut Vec<(String, Vec<u8>)>)) -> Vec<u8> {
    let mut entries = entries(&sog_bytes());
    change(&mut entries);
    archive(&entries)
}

/// A `.sog` in whose description `from` was replaced.
fn sog_that_says(from: &str, to: &str) -> Vec<u8> {
    changed_sog(|entries| {
        let meta = &mut entries.iter_mut().find(|it| it.0 == "meta.json").unwrap().1;
        let text = String::from_utf8(meta.clone()).unwrap();
        assert!(text.contains(from), "{text}");
        *meta = text.replacen(from, to, 1).into_bytes();
    })
}

fn assert_refused(read: Reader, bytes: &[u8], says: &str) {
    let error = read(bytes).unwrap_err().to_string();
    assert!(error.contains(says), "lacks `{says}`: {error}");
}

/// Whatever a reader lets through is consistent.
fn read_if_possible(read: Reader, bytes: &[u8]) {
    if let Ok(file) = read(bytes) {
        assert_eq!(file.splats.check(), Ok(()));
    }
}

#[test]
fn cut_files_are_refused() {
    for (read, bytes) in [
        (spz::read as Reader, spz_bytes(3)),
        (spz::read, spz_bytes(4)),
        (spz::read, raw_spz()),
        (sog::read, sog_bytes()),
    ] {
        for length in (0..bytes.len()).step_by(7) {
            let error = read(&bytes[..length]).unwrap_err().to_string();
            assert!(!error.is_empty());
        }
    }
    assert_refused(spz::read, &spz_bytes(4)[..60], "truncated: the table");
    assert_refused(spz::read, &raw_spz()[..10], "truncated: the SPZ header");
    assert_refused(spz::read, &raw_spz()[..100], "truncated: the SPZ columns");
}

#[test]
fn flipped_bytes_never_panic() {
    let mut rng = Pcg64Mcg::seed_from_u64(12);
    for (read, bytes) in [
        (spz::read as Reader, spz_bytes(3)),
        (spz::read, spz_bytes(4)),
        (spz::read, raw_spz()),
        (sog::read, sog_bytes()),
    ] {
        for _ in 0..2000 {
            let mut bytes = bytes.clone();
            for _ in 0..rng.random_range(1..4) {
                let at = rng.random_range(0..bytes.len());
                bytes[at] = rng.random();
            }
            read_if_possible(read, &bytes);
        }
    }
    // An archive checks its sums, so flip what lies in it, too.
    let entries = entries(&sog_bytes());
    for _ in 0..2000 {
        let mut entries = entries.clone();
        let entry = rng.random_range(0..entries.len());
        let bytes = &mut entries[entry].1;
        let at = rng.random_range(0..bytes.len());
        bytes[at] = rng.random();
        read_if_possible(sog::read, &archive(&entries));
    }
}

#[test]
fn claims_beyond_the_file_take_no_memory() {
    let claims = "claims 4294967295 splats";
    let mut raw = raw_spz();
    raw[8..12].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_refused(spz::read, &raw, claims);
    assert_refused(spz::read, &gzip(&raw), claims);
    let mut streams = spz_bytes(4);
    streams[8..12].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_refused(spz::read, &streams, claims);
    for count in ["4294967295", "18446744073709551615"] {
        let sog = sog_that_says("\"count\":40", &format!("\"count\":{count}"));
        assert_refused(sog::read, &sog, &format!("claims {count} splats"));
    }
}

#[test]
fn bombs_are_stopped() {
    // 40 splats are claimed; 64 MB arrive.
    let mut raw = raw_spz();
    raw.resize(64 << 20, 0);
    assert_refused(spz::read, &gzip(&raw), "goes on after");

    let mut streams = spz_bytes(4);
    let packed_bytes = u64::from_le_bytes(streams[32..40].try_into().unwrap()) as usize;
    let table_end = 32 + 6 * 16;
    let bomb = zstd_zeros(64 << 20);
    streams[32..40].copy_from_slice(&(bomb.len() as u64).to_le_bytes());
    streams.splice(table_end..table_end + packed_bytes, bomb);
    assert_refused(spz::read, &streams, "the positions goes on after");

    let sog = changed_sog(|entries| {
        entries.retain(|it| it.0 != "quats.webp");
        entries.push(("quats.webp".to_owned(), vec![0; 64 << 20]));
    });
    assert!(sog.len() < 1 << 20);
    assert_refused(sog::read, &sog, "quats.webp goes on after");
}

/// A zstd frame of zeros, in run-length blocks of 128 KiB (RFC 8878), without a compressor.
fn zstd_zeros(count: usize) -> Vec<u8> {
    const BLOCK: usize = 1 << 17;
    // Magic; no flags, so a window descriptor follows: 2^(10 + 7) bytes.
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 7 << 3];
    let blocks = count / BLOCK;
    for i in 0..blocks {
        // Bit 0: the last block; bits 1 and 2: run-length; above: how many bytes.
        let header = u32::from(i + 1 == blocks) | 1 << 1 | (BLOCK as u32) << 3;
        frame.extend(&header.to_le_bytes()[..3]);
        frame.push(0);
    }
    frame
}

#[test]
fn what_an_spz_header_says_is_checked() {
    let raw = raw_spz();
    for (at, value, says) in [
        (0, b'X', "neither like gzip nor with NGSP"),
        (4, 9, "SPZ version 9"),
        (4, 0, "SPZ version 0"),
        (12, 5, "harmonics of degree 5; at most 4"),
        (13, 25, "fractional bits of positions: 25; at most 24"),
        (14, 0x80, "levels of detail"),
        (8, 39, "bytes follow the 39 splats"),
        (8, 41, "truncated: the SPZ columns"),
    ] {
        let mut raw = raw.clone();
        raw[at] = value;
        assert_refused(spz::read, &raw, says);
    }
    let mut as_v4 = raw;
    as_v4[4] = 4;
    assert_refused(spz::read, &gzip(&as_v4), "version 4 inside gzip");
    let mut streams = spz_bytes(4);
    streams[15] = 3;
    assert_refused(spz::read, &streams, "has only 3 streams");
    streams[16] = 8;
    assert_refused(spz::read, &streams, "inside the header");
    assert_refused(spz::read, b"", "neither");
    assert_refused(spz::read, &gzip(b""), "truncated: the SPZ header");
}

#[test]
fn old_positions_extensions_and_degree_4_are_read() {
    // Version 1 has f16 positions: splat 0 at (1, -2, 0.5) in RUB.
    let columns = [128_u8, 255, 10, 20, 30, 160, 160, 160, 128, 128, 128];
    let mut v1 = b"NGSP\x01\0\0\0\x01\0\0\0\0\x0c\x02\0".to_vec();
    for half in [0x3c00_u16, 0xc000, 0x3800] {
        v1.extend(half.to_le_bytes());
    }
    v1.extend(&columns[1..]);
    // Its extension is not known, and skipped.
    v1.extend([1, 0, 0x34, 0x12, 2, 0, 0, 0, 7, 7]);
    let file = spz::read(&gzip(&v1)).unwrap();
    assert_eq!(file.splats.means[0].to_array(), [1.0, 2.0, -0.5]);
    assert_eq!(file.splats.log_scales[0].to_array(), [0.0; 3]);
    assert_eq!(file.warnings.len(), 1, "{:?}", file.warnings);
    assert!(file.warnings[0].contains("0x12340001 (2 bytes)"));

    let mut v3 = b"NGSP\x03\0\0\0\x01\0\0\0\x04\x0c\0\0".to_vec();
    v3.extend([0; 9 + 1 + 3 + 3 + 4]);
    v3.extend([192; 72]);
    let file = spz::read(&gzip(&v3)).unwrap();
    assert_eq!((file.splats.sh_degree, file.splats.check()), (3, Ok(())));
    assert!(
        file.splats.sh(0)[1..]
            .iter()
            .flatten()
            .all(|it| it.abs() == 0.5)
    );
    assert_eq!(
        file.warnings,
        ["spherical harmonics of degree 4 were cut to degree 3"]
    );
}

#[test]
fn archives_that_reach_outside_are_refused() {
    for name in ["../evil.webp", "/etc/evil", "a/../../evil", "..\\evil"] {
        let sog = changed_sog(|entries| entries.push((name.to_owned(), vec![1])));
        assert_refused(sog::read, &sog, "leaves its folder");
    }
    for name in ["../../secret.webp", "/etc/passwd", "sub/quats.webp", ""] {
        let sog = sog_that_says("quats.webp", name);
        assert_refused(sog::read, &sog, "not a plain file name");
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in entries(&sog) {
            std::fs::write(folder.path().join(name), bytes).unwrap();
        }
        let error = sog::read_folder(folder.path()).unwrap_err().to_string();
        assert!(error.contains("not a plain file name"), "{error}");
    }
}

#[test]
fn what_a_sog_says_is_checked() {
    for (from, to, says) in [
        ("quats.webp", "other.webp", "other.webp is missing"),
        ("\"version\":2", "\"version\":7", "SOG version 7"),
        (
            "\"version\":2",
            "\"version\":",
            "meta.json is no SOG description",
        ),
        (
            "\"count\":40",
            "\"count\":-1",
            "meta.json is no SOG description",
        ),
        ("\"count\":40,", "", "does not say count"),
        ("\"count\":40", "\"count\":900", "pixels for 900 splats"),
        ("\"means\"", "\"Means\"", "missing field `means`"),
        (
            "\"bands\":1",
            "\"bands\":2",
            "harmonics of degree 2 take 512",
        ),
        ("\"bands\":1", "\"bands\":4", "1 to 3 are possible"),
        ("\"mins\":[", "\"mins\":[9e99,", "meta.json"),
        ("\"codebook\":[", "\"codebook\":[1.5,", "257 entries"),
        ("\"codebook\":[", "\"codebook\":[1e999,", "meta.json"),
    ] {
        assert_refused(sog::read, &sog_that_says(from, to), says);
    }
    assert_refused(sog::read, b"PK\x03\x04", "not a readable zip");
    assert_refused(sog::read, &archive(&[]), "meta.json is missing");
}

#[test]
fn images_of_other_sizes_and_kinds_are_refused() {
    let with_quats = |image: &[u8]| {
        changed_sog(|entries| {
            let at = entries.iter().position(|it| it.0 == "quats.webp").unwrap();
            entries[at].1 = image.to_vec();
        })
    };
    let labels = |name: &str| {
        let all = entries(&sog_bytes());
        all.into_iter().find(|it| it.0 == name).unwrap().1
    };
    let palette = labels("shN_centroids.webp");
    assert_refused(
        sog::read,
        &with_quats(&palette),
        "quats.webp: 192×1 pixels where",
    );
    assert_refused(
        sog::read,
        &with_quats(b"\x89PNG\r\n"),
        "not a readable WebP",
    );
    // The header of a lossy image (a VP8 key frame) of 8 by 8 pixels.
    let lossy = b"RIFF\x1e\0\0\0WEBPVP8 \x12\0\0\0\x10\0\0\x9d\x01\x2a\x08\0\x08\0\0\0\0\0\0\0\0\0";
    assert_refused(sog::read, &with_quats(lossy), "lossy");
    // The header of a lossless image of 16,383 by 16,383 pixels, which would take a gigabyte.
    let mut huge = b"RIFF\x1e\0\0\0WEBPVP8L\x12\0\0\0\x2f".to_vec();
    huge.extend((0x3ffe_u32 | 0x3ffe << 14).to_le_bytes());
    huge.resize(64, 0);
    assert_refused(
        sog::read,
        &with_quats(&huge),
        "16383×16383 pixels for 40 splats",
    );
}

#[test]
fn bad_labels_and_tags_are_warnings() {
    // All labels name entry 0 to 31; say that there are only two entries.
    let sog = sog_that_says("\"shN\":{\"count\":32", "\"shN\":{\"count\":2");
    let file = sog::read(&sog).unwrap();
    assert_eq!(file.splats.check(), Ok(()));
    assert!(
        file.warnings[0].contains("beyond the 2 of the palette"),
        "{:?}",
        file.warnings
    );

    let sog = changed_sog(|entries| {
        let scales = entries
            .iter()
            .find(|it| it.0 == "sh0.webp")
            .unwrap()
            .1
            .clone();
        entries
            .iter_mut()
            .find(|it| it.0 == "quats.webp")
            .unwrap()
            .1 = scales;
    });
    let file = sog::read(&sog).unwrap();
    assert!(
        file.warnings[0].contains("rotations have no valid tag"),
        "{:?}",
        file.warnings
    );
}

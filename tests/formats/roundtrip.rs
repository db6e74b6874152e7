//! What is written is what was read, as far as the format can hold it.

use std::fs;

use recon::io::{self, SplatFile, SplatFormat, losses, ply};
use tests::test_data;

use super::{Distance, open, random_splats};

#[test]
fn ply_to_ply_keeps_every_byte_of_the_canonical_layout() {
    let Some(data) = test_data() else { return };
    let canonical = [
        "data/import_zoo/sh0.ply",
        "data/import_zoo/sh1.ply",
        "data/import_zoo/sh2.ply",
        "data/import_zoo/sh3.ply",
        "data/import_zoo/sh0_unnormalised_quats.ply",
        "data/splats_garden/garden_sh0_138766.ply",
        "data/splat_fixtures_others/gaussian-splat-tools/test-splat.3-points-from-train.ply",
        "fixtures/raster/r2_sh3_binary.ply",
        "fixtures/raster/r2_sh0_binary.ply",
    ];
    for name in canonical {
        let path = data.join(name);
        let written = ply::write(&open(&path)).unwrap();
        assert!(written == fs::read(&path).unwrap(), "{name}");
    }
}

#[test]
fn other_layouts_become_the_canonical_one_bit_for_bit() {
    let Some(data) = test_data() else { return };
    let zoo = data.join("data/import_zoo");
    let canonical = fs::read(zoo.join("sh3.ply")).unwrap();
    for name in [
        "sh3_big_endian.ply",
        "sh3_crlf_header.ply",
        "sh3_double.ply",
        "sh3_no_normals.ply",
        "sh3_shuffled_properties.ply",
    ] {
        let written = ply::write(&open(&zoo.join(name))).unwrap();
        assert!(written == canonical, "{name}");
    }
    let folder = data.join("fixtures/raster");
    let text = ply::write(&open(&folder.join("r2_sh3_ascii.ply"))).unwrap();
    assert!(text == fs::read(folder.join("r2_sh3_binary.ply")).unwrap());
    let file = open(&zoo.join("sh3_extra_properties.ply"));
    let written = ply::write(&file).unwrap();
    let body = 500 * 248;
    assert!(written[written.len() - body..] == canonical[canonical.len() - body..]);
    assert_eq!(ply::read(&written).unwrap(), file);
}

#[test]
fn every_format_is_saved_and_opened_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.ply", "a.compressed.ply", "a.splat", "a.spz", "a.sog"] {
        let path = folder.path().join(name);
        let format = SplatFormat::from_path(&path).unwrap();
        let file = SplatFile::new(random_splats(600, 2, 3), format);
        io::save(&path, &file).unwrap();
        let read = open(&path);
        assert_eq!(read.format, format);
        assert!(read.warnings.is_empty(), "{name}: {:?}", read.warnings);
        assert_eq!(read.splats.len(), 600);
        let has_bands = read.splats.sh_degree == 2;
        let left_out = losses(&file, format).concat().contains("SH degree 2");
        assert_eq!(has_bands, !left_out, "{name}");
        // What was read and is written again stays, whatever the format rounds.
        let again = folder.path().join(format!("again-{name}"));
        io::save(&again, &read).unwrap();
        let again = open(&again).splats;
        let off = (0..600)
            .map(|i| {
                let others = (0..600).map(|j| Distance::between(&again, i, &read.splats, j));
                others
                    .min_by(|a, b| a.mean.length().total_cmp(&b.mean.length()))
                    .unwrap()
            })
            .reduce(Distance::max)
            .unwrap();
        // A second rounding in other chunks may differ from the first by a step.
        assert!(off.mean.max_element() < 10.0 / 1023.0, "{name}: {off:?}");
        assert!(off.rotation < 0.04, "{name}: {off:?}");
        assert!(off.opacity < 1.001 / 255.0, "{name}: {off:?}");
    }
}

#[test]
fn a_misleading_name_is_warned_about() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.splat");
    let file = SplatFile::new(random_splats(5, 0, 4), SplatFormat::Ply);
    io::save(&path, &file).unwrap();
    let read = open(&path);
    assert_eq!(read.splats, file.splats);
    assert!(
        read.warnings[0].contains("named as .splat"),
        "{:?}",
        read.warnings
    );
}

#[test]
fn the_antialias_flag_travels() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.ply", "a.compressed.ply", "a.spz", "a.sog"] {
        for antialiased in [None, Some(true), Some(false)] {
            let path = folder.path().join(name);
            let format = SplatFormat::from_path(&path).unwrap();
            let file = SplatFile {
                antialiased,
                ..SplatFile::new(random_splats(5, 0, 4), format)
            };
            io::save(&path, &file).unwrap();
            // A bit of SPZ's header has no third state.
            let kept = antialiased.or((name == "a.spz").then_some(false));
            assert_eq!(open(&path).antialiased, kept, "{name}");
        }
    }
}

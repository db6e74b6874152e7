//! A real scene in the files of splat-transform and in ours.

use glam::Vec3;
use recon::io::{SplatFormat, sog, spz};
use render::Splats;
use tests::test_data;

use super::{SPZ, Steps, file_of, open};

/// The `.ply`, whose 17 columns are all f32 in the canonical order, without a reader.
fn plain(folder: &std::path::Path) -> Splats {
    let bytes = std::fs::read(folder.join("garden_sh0_138766.ply")).unwrap();
    let end = b"end_header\n";
    let at = bytes.windows(end.len()).position(|it| it == end).unwrap() + end.len();
    let rows: Vec<[f32; 17]> = bytes[at..]
        .as_chunks::<68>()
        .0
        .iter()
        .map(|row| {
            let numbers = row.as_chunks::<4>().0;
            std::array::from_fn(|k| f32::from_le_bytes(numbers[k]))
        })
        .collect();
    Splats {
        means: rows.iter().map(|it| Vec3::from_slice(it)).collect(),
        sh_coeffs: rows.iter().map(|it| [it[6], it[7], it[8]]).collect(),
        opacity_logits: rows.iter().map(|it| it[9]).collect(),
        log_scales: rows.iter().map(|it| Vec3::from_slice(&it[10..])).collect(),
        quats: rows
            .iter()
            .map(|it| [it[13], it[14], it[15], it[16]])
            .collect(),
        sh_degree: 0,
    }
}

/// Of a `.sog` of the garden, whose codebooks have gaps of at most this.
const SOG: Steps = Steps {
    mean_spread: 5.2 / 65_535.0 * 1.01,
    mean: 1e-6,
    log_scale: 0.1,
    quat: 3.47 * std::f32::consts::SQRT_2 / 255.0,
    opacity: 1.0 / 255.0 + 1e-5,
    f_dc: 0.03,
    f_dc_max: f32::INFINITY,
    sh: [0.0; 3],
};

#[test]
fn the_packed_gardens_are_the_garden() {
    let Some(data) = test_data() else { return };
    let folder = data.join("data/splats_garden");
    let plain = plain(&folder);
    for (name, steps, format) in [
        (
            "garden_sh0_138766.spz",
            SPZ,
            SplatFormat::Spz { version: 4 },
        ),
        (
            "garden_sh0_138766_v3.spz",
            SPZ,
            SplatFormat::Spz { version: 3 },
        ),
        ("garden_sh0_138766.sog", SOG, SplatFormat::Sog),
    ] {
        let file = open(&folder.join(name));
        assert_eq!(file.format, format);
        assert!(file.warnings.is_empty(), "{name}: {:?}", file.warnings);
        steps.assert_same(&file.splats, &plain, name);
    }
}

#[test]
fn our_packed_gardens_are_the_garden() {
    let Some(data) = test_data() else { return };
    let plain = plain(&data.join("data/splats_garden"));
    for version in [3, 4] {
        let format = SplatFormat::Spz { version };
        let bytes = spz::write(&file_of(plain.clone(), format)).unwrap();
        let read = spz::read(&bytes).unwrap();
        assert_eq!(read.format, format);
        SPZ.assert_same(&read.splats, &plain, "spz");
    }
    // We round where splat-transform cuts: half its steps.
    let half = Steps {
        mean_spread: 0.5 * SOG.mean_spread,
        quat: 0.5 * SOG.quat,
        opacity: 0.5 / 255.0 + 1e-5,
        ..SOG
    };
    let bytes = sog::write(&file_of(plain.clone(), SplatFormat::Sog)).unwrap();
    let read = sog::read(&bytes).unwrap();
    half.assert_same(&read.splats, &plain, "sog");
}

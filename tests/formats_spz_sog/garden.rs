//! A real scene in the files of splat-transform and in ours.

use recon::io::{SplatFile, SplatFormat, sog, spz};
use tests::test_data;

use super::{SPZ, Steps, open};

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
    let plain = open(&folder.join("garden_sh0_138766.ply")).splats;
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
    let plain = open(&data.join("data/splats_garden/garden_sh0_138766.ply")).splats;
    for version in [3, 4] {
        let format = SplatFormat::Spz { version };
        let bytes = spz::write(&SplatFile::new(plain.clone(), format)).unwrap();
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
    let bytes = sog::write(&SplatFile::new(plain.clone(), SplatFormat::Sog)).unwrap();
    let read = sog::read(&bytes).unwrap();
    half.assert_same(&read.splats, &plain, "sog");
}

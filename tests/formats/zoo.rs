//! The same 500 splats as written by several programs, against the numbers they were made from.

use glam::Vec3;
use recon::io::SplatFormat;
use render::{Splats, sh};
use tests::{npz, test_data};

use super::{Distance, open};

/// The splats that all files of the zoo hold.
pub(crate) fn reference(zoo: &std::path::Path) -> Splats {
    let arrays = npz::read(&zoo.join("reference.npz"));
    let base = arrays["f_dc"].rows::<3>();
    let rest = arrays["f_rest_inria_channel_major"].rows::<45>();
    let coeffs = |(base, rest): (&[f32; 3], &[f32; 45])| {
        let mut coeffs = vec![*base];
        coeffs.extend((0..15).map(|k| [rest[k], rest[15 + k], rest[30 + k]]));
        coeffs
    };
    let vectors = |name: &str| -> Vec<Vec3> {
        let rows = arrays[name].rows::<3>();
        rows.into_iter().map(Vec3::from).collect()
    };
    Splats {
        means: vectors("means"),
        quats: arrays["quat_wxyz"].rows(),
        log_scales: vectors("log_scales"),
        opacity_logits: arrays["opacity_logit"].rows::<1>().concat(),
        sh_coeffs: base.iter().zip(&rest).flat_map(coeffs).collect(),
        sh_degree: 3,
    }
}

#[test]
fn ply_files_of_every_layout_are_exact() {
    let Some(data) = test_data() else { return };
    let zoo = data.join("data/import_zoo");
    let reference = reference(&zoo);
    for (name, degree) in [
        ("sh0.ply", 0),
        ("sh1.ply", 1),
        ("sh2.ply", 2),
        ("sh3.ply", 3),
        ("sh0_sharp_like_extra_elements.ply", 0),
        ("sh3_big_endian.ply", 3),
        ("sh3_crlf_header.ply", 3),
        ("sh3_double.ply", 3),
        ("sh3_extra_properties.ply", 3),
        ("sh3_no_normals.ply", 3),
        ("sh3_shuffled_properties.ply", 3),
    ] {
        let file = open(&zoo.join(name));
        assert_eq!(file.format, SplatFormat::Ply);
        assert!(file.splats == reference.with_sh_degree(degree), "{name}");
        assert!(file.warnings.is_empty(), "{name}: {:?}", file.warnings);
    }
}

#[test]
fn text_is_exact_to_the_last_digit_it_has() {
    let Some(data) = test_data() else { return };
    let zoo = data.join("data/import_zoo");
    let reference = reference(&zoo);
    let read = open(&zoo.join("sh3_ascii.ply")).splats;
    let same = |a: f32, b: f32| {
        // The text has nine digits of numbers that were rounded to f32 only for the other files.
        let off = a.to_bits().abs_diff(b.to_bits());
        assert!(off <= 1, "{a} and {b}");
    };
    for i in 0..500 {
        (0..3).for_each(|k| same(read.means[i][k], reference.means[i][k]));
        (0..3).for_each(|k| same(read.log_scales[i][k], reference.log_scales[i][k]));
        (0..4).for_each(|k| same(read.quats[i][k], reference.quats[i][k]));
        same(read.opacity_logits[i], reference.opacity_logits[i]);
        let coeffs = read.sh(i).as_flattened().iter();
        let pairs = coeffs.zip(reference.sh(i).as_flattened());
        pairs.for_each(|(a, b)| same(*a, *b));
    }
}

#[test]
fn unnormalised_quaternions_stay_as_they_are_and_turn_the_same() {
    let Some(data) = test_data() else { return };
    let zoo = data.join("data/import_zoo");
    let reference = reference(&zoo);
    let read = open(&zoo.join("sh0_unnormalised_quats.ply")).splats;
    let norm = |it: &[f32; 4]| it.iter().map(|it| it * it).sum::<f32>().sqrt();
    assert!(read.quats.iter().any(|it| 0.1 < (norm(it) - 1.0).abs()));
    for i in 0..500 {
        let off = Distance::between(&read, i, &reference, i).rotation;
        assert!(off < 1e-6, "splat {i} is turned by {off}");
    }
}

#[test]
fn comments_and_the_antialias_flag_are_kept() {
    let Some(data) = test_data() else { return };
    let file = open(&data.join("data/import_zoo/sh3_extra_properties.ply"));
    assert_eq!(
        file.comments,
        [
            "generated for import tests",
            "Vertical axis: y",
            "SplatRenderMode: default"
        ]
    );
    assert_eq!(file.antialiased, Some(false));
}

#[test]
fn rgb_colours_agree_to_a_byte() {
    let Some(data) = test_data() else { return };
    let zoo = data.join("data/import_zoo");
    let reference = reference(&zoo);
    let file = open(&zoo.join("rgb_instead_of_fdc_nerfstudio_rgb_mode.ply"));
    let read = &file.splats;
    assert_eq!((read.len(), read.sh_degree), (500, 0));
    assert_eq!(read.means, reference.means);
    assert_eq!(read.log_scales, reference.log_scales);
    for i in 0..500 {
        let shown = |splats: &Splats| 0.5 + sh::C0 * Vec3::from(splats.sh(i)[0]);
        let clamped = shown(&reference).clamp(Vec3::ZERO, Vec3::ONE);
        let off = (shown(read) - clamped).abs().max_element();
        // The writer may have rounded down.
        assert!(off < 1.001 / 255.0, "splat {i} is off by {off}");
    }
    assert!(file.warnings[0].contains("red, green, blue"));
}

/// Which splat of `reference` each of `read` is, each used once. Files may change the order.
fn matching(read: &Splats, reference: &Splats) -> Vec<usize> {
    let score = |i: usize, j: usize| {
        let off = Distance::between(read, i, reference, j);
        off.mean.element_sum() + off.log_scale + off.opacity + off.colour
    };
    let matching: Vec<usize> = (0..read.len())
        .map(|i| {
            let scores = (0..reference.len()).map(|j| (score(i, j), j));
            scores.min_by(|a, b| a.0.total_cmp(&b.0)).unwrap().1
        })
        .collect();
    let mut used = matching.clone();
    used.sort_unstable();
    assert_eq!(used, (0..reference.len()).collect::<Vec<_>>());
    matching
}

fn largest_distance(read: &Splats, reference: &Splats) -> Distance {
    let pairs = matching(read, reference).into_iter().enumerate();
    pairs
        .map(|(i, j)| Distance::between(read, i, reference, j))
        .reduce(Distance::max)
        .unwrap()
}

#[test]
fn splat_files_agree_to_a_byte() {
    let Some(data) = test_data() else { return };
    let zoo = data.join("data/import_zoo");
    let mut reference = reference(&zoo).with_sh_degree(0);
    // A byte cannot hold what is outside of 0 to 1.
    for value in reference.sh_coeffs.as_flattened_mut() {
        *value = value.clamp(-0.5 / sh::C0, 0.5 / sh::C0);
    }
    let read = open(&zoo.join("antimatter15.splat")).splats;
    let off = largest_distance(&read, &reference);
    assert_eq!(off.mean, Vec3::ZERO);
    assert!(off.log_scale < 1e-6, "{off:?}");
    // Four components, each off by up to one step of 1/128 (rounded down), and the angle is twice.
    assert!(off.rotation < 4.0 / 128.0, "{off:?}");
    // The writer may have rounded down.
    assert!(off.opacity < 1.001 / 255.0, "{off:?}");
    assert!(off.colour < 1.001 / 255.0, "{off:?}");
}

#[test]
fn compressed_ply_agrees_within_its_bits() {
    let Some(data) = test_data() else { return };
    let zoo = data.join("data/import_zoo");
    let reference = reference(&zoo);
    let file = open(&zoo.join("sh3_by_splat_transform.compressed.ply"));
    assert_eq!(file.format, SplatFormat::CompressedPly);
    assert_eq!(file.comments, ["Generated by splat-transform 2.7.1"]);
    assert_eq!(file.splats.sh_degree, 3);
    let off = largest_distance(&file.splats, &reference);
    let (low, high) = reference.bounds().unwrap();
    let steps = Vec3::new(2047.0, 1023.0, 2047.0);
    assert!(
        off.mean.cmple(0.501 * (high - low) / steps).all(),
        "{off:?}"
    );
    // Log-scales of the zoo span less than 8.
    assert!(off.log_scale < 0.501 * 8.0 / 1023.0, "{off:?}");
    assert!(off.rotation < 2.0 * 2.4e-3, "{off:?}");
    assert!(off.opacity < 1.001 / 255.0, "{off:?}");
    let colours = reference.sh_coeffs.iter().step_by(16).flatten();
    let widest = colours.fold(0.0f32, |widest, it| widest.max(it.abs()));
    assert!(
        off.colour < 1.001 * 2.0 * widest * sh::C0 / 255.0,
        "{off:?}"
    );
    assert!(off.sh < 0.501 * 8.0 / 256.0, "{off:?}");
}

#[test]
fn fixture_files_agree_with_their_numbers() {
    let Some(data) = test_data() else { return };
    let folder = data.join("fixtures/raster");
    let text = std::fs::read_to_string(folder.join("ply_expected.json")).unwrap();
    let expected: serde_json::Value = serde_json::from_str(&text).unwrap();
    let numbers = |value: &serde_json::Value| -> Vec<f32> {
        let numbers = value.as_array().unwrap().iter();
        numbers.map(|it| it.as_f64().unwrap() as f32).collect()
    };
    for (name, degree) in [
        ("r2_sh3_binary.ply", 3),
        ("r2_sh3_ascii.ply", 3),
        ("r2_sh0_binary.ply", 0),
    ] {
        let read = open(&folder.join(name)).splats;
        assert_eq!((read.len(), read.sh_degree), (40, degree), "{name}");
        for splat in expected["splats"].as_array().unwrap() {
            let i = splat["index"].as_u64().unwrap() as usize;
            assert_eq!(read.means[i].to_array()[..], numbers(&splat["mean"]));
            assert_eq!(read.quats[i][..], numbers(&splat["quat_wxyz_raw"]));
            assert_eq!(
                read.log_scales[i].to_array()[..],
                numbers(&splat["log_scale"])
            );
            let logit = splat["opacity_logit"].as_f64().unwrap() as f32;
            assert_eq!(read.opacity_logits[i], logit);
            assert_eq!(read.sh(i)[0][..], numbers(&splat["sh_dc"]));
            let rest = splat["sh_rest_coef_major"].as_array().unwrap();
            for (coeff, expected) in read.sh(i)[1..].iter().zip(rest) {
                assert_eq!(coeff[..], numbers(expected));
            }
            let scales = Vec3::from_slice(&numbers(&splat["scale"]));
            assert!((read.scales(i) - scales).length() < 1e-6);
            let opacity = splat["opacity"].as_f64().unwrap() as f32;
            assert!((read.opacity(i) - opacity).abs() < 1e-6);
        }
    }
}

#[test]
fn files_of_gaussian_splat_tools_open() {
    let Some(data) = test_data() else { return };
    let others = data.join("data/splat_fixtures_others");
    let tools = others.join("gaussian-splat-tools");
    let train = open(&tools.join("test-splat.3-points-from-train.ply"));
    assert_eq!((train.splats.len(), train.splats.sh_degree), (3, 3));
    let one = open(&tools.join("OneSplat.splat")).splats;
    assert_eq!(one.len(), 1);
    assert_eq!(one.means[0].x.to_bits(), 0xc1ab_727a);
    assert!((one.scales(0).x - 1.771_841_8).abs() < 1e-5);
    assert!((one.opacity(0) - 1.0).abs() < 1e-5);
    let quat = [0xf7, 0x79, 0x59, 0x9a].map(|it: u8| f32::from(it) - 128.0);
    let norm = quat.iter().map(|it| it * it).sum::<f32>().sqrt();
    for (a, b) in one.quats[0].iter().zip(quat) {
        assert!((a - b / norm).abs() < 1e-6);
    }
    let tiny = open(&others.join("splat-transform/golden-render/tiny_scene.ply"));
    assert_eq!(tiny.splats.len(), 400);
    assert!(tiny.warnings.is_empty(), "{:?}", tiny.warnings);
    let minimal = open(&others.join("splat-transform/splat/minimal.splat"));
    assert_eq!(minimal.splats.len(), 4);
}

#[test]
fn what_is_no_splats_is_refused_by_name() {
    let Some(data) = test_data() else { return };
    let lfs = "snowmiku_simple_radial/inria_output/point_cloud/iteration_30000/point_cloud.ply";
    for (name, says) in [
        ("brush_test_dataset/init.ply", "a point cloud, not splats"),
        ("fox_half/sparse.ply", "scale_0"),
        ("import_zoo/sh3_by_splat_transform.glb", ".glb"),
        ("import_zoo/reference.npz", "reference.npz"),
        ("import_zoo/SOURCE.txt", "text"),
        (
            "splat_fixtures_others/splat-transform/splat/minimal.ksplat",
            ".ksplat",
        ),
        (
            "splat_fixtures_others/splat-transform/golden-render/tiny.webp",
            "an image",
        ),
        ("import_zoo", "meta.json"),
        (lfs, "git lfs pull"),
    ] {
        let path = data.join("data").join(name);
        let error = recon::io::open_splats(&path).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
        assert!(error.contains(&path.display().to_string()), "{error}");
    }
}

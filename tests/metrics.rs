//! Metrics agree with the programs that papers measured with.
//!
//! LPIPS is checked on weights made by a formula, with figures that the authors' program (lpips
//! 0.1.4 on PyTorch, double precision) gave for the same weights and pictures.

mod lpips;
mod weights;

use recon::metrics::{
    EvalReport, Mask, MaskRule, MetricsError, Picture, Precision, Protocol, Scores, SsimVariant,
    ViewScores, difference, measure, psnr, ssim, ssim_map,
};
use tests::fixtures::Tensors;
use tests::test_data;

/// Number `i` of a sequence without pattern, −0.5 to 0.5: a product by 2³² over the golden ratio,
/// modulo 2³².
fn hash(i: usize) -> f64 {
    let product = (i as u64).wrapping_mul(2_654_435_761) & 0xffff_ffff;
    product as f64 / (1_u64 << 32) as f64 - 0.5
}

/// Waves, and the same under noise.
fn pictures(width: u32, height: u32) -> [Picture; 2] {
    let (columns, rows) = (width as usize, height as usize);
    let wave = |k: usize, i: usize| {
        let (y, x) = ((i / columns) as f64, (i % columns) as f64);
        let k = k as f64;
        (0.5 + 0.4 * (0.13 * x * (k + 1.0)).sin() * (0.09 * y + 0.5 * k).cos()) as f32
    };
    let noise = |k: usize, i: usize| 0.2 * hash(k * columns * rows + i + 7);
    let waves = |i: usize| [0, 1, 2].map(|k| wave(k, i));
    let noisy = |i: usize| [0, 1, 2].map(|k| (f64::from(wave(k, i)) + noise(k, i)) as f32);
    let picture = |rgb| Picture::from_rgb(width, height, rgb).unwrap();
    [
        picture((0..columns * rows).map(waves).collect()),
        picture((0..columns * rows).map(noisy).collect()),
    ]
}

/// Pictures of shape `[count, 3, height, width]`.
fn batch(values: &[f32], shape: &[usize]) -> Vec<Picture> {
    let [3, height, width] = shape[shape.len() - 3..] else {
        panic!("{shape:?}");
    };
    let pixels = height * width;
    let picture = |planes: &[f32]| {
        let rgb = (0..pixels).map(|i| [0, 1, 2].map(|k| planes[k * pixels + i]));
        Picture::from_rgb(width as u32, height as u32, rgb.collect()).unwrap()
    };
    values.chunks_exact(3 * pixels).map(picture).collect()
}

#[test]
fn psnr_and_scikits_ssim_agree_with_golden_figures() {
    let Some(data) = test_data() else { return };
    let golden = Tensors::open(&data.join("fixtures/tttlrm/h_losses.safetensors"));
    let [render, photo] =
        ["in/rendering", "in/target"].map(|it| batch(&golden.f32s(it), &golden.shape(it)));
    let expected = ["ref/psnr_per_image", "ref/ssim_per_image"].map(|it| golden.f64s(it));
    let mut worst = [0.0_f64; 2];
    for (i, (photo, render)) in photo.iter().zip(&render).enumerate() {
        let found = [
            psnr(photo, render, None).unwrap(),
            ssim(photo, render, None, SsimVariant::Uniform7).unwrap(),
        ];
        for k in 0..2 {
            worst[k] = worst[k].max((found[k] - expected[k][i]).abs());
        }
    }
    println!(
        "PSNR differs by {:.1e} dB, SSIM by {:.1e}",
        worst[0], worst[1]
    );
    assert!(worst[0] < 1e-5 && worst[1] < 1e-6, "{worst:?}");
}

/// Figures of scikit-image 0.26 (`structural_similarity` with its defaults on f64) and of PyTorch
/// (the SSIM of 3DGS in f64) for [`pictures`].
#[test]
fn both_ssims_agree_with_other_programs() {
    for (width, height, uniform, gaussian) in SSIM_GOLDEN {
        let [a, b] = pictures(width, height);
        for (variant, expected) in [
            (SsimVariant::Uniform7, uniform),
            (SsimVariant::Gaussian11, gaussian),
        ] {
            let found = ssim(&a, &b, None, variant).unwrap();
            assert!(
                (found - expected).abs() < 1e-6,
                "{variant}: {found}, {expected}"
            );
        }
    }
}

const SSIM_GOLDEN: [(u32, u32, f64, f64); 3] = [
    (40, 23, 0.738_306_716_612, 0.768_687_400_497),
    (64, 64, 0.770_491_384_798, 0.741_563_815_593),
    (12, 81, 0.768_394_108_247, 0.845_890_298_290),
];

#[test]
fn equal_pictures_are_perfect_and_order_does_not_matter() {
    let [a, b] = pictures(40, 23);
    for variant in [SsimVariant::Gaussian11, SsimVariant::Uniform7] {
        let same = ssim(&a, &a, None, variant).unwrap();
        assert!((same - 1.0).abs() < 1e-12, "{variant}: {same}");
        let there = ssim(&a, &b, None, variant).unwrap();
        let back = ssim(&b, &a, None, variant).unwrap();
        assert!(
            (there - back).abs() < 1e-12 && there < 0.95,
            "{there}, {back}"
        );
    }
    assert_eq!(psnr(&a, &a, None), Ok(f64::INFINITY));
    assert_eq!(psnr(&a, &b, None), psnr(&b, &a, None));
    assert!(
        difference(&a, &a, None)
            .unwrap()
            .iter()
            .all(|it| *it == 0.0)
    );
}

/// More noise is worse by every metric.
#[test]
fn metrics_fall_as_noise_grows() {
    let [a, b] = pictures(48, 32);
    let mixed = |part: f32| {
        let pixels = a.rgb().iter().zip(b.rgb());
        let rgb = pixels.map(|(a, b)| [0, 1, 2].map(|k| a[k] + part * (b[k] - a[k])));
        Picture::from_rgb(48, 32, rgb.collect()).unwrap()
    };
    let mut before = [f64::INFINITY; 3];
    for part in [0.1, 0.3, 0.6, 1.0] {
        let render = mixed(part);
        let now = [
            psnr(&a, &render, None).unwrap(),
            ssim(&a, &render, None, SsimVariant::Gaussian11).unwrap(),
            ssim(&a, &render, None, SsimVariant::Uniform7).unwrap(),
        ];
        assert!(
            now.iter().zip(before).all(|(now, before)| *now < before),
            "{now:?}"
        );
        before = now;
    }
}

/// What is wrong outside of the mask changes nothing; what is wrong inside does.
#[test]
fn masks_hide_and_do_not_flatter() {
    let [a, b] = pictures(40, 32);
    let left: Vec<u8> = (0..40 * 32)
        .map(|i| if i % 40 < 20 { 255 } else { 0 })
        .collect();
    let mask = Mask::from_luma8(40, 32, &left).unwrap();
    let half = |first: &Picture, second: &Picture| {
        let rgb = (0..40 * 32).map(|i| if i % 40 < 20 { first } else { second }.rgb()[i]);
        Picture::from_rgb(40, 32, rgb.collect()).unwrap()
    };
    let protocol = Protocol {
        masks: MaskRule::Applied,
        precision: Precision::Float,
        ..Protocol::default()
    };
    for ssim in [SsimVariant::Gaussian11, SsimVariant::Uniform7] {
        let protocol = Protocol {
            ssim,
            ..protocol.clone()
        };
        let score = |render: &Picture| measure(&a, render, Some(&mask), &protocol, None).unwrap();
        let wrong_right = score(&half(&a, &b));
        assert_eq!(wrong_right.psnr, f64::INFINITY);
        assert!((wrong_right.ssim - 1.0).abs() < 1e-12);
        assert_eq!(score(&b), score(&half(&b, &a)));
        assert!(score(&b).psnr < 30.0 && score(&b).ssim < 0.95);
    }
    let map = difference(&a, &half(&a, &b), Some(&mask)).unwrap();
    assert!(map.iter().all(|it| *it == 0.0));
    // Without the rule the same mask is passed over.
    let protocol = Protocol::default();
    let found = measure(&a, &half(&a, &b), Some(&mask), &protocol, None).unwrap();
    assert!(found.psnr.is_finite());
}

#[test]
fn a_full_mask_is_no_mask() {
    let [a, b] = pictures(33, 20);
    let mask = Mask::from_luma8(33, 20, &[255; 33 * 20]).unwrap();
    for variant in [SsimVariant::Gaussian11, SsimVariant::Uniform7] {
        let [with, without] = [Some(&mask), None].map(|it| ssim(&a, &b, it, variant).unwrap());
        assert!((with - without).abs() < 1e-12);
    }
    assert_eq!(psnr(&a, &b, Some(&mask)), psnr(&a, &b, None));
}

#[test]
fn windows_are_where_the_variant_has_them() {
    let [a, b] = pictures(9, 8);
    let map = ssim_map(&a, &b, SsimVariant::Uniform7).unwrap();
    assert_eq!(map.iter().flatten().count(), 3 * 2);
    assert!(map[3 * 9 + 3].is_some() && map[2 * 9 + 3].is_none());
    let map = ssim_map(&a, &b, SsimVariant::Gaussian11).unwrap();
    assert_eq!(map.iter().flatten().count(), 72);
    let [a, b] = pictures(6, 30);
    let error = ssim(&a, &b, None, SsimVariant::Uniform7).unwrap_err();
    assert!(
        matches!(error, MetricsError::TooSmall { least: 7, .. }),
        "{error}"
    );
    assert!(ssim(&a, &b, None, SsimVariant::Gaussian11).is_ok());
}

#[test]
fn a_report_says_how_it_was_measured() {
    let view = |name: &str, psnr: f64, lpips| ViewScores {
        name: name.to_owned(),
        scores: Scores {
            psnr,
            ssim: 0.5,
            lpips,
        },
    };
    let protocol = Protocol {
        resolution: Some([64, 48]),
        background: Some([0.0; 3]),
        ..Protocol::default()
    };
    let views = vec![view("a.jpg", 30.0, Some(0.25)), view("b.jpg", 20.0, None)];
    let report = EvalReport::new(views, protocol.clone());
    assert_eq!(report.worst_first(), [1, 0]);
    let json: serde_json::Value = serde_json::to_value(&report).unwrap();
    assert_eq!(json["psnr"], 25.0);
    assert!(json["lpips"].is_null(), "not every view has one");
    assert_eq!(json["views"][1]["name"], "b.jpg");
    assert_eq!(json["views"][0]["lpips"], 0.25);
    assert_eq!(json["protocol"]["ssim"], "gaussian11");
    assert_eq!(json["protocol"]["num_views"], 2);
    let back: Protocol = serde_json::from_value(json["protocol"].clone()).unwrap();
    assert_eq!(
        back,
        Protocol {
            num_views: 2,
            ..protocol
        }
    );
    let words = back.to_string();
    assert!(
        words.contains("64 × 48 px") && words.contains("Gaussian"),
        "{words}"
    );
    assert_eq!(EvalReport::new(Vec::new(), Protocol::default()).mean, None);
}

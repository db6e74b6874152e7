//! LPIPS, and the convolutions below it, against PyTorch's figures.

use recon::io::{Tensor, Tensors as Weights};
use recon::metrics::lpips::{Convolution, FeatureMap};
use recon::metrics::{Lpips, LpipsError, LpipsNet, MetricsError};
use tests::fixtures::Tensors;
use tests::test_data;

use super::{batch, hash, pictures};

/// What lpips 0.1.4 gave (width, height, VGG, AlexNet), `normalize=True`.
const GOLDEN: [(u32, u32, f64, f64); 3] = [
    (64, 64, 0.463_601_844_064_346_9, 0.290_684_061_043_078_8),
    (80, 48, 0.637_434_502_958_129_6, 0.470_230_371_731_565_9),
    (35, 67, 0.484_205_213_555_369_66, 0.233_040_702_798_809_9),
];

/// Weights by [`hash`], counted on from tensor to tensor: convolutions first, then the heads.
pub(super) fn hash_weights(net: LpipsNet) -> Weights {
    // Place in torchvision's list, inputs, outputs, side.
    let (convolutions, heads): (&[[usize; 4]], _) = match net {
        LpipsNet::Vgg => (
            &[
                [0, 3, 64, 3],
                [2, 64, 64, 3],
                [5, 64, 128, 3],
                [7, 128, 128, 3],
                [10, 128, 256, 3],
                [12, 256, 256, 3],
                [14, 256, 256, 3],
                [17, 256, 512, 3],
                [19, 512, 512, 3],
                [21, 512, 512, 3],
                [24, 512, 512, 3],
                [26, 512, 512, 3],
                [28, 512, 512, 3],
            ],
            [64, 128, 256, 512, 512],
        ),
        LpipsNet::Alex => (
            &[
                [0, 3, 64, 11],
                [3, 64, 192, 5],
                [6, 192, 384, 3],
                [8, 384, 256, 3],
                [10, 256, 256, 3],
            ],
            [64, 192, 384, 256, 256],
        ),
    };
    let mut weights = Weights::new();
    let mut used = 0;
    let mut add = |name: String, shape: Vec<usize>, value: &dyn Fn(f64) -> f64| {
        let count: usize = shape.iter().product();
        let values = (used..used + count)
            .map(|i| value(hash(i)) as f32)
            .collect();
        used += count;
        weights.insert(name, Tensor { shape, values });
    };
    for &[index, inputs, outputs, size] in convolutions {
        let spread = 12_f64.sqrt() * (2.0 / (size * size * inputs) as f64).sqrt();
        let shape = vec![outputs, inputs, size, size];
        add(format!("features.{index}.weight"), shape, &|it| it * spread);
        add(format!("features.{index}.bias"), vec![outputs], &|it| {
            0.2 * it
        });
    }
    for (k, channels) in heads.into_iter().enumerate() {
        let shape = vec![1, channels, 1, 1];
        add(format!("lin{k}.model.1.weight"), shape, &|it| it + 0.5);
    }
    weights
}

#[test]
fn lpips_agrees_with_the_authors_program() {
    for net in LpipsNet::ALL {
        let lpips = Lpips::new(net, &hash_weights(net)).unwrap();
        for (width, height, vgg, alex) in GOLDEN {
            let expected = if net == LpipsNet::Vgg { vgg } else { alex };
            let [a, b] = pictures(width, height);
            let found = lpips.distance(&a, &b).unwrap();
            println!(
                "{net} at {width} × {height}: differs by {:.1e}",
                found - expected
            );
            assert!(
                (found - expected).abs() < 2e-5,
                "{net}: {found}, {expected}"
            );
            let back = lpips.distance(&b, &a).unwrap();
            assert!((found - back).abs() < 1e-6);
            assert_eq!(lpips.distance(&a, &a), Ok(0.0));
        }
    }
}

#[test]
fn pictures_down_to_the_least_side_are_measured() {
    for net in LpipsNet::ALL {
        let lpips = Lpips::new(net, &hash_weights(net)).unwrap();
        let side = net.least_side();
        let [a, b] = pictures(side, side + 3);
        assert!(0.0 < lpips.distance(&a, &b).unwrap());
        let [a, b] = pictures(side - 1, 90);
        let error = lpips.distance(&a, &b).unwrap_err();
        assert!(matches!(error, MetricsError::TooSmall { .. }), "{error}");
    }
}

#[test]
fn weights_that_are_missing_or_another_networks_are_named() {
    let mut weights = hash_weights(LpipsNet::Alex);
    let error = Lpips::new(LpipsNet::Vgg, &weights).unwrap_err();
    assert!(matches!(error, LpipsError::Shape { .. }), "{error}");
    assert!(Lpips::fits(LpipsNet::Alex, &weights) && !Lpips::fits(LpipsNet::Vgg, &weights));
    weights.remove("lin3.model.1.weight");
    assert!(Lpips::fits(LpipsNet::Alex, &weights));
    let error = Lpips::new(LpipsNet::Alex, &weights)
        .unwrap_err()
        .to_string();
    assert!(error.contains("lin3.model.1.weight"), "{error}");
}

/// VGG-19 with average pooling: the perceptual loss of Long-LRM and tttLRM, whose figures on hash
/// weights are golden. The same convolutions, four times as deep.
#[test]
fn convolutions_agree_with_golden_perceptual_figures() {
    let Some(data) = test_data() else { return };
    let golden = Tensors::open(&data.join("fixtures/tttlrm/h_losses.safetensors"));
    let mut sums = [0.0_f64; 6];
    let [pred, real] = ["perc/pred", "perc/real"].map(|it| {
        let shape = golden.shape(it);
        batch(&golden.f32s(it), &shape)
            .iter()
            .map(vgg19)
            .collect::<Vec<_>>()
    });
    for (pred, real) in pred.iter().zip(&real) {
        for (sum, (a, b)) in sums.iter_mut().zip(pred.iter().zip(real)) {
            let values = a.values.iter().zip(&b.values);
            let mean = values.map(|(a, b)| f64::from((a - b).abs())).sum::<f64>();
            *sum += mean / a.values.len() as f64 / 2.0;
        }
    }
    let expected = golden.f64s("perc/raw_mean_abs_E0_to_E5");
    for (k, (found, expected)) in sums.iter().zip(&expected).enumerate() {
        let off = (found - expected).abs() / expected;
        println!("E{k} {found:.6}: off by {off:.1e} of it");
        // Features are of the order of 1 and rounded at 6e-8 of that, however small the difference.
        let tolerance = 2e-6 * expected + 2e-8;
        assert!((found - expected).abs() < tolerance, "{found} {expected}");
    }
    let shares = [1.0, 1.0 / 2.6, 1.0 / 4.8, 1.0 / 3.7, 1.0 / 5.6, 10.0 / 1.5];
    let total: f64 = sums
        .iter()
        .zip(shares)
        .map(|(sum, share)| sum * share / 255.0)
        .sum();
    let expected = golden.f64s("perc/total")[0];
    assert!(
        (total - expected).abs() < 2e-5 * expected,
        "{total} {expected}"
    );
}

/// The input, and the features after relu1_2, 2_2, 3_2, 4_2 and 5_2.
fn vgg19(picture: &recon::metrics::Picture) -> Vec<FeatureMap> {
    let means = [123.68, 116.779, 103.939];
    let channel = |k: usize| picture.rgb().iter().map(move |it| 255.0 * it[k] - means[k]);
    let mut map = FeatureMap {
        channels: 3,
        height: picture.height() as usize,
        width: picture.width() as usize,
        values: (0..3).flat_map(channel).collect(),
    };
    let mut taps = vec![map.clone()];
    let mut used = 0;
    for (block, (outputs, count)) in [(64, 2), (128, 2), (256, 4), (512, 4), (512, 2)]
        .into_iter()
        .enumerate()
    {
        if 0 < block {
            map = average_pool(&map);
        }
        for i in 0..count {
            let inputs = map.channels;
            let spread = 12_f64.sqrt() * (2.0 / (9 * inputs) as f64).sqrt();
            let mut next = |count: usize, factor: f64| -> Vec<f32> {
                used += count;
                (used - count..used)
                    .map(|i| (factor * hash(i)) as f32)
                    .collect()
            };
            let convolution = Convolution {
                weight: next(outputs * inputs * 9, spread),
                bias: next(outputs, 2.0),
                inputs,
                size: 3,
                stride: 1,
                padding: 1,
            };
            map = convolution.apply(&map).relu();
            if i == 1 {
                taps.push(map.clone());
            }
        }
    }
    taps
}

fn average_pool(map: &FeatureMap) -> FeatureMap {
    let (height, width) = (map.height / 2, map.width / 2);
    let value = |i: usize| {
        let (channel, y, x) = (i / (height * width), i / width % height, i % width);
        let at = |dy, dx| map.values[(channel * map.height + 2 * y + dy) * map.width + 2 * x + dx];
        (at(0, 0) + at(0, 1) + at(1, 0) + at(1, 1)) / 4.0
    };
    FeatureMap {
        channels: map.channels,
        height,
        width,
        values: (0..map.channels * height * width).map(value).collect(),
    }
}

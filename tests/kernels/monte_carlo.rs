//! `divide` and `add_noise` against their twins and the golden file.

use glam::{DVec3, Vec3};
use rand::RngExt;
use render::gpu::{DivideUniform, Gpu, GpuVec, NoiseUniform};
use render::kernels as k;
use render::splats::sigmoid;
use render::{GpuSplats, Splats};
use tests::fixtures::Tensors;
use tests::{gpu, test_data};

use super::chain::random_splats;
use super::{per, rng, run};
use crate::reference;

/// Runs `divide` on splats each of which comes from itself; the splats after, and what is left of
/// their moments, which were all 1: of the first plane of each kind.
fn divide(
    gpu: &Gpu,
    splats: &Splats,
    (sources, copies): (&[u32], &[u32]),
    division: DivideUniform,
) -> (Splats, [Vec<f32>; 3]) {
    let n = splats.len();
    let splats = GpuSplats::upload(gpu, splats).unwrap();
    let chunk = &splats.chunks()[0];
    let ones = |planes| GpuVec::from_slice(gpu, "moments", &vec![1.0_f32; planes * n]).unwrap();
    let (geometry, sh_first, sh_second) = (ones(22), ones(6), ones(1));
    let kernel = k::Divide::new(gpu).unwrap();
    let division = DivideUniform {
        geometry_moments: 22,
        sh_moments: 6,
        ..division
    };
    let arrays = k::divide::Arrays {
        divide: &GpuVec::from_slice(gpu, "division", &[division]).unwrap(),
        chunk: &chunk.uniform,
        sources: &GpuVec::from_slice(gpu, "sources", sources).unwrap(),
        copies: &GpuVec::from_slice(gpu, "copies", copies).unwrap(),
        params: &chunk.params,
        geometry_moments: &geometry,
        sh_first: &sh_first.words(),
        sh_second: &sh_second,
    };
    let bound = kernel.bind(gpu, &arrays);
    run(gpu, kernel.kernel(), &bound, per(chunk.count, 256));
    let left = [&geometry, &sh_first, &sh_second].map(|it| {
        let all = it.read(gpu).unwrap();
        let (first, rest) = all.split_at(n);
        assert!(rest.chunks(n).all(|it| it == first), "every plane alike");
        first.to_vec()
    });
    (splats.download(gpu).unwrap(), left)
}

const SHARE: DivideUniform = DivideUniform {
    rule: 0,
    smallest_opacity: 0.0,
    split_log_scale: 0.0,
    seed: 0,
    geometry_moments: 0,
    sh_moments: 0,
};

#[test]
fn relocation_matches_the_golden_file() {
    let (Some(folder), Some(gpu)) = (test_data(), gpu::gpu()) else {
        return;
    };
    let t = Tensors::open(&folder.join("fixtures/raster/mcmc.safetensors"));
    let opacities = t.f32s("reloc_opacity");
    let scales = t.rows::<3>("reloc_scale");
    let mut splats = random_splats(&mut rng(110), opacities.len(), 0);
    for (i, (opacity, scale)) in opacities.iter().zip(&scales).enumerate() {
        splats.opacity_logits[i] = (opacity / (1.0 - opacity)).ln();
        splats.log_scales[i] = Vec3::from(*scale).map(f32::ln);
    }
    let copies: Vec<u32> = t.i32s("reloc_n").iter().map(|it| *it as u32).collect();
    let sources: Vec<u32> = (0..copies.len() as u32).collect();
    for (smallest_opacity, suffix) in [(t.f32s("reloc_min_opacity")[0], ""), (0.0, "_noclamp")] {
        let division = DivideUniform {
            smallest_opacity,
            ..SHARE
        };
        let (after, _) = divide(gpu, &splats, (&sources, &copies), division);
        let opacities = t.f32s(&format!("reloc_new_opacity{suffix}"));
        let scales = t.rows::<3>(&format!("reloc_new_scale{suffix}"));
        let mut worst = 0.0_f32;
        for i in 0..copies.len() {
            // One copy is the splat itself, which is left alone, clamp and all.
            if copies[i] == 1 {
                assert_eq!(after.opacity_logits[i], splats.opacity_logits[i]);
                continue;
            }
            let ours = sigmoid(after.opacity_logits[i]);
            worst = worst.max((ours / opacities[i] - 1.0).abs());
            for (ours, golden) in after.log_scales[i].exp().to_array().iter().zip(scales[i]) {
                worst = worst.max((ours / golden - 1.0).abs());
            }
        }
        println!("relocation{suffix}: {worst:.1e} relative (at most 5e-5)");
        assert!(worst <= 5e-5, "{worst:e}");
    }
}

/// Copies share opacity and size, and lose their moments; the others keep everything.
#[test]
fn copies_share_what_the_one_was() {
    let Some(gpu) = gpu::gpu() else { return };
    let mut rng = rng(111);
    let n = 700;
    let splats = random_splats(&mut rng, n, 1);
    let sources: Vec<u32> = (0..n as u32).collect();
    let copies: Vec<u32> = (0..n).map(|_| rng.random_range(1..6)).collect();
    let division = DivideUniform {
        smallest_opacity: 0.005,
        ..SHARE
    };
    let (after, moments) = divide(gpu, &splats, (&sources, &copies), division);
    assert_eq!(after.means, splats.means);
    assert_eq!(after.quats, splats.quats);
    assert_eq!(after.sh_coeffs, splats.sh_coeffs);
    for i in 0..n {
        let left = if copies[i] == 1 { 1.0 } else { 0.0 };
        assert!(moments.iter().all(|it| it[i] == left));
        if copies[i] == 1 {
            assert_eq!(after.opacity_logits[i], splats.opacity_logits[i]);
            assert_eq!(after.log_scales[i], splats.log_scales[i]);
            continue;
        }
        let before = 1.0 / (1.0 + (-f64::from(splats.opacity_logits[i])).exp());
        let (opacity, factor) = reference::divide::share(before, copies[i], 0.005);
        let ours = 1.0 / (1.0 + (-f64::from(after.opacity_logits[i])).exp());
        assert!((ours / opacity - 1.0).abs() < 5e-5, "{ours} {opacity}");
        let shift = f64::from((after.log_scales[i] - splats.log_scales[i]).x);
        assert!(
            (shift - factor.ln()).abs() < 5e-5,
            "{shift} {}",
            factor.ln()
        );
    }
}

/// Large splats split, small ones are cloned; only what is new forgets.
#[test]
fn copies_are_clones_or_parts() {
    let Some(gpu) = gpu::gpu() else { return };
    let n = 600;
    let mut splats = random_splats(&mut rng(113), n, 1);
    // Each second splat is the second copy of the one before, but for the last hundred.
    let sources: Vec<u32> = (0..n as u32)
        .map(|it| if it < 500 { it / 2 * 2 } else { it })
        .collect();
    let copies: Vec<u32> = (0..n).map(|it| if it < 500 { 2 } else { 1 }).collect();
    splats = splats.select(&sources.iter().map(|it| *it as usize).collect::<Vec<_>>());
    let division = DivideUniform {
        rule: 1,
        split_log_scale: -3.0,
        seed: 5,
        ..SHARE
    };
    let (after, moments) = divide(gpu, &splats, (&sources, &copies), division);
    let mut parts = 0;
    for i in 0..n {
        let splits = copies[i] == 2 && -3.0 < splats.log_scales[i].max_element();
        let is_new = copies[i] == 2 && (splits || i % 2 == 1);
        let left = if is_new { 0.0 } else { 1.0 };
        assert!(moments.iter().all(|it| it[i] == left), "splat {i}");
        if !splits {
            assert_eq!(after.means[i], splats.means[i]);
            assert_eq!(after.log_scales[i], splats.log_scales[i]);
            continue;
        }
        parts += 1;
        let (mean, log_scales) = reference::divide::split(&splats, i, i as u32, 5);
        let off = (after.means[i].as_dvec3() - mean).abs().max_element();
        let size = 1.0 + mean.abs().max_element();
        assert!(off < 1e-5 * size, "{} {mean}", after.means[i]);
        let off = (after.log_scales[i].as_dvec3() - log_scales).abs();
        assert!(off.max_element() < 1e-6);
    }
    assert!((50..450).contains(&parts), "{parts}");
    assert_eq!(after.opacity_logits, splats.opacity_logits);
    assert_eq!(after.quats, splats.quats);
    assert_eq!(after.sh_coeffs, splats.sh_coeffs);
}

/// The means after a step of noise.
fn noisy(gpu: &Gpu, splats: &Splats, noise: NoiseUniform, given: Option<&[f32]>) -> Vec<Vec3> {
    let splats = GpuSplats::upload(gpu, splats).unwrap();
    let chunk = &splats.chunks()[0];
    let constants = [("GIVEN", f64::from(u8::from(given.is_some())))];
    let kernel = k::AddNoise::with_constants(gpu, &constants).unwrap();
    let arrays = k::add_noise::Arrays {
        noise: &GpuVec::from_slice(gpu, "noise", &[noise]).unwrap(),
        chunk: &chunk.uniform,
        given: &GpuVec::from_slice(gpu, "given", given.unwrap_or_default()).unwrap(),
        params: &chunk.params,
    };
    let bound = kernel.bind(gpu, &arrays);
    run(gpu, kernel.kernel(), &bound, per(chunk.count, 256));
    splats.download(gpu).unwrap().means
}

#[test]
fn noise_matches_the_golden_file() {
    let (Some(folder), Some(gpu)) = (test_data(), gpu::gpu()) else {
        return;
    };
    let t = Tensors::open(&folder.join("fixtures/raster/mcmc.safetensors"));
    let vec3s =
        |name: &str| -> Vec<Vec3> { t.rows::<3>(name).into_iter().map(Vec3::from).collect() };
    let splats = Splats {
        means: vec3s("noise_means"),
        quats: t.rows("noise_quats"),
        log_scales: vec3s("noise_log_scales"),
        opacity_logits: t.f32s("noise_opacity_logits"),
        sh_coeffs: vec![[0.0; 3]; 24],
        sh_degree: 0,
    };
    let gate = t.f32s("noise_gate_k_t");
    let noise = NoiseUniform {
        scale: t.f32s("noise_scale")[0],
        gate_slope: gate[0],
        gate_opacity: gate[1],
        seed: 0,
    };
    let ours = noisy(gpu, &splats, noise, Some(&t.f32s("noise_unit")));
    let golden = vec3s("noise_new_means");
    let largest = golden
        .iter()
        .fold(0.0_f32, |m, it| m.max(it.abs().max_element()));
    let errors = ours
        .iter()
        .zip(&golden)
        .map(|(a, b)| (*a - *b).abs().max_element());
    let error = errors.fold(0.0, f32::max) / largest;
    println!("noise: {error:.1e} of the largest (at most 5e-6)");
    assert!(error <= 5e-6, "{error:e}");
}

#[test]
fn add_noise_agrees() {
    let Some(gpu) = gpu::gpu() else { return };
    let splats = random_splats(&mut rng(112), 3000, 0);
    let noise = NoiseUniform {
        scale: 3.0,
        gate_slope: 2.0,
        gate_opacity: 0.3,
        seed: 17,
    };
    let mut sum = DVec3::ZERO;
    let mut squares = DVec3::ZERO;
    for (i, ours) in noisy(gpu, &splats, noise, None).into_iter().enumerate() {
        let unit = reference::random::normal_noise(i as u32, 17);
        sum += unit;
        squares += unit * unit;
        let delta = reference::add_noise::add_noise(&splats, i, unit, &noise);
        let expected = splats.means[i].as_dvec3() + delta;
        let off = (ours.as_dvec3() - expected).abs().max_element();
        let size = expected.abs().max_element() + delta.abs().max_element();
        assert!(
            off < 1e-5 * (1.0 + size),
            "splat {i}: {ours}, expected {expected}"
        );
    }
    // Mean 0 and variance 1, within four standard errors.
    assert!((sum / 3000.0).abs().max_element() < 4.0 / 3000_f64.sqrt());
    let variance = squares / 3000.0 - 1.0;
    assert!(variance.abs().max_element() < 4.0 * (2.0 / 3000.0_f64).sqrt());
}

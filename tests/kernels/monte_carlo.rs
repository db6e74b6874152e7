//! `relocate` and `add_noise` against their twins and the golden file.

use glam::{DVec3, Vec3};
use rand::RngExt;
use render::gpu::{Gpu, GpuVec, NoiseUniform, RelocateUniform};
use render::kernels as k;
use render::splats::sigmoid;
use render::{GpuSplats, Splats};
use tests::fixtures::Tensors;
use tests::{gpu, test_data};

use super::chain::random_splats;
use super::{per, rng, run};
use crate::reference;

/// Runs both dispatches of `relocate`; the splats after, and the moments, which were all 1.
fn relocate(
    gpu: &Gpu,
    splats: &Splats,
    sources: &[u32],
    copies: &[u32],
    smallest_opacity: f32,
) -> (Splats, Splats) {
    let splats = GpuSplats::upload(gpu, splats).unwrap();
    let moments = splats.zeroed_like(gpu, "moments").unwrap();
    let (chunk, moment) = (&splats.chunks()[0], &moments.chunks()[0]);
    moment.params.write(gpu, &vec![1.0; moment.params.len()]);
    let kernel = k::Relocate::new(gpu).unwrap();
    for write_copies in [0, 1] {
        let relocation = RelocateUniform {
            smallest_opacity,
            write_copies,
        };
        let arrays = k::relocate::Arrays {
            relocation: &GpuVec::from_slice(gpu, "relocation", &[relocation]).unwrap(),
            chunk: &chunk.uniform,
            sources: &GpuVec::from_slice(gpu, "sources", sources).unwrap(),
            copies: &GpuVec::from_slice(gpu, "copies", copies).unwrap(),
            params: &chunk.params,
            first_moments: &moment.params,
            second_moments: &GpuVec::zeroed(gpu, "moments", moment.params.len()).unwrap(),
        };
        let bound = kernel.bind(gpu, &arrays);
        run(gpu, kernel.kernel(), &bound, per(chunk.count, 256));
    }
    (
        splats.download(gpu).unwrap(),
        moments.download(gpu).unwrap(),
    )
}

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
    for (smallest, suffix) in [(t.f32s("reloc_min_opacity")[0], ""), (0.0, "_noclamp")] {
        let (after, _) = relocate(gpu, &splats, &sources, &copies, smallest);
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

/// Copies are those they are copies of, after these have shrunk; only these lose their moments.
#[test]
fn relocate_agrees() {
    let Some(gpu) = gpu::gpu() else { return };
    let mut rng = rng(111);
    let n = 700;
    let splats = random_splats(&mut rng, n, 1);
    let mut sources: Vec<u32> = (0..n as u32).collect();
    let mut copies = vec![1; n];
    for dead in (0..n).step_by(3) {
        let source = rng.random_range(0..n / 3) * 3 + 1;
        sources[dead] = source as u32;
        copies[source] += 1;
    }
    let (after, moments) = relocate(gpu, &splats, &sources, &copies, 0.005);
    for i in 0..n {
        let source = sources[i] as usize;
        let touched = source != i || 1 < copies[i];
        let moment = if touched { 0.0 } else { 1.0 };
        assert_eq!(moments.sh(i)[3], [moment; 3]);
        assert_eq!(moments.means[i], Vec3::splat(moment));
        assert_eq!(after.means[i], splats.means[source]);
        assert_eq!(after.sh(i), splats.sh(source));
        assert_eq!(after.log_scales[i], after.log_scales[source]);
        if copies[source] == 1 {
            assert_eq!(after.opacity_logits[i], splats.opacity_logits[i]);
            continue;
        }
        let before = 1.0 / (1.0 + (-f64::from(splats.opacity_logits[source])).exp());
        let (opacity, factor) = reference::relocate::relocate(before, copies[source], 0.005);
        let ours = 1.0 / (1.0 + (-f64::from(after.opacity_logits[i])).exp());
        assert!((ours / opacity - 1.0).abs() < 5e-5, "{ours} {opacity}");
        let shift = f64::from((after.log_scales[i] - splats.log_scales[source]).x);
        assert!(
            (shift - factor.ln()).abs() < 5e-5,
            "{shift} {}",
            factor.ln()
        );
    }
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
        let unit = reference::add_noise::normal_noise(i as u32, 17);
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

//! `descend`: Adam against golden files and its twin; fused, against the kernels it replaces.

use rand::RngExt;
use render::gpu::{ChunkUniform, DescentUniform, FrameUniform, Gpu, GpuVec};
use render::gradient::{POSE_SUMS, SUMS};
use render::kernels as k;
use render::training::{AdamRates, DescentConfig};
use render::{RenderConfig, Splats, sh};
use tests::fixtures::Tensors;
use tests::{gpu, max_abs_diff, test_data};

use super::chain::{Chain, camera, random_splats};
use super::projection_backward::plausible_sums;
use super::{per, rng, run};
use crate::reference::descend::{Harmonics, Moving, descend, descend_harmonics, from_f16};

const GEOMETRY: usize = 11;

/// One chunk's planes, and the optimiser's memory of them.
struct State {
    chunk: ChunkUniform,
    params: GpuVec<f32>,
    geometry: GpuVec<f32>,
    sh_first: GpuVec<u32>,
    sh_second: GpuVec<f32>,
    statistics: GpuVec<f32>,
}

impl State {
    fn new(gpu: &Gpu, chunk: ChunkUniform, params: &[f32]) -> Self {
        let stride = chunk.stride as usize;
        let harmonics = params.len() / stride - GEOMETRY;
        let zeros = |planes| GpuVec::zeroed(gpu, "moments", planes * stride).unwrap();
        let words = harmonics.div_ceil(2) * stride;
        Self {
            chunk,
            params: GpuVec::from_slice(gpu, "params", params).unwrap(),
            geometry: zeros(2 * GEOMETRY),
            sh_first: GpuVec::zeroed(gpu, "moments", words).unwrap(),
            sh_second: zeros(1),
            statistics: zeros(2),
        }
    }

    /// A step along gradients that are given.
    fn step_along(
        &self,
        gpu: &Gpu,
        kernel: &k::Descend,
        d_params: &[f32],
        descent: DescentUniform,
        (visible, sh_degree): (&[u32], u32),
    ) {
        let blocks = visible.len() / 8;
        let frame = FrameUniform {
            sh_degree,
            visible_capacity: 1 << 30,
            ..bytemuck::Zeroable::zeroed()
        };
        let arrays = k::descend::Arrays {
            frame: &GpuVec::from_slice(gpu, "frame", &[frame]).unwrap(),
            descent: &GpuVec::from_slice(gpu, "descent", &[descent]).unwrap(),
            chunk: &GpuVec::from_slice(gpu, "chunk", &[self.chunk]).unwrap(),
            visible_bits: &GpuVec::from_slice(gpu, "bits", visible).unwrap(),
            block_offsets: &GpuVec::zeroed(gpu, "offsets", blocks).unwrap(),
            splat_sums: &GpuVec::from_slice(gpu, "gradient", d_params).unwrap(),
            params: &self.params,
            geometry: &self.geometry,
            sh_first: &self.sh_first,
            sh_second: &self.sh_second,
            statistics: &self.statistics,
        };
        self.run(gpu, kernel, &arrays);
    }

    fn run(&self, gpu: &Gpu, kernel: &k::Descend, arrays: &k::descend::Arrays<'_>) {
        let bound = kernel.bind(gpu, arrays);
        let groups = per(self.chunk.count as usize, 256);
        run(gpu, kernel.kernel(), &bound, groups);
    }

    fn read(&self, gpu: &Gpu) -> Read {
        Read {
            stride: self.chunk.stride as usize,
            params: self.params.read(gpu).unwrap(),
            geometry: self.geometry.read(gpu).unwrap(),
            sh_first: self.sh_first.read(gpu).unwrap(),
            sh_second: self.sh_second.read(gpu).unwrap(),
        }
    }
}

/// The same on the host.
struct Read {
    stride: usize,
    params: Vec<f32>,
    geometry: Vec<f32>,
    sh_first: Vec<u32>,
    sh_second: Vec<f32>,
}

impl Read {
    fn value(&self, plane: usize, i: usize) -> f64 {
        f64::from(self.params[plane * self.stride + i])
    }

    fn moments(&self, plane: usize, i: usize) -> [f64; 2] {
        [plane, GEOMETRY + plane].map(|it| f64::from(self.geometry[it * self.stride + i]))
    }

    fn ratio(&self, plane: usize, i: usize) -> f64 {
        let word = self.sh_first[plane / 2 * self.stride + i];
        from_f16((word >> (16 * (plane % 2))) as u16)
    }
}

#[test]
fn adam_matches_the_golden_file() {
    let (Some(folder), Some(gpu)) = (test_data(), gpu::gpu()) else {
        return;
    };
    let t = Tensors::open(&folder.join("fixtures/raster/adam.safetensors"));
    let kernel = k::Descend::with_constants(gpu, &[("GIVEN", 1.0)]).unwrap();
    let chunk = ChunkUniform {
        first: 0,
        count: 64,
        stride: 64,
        sh_degree: 0,
        frozen: 0,
    };
    // As opacities; the other planes have no gradient.
    let at = 10 * 64;
    let planes = |values: &[f32]| {
        let mut all = vec![0.0; 14 * 64];
        all[at..at + 64].copy_from_slice(values);
        all
    };
    for schedule in ["const", "sched"] {
        let state = State::new(gpu, chunk, &planes(&t.f32s("param0")));
        for step in 0..3 {
            let range = step * 64..(step + 1) * 64;
            let config = DescentConfig {
                rates: AdamRates {
                    opacity_logits: t.f32s(&format!("{schedule}_lr"))[step],
                    ..AdamRates::default()
                },
                step: step as u32 + 1,
                ..DescentConfig::default()
            };
            let d_params = planes(&t.f32s("grads")[range.clone()]);
            let uniform = config.uniform(64, false);
            state.step_along(gpu, &kernel, &d_params, uniform, (&[u32::MAX; 8], 0));
            let golden = |what: &str| t.f32s(&format!("{schedule}_{what}"))[range.clone()].to_vec();
            let params = state.params.read_range(gpu, at, 64).unwrap();
            let error = max_abs_diff(&params, &golden("params"));
            println!("Adam {schedule} {}: params {error:.1e}", step + 1);
            assert!(error <= 1e-6, "{schedule}: {error:e}");
            for (from, golden) in [
                (at, golden("exp_avg")),
                (GEOMETRY * 64 + at, golden("exp_avg_sq")),
            ] {
                let ours = state.geometry.read_range(gpu, from, 64).unwrap();
                for (ours, golden) in ours.iter().zip(golden) {
                    assert!(
                        (ours - golden).abs() <= 5e-5 * golden.abs(),
                        "{ours} {golden}"
                    );
                }
            }
        }
    }
}

/// The splats of a chunk as the twin moves them.
struct Twin {
    geometry: Vec<[Moving; GEOMETRY]>,
    harmonics: Vec<Harmonics>,
}

impl Twin {
    fn new(params: &[f32], stride: usize) -> Self {
        let planes = params.len() / stride;
        let value = |plane: usize, i: usize| f64::from(params[plane * stride + i]);
        let geometry = (0..stride).map(|i| {
            std::array::from_fn(|plane| Moving {
                value: value(plane, i),
                ..Moving::default()
            })
        });
        let harmonics = (0..stride).map(|i| Harmonics {
            values: (GEOMETRY..planes).map(|plane| value(plane, i)).collect(),
            ratios: vec![0.0; planes - GEOMETRY],
            second: 0.0,
        });
        Self {
            geometry: geometry.collect(),
            harmonics: harmonics.collect(),
        }
    }

    /// Moves splat `i` along `d`, or as an unseen one where there is none.
    fn step(&mut self, i: usize, d: Option<&[f64]>, config: &DescentConfig, about: Scene) {
        let rates = config.rates;
        let t = config.step as i32;
        let zeros = vec![0.0; GEOMETRY + self.harmonics[i].values.len()];
        let whole = d.is_some() || !config.only_visible;
        let along = d.unwrap_or(&zeros);
        for (plane, it) in self.geometry[i].iter_mut().enumerate() {
            let (pull, rate) = match plane {
                0..3 => (0.0, rates.means),
                3..7 => (0.0, rates.quats),
                7..10 => {
                    let mean = f64::from(config.scale_weight) / (3 * about.splats) as f64;
                    (mean * it.value.exp(), rates.log_scales)
                }
                _ => {
                    let o = 1.0 / (1.0 + (-it.value).exp());
                    let mean = f64::from(config.opacity_weight) / about.splats as f64;
                    (mean * o * (1.0 - o), rates.opacity_logits)
                }
            };
            if whole || pull != 0.0 {
                *it = descend(*it, along[plane] + pull, f64::from(rate), t);
                if (7..10).contains(&plane) {
                    it.value = it.value.min(f64::from(config.largest_log_scale));
                }
            }
        }
        if whole {
            let used = 3 * sh::coeff_count(about.sh_degree);
            let moving = if config.update_sh_rest { used } else { 3 };
            let sh_rates = [rates.sh_base, rates.sh_rest].map(f64::from);
            let d = &along[GEOMETRY..];
            descend_harmonics(&mut self.harmonics[i], d, (sh_rates, t), moving);
        }
    }

    fn check(&self, ours: &Read, about: &str) {
        for (i, splat) in self.geometry.iter().enumerate() {
            for (plane, it) in splat.iter().enumerate() {
                let value = ours.value(plane, i);
                assert!(
                    (value - it.value).abs() < 1e-5,
                    "{about}, splat {i}, plane {plane}: {value}, {it:?}"
                );
            }
            let it = &self.harmonics[i];
            let second = f64::from(ours.sh_second[i]);
            assert!((second - it.second).abs() <= 1e-4 * it.second, "{about}");
            for (plane, (expected, ratio)) in it.values.iter().zip(&it.ratios).enumerate() {
                let value = ours.value(GEOMETRY + plane, i);
                let about = format!("{about}, splat {i}, harmonic plane {plane}");
                assert!((value - expected).abs() < 1e-4, "{about}: {value} {it:?}");
                // Drivers may round to f16 in either direction, in every step.
                let ours = ours.ratio(plane, i);
                assert!(
                    (ours - ratio).abs() <= 4e-3 * ratio.abs().max(1.0),
                    "{about}: {ours} {ratio}"
                );
            }
        }
    }
}

#[derive(Clone, Copy)]
struct Scene {
    splats: usize,
    sh_degree: u32,
}

fn rates() -> AdamRates {
    AdamRates {
        means: 0.1,
        quats: 0.02,
        log_scales: 0.003,
        opacity_logits: 0.04,
        sh_base: 0.05,
        sh_rest: 0.006,
    }
}

/// Each plane with its own rate, seen splats and others, harmonics in use and others.
#[test]
fn descend_agrees() {
    let Some(gpu) = gpu::gpu() else { return };
    let kernel = k::Descend::with_constants(gpu, &[("GIVEN", 1.0)]).unwrap();
    let plain = DescentConfig {
        rates: rates(),
        ..DescentConfig::default()
    };
    let pulled = DescentConfig {
        opacity_weight: 30.0,
        scale_weight: 50.0,
        ..plain
    };
    let dense = |config| DescentConfig {
        only_visible: false,
        ..config
    };
    let some = |config| DescentConfig {
        update_sh_rest: false,
        largest_log_scale: 0.3,
        ..config
    };
    for (count, stored, used, config) in [
        (1, 0, 0, dense(plain)),
        (300, 1, 1, plain),
        (300, 2, 2, dense(pulled)),
        (300, 2, 1, pulled),
        (70, 3, 3, dense(plain)),
        (70, 3, 3, some(pulled)),
        (70, 3, 0, some(plain)),
    ] {
        let mut rng = rng(103);
        let planes = GEOMETRY + 3 * sh::coeff_count(stored);
        let stride = count + 3;
        let mut random = |size: f32| -> Vec<f32> {
            let numbers = 0..planes * stride;
            numbers.map(|_| rng.random_range(-size..size)).collect()
        };
        let params = random(1.0);
        let chunk = ChunkUniform {
            first: 256,
            count: count as u32,
            stride: stride as u32,
            sh_degree: stored,
            frozen: 0,
        };
        let gradients = [random(1.0), random(0.1), random(3.0)];
        let bits: Vec<u32> = (0..24).map(|_| rng.random()).collect();
        let state = State::new(gpu, chunk, &params);
        let mut twin = Twin::new(&params, stride);
        let scene = Scene {
            splats: 500,
            sh_degree: used,
        };
        for (step, d_params) in (1..).zip(&gradients) {
            let config = DescentConfig { step, ..config };
            let uniform = config.uniform(500, false);
            state.step_along(gpu, &kernel, d_params, uniform, (&bits, used));
            for i in 0..count {
                let seen = bits[8 + i / 32] >> (i % 32) & 1 == 1;
                let of_splat = d_params.iter().skip(i).step_by(stride);
                let d: Vec<f64> = of_splat.map(|it| f64::from(*it)).collect();
                twin.step(i, seen.then_some(&d[..]), &config, scene);
            }
        }
        twin.check(&state.read(gpu), &format!("{count} splats, {config:?}"));
    }
}

/// From the same sums `project_backward` makes gradients and `descend` first moments.
#[test]
fn descent_is_along_the_gradient() {
    let Some(gpu) = gpu::gpu() else { return };
    for (degree, used, antialiased) in [(0, 0, false), (2, 1, true), (3, 3, false)] {
        let mut splats = random_splats(&mut rng(111), 700, degree);
        // Nearer ones have gradients of any size.
        for mean in &mut splats.means {
            mean.z += 0.6_f32.copysign(mean.z);
        }
        let config = RenderConfig {
            max_sh_degree: used,
            antialiased,
            ..RenderConfig::default()
        };
        check_fused(gpu, &splats, &config);
    }
}

fn check_fused(gpu: &Gpu, splats: &Splats, config: &RenderConfig) {
    let chain = &Chain::new(gpu, splats, &camera(150, 90), config, 1);
    chain.run_to_order();
    let projected = chain.projected();
    let sums = plausible_sums(&projected);
    let splat_sums = &GpuVec::from_slice(gpu, "sums", &sums).unwrap();
    let (chunk, params) = chain.chunks().next().unwrap();
    let chunk = chunk.read(gpu).unwrap()[0];
    let state = State::new(gpu, chunk, &params.read(gpu).unwrap());
    let chunk = &GpuVec::from_slice(gpu, "chunk", &[chunk]).unwrap();
    let d_params = GpuVec::zeroed(gpu, "d", params.len()).unwrap();
    let blocks = splats.len().div_ceil(256);
    let kernel = k::ProjectBackward::new(gpu).unwrap();
    let arrays = k::project_backward::Arrays {
        frame: &chain.frame,
        chunk,
        params,
        visible_bits: &chain.visible_bits,
        block_offsets: &chain.block_offsets,
        splat_sums,
        d_params: &d_params,
        pose_parts: &GpuVec::zeroed(gpu, "pose", blocks * POSE_SUMS).unwrap(),
    };
    let bound = kernel.bind(gpu, &arrays);
    run(gpu, kernel.kernel(), &bound, per(splats.len(), 256));
    let d_params = d_params.read(gpu).unwrap();
    let descent = DescentConfig {
        rates: rates(),
        ..DescentConfig::default()
    };
    let descent = descent.uniform(splats.len(), true);
    let arrays = k::descend::Arrays {
        frame: &chain.frame,
        descent: &GpuVec::from_slice(gpu, "descent", &[descent]).unwrap(),
        chunk,
        visible_bits: &chain.visible_bits,
        block_offsets: &chain.block_offsets,
        splat_sums,
        params: &state.params,
        geometry: &state.geometry,
        sh_first: &state.sh_first,
        sh_second: &state.sh_second,
        statistics: &state.statistics,
    };
    state.run(gpu, &k::Descend::new(gpu).unwrap(), &arrays);
    let (ours, before) = (state.read(gpu), params.read(gpu).unwrap());
    let statistics = state.statistics.read(gpu).unwrap();
    let seen = super::chain::splats_from_bits(&projected.visible_bits);
    assert!(100 < seen.len());
    let of_splat = |i: usize| -> Vec<f64> {
        let numbers = d_params.iter().skip(i).step_by(splats.len());
        numbers.map(|it| f64::from(*it)).collect()
    };
    for i in 0..splats.len() {
        check_splat(&ours, (i, config.max_sh_degree), &of_splat(i), &before);
        let place = seen.binary_search(&i).ok();
        let frames = f32::from(u8::from(place.is_some()));
        assert_eq!(statistics[splats.len() + i], frames);
        let expected = place.map_or(0.0, |at| {
            let row = &sums[at * SUMS..][..SUMS];
            let [xx, xy, yy, _] = projected.b[at];
            let d = [xx * row[1] + xy * row[2], xy * row[1] + yy * row[2]];
            (d[0] * 75.0).hypot(d[1] * 45.0)
        });
        assert!((statistics[i] - expected).abs() <= 1e-4 * expected, "{i}");
    }
}

/// A splat after the first step, whose gradient was `d`.
fn check_splat(ours: &Read, (i, sh_degree): (usize, u32), d: &[f64], before: &[f32]) {
    for group in [0..3, 3..7, 7..10, 10..11] {
        let size = d[group.clone()]
            .iter()
            .fold(0.0_f64, |m, it| m.max(it.abs()));
        for plane in group {
            let [first, second] = ours.moments(plane, i);
            let error = (10.0 * first - d[plane]).abs().max(
                // The root of the second moment is the gradient's size.
                ((1000.0 * second).sqrt() - d[plane].abs()).abs(),
            );
            assert!(error <= 1e-3 * size + 1e-9, "splat {i}, plane {plane}");
            let moved = ours.value(plane, i) - f64::from(before[plane * ours.stride + i]);
            assert!(moved * d[plane] <= 0.0 || d[plane].abs() < 1e-3 * size);
        }
    }
    let harmonics = &d[GEOMETRY..];
    let root = f64::from(ours.sh_second[i]).sqrt();
    let mean = |part: &[f64]| part.iter().map(|it| it * it).sum::<f64>() / part.len() as f64;
    // One second moment for all degrees in use: their means of squares are the same.
    for end in [3, 3 * sh::coeff_count(sh_degree)] {
        let expected = (mean(&harmonics[..end]) * 1e-3).sqrt();
        assert!((root - expected).abs() <= 1e-3 * expected, "splat {i}");
    }
    for (plane, d) in harmonics.iter().enumerate() {
        let first = ours.ratio(plane, i) * root;
        assert!(
            (10.0 * first - d).abs() <= 1e-3 * d.abs() + 1e-4 * root,
            "splat {i}, harmonic plane {plane}"
        );
    }
}

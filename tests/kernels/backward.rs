//! The kernels that go back through blending, against their twins.

use std::sync::OnceLock;

use rand::RngExt;
use render::gpu::{Gpu, GpuVec, Groups};
use render::gradient::{BackwardDesign, SUMS};
use render::kernels as k;
use render::{RenderConfig, Splats};
use tests::gpu;

use super::chain::{Chain, camera, random_splats};
use super::{rng, run};
use crate::reference;
use crate::reference::blend::ProjectedArrays;
use crate::reference::blend_backward::{PixelGradient, Sums, blend_backward};
use crate::reference::blend_backward_atomic::blend_backward_atomic;
use crate::reference::blend_backward_eights::blend_backward_eights;
use crate::reference::blend_backward_eights_atomic::blend_backward_eights_atomic;
use crate::reference::stream_backward::stream_backward;
use crate::reference::stream_backward_atomic::stream_backward_atomic;

/// The kernels, compiled once, with gradients of depth.
struct Kernels {
    blend: k::BlendBackward,
    stream: k::StreamBackward,
    atomic: Option<(k::BlendBackwardAtomic, k::StreamBackwardAtomic)>,
    eights: Option<k::BlendBackwardEights>,
    eights_atomic: Option<k::BlendBackwardEightsAtomic>,
    sum_pairs: k::SumPairs,
}

fn kernels(gpu: &Gpu) -> &'static Kernels {
    static KERNELS: OnceLock<Kernels> = OnceLock::new();
    let depth = [("DEPTH", 1.0)];
    let device = gpu.capabilities();
    let has_eights = device.has_eights();
    KERNELS.get_or_init(|| Kernels {
        eights: has_eights.then(|| k::BlendBackwardEights::with_constants(gpu, &depth).unwrap()),
        eights_atomic: (has_eights && device.float32_atomics)
            .then(|| k::BlendBackwardEightsAtomic::with_constants(gpu, &depth).unwrap()),
        blend: k::BlendBackward::with_constants(gpu, &depth).unwrap(),
        stream: k::StreamBackward::with_constants(gpu, &depth).unwrap(),
        atomic: device.float32_atomics.then(|| {
            (
                k::BlendBackwardAtomic::with_constants(gpu, &depth).unwrap(),
                k::StreamBackwardAtomic::with_constants(gpu, &depth).unwrap(),
            )
        }),
        sum_pairs: k::SumPairs::new(gpu).unwrap(),
    })
}

/// A frame drawn to the image, and a gradient at its pixels.
struct Drawn<'a> {
    gpu: &'a Gpu,
    chain: Chain<'a>,
    d_image: Vec<f32>,
    d_image_array: GpuVec<f32>,
    a: Vec<[f32; 4]>,
    b: Vec<[f32; 4]>,
    c: Vec<[f32; 4]>,
}

impl<'a> Drawn<'a> {
    /// Pixels at which a decision hangs on the last bits of a float get no gradient.
    fn new(gpu: &'a Gpu, splats: &Splats, [w, h]: [u32; 2], config: &RenderConfig) -> Self {
        let chain = Chain::new(gpu, splats, &camera(w, h), config, 1 << 16);
        chain.run_to_image();
        let projected = chain.projected();
        let arrays = ProjectedArrays {
            a: &projected.a,
            b: &projected.b,
            c: &projected.c,
        };
        let pixels = reference::blend::blend(arrays, &chain.uniform);
        let mut rng = rng(70);
        let mut d_image: Vec<f32> = (0..5 * pixels.len())
            .map(|_| rng.random_range(-1.0..1.0))
            .collect();
        for (at, _) in pixels.iter().enumerate().filter(|(_, it)| it.undecided) {
            for plane in 0..5 {
                d_image[plane * pixels.len() + at] = 0.0;
            }
        }
        Self {
            gpu,
            chain,
            d_image_array: GpuVec::from_slice(gpu, "gradient", &d_image).unwrap(),
            d_image,
            a: projected.a,
            b: projected.b,
            c: projected.c,
        }
    }

    fn at(&self, x: u32, y: u32) -> PixelGradient {
        let [width, height] = self.chain.uniform.image_size.map(|it| it as usize);
        let at = y as usize * width + x as usize;
        [0, 1, 2, 3, 4].map(|plane| f64::from(self.d_image[plane * width * height + at]))
    }

    /// The twin's sums, tile by tile.
    fn expected(&self, design: BackwardDesign) -> Vec<Vec<Sums>> {
        let frame = &self.chain.uniform;
        let [width, height] = frame.image_size;
        let tiles = frame.tile_count[0] * frame.tile_count[1];
        let of_tile = |tile: u32| {
            let x = tile % frame.tile_count[0] * 16;
            let y = tile / frame.tile_count[0] * 16;
            let (x, y) = (x..(x + 16).min(width), y..(y + 16).min(height));
            let at = |x, y| self.at(x, y);
            match design {
                BackwardDesign::Pixels => blend_backward(self.arrays(), frame, at, x, y),
                BackwardDesign::Splats => stream_backward(self.arrays(), frame, at, x, y),
                BackwardDesign::Eights => blend_backward_eights(self.arrays(), frame, at, x, y),
            }
        };
        (0..tiles).map(of_tile).collect()
    }

    /// The twin's sums over all tiles.
    fn expected_in_all(&self, design: BackwardDesign) -> Vec<Sums> {
        let (frame, at) = (&self.chain.uniform, |x, y| self.at(x, y));
        match design {
            BackwardDesign::Pixels => blend_backward_atomic(self.arrays(), frame, at),
            BackwardDesign::Splats => stream_backward_atomic(self.arrays(), frame, at),
            BackwardDesign::Eights => blend_backward_eights_atomic(self.arrays(), frame, at),
        }
    }

    fn arrays(&self) -> ProjectedArrays<'_> {
        ProjectedArrays {
            a: &self.a,
            b: &self.b,
            c: &self.c,
        }
    }

    fn tiles(&self) -> Groups<'static> {
        let [across, down] = self.chain.uniform.tile_count;
        Groups::Direct(across, down)
    }

    /// Sums of the pairs, in their order.
    fn pair_sums(&self, design: BackwardDesign) -> GpuVec<f32> {
        let chain = &self.chain;
        let sums = GpuVec::from_slice(self.gpu, "sums", &vec![f32::NAN; SUMS << 16]).unwrap();
        macro_rules! go {
            ($kernel:expr, $module:ident) => {{
                let arrays = k::$module::Arrays {
                    frame: &chain.frame,
                    tile_ranges: &chain.tile_ranges,
                    pair_splats: &chain.pairs.values[chain.sorted()],
                    projected_a: &chain.projected_a,
                    projected_b: &chain.projected_b,
                    projected_c: &chain.projected_c,
                    image: &chain.image,
                    depths: &chain.depths,
                    d_image: &self.d_image_array,
                    pair_sums: &sums,
                };
                let bound = $kernel.bind(self.gpu, &arrays);
                run(self.gpu, $kernel.kernel(), &bound, self.tiles());
            }};
        }
        let kernels = kernels(self.gpu);
        match design {
            BackwardDesign::Pixels => go!(kernels.blend, blend_backward),
            BackwardDesign::Splats => go!(kernels.stream, stream_backward),
            BackwardDesign::Eights => {
                go!(kernels.eights.as_ref().unwrap(), blend_backward_eights);
            }
        }
        sums
    }

    /// Sums of the splats, by atomics; `None` where the device has none.
    fn atomic_sums(&self, design: BackwardDesign) -> Option<Vec<[f32; SUMS]>> {
        let chain = &self.chain;
        let sums = GpuVec::zeroed(self.gpu, "sums", SUMS * self.a.len()).unwrap();
        let kernels = kernels(self.gpu);
        let (blend, stream) = kernels.atomic.as_ref()?;
        macro_rules! go {
            ($kernel:expr, $module:ident) => {{
                let arrays = k::$module::Arrays {
                    frame: &chain.frame,
                    tile_ranges: &chain.tile_ranges,
                    pair_splats: &chain.pairs.values[chain.sorted()],
                    projected_a: &chain.projected_a,
                    projected_b: &chain.projected_b,
                    projected_c: &chain.projected_c,
                    image: &chain.image,
                    depths: &chain.depths,
                    d_image: &self.d_image_array,
                    splat_sums: &sums,
                };
                let bound = $kernel.bind(self.gpu, &arrays);
                run(self.gpu, $kernel.kernel(), &bound, self.tiles());
            }};
        }
        match design {
            BackwardDesign::Pixels => go!(blend, blend_backward_atomic),
            BackwardDesign::Splats => go!(stream, stream_backward_atomic),
            BackwardDesign::Eights => {
                go!(
                    kernels.eights_atomic.as_ref()?,
                    blend_backward_eights_atomic
                );
            }
        }
        Some(rows(&sums.read(self.gpu).unwrap()))
    }

    fn pairs(&self) -> (Vec<[u32; 2]>, Vec<u32>) {
        let ranges = self.chain.tile_ranges.read(self.gpu).unwrap();
        let splats = &self.chain.pairs.values[self.chain.sorted()];
        (ranges, splats.read(self.gpu).unwrap())
    }
}

fn rows<const N: usize>(floats: &[f32]) -> Vec<[f32; N]> {
    floats.as_chunks().0.to_vec()
}

/// Error over what was added and taken away to get there, the largest.
fn worst_error(ours: &[f32; SUMS], expected: &Sums) -> f64 {
    let Sums { values, sizes } = expected;
    let errors = ours.iter().zip(values).zip(sizes);
    errors
        .map(|((ours, value), size)| (f64::from(*ours) - value).abs() / (size + 1e-6))
        .fold(
            0.0,
            |worst, it| if it.is_nan() { it } else { worst.max(it) },
        )
}

/// Every pair and every splat, for every design.
fn check_blending(gpu: &Gpu, splats: &Splats, size: [u32; 2], config: &RenderConfig) {
    let drawn = Drawn::new(gpu, splats, size, config);
    let (ranges, pair_splats) = drawn.pairs();
    let mut designs = vec![BackwardDesign::Pixels, BackwardDesign::Splats];
    if gpu.capabilities().has_eights() {
        designs.push(BackwardDesign::Eights);
    }
    for design in designs {
        let ours: Vec<[f32; SUMS]> = rows(&drawn.pair_sums(design).read(gpu).unwrap());
        let mut worst = 0.0_f64;
        for (range, expected) in ranges.iter().zip(&drawn.expected(design)) {
            for pair in range[0] as usize..range[1] as usize {
                let error = worst_error(&ours[pair], &expected[pair_splats[pair] as usize]);
                assert!(
                    error < 2e-5,
                    "{design:?}, pair {pair}: {:?}, expected {:?}",
                    ours[pair],
                    expected[pair_splats[pair] as usize]
                );
                worst = worst.max(error);
            }
        }
        let mut worst_atomic = 0.0_f64;
        let totals = drawn.expected_in_all(design);
        for (ours, expected) in drawn.atomic_sums(design).iter().flatten().zip(&totals) {
            let error = worst_error(ours, expected);
            assert!(error < 2e-5, "{design:?}: {ours:?}, expected {expected:?}");
            worst_atomic = worst_atomic.max(error);
        }
        println!(
            "{size:?}, {} splats, {design:?}: pairs {worst:.1e}, atomics {worst_atomic:.1e}",
            splats.len()
        );
    }
}

#[test]
fn blending_backward_agrees_at_every_size() {
    let Some(gpu) = gpu::gpu() else { return };
    let config = RenderConfig {
        background: [0.2, 0.5, 0.9],
        ..RenderConfig::default()
    };
    for size in [[1, 1], [17, 33], [64, 48], [15, 16]] {
        for n in [0, 1, 33, 257, 1500] {
            let splats = random_splats(&mut rng(50 + n as u64), n, 1);
            check_blending(gpu, &splats, size, &config);
        }
    }
}

#[test]
fn blending_backward_agrees_for_every_setting() {
    let Some(gpu) = gpu::gpu() else { return };
    let splats = random_splats(&mut rng(51), 900, 0);
    let base = RenderConfig {
        background: [1.0, 0.0, 0.5],
        ..RenderConfig::default()
    };
    let configs = [
        RenderConfig {
            alpha_min: 0.0,
            transmittance_stop: 0.0,
            ..base.clone()
        },
        RenderConfig {
            alpha_max: 0.7,
            transmittance_stop: 0.05,
            antialiased: true,
            ..base.clone()
        },
    ];
    for config in configs {
        check_blending(gpu, &splats, [61, 50], &config);
    }
}

/// Pixels finish at different times, and whole tiles long before their lists end.
#[test]
fn blending_backward_agrees_where_splats_are_piled_up() {
    let Some(gpu) = gpu::gpu() else { return };
    let mut rng = rng(52);
    for opaque in [0.0, 0.02, 0.5] {
        let mut splats = random_splats(&mut rng, 900, 0);
        for (i, mean) in splats.means.iter_mut().enumerate() {
            mean.x = rng.random_range(-0.15..0.15) * mean.z;
            mean.y = rng.random_range(-0.15..0.15) * mean.z;
            splats.opacity_logits[i] = if rng.random_bool(opaque) { 8.0 } else { -3.5 };
            if opaque == 0.5 {
                splats.log_scales[i] = glam::Vec3::splat(0.0);
            }
        }
        check_blending(gpu, &splats, [32, 32], &RenderConfig::default());
    }
}

/// Every pair is found again, large splats' and equally deep ones' too.
#[test]
fn sum_pairs_agrees() {
    let Some(gpu) = gpu::gpu() else { return };
    for n in [0, 1, 257, 1500] {
        let mut splats = random_splats(&mut rng(80 + n as u64), n, 0);
        for i in 0..n {
            if i % 3 == 0 {
                splats.means[i].z = 2.0;
            }
            if i % 50 == 0 {
                splats.log_scales[i] = glam::Vec3::splat(0.5);
            }
        }
        let drawn = Drawn::new(gpu, &splats, [150, 90], &RenderConfig::default());
        let (ranges, pair_splats) = drawn.pairs();
        let mut rng = rng(81);
        let values: Vec<f32> = (0..SUMS << 16)
            .map(|_| rng.random_range(-1.0..1.0))
            .collect();
        let chain = &drawn.chain;
        let visible = drawn.a.len();
        let sums = GpuVec::from_slice(gpu, "sums", &vec![f32::NAN; visible * SUMS]).unwrap();
        let arrays = k::sum_pairs::Arrays {
            frame: &chain.frame,
            counters: &chain.counters,
            tile_ranges: &chain.tile_ranges,
            pair_splats: &chain.pairs.values[chain.sorted()],
            projected_a: &chain.projected_a,
            projected_b: &chain.projected_b,
            projected_c: &chain.projected_c,
            pair_sums: &GpuVec::from_slice(gpu, "pairs", &values).unwrap(),
            splat_sums: &sums,
        };
        let kernel = &kernels(gpu).sum_pairs;
        let bound = kernel.bind(gpu, &arrays);
        run(
            gpu,
            kernel.kernel(),
            &bound,
            Groups::Indirect(&chain.dispatches, 0),
        );
        let ours: Vec<[f32; SUMS]> = rows(&sums.read(gpu).unwrap());
        let pairs = rows(&values);
        let expected = reference::sum_pairs::sum_pairs(&ranges, &pair_splats, &pairs, visible);
        for (splat, (ours, expected)) in ours.iter().zip(&expected).enumerate() {
            for (ours, expected) in ours.iter().zip(expected) {
                assert!(
                    (f64::from(*ours) - expected).abs() < 1e-4,
                    "splat {splat}: {ours}, expected {expected}"
                );
            }
        }
    }
}

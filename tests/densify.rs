//! Densification of whole pools: who is given up, who is copied, that everything follows, and what
//! the picture looks like afterwards.

/// Frozen splats: no rule, no order and no fading changes them.
mod frozen;
/// 3DGS's rule, and where several views are asked.
mod growth;
/// 3DGS-MCMC.
mod monte_carlo;
/// The order of splats.
mod order;
/// What views say of splats, and opacities.
mod scores;

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use render::gpu::{Gpu, GpuVec};
use render::training::{PoolOptions, SplatPool};
use render::{Camera, GpuSplats, Image, Intrinsics, RenderConfig, Splats};
use tests::gpu;

/// Splats in a chunk of the pools here.
const PER_CHUNK: u64 = 512;

/// Splats in front of [`camera`], each with its number in its colour.
fn numbered(n: usize, sh_degree: u32, seed: u64) -> Splats {
    let mut rng = Pcg64Mcg::seed_from_u64(seed);
    let mut splats = Splats {
        sh_degree,
        ..Splats::default()
    };
    let coeffs = splats.coeffs_per_splat();
    let mut signed = |size: f32| rng.random_range(-size..size);
    for i in 0..n {
        let z = 4.0 + signed(2.0);
        let mean = [signed(0.6) * z, signed(0.4) * z, z];
        splats.means.push(mean.into());
        splats.quats.push([(); 4].map(|()| signed(1.0)));
        let log_scales = [(); 3].map(|()| -2.7 + signed(0.8));
        splats.log_scales.push(log_scales.into());
        splats.opacity_logits.push(signed(4.0));
        for k in 0..coeffs {
            let mut colour = [(); 3].map(|()| signed(0.6));
            if k == 0 {
                colour[0] = i as f32 * 1e-4;
            }
            splats.sh_coeffs.push(colour);
        }
    }
    splats
}

/// The numbers of [`numbered`].
fn numbers(splats: &Splats) -> Vec<usize> {
    let number = |i| (splats.sh(i)[0][0] * 1e4).round() as usize;
    (0..splats.len()).map(number).collect()
}

/// Copies know whose they are, wherever they lie.
#[track_caller]
fn check_origins(gpu: &Gpu, pool: &SplatPool) {
    let splats = pool.read(gpu).unwrap().splats;
    let origins = pool.origins(gpu).unwrap();
    let origins: Vec<usize> = origins.into_iter().map(|it| it as usize).collect();
    assert_eq!(origins, numbers(&splats));
}

/// A pool in chunks of [`PER_CHUNK`] with four planes of statistics, whose moments and statistics
/// are random numbers.
fn pool(gpu: &Gpu, splats: &Splats, room: usize) -> SplatPool {
    frozen_pool(gpu, splats, room, 0)
}

/// The same, of which the first `frozen` splats stay as they are.
fn frozen_pool(gpu: &Gpu, splats: &Splats, room: usize, frozen: usize) -> SplatPool {
    let planes = 11 + 3 * splats.coeffs_per_splat() as u64;
    let options = PoolOptions {
        room,
        statistics: 4,
        filtered: false,
        frozen,
        max_chunk_bytes: Some(4 * planes * PER_CHUNK),
    };
    let pool = SplatPool::with_options(gpu, splats, &options).unwrap();
    let mut rng = Pcg64Mcg::seed_from_u64(9);
    for (_, moments) in pool.chunks() {
        let floats = [&moments.geometry, &moments.sh_second, &moments.statistics];
        for array in floats
            .into_iter()
            .map(GpuVec::words)
            .chain([moments.sh_first.clone()])
        {
            let words: Vec<u32> = (0..array.len())
                .map(|_| rng.random_range(0.0_f32..1.0).to_bits())
                .collect();
            array.write(gpu, &words);
        }
    }
    pool
}

/// Everything a pool holds of each splat, as words: parameters, moments, statistics.
struct Held {
    params: Vec<Vec<u32>>,
    moments: Vec<Vec<u32>>,
    statistics: Vec<Vec<u32>>,
}

fn held(gpu: &Gpu, pool: &SplatPool) -> Held {
    let mut held = Held {
        params: Vec::new(),
        moments: Vec::new(),
        statistics: Vec::new(),
    };
    for (chunk, moments) in pool.chunks() {
        let mut take = |arrays: &[GpuVec<u32>], to: fn(&mut Held) -> &mut Vec<Vec<u32>>| {
            let words: Vec<Vec<u32>> = arrays.iter().map(|it| it.read(gpu).unwrap()).collect();
            for i in 0..chunk.count {
                let planes = words.iter().flat_map(|it| it.chunks(chunk.stride));
                to(&mut held).push(planes.map(|it| it[i]).collect());
            }
        };
        take(&[chunk.params.words()], |it| &mut it.params);
        let all = [
            moments.geometry.words(),
            moments.sh_first.clone(),
            moments.sh_second.words(),
        ];
        take(&all, |it| &mut it.moments);
        take(&[moments.statistics.words()], |it| &mut it.statistics);
    }
    held
}

fn camera() -> Camera {
    let intrinsics = Intrinsics::from_vertical_fov(0.9, 96, 64);
    Camera::from_w2c(intrinsics, glam::Mat4::IDENTITY)
}

fn draw(gpu: &Gpu, splats: &GpuSplats) -> Image {
    let mut rasterizer = gpu::rasterizer(gpu);
    rasterizer
        .draw_complete(gpu, splats, &camera(), &RenderConfig::default())
        .unwrap();
    rasterizer.read_image(gpu).unwrap()
}

/// The largest and the mean absolute difference of two images.
fn difference(a: &Image, b: &Image) -> (f32, f32) {
    let values = a.rgb.iter().flatten().zip(b.rgb.iter().flatten());
    let differences: Vec<f32> = values.map(|(a, b)| (a - b).abs()).collect();
    let largest = differences.iter().copied().fold(0.0, f32::max);
    (
        largest,
        differences.iter().sum::<f32>() / differences.len() as f32,
    )
}

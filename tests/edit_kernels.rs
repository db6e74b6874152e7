//! What an editor asks of splats and shows of them, against the plain twins.

/// Σ α T over pixels, against the twin, the processor's gradient and differences of pictures.
mod contributing;
/// Marks on a copy: numbers against the twin, pictures against edited splats.
mod dressing;
/// Queries, on the GPU and on the processor.
mod finding;

use glam::{Mat4, Quat, Vec3};
use render::gpu::{Gpu, Recorder};
use render::training::{Filter, PoolOptions, SplatPool};
use render::{Camera, GpuSplats, Intrinsics, Splats};

/// Bytes of a chunk of so many splats, so that few splats make many chunks.
fn chunk_bytes(splats: &Splats, per_chunk: u64) -> u64 {
    let planes = 11 + 3 * splats.coeffs_per_splat() as u64;
    4 * planes * per_chunk
}

/// The splats with 3D filters from one camera, in chunks.
fn filtered(gpu: &Gpu, splats: &Splats) -> GpuSplats {
    let options = PoolOptions {
        filtered: true,
        max_chunk_bytes: Some(chunk_bytes(splats, 520)),
        ..PoolOptions::default()
    };
    let pool = SplatPool::with_options(gpu, splats, &options).unwrap();
    let intrinsics = Intrinsics {
        fx: 40.0,
        fy: 50.0,
        cx: 31.0,
        cy: 22.0,
        width: 60,
        height: 45,
    };
    let pose = Mat4::from_rotation_translation(Quat::from_rotation_y(0.4), Vec3::Z * 3.0);
    let mut filter = Filter::new(gpu, &[Camera::from_w2c(intrinsics, pose)]).unwrap();
    filter.prepare(gpu, &pool, 0.3).unwrap();
    let mut recorder = Recorder::new(gpu, None, false);
    filter.record(&mut recorder);
    recorder.submit(gpu);
    pool.snapshot(gpu).unwrap()
}

//! Pools to the host and back to the bit, and copies that stay while the pool moves on.

use render::training::{DescentConfig, PoolOptions, PoolState, SplatPool};
use tests::gpu;

use super::steps::{SMALL_CHUNKS, config, d_image, descend};
use crate::gradients::differences::random_splats;

fn options() -> PoolOptions {
    PoolOptions {
        room: 1100,
        statistics: 3,
        filtered: true,
        frozen: 0,
        max_chunk_bytes: Some(SMALL_CHUNKS),
    }
}

/// What was read makes the same pool in other chunks and with other room, and both take the same
/// steps from there.
#[test]
fn a_pool_goes_on_from_its_state() {
    let Some(gpu) = gpu::gpu() else { return };
    let pool = SplatPool::with_options(gpu, &random_splats(11, 700, 2), &options()).unwrap();
    descend(gpu, &pool, 0..2, &config(), d_image);
    let state = pool.read(gpu).unwrap();
    assert_eq!(state.check().ok(), Some(()));
    assert_eq!(state.statistics.len(), 3);
    assert!(state.geometry.iter().any(|it| *it != 0.0));
    assert!(state.sh_first.iter().any(|it| *it != 0));
    let same = SplatPool::from_state(gpu, &state, 2000).unwrap();
    assert_eq!((same.len(), same.room()), (700, 2000));
    assert!(same.read(gpu).unwrap() == state);
    let dense = DescentConfig {
        only_visible: false,
        ..config()
    };
    for pool in [&pool, &same] {
        descend(gpu, pool, 2..4, &dense, d_image);
    }
    let after = pool.read(gpu).unwrap();
    assert!(after != state);
    assert!(same.read(gpu).unwrap() == after);
}

#[test]
fn states_that_disagree_are_refused() {
    let Some(gpu) = gpu::gpu() else { return };
    let pool = SplatPool::with_options(gpu, &random_splats(12, 40, 1), &options()).unwrap();
    let state = pool.read(gpu).unwrap();
    let broken: [fn(&mut PoolState); 6] = [
        |it| it.splats.quats.truncate(3),
        |it| it.geometry.push(0.0),
        |it| it.sh_first.truncate(1),
        |it| it.statistics[1].truncate(1),
        |it| it.filter = Some(Vec::new()),
        |it| it.origins.truncate(7),
    ];
    for change in broken {
        let mut state = state.clone();
        change(&mut state);
        assert!(SplatPool::from_state(gpu, &state, 40).is_err());
    }
    let empty = PoolState::default();
    let pool = SplatPool::from_state(gpu, &empty, 300).unwrap();
    assert_eq!((pool.len(), pool.room()), (0, 300));
    assert!(pool.read(gpu).unwrap() == empty);
}

#[test]
fn a_snapshot_stays_as_it_was() {
    let Some(gpu) = gpu::gpu() else { return };
    let splats = random_splats(13, 600, 2);
    let mut pool = SplatPool::with_options(gpu, &splats, &options()).unwrap();
    pool.set_len(gpu, 555);
    let snapshot = pool.snapshot(gpu).unwrap();
    let before = pool.splats().download(gpu).unwrap();
    assert_eq!((snapshot.len(), snapshot.room()), (555, 555));
    assert_eq!(snapshot.bytes(), (555 * 4 * 39_u64).next_multiple_of(16));
    descend(gpu, &pool, 0..1, &config(), d_image);
    assert!(pool.splats().download(gpu).unwrap() != before);
    assert!(snapshot.download(gpu).unwrap() == before);
    let [image, same] = [snapshot, render::GpuSplats::upload(gpu, &before).unwrap()].map(|it| {
        let mut rasterizer = gpu::rasterizer(gpu);
        let camera = crate::gradients::differences::camera(90, 60);
        rasterizer
            .draw_complete(gpu, &it, &camera, &render::RenderConfig::default())
            .unwrap();
        rasterizer.read_rgba8(gpu).unwrap()
    });
    assert!(image == same);
}

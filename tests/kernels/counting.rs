//! `scan`, `pair_count` and `ranges` against their twins, folded dispatches included.

use bytemuck::Zeroable;
use rand::RngExt;
use render::gpu::{Counters, FrameUniform, Gpu, GpuVec, Groups, ScanParams};
use render::kernels::{pair_count, ranges, scan};
use tests::gpu;

use super::{SIZES, kernels, per, random_u32s, rng, run};
use crate::reference;

fn counters(gpu: &Gpu, num_visible: usize, num_pairs: usize) -> GpuVec<Counters> {
    let counters = Counters {
        num_visible: num_visible as u32,
        num_pairs: num_pairs as u32,
        wanted_visible: 0,
        wanted_pairs: 0,
    };
    GpuVec::from_slice(gpu, "counters", &[counters]).unwrap()
}

/// Scans for one of the two counters and compares everything the kernel writes.
fn check_scan(gpu: &Gpu, sums: &[u32], capacity: u32, counter: u32) {
    let frame = FrameUniform {
        visible_capacity: if counter == 0 { capacity } else { 7 },
        pair_capacity: if counter == 1 { capacity } else { 7 },
        ..FrameUniform::zeroed()
    };
    // For pairs the number of visible splats tells how many blocks there are.
    let num_visible = (sums.len() * 256).saturating_sub(200);
    let counters = counters(gpu, num_visible, 0);
    let params = ScanParams {
        counter,
        num_blocks: if counter == 0 { sums.len() as u32 } else { 0 },
    };
    let block_sums = GpuVec::from_slice(gpu, "sums", sums).unwrap();
    let dispatches = GpuVec::zeroed(gpu, "dispatches", 6).unwrap();
    let arrays = scan::Arrays {
        frame: &GpuVec::from_slice(gpu, "frame", &[frame]).unwrap(),
        params: &GpuVec::from_slice(gpu, "scan", &[params]).unwrap(),
        block_sums: &block_sums,
        counters: &counters,
        dispatches: &dispatches,
    };
    let kernel = &kernels(gpu).scan;
    let bound = kernel.bind(gpu, &arrays);
    run(gpu, kernel.kernel(), &bound, Groups::Direct(1, 1));

    let now = counters.read(gpu).unwrap()[0];
    let (count, wanted) = if counter == 0 {
        (now.num_visible, now.wanted_visible)
    } else {
        assert_eq!(now.num_visible, num_visible as u32, "left alone");
        (now.num_pairs, now.wanted_pairs)
    };
    let slots = dispatches.read(gpu).unwrap();
    let ours = reference::scan::Scanned {
        offsets: block_sums.read(gpu).unwrap(),
        count,
        wanted,
        dispatches: [0, 1, 2].map(|k| slots[counter as usize * 3 + k]),
    };
    let expected = reference::scan::scan(sums, capacity);
    assert!(ours == expected, "{} blocks, counter {counter}", sums.len());
    let others = [0, 1, 2].map(|k| slots[(1 - counter as usize) * 3 + k]);
    assert_eq!(others.map(|it| [it.x, it.y, it.z]), [[0; 3]; 3]);
}

#[test]
fn scan_agrees_at_every_size() {
    let Some(gpu) = gpu::gpu() else { return };
    let mut rng = rng(1);
    for n in SIZES {
        for counter in [0, 1] {
            let sums = random_u32s(&mut rng, n, 257);
            check_scan(gpu, &sums, u32::MAX, counter);
            check_scan(gpu, &sums, 300, counter);
        }
    }
}

/// More pairs than 32 bits can count must read as "too many", not as a few.
#[test]
fn scan_saturates() {
    let Some(gpu) = gpu::gpu() else { return };
    for n in [2, 300, 5000] {
        check_scan(gpu, &vec![u32::MAX / 2 + 9; n], 1 << 20, 1);
        check_scan(gpu, &vec![u32::MAX / 299; n], 1 << 30, 1);
    }
    // More workgroups than one row of a dispatch holds.
    check_scan(gpu, &[256 * 32_768, 1], u32::MAX, 1);
    check_scan(gpu, &[2048 * 32_768, 1], u32::MAX, 1);
}

#[test]
fn pair_count_agrees_at_every_size() {
    let Some(gpu) = gpu::gpu() else { return };
    let mut rng = rng(2);
    for n in SIZES {
        let mut order: Vec<u32> = (0..n as u32).collect();
        order.sort_by_cached_key(|_| rng.random::<u32>());
        let tile_counts = random_u32s(&mut rng, n, 5000);
        let block_sums = GpuVec::zeroed(gpu, "sums", n.div_ceil(256)).unwrap();
        let arrays = pair_count::Arrays {
            counters: &counters(gpu, n, 0),
            order: &GpuVec::from_slice(gpu, "order", &order).unwrap(),
            tile_counts: &GpuVec::from_slice(gpu, "counts", &tile_counts).unwrap(),
            block_sums: &block_sums,
        };
        let kernel = &kernels(gpu).pair_count;
        let bound = kernel.bind(gpu, &arrays);
        // A workgroup too many, as folding leaves.
        run(gpu, kernel.kernel(), &bound, per(n + 256, 256));
        let expected = reference::pair_count::pair_count(&order, &tile_counts);
        assert!(block_sums.read(gpu).unwrap() == expected, "{n} splats");
    }
}

/// `tiles` sorted ascending, in an image of `across` × `down` tiles.
fn check_ranges(gpu: &Gpu, tiles: &[u32], [across, down]: [u32; 2]) {
    let frame = FrameUniform {
        tile_count: [across, down],
        ..FrameUniform::zeroed()
    };
    let num_tiles = (across * down) as usize;
    // Some more, to see that padding is not written.
    let tile_ranges = GpuVec::zeroed(gpu, "ranges", num_tiles + 8).unwrap();
    let arrays = ranges::Arrays {
        frame: &GpuVec::from_slice(gpu, "frame", &[frame]).unwrap(),
        counters: &counters(gpu, 0, tiles.len()),
        pair_tiles: &GpuVec::from_slice(gpu, "tiles", tiles).unwrap(),
        tile_ranges: &tile_ranges,
    };
    let kernel = &kernels(gpu).ranges;
    let bound = kernel.bind(gpu, &arrays);
    run(gpu, kernel.kernel(), &bound, per(tiles.len(), 256));
    let mut expected = reference::ranges::ranges(tiles, num_tiles);
    expected.resize(num_tiles + 8, [0, 0]);
    assert!(
        tile_ranges.read(gpu).unwrap() == expected,
        "{} pairs",
        tiles.len()
    );
}

#[test]
fn ranges_agree_at_every_size() {
    let Some(gpu) = gpu::gpu() else { return };
    let mut rng = rng(3);
    for n in SIZES {
        // 13 × 7 tiles; number 91 is the padding.
        for end in [1, 92] {
            let mut tiles = random_u32s(&mut rng, n, end);
            tiles.sort_unstable();
            check_ranges(gpu, &tiles, [13, 7]);
        }
        check_ranges(gpu, &vec![91; n], [13, 7]);
    }
}

/// More than 32768 workgroups, so that the dispatch has a second row that is not full.
#[test]
fn folded_dispatches_reach_every_element() {
    let Some(gpu) = gpu::gpu() else { return };
    let mut rng = rng(4);
    let mut tiles = Vec::new();
    for tile in 0..12_000 {
        let run = rng.random_range(0..1420);
        tiles.resize(tiles.len() + run, tile);
    }
    assert!(256 * 32_768 < tiles.len());
    check_ranges(gpu, &tiles, [120, 100]);
}

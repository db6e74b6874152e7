//! `emit`: no tile lost, none twice, none made up, in the order of depth, and never too far.

use std::collections::BTreeMap;
use std::ops::Range;

use rand::RngExt;
use rand_pcg::Pcg64Mcg;
use render::gpu::Gpu;
use render::rasterizer::{Counted, Projected};
use render::{Camera, RenderConfig, Splats};
use tests::gpu;

use super::chain::{Chain, GUARD, UNTOUCHED, camera, random_splats, splats_from_bits};
use super::rng;
use crate::reference;

/// Ellipses of every kind as splats that lie flat in front of [`camera`].
fn random_ellipses(rng: &mut Pcg64Mcg, n: usize, camera: &Camera) -> Splats {
    let k = camera.intrinsics;
    let mut splats = Splats::default();
    for i in 0..n {
        let z = rng.random_range(1.0_f32..9.0);
        let (w, h) = (k.width as f32, k.height as f32);
        let (mut u, mut v) = match i % 4 {
            // Anywhere, half of them outside.
            0 | 1 => (
                rng.random_range(-0.5 * w..1.5 * w),
                rng.random_range(-0.5 * h..1.5 * h),
            ),
            // At the image's borders.
            2 => (
                rng.random_range(-2.0..2.0) + if rng.random() { w } else { 0.0 },
                rng.random_range(0.0..h),
            ),
            _ => (
                rng.random_range(0.0..w),
                rng.random_range(-2.0..2.0) + if rng.random() { h } else { 0.0 },
            ),
        };
        if i % 10 == 0 {
            // Where tiles meet.
            u = (u / 16.0).round() * 16.0;
            v = (v / 16.0).round() * 16.0;
        }
        let long_px = 10.0_f32.powf(rng.random_range(-2.0..3.0));
        let ratio: f32 = if i % 3 == 0 {
            10.0_f32.powf(rng.random_range(-4.0..-1.0))
        } else {
            rng.random_range(0.1..1.0)
        };
        let world = z / k.fx;
        let opacity: f32 = match i % 5 {
            0 => rng.random_range(0.0039..0.0045),
            _ => rng.random_range(0.004..0.9999),
        };
        let half = 0.5 * rng.random_range(0.0..std::f32::consts::PI);
        let mean = [(u - k.cx) / k.fx * z, (v - k.cy) / k.fy * z, z];
        splats.means.push(mean.into());
        splats.quats.push([half.cos(), 0.0, 0.0, half.sin()]);
        let scale = [long_px * world, long_px * ratio * world, 1e-4];
        splats.log_scales.push(scale.map(f32::ln).into());
        splats.opacity_logits.push(render::splats::logit(opacity));
        splats.sh_coeffs.push([0.1; 3]);
    }
    splats
}

/// Tiles of each visible splat, and where its pairs lie, as emitted.
struct Emitted {
    tiles: BTreeMap<usize, Vec<u32>>,
    in_order: Vec<usize>,
}

fn emitted(gpu: &Gpu, chain: &Chain<'_>) -> Emitted {
    let counters = chain.counters.read(gpu).unwrap()[0];
    assert_eq!(counters.num_pairs, counters.wanted_pairs, "there is room");
    let n = counters.num_pairs as usize;
    let tiles = chain.pairs.keys[0].read_range(gpu, 0, n).unwrap();
    let owners = chain.pairs.values[0].read_range(gpu, 0, n).unwrap();
    let mut out = Emitted {
        tiles: BTreeMap::new(),
        in_order: Vec::new(),
    };
    for (&tile, &owner) in tiles.iter().zip(&owners) {
        let owner = owner as usize;
        out.tiles.entry(owner).or_default().push(tile);
        if out.in_order.last() != Some(&owner) {
            out.in_order.push(owner);
        }
    }
    out
}

/// Visible splat `k` as the kernels have it.
fn rounded(projected: &Projected, k: usize, cut: f64) -> reference::project::Projected {
    let [u, v, depth, extent_y] = projected.a[k].map(f64::from);
    let [xx, xy, yy, opacity] = projected.b[k].map(f64::from);
    let [r, g, b, extent_x] = projected.c[k].map(f64::from);
    reference::project::Projected {
        mean2d: [u, v].into(),
        depth,
        conic: [xx, xy, yy],
        opacity,
        rgb: [r, g, b].into(),
        extent: [extent_x, extent_y].into(),
        cut,
    }
}

/// How many pairs there are, and how many an exact test gives.
fn check_emission(
    gpu: &Gpu,
    splats: &Splats,
    camera: &Camera,
    config: &RenderConfig,
) -> [usize; 2] {
    let chain = Chain::new(gpu, splats, camera, config, 3_000_000);
    chain.run_to_pairs();
    let projected = chain.projected();
    let mut emitted = emitted(gpu, &chain);
    let depth = |&it: &usize| projected.a[it][2];
    assert!(emitted.in_order.is_sorted_by_key(depth), "nearest first");
    let all_tiles = chain.uniform.tile_count[0] * chain.uniform.tile_count[1];
    let (mut ours, mut strict) = (0, 0);
    for (k, i) in splats_from_bits(&projected.visible_bits)
        .into_iter()
        .enumerate()
    {
        let mut tiles = emitted.tiles.remove(&k).unwrap_or_default();
        let about = || format!("splat {i}: {:?} {:?}", projected.a[k], projected.b[k]);
        assert_eq!(
            tiles.len(),
            projected.tile_counts[k] as usize,
            "{}",
            about()
        );
        tiles.sort_unstable();
        assert!(
            tiles.windows(2).all(|it| it[0] < it[1]),
            "twice: {}",
            about()
        );
        assert!(
            tiles.iter().all(|&it| it < all_tiles),
            "padding: {}",
            about()
        );
        let Some(exact) = reference::project::project(splats, i, &chain.uniform) else {
            continue;
        };
        // As it is, and as `blend` sees it, with what rounding made of it.
        for splat in [&exact, &rounded(&projected, k, exact.cut)] {
            for tile in reference::emit::contributing_tiles(splat, &chain.uniform) {
                assert!(
                    tiles.binary_search(&tile).is_ok(),
                    "tile {tile} is lost: {}",
                    about()
                );
            }
        }
        ours += tiles.len();
        strict += reference::emit::tiles(&exact, &chain.uniform, 0.0).len();
        let reached = reference::emit::tiles(&exact, &chain.uniform, 0.1);
        for tile in tiles {
            assert!(
                reached.binary_search(&tile).is_ok(),
                "tile {tile} is far: {}",
                about()
            );
        }
    }
    assert!(
        emitted.tiles.is_empty(),
        "pairs of splats that are not visible"
    );
    [ours, strict]
}

#[test]
fn emit_loses_no_tile_and_makes_up_none() {
    let Some(gpu) = gpu::gpu() else { return };
    let mut rng = rng(40);
    let sizes = [
        [300, 200],
        [128, 64],
        [97, 131],
        [33, 17],
        [1, 1],
        [16, 240],
    ];
    let (mut ours, mut strict) = (0, 0);
    for [width, height] in sizes {
        let camera = camera(width, height);
        let splats = random_ellipses(&mut rng, 700, &camera);
        for eps2d in [0.3, 1e-3] {
            let config = RenderConfig {
                eps2d,
                ..RenderConfig::default()
            };
            let [a, b] = check_emission(gpu, &splats, &camera, &config);
            println!("{width}×{height}: {a} pairs, exact {b}");
            ours += a;
            strict += b;
        }
    }
    let most = strict + strict / 100;
    assert!(ours <= most, "{ours} pairs where {strict} are enough");
}

/// More rows of tiles than a workgroup has threads.
#[test]
fn emit_fills_tall_images() {
    let Some(gpu) = gpu::gpu() else { return };
    let camera = camera(20, 4400);
    let mut splats = random_ellipses(&mut rng(47), 24, &camera);
    for (mean, scale) in splats.means.iter_mut().zip(&mut splats.log_scales) {
        // Long enough to reach from top to bottom, upright or not.
        scale.x = (1500.0 * mean.z / camera.intrinsics.fx).ln();
        mean.x *= 0.2;
    }
    let upright = [0.5_f32.sqrt(), 0.0, 0.0, 0.5_f32.sqrt()];
    splats.quats[..6].fill(upright);
    let config = RenderConfig::default();
    let [pairs, _] = check_emission(gpu, &splats, &camera, &config);
    assert!(3 * 275 < pairs, "{pairs} pairs");
}

/// Should counting and emitting ever disagree by rounding, the surplus goes to a tile that does
/// not exist, a shortage loses the splat's last tiles, and no other splat's pairs are touched.
#[test]
fn emit_keeps_to_the_counted_room() {
    let Some(gpu) = gpu::gpu() else { return };
    let splats = random_splats(&mut rng(48), 700, 0);
    let camera = camera(300, 200);
    let chain = Chain::new(gpu, &splats, &camera, &RenderConfig::default(), 1 << 17);
    chain.run_to_pairs();
    let right = emitted(gpu, &chain).tiles;
    let counts = chain.projected().tile_counts;
    let padding = chain.uniform.tile_count[0] * chain.uniform.tile_count[1];
    let off_by = |k: usize| [0, 3, -1, 40][k % 4];
    let wrong: Vec<u32> = (0..)
        .zip(&counts)
        .map(|(k, count)| count.saturating_add_signed(off_by(k)))
        .collect();
    chain.tile_counts.write(gpu, &wrong);
    chain.pair_count();
    chain.scan(Counted::Pairs);
    chain.emit();
    let ours = emitted(gpu, &chain).tiles;
    for (k, &count) in wrong.iter().enumerate() {
        let mut expected = right.get(&k).cloned().unwrap_or_default();
        expected.resize(count as usize, padding);
        let ours = ours.get(&k).cloned().unwrap_or_default();
        assert_eq!(ours, expected, "splat {k}, {} tiles", counts[k]);
    }
    // Padding belongs to no tile's range.
    chain.sort_tiles();
    chain.ranges();
    let pairs = chain.projected().counters.num_pairs as usize;
    let tiles = chain.pairs.keys[chain.sorted()].read_range(gpu, 0, pairs);
    let expected = reference::ranges::ranges(&tiles.unwrap(), padding as usize);
    assert_eq!(chain.tile_ranges.read(gpu).unwrap(), expected);
}

/// Sizes around the width of a workgroup, and as many as several.
#[test]
fn emit_agrees_at_every_size() {
    let Some(gpu) = gpu::gpu() else { return };
    for n in [0, 1, 255, 256, 257, 1500] {
        let splats = random_splats(&mut rng(41 + n as u64), n, 0);
        check_emission(gpu, &splats, &camera(150, 90), &RenderConfig::default());
    }
}

#[test]
fn pairs_of_a_tile_are_in_the_order_of_depth() {
    let Some(gpu) = gpu::gpu() else { return };
    let mut splats = random_splats(&mut rng(42), 1500, 0);
    // Equal depths: then in the order of the splats.
    for mean in splats.means.iter_mut().skip(500) {
        mean.z = 2.0;
    }
    let chain = Chain::new(
        gpu,
        &splats,
        &camera(150, 90),
        &RenderConfig::default(),
        1 << 17,
    );
    chain.run_to_pairs();
    chain.sort_tiles();
    chain.ranges();
    let projected = chain.projected();
    let num_pairs = projected.counters.num_pairs as usize;
    let pairs = &chain.pairs.values[chain.sorted()];
    let owners = pairs.read_range(gpu, 0, num_pairs).unwrap();
    let ranges = chain.tile_ranges.read(gpu).unwrap();
    let mut seen = 0;
    for [first, end] in ranges {
        let Range { start, end } = first as usize..end as usize;
        let key = |&it: &u32| (projected.a[it as usize][2], it);
        assert!(owners[start..end].is_sorted_by_key(key));
        seen += end - start;
    }
    assert_eq!(seen, num_pairs, "each pair in one tile's range");
}

/// Nothing is written behind the end, the counters tell what is missing, and what there is room
/// for is the nearest splats'.
#[test]
fn emit_stays_within_its_room() {
    let Some(gpu) = gpu::gpu() else { return };
    let camera = camera(200, 120);
    let mut splats = random_splats(&mut rng(43), 600, 0);
    // Some fill the image: their pairs are written by whole workgroups.
    for (scale, logit) in splats
        .log_scales
        .iter_mut()
        .zip(&mut splats.opacity_logits)
        .step_by(5)
    {
        *scale = glam::Vec3::splat(2.0);
        *logit = 3.0;
    }
    let config = RenderConfig::default();
    let roomy = Chain::new(gpu, &splats, &camera, &config, 1 << 17);
    roomy.run_to_pairs();
    let wanted = roomy.projected().counters.wanted_pairs as usize;
    assert_eq!(wanted, roomy.projected().counters.num_pairs as usize);
    let everything = roomy.pairs.keys[0].read_range(gpu, 0, wanted).unwrap();
    for room in [1, 100, wanted / 2, wanted - 1, wanted] {
        let chain = Chain::new(gpu, &splats, &camera, &config, room);
        chain.run_to_pairs();
        let counters = chain.projected().counters;
        assert_eq!(counters.num_pairs as usize, room);
        assert_eq!(counters.wanted_pairs as usize, wanted);
        for array in [&chain.pairs.keys[0], &chain.pairs.values[0]] {
            let beyond = array.read_range(gpu, room, GUARD).unwrap();
            assert!(beyond.iter().all(|&it| it == UNTOUCHED), "room for {room}");
        }
        let tiles = chain.pairs.keys[0].read_range(gpu, 0, room).unwrap();
        assert!(tiles == everything[..room], "room for {room}");
        chain.sort_tiles();
        chain.ranges();
        chain.blend();
        for array in chain.pairs.keys.iter().chain(&chain.pairs.values) {
            let beyond = array.read_range(gpu, room, GUARD).unwrap();
            assert!(beyond.iter().all(|&it| it == UNTOUCHED), "sorting {room}");
        }
    }

    // Pairs beyond what 32 bits count do not come back at the beginning.
    let chain = Chain::new(gpu, &splats, &camera, &config, 1 << 17);
    chain.run_to_order();
    let blocks = chain.pair_offsets.len();
    chain.pair_offsets.write(gpu, &vec![u32::MAX - 3; blocks]);
    chain.emit();
    let written = chain.pairs.keys[0].read(gpu).unwrap();
    assert!(written.iter().all(|&it| it == UNTOUCHED));
}

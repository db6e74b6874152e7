//! The four kernels of the radix sort against their twins, and the whole sort against std's.

use rand::RngExt;
use render::gpu::{Counters, Gpu, GpuVec, Groups, Recorder, SortParams};
use render::kernels::{sort_count, sort_scan, sort_scatter, sort_spine};
use render::rasterizer::{Counted, KeyValues, PARTITION, PARTITIONS_PER_BLOCK, SortScratch};
use tests::gpu;

use super::{kernels, per, rng, run};
use crate::reference;

/// Keys that one block of partitions holds.
const BLOCK: usize = PARTITION * PARTITIONS_PER_BLOCK;

fn counters(gpu: &Gpu, counted: Counted, n: usize) -> GpuVec<Counters> {
    let n = n as u32;
    let (num_visible, num_pairs) = match counted {
        Counted::Visible => (n, 123_456),
        Counted::Pairs => (123_456, n),
    };
    let counters = Counters {
        num_visible,
        num_pairs,
        wanted_visible: 0,
        wanted_pairs: 0,
    };
    GpuVec::from_slice(gpu, "counters", &[counters]).unwrap()
}

/// Each kernel of a pass by itself, fed with what the twins of those before it say.
fn check_kernels(gpu: &Gpu, keys: &[u32], shift: u32, counted: Counted) {
    let n = keys.len();
    let about = format!("{n} keys, shift {shift}");
    let params = SortParams {
        counter: counted as u32,
        shift,
    };
    let params = &GpuVec::from_slice(gpu, "params", &[params]).unwrap();
    let counters = &counters(gpu, counted, n);
    let upload = |values: &[u32]| GpuVec::from_slice(gpu, "test", values).unwrap();
    let k = kernels(gpu);
    let partitions = per(n, PARTITION);
    let counts = reference::sort_count::sort_count(keys, shift, PARTITION);
    let totals = reference::sort_count::sort_count(keys, shift, BLOCK);
    let block_starts = reference::sort_spine::sort_spine(keys, shift, BLOCK);
    let starts = reference::sort_scan::sort_scan(keys, shift);

    let (digit_counts, block_totals) = (
        upload(&vec![77; counts.len()]),
        upload(&vec![0; totals.len()]),
    );
    let arrays = sort_count::Arrays {
        params,
        counters,
        keys: &upload(keys),
        digit_counts: &digit_counts,
        block_totals: &block_totals,
    };
    let bound = k.sort_count.bind(gpu, &arrays);
    run(gpu, k.sort_count.kernel(), &bound, partitions);
    assert!(digit_counts.read(gpu).unwrap() == counts, "count: {about}");
    assert!(block_totals.read(gpu).unwrap() == totals, "totals: {about}");

    let arrays = sort_spine::Arrays {
        params,
        counters,
        block_totals: &block_totals,
    };
    let bound = k.sort_spine.bind(gpu, &arrays);
    run(gpu, k.sort_spine.kernel(), &bound, Groups::Direct(1, 1));
    let ours = block_totals.read(gpu).unwrap();
    assert!(ours == block_starts, "spine: {about}");

    let arrays = sort_scan::Arrays {
        params,
        counters,
        digit_counts: &digit_counts,
        block_totals: &block_totals,
    };
    let bound = k.sort_scan.bind(gpu, &arrays);
    run(gpu, k.sort_scan.kernel(), &bound, per(n, BLOCK));
    assert!(digit_counts.read(gpu).unwrap() == starts, "scan: {about}");
    let left = block_totals.read(gpu).unwrap();
    assert!(left.iter().all(|&it| it == 0), "zeros remain: {about}");

    let values: Vec<u32> = (0..n as u32).map(|it| it ^ 0x5555).collect();
    let (sorted_keys, sorted_values) = (upload(&vec![0; n]), upload(&vec![0; n]));
    let arrays = sort_scatter::Arrays {
        params,
        counters,
        keys: &upload(keys),
        values: &upload(&values),
        digit_offsets: &digit_counts,
        sorted_keys: &sorted_keys,
        sorted_values: &sorted_values,
    };
    let bound = k.sort_scatter.bind(gpu, &arrays);
    run(gpu, k.sort_scatter.kernel(), &bound, partitions);
    let ours = (
        sorted_keys.read(gpu).unwrap(),
        sorted_values.read(gpu).unwrap(),
    );
    let expected = reference::sort_scatter::sort_scatter(keys, &values, shift);
    assert!(ours == expected, "scatter: {about}");
}

#[test]
fn each_kernel_of_a_pass_agrees() {
    let Some(gpu) = gpu::gpu() else { return };
    let mut rng = rng(10);
    for n in [0, 1, 255, 256, 257, 2047, 2048, 2049, 131_073, 270_001] {
        let keys: Vec<u32> = (0..n).map(|_| rng.random()).collect();
        check_kernels(gpu, &keys, 0, Counted::Pairs);
        check_kernels(gpu, &keys, 24, Counted::Visible);
        let few: Vec<u32> = keys.iter().map(|it| (it % 3) << 8).collect();
        check_kernels(gpu, &few, 8, Counted::Pairs);
    }
}

/// Sorts the lower `bits` bits, stably: the values tell keys of equal bits apart.
fn check_sort(gpu: &Gpu, keys: &[u32], bits: u32, counted: Counted) {
    let n = keys.len();
    let values: Vec<u32> = (0..n as u32).collect();
    let pairs = KeyValues::new(gpu, n).unwrap();
    pairs.keys[0].write(gpu, keys);
    pairs.values[0].write(gpu, &values);
    let scratch = SortScratch::new(gpu, n).unwrap();
    let mut dispatches = vec![bytemuck::Zeroable::zeroed(); 6];
    let sized = reference::scan::scan(&[n as u32], u32::MAX).dispatches;
    dispatches[counted as usize * 3..][..3].copy_from_slice(&sized);
    let dispatches = GpuVec::from_slice(gpu, "dispatches", &dispatches).unwrap();
    let counters = counters(gpu, counted, n);
    let sort = &kernels(gpu).sort;
    let bound = sort
        .bind(gpu, counted, bits, &counters, &scratch, &pairs)
        .unwrap();
    let mut recorder = Recorder::new(gpu, None, false);
    sort.record(&mut recorder, &dispatches, &bound);
    recorder.submit(gpu);

    let at = KeyValues::sorted(bits);
    let mut expected = values;
    let mask = u32::MAX >> (32 - bits);
    expected.sort_by_key(|&it| keys[it as usize] & mask);
    let ours = pairs.values[at].read(gpu).unwrap();
    assert!(ours == expected, "values: {n} keys, {bits} bits");
    let expected: Vec<u32> = expected.iter().map(|&it| keys[it as usize]).collect();
    let ours = pairs.keys[at].read(gpu).unwrap();
    assert!(ours == expected, "keys: {n} keys, {bits} bits");
}

#[test]
fn sort_agrees_at_every_size() {
    let Some(gpu) = gpu::gpu() else { return };
    let mut rng = rng(11);
    let around_blocks = [131_071, 131_072, 131_073, 300_000];
    let around_partitions = [0, 1, 2, 63, 2047, 2048, 2049, 10_000];
    for n in around_partitions.into_iter().chain(around_blocks) {
        let keys: Vec<u32> = (0..n).map(|_| rng.random()).collect();
        check_sort(gpu, &keys, 32, Counted::Visible);
    }
}

#[test]
fn sort_agrees_for_every_pattern() {
    let Some(gpu) = gpu::gpu() else { return };
    let mut rng = rng(12);
    for n in [63, 2049, 140_001_u32] {
        let patterns: [(&str, Vec<u32>); 6] = [
            ("equal", vec![0xffff_ffff; n as usize]),
            ("zero", vec![0; n as usize]),
            ("sorted", (0..n).map(|it| it * 30_000).collect()),
            ("reversed", (0..n).rev().map(|it| it * 257).collect()),
            (
                "two",
                (0..n).map(|_| rng.random_range(0..2) << 31).collect(),
            ),
            ("few", (0..n).map(|_| rng.random_range(0..5)).collect()),
        ];
        for (name, keys) in patterns {
            println!("{n} keys, {name}");
            check_sort(gpu, &keys, 32, Counted::Pairs);
        }
    }
}

/// As many passes as the keys need; bits above are carried along and not looked at.
#[test]
fn sort_agrees_for_every_width() {
    let Some(gpu) = gpu::gpu() else { return };
    let mut rng = rng(13);
    let keys: Vec<u32> = (0..20_000).map(|_| rng.random()).collect();
    for bits in [8, 16, 24, 32] {
        check_sort(gpu, &keys, bits, Counted::Pairs);
        check_sort(gpu, &keys, bits, Counted::Visible);
    }
}

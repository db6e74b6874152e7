//! Each kernel, run by itself, against its plain twin in `reference`; then whole frames for what
//! golden files do not show.

/// The kernels that go back through blending.
mod backward;
/// `blend` and `shade`, soft and hard.
mod blending;
/// Kernels one after the other, each array open to be read and changed.
mod chain;
/// `scan`, `pair_count`, `ranges`.
mod counting;
/// The kernels that make splats more and fewer.
mod densifying;
/// `descend`: steps of Adam.
mod descent;
/// `emit`, and what it may not lose.
mod emission;
/// Whole frames: growth, chunks, repetition, styles.
mod frames;
/// The kernels of the loss.
mod learning;
/// The kernels of Monte Carlo densification.
mod monte_carlo;
/// `cull` and `project`, golden projections included.
mod projection;
/// The kernels that go back through projection.
mod projection_backward;
/// The kernels of the sort, and the sort.
mod sorting;

use std::sync::OnceLock;

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use render::gpu::{Gpu, Groups, Kernel, Recorder, resolve_imports};
use render::kernels as k;
use render::rasterizer::Sort;

use crate::tidy::files;

/// Sizes around the widths of workgroups.
const SIZES: [usize; 7] = [0, 1, 255, 256, 257, 1000, 70_000];

/// All kernels, compiled once for all tests.
struct Kernels {
    blend: k::Blend,
    blend_eights: Option<k::BlendEights>,
    blend_hard: k::Blend,
    cull: k::Cull,
    emit: k::Emit,
    pair_count: k::PairCount,
    project: k::Project,
    ranges: k::Ranges,
    scan: k::Scan,
    shade: k::Shade,
    sort: Sort,
    sort_count: k::SortCount,
    sort_scan: k::SortScan,
    sort_scatter: k::SortScatter,
    sort_spine: k::SortSpine,
}

fn kernels(gpu: &Gpu) -> &'static Kernels {
    static KERNELS: OnceLock<Kernels> = OnceLock::new();
    KERNELS.get_or_init(|| Kernels {
        blend: k::Blend::new(gpu).unwrap(),
        blend_eights: gpu
            .capabilities()
            .has_eights()
            .then(|| k::BlendEights::new(gpu).unwrap()),
        blend_hard: k::Blend::with_constants(gpu, &[("HARD", 1.0)]).unwrap(),
        cull: k::Cull::new(gpu).unwrap(),
        emit: k::Emit::new(gpu).unwrap(),
        pair_count: k::PairCount::new(gpu).unwrap(),
        project: k::Project::new(gpu).unwrap(),
        ranges: k::Ranges::new(gpu).unwrap(),
        scan: k::Scan::new(gpu).unwrap(),
        shade: k::Shade::new(gpu).unwrap(),
        sort: Sort::new(gpu).unwrap(),
        sort_count: k::SortCount::new(gpu).unwrap(),
        sort_scan: k::SortScan::new(gpu).unwrap(),
        sort_scatter: k::SortScatter::new(gpu).unwrap(),
        sort_spine: k::SortSpine::new(gpu).unwrap(),
    })
}

/// Runs one kernel and waits for it.
fn run(gpu: &Gpu, kernel: &Kernel, bound: &wgpu::BindGroup, groups: Groups<'_>) {
    let mut recorder = Recorder::new(gpu, None, false);
    recorder.dispatch(kernel, bound, groups);
    recorder.submit(gpu);
    gpu.wait().unwrap();
}

/// As many workgroups as `count` threads need at `width` each, in rows of 32768.
fn per(count: usize, width: usize) -> Groups<'static> {
    let groups = count.div_ceil(width) as u32;
    Groups::Direct(groups.min(32_768), groups.div_ceil(32_768))
}

fn rng(seed: u64) -> Pcg64Mcg {
    Pcg64Mcg::seed_from_u64(seed)
}

/// Numbers below `end`.
fn random_u32s(rng: &mut Pcg64Mcg, len: usize, end: u32) -> Vec<u32> {
    (0..len).map(|_| rng.random_range(0..end)).collect()
}

/// Every wrapper, by the name of its kernel.
const WRAPPERS: &[(&str, &[&str])] = &[
    ("accumulate", k::Accumulate::BINDINGS),
    ("add_noise", k::AddNoise::BINDINGS),
    ("adjust_exposure", k::AdjustExposure::BINDINGS),
    ("blend", k::Blend::BINDINGS),
    ("blend_backward", k::BlendBackward::BINDINGS),
    ("blend_backward_atomic", k::BlendBackwardAtomic::BINDINGS),
    ("blend_backward_eights", k::BlendBackwardEights::BINDINGS),
    (
        "blend_backward_eights_atomic",
        k::BlendBackwardEightsAtomic::BINDINGS,
    ),
    ("blend_eights", k::BlendEights::BINDINGS),
    ("blur_rows", k::BlurRows::BINDINGS),
    ("blur_slopes", k::BlurSlopes::BINDINGS),
    ("contribute", k::Contribute::BINDINGS),
    ("cull", k::Cull::BINDINGS),
    ("descend", k::Descend::BINDINGS),
    ("divide", k::Divide::BINDINGS),
    ("doubt", k::Doubt::BINDINGS),
    ("draw", k::Draw::BINDINGS),
    ("dress", k::Dress::BINDINGS),
    ("elect", k::Elect::BINDINGS),
    ("emit", k::Emit::BINDINGS),
    ("encode", k::Encode::BINDINGS),
    ("fade", k::Fade::BINDINGS),
    ("find", k::Find::BINDINGS),
    ("find_errors", k::FindErrors::BINDINGS),
    ("expose", k::Expose::BINDINGS),
    ("expose_backward", k::ExposeBackward::BINDINGS),
    ("gather", k::Gather::BINDINGS),
    ("loss_backward", k::LossBackward::BINDINGS),
    ("measure_filter", k::MeasureFilter::BINDINGS),
    ("mark_errors", k::MarkErrors::BINDINGS),
    ("measure_loss", k::MeasureLoss::BINDINGS),
    ("nominate", k::Nominate::BINDINGS),
    ("pair_count", k::PairCount::BINDINGS),
    ("project", k::Project::BINDINGS),
    ("project_backward", k::ProjectBackward::BINDINGS),
    ("ranges", k::Ranges::BINDINGS),
    ("scan", k::Scan::BINDINGS),
    ("score", k::Score::BINDINGS),
    ("shade", k::Shade::BINDINGS),
    ("sort_count", k::SortCount::BINDINGS),
    ("sort_scan", k::SortScan::BINDINGS),
    ("sort_scatter", k::SortScatter::BINDINGS),
    ("sort_spine", k::SortSpine::BINDINGS),
    ("stream_backward", k::StreamBackward::BINDINGS),
    ("stream_backward_atomic", k::StreamBackwardAtomic::BINDINGS),
    ("sum_loss", k::SumLoss::BINDINGS),
    ("sum_pairs", k::SumPairs::BINDINGS),
    ("sum_pose", k::SumPose::BINDINGS),
    ("trace", k::Trace::BINDINGS),
    ("weigh", k::Weigh::BINDINGS),
];

#[test]
fn wrappers_bind_what_the_sources_declare() {
    let sources = files("shaders", "wgsl");
    let compute: Vec<_> = sources
        .iter()
        .filter(|it| it.text.contains("@compute"))
        .collect();
    let stems: Vec<&str> = compute.iter().map(|it| it.stem()).collect();
    for stem in &stems {
        assert!(
            WRAPPERS.iter().any(|(name, _)| name == stem),
            "{stem} is not in this test's list"
        );
    }
    for &(stem, bindings) in WRAPPERS {
        let source = compute.iter().find(|it| it.stem() == stem).unwrap();
        let wgsl = resolve_imports(stem, &source.text).unwrap();
        let module = naga::front::wgsl::parse_str(&wgsl).unwrap();
        let mut declared: Vec<(u32, &str)> = module
            .global_variables
            .iter()
            .filter_map(|(_, it)| {
                let at = it.binding.as_ref()?;
                assert_eq!(at.group, 0, "{stem}");
                Some((at.binding, it.name.as_deref().unwrap()))
            })
            .collect();
        declared.sort_unstable();
        let wrapped: Vec<(u32, &str)> = (0..).zip(bindings.iter().copied()).collect();
        assert_eq!(declared, wrapped, "{stem}");
    }
}

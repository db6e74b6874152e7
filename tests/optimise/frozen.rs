//! A part of a scene is optimised again: the rest stays to the bit, whatever the strategy, and what
//! was damaged in a region heals.

use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock};

use glam::Vec3;
use recon::edit::Region;
use recon::io::{SplatFile, SplatFormat, checkpoint};
use recon::optim::{
    Begin, OptimError, Optimisation, OptimiseConfig, Part, Strategy, TrainProgress, Update,
};
use render::Splats;
use render::gpu::Gpu;
use tests::gpu;

use super::{Scan, advance, begin, measure, psnr, quick};

/// A scene of the small photos that is worth keeping.
fn good(gpu: &Gpu, scan: &Scan) -> Arc<SplatFile> {
    static GOOD: OnceLock<Arc<SplatFile>> = OnceLock::new();
    GOOD.get_or_init(|| {
        let mut run = begin(gpu, scan, &quick(120), &Begin::Points);
        advance(gpu, &mut run, 120);
        Arc::new(run.file(gpu).unwrap())
    })
    .clone()
}

/// Settings that grow what is not frozen, by a strategy.
fn growing(strategy: Strategy, steps: u32) -> OptimiseConfig {
    let mut config = quick(steps);
    config.densify.strategy = strategy;
    config.densify.gradient_threshold = 2e-5;
    config.densify.least_importance = 0.5;
    config.reorder_every = 20;
    config
}

/// Everything of each splat, as words.
fn rows(splats: &Splats) -> Vec<Vec<u32>> {
    let row = |i: usize| {
        let floats = splats.means[i]
            .to_array()
            .into_iter()
            .chain(splats.quats[i])
            .chain(splats.log_scales[i].to_array())
            .chain([splats.opacity_logits[i]]);
        let harmonics = splats.sh(i).as_flattened().iter().copied();
        floats.chain(harmonics).map(f32::to_bits).collect()
    };
    (0..splats.len()).map(row).collect()
}

/// The frozen ones of `before` come first in `after`, to the bit. Returns how many they are.
fn assert_kept(before: &Splats, part: &Part, after: &Splats) -> usize {
    let (order, frozen) = part.order(before).unwrap();
    let kept = before.select(&order[..frozen]);
    let first: Vec<usize> = (0..frozen).collect();
    assert!(rows(&kept) == rows(&after.select(&first)));
    frozen
}

fn refused(gpu: &Gpu, scan: &Scan, config: OptimiseConfig, from: &Begin) -> OptimError {
    let go_on = &mut |_: Update| ControlFlow::Continue(());
    Optimisation::begin(gpu, scan.dataset.clone(), config, from, None, go_on).unwrap_err()
}

/// Half of the splats are frozen, and the others have lost their colours. Filters, decay and reordering
/// are on.
#[test]
fn every_strategy_leaves_half_of_the_splats_alone() {
    let Some(gpu) = gpu::gpu() else { return };
    let scan = Scan::small();
    let good = good(gpu, &scan);
    let n = good.splats.len();
    let part = Part {
        frozen: Some(Arc::new((0..n).map(|i| i % 2 == 0).collect())),
        region: None,
    };
    let mut grey = (*good).clone();
    for i in (1..n).step_by(2) {
        let coeffs = grey.splats.coeffs_per_splat();
        grey.splats.sh_coeffs[i * coeffs..(i + 1) * coeffs].fill([0.0; 3]);
    }
    let grey = Arc::new(grey);
    for strategy in [
        Strategy::Fixed,
        Strategy::Mcmc,
        Strategy::Gated,
        Strategy::Adaptive,
        Strategy::MultiView,
    ] {
        let config = OptimiseConfig {
            filter_3d: true,
            opacity_decay: 0.01,
            splat_budget: Some(n + 40),
            // Fewer than what is frozen has, and small photos first: both give way.
            sh_degree: 0,
            sh_every: 10,
            progressive: true,
            ..growing(strategy, 40)
        };
        let from = Begin::Splats(grey.clone(), part.clone());
        let mut run = begin(gpu, &scan, &config, &from);
        assert_eq!((run.config().sh_degree, run.config().sh_every), (1, 0));
        let (mut losses, before) = (Vec::new(), psnr(gpu, &mut run));
        for step in 1..=40 {
            advance(gpu, &mut run, step);
            losses.push(run.progress().loss);
        }
        let after = psnr(gpu, &mut run);
        let TrainProgress { splats, frozen, .. } = run.progress();
        println!("{strategy:?}: {before:.2} dB, {after:.2} dB; {n} splats, {splats}");
        assert!(before + 0.5 < after, "{strategy:?}");
        assert!(losses[39] < losses[9], "{losses:?}");
        assert!(splats <= n + 40 && (n < splats) == (strategy != Strategy::Fixed));
        let file = run.file(gpu).unwrap();
        assert_eq!(assert_kept(&grey.splats, &part, &file.splats), frozen);
        assert_eq!(
            (frozen, run.live(gpu).unwrap().frozen()),
            (n.div_ceil(2), frozen)
        );
        let old = rows(&grey.splats);
        let free = rows(&file.splats).split_off(frozen);
        let still = free.iter().filter(|it| old.contains(it)).count();
        assert!(
            20 * still < free.len(),
            "{still} of {} stand still",
            free.len()
        );
    }
}

/// A ball that holds about a third of the splats.
fn ball(splats: &Splats) -> Region {
    let mut x: Vec<f32> = splats.means.iter().map(|it| it.x).collect();
    x.sort_by(f32::total_cmp);
    let middle = splats.means.iter().sum::<Vec3>() / splats.len() as f32;
    let centre = Vec3::new(x[x.len() / 4], middle.y, middle.z);
    let mut distances: Vec<f32> = splats.means.iter().map(|it| it.distance(centre)).collect();
    distances.sort_by(f32::total_cmp);
    Region::Ball {
        centre,
        radius: distances[distances.len() / 3],
    }
}

/// The same scene with every second splat of a region gone, the others blown up and of one colour.
fn damaged(good: &SplatFile, region: &Region) -> Arc<SplatFile> {
    let inside = |i: &usize| region.contains(good.splats.means[*i]);
    let left: Vec<usize> = (0..good.splats.len())
        .filter(|i| !inside(i) || i % 2 == 0)
        .collect();
    let mut splats = good.splats.select(&left);
    let coeffs = splats.coeffs_per_splat();
    for i in 0..splats.len() {
        if region.contains(splats.means[i]) {
            splats.log_scales[i] += 0.4;
            splats.sh_coeffs[i * coeffs..(i + 1) * coeffs].fill([0.0; 3]);
            splats.sh_coeffs[i * coeffs] = [1.5, -1.0, 1.5];
        }
    }
    Arc::new(SplatFile::new(splats, SplatFormat::Ply))
}

#[test]
fn a_damaged_region_heals_and_nothing_else_changes() {
    let Some(gpu) = gpu::gpu() else { return };
    let scan = Scan::small();
    let good = good(gpu, &scan);
    let ball = ball(&good.splats);
    let around = Region::Box {
        centre: ball.centre(),
        half: 0.8 * ball.half(),
        rotation: glam::Quat::from_rotation_y(0.5),
    };
    for (region, strategy) in [(ball, Strategy::Mcmc), (around, Strategy::MultiView)] {
        let config = OptimiseConfig {
            splat_budget: Some(good.splats.len()),
            ..growing(strategy, 80)
        };
        let mut whole = begin(
            gpu,
            &scan,
            &config,
            &Begin::Splats(good.clone(), Part::default()),
        );
        let file = damaged(&good, &region);
        let part = Part {
            frozen: None,
            region: Some(region),
        };
        let from = Begin::Splats(file.clone(), part.clone());
        let mut run = begin(gpu, &scan, &config, &from);
        let [undamaged, before] = [&mut whole, &mut run].map(|it| psnr(gpu, it));
        advance(gpu, &mut run, 80);
        let after = psnr(gpu, &mut run);
        let healed = run.file(gpu).unwrap().splats;
        let frozen = assert_kept(&file.splats, &part, &healed);
        println!(
            "{undamaged:.2} dB, damaged {before:.2} dB, healed {after:.2} dB; {frozen} of {} \
             splats frozen, {} in the end",
            file.splats.len(),
            healed.len()
        );
        assert!(before + 1.0 < undamaged);
        // In so few steps most of the damage is undone.
        assert!(0.5 * (undamaged + before) < after);
        assert!(file.splats.len() < healed.len());
        let grown = match region {
            Region::Ball { centre, radius } => Region::Ball {
                centre,
                radius: radius + 1e-4,
            },
            Region::Box {
                centre,
                half,
                rotation,
            } => Region::Box {
                centre,
                half: half + 1e-4,
                rotation,
            },
        };
        let free = &healed.means[frozen..];
        assert!(free.iter().all(|it| grown.contains(*it)));
        let largest = region.half().max_element();
        let scales = healed.log_scales[frozen..].iter();
        assert!(
            scales
                .map(|it| it.max_element())
                .all(|it| it.exp() <= 1.001 * largest)
        );
    }
}

/// What is frozen, and where, is in the checkpoint.
#[test]
fn a_checkpoint_keeps_what_is_frozen() {
    let Some(gpu) = gpu::gpu() else { return };
    let scan = Scan::small();
    let good = good(gpu, &scan);
    let region = ball(&good.splats);
    let file = damaged(&good, &region);
    let part = Part {
        frozen: None,
        region: Some(region),
    };
    let config = growing(Strategy::Mcmc, 60);
    let from = Begin::Splats(file.clone(), part.clone());
    let mut first = begin(gpu, &scan, &config, &from);
    advance(gpu, &mut first, 25);
    let path = scan.folder.path().join("part");
    let kept = first.checkpoint(gpu).unwrap();
    checkpoint::save(&path, &kept).unwrap();
    let read = checkpoint::open(&path).unwrap();
    assert!(read == kept);
    assert_eq!(read.region, Some(region));
    let (_, frozen) = part.order(&file.splats).unwrap();
    assert_eq!(read.pool.frozen, frozen);

    // Other settings than those it ran with, filters among them.
    let other = OptimiseConfig {
        filter_3d: true,
        antialiased: true,
        progressive: true,
        sh_every: 7,
        ..growing(Strategy::MultiView, 60)
    };
    let mut resumed = begin(gpu, &scan, &other, &Begin::Checkpoint(Box::new(read)));
    assert!(!resumed.config().antialiased && !resumed.config().progressive);
    let before = psnr(gpu, &mut resumed);
    advance(gpu, &mut resumed, 60);
    let after = psnr(gpu, &mut resumed);
    println!("{before:.2} dB, {after:.2} dB");
    assert!(before < after);
    assert_kept(&file.splats, &part, &resumed.file(gpu).unwrap().splats);
    let again = resumed.checkpoint(gpu).unwrap();
    assert_eq!((again.pool.frozen, again.region), (frozen, Some(region)));
    let sizes = again.pool.filter.unwrap();
    assert!(sizes[..frozen].iter().all(|it| *it == 0.0) && 0.0 < sizes[frozen]);
}

#[test]
fn what_cannot_be_optimised_is_refused_in_words() {
    let Some(gpu) = gpu::gpu() else { return };
    let scan = Scan::small();
    let good = good(gpu, &scan);
    let n = good.splats.len();
    let splats = |frozen: Option<Vec<bool>>, region| {
        let frozen = frozen.map(Arc::new);
        Begin::Splats(good.clone(), Part { frozen, region })
    };
    let of = |centre, radius| Region::Ball { centre, radius };
    let says = |from: &Begin, config: OptimiseConfig, words: &str| {
        let text = refused(gpu, &scan, config, from).to_string();
        assert!(text.contains(words), "{text}");
    };
    let far = of(Vec3::splat(500.0), 1.0);
    says(
        &splats(None, Some(far)),
        quick(5),
        "no splat lies in the region",
    );
    let marks = vec![true; n + 1];
    says(&splats(Some(marks), None), quick(5), "marks");
    says(&splats(Some(vec![true; n]), None), quick(5), "free some");
    let mut marks = vec![true; n];
    marks[3] = false;
    let tight = OptimiseConfig {
        splat_budget: Some(n - 1),
        ..quick(5)
    };
    says(
        &splats(Some(marks.clone()), None),
        tight.clone(),
        "--splat-budget",
    );

    // With one more there is room for one.
    let config = OptimiseConfig {
        splat_budget: Some(n),
        ..tight
    };
    let mut run = begin(gpu, &scan, &config, &splats(Some(marks), None));
    advance(gpu, &mut run, 5);
    assert_eq!(run.progress().splats, n);

    // A splat high above cameras that all look down; y points down.
    let away = Vec3::new(0.0, -500.0, 0.0);
    let mut stray = (*good).clone();
    stray.splats.means[0] = away;
    let part = Part {
        frozen: None,
        region: Some(of(away, 0.5)),
    };
    let from = Begin::Splats(Arc::new(stray), part);
    says(&from, quick(5), "no photo that is fitted shows the region");
    let figures = measure(gpu, &mut run).report;
    assert_eq!(figures.views.len(), 3, "all of a held-out photo counts");
}

//! Each way to grow, each way to begin, what is exported.

use std::sync::Arc;

use recon::dataset::HoldOut;
use recon::io::{self, SplatFile, SplatFormat};
use recon::optim::{Background, Begin, OptimiseConfig, Part, Strategy};
use recon::synthetic::{self, PhotosConfig, photos};
use render::gpu::Gpu;
use tests::gpu;

use super::{Scan, advance, begin, measure, psnr, quick, small_photos};

/// Held-out PSNR at the beginning and after `steps`, and the number of splats after each step.
fn course(gpu: &Gpu, scan: &Scan, config: &OptimiseConfig) -> ([f64; 2], Vec<usize>) {
    let mut run = begin(gpu, scan, config, &Begin::Points);
    let before = psnr(gpu, &mut run);
    let mut counts = vec![run.progress().splats];
    for step in 1..=config.steps {
        advance(gpu, &mut run, step);
        counts.push(run.progress().splats);
    }
    let strategy = config.densify.strategy;
    let after = psnr(gpu, &mut run);
    let (first, last) = (counts[0], counts[counts.len() - 1]);
    println!("{strategy:?}: {before:.2} dB, {after:.2} dB; {first} splats, {last}");
    ([before, after], counts)
}

fn growing(strategy: Strategy, steps: u32) -> OptimiseConfig {
    let mut config = quick(steps);
    config.densify.strategy = strategy;
    // Few steps over few pixels: what wants to move has not moved far yet.
    config.densify.gradient_threshold = 2e-5;
    config.densify.least_importance = 0.5;
    config
}

#[test]
fn every_strategy_improves_within_its_budget() {
    let Some(gpu) = gpu::gpu() else { return };
    let scan = Scan::small();
    let points = scan.dataset.points.len();
    for strategy in [
        Strategy::Fixed,
        Strategy::Mcmc,
        Strategy::Gated,
        Strategy::Adaptive,
        Strategy::MultiView,
    ] {
        let budget = points + 60;
        let config = OptimiseConfig {
            splat_budget: Some(budget),
            ..growing(strategy, 40)
        };
        let (psnr, counts) = course(gpu, &scan, &config);
        assert!(psnr[0] + 0.5 < psnr[1], "{strategy:?}: {psnr:?}");
        assert_eq!(counts[0], points);
        assert!(counts.iter().all(|it| *it <= budget), "{counts:?}");
        let grows = counts.iter().any(|it| points < *it);
        assert_eq!(grows, strategy != Strategy::Fixed, "{counts:?}");
    }
}

#[test]
fn points_are_thinned_to_the_budget() {
    let Some(gpu) = gpu::gpu() else { return };
    let scan = Scan::small();
    let config = OptimiseConfig {
        splat_budget: Some(70),
        ..quick(24)
    };
    let (psnr, counts) = course(gpu, &scan, &config);
    assert!(counts.iter().all(|it| *it == 70), "{counts:?}");
    assert!(psnr[0] < psnr[1], "{psnr:?}");
}

/// Without points they are scattered where photos agree.
#[test]
fn photos_without_points_become_a_scene() {
    let Some(gpu) = gpu::gpu() else { return };
    for (background, floor) in [
        (synthetic::Background::Dome, 12.0),
        (synthetic::Background::Transparent, 14.0),
    ] {
        let made = photos(&PhotosConfig {
            num_points: 0,
            background,
            ..small_photos()
        });
        let scan = Scan::of(&made, HoldOut::EveryNth(4));
        assert_eq!(scan.dataset.points.len(), 0);
        let config = OptimiseConfig {
            background: Background::Random,
            splat_budget: Some(3_000),
            ..quick(60)
        };
        let (psnr, counts) = course(gpu, &scan, &config);
        println!("{background:?}: {psnr:.2?}");
        assert!(counts.iter().all(|it| *it <= 3_000));
        assert!(
            floor < psnr[1] && psnr[0] + 0.5 < psnr[1],
            "{background:?}: {psnr:?}"
        );
    }
}

/// What is saved is what was measured: filters are in the file, or said there.
#[test]
fn an_exported_file_scores_as_it_did() {
    let Some(gpu) = gpu::gpu() else { return };
    let scan = Scan::small();
    for (antialiased, filter_3d) in [(true, true), (false, true), (true, false)] {
        let config = OptimiseConfig {
            antialiased,
            filter_3d,
            ..quick(24)
        };
        let mut run = begin(gpu, &scan, &config, &Begin::Points);
        advance(gpu, &mut run, 24);
        let measured = measure(gpu, &mut run).report.mean.unwrap();
        let mut file: SplatFile = run.file(gpu).unwrap();
        assert_eq!(file.antialiased.unwrap_or(false), antialiased);
        file.format = SplatFormat::Ply;
        let path = scan.folder.path().join("exported.ply");
        io::save(&path, &file).unwrap();
        let opened = io::open_splats(&path).unwrap();
        assert_eq!(opened.antialiased.unwrap_or(false), antialiased);
        assert!(opened.splats == file.splats);

        // Measured as `accrete eval` does: by splats from a file, begun with and not moved.
        let still = OptimiseConfig {
            filter_3d: false,
            antialiased: opened.antialiased.unwrap_or(false),
            ..config
        };
        let from = Begin::Splats(Arc::new(opened), Part::default());
        let mut again = begin(gpu, &scan, &still, &from);
        let again = measure(gpu, &mut again).report.mean.unwrap();
        assert!((again.psnr - measured.psnr).abs() < 1e-3);
        assert!((again.ssim - measured.ssim).abs() < 1e-4);
    }
}

#[test]
fn photos_grow_on_the_way() {
    let Some(gpu) = gpu::gpu() else { return };
    let made = photos(&PhotosConfig {
        num_views: 4,
        width: 480,
        height: 360,
        ..small_photos()
    });
    let scan = Scan::of(&made, HoldOut::EveryNth(4));
    let config = OptimiseConfig {
        progressive: true,
        filter_3d: true,
        ..quick(24)
    };
    let mut run = begin(gpu, &scan, &config, &Begin::Points);
    let before = psnr(gpu, &mut run);
    let mut sides = Vec::new();
    for step in 1..=config.steps {
        advance(gpu, &mut run, step);
        sides.push(run.progress().image_side);
    }
    assert!(sides.is_sorted(), "{sides:?}");
    assert!(sides[0] < 480 && sides[12..] == [480; 12], "{sides:?}");
    let after = measure(gpu, &mut run).report;
    assert_eq!(after.protocol.resolution, Some([480, 360]));
    let after = after.mean.unwrap().psnr;
    println!("{before:.2} dB, {after:.2} dB");
    assert!(before < after);
}

//! Splats measured on held-out photos of the generated scene.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use recon::dataset::{Dataset, HoldOut, Split, camera_of, dots};
use recon::io::photo::{PhotoLoader, PhotoOptions};
use recon::io::{self, OpenOptions, Opened};
use recon::metrics::{MaskRule, Picture, Protocol, measure};
use recon::optim::{EvalConfig, EvalStep, HeldOut, evaluate};
use recon::synthetic::{Background, PhotosConfig, photos};
use render::gpu::Gpu;
use render::{GpuSplats, RenderConfig};
use tests::gpu;

const BACKGROUND: [f32; 3] = [0.2, 0.4, 0.1];

/// Five photos with poses and points, of which 0 and 3 are held out.
fn dataset(folder: &Path, background: Background) -> Dataset {
    let config = PhotosConfig {
        num_views: 5,
        width: 40,
        height: 32,
        background,
        num_points: 400,
        ..PhotosConfig::default()
    };
    io::write_photos(folder, &photos(&config)).unwrap();
    let options = OpenOptions {
        hold_out: Some(HoldOut::EveryNth(3)),
    };
    match io::open_with(folder, &options).unwrap() {
        Opened::Dataset(dataset) => dataset,
        other => panic!("{other:?}"),
    }
}

fn splats(gpu: &Gpu, dataset: &Dataset) -> GpuSplats {
    let points = &dataset.points;
    GpuSplats::upload(gpu, &dots(&points.positions, &points.colours)).unwrap()
}

fn config() -> EvalConfig<'static> {
    EvalConfig {
        render: RenderConfig {
            background: BACKGROUND,
            ..RenderConfig::default()
        },
        ..EvalConfig::default()
    }
}

#[test]
fn figures_are_those_of_the_metrics() {
    let Some(gpu) = gpu::gpu() else { return };
    let folder = tempfile::tempdir().unwrap();
    let dataset = Arc::new(dataset(folder.path(), Background::Transparent));
    let splats = splats(gpu, &dataset);
    let mut rasterizer = gpu::rasterizer(gpu);
    let held_out = HeldOut::new(dataset.clone(), Some(30));
    assert_eq!(held_out.views(), [0, 3]);
    let mut seen = Vec::new();
    let mut visit = |step: EvalStep<'_>| {
        if let EvalStep::Compared(it) = step {
            seen.push((it.view, it.scores, it.photo.clone(), it.render.clone()));
        }
        ControlFlow::Continue(())
    };
    let config = config();
    let report = evaluate(
        gpu,
        &mut rasterizer,
        &splats,
        &held_out,
        &config,
        &mut visit,
    );
    let report = report.unwrap().unwrap();
    let protocol = &report.protocol;
    assert_eq!(
        (protocol.num_views, &*protocol.split),
        (2, "every 3rd view")
    );
    assert_eq!(protocol.resolution, Some([30, 24]));
    assert_eq!(protocol.max_side, Some(30));
    assert_eq!(protocol.masks, MaskRule::Ignored);
    assert_eq!(protocol.background, Some(BACKGROUND));
    assert_eq!(report.mean.unwrap().lpips, None);

    let options = PhotoOptions {
        size: io::photo::TargetSize::MaxSide(30),
        ..PhotoOptions::default()
    };
    let loader = PhotoLoader::new(dataset.clone(), options, 1 << 20);
    let mut mean = 0.0;
    for ((index, scores, photo, render), view) in seen.iter().zip(&report.views) {
        // By hand: the photo over the background, the splats as the window draws them.
        let loaded = loader.load(*index).unwrap();
        let over = Picture::from_rgba8_over(30, 24, &loaded.rgba, BACKGROUND).unwrap();
        assert_eq!(*photo, over.quantised());
        let camera = camera_of(&dataset.views[*index], &loaded.lens);
        let drawn = rasterizer.draw_complete(gpu, &splats, &camera, &config.render);
        drawn.unwrap();
        let shown = Picture::from_rgba8(30, 24, &rasterizer.read_rgba8(gpu).unwrap()).unwrap();
        assert_eq!(*render, shown);
        let expected = measure(photo, &shown, None, &Protocol::default(), None).unwrap();
        assert_eq!((view.scores, *scores), (expected, expected));
        assert!(8.0 < scores.psnr && scores.psnr < 40.0, "{}", scores.psnr);
        assert_eq!(view.name, dataset.views[*index].name);
        mean += 0.5 * scores.psnr;
    }
    assert_eq!(seen.len(), 2);
    assert!((report.mean.unwrap().psnr - mean).abs() < 1e-9);
}

/// What cannot be read is told and left out; a photo that was read before is kept.
#[test]
fn a_photo_that_is_gone_is_left_out() {
    let Some(gpu) = gpu::gpu() else { return };
    let folder = tempfile::tempdir().unwrap();
    let dataset = Arc::new(dataset(folder.path(), Background::Dome));
    let splats = splats(gpu, &dataset);
    let mut rasterizer = gpu::rasterizer(gpu);
    let mut run = |held_out: &HeldOut| {
        let mut left_out = Vec::new();
        let mut visit = |step: EvalStep<'_>| {
            if let EvalStep::LeftOut { name, why } = step {
                left_out.push(format!("{name}: {why}"));
            }
            ControlFlow::Continue(())
        };
        let config = config();
        let report = evaluate(gpu, &mut rasterizer, &splats, held_out, &config, &mut visit);
        (report.unwrap().unwrap(), left_out)
    };
    let early = HeldOut::new(dataset.clone(), None);
    let (whole, left_out) = run(&early);
    assert_eq!((whole.views.len(), left_out.len()), (2, 0));

    let lost = &dataset.views[3];
    fs::write(folder.path().join(&lost.image.path), b"no photo").unwrap();
    assert_eq!(run(&early).0, whole);
    let (part, left_out) = run(&HeldOut::new(dataset.clone(), None));
    assert_eq!(part.views[..], whole.views[..1]);
    assert_eq!(part.protocol.num_views, 1);
    assert!(
        left_out.len() == 1 && left_out[0].starts_with(&lost.name),
        "{left_out:?}"
    );

    fs::remove_file(folder.path().join(&dataset.views[0].image.path)).unwrap();
    let (none, left_out) = run(&HeldOut::new(dataset.clone(), None));
    assert_eq!((none.mean, left_out.len()), (None, 2));
}

#[test]
fn masks_count_and_stopping_stops() {
    let Some(gpu) = gpu::gpu() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut dataset = dataset(folder.path(), Background::Dome);
    let mask = image::GrayImage::from_fn(40, 32, |x, _| image::Luma([u8::from(x < 20) * 255]));
    mask.save(folder.path().join("mask.png")).unwrap();
    dataset.views[3].mask = Some("mask.png".into());
    dataset.views[0].ignored = true;
    let dataset = Arc::new(dataset);
    assert_eq!(dataset.views[0].split, Split::HeldOut);
    let splats = splats(gpu, &dataset);
    let mut rasterizer = gpu::rasterizer(gpu);
    let held_out = HeldOut::new(dataset, None);
    assert_eq!(held_out.views(), [3]);
    let config = config();
    let mut by_hand = None;
    let mut visit = |step: EvalStep<'_>| {
        if let EvalStep::Compared(it) = step {
            let protocol = Protocol {
                masks: MaskRule::Applied,
                ..Protocol::default()
            };
            assert_eq!(it.mask.unwrap().num_counted(), 20 * 32);
            by_hand = measure(it.photo, it.render, it.mask, &protocol, None).ok();
        }
        ControlFlow::Continue(())
    };
    let report = evaluate(
        gpu,
        &mut rasterizer,
        &splats,
        &held_out,
        &config,
        &mut visit,
    );
    let report = report.unwrap().unwrap();
    assert_eq!(report.protocol.masks, MaskRule::Applied);
    assert_eq!(report.mean, by_hand);

    let mut stop = |_: EvalStep<'_>| ControlFlow::Break(());
    let report = evaluate(gpu, &mut rasterizer, &splats, &held_out, &config, &mut stop);
    assert!(report.unwrap().is_none());
}

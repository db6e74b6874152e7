//! Per-photo exposure: its kernels against their twins, and a tint that is found.

use render::gpu::{Gpu, GpuVec, Recorder};
use render::loss::Photo;
use render::training::{EXPOSURE_STRIDE, Exposure, ExposureState};
use render::{Camera, GpuSplats, Loss, LossConfig, Rasterizer, RenderConfig};
use tests::gpu;

use crate::gradients::differences::{camera, random_splats};
use crate::reference::adjust_exposure::adjust_exposure;
use crate::reference::descend::Moving;
use crate::reference::expose::expose;
use crate::reference::expose_backward::expose_backward;

fn submit(gpu: &Gpu, record: impl FnOnce(&mut Recorder<'_>)) {
    let mut recorder = Recorder::new(gpu, None, false);
    record(&mut recorder);
    recorder.submit(gpu);
    gpu.wait().unwrap();
}

fn draw(gpu: &Gpu, rasterizer: &mut Rasterizer, splats: &GpuSplats, camera: &Camera) {
    rasterizer
        .draw_complete(gpu, splats, camera, &RenderConfig::default())
        .unwrap();
}

/// Three photos, the exposures of which differ from the identity.
fn state() -> ExposureState {
    let mut state = ExposureState::identity(3);
    for (i, number) in state.numbers.iter_mut().enumerate() {
        if i % EXPOSURE_STRIDE < 12 {
            *number += 0.2 * (i as f32 * 1.7).sin();
        }
    }
    state
}

#[test]
fn exposure_agrees() {
    let Some(gpu) = gpu::gpu() else { return };
    let splats = GpuSplats::upload(gpu, &random_splats(31, 400, 1)).unwrap();
    let mut rasterizer = gpu::rasterizer(gpu);
    let before = state();
    let mut exposure = Exposure::new(gpu, &before).unwrap();
    for (step, size) in [(1, [61, 43]), (2, [16, 16])] {
        draw(gpu, &mut rasterizer, &splats, &camera(size[0], size[1]));
        let pixels = (size[0] * size[1]) as usize;
        let bare = rasterizer.read_image(gpu).unwrap();
        let d: Vec<f32> = (0..4 * pixels).map(|i| (i as f32 * 0.7).cos()).collect();
        let d_image = GpuVec::from_slice(gpu, "gradient", &d).unwrap();
        let rows = exposure.read(gpu).unwrap();
        exposure
            .prepare(gpu, (&rasterizer, &d_image), 1, (0.01, 0.3))
            .unwrap();
        submit(gpu, |recorder| exposure.record_apply(recorder));
        let exposed = rasterizer.read_image(gpu).unwrap();
        submit(gpu, |recorder| exposure.record_backward(recorder));
        let d_bare = d_image.read(gpu).unwrap();
        assert!(rasterizer.read_image(gpu).unwrap().rgb == bare.rgb);
        assert!(exposed.alpha == bare.alpha && d_bare[3 * pixels..] == d[3 * pixels..]);
        let mut sums = [0.0; 12];
        for at in 0..pixels {
            let rgb = bare.rgb[at].map(f64::from);
            let d = [0, 1, 2].map(|k| f64::from(d[k * pixels + at]));
            let expected = expose(rgb, &rows.rows(1).unwrap());
            let (d_expected, numbers) = expose_backward(rgb, &rows.rows(1).unwrap(), d);
            for k in 0..3 {
                assert!((f64::from(exposed.rgb[at][k]) - expected[k]).abs() < 1e-5);
                assert!((f64::from(d_bare[k * pixels + at]) - d_expected[k]).abs() < 1e-5);
            }
            for (sum, it) in sums.iter_mut().zip(numbers) {
                *sum += it;
            }
        }
        let after = exposure.read(gpu).unwrap();
        assert_eq!(after.steps, [0, step as u32, 0]);
        for (i, (ours, was)) in after.numbers.iter().zip(&rows.numbers).enumerate() {
            let (photo, k) = (i / EXPOSURE_STRIDE, i % EXPOSURE_STRIDE);
            if photo != 1 {
                assert_eq!(ours, was);
            } else if k < 12 {
                let number = |at: usize| f64::from(rows.numbers[i + at]);
                let [value, first, second] = [0, 12, 24].map(number);
                let moving = Moving {
                    value,
                    first,
                    second,
                };
                let expected = adjust_exposure(moving, (k, sums[k]), (0.01, 0.3), step);
                assert!((f64::from(*ours) - expected.value).abs() < 1e-4);
                let first = f64::from(after.numbers[i + 12]);
                assert!((first - expected.first).abs() < 1e-3 * (1.0 + first.abs()));
            }
        }
    }
    assert!(
        exposure
            .prepare(
                gpu,
                (&rasterizer, &GpuVec::zeroed(gpu, "d", 9).unwrap()),
                1,
                (0.1, 0.0)
            )
            .is_err()
    );
    let other = ExposureState {
        steps: vec![0; 2],
        ..before
    };
    assert!(Exposure::new(gpu, &other).is_err());
}

/// A photo of another tint than the frame: what is left of the loss is what eight bits lose.
#[test]
fn a_tint_is_found() {
    let Some(gpu) = gpu::gpu() else { return };
    let splats = GpuSplats::upload(gpu, &random_splats(32, 400, 1)).unwrap();
    let mut rasterizer = gpu::rasterizer(gpu);
    draw(gpu, &mut rasterizer, &splats, &camera(60, 40));
    let tint = [
        [0.8, 0.05, 0.0, 0.05],
        [0.0, 0.9, 0.05, 0.0],
        [0.1, 0.0, 0.7, 0.08],
    ];
    let frame = rasterizer.read_image(gpu).unwrap();
    let tinted = frame.rgb.iter().flat_map(|rgb| {
        let [r, g, b] = expose(rgb.map(f64::from), &tint);
        [r, g, b, 1.0].map(|it| (it.clamp(0.0, 1.0) * 255.0).round() as u8)
    });
    let photo = Photo::upload(gpu, [60, 40], &tinted.collect::<Vec<u8>>()).unwrap();
    let mut loss = Loss::new(gpu).unwrap();
    let mut exposure = Exposure::new(gpu, &ExposureState::identity(1)).unwrap();
    let mut losses = Vec::new();
    for step in 0..200_u16 {
        loss.prepare(gpu, &rasterizer, &photo, [0.0; 3], &LossConfig::default())
            .unwrap();
        let d_image = loss.d_image().unwrap();
        let rate = 0.02 * (1.0 - f32::from(step) / 200.0);
        exposure
            .prepare(gpu, (&rasterizer, d_image), 0, (rate, 0.0))
            .unwrap();
        submit(gpu, |recorder| {
            exposure.record_apply(recorder);
            loss.record(recorder);
            exposure.record_backward(recorder);
        });
        losses.push(loss.read(gpu).unwrap().l1);
    }
    println!("L1 from {} to {}", losses[0], losses[199]);
    assert!(losses[199] < 0.1 * losses[0]);
}

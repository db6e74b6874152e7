//! What photos say of splats: masked pixels say nothing, and what was planted among splats that are
//! as the photos show is found.

use std::path::Path;
use std::sync::Arc;

use glam::Vec3;
use image::{GrayImage, Luma, RgbaImage};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use recon::dataset::{Dataset, camera_of};
use recon::edit::{CleanConfig, Measured, Subject, find, measure, union};
use recon::io::{self, Opened};
use recon::synthetic::{PhotosConfig, SyntheticPhotos, demo_scene, photos};
use render::gpu::Gpu;
use render::{Camera, GpuSplats, Rasterizer, RenderConfig, Splats};
use tests::gpu;

use super::add;

const SIZE: [u32; 2] = [56, 42];

fn made() -> SyntheticPhotos {
    photos(&PhotosConfig {
        num_views: 11,
        width: SIZE[0],
        height: SIZE[1],
        num_points: 100,
        ..PhotosConfig::default()
    })
}

fn opened(folder: &Path) -> Arc<Dataset> {
    match io::open(folder).unwrap() {
        Opened::Dataset(it) => Arc::new(it),
        _ => panic!("no dataset"),
    }
}

fn look(gpu: &Gpu, splats: &Splats, dataset: &Arc<Dataset>) -> Measured {
    let render = RenderConfig::default();
    let mut report = |_, _| std::ops::ControlFlow::Continue(());
    measure(gpu, splats, dataset, &render, 640, &mut report).unwrap()
}

fn cameras(dataset: &Dataset) -> Vec<Camera> {
    let camera = |it| camera_of(it, &dataset.lenses[it.lens]);
    dataset.views.iter().map(camera).collect()
}

#[test]
fn masked_pixels_do_not_count() {
    let Some(gpu) = gpu::gpu() else { return };
    let splats = demo_scene(5, 1_500, 0);
    // Black where a pixel does not count: nowhere, in the left half, everywhere.
    let measured = [0, SIZE[0] / 2, SIZE[0]].map(|black| {
        let folder = tempfile::tempdir().unwrap();
        let made = made();
        io::write_photos(folder.path(), &made).unwrap();
        let masks = folder.path().join("masks");
        std::fs::create_dir(&masks).unwrap();
        for frame in &made.poses.frames {
            let mask = GrayImage::from_fn(SIZE[0], SIZE[1], |x, _| {
                Luma([if x < black { 0 } else { 255 }])
            });
            let name = Path::new(&frame.image).file_name().unwrap();
            mask.save(masks.join(name)).unwrap();
        }
        let dataset = opened(folder.path());
        assert!(dataset.views.iter().all(|it| it.mask.is_some()));
        look(gpu, &splats, &dataset)
    });
    let [all, half, none] = measured.each_ref().map(|it| it.contributions().unwrap());
    assert_eq!(none, vec![0.0; 1_500]);
    let sums = [all, half].map(|it| it.iter().sum::<f32>());
    assert!(
        0.2 < sums[1] / sums[0] && sums[1] / sums[0] < 0.8,
        "{sums:?}"
    );
    assert!(
        all.iter()
            .zip(half)
            .all(|(all, half)| *half <= 1.001 * all + 1.0)
    );
    let lost = all.iter().zip(half).filter(|it| *it.1 < 0.8 * it.0);
    assert!(
        50 < lost.count(),
        "some are seen more where pixels do not count"
    );
    // What only such pixels see goes as what no photo sees.
    let subject = Subject::whole(Arc::new(splats));
    let gone = |measured: &Measured| {
        union(1_500, &find(&subject, measured, &CleanConfig::default())).count()
    };
    assert!(gone(&measured[0]) < 750 && gone(&measured[2]) == 1_500);
}

/// Splats in the free space between cameras and scene: large and faint, small and opaque, fog and
/// needles by turns.
fn plant(splats: &mut Splats, cameras: &[Camera], count: usize) {
    let mut rng = Pcg64Mcg::seed_from_u64(9);
    let scene = splats.len();
    for k in 0..count {
        let eye = cameras[rng.random_range(0..cameras.len())].position();
        let target = splats.means[rng.random_range(0..scene)];
        let at = eye.lerp(target, rng.random_range(0.3..0.6));
        let far = at.distance(eye);
        let (scale, opacity) = match k % 4 {
            0 => (Vec3::splat(rng.random_range(0.03..0.06) * far), 0.25),
            1 => (Vec3::splat(rng.random_range(0.015..0.03) * far), 0.8),
            2 => (Vec3::splat(rng.random_range(0.1..0.2) * far), 0.06),
            _ => (Vec3::new(0.2, 0.006, 0.006) * far, 0.6),
        };
        add(splats, at, scale, opacity);
        let last = splats.sh_coeffs.len() - 1;
        splats.sh_coeffs[last] = [(); 3].map(|()| rng.random_range(-1.5..1.5));
    }
}

#[test]
fn what_spoils_the_photos_is_found() {
    let Some(gpu) = gpu::gpu() else { return };
    let truth = demo_scene(5, 3_000, 0);
    let mut made = made();
    let folder = tempfile::tempdir().unwrap();
    io::write_photos(folder.path(), &made).unwrap();
    let dataset = opened(folder.path());
    // Photos of these very splats.
    let mut rasterizer = Rasterizer::new(gpu).unwrap();
    let uploaded = GpuSplats::upload(gpu, &truth).unwrap();
    for (camera, photo) in cameras(&dataset).iter().zip(&mut made.photos) {
        let config = RenderConfig::default();
        rasterizer
            .draw_complete(gpu, &uploaded, camera, &config)
            .unwrap();
        let mut rgba = rasterizer.read_rgba8(gpu).unwrap();
        rgba.iter_mut().skip(3).step_by(4).for_each(|it| *it = 255);
        *photo = RgbaImage::from_raw(SIZE[0], SIZE[1], rgba).unwrap();
    }
    io::write_photos(folder.path(), &made).unwrap();
    let dataset = opened(folder.path());
    let mut splats = truth.clone();
    plant(&mut splats, &cameras(&dataset), 80);
    let measured = look(gpu, &splats, &dataset);
    let subject = Subject::whole(Arc::new(splats.clone()));
    let gone = union(
        splats.len(),
        &find(&subject, &measured, &CleanConfig::default()),
    );
    let planted = (3_000..splats.len()).filter(|i| gone.get(*i)).count();
    // What no photo sees of the scene goes too, and is no loss.
    let seen = measured.contributions().unwrap();
    let spoilt = (0..3_000).filter(|i| gone.get(*i) && 100.0 < seen[*i]);
    let spoilt = spoilt.count();
    assert!(60 <= planted, "only {planted} of 80 were found");
    assert!(spoilt < 60, "{spoilt} of 3,000 are seen and would go");

    // Where nothing was planted, hardly anything that is seen goes.
    let measured = look(gpu, &truth, &dataset);
    let subject = Subject::whole(Arc::new(truth));
    let gone = union(3_000, &find(&subject, &measured, &CleanConfig::default()));
    let seen = measured.contributions().unwrap();
    let spoilt = (0..3_000).filter(|i| gone.get(*i) && 100.0 < seen[*i]);
    assert!(spoilt.count() < 15);
}

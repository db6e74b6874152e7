//! What the photos say of each splat: how much of them it makes, and how they would be met without.

use std::ops::ControlFlow;
use std::sync::Arc;

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use render::edit::{Contribution, ScreenMask};
use render::gpu::Gpu;
use render::{Camera, GpuSplats, RenderConfig, Splats};

use super::measured::{MEGAPIXEL, MeasureError, Measured};
use crate::dataset::{Dataset, Split, Undistortion, camera_at};
use crate::io::photo::{Photo, PhotoLoader, PhotoOptions, TargetSize};

/// Photos that are decoded ahead take at most so many bytes: few, so that the first are soon there.
const LOADER_BYTES: usize = 48 << 20;

/// Photos are asked anew, without what spoils them most, so many times at most.
const ROUNDS: usize = 4;

/// What spoils the photos by more than so many fair shares of their errors is set aside for the
/// rounds that follow: what is right beside it looks wrong as long as it is there.
const SURE: f32 = 4.0;

/// The fair share is no less than this in each photo of a megapixel: where photos are met well
/// everywhere, splats make up for each other, and the tiny errors that are left say nothing of a
/// single one. Half a pixel's full red, where at 30 dB all errors sum up to 3,000.
const LEAST_SHARE: f32 = 0.5;

/// Looks at `splats` with the dataset's cameras, at photos of at most `max_side` pixels a side, and
/// adds up what each splat contributes, and how the squared errors change without it. Only views
/// that splats are fitted to are asked: those held out shall judge what clean-up did. Pixels that
/// do not count in fitting, by a mask or because a straightened photo does not reach them, do not
/// count here. Of a photo that cannot be read all pixels count, and its errors are not known. After
/// each view `report` hears how many are done, of how many as far as is known.
///
/// A splat's absence changes a pixel by δ = −α ∂C/∂α, exactly, and Σ|C − P|² with the photo P
/// by Σ 2(C − P)·δ + Σ|δ|². The first sum is a slope; the second is what the square of Σ s·δ is on
/// average over random signs s (Hutchinson 1990), and one draw a view is enough where many add up.
///
/// # Errors
/// [`MeasureError`].
pub fn measure(
    gpu: &Gpu,
    splats: &Splats,
    dataset: &Arc<Dataset>,
    render: &RenderConfig,
    max_side: u32,
    report: &mut dyn FnMut(usize, usize) -> ControlFlow<()>,
) -> Result<Measured, MeasureError> {
    let panel = Panel::new(dataset, render, max_side);
    if panel.views.is_empty() {
        return Err(MeasureError::NoViews);
    }
    let cameras: Vec<Camera> = panel.views.iter().map(|it| it.1).collect();
    let mut measured = Measured::with_cameras(splats, &cameras);
    let Some(seen) = &mut measured.seen else {
        return Ok(measured);
    };
    let mut left: Vec<usize> = (0..splats.len()).collect();
    for round in 0..ROUNDS {
        let mut report = |done: usize| {
            let before = round * cameras.len();
            report(before + done, before + cameras.len())
        };
        let answers = if round == 0 {
            panel.ask(gpu, splats, &mut report)?
        } else {
            panel.ask(gpu, &splats.select(&left), &mut report)?
        };
        if round == 0 {
            seen.contributions = answers.sums;
            seen.most = answers.most;
            seen.pixels = answers.pixels;
        }
        if !answers.knows_errors {
            break;
        }
        seen.spoils.resize(splats.len(), 0.0);
        let least = LEAST_SHARE * answers.pixels / MEGAPIXEL;
        let share = (answers.errors / left.len().max(1) as f32).max(least);
        for (&i, need) in left.iter().zip(&answers.needs) {
            seen.spoils[i] = -need / share.max(f32::MIN_POSITIVE);
        }
        let before = left.len();
        left.retain(|i| seen.spoils[*i] <= SURE);
        if left.len() == before {
            break;
        }
    }
    Ok(measured)
}

/// The photos that are asked.
struct Panel<'a> {
    /// Indices into the dataset's views, and their cameras.
    views: Vec<(usize, Camera)>,
    loader: PhotoLoader,
    render: &'a RenderConfig,
}

impl<'a> Panel<'a> {
    fn new(dataset: &Arc<Dataset>, render: &'a RenderConfig, max_side: u32) -> Self {
        let options = PhotoOptions {
            size: TargetSize::MaxSide(max_side),
            ..PhotoOptions::default()
        };
        Self {
            views: cameras(dataset, max_side),
            loader: PhotoLoader::new(dataset.clone(), options, LOADER_BYTES),
            render,
        }
    }

    fn ask(
        &self,
        gpu: &Gpu,
        splats: &Splats,
        report: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<Answers, MeasureError> {
        let mut answers = Answers::new(gpu, splats)?;
        let mut outcome = Ok(());
        let views: Vec<usize> = self.views.iter().map(|it| it.0).collect();
        let mut cameras = self.views.iter().map(|it| &it.1).enumerate();
        let flow = self.loader.for_each_in_order(&views, &mut |view, loaded| {
            let Some((done, camera)) = cameras.next() else {
                return ControlFlow::Break(());
            };
            report(done)?;
            let size = [camera.intrinsics.width, camera.intrinsics.height];
            let photo = loaded.ok();
            let photo = photo.filter(|it| [it.width, it.height] == size);
            outcome = answers.add(gpu, (camera, self.render), (view, photo.as_deref()));
            if outcome.is_err() {
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        });
        outcome?;
        if flow.is_break() {
            return Err(MeasureError::Cancelled);
        }
        Ok(answers)
    }
}

/// What the photos have said so far.
struct Answers {
    on_gpu: GpuSplats,
    contribution: Contribution,
    /// Σ α T.
    sums: Vec<f32>,
    /// The same in the view that has most.
    most: Vec<f32>,
    /// By how much the squared errors grow without the splat.
    needs: Vec<f32>,
    errors: f32,
    pixels: f32,
    knows_errors: bool,
}

impl Answers {
    fn new(gpu: &Gpu, splats: &Splats) -> Result<Self, MeasureError> {
        let zeros = vec![0.0; splats.len()];
        Ok(Self {
            on_gpu: GpuSplats::upload(gpu, splats)?,
            contribution: Contribution::new(gpu)?,
            sums: zeros.clone(),
            most: zeros.clone(),
            needs: zeros,
            errors: 0.0,
            pixels: 0.0,
            knows_errors: false,
        })
    }

    fn add(
        &mut self,
        gpu: &Gpu,
        (camera, render): (&Camera, &RenderConfig),
        (view, photo): (usize, Option<&Photo>),
    ) -> Result<(), MeasureError> {
        let (width, height) = (camera.intrinsics.width, camera.intrinsics.height);
        let mask = photo.and_then(|it| it.mask.as_ref());
        let mask = mask.map(|it| ScreenMask::of(width, height, |at| 127 < it[at]));
        let all = width as f32 * height as f32;
        // In photos of a megapixel.
        let scale = MEGAPIXEL / all;
        self.pixels += scale * mask.as_ref().map_or(all, |it| it.count() as f32);
        let contribution = &mut self.contribution;
        contribution.add(gpu, &self.on_gpu, camera, render, mask.as_ref())?;
        let here = contribution.finish(gpu)?;
        for ((sum, most), it) in self.sums.iter_mut().zip(&mut self.most).zip(here) {
            *sum += scale * it;
            *most = most.max(scale * it);
        }
        let Some(photo) = photo.filter(|_| !self.on_gpu.is_empty()) else {
            return Ok(());
        };
        let counts = |at: usize| photo.mask.as_ref().is_none_or(|it| 127 < it[at]);
        let image = contribution.image(gpu)?;
        let mut errors = 0.0;
        let mut slopes = vec![[0.0; 3]; image.rgb.len()];
        for (at, slope) in slopes.iter_mut().enumerate().filter(|it| counts(it.0)) {
            let wanted = colour(photo, at, render.background);
            *slope = [0, 1, 2].map(|k| 2.0 * (image.rgb[at][k] - wanted[k]));
            errors += slope.iter().map(|it| 0.25 * it * it).sum::<f32>();
        }
        let changes = contribution.without(gpu, &self.on_gpu, &slopes)?;
        let mut random = Pcg64Mcg::seed_from_u64(view as u64);
        for (at, slope) in slopes.iter_mut().enumerate() {
            let signs = random.random::<u32>();
            let sign = |k: u32| if signs >> k & 1 == 0 { 1.0 } else { -1.0 };
            *slope = if counts(at) {
                [0, 1, 2].map(sign)
            } else {
                [0.0; 3]
            };
        }
        let signed = contribution.without(gpu, &self.on_gpu, &slopes)?;
        for ((need, change), signed) in self.needs.iter_mut().zip(changes).zip(signed) {
            *need += scale * (change + signed * signed);
        }
        self.errors += scale * errors;
        self.knows_errors = true;
        Ok(())
    }
}

/// A photo's pixel over the background, 0 to 1 each.
fn colour(photo: &Photo, at: usize, background: [f32; 3]) -> [f32; 3] {
    let byte = |k: usize| f32::from(photo.rgba[4 * at + k]) / 255.0;
    let alpha = byte(3);
    [0, 1, 2].map(|k| alpha * byte(k) + (1.0 - alpha) * background[k])
}

/// The cameras that splats are fitted to, straightened, at photos of at most `max_side` pixels a
/// side, and of which view each is.
fn cameras(dataset: &Dataset, max_side: u32) -> Vec<(usize, Camera)> {
    let size = TargetSize::MaxSide(max_side);
    let straight: Vec<_> = dataset.lenses.iter().map(Undistortion::new).collect();
    let used = dataset.views.iter().enumerate();
    used.filter(|(_, it)| it.split == Split::Train && !it.ignored)
        .filter_map(|(index, view)| {
            let image = &view.image;
            let (width, height) = size.of(image.width, image.height);
            let lens = straight.get(view.lens)?.lens().resized(width, height);
            Some((index, camera_at(&lens, &view.c2w)))
        })
        .collect()
}

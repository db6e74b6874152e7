//! Measures splats on photos that were held out: rendered, compared, never fitted to.

use std::ops::ControlFlow;
use std::sync::Arc;

use render::gpu::Gpu;
use render::{GpuSplats, Rasterizer, RenderConfig, Style};

use crate::dataset::{Dataset, Split, View, camera_of};
use crate::io::IoError;
use crate::io::photo::{Photo, PhotoLoader, PhotoOptions, TargetSize};
use crate::metrics::{
    EvalReport, Fitting, Lpips, Mask, MaskRule, MetricsError, Picture, Precision, Protocol, Scores,
    SsimVariant, ViewScores, measure,
};

use super::OptimError;

/// What [`HeldOut::new`] keeps of decoded photos: 500 of 512 × 512 pixels.
const KEPT_BYTES: usize = 640 << 20;

/// The photos that only measurements see. Decoded when they are first asked for and kept, as far
/// as the loader's bound allows. Cheap to clone.
#[derive(Clone, Debug)]
pub struct HeldOut {
    loader: PhotoLoader,
    views: Arc<[usize]>,
}

impl HeldOut {
    /// Those of `dataset` that are not ignored, with the longer side brought to `max_side` pixels.
    /// Masks are applied, distorted photos straightened, transparency kept.
    pub fn new(dataset: Arc<Dataset>, max_side: Option<u32>) -> Self {
        let options = PhotoOptions {
            size: max_side.map_or(TargetSize::Full, TargetSize::MaxSide),
            ..PhotoOptions::default()
        };
        Self::from_loader(PhotoLoader::new(dataset, options, KEPT_BYTES))
    }

    /// Those of the loader's dataset, as the loader makes them.
    pub fn from_loader(loader: PhotoLoader) -> Self {
        let views = loader.dataset().views.iter().enumerate();
        let held_out = views.filter(|(_, it)| it.split == Split::HeldOut && !it.ignored);
        let views = held_out.map(|(index, _)| index).collect();
        Self { loader, views }
    }

    /// Indices of the views in the dataset, in its order.
    pub fn views(&self) -> &[usize] {
        &self.views
    }

    /// Whose photos they are.
    pub fn dataset(&self) -> &Arc<Dataset> {
        self.loader.dataset()
    }
}

/// How splats are measured.
#[derive(Clone, Debug, Default)]
pub struct EvalConfig<'a> {
    /// How they are drawn. The background is also what transparent photos are laid over.
    pub render: RenderConfig,
    /// Which SSIM.
    pub ssim: SsimVariant,
    /// Whether renders are rounded to 8 bits before they are compared.
    pub precision: Precision,
    /// The user's LPIPS; `None` leaves it out.
    pub lpips: Option<&'a Lpips>,
}

/// What became of one held-out view.
#[derive(Clone, Copy, Debug)]
pub enum EvalStep<'a> {
    /// It was compared.
    Compared(Compared<'a>),
    /// It could not be, and no figure has it.
    LeftOut {
        /// The view's name.
        name: &'a str,
        /// Why, in words for a person.
        why: &'a str,
    },
}

/// A view that was compared.
#[derive(Clone, Copy, Debug)]
pub struct Compared<'a> {
    /// Its index in the dataset.
    pub view: usize,
    /// Its name.
    pub name: &'a str,
    /// Its figures.
    pub scores: Scores,
    /// Splats are missing in the render: more overlap than the device can hold.
    pub is_incomplete: bool,
    /// The photo, over the background.
    pub photo: &'a Picture,
    /// What was drawn, 8 bits per channel unless it was to be compared as it came.
    pub render: &'a Picture,
    /// What counts of it; `None` where all does.
    pub mask: Option<&'a Mask>,
}

/// Draws every held-out view from its own camera at the size of its photo and compares the two, the
/// photo as 8-bit picture; nothing is fitted to the photo. After each view `visit` is told of it and says
/// whether to go on; `None` where it does not.
///
/// A photo that cannot be read or compared is left out. Where none is left the report has no mean.
/// The images that `rasterizer` draws differ in size where the photos do: one that also trains
/// should be another.
///
/// # Errors
/// [`OptimError::Gpu`].
pub fn evaluate(
    gpu: &Gpu,
    rasterizer: &mut Rasterizer,
    splats: &GpuSplats,
    held_out: &HeldOut,
    config: &EvalConfig<'_>,
    visit: &mut dyn FnMut(EvalStep<'_>) -> ControlFlow<()>,
) -> Result<Option<EvalReport>, OptimError> {
    let mut measurement = Measurement {
        gpu,
        rasterizer,
        splats,
        config,
        protocol: protocol(held_out, config),
        views: Vec::new(),
        sizes: Vec::new(),
        has_masks: false,
    };
    let views = &held_out.dataset().views;
    let mut failure = None;
    let flow = held_out
        .loader
        .for_each_in_order(&held_out.views, &mut |index, loaded| {
            let Some(view) = views.get(index) else {
                return ControlFlow::Continue(());
            };
            measurement
                .step(index, view, loaded, visit)
                .unwrap_or_else(|err| {
                    failure = Some(err);
                    ControlFlow::Break(())
                })
        });
    if let Some(err) = failure {
        return Err(err);
    }
    Ok(flow.is_continue().then(|| measurement.report()))
}

/// The conditions, as far as they are known before the first photo is read.
fn protocol(held_out: &HeldOut, config: &EvalConfig<'_>) -> Protocol {
    Protocol {
        split: held_out.dataset().report.split.clone(),
        num_views: 0,
        resolution: None,
        max_side: match held_out.loader.options().size {
            TargetSize::MaxSide(side) => Some(side),
            _ => None,
        },
        masks: MaskRule::Applied,
        background: Some(config.render.background),
        precision: config.precision,
        ssim: config.ssim,
        lpips: config.lpips.map(Lpips::net),
        fitting: Fitting::Nothing,
    }
}

/// A photo, its render, and how alike they are.
struct Pair {
    picture: Picture,
    render: Picture,
    mask: Option<Mask>,
    scores: Scores,
}

struct Measurement<'a> {
    gpu: &'a Gpu,
    rasterizer: &'a mut Rasterizer,
    splats: &'a GpuSplats,
    config: &'a EvalConfig<'a>,
    protocol: Protocol,
    views: Vec<ViewScores>,
    /// Of the photos that were compared, each once.
    sizes: Vec<[u32; 2]>,
    has_masks: bool,
}

impl Measurement<'_> {
    fn step(
        &mut self,
        index: usize,
        view: &View,
        loaded: Result<Arc<Photo>, IoError>,
        visit: &mut dyn FnMut(EvalStep<'_>) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, OptimError> {
        let name = view.name.as_str();
        let mut leave_out = |why: &str| Ok(visit(EvalStep::LeftOut { name, why }));
        let photo = match loaded {
            Ok(it) => it,
            Err(err) => return leave_out(&err.to_string()),
        };
        let (rgb, is_incomplete) = self.draw(view, &photo)?;
        let pair = match self.compare(&photo, rgb) {
            Ok(it) => it,
            Err(err) => return leave_out(&err.to_string()),
        };
        let Pair {
            picture,
            render,
            mask,
            scores,
        } = pair;
        self.has_masks |= mask.is_some();
        let size = [photo.width, photo.height];
        if !self.sizes.contains(&size) {
            self.sizes.push(size);
        }
        self.views.push(ViewScores {
            name: name.to_owned(),
            scores,
        });
        Ok(visit(EvalStep::Compared(Compared {
            view: index,
            name,
            scores,
            is_incomplete,
            photo: &picture,
            render: &render,
            mask: mask.as_ref(),
        })))
    }

    fn draw(&mut self, view: &View, photo: &Photo) -> Result<(Vec<[f32; 3]>, bool), OptimError> {
        let camera = camera_of(view, &photo.lens);
        let render = RenderConfig {
            style: Style::Splats,
            ..self.config.render.clone()
        };
        let stats = self
            .rasterizer
            .draw_complete(self.gpu, self.splats, &camera, &render)?;
        let image = self.rasterizer.read_image(self.gpu)?;
        Ok((image.rgb, stats.overflowed))
    }

    fn compare(&self, photo: &Photo, rgb: Vec<[f32; 3]>) -> Result<Pair, MetricsError> {
        let (width, height) = (photo.width, photo.height);
        let background = self.config.render.background;
        let picture = Picture::from_rgba8_over(width, height, &photo.rgba, background)?.quantised();
        let mut render = Picture::from_rgb(width, height, rgb)?;
        if self.config.precision == Precision::EightBit {
            render = render.quantised();
        }
        let mask = photo.mask.as_deref();
        let mask = mask.map(|it| Mask::from_luma8(width, height, it));
        let mask = mask.transpose()?;
        let lpips = self.config.lpips;
        let scores = measure(&picture, &render, mask.as_ref(), &self.protocol, lpips)?;
        Ok(Pair {
            picture,
            render,
            mask,
            scores,
        })
    }

    fn report(mut self) -> EvalReport {
        self.protocol.resolution = match self.sizes[..] {
            [only] => Some(only),
            _ => None,
        };
        if !self.has_masks {
            self.protocol.masks = MaskRule::Ignored;
        }
        EvalReport::new(self.views, self.protocol)
    }
}

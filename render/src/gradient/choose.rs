//! Which form of the backward pass is fastest on a device, for a scene: timed, not guessed.

use std::fmt;
use std::time::Instant;

use serde::Serialize;

use crate::gpu::{Gpu, GpuError, GpuVec, Profiler, Recorder, TimedPasses, read_bytes};
use crate::{GpuSplats, Rasterizer};

use super::{Accumulation, BackwardDesign, Gradient, GradientOptions};

/// Timed runs of a design, after one that is not counted.
const RUNS: usize = 3;
/// A design that is this many times slower than the best is not run again.
const HOPELESS: f64 = 3.0;

/// What was chosen, and why.
#[derive(Clone, Debug, Serialize)]
pub struct Choice {
    /// The fastest.
    #[serde(skip)]
    pub options: GradientOptions,
    /// All that the device has, in the order they were tried.
    pub tried: Vec<DesignTime>,
}

/// How long one form of the backward pass took.
#[derive(Clone, Debug, Serialize)]
pub struct DesignTime {
    /// How work is dealt out.
    pub design: BackwardDesign,
    /// How sums come together.
    pub accumulation: Accumulation,
    /// The fastest run, in milliseconds; `None` where its arrays do not fit on the device.
    pub ms: Option<f64>,
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, it) in self.tried.iter().enumerate() {
            let chosen = (self.options.design, self.options.accumulation);
            let comma = if i == 0 { "" } else { ", " };
            let star = if (it.design, it.accumulation) == chosen {
                "*"
            } else {
                ""
            };
            write!(f, "{comma}{:?} by {:?}{star} ", it.design, it.accumulation)?;
            match it.ms {
                Some(ms) => write!(f, "{ms:.2} ms")?,
                None => write!(f, "does not fit")?,
            }
        }
        Ok(())
    }
}

/// Runs every form of the backward pass that the device has on the frame that `rasterizer` drew
/// last of `splats`, and tells the fastest. `d_image` as for [`Gradient::prepare`]; design and
/// accumulation of `wanted` are where to begin, the rest of it stays as it is. What comes of the
/// pose is the same in all forms and not timed: its kernel is large, and would be compiled for each.
/// Waits; splats and frame stay as they are.
///
/// # Errors
/// Those of [`Gradient::prepare`] but for want of room: a form that does not fit is passed over.
/// Where none fits, that of the last.
pub fn choose(
    gpu: &Gpu,
    rasterizer: &Rasterizer,
    splats: &GpuSplats,
    d_image: &GpuVec<f32>,
    wanted: GradientOptions,
) -> Result<Choice, GpuError> {
    let mut clock = Clock::new(gpu)?;
    let mut forms = GradientOptions::designs(gpu.capabilities());
    // What is likely to be fast comes first, so that the hopeless are noticed at once.
    forms.sort_by_key(|&it| {
        (
            it != (wanted.design, wanted.accumulation),
            it.0 != BackwardDesign::Eights,
        )
    });
    let mut best: Option<(f64, GradientOptions)> = None;
    let mut tried = Vec::new();
    let mut refused = None;
    for (design, accumulation) in forms {
        let options = GradientOptions {
            design,
            accumulation,
            pose: false,
            ..wanted
        };
        let limit = best.map_or(f64::INFINITY, |(ms, _)| HOPELESS * ms);
        let ms = match fastest(
            gpu,
            &mut clock,
            (rasterizer, splats, d_image),
            options,
            limit,
        ) {
            Ok(ms) => Some(ms),
            Err(err @ (GpuError::TooLarge { .. } | GpuError::OutOfMemory { .. })) => {
                refused = Some(err);
                None
            }
            Err(err) => return Err(err),
        };
        if let Some(ms) = ms
            && best.is_none_or(|(least, _)| ms < least)
        {
            best = Some((ms, options));
        }
        tried.push(DesignTime {
            design,
            accumulation,
            ms,
        });
    }
    match (best, refused) {
        (Some((_, options)), _) => {
            let pose = wanted.pose;
            let options = GradientOptions { pose, ..options };
            Ok(Choice { options, tried })
        }
        (None, Some(err)) => Err(err),
        (None, None) => Err(GpuError::Invalid("there is no backward pass".to_owned())),
    }
}

/// Milliseconds of the fastest of some runs; of the first alone where that took more than `limit`.
fn fastest(
    gpu: &Gpu,
    clock: &mut Clock,
    (rasterizer, splats, d_image): (&Rasterizer, &GpuSplats, &GpuVec<f32>),
    options: GradientOptions,
    limit: f64,
) -> Result<f64, GpuError> {
    let mut gradient = Gradient::new(gpu, options)?;
    gradient.prepare(gpu, rasterizer, splats, d_image)?;
    let mut least = clock.time(gpu, &gradient, rasterizer)?;
    if limit < least {
        return Ok(least);
    }
    for _ in 0..RUNS {
        least = least.min(clock.time(gpu, &gradient, rasterizer)?);
    }
    Ok(least)
}

/// Time stamps where the device has them, else the processor's clock around submitting and waiting.
struct Clock {
    stamps: Option<(Profiler, GpuVec<u8>)>,
}

impl Clock {
    fn new(gpu: &Gpu) -> Result<Self, GpuError> {
        // Where the processor plays the GPU, stamps at the borders of a pass tell less than
        // waiting for it.
        let profiler = Profiler::new(gpu).filter(|_| !gpu.capabilities().is_cpu());
        let stamps = profiler
            .map(|it| {
                let to = GpuVec::zeroed(gpu, "kernel times", Profiler::BYTES as usize)?;
                Ok::<_, GpuError>((it, to))
            })
            .transpose()?;
        Ok(Self { stamps })
    }

    /// One run of the backward pass, in milliseconds.
    fn time(
        &mut self,
        gpu: &Gpu,
        gradient: &Gradient,
        rasterizer: &Rasterizer,
    ) -> Result<f64, GpuError> {
        gpu.wait()?;
        let begun = Instant::now();
        let (profiler, to) = match &mut self.stamps {
            Some((profiler, to)) => (Some(profiler), Some(&*to)),
            None => (None, None),
        };
        let mut recorder = Recorder::new(gpu, profiler, true);
        gradient.record(&mut recorder, rasterizer)?;
        let passes = to.map_or_else(TimedPasses::default, |to| {
            recorder.copy_times(to.buffer(), 0)
        });
        recorder.submit(gpu);
        gpu.wait()?;
        let waited = begun.elapsed().as_secs_f64() * 1e3;
        let Some(to) = to else { return Ok(waited) };
        let stamps = read_bytes(gpu, to.buffer(), 0, Profiler::BYTES)?;
        Ok(passes
            .times(&stamps)
            .iter()
            .map(|it| f64::from(it.ms))
            .sum())
    }
}

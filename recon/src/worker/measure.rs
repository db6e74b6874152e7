//! The job that measures splats for clean-up.

use std::ops::ControlFlow;
use std::sync::Arc;

use render::{RenderConfig, Splats};

use super::actor::{Actor, Outcome};
use super::messages::{Event, WorkerError};
use crate::dataset::Dataset;
use crate::edit::{MeasureError, Measured, measure};

/// Photos are looked at with at most so many pixels a side: what no pixel of those sees is not
/// missed.
const MAX_SIDE: u32 = 640;

/// The same where the processor draws, which takes minutes else.
const MAX_SIDE_CPU: u32 = 320;

/// Measures, tells how far it is, and hands over what was found.
pub(super) fn run(
    actor: &mut Actor,
    splats: &Splats,
    dataset: Option<&Arc<Dataset>>,
    antialiased: bool,
) -> Result<Outcome, WorkerError> {
    let what = "Looking for floaters";
    if actor.step(what, 0, 1).is_break() {
        return Ok(Outcome::Cancelled);
    }
    let Some(dataset) = dataset else {
        let measured = Arc::new(Measured::of(splats));
        actor.tell(Event::SplatsMeasured(measured));
        return Ok(Outcome::Finished);
    };
    let gpu = actor.gpu.clone().ok_or(WorkerError::NoGpu)?;
    let render = RenderConfig {
        antialiased,
        ..RenderConfig::default()
    };
    let mut report = |done: usize, total: usize| -> ControlFlow<()> {
        actor.step(what, done as u64, total as u64)
    };
    let side = if gpu.capabilities().is_cpu() {
        MAX_SIDE_CPU
    } else {
        MAX_SIDE
    };
    match measure(&gpu, splats, dataset, &render, side, &mut report) {
        Ok(measured) => {
            actor.tell(Event::SplatsMeasured(Arc::new(measured)));
            Ok(Outcome::Finished)
        }
        Err(MeasureError::Cancelled) => Ok(Outcome::Cancelled),
        Err(err) => Err(err.into()),
    }
}

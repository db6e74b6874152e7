//! The job that draws splats into a picture, numbered pictures or a video.

use render::{GpuSplats, Rasterizer};

use super::actor::{Actor, Outcome};
use super::jobs::name_of;
use super::messages::{Event, FilmJob, WorkerError};
use crate::film::{FilmError, shoot};

/// Draws and writes; the scene that is shown stays what it is.
pub(super) fn film(actor: &mut Actor, job: &FilmJob) -> Result<Outcome, WorkerError> {
    let gpu = actor.gpu.clone().ok_or(WorkerError::NoGpu)?;
    let what = format!("Rendering {}", name_of(&job.film.out));
    if actor.step(&what, 0, 1).is_break() {
        return Ok(Outcome::Cancelled);
    }
    let splats = match &job.on_gpu {
        Some(shared) => shared.clone(),
        None => GpuSplats::upload(&gpu, &job.file.splats)?,
    };
    let mut rasterizer = Rasterizer::new(&gpu)?;
    let mut step = |done, total| actor.step(&what, done, total);
    match shoot(&gpu, &mut rasterizer, &splats, &job.film, &mut step) {
        Ok(report) => {
            actor.tell(Event::Filmed(report));
            Ok(Outcome::Finished)
        }
        Err(FilmError::Cancelled) => Ok(Outcome::Cancelled),
        Err(err) => Err(err.into()),
    }
}

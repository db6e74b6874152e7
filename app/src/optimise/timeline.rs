//! Snapshots of a run that can be gone back to: a few, evenly spread, on the host only.

use std::sync::Arc;

use glam::Vec3;
use recon::io::{SplatFile, SplatSummary};
use recon::worker::{Moment, Snapshot};
use render::GpuSplats;
use render::gpu::{Gpu, GpuError};

/// Snapshots that are kept at most.
pub const MAX_KEPT: usize = 20;

/// Bytes that they may take together; the newest is kept whatever it takes.
const MAX_BYTES: usize = 2 << 30;

/// Ids of snapshots that were put back on the GPU: far from those of the worker.
const FIRST_ID: u64 = 1 << 40;

/// A snapshot without its copy on the GPU.
#[derive(Clone, Debug)]
pub struct Kept {
    /// After which step it was taken.
    pub step: u32,
    /// What held-out photos said then, dB.
    pub psnr: Option<f64>,
    /// The splats.
    pub file: Arc<SplatFile>,
    summary: Arc<SplatSummary>,
    bounds: Option<(Vec3, Vec3)>,
    main_bounds: Option<(Vec3, Vec3)>,
    name: String,
}

impl Kept {
    /// What there is to keep; `None` for a snapshot of no optimisation.
    pub fn of(snapshot: &Snapshot) -> Option<Self> {
        let moment = snapshot.moment.as_ref()?;
        Some(Self {
            step: moment.step,
            psnr: moment.psnr,
            file: snapshot.file.clone(),
            summary: snapshot.summary.clone(),
            bounds: snapshot.bounds,
            main_bounds: snapshot.main_bounds,
            name: snapshot.name.clone(),
        })
    }

    /// Puts it back on the GPU. Takes as long as an upload: not for a window's thread.
    ///
    /// # Errors
    /// Where the device has no room.
    pub fn upload(&self, gpu: &Gpu) -> Result<Snapshot, GpuError> {
        Ok(Snapshot {
            id: FIRST_ID + u64::from(self.step),
            splats: GpuSplats::upload(gpu, &self.file.splats)?,
            file: self.file.clone(),
            summary: self.summary.clone(),
            bounds: self.bounds,
            main_bounds: self.main_bounds,
            name: self.name.clone(),
            path: None,
            moment: Some(Moment {
                step: self.step,
                psnr: self.psnr,
                chunk: None,
            }),
        })
    }

    /// In words.
    pub fn label(&self) -> String {
        match self.psnr {
            Some(psnr) => format!("Step {}: {psnr:.2} dB", self.step),
            None => format!("Step {}", self.step),
        }
    }

    fn bytes(&self) -> usize {
        let splats = &self.file.splats;
        splats.len() * (4 * render::gpu_splats::GEOMETRY_PLANES + 12 * splats.coeffs_per_splat())
    }
}

/// The snapshots, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    kept: Vec<Kept>,
    /// The step of the one that is shown; `None` shows the splats as they are now.
    shown: Option<u32>,
}

impl Timeline {
    /// The snapshots, oldest first.
    pub fn kept(&self) -> &[Kept] {
        &self.kept
    }

    /// The step of the one that is shown; `None` shows the splats as they are now.
    pub fn shown(&self) -> Option<u32> {
        self.shown
    }

    /// The one after this step.
    pub fn at(&self, step: u32) -> Option<&Kept> {
        self.kept.iter().find(|it| it.step == step)
    }

    /// Goes back to the one after this step, or to the present. Returns whether there is such.
    pub fn show(&mut self, step: Option<u32>) -> bool {
        let is_there = step.is_none_or(|it| self.at(it).is_some());
        if is_there {
            self.shown = step;
        }
        is_there
    }

    /// Keeps one more. Where there are too many, one goes that its neighbours lie nearest to: not
    /// the first, not the newest, not the one that is shown.
    pub fn keep(&mut self, kept: Kept) {
        self.kept.retain(|it| it.step != kept.step);
        self.kept.push(kept);
        self.kept.sort_by_key(|it| it.step);
        while MAX_KEPT < self.kept.len() || MAX_BYTES < self.bytes() {
            let Some(least) = self.least_missed() else {
                return;
            };
            self.kept.remove(least);
        }
    }

    /// What held-out photos say of the snapshot after this step.
    pub fn measured(&mut self, step: u32, psnr: f64) {
        for kept in self.kept.iter_mut().filter(|it| it.step == step) {
            kept.psnr = Some(psnr);
        }
    }

    fn least_missed(&self) -> Option<usize> {
        let last = self.kept.len().checked_sub(1)?;
        let inner = (1..last).filter(|it| Some(self.kept[*it].step) != self.shown);
        inner
            .min_by_key(|it| self.kept[it + 1].step - self.kept[it - 1].step)
            // Of very large scenes even two may be too many.
            .or_else(|| (0..last).find(|it| Some(self.kept[*it].step) != self.shown))
    }

    fn bytes(&self) -> usize {
        self.kept.iter().map(Kept::bytes).sum()
    }
}

#[cfg(test)]
mod tests {
    use recon::io::SplatFormat;
    use render::Splats;

    use super::*;

    fn kept(step: u32) -> Kept {
        let file = SplatFile::new(Splats::default(), SplatFormat::Ply);
        Kept {
            step,
            psnr: None,
            summary: Arc::new(file.summary()),
            file: Arc::new(file),
            bounds: None,
            main_bounds: None,
            name: "scene".to_owned(),
        }
    }

    #[test]
    fn snapshots_are_thinned_evenly() {
        let mut timeline = Timeline::default();
        for step in 1..=200 {
            timeline.keep(kept(100 * step));
            assert!(timeline.kept().len() <= MAX_KEPT);
        }
        let steps: Vec<u32> = timeline.kept().iter().map(|it| it.step).collect();
        assert_eq!((steps.len(), steps[0]), (MAX_KEPT, 100), "the first stays");
        assert_eq!(steps.last(), Some(&20_000), "so does the newest");
        let gaps: Vec<u32> = steps.windows(2).map(|it| it[1] - it[0]).collect();
        let most = gaps.iter().max().unwrap();
        assert!(*most <= 20_000 / MAX_KEPT as u32 * 3, "{gaps:?}");
    }

    #[test]
    fn the_one_that_is_shown_stays() {
        let mut timeline = Timeline::default();
        for step in 1..=3 {
            timeline.keep(kept(step));
        }
        assert!(timeline.show(Some(2)));
        assert!(!timeline.show(Some(7)), "there is none");
        for step in 4..=100 {
            timeline.keep(kept(step));
        }
        assert!(timeline.at(2).is_some() && timeline.shown() == Some(2));
        assert!(timeline.show(None) && timeline.shown().is_none());
    }

    #[test]
    fn a_measurement_belongs_to_its_step() {
        let mut timeline = Timeline::default();
        timeline.keep(kept(10));
        timeline.keep(kept(20));
        timeline.measured(20, 25.5);
        assert_eq!(timeline.at(10).unwrap().label(), "Step 10");
        assert_eq!(timeline.at(20).unwrap().label(), "Step 20: 25.50 dB");
        timeline.keep(kept(20));
        assert_eq!(timeline.kept().len(), 2, "the same step replaces");
    }
}

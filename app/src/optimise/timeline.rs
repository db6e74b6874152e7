//! Snapshots of a run that can be gone back to: a few, evenly spread, on the host only.

use std::sync::Arc;

use glam::Vec3;
use recon::io::{SplatFile, SplatSummary};
use recon::worker::{Moment, Snapshot};
use render::GpuSplats;
use render::gpu::{Gpu, GpuError};

use super::When;

/// Snapshots that are kept at most.
pub const MAX_KEPT: usize = 20;

/// Bytes that they may take together; the newest is kept whatever it takes.
const MAX_BYTES: usize = 2 << 30;

/// Ids of snapshots that were put back on the GPU: far from those of the worker.
const FIRST_STEP_ID: u64 = 1 << 40;

/// The same for those of a reconstruction.
const FIRST_CHUNK_ID: u64 = 1 << 41;

/// A snapshot without its copy on the GPU.
#[derive(Clone, Debug)]
pub struct Kept {
    /// When it was taken.
    pub when: When,
    /// The same, with what held-out photos said and which views had been seen.
    pub moment: Moment,
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
            when: When::of(moment),
            moment: moment.clone(),
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
            id: match self.when {
                When::Step(step) => FIRST_STEP_ID + u64::from(step),
                When::Chunk(index) => FIRST_CHUNK_ID + index as u64,
            },
            splats: GpuSplats::upload(gpu, &self.file.splats)?,
            file: self.file.clone(),
            summary: self.summary.clone(),
            bounds: self.bounds,
            main_bounds: self.main_bounds,
            name: self.name.clone(),
            path: None,
            moment: Some(self.moment.clone()),
            lineage: None,
        })
    }

    /// In words.
    pub fn label(&self) -> String {
        let mut parts = Vec::new();
        if let Some(chunk) = &self.moment.chunk {
            parts.push(match chunk.views_seen.len() {
                1 => "1 view".to_owned(),
                count => format!("{count} views"),
            });
        }
        if let Some(psnr) = self.moment.psnr {
            parts.push(format!("{psnr:.2} dB"));
        }
        let when = self.when.label();
        if parts.is_empty() {
            when
        } else {
            format!("{when}: {}", parts.join(", "))
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
    /// The one that is shown; `None` shows the splats as they are now.
    shown: Option<When>,
}

impl Timeline {
    /// The snapshots, oldest first.
    pub fn kept(&self) -> &[Kept] {
        &self.kept
    }

    /// The one that is shown; `None` shows the splats as they are now.
    pub fn shown(&self) -> Option<When> {
        self.shown
    }

    /// The one of then.
    pub fn at(&self, when: When) -> Option<&Kept> {
        self.kept.iter().find(|it| it.when == when)
    }

    /// Goes back to the one of then, or to the present. Returns whether there is such.
    pub fn show(&mut self, when: Option<When>) -> bool {
        let is_there = when.is_none_or(|it| self.at(it).is_some());
        if is_there {
            self.shown = when;
        }
        is_there
    }

    /// Keeps one more. Where there are too many, one goes that its neighbours lie nearest to: not
    /// the first, not the newest, not the one that is shown.
    pub fn keep(&mut self, kept: Kept) {
        self.kept.retain(|it| it.when != kept.when);
        self.kept.push(kept);
        self.kept.sort_by_key(|it| it.when);
        while MAX_KEPT < self.kept.len() || MAX_BYTES < self.bytes() {
            let Some(least) = self.least_missed() else {
                return;
            };
            self.kept.remove(least);
        }
    }

    /// What held-out photos say of the snapshot of then.
    pub fn measured(&mut self, when: When, psnr: f64) {
        for kept in self.kept.iter_mut().filter(|it| it.when == when) {
            kept.moment.psnr = Some(psnr);
        }
    }

    fn least_missed(&self) -> Option<usize> {
        let last = self.kept.len().checked_sub(1)?;
        let inner = (1..last).filter(|it| Some(self.kept[*it].when) != self.shown);
        let gap = |it: usize| self.place(it + 1) - self.place(it - 1);
        inner
            .min_by(|a, b| gap(*a).total_cmp(&gap(*b)))
            // Of very large scenes even two may be too many.
            .or_else(|| (0..last).find(|it| Some(self.kept[*it].when) != self.shown))
    }

    /// Chunks from 0 to 1, steps from 1 to 2.
    fn place(&self, index: usize) -> f64 {
        let whens = self.kept.iter().map(|it| it.when);
        match self.kept[index].when {
            When::Chunk(index) => {
                let last = whens.map(|it| match it {
                    When::Chunk(index) => index,
                    When::Step(_) => 0,
                });
                index as f64 / last.max().unwrap_or_default().max(1) as f64
            }
            When::Step(step) => {
                let last = whens.map(|it| match it {
                    When::Chunk(_) => 0,
                    When::Step(step) => step,
                });
                1.0 + f64::from(step) / f64::from(last.max().unwrap_or_default().max(1))
            }
        }
    }

    fn bytes(&self) -> usize {
        self.kept.iter().map(Kept::bytes).sum()
    }
}

#[cfg(test)]
mod tests {
    use recon::io::SplatFormat;
    use recon::worker::SeenChunk;
    use render::Splats;

    use super::*;

    fn kept(step: u32) -> Kept {
        let file = SplatFile::new(Splats::default(), SplatFormat::Ply);
        let moment = Moment {
            step,
            ..Moment::default()
        };
        Kept {
            when: When::of(&moment),
            moment,
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
        let steps: Vec<u32> = timeline.kept().iter().map(|it| it.moment.step).collect();
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
        assert!(timeline.show(Some(When::Step(2))));
        assert!(!timeline.show(Some(When::Step(7))), "there is none");
        for step in 4..=100 {
            timeline.keep(kept(step));
        }
        assert!(timeline.at(When::Step(2)).is_some());
        assert_eq!(timeline.shown(), Some(When::Step(2)));
        assert!(timeline.show(None) && timeline.shown().is_none());
    }

    #[test]
    fn a_measurement_belongs_to_its_step() {
        let mut timeline = Timeline::default();
        timeline.keep(kept(10));
        timeline.keep(kept(20));
        timeline.measured(When::Step(20), 25.5);
        assert_eq!(timeline.at(When::Step(10)).unwrap().label(), "Step 10");
        assert_eq!(
            timeline.at(When::Step(20)).unwrap().label(),
            "Step 20: 25.50 dB"
        );
        timeline.keep(kept(20));
        assert_eq!(timeline.kept().len(), 2, "the same step replaces");
    }

    #[test]
    fn chunks_are_thinned_as_steps_are_and_name_their_views() {
        let mut timeline = Timeline::default();
        for index in 0..40 {
            let views_seen: Vec<usize> = (0..=index).collect();
            let mut kept = kept(0);
            kept.moment.chunk = Some(SeenChunk {
                index,
                of: Some(40),
                views_seen: views_seen.into(),
            });
            kept.when = When::of(&kept.moment);
            timeline.keep(kept);
        }
        for step in 1..=40 {
            timeline.keep(kept(25 * step));
        }
        let steps = timeline.kept().iter().filter(|it| 0 < it.moment.step);
        let steps = steps.count();
        assert!((5..=15).contains(&steps), "{steps} of {MAX_KEPT}");
        assert_eq!(timeline.kept()[0].label(), "Chunk 1: 1 view");
        timeline.measured(When::Chunk(0), 15.0);
        assert_eq!(timeline.kept()[0].label(), "Chunk 1: 1 view, 15.00 dB");
        assert_eq!(timeline.kept().last().unwrap().when, When::Step(1000));
    }
}

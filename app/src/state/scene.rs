//! A scene that is shown: the newest snapshot, splats in the making, or what is gone back to.

use glam::Vec3;
use recon::worker::{LiveSplats, Snapshot};
use render::GpuSplats;

use crate::viewport::navigate::Extent;

/// A scene that is shown.
#[derive(Clone, Debug)]
pub struct Scene {
    /// The newest that is whole: on the GPU and on the host.
    pub snapshot: Snapshot,
    /// Newer splats in the making, on the GPU only, and which they are.
    pub live: Option<(u64, LiveSplats)>,
    /// The newest as it is edited, on the GPU only, and which state of it.
    pub edited: Option<(u64, GpuSplats)>,
    /// An older snapshot that is looked at instead.
    pub past: Option<Snapshot>,
    /// The main part of it.
    pub main_part: Extent,
    /// All of it.
    pub whole: Extent,
    /// The snapshot is known points, not splats: there is nothing to save.
    pub is_sparse: bool,
}

/// Which splats are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drawn {
    /// A snapshot, by its id.
    Snapshot(u64),
    /// Splats in the making, by their number.
    Live(u64),
    /// Splats as they are edited, by the number of the state.
    Edited(u64),
}

impl Scene {
    /// What the worker has put on the GPU and measured.
    pub fn new(snapshot: Snapshot) -> Self {
        Self {
            main_part: extent(snapshot.main_bounds),
            whole: extent(snapshot.bounds),
            snapshot,
            live: None,
            edited: None,
            past: None,
            is_sparse: false,
        }
    }

    /// What is drawn: what is gone back to, else the newest.
    pub fn drawn(&self) -> (Drawn, &GpuSplats) {
        match (&self.past, &self.live, &self.edited) {
            (Some(it), ..) => (Drawn::Snapshot(it.id), &it.splats),
            (None, Some((id, it)), _) => (Drawn::Live(*id), &it.splats),
            (None, None, Some((id, it))) => (Drawn::Edited(*id), it),
            (None, None, None) => (Drawn::Snapshot(self.snapshot.id), &self.snapshot.splats),
        }
    }

    /// Whether points are drawn, not splats.
    pub fn draws_points(&self) -> bool {
        self.is_sparse && self.live.is_none() && self.past.is_none()
    }

    /// The whole snapshot behind what is drawn, for facts and for saving.
    pub fn at_hand(&self) -> &Snapshot {
        self.past.as_ref().unwrap_or(&self.snapshot)
    }
}

/// A box with what the worker measured; a point where it measured nothing.
pub(super) fn extent(bounds: Option<(Vec3, Vec3)>) -> Extent {
    let (low, high) = bounds.unwrap_or_default();
    Extent { low, high }
}

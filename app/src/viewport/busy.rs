//! How coarse frames are drawn while the device has other work to do.

/// Frames slower than this are drawn coarser, milliseconds.
const SLOW_MS: f32 = 150.0;

/// Frames quicker than this can be drawn finer, milliseconds.
const QUICK_MS: f32 = 40.0;

/// A pixel of the coarsest frames covers so many of the screen's along each axis.
const COARSEST: u32 = 4;

/// How coarse frames are; changes by one with each frame that was too slow or quick enough.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Busy {
    reduction: u32,
}

impl Default for Busy {
    fn default() -> Self {
        Self { reduction: 1 }
    }
}

impl Busy {
    /// A frame was finished: how long it took, and how coarse it was.
    pub(super) fn note(&mut self, ms: f32, reduction: u32) {
        // A frame that was begun before the last change says nothing of it.
        if reduction != self.reduction {
            return;
        }
        // The next finer one must not be too slow at once.
        let finer = reduction.max(2) - 1;
        let growth = (reduction as f32 / finer as f32).powi(2);
        if SLOW_MS < ms {
            self.reduction = (reduction + 1).min(COARSEST);
        } else if ms * growth < SLOW_MS && ms < QUICK_MS {
            self.reduction = finer;
        }
    }

    /// How many pixels of the screen one of the frame covers along each axis.
    pub(super) fn reduction(self) -> u32 {
        self.reduction
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_frames_become_coarse_and_quick_ones_fine() {
        let mut busy = Busy::default();
        for (ms, reduction) in [(400.0, 2), (300.0, 3), (200.0, 4), (200.0, 4), (90.0, 4)] {
            busy.note(ms, busy.reduction());
            assert_eq!(busy.reduction(), reduction, "{ms}");
        }
        busy.note(5.0, 1);
        assert_eq!(busy.reduction(), 4, "an older frame");
        for reduction in [3, 2, 1, 1] {
            busy.note(20.0, busy.reduction());
            assert_eq!(busy.reduction(), reduction);
        }
    }
}

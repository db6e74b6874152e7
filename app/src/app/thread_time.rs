//! How long the window's own thread works on a frame: what makes a window sticky when it is much.

use std::collections::VecDeque;

use crate::state::UiTime;

/// So many frames are remembered.
const FRAMES: usize = 600;

/// Times of the last frames, milliseconds.
#[derive(Debug, Default)]
pub(super) struct ThreadTime(VecDeque<f32>);

impl ThreadTime {
    /// A frame took so long, without waiting for the screen.
    pub(super) fn add(&mut self, secs: f32) {
        self.0.push_back(1e3 * secs);
        if FRAMES < self.0.len() {
            self.0.pop_front();
        }
    }

    /// The middle one of the frames, and the one that 95 in a hundred stay below; `None` before
    /// the first.
    pub(super) fn summary(&self) -> Option<UiTime> {
        let mut times: Vec<f32> = self.0.iter().copied().collect();
        times.sort_unstable_by(f32::total_cmp);
        let last = times.len().checked_sub(1)?;
        let at = |part: f32| times[(part * last as f32).round() as usize];
        Some(UiTime {
            median_ms: at(0.5),
            p95_ms: at(0.95),
            frames: times.len(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_last_frames() {
        let mut time = ThreadTime::default();
        assert_eq!(time.summary(), None);
        time.add(9.0);
        for ms in (1..=FRAMES).rev() {
            time.add(1e-3 * ms as f32);
        }
        let summary = time.summary().unwrap();
        assert_eq!(summary.frames, FRAMES);
        assert!((summary.median_ms - 301.0).abs() < 1.1, "{summary:?}");
        assert!((summary.p95_ms - 570.0).abs() < 1.1, "{summary:?}");
    }
}

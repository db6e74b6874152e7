//! Frames per second of a window that draws only when something changes.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Frames farther apart than this do not follow each other.
pub(super) const PAUSE: Duration = Duration::from_millis(1500);

/// The rate is that of this many frames.
const WINDOW: usize = 30;

/// When the last frames began.
#[derive(Debug, Default)]
pub(super) struct Cadence(VecDeque<Instant>);

impl Cadence {
    /// A frame was handed to the GPU.
    pub(super) fn add(&mut self, at: Instant) {
        if self
            .0
            .back()
            .is_some_and(|it| PAUSE < at.duration_since(*it))
        {
            self.0.clear();
        }
        self.0.push_back(at);
        if WINDOW < self.0.len() {
            self.0.pop_front();
        }
    }

    /// Frames per second; `None` when nothing has moved lately.
    pub(super) fn fps(&self, now: Instant) -> Option<f32> {
        let (first, last) = (self.0.front()?, self.0.back()?);
        let frames = self.0.len() - 1;
        let span = last.duration_since(*first).as_secs_f32();
        let is_recent = now.duration_since(*last) < PAUSE;
        (is_recent && 0 < frames && 0.0 < span).then(|| frames as f32 / span)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_that_of_frames_that_follow_each_other() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut cadence = Cadence::default();
        assert_eq!(cadence.fps(at(0)), None);
        cadence.add(at(0));
        assert_eq!(cadence.fps(at(1)), None);
        for k in 1..=50 {
            cadence.add(at(20 * k));
        }
        assert!((cadence.fps(at(1001)).unwrap() - 50.0).abs() < 0.1);
        assert_eq!(cadence.fps(at(4000)), None, "idle");
        cadence.add(at(5000));
        assert_eq!(cadence.fps(at(5001)), None, "a pause begins anew");
    }
}

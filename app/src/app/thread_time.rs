//! How long the window's own thread works on a frame, and how soon a frame shows what the user did:
//! what makes a window sticky when it is much.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use eframe::egui::{self, Event};

use crate::state::{Quantiles, UiTime};

/// So many frames, and so many inputs, are remembered.
const REMEMBERED: usize = 600;

/// A frame that begins this soon after the end of the one before: the thread has not slept.
const AT_ONCE: Duration = Duration::from_millis(2);

/// Times of the last frames.
#[derive(Debug, Default)]
pub(super) struct ThreadTime {
    work: Recent,
    input: Recent,
    /// The newest frame.
    newest: Option<Begun>,
}

/// A frame as it began.
#[derive(Clone, Copy, Debug)]
struct Begun {
    at: Instant,
    /// What the thread had worked until then; `None` where the system does not tell.
    worked: Option<Duration>,
    /// How long its input had waited by then, at most; `None` without input.
    waited: Option<Duration>,
}

impl ThreadTime {
    /// A frame begins. `before` is how long the one before it took, without waiting for the
    /// screen, seconds; `shown` is when that had been handed to the screen, where that is known.
    pub(super) fn begin(&mut self, before: Option<f32>, shown: Option<Instant>, has_input: bool) {
        let before = before.map(|it| Duration::from_secs_f32(it.max(0.0)));
        self.begin_at(Instant::now(), cpu_time(), (before, shown), has_input);
    }

    fn begin_at(
        &mut self,
        now: Instant,
        worked: Option<Duration>,
        (before, shown): (Option<Duration>, Option<Instant>),
        has_input: bool,
    ) {
        let mut age = Duration::ZERO;
        if let (Some(last), Some(took)) = (self.newest, before) {
            let cpu = worked.zip(last.worked);
            self.work
                .add(cpu.map_or(took, |(now, before)| now.saturating_sub(before)));
            let end = shown.filter(|it| last.at <= *it).unwrap_or(last.at + took);
            if let Some(waited) = last.waited {
                self.input.add(waited + (end - last.at));
            }
            // While the thread was at work an event may have come at any time: the worst counts.
            if now.saturating_duration_since(end) <= AT_ONCE {
                age = now.saturating_duration_since(last.at);
            }
        }
        self.newest = Some(Begun {
            at: now,
            worked,
            waited: has_input.then_some(age),
        });
    }

    /// `None` before the second frame.
    pub(super) fn summary(&self) -> Option<UiTime> {
        Some(UiTime {
            work: self.work.quantiles()?,
            input: self.input.quantiles(),
            is_cpu: cpu_time().is_some(),
        })
    }
}

/// Whether the user has done something that a frame is to show.
pub(super) fn has_input(ctx: &egui::Context) -> bool {
    let is_input = |it: &Event| {
        matches!(
            it,
            Event::PointerMoved(_)
                | Event::PointerButton { .. }
                | Event::MouseWheel { .. }
                | Event::Zoom(_)
                | Event::Key { .. }
                | Event::Text(_)
                | Event::Touch { .. }
        )
    };
    ctx.input(|it| it.events.iter().any(is_input))
}

/// What this thread has worked since it began; `None` where the system does not tell.
#[cfg(unix)]
fn cpu_time() -> Option<Duration> {
    use rustix::time::{ClockId, clock_gettime};
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).ok()
}

#[cfg(not(unix))]
fn cpu_time() -> Option<Duration> {
    None
}

/// The last of many times.
#[derive(Debug, Default)]
struct Recent(VecDeque<Duration>);

impl Recent {
    fn add(&mut self, time: Duration) {
        self.0.push_back(time);
        if REMEMBERED < self.0.len() {
            self.0.pop_front();
        }
    }

    fn quantiles(&self) -> Option<Quantiles> {
        let mut times: Vec<Duration> = self.0.iter().copied().collect();
        times.sort_unstable();
        let last = times.len().checked_sub(1)?;
        let at = |part: f32| 1e3 * times[(part * last as f32).round() as usize].as_secs_f32();
        Some(Quantiles {
            median_ms: at(0.5),
            p95_ms: at(0.95),
            count: times.len(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn quantiles_are_those_of_the_last_frames() {
        let mut recent = Recent::default();
        assert_eq!(recent.quantiles(), None);
        recent.add(ms(9_000));
        for time in (1..=REMEMBERED as u64).rev() {
            recent.add(ms(time));
        }
        let quantiles = recent.quantiles().unwrap();
        assert_eq!(quantiles.count, REMEMBERED);
        assert!((quantiles.median_ms - 301.0).abs() < 1.1, "{quantiles:?}");
        assert!((quantiles.p95_ms - 570.0).abs() < 1.1, "{quantiles:?}");
    }

    #[test]
    fn work_is_counted_by_the_processors_clock_where_there_is_one() {
        let start = Instant::now();
        let mut time = ThreadTime::default();
        let took = (Some(ms(40)), None);
        time.begin_at(start, Some(ms(100)), (None, None), false);
        assert_eq!(time.summary(), None);
        time.begin_at(start + ms(900), Some(ms(107)), took, false);
        assert!((time.summary().unwrap().work.median_ms - 7.0).abs() < 1e-3);
        time.begin_at(start + ms(950), None, took, false);
        assert!((time.summary().unwrap().work.p95_ms - 40.0).abs() < 1e-3);
    }

    #[test]
    fn an_input_waits_no_longer_than_since_the_frame_before() {
        let start = Instant::now();
        let mut time = ThreadTime::default();
        let mut begin = |at, took: Option<u64>, shown: Option<u64>, has_input| {
            let before = (took.map(ms), shown.map(|it| start + ms(it)));
            time.begin_at(start + ms(at), None, before, has_input);
            time.summary().and_then(|it| it.input)
        };
        begin(0, None, None, false);
        // The thread had slept: the input came now, and its frame took 20 ms.
        begin(500, Some(30), None, true);
        let quantiles = begin(521, Some(20), None, true).unwrap();
        assert!((quantiles.median_ms - 20.0).abs() < 1e-3, "{quantiles:?}");
        // The thread had been at work for 21 ms; the next frame waited for the screen and was
        // there after 60 ms.
        let quantiles = begin(700, Some(40), Some(581), false).unwrap();
        assert!((quantiles.p95_ms - 81.0).abs() < 1e-3, "{quantiles:?}");
        assert_eq!(begin(900, Some(40), None, false).unwrap().count, 2);
    }

    #[test]
    fn this_threads_work_grows() {
        let Some(before) = cpu_time() else {
            return;
        };
        let mut sum = 0_u64;
        while cpu_time().unwrap() <= before {
            sum = std::hint::black_box(sum + 1);
        }
    }
}

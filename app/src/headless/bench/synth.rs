//! `accrete bench synth`: how many pictures of random scenes are made a second, all included.

use std::fmt;
use std::time::Instant;

use recon::synthetic::random::{SampleConfig, SceneKind, sample};
use serde::Serialize;

use crate::headless::Console;

/// Pictures of each scene, as a network is trained on.
const VIEWS: usize = 16;

/// The first seed.
const SEED: u64 = 1_000;

/// What was measured.
#[derive(Clone, Debug, Serialize)]
pub struct SynthReport {
    /// Threads that work.
    pub threads: usize,
    /// Case by case.
    pub cases: Vec<SynthCase>,
}

/// Scenes of one kind and size.
#[derive(Clone, Debug, Serialize)]
pub struct SynthCase {
    /// `object` or `room`.
    pub kind: &'static str,
    /// Pixels along each side.
    pub side: u32,
    /// How many scenes.
    pub scenes: u64,
    /// Pictures of each.
    pub views: usize,
    /// Making the scenes and the pictures.
    pub secs: f64,
    /// Pictures by seconds.
    pub images_per_sec: f64,
}

impl fmt::Display for SynthReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "images a second on {} threads", self.threads)?;
        for it in &self.cases {
            let rate = it.images_per_sec;
            let (kind, side, views) = (it.kind, it.side, it.views);
            write!(
                f,
                "\n  {kind:<7} {side:>4}²  {rate:>8.1}  ({} × {views})",
                it.scenes
            )?;
        }
        Ok(())
    }
}

/// Measures, tells and reports.
///
/// # Errors
/// Where the report cannot be written.
pub fn run(console: &Console) -> anyhow::Result<()> {
    let report = measure(30);
    console.say(&report)?;
    console.report(&report)
}

/// Makes objects and a third as many rooms.
pub fn measure(scenes: u64) -> SynthReport {
    let mut cases = Vec::new();
    let rooms = scenes.div_ceil(3);
    for (kind, name, scenes) in [
        (SceneKind::Object, "object", scenes),
        (SceneKind::Room, "room", rooms),
    ] {
        for side in [64, 128] {
            let config = SampleConfig {
                kind,
                size: [side; 2],
                views: VIEWS,
                ..SampleConfig::default()
            };
            let clock = Instant::now();
            for seed in SEED..SEED + scenes {
                sample(seed, &config);
            }
            let secs = clock.elapsed().as_secs_f64();
            cases.push(SynthCase {
                kind: name,
                side,
                scenes,
                views: VIEWS,
                secs,
                images_per_sec: scenes as f64 * VIEWS as f64 / secs,
            });
        }
    }
    SynthReport {
        threads: std::thread::available_parallelism().map_or(1, Into::into),
        cases,
    }
}

//! `accrete bench edit`: how long it takes to find splats, and to show what was found.

use std::fmt;
use std::time::Instant;

use glam::{Quat, Vec2};
use recon::edit::matching;
use recon::synthetic::{bench_camera, clustered};
use render::edit::{Look, Property, Query, ScreenMask, Selector, Wardrobe, marks};
use render::gpu::{Capabilities, Gpu, GpuError};
use render::{Camera, GpuSplats, Splats};
use serde::Serialize;

use super::{SEED, WARM_UP, goes_on, median};
use crate::headless::{Console, OpenGpu};

/// Splats of the scene.
const SPLATS: usize = 1_000_000;
/// Their harmonics, the most there are.
const SH_DEGREE: u32 = 3;
/// Of the picture that gestures are made on, in pixels.
const SIZE: [u32; 2] = [1920, 1080];
/// Runs on the processor, of which the fastest counts.
const RUNS: usize = 3;

/// What was measured, on what. Times are in milliseconds.
#[derive(Clone, Debug, Serialize)]
pub struct EditReport {
    /// The device.
    pub adapter: Capabilities,
    /// Splats of the scene.
    pub splats: usize,
    /// Query by query.
    pub queries: Vec<QueryCase>,
    /// Marks brought to the picture.
    pub dressing: Vec<DressCase>,
}

/// A query, from the call to the answer on the processor.
#[derive(Clone, Debug, Serialize)]
pub struct QueryCase {
    /// What is asked.
    pub name: &'static str,
    /// Splats that match.
    pub found: u64,
    /// Median on the device.
    pub ms: f64,
    /// The fastest on the device.
    pub ms_least: f64,
    /// The fastest on one thread of the processor.
    pub processor_ms: f64,
    /// The fastest on all threads of the processor.
    pub all_threads_ms: f64,
    /// How many times faster the device is than one thread, by the fastest of both.
    pub times_faster: f64,
}

/// A copy to be shown, from the call until the device has made it.
#[derive(Clone, Debug, Serialize)]
pub struct DressCase {
    /// What has changed since the last.
    pub name: &'static str,
    /// Median.
    pub ms: f64,
    /// The fastest.
    pub ms_least: f64,
}

impl fmt::Display for EditReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.adapter)?;
        writeln!(f, "{} splats, milliseconds", self.splats)?;
        write!(
            f,
            "{:<24} {:>9} {:>9} {:>9} {:>11} {:>11} {:>8}",
            "query", "found", "median", "fastest", "one thread", "all threads", "times"
        )?;
        for it in &self.queries {
            let (ms, least) = (it.ms, it.ms_least);
            let (one, all) = (it.processor_ms, it.all_threads_ms);
            write!(
                f,
                "\n{:<24} {:>9} {ms:>9.2} {least:>9.2} {one:>11.2} {all:>11.2} {:>8.1}",
                it.name, it.found, it.times_faster
            )?;
        }
        for it in &self.dressing {
            let (ms, least) = (it.ms, it.ms_least);
            write!(f, "\n{:<24} {:>9} {ms:>9.2} {least:>9.2}", it.name, "")?;
        }
        Ok(())
    }
}

/// Measures, tells and reports.
///
/// # Errors
/// Where there is no adapter or it fails.
pub fn run(console: &Console, open_gpu: OpenGpu<'_>) -> anyhow::Result<()> {
    let gpu = open_gpu()?;
    let report = measure(&gpu, SPLATS)?;
    console.say(&report)?;
    console.report(&report)
}

/// Finds and shows splats of a scene of so many.
///
/// # Errors
/// Where the device fails, or cannot hold the scene twice.
pub fn measure(gpu: &Gpu, splats: usize) -> Result<EditReport, GpuError> {
    let scene = clustered(SEED, splats, SH_DEGREE);
    let uploaded = GpuSplats::upload(gpu, &scene)?;
    let mut selector = Selector::new(gpu)?;
    let queries = queries(&scene).into_iter().map(|(name, query)| {
        let mut words = Vec::new();
        let times = timed(gpu, || {
            words = selector.find(gpu, &uploaded, &query)?;
            Ok(())
        })?;
        let processor_ms = fastest(|| drop(std::hint::black_box(query.matches(&scene))));
        let all_threads_ms = fastest(|| drop(std::hint::black_box(matching(&query, &scene))));
        Ok(QueryCase {
            name,
            found: words.iter().map(|it| u64::from(it.count_ones())).sum(),
            ms: times.0,
            ms_least: times.1,
            processor_ms,
            all_threads_ms,
            times_faster: processor_ms / times.1,
        })
    });
    let queries = queries.collect::<Result<_, GpuError>>()?;
    Ok(EditReport {
        adapter: gpu.capabilities().clone(),
        splats,
        queries,
        dressing: dressing(gpu, &uploaded)?,
    })
}

fn queries(scene: &Splats) -> Vec<(&'static str, Query)> {
    let [width, height] = SIZE;
    let camera: Camera = bench_camera(width, height);
    let size = Vec2::new(width as f32, height as f32);
    let corners = [0.25 * size, 0.75 * size];
    let rectangle = ScreenMask::rect(width, height, corners);
    let (low, high) = scene.robust_bounds(0.02).unwrap_or_default();
    let range = |property, low, high| Query::Range {
        property,
        low,
        high,
    };
    let below_median = |property: Property| {
        let values = (0..scene.len()).map(|i| f64::from(property.of(scene, i)));
        range(
            property,
            0.0,
            median(&mut values.collect::<Vec<_>>()) as f32,
        )
    };
    vec![
        (
            "rectangle",
            Query::Screen {
                camera,
                mask: rectangle,
            },
        ),
        (
            "box",
            Query::Box {
                centre: 0.5 * (low + high),
                half: 0.25 * (high - low),
                rotation: Quat::from_rotation_y(0.5),
            },
        ),
        ("range of opacity", range(Property::Opacity, 0.3, 0.7)),
        ("range of volume", below_median(Property::Volume)),
        ("range of hue", range(Property::Hue, 300.0, 60.0)),
        ("range of SH energy", below_median(Property::ShEnergy)),
    ]
}

fn dressing(gpu: &Gpu, splats: &GpuSplats) -> Result<Vec<DressCase>, GpuError> {
    let mut wardrobe = Wardrobe::new(gpu)?;
    let look = Look {
        tint: [1.0, 0.6, 0.1],
        tint_share: 0.6,
        grey_share: 0.5,
    };
    // Every third splat, then in turn a thousand more and less.
    let third = (0..splats.len()).map(|i| u8::from(i % 3 == 0) * marks::SELECTED);
    let third: Vec<u8> = third.collect();
    let mut more = third.clone();
    let end = more.len().min(1000);
    more[..end].fill(marks::SELECTED | marks::DELETED);
    let all = timed(gpu, || {
        wardrobe.forget();
        wardrobe.dress(gpu, splats, &third, &look)?;
        gpu.wait()
    })?;
    let mut turn = false;
    let few = timed(gpu, || {
        turn = !turn;
        let marks = if turn { &more } else { &third };
        wardrobe.dress(gpu, splats, marks, &look)?;
        gpu.wait()
    })?;
    let case = |name, (ms, ms_least)| DressCase { name, ms, ms_least };
    Ok(vec![
        case("marks on a new copy", all),
        case("a few marks", few),
    ])
}

/// The least time of one call on the processor.
fn fastest(mut call: impl FnMut()) -> f64 {
    let times = (0..RUNS).map(|_| {
        let clock = Instant::now();
        call();
        clock.elapsed().as_secs_f64() * 1e3
    });
    times.fold(f64::INFINITY, f64::min)
}

/// Median and least time of one call.
fn timed(
    gpu: &Gpu,
    mut call: impl FnMut() -> Result<(), GpuError>,
) -> Result<(f64, f64), GpuError> {
    for _ in 0..WARM_UP {
        call()?;
    }
    gpu.wait()?;
    let mut times = Vec::new();
    while goes_on(&times) {
        let clock = Instant::now();
        call()?;
        times.push(clock.elapsed().as_secs_f64() * 1e3);
    }
    let least = times.iter().copied().fold(f64::INFINITY, f64::min);
    Ok((median(&mut times), least))
}

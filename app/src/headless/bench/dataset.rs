//! `accrete bench dataset`: opens a folder of many photos and streams them all, and tells how long
//! that took and how much memory.

use std::fmt;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, bail};
use image::codecs::jpeg::JpegEncoder;
use image::{Rgb, RgbImage};
use recon::io::photo::{PhotoLoader, PhotoOptions, TargetSize};
use recon::io::{self, Opened};
use serde::Serialize;

use crate::headless::Console;

/// Four megapixels.
const WIDTH: u32 = 2464;
/// Of the photos.
const HEIGHT: u32 = 1632;
/// So many photos differ; the others repeat them under other names.
const DISTINCT: u32 = 8;
/// What the loader may keep: a small part of what all photos take.
const CACHE_BYTES: usize = 128 << 20;
/// The size that the network takes.
const TARGET: TargetSize = TargetSize::Exact(960, 536);

/// What was measured.
#[derive(Clone, Debug, Serialize)]
pub struct DatasetReport {
    /// How many photos.
    pub photos: usize,
    /// Pixels of each.
    pub pixels_per_photo: u64,
    /// What their files take, together.
    pub file_bytes: u64,
    /// From the path to a dataset: pose file, headers of all photos.
    pub open_secs: f64,
    /// Decoding and resizing every photo once.
    pub stream_secs: f64,
    /// Of the streaming.
    pub photos_per_sec: f64,
    /// What the loader may keep of decoded photos.
    pub cache_bytes: usize,
    /// The most memory the program ever had after opening; `None` where the system does not tell.
    pub peak_bytes_after_open: Option<u64>,
    /// The same after streaming.
    pub peak_bytes: Option<u64>,
}

impl fmt::Display for DatasetReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mb = |it: u64| it as f64 / 1e6;
        let peak = |it: Option<u64>| it.map_or("-".to_owned(), |it| format!("{:.0} MB", mb(it)));
        writeln!(
            f,
            "{} photos of {:.1} megapixels, {:.0} MB of files",
            self.photos,
            mb(self.pixels_per_photo),
            mb(self.file_bytes)
        )?;
        writeln!(
            f,
            "opened in {:.2} s, at most {} of memory",
            self.open_secs,
            peak(self.peak_bytes_after_open)
        )?;
        write!(
            f,
            "streamed in {:.1} s ({:.1} photos a second), at most {} of memory",
            self.stream_secs,
            self.photos_per_sec,
            peak(self.peak_bytes)
        )
    }
}

/// Writes photos, opens and streams them, tells and reports. Without a folder they go to a
/// temporary one, which is gone afterwards.
///
/// # Errors
/// Where the folder is not empty, or photos cannot be written or read.
pub fn run(console: &Console, folder: Option<&Path>, photos: u32) -> anyhow::Result<()> {
    let report = if let Some(folder) = folder {
        measure(console, folder, photos)?
    } else {
        let folder = temporary();
        let result = measure(console, &folder, photos);
        // Whatever went wrong before is the error to tell.
        fs::remove_dir_all(&folder).ok();
        result?
    };
    console.say(&report)?;
    console.report(&report)
}

fn temporary() -> PathBuf {
    std::env::temp_dir().join(format!("accrete-bench-{}", std::process::id()))
}

fn measure(console: &Console, folder: &Path, photos: u32) -> anyhow::Result<DatasetReport> {
    let file_bytes = write_photos(console, folder, photos)
        .with_context(|| format!("writing photos into {}", folder.display()))?;
    let clock = Instant::now();
    let Opened::Dataset(dataset) = io::open(folder)? else {
        bail!(
            "{}: opened as something else than a dataset",
            folder.display()
        );
    };
    let open_secs = clock.elapsed().as_secs_f64();
    let peak_bytes_after_open = peak_bytes();

    let options = PhotoOptions {
        size: TARGET,
        ..PhotoOptions::default()
    };
    let views: Vec<usize> = (0..dataset.views.len()).collect();
    let loader = PhotoLoader::new(Arc::new(dataset), options, CACHE_BYTES);
    let bar = console.progress(views.len() as u64, "streaming");
    let mut failed = None;
    let clock = Instant::now();
    let flow = loader.for_each_in_order(&views, &mut |_, photo| {
        bar.inc(1);
        match photo {
            Ok(_) => ControlFlow::Continue(()),
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        }
    });
    let stream_secs = clock.elapsed().as_secs_f64();
    bar.finish_and_clear();
    if let (ControlFlow::Break(()), Some(error)) = (flow, failed) {
        return Err(error.into());
    }
    Ok(DatasetReport {
        photos: views.len(),
        pixels_per_photo: u64::from(WIDTH) * u64::from(HEIGHT),
        file_bytes,
        open_secs,
        stream_secs,
        photos_per_sec: views.len() as f64 / stream_secs,
        cache_bytes: CACHE_BYTES,
        peak_bytes_after_open,
        peak_bytes: peak_bytes(),
    })
}

/// A few photos under many names, and a transforms.json with cameras on a ring. How many bytes.
fn write_photos(console: &Console, folder: &Path, photos: u32) -> anyhow::Result<u64> {
    fs::create_dir_all(folder.join("images"))?;
    if folder.join("transforms.json").exists() || folder.join("images").read_dir()?.count() != 0 {
        bail!("it holds photos already; name an empty folder");
    }
    let mut encoded = Vec::new();
    for seed in 0..photos.min(DISTINCT) {
        let mut bytes = Vec::new();
        JpegEncoder::new_with_quality(&mut bytes, 85).encode_image(&photo(seed))?;
        encoded.push(bytes);
    }
    let bar = console.progress(u64::from(photos), "writing photos");
    let mut total = 0;
    let mut frames = Vec::new();
    for i in 0..photos {
        let bytes = &encoded[(i % DISTINCT) as usize];
        let name = format!("images/{i:05}.jpg");
        fs::write(folder.join(&name), bytes)?;
        total += bytes.len() as u64;
        frames.push(serde_json::json!({
            "file_path": name,
            "transform_matrix": camera(f64::from(i) / f64::from(photos)),
        }));
        bar.inc(1);
    }
    bar.finish_and_clear();
    let transforms = serde_json::json!({
        "w": WIDTH,
        "h": HEIGHT,
        "fl_x": 2000.0,
        "fl_y": 2000.0,
        "cx": f64::from(WIDTH) / 2.0,
        "cy": f64::from(HEIGHT) / 2.0,
        "frames": frames,
    });
    fs::write(folder.join("transforms.json"), transforms.to_string())?;
    Ok(total)
}

/// A camera at a part of the way around a ring of radius 4, looking at its middle; axes as
/// transforms.json has them (x right, y up, z backward).
fn camera(part: f64) -> [[f64; 4]; 4] {
    let (sin, cos) = (part * std::f64::consts::TAU).sin_cos();
    [
        [cos, 0.0, sin, 4.0 * sin],
        [0.0, 1.0, 0.0, 0.0],
        [-sin, 0.0, cos, 4.0 * cos],
        [0.0, 0.0, 0.0, 1.0],
    ]
}

/// Waves with some grain: about as many bytes as a real photo.
fn photo(seed: u32) -> RgbImage {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    RgbImage::from_fn(WIDTH, HEIGHT, |x, y| {
        // Marsaglia's xorshift (2003).
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        let grain = (state >> 28) as f32;
        let wave = |frequency: f32| {
            let phase = frequency * (x as f32 + 0.7 * y as f32) + seed as f32;
            (100.0 + 90.0 * phase.sin() + grain) as u8
        };
        Rgb([wave(0.003), wave(0.011), wave(0.007)])
    })
}

/// The most memory that this program has had so far.
pub(super) fn peak_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|it| it.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes * 1024)
}

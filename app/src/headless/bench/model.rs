//! `accrete bench model`: that the network's time grows linearly with the number of views, and what
//! a chunk of a stream takes. Weights are random: time does not depend on them.

use std::fmt;

use anyhow::Context;
use recon::model::cost::{Arithmetic, Trial};
use recon::model::{
    Device, DeviceChoice, ModelConfig, Network, Weights, device_name, on_device, open_device,
};
use serde::Serialize;

use super::dataset::peak_bytes;
use crate::args::ModelBenchArgs;
use crate::headless::{Console, OpenGpu, gpu_for};

/// Each number of views is measured so often, by turns, and the fastest counts: whatever else the
/// machine does only slows it down.
const ROUNDS: usize = 3;
const SEED: u64 = 1;
/// Views of a chunk, as in the paper.
const CHUNK: usize = 4;

/// What is measured.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelBench {
    /// The network.
    pub config: ModelConfig,
    /// Numbers of views of full reconstructions.
    pub views: Vec<usize>,
    /// Chunks of the stream.
    pub chunks: usize,
    /// How often each is measured.
    pub rounds: usize,
}

impl ModelBench {
    /// A network of 12 million parameters, or for `quick` one that is done in seconds.
    pub fn middle(quick: bool) -> Self {
        let side = if quick { 64 } else { 128 };
        let config = ModelConfig {
            dim: if quick { 64 } else { 256 },
            layers: if quick { 2 } else { 6 },
            heads: 4,
            image_width: side,
            image_height: side,
            ..ModelConfig::default()
        };
        Self {
            config,
            views: vec![4, 8, 16, 32, 64],
            chunks: if quick { 4 } else { 8 },
            rounds: ROUNDS,
        }
    }

    /// The published network at its size: minutes on a fast GPU, and 3 GB of memory and more.
    pub fn published() -> Self {
        Self {
            config: ModelConfig::default(),
            views: vec![16, 32, 64],
            chunks: 4,
            rounds: 1,
        }
    }
}

/// What was measured, on what.
#[derive(Clone, Debug, Serialize)]
pub struct ModelReport {
    /// The device's name.
    pub device: String,
    /// The network.
    pub config: ModelConfig,
    /// How many numbers its weights have.
    pub parameters: usize,
    /// Full reconstructions.
    pub cases: Vec<ViewsCase>,
    /// The line t = `fixed_secs` + `secs_per_view` · views through them, by least squares of
    /// relative differences.
    pub fixed_secs: f64,
    /// Its slope.
    pub secs_per_view: f64,
    /// The largest difference from the line, relative to what was measured.
    pub worst_residual: f64,
    /// Seconds of the orthogonaliser in a reconstruction, whatever the number of views.
    pub newton_schulz_secs: f64,
    /// A causal stream.
    pub chunks: Vec<ChunkCase>,
}

/// A full reconstruction: photos to splats.
#[derive(Clone, Debug, Serialize)]
pub struct ViewsCase {
    /// Input views, all of them decoded.
    pub views: usize,
    /// The fastest round.
    pub secs: f64,
    /// What the line says.
    pub fit_secs: f64,
    /// The orthogonaliser's part of the time, 0 to 1.
    pub newton_schulz_share: f64,
    /// 10¹² multiplications and additions a second.
    pub tflops: f64,
    /// The most memory the program has had by then; `None` where the system does not tell.
    pub peak_bytes: Option<u64>,
}

/// A chunk of a causal stream.
#[derive(Clone, Debug, Serialize)]
pub struct ChunkCase {
    /// Views seen before.
    pub before: usize,
    /// Taking in the chunk: the same for each.
    pub push_secs: f64,
    /// Asking again for the views seen before.
    pub query_secs: f64,
    /// That by their number.
    pub query_secs_per_view: Option<f64>,
    /// Decoding all views.
    pub decode_secs: f64,
}

/// Measures, tells and reports.
///
/// # Errors
/// Where the device that was asked for is not there, or fails.
pub fn run(console: &Console, open_gpu: OpenGpu<'_>, args: &ModelBenchArgs) -> anyhow::Result<()> {
    let bench = if args.published {
        ModelBench::published()
    } else {
        ModelBench::middle(args.quick)
    };
    let steps = (bench.views.len() * bench.rounds + 1) as u64;
    let bar = console.progress(steps, "measuring");
    let report = measure(&bench, &args.device, open_gpu, &mut |what| {
        bar.set_message(what);
        bar.inc(1);
    })?;
    bar.finish_and_clear();
    console.say(&report)?;
    console.report(&report)
}

/// Measures; `begins` hears of each piece before it is measured.
///
/// # Errors
/// Where the device that was asked for is not there, or fails.
pub fn measure(
    bench: &ModelBench,
    device: &DeviceChoice,
    open_gpu: OpenGpu<'_>,
    begins: &mut dyn FnMut(String),
) -> anyhow::Result<ModelReport> {
    let gpu = gpu_for(std::slice::from_ref(device), open_gpu)?;
    let device = open_device(device, gpu.as_ref())?;
    on_device(&device, || measure_on(&device, bench, begins))
}

fn measure_on(
    device: &Device,
    bench: &ModelBench,
    begins: &mut dyn FnMut(String),
) -> anyhow::Result<ModelReport> {
    let config = &bench.config;
    let weights = Weights::random(config, SEED, device);
    let network = Network::new(config.clone(), weights, device.clone());
    let trial = Trial::new(&network);

    let first = *bench.views.first().context("no numbers of views")?;
    trial.full(first)?; // caches fill, clocks rise, shaders are translated
    let mut best = vec![f64::INFINITY; bench.views.len()];
    let mut peaks = vec![None; bench.views.len()];
    let mut newton_schulz_secs = f64::INFINITY;
    for round in 0..bench.rounds {
        for (i, views) in bench.views.iter().enumerate() {
            begins(format!("{views} views"));
            best[i] = best[i].min(trial.full(*views)?);
            if round == 0 {
                peaks[i] = peak_bytes();
            }
        }
        newton_schulz_secs = newton_schulz_secs.min(trial.newton_schulz()?);
    }
    begins("a stream".to_owned());
    let chunks = trial.causal(CHUNK, bench.chunks)?;

    let points: Vec<(f64, f64)> = bench.views.iter().map(|it| *it as f64).zip(best).collect();
    let (fixed_secs, secs_per_view) = line(&points);
    let case = |(&(views, secs), peak_bytes): (&(f64, f64), Option<u64>)| ViewsCase {
        views: views as usize,
        secs,
        fit_secs: fixed_secs + secs_per_view * views,
        newton_schulz_share: newton_schulz_secs / secs,
        tflops: Arithmetic::new(config, views as usize).total() / secs / 1e12,
        peak_bytes,
    };
    let cases: Vec<ViewsCase> = points.iter().zip(peaks).map(case).collect();
    let residual = |it: &ViewsCase| (it.fit_secs / it.secs - 1.0).abs();
    Ok(ModelReport {
        device: device_name(&network.device),
        config: config.clone(),
        parameters: config.num_parameters(),
        worst_residual: cases.iter().map(residual).fold(0.0, f64::max),
        cases,
        fixed_secs,
        secs_per_view,
        newton_schulz_secs,
        chunks: chunks
            .iter()
            .map(|it| ChunkCase {
                before: it.before,
                push_secs: it.push,
                query_secs: it.query,
                query_secs_per_view: (0 < it.before).then(|| it.query / it.before as f64),
                decode_secs: it.decode,
            })
            .collect(),
    })
}

/// (a, b) of y = a + b x for which the sum of ((a + b x) / y − 1)² is least; y > 0. A level line
/// where all x are the same.
fn line(points: &[(f64, f64)]) -> (f64, f64) {
    let sum = |f: fn(f64, f64) -> f64| points.iter().map(|(x, y)| f(*x, *y)).sum::<f64>();
    let (w, wx, wxx) = (
        sum(|_, y| 1.0 / (y * y)),
        sum(|x, y| x / (y * y)),
        sum(|x, y| x * x / (y * y)),
    );
    let (wy, wxy) = (sum(|_, y| 1.0 / y), sum(|x, y| x / y));
    let determinant = w * wxx - wx * wx;
    if determinant <= 1e-12 * w * wxx {
        return (wy / w, 0.0);
    }
    let b = (w * wxy - wx * wy) / determinant;
    ((wy - b * wx) / w, b)
}

impl fmt::Display for ModelReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let config = &self.config;
        writeln!(
            f,
            "a network of {:.1} M parameters (d {}, {} layers, {} tokens a view of {} × {}) on {}\n",
            self.parameters as f64 / 1e6,
            config.dim,
            config.layers,
            config.tokens_per_view(),
            config.image_width,
            config.image_height,
            self.device
        )?;
        writeln!(
            f,
            "{:>5} {:>9} {:>9} {:>7} {:>14} {:>8} {:>9}",
            "views", "secs", "line", "off", "Newton–Schulz", "TFLOP/s", "peak MB"
        )?;
        for it in &self.cases {
            let peak = it.peak_bytes.map(|it| format!("{:.0}", it as f64 / 1e6));
            writeln!(
                f,
                "{:>5} {:>9.3} {:>9.3} {:>6.1}% {:>13.1}% {:>8.3} {:>9}",
                it.views,
                it.secs,
                it.fit_secs,
                100.0 * (it.fit_secs / it.secs - 1.0),
                100.0 * it.newton_schulz_share,
                it.tflops,
                peak.unwrap_or_else(|| "-".to_owned())
            )?;
        }
        writeln!(
            f,
            "t = {:.3} s + {:.4} s a view, at most {:.1} % off; Newton–Schulz {:.3} s\n",
            self.fixed_secs,
            self.secs_per_view,
            100.0 * self.worst_residual,
            self.newton_schulz_secs
        )?;
        writeln!(
            f,
            "{:>6} {:>7} {:>9} {:>9} {:>11} {:>9}",
            "chunk", "before", "push s", "query s", "s per view", "decode s"
        )?;
        for (i, it) in self.chunks.iter().enumerate() {
            let each = it.query_secs_per_view.map(|it| format!("{it:.4}"));
            write!(
                f,
                "{:>6} {:>7} {:>9.3} {:>9.3} {:>11} {:>9.3}",
                i + 1,
                it.before,
                it.push_secs,
                it.query_secs,
                each.unwrap_or_else(|| "-".to_owned()),
                it.decode_secs
            )?;
            if i + 1 < self.chunks.len() {
                writeln!(f)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_goes_through_points_that_lie_on_one() {
        let (a, b) = line(&[4.0, 8.0, 64.0].map(|x| (x, 0.5 + 0.25 * x)));
        assert!((a - 0.5).abs() < 1e-9 && (b - 0.25).abs() < 1e-9, "{a} {b}");
        // Long times do not outweigh short ones: each is 10 % off a line through nothing.
        let (a, b) = line(&[(1.0, 1.1), (1.0, 0.9), (100.0, 110.0), (100.0, 90.0)]);
        assert!(a.abs() < 1e-2 && (b - 1.0).abs() < 2e-2, "{a} {b}");
        let (a, b) = line(&[(4.0, 2.0), (4.0, 2.0)]);
        assert!((a - 2.0).abs() < 1e-9 && b.abs() < 1e-9, "{a} {b}");
    }
}

//! `accrete model`: what a file with weights holds; new networks.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, bail};
use recon::io::read_settings;
use recon::io::weights::Number;
use recon::model::{
    DepthRange, Frame, ModelConfig, ModelSummary, ORIGIN, Scan, save_random, summarise,
};
use serde::Serialize;

use super::Console;
use crate::args::{ModelCommand, ModelInfoArgs, ModelNewArgs};

/// Wrong tensors that are told to a person one by one.
const MAX_TOLD: usize = 12;

/// What is told to programs.
#[derive(Serialize)]
struct Report<'a> {
    kind: &'static str,
    path: &'a Path,
    usable: bool,
    config: &'a ModelConfig,
    config_from: String,
    parameters: usize,
    tensors: usize,
    ignored: usize,
    numbers: BTreeMap<&'static str, usize>,
    wrong: &'a [String],
    memory: Memory,
    origin: &'static str,
}

/// Bytes that a run takes, in single precision.
#[derive(Serialize)]
#[expect(
    clippy::struct_field_names,
    reason = "a number's unit belongs to its name"
)]
struct Memory {
    weights_bytes: u64,
    scene_bytes: u64,
    view_bytes: u64,
}

impl Memory {
    fn of(config: &ModelConfig) -> Self {
        Self {
            weights_bytes: config.weights_bytes(),
            scene_bytes: config.scene_bytes(),
            view_bytes: config.view_bytes(),
        }
    }
}

/// Does what was asked for.
///
/// # Errors
/// Where a file cannot be read or written, or does not hold a network.
pub fn run(console: &Console, command: &ModelCommand) -> anyhow::Result<()> {
    match command {
        ModelCommand::Info(args) => info(console, args),
        ModelCommand::New(args) => new(console, args),
    }
}

fn info(console: &Console, args: &ModelInfoArgs) -> anyhow::Result<()> {
    let found = summarise(&args.file, args.model.as_deref())?;
    console.say(args.file.display())?;
    for (label, value) in rows(&found) {
        console.say(format_args!("  {label:<12} {value}"))?;
    }
    console.say(ORIGIN)?;
    let numbers = found.numbers.iter();
    console.report(&Report {
        kind: "model",
        path: &args.file,
        usable: found.wrong.is_empty(),
        config_from: found.config_from.to_string(),
        parameters: found.config.num_parameters(),
        tensors: found.tensors,
        ignored: found.ignored,
        numbers: numbers.map(|(it, count)| (it.name(), *count)).collect(),
        wrong: &found.wrong,
        memory: Memory::of(&found.config),
        origin: ORIGIN,
        config: &found.config,
    })?;
    if !found.wrong.is_empty() {
        bail!(
            "{}: no complete network: {}. Give the settings that belong to the weights (--model \
             FILE), or other weights",
            args.file.display(),
            first_of(&found.wrong)
        );
    }
    Ok(())
}

fn new(console: &Console, args: &ModelNewArgs) -> anyhow::Result<()> {
    let is_named = args.out.extension().is_some_and(|it| it == "safetensors");
    if !is_named {
        bail!(
            "--out {}: networks are written as .safetensors",
            args.out.display()
        );
    }
    let config: ModelConfig = match &args.config {
        Some(path) => read_settings(path)?,
        None => ModelConfig::default(),
    };
    let given = |path: &Path| path.display().to_string();
    let named = || args.config.as_deref().map_or_else(String::new, given);
    config.check().with_context(named)?;
    let number = if args.half { Number::F16 } else { Number::F32 };
    let bytes = save_random(&args.out, &config, args.seed, number)?;
    let parameters = config.num_parameters();
    let path = args.out.display();
    console.say(format_args!(
        "{path}: {parameters} random parameters, {}",
        size(bytes)
    ))?;
    info(
        console,
        &ModelInfoArgs {
            file: args.out.clone(),
            model: None,
        },
    )
}

fn rows(it: &ModelSummary) -> Vec<(&'static str, String)> {
    let config = &it.config;
    let memory = Memory::of(config);
    let numbers = it.numbers.iter();
    let numbers: Vec<String> = numbers
        .map(|(number, count)| format!("{count} of {}", number.name()))
        .collect();
    let scan = match config.scan {
        Scan::Full => "one update from all views".to_owned(),
        Scan::Autoregressive => format!("an update from every {} views", config.chunk_views),
    };
    let frame = match config.frame {
        Frame::MeanCam => "the mean camera",
        Frame::FirstCam => "the first camera",
        Frame::Focused => "what the cameras look at",
    };
    let depth = match config.depth {
        DepthRange::Linear { max } => format!("0 to {max} along a ray"),
        DepthRange::Object { radius } => format!("{radius} around the distance of the origin"),
        DepthRange::Relative { most } => format!(
            "the distance of the origin times {:.2} to {:.2}",
            (-most).exp(),
            most.exp()
        ),
    };
    let mut rows = vec![
        (
            "network",
            "tttLRM: views to Gaussians, one a pixel".to_owned(),
        ),
        ("settings", it.config_from.to_string()),
        (
            "size",
            format!(
                "{} blocks of width {}, {} heads, patches of {} px",
                config.layers, config.dim, config.heads, config.patch_size
            ),
        ),
        (
            "photos",
            format!(
                "{} × {} px, {} tokens each",
                config.image_width,
                config.image_height,
                config.tokens_per_view()
            ),
        ),
        ("SH degree", config.sh_degree.to_string()),
        ("scan", scan),
        ("frame", frame.to_owned()),
        ("depth", depth),
        ("parameters", config.num_parameters().to_string()),
        (
            "tensors",
            format!(
                "{} ({}), {} ignored",
                it.tensors,
                numbers.join(", "),
                it.ignored
            ),
        ),
        (
            "memory",
            format!(
                "{} for weights, up to {} for a scene, {} for each view, in single precision",
                size(memory.weights_bytes),
                size(memory.scene_bytes),
                size(memory.view_bytes)
            ),
        ),
    ];
    if !it.wrong.is_empty() {
        let count = it.wrong.len();
        let text = format!("{count} tensors are missing or of another shape");
        rows.push(("not usable", text));
    }
    rows
}

fn first_of(wrong: &[String]) -> String {
    let shown = wrong[..wrong.len().min(MAX_TOLD)].join("; ");
    match wrong.len().saturating_sub(MAX_TOLD) {
        0 => shown,
        more => format!("{shown}; and {more} more"),
    }
}

/// Bytes in the unit that gives one to three digits before the point.
fn size(bytes: u64) -> String {
    let bytes = bytes as f64;
    let (unit, scale) = if bytes < 1e6 {
        ("kB", 1e3)
    } else if bytes < 1e9 {
        ("MB", 1e6)
    } else {
        ("GB", 1e9)
    };
    format!("{:.1} {unit}", bytes / scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_a_unit() {
        assert_eq!(size(1_234), "1.2 kB");
        assert_eq!(size(24_698_880), "24.7 MB");
        assert_eq!(size(1_599_940_896), "1.6 GB");
    }

    #[test]
    fn long_lists_are_cut() {
        let many: Vec<String> = (0..20).map(|it| it.to_string()).collect();
        assert!(first_of(&many).ends_with("11; and 8 more"));
        assert_eq!(first_of(&many[..2]), "0; 1");
    }
}

//! `accrete convert`: a splat file in another format, and what that loses.

use std::fs;
use std::path::Path;

use anyhow::{Context, bail};
use recon::camera_path::CameraPath;
use recon::io::html::Page;
use recon::io::{self, ExportOptions, IoError, SplatFile, SplatFormat, SplatSummary};
use serde::Serialize;

use super::Console;
use crate::args::ConvertArgs;

#[derive(Serialize)]
struct Report<'a> {
    input: Input<'a>,
    output: Output<'a>,
    losses: Vec<String>,
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct Input<'a> {
    path: &'a Path,
    #[serde(flatten)]
    summary: SplatSummary,
}

#[derive(Serialize)]
struct Output<'a> {
    path: &'a Path,
    format: SplatFormat,
    splats: usize,
    sh_degree: u32,
    bytes: u64,
}

/// Reads one file, writes the other.
///
/// # Errors
/// Where one cannot be read or the other not written, and where they are one and the same.
pub fn run(console: &Console, args: &ConvertArgs) -> anyhow::Result<()> {
    let (input, output) = (args.input.as_path(), args.output.as_path());
    let format = SplatFormat::from_path(output).map_err(|it| IoError::format(output, it))?;
    let format = match format {
        SplatFormat::Spz { .. } => SplatFormat::Spz {
            version: args.spz_version,
        },
        other => other,
    };
    if is_same_file(input, output) {
        bail!(
            "{} and {} are the same file; give the result another name",
            input.display(),
            output.display()
        );
    }
    let mut file = io::open_splats(input)?;
    let summary = file.summary();
    for warning in &summary.warnings {
        console.warn(format_args!("{}: {warning}", input.display()));
    }
    let options = args.exporting.options(None);
    if !options.changes_nothing(&file) {
        file = options.apply(&file);
        if file.splats.is_empty() && summary.splats != 0 {
            bail!(
                "{}: no splat lies in the box of --crop; `accrete info` tells where the scene lies",
                input.display()
            );
        }
    }
    let losses = io::losses(&file, format);
    file.format = format;
    let bytes = io::save_with_page(output, &file, &page(args, &options)?)?;

    console.say(told(&file, &summary, output, bytes))?;
    for loss in &losses {
        console.say(format_args!("  lost: {loss}"))?;
    }
    let warnings = summary.warnings.clone();
    console.report(&Report {
        input: Input {
            path: input,
            summary,
        },
        output: Output {
            path: output,
            format,
            splats: file.splats.len(),
            sh_degree: file.splats.sh_degree,
            bytes,
        },
        losses,
        warnings,
    })
}

/// What a `.html` tells besides the splats.
fn page(args: &ConvertArgs, options: &ExportOptions) -> anyhow::Result<Page> {
    let stem = args.output.file_stem().unwrap_or_default();
    let path = match &args.page.page_path {
        Some(place) => {
            let cameras = io::read_path_file(place)?;
            let path = cameras.into_keyframes(f64::from(args.page.page_fps));
            path.with_context(|| place.display().to_string())?
        }
        None => CameraPath::default(),
    };
    let mut page = options.page(&stem.to_string_lossy(), &path);
    if let Some(colour) = args.page.page_background {
        page.look.background = colour;
    }
    Ok(page)
}

fn told(file: &SplatFile, summary: &SplatSummary, output: &Path, bytes: u64) -> String {
    format!(
        "{} splats from {} to {}: {} ({:.1} MB)",
        file.splats.len(),
        summary.format,
        file.format,
        output.display(),
        bytes as f64 / 1e6
    )
}

/// By whatever links lead there. A file that does not exist yet is no other.
fn is_same_file(a: &Path, b: &Path) -> bool {
    match (fs::canonicalize(a), fs::canonicalize(b)) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    }
}

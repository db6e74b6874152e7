//! `accrete convert-dataset`: posed photos in another format, as a folder of their own.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use anyhow::bail;
use recon::io::{self, DatasetFormat, Opened, SavedDataset};
use serde::Serialize;

use super::Console;
use crate::args::{ConvertDatasetArgs, dataset_format_name};

#[derive(Serialize)]
struct Report<'a> {
    input: Input<'a>,
    output: Output<'a>,
}

#[derive(Serialize)]
struct Input<'a> {
    path: &'a Path,
    headline: String,
    warnings: &'a [String],
}

#[derive(Serialize)]
struct Output<'a> {
    path: &'a Path,
    format: DatasetFormat,
    #[serde(flatten)]
    saved: SavedDataset,
}

/// Opens one folder, writes the other.
///
/// # Errors
/// Where the input holds no posed photos, or the output is not a new or empty folder, or cannot be
/// written.
pub fn run(console: &Console, args: &ConvertDatasetArgs) -> anyhow::Result<()> {
    let (input, output) = (args.input.as_path(), args.output.as_path());
    let dataset = match io::open(input)? {
        Opened::Dataset(dataset) => Arc::new(dataset),
        Opened::Photos(photos) => bail!(
            "{}: {}. Poses have to be found first",
            input.display(),
            photos.report.headline()
        ),
        Opened::Splats(_) => bail!(
            "{}: splats, not photos; `accrete convert` converts them",
            input.display()
        ),
        Opened::Video(_) => bail!("{}: a video, not photos with poses", input.display()),
        Opened::Project(..) => bail!(
            "{}: a project, not the photos that it names; `accrete info` tells where they are",
            input.display()
        ),
    };
    for warning in &dataset.report.warnings {
        console.warn(format_args!("{}: {warning}", input.display()));
    }
    let headline = dataset.report.headline();
    console.say(format_args!("{}: {headline}", input.display()))?;
    let bar = console.progress(dataset.views.len() as u64, "Writing photos");
    let saved = io::save_dataset(&dataset, output, args.to, &mut |done, _| {
        bar.set_position(done);
        ControlFlow::Continue(())
    })?;
    bar.finish_and_clear();
    let Some(saved) = saved else {
        return Ok(());
    };
    console.say(told(&saved, args))?;
    for loss in &saved.losses {
        console.say(format_args!("  lost: {loss}"))?;
    }
    console.report(&Report {
        input: Input {
            path: input,
            headline,
            warnings: &dataset.report.warnings,
        },
        output: Output {
            path: output,
            format: args.to,
            saved,
        },
    })
}

fn told(saved: &SavedDataset, args: &ConvertDatasetArgs) -> String {
    format!(
        "{} photos ({} undistorted, {} turned), {} masks and {} points as {}: {}",
        saved.photos,
        saved.undistorted,
        saved.turned,
        saved.masks,
        saved.points,
        dataset_format_name(args.to),
        args.output.display()
    )
}

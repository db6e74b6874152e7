//! `accrete info`: what a path holds, be it splats, posed photos, plain photos, a video or a project.

use std::path::Path;

use recon::dataset::{HoldOut, ImportReport};
use recon::edit::EditOp;
use recon::io::{self, DatasetPlace, Opened, Project, SplatSummary};
use serde::Serialize;

use super::Console;

/// What is told to programs; `kind` says which of them it is.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Report<'a> {
    Splats {
        path: &'a Path,
        #[serde(flatten)]
        summary: SplatSummary,
    },
    Dataset(Photos<'a>),
    Photos(Photos<'a>),
    Video {
        path: &'a Path,
    },
    Project {
        path: &'a Path,
        dataset: Option<&'a Path>,
        /// Which photos are held out; `None` leaves that to them.
        held_out: Option<String>,
        /// Before the first edit.
        splats: usize,
        /// What a person calls the edits that are done.
        edits: Vec<String>,
        /// How many were undone.
        undone: usize,
        warnings: Vec<String>,
    },
}

#[derive(Serialize)]
struct Photos<'a> {
    name: &'a str,
    headline: String,
    #[serde(flatten)]
    report: &'a ImportReport,
}

/// Opens `path` and tells what is in it.
///
/// # Errors
/// Where it cannot be read.
pub fn run(console: &Console, path: &Path) -> anyhow::Result<()> {
    match io::open(path)? {
        Opened::Splats(file) => {
            let summary = file.summary();
            warn(console, path, &summary.warnings);
            tell(console, path, rows(&summary))?;
            console.report(&Report::Splats { path, summary })
        }
        Opened::Dataset(dataset) => {
            let photos = tell_photos(console, path, &dataset.name, &dataset.report)?;
            console.report(&Report::Dataset(photos))
        }
        Opened::Photos(photos) => {
            let photos = tell_photos(console, path, "", &photos.report)?;
            console.report(&Report::Photos(photos))
        }
        Opened::Video(path) => {
            tell(console, &path, vec![("found", "a video".to_owned())])?;
            console.report(&Report::Video { path: &path })
        }
        Opened::Project(folder, project, warnings) => {
            warn(console, &folder, &warnings);
            tell_project(console, &folder, &project, warnings)
        }
    }
}

fn tell_project(
    console: &Console,
    folder: &Path,
    project: &Project,
    warnings: Vec<String>,
) -> anyhow::Result<()> {
    let dataset = project.dataset.as_ref().and_then(DatasetPlace::path);
    let splats = project.base.as_ref().map_or(0, |it| it.splats.len());
    let done = project.ops.iter().take(project.done);
    let edits: Vec<String> = done.map(EditOp::label).collect();
    let undone = project.ops.len() - edits.len();
    let photos = dataset.map_or("none".to_owned(), |it| it.display().to_string());
    let held_out = project.views.hold_out.as_ref().map(HoldOut::to_string);
    let mut rows = vec![
        ("found", "a project".to_owned()),
        ("photos", photos),
        (
            "held out",
            held_out.clone().unwrap_or("as the photos say".to_owned()),
        ),
        ("splats", format!("{splats} before the first edit")),
        ("edits", format!("{} done, {undone} undone", edits.len())),
    ];
    rows.extend(edits.iter().map(|it| ("", it.clone())));
    tell(console, folder, rows)?;
    console.report(&Report::Project {
        path: folder,
        dataset,
        held_out,
        splats,
        edits,
        undone,
        warnings,
    })
}

fn tell_photos<'a>(
    console: &Console,
    path: &Path,
    name: &'a str,
    report: &'a ImportReport,
) -> anyhow::Result<Photos<'a>> {
    warn(console, path, &report.warnings);
    tell(console, path, report.rows())?;
    Ok(Photos {
        name,
        headline: report.headline(),
        report,
    })
}

fn warn(console: &Console, path: &Path, warnings: &[String]) {
    for warning in warnings {
        console.warn(format_args!("{}: {warning}", path.display()));
    }
}

fn tell(console: &Console, path: &Path, rows: Vec<(&'static str, String)>) -> anyhow::Result<()> {
    console.say(path.display())?;
    for (label, value) in rows {
        console.say(format_args!("  {label:<12} {value}"))?;
    }
    Ok(())
}

fn rows(it: &SplatSummary) -> Vec<(&'static str, String)> {
    let antialiased = match it.antialiased {
        Some(true) => "yes",
        Some(false) => "no",
        None => "the file does not say",
    };
    let mut rows = vec![
        ("format", it.format.to_string()),
        ("splats", it.splats.to_string()),
        ("SH degree", it.sh_degree.to_string()),
        ("antialiased", antialiased.to_owned()),
    ];
    if let (Some(low), Some(high)) = (it.bounds_min, it.bounds_max) {
        rows.push(("from", numbers(&low)));
        rows.push(("to", numbers(&high)));
    }
    if let Some(mean) = it.opacity_mean {
        rows.push(("opacity", format!("{mean:.3} on average")));
    }
    if let Some(quantiles) = it.scale_quantiles {
        let text = format!("{} (least, quartiles, most)", numbers(&quantiles));
        rows.push(("scales", text));
    }
    rows.extend(it.comments.iter().map(|it| ("comment", it.clone())));
    rows
}

/// Four digits each, however large.
fn numbers(values: &[f32]) -> String {
    let number = |&value: &f32| {
        let size = value.abs();
        if size != 0.0 && !(1e-3..1e6).contains(&size) {
            return format!("{value:.3e}");
        }
        let digits_before = size.max(1.0).log10() as usize + 1;
        format!("{value:.*}", 5_usize.saturating_sub(digits_before))
    };
    values.iter().map(number).collect::<Vec<_>>().join("  ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let text = numbers(&[0.0, -0.001_234_5, 12.345_678, 54_321.6, 1e-7, 3e30]);
        assert_eq!(text, "0.0000  -0.0012  12.346  54322  1.000e-7  3.000e30");
    }
}

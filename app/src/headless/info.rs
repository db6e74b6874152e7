//! `accrete info`: what a splat file holds.

use std::path::Path;

use recon::io::{self, SplatSummary};
use serde::Serialize;

use super::Console;

#[derive(Serialize)]
struct Report<'a> {
    path: &'a Path,
    #[serde(flatten)]
    summary: SplatSummary,
}

/// Opens `path` and tells what is in it.
///
/// # Errors
/// Where it cannot be read.
pub fn run(console: &Console, path: &Path) -> anyhow::Result<()> {
    let summary = io::open_splats(path)?.summary();
    for warning in &summary.warnings {
        console.warn(format_args!("{}: {warning}", path.display()));
    }
    console.say(path.display())?;
    for (label, value) in rows(&summary) {
        console.say(format_args!("  {label:<12} {value}"))?;
    }
    console.report(&Report { path, summary })
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

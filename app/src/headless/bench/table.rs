//! The measurements as text: a line for each case, and its kernels.

use std::fmt::Write;

use super::{BenchReport, CaseReport};

/// The whole report, some fifty lines.
pub fn table(report: &BenchReport) -> String {
    let mut text = format!("{}\n", report.adapter);
    let calibration = &report.calibration;
    // Writing to a string does not fail.
    writeln!(
        text,
        "calibration: {:.2} ms to sort {} keys\n",
        calibration.ms, calibration.sorted_keys
    )
    .ok();
    cases(&mut text, &report.cases);
    kernels(&mut text, &report.cases);
    for it in &report.skipped {
        writeln!(text, "not measured: {}: {}", it.name, it.reason).ok();
    }
    for it in &report.ratios {
        writeln!(text, "{}: {:.2}", it.name, it.value).ok();
    }
    text.truncate(text.trim_end().len());
    text
}

fn cases(text: &mut String, cases: &[CaseReport]) {
    writeln!(
        text,
        "{:<36} {:>9} {:>9} {:>9} {:>9} {:>9} {:>12}",
        "case", "visible", "pairs", "frame ms", "gpu ms", "fps", "M splats/s"
    )
    .ok();
    for it in cases {
        let gpu_ms = it.gpu_ms.map_or("-".to_owned(), |it| format!("{it:.3}"));
        writeln!(
            text,
            "{:<36} {:>9} {:>9} {:>9.3} {gpu_ms:>9} {:>9.1} {:>12.2}",
            it.case.name(),
            it.visible,
            it.pairs,
            it.frame_ms,
            it.fps,
            it.splats_per_sec / 1e6
        )
        .ok();
    }
    text.push('\n');
}

/// One column for each kernel, in the order of the frame.
fn kernels(text: &mut String, cases: &[CaseReport]) {
    let mut names: Vec<&str> = Vec::new();
    for it in cases.iter().flat_map(|it| &it.kernels) {
        if !names.contains(&it.name) {
            names.push(it.name);
        }
    }
    if names.is_empty() {
        text.push_str("This device has no time stamps: no times per kernel.\n");
        return;
    }
    let file_name = |name: &str| name.rsplit('/').next().unwrap_or(name).to_owned();
    write!(text, "{:<36}", "ms per kernel").ok();
    for name in &names {
        write!(text, " {:>12}", file_name(name)).ok();
    }
    text.push('\n');
    for case in cases {
        write!(text, "{:<36}", case.case.name()).ok();
        for name in &names {
            let time = case.kernels.iter().find(|it| it.name == *name);
            let ms = time.map_or("-".to_owned(), |it| format!("{:.3}", it.ms));
            write!(text, " {ms:>12}").ok();
        }
        text.push('\n');
    }
    text.push('\n');
}

//! What opening the folder found, with every problem to be unfolded.

use eframe::egui::{self, CollapsingHeader, Label, RichText};
use recon::dataset::ImportReport;

use crate::theme;

/// Rows that are shown as lists of their own below.
const LISTED: [&str; 7] = [
    "found",
    "missing",
    "broken",
    "no pose",
    "not taken",
    "turned",
    "far away",
];

/// The one line that says it all.
pub(super) fn headline(ui: &mut egui::Ui, report: &ImportReport) {
    ui.add(Label::new(report.headline()).wrap());
}

/// The rest, and the problems.
pub(super) fn details(ui: &mut egui::Ui, report: &ImportReport, is_open: bool) {
    CollapsingHeader::new("What was found")
        .default_open(is_open)
        .show(ui, |ui| facts(ui, report));
    let missing = report.missing.iter().map(|it| {
        let tried: Vec<String> = it.tried.iter().map(|it| it.display().to_string()).collect();
        format!("{}\n   tried {}", it.name, tried.join("\n   tried "))
    });
    problems(ui, "missing", missing.collect());
    let broken = report.broken.iter();
    let broken = broken.map(|it| format!("{}: {}", it.name, it.reason));
    problems(ui, "cannot be used", broken.collect());
    // Of photos without any poses all have none: the headline says so.
    if report.format.is_some() {
        problems(ui, "without a pose", report.unregistered.clone());
    }
    problems(ui, "warnings", report.warnings.clone());
    notes(ui, "not taken", report.not_taken.clone());
    let turned = report.turned.iter();
    let turned = turned.map(|(name, by)| format!("{name}: {by:?}"));
    notes(ui, "turned as EXIF says", turned.collect());
}

/// Label and text, side by side.
fn facts(ui: &mut egui::Ui, report: &ImportReport) {
    let mut is_listed = false;
    for (label, text) in report.rows() {
        // An empty label goes on with the list above.
        is_listed = if label.is_empty() {
            is_listed
        } else {
            LISTED.contains(&label)
        };
        if is_listed {
            continue;
        }
        ui.horizontal_top(|ui| {
            let label = RichText::new(label).color(theme::MUTED);
            ui.add_sized([64.0, 0.0], Label::new(label).halign(egui::Align::LEFT));
            ui.add(Label::new(text).wrap());
        });
    }
}

/// A list of what is wrong, folded; nothing where nothing is.
pub(super) fn problems(ui: &mut egui::Ui, what: &str, items: Vec<String>) {
    list(ui, what, items, theme::WARNING);
}

fn notes(ui: &mut egui::Ui, what: &str, items: Vec<String>) {
    list(ui, what, items, theme::MUTED);
}

fn list(ui: &mut egui::Ui, what: &str, items: Vec<String>, colour: egui::Color32) {
    if items.is_empty() {
        return;
    }
    let title = match (items.len(), what) {
        (1, "warnings") => "1 warning".to_owned(),
        (count, _) => format!("{count} {what}"),
    };
    let title = RichText::new(title).color(colour);
    CollapsingHeader::new(title).id_salt(what).show(ui, |ui| {
        for item in items {
            ui.add(Label::new(item).wrap());
        }
    });
}

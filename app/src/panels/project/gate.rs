//! What the quality gate says of poses that were found.

use eframe::egui::{self, CollapsingHeader, Label, RichText};
use recon::poses::{GateReport, PhotoQuality, Standing, Verdict};

use super::report::problems;
use crate::theme;

/// Verdict, numbers, advice, and the photos that do not stand.
pub(super) fn results(ui: &mut egui::Ui, report: &GateReport) {
    let (text, colour) = match report.verdict {
        Verdict::Good => ("The poses hold", theme::ACCENT),
        Verdict::Doubtful => ("The poses are doubtful", theme::WARNING),
        Verdict::Refused => ("The poses do not hold and were not kept", theme::ERROR),
    };
    ui.label(RichText::new(text).color(colour).strong());
    let text = format!(
        "{}: {} of {} photos stand firmly, {} weakly; {} points, {} seen by a photo in the middle, \
         {:.2} px off on average",
        report.engine,
        report.good,
        report.photos,
        report.weak,
        report.points,
        report.median_observations,
        report.mean_error_px
    );
    ui.add(Label::new(text).wrap());
    for advice in &report.advice {
        ui.add(Label::new(RichText::new(advice).color(theme::WARNING)).wrap());
    }
    let weak = of(report, Standing::Weak);
    if !weak.is_empty() {
        let title = format!("{} weak", weak.len());
        let title = RichText::new(title).color(theme::ERROR);
        CollapsingHeader::new(title)
            .id_salt("weak")
            .default_open(true)
            .show(ui, |ui| {
                for photo in weak {
                    let text = RichText::new(line(photo)).color(theme::ERROR);
                    ui.add(Label::new(text).wrap());
                }
            });
    }
    let none = of(report, Standing::Unregistered);
    problems(ui, "found no place", none.into_iter().map(line).collect());
}

fn of(report: &GateReport, standing: Standing) -> Vec<&PhotoQuality> {
    let photos = report.per_photo.iter();
    photos.filter(|it| it.standing == standing).collect()
}

fn line(photo: &PhotoQuality) -> String {
    match &photo.reason {
        Some(reason) => format!("{}: {reason}", photo.name),
        None => photo.name.clone(),
    }
}

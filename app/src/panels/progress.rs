//! How an optimisation or a reconstruction goes: numbers, and curves over steps and photos.

use eframe::egui::{self, Color32, Label, ProgressBar, RichText};
use egui_plot::{Legend, Line, Plot, PlotPoints, Points};
use recon::worker::TrainProgress;

use super::{bytes, grouped};
use crate::action::Action;
use crate::optimise::{Curve, InstantRun, Phase, Run};
use crate::state::AppState;
use crate::theme;

/// Height of a curve, in points.
const HEIGHT: f32 = 96.0;

/// Points of so few are marked.
const MARKED: usize = 32;

/// Nothing where no optimisation ran and no reconstruction.
pub fn progress_ui(ui: &mut egui::Ui, state: &AppState, _: &mut Vec<Action>) {
    let Some(run) = &state.run else {
        return;
    };
    heading(ui, state, run);
    if let Some(instant) = &run.instant {
        chunks(ui, run, instant);
    }
    if let Some(progress) = &run.progress {
        numbers(ui, run, progress);
    }
    measured(ui, run);
    curves(ui, run);
}

fn heading(ui: &mut egui::Ui, state: &AppState, run: &Run) {
    let (text, colour) = match run.phase {
        Phase::Starting => ("Preparing", theme::MUTED),
        Phase::Running if run.is_reconstructing() => ("Reconstructing", theme::ACCENT),
        Phase::Running => ("Optimising", theme::ACCENT),
        Phase::Paused => ("Paused", theme::WARNING),
        Phase::Stopping => ("Ending", theme::MUTED),
        Phase::Over => (outcome(run), theme::MUTED),
    };
    let (done, total) = match (&run.progress, &state.job) {
        (Some(it), _) => (u64::from(it.step), u64::from(it.steps)),
        (None, Some(job)) => (job.done, job.total),
        (None, None) => (0, 1),
    };
    ui.label(RichText::new(text).color(colour).strong());
    if run.phase == Phase::Over && run.progress.is_none() {
        return; // The network's bar is for its pieces of work, and there is none.
    }
    let part = done as f32 / total.max(1) as f32;
    let text = match (&run.progress, &state.job) {
        (Some(it), _) => format!(
            "Step {} of {}",
            grouped(it.step.into()),
            grouped(it.steps.into())
        ),
        (None, Some(job)) => job.what.clone(),
        (None, None) => String::new(),
    };
    ui.add(ProgressBar::new(part).text(text));
}

/// What a run that is over came to.
fn outcome(run: &Run) -> &'static str {
    let instant = run.instant.as_ref();
    let network = instant.and_then(|it| it.report.as_ref());
    match (instant, network, &run.progress) {
        (None, ..) | (.., Some(_)) => "Optimised",
        (_, Some(report), None) if !report.cancelled => "Reconstructed",
        (Some(it), ..) if it.chunk.is_some() => "Stopped early",
        _ => "Nothing was made",
    }
}

fn numbers(ui: &mut egui::Ui, run: &Run, progress: &TrainProgress) {
    let time = if run.is_active() {
        format!(
            "{}, {} left",
            duration(progress.elapsed_secs),
            duration(progress.left_secs)
        )
    } else {
        duration(progress.elapsed_secs)
    };
    let splats = if 0 < progress.splat_budget {
        format!(
            "{} of {}",
            grouped(progress.splats as u64),
            grouped(progress.splat_budget as u64)
        )
    } else {
        grouped(progress.splats as u64)
    };
    let speed = if progress.steps_per_sec < 10.0 {
        format!("{:.2} steps/s", progress.steps_per_sec)
    } else {
        format!("{:.0} steps/s", progress.steps_per_sec)
    };
    let rows = [
        ("Speed", speed),
        ("Time", time),
        ("Splats", splats),
        (
            "Memory",
            format!("{} on the device", bytes(progress.gpu_bytes)),
        ),
        (
            "Photos",
            format!(
                "{} px, SH degree {}",
                progress.image_side, progress.sh_degree
            ),
        ),
        (
            "Fitted",
            format!("{:.2} dB, loss {:.4}", progress.train_psnr, progress.loss),
        ),
    ];
    grid(ui, "numbers of the run", rows);
}

/// What the network has done so far.
fn chunks(ui: &mut egui::Ui, run: &Run, instant: &InstantRun) {
    let Some(chunk) = &instant.chunk else {
        return;
    };
    let of = match chunk.of {
        Some(of) => format!(" of {of}"),
        None => String::new(),
    };
    let mut rows = vec![
        ("Chunk", format!("{}{of}", chunk.index + 1)),
        ("Seen", photos(chunk.views_seen.len())),
    ];
    if run.progress.is_none() {
        rows.push(("Splats", grouped(instant.splats as u64)));
    }
    if let Some(report) = &instant.report {
        let time = format!("{:.1} s on {}", report.secs, report.device);
        rows.push(("Network", time));
    }
    grid(ui, "chunks of the run", rows);
}

fn photos(count: usize) -> String {
    match count {
        1 => "1 photo".to_owned(),
        _ => format!("{} photos", grouped(count as u64)),
    }
}

fn grid<'a>(ui: &mut egui::Ui, name: &str, rows: impl IntoIterator<Item = (&'a str, String)>) {
    egui::Grid::new(name)
        .num_columns(2)
        .spacing([8.0, 2.0])
        .show(ui, |ui| {
            for (name, value) in rows {
                ui.label(RichText::new(name).color(theme::MUTED));
                ui.label(value);
                ui.end_row();
            }
        });
}

/// The newest measurement, and under which conditions.
fn measured(ui: &mut egui::Ui, run: &Run) {
    let Some(evaluation) = &run.evaluation else {
        return;
    };
    let Some(mean) = &evaluation.report.mean else {
        return;
    };
    let lpips = match mean.lpips {
        Some(lpips) => format!(", LPIPS {lpips:.3}"),
        None => ", no LPIPS weights".to_owned(),
    };
    let text = format!(
        "Held out: {:.2} dB, SSIM {:.3}{lpips} ({})",
        mean.psnr, mean.ssim, evaluation.when
    );
    let text = RichText::new(text).color(theme::HELD_OUT);
    ui.add(Label::new(text).wrap())
        .on_hover_text(evaluation.report.protocol.to_string());
}

fn curves(ui: &mut egui::Ui, run: &Run) {
    let [fitted, held_out] = theme::CURVES;
    if let Some(instant) = &run.instant {
        let psnr = [("held out", &instant.psnr, held_out)];
        plot(ui, "PSNR over photos seen, dB", &psnr);
    }
    let psnr = [
        ("fitted", &run.train_psnr, fitted),
        ("held out", &run.held_out_psnr, held_out),
    ];
    plot(ui, "PSNR, dB", &psnr);
    plot(ui, "Loss", &[("loss", &run.loss, fitted)]);
    plot(ui, "Splats", &[("splats", &run.splats, fitted)]);
}

fn plot(ui: &mut egui::Ui, title: &str, curves: &[(&str, &Curve, Color32)]) {
    if curves.iter().all(|(_, it, _)| it.is_empty()) {
        return;
    }
    ui.label(RichText::new(title).color(theme::MUTED).small());
    let mut plot = Plot::new(title)
        .height(HEIGHT)
        .allow_drag(false)
        .allow_zoom(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .show_x(false)
        .y_axis_min_width(36.0)
        .y_axis_formatter(|mark, _| short(mark.value, mark.step_size))
        .x_axis_formatter(|mark, _| short(mark.value, mark.step_size));
    if 1 < curves.len() {
        plot = plot.legend(Legend::default().position(egui_plot::Corner::RightBottom));
    }
    plot.show(ui, |ui| {
        for (name, curve, colour) in curves {
            let points = curve.points();
            if points.len() <= MARKED {
                let marks = PlotPoints::from(points.clone());
                ui.points(Points::new(*name, marks).color(*colour).radius(2.5));
            }
            let points = PlotPoints::from(points);
            ui.line(Line::new(*name, points).color(*colour).width(1.5));
        }
    });
}

/// A number on an axis, with the digits that tell it from the next one, `step` further on.
fn short(value: f64, step: f64) -> String {
    let (unit, name) = match value.abs() {
        size if 1e6 <= size => (1e6, "M"),
        size if 1e3 <= size => (1e3, "k"),
        _ => (1.0, ""),
    };
    let digits = -(step.abs() / unit).max(1e-6).log10();
    let digits = (digits - 1e-9).ceil().clamp(0.0, 6.0) as usize;
    format!("{:.digits$}{name}", value / unit)
}

/// Minutes and seconds, or hours and minutes.
fn duration(secs: f32) -> String {
    if !secs.is_finite() || secs < 0.0 {
        return "–".to_owned();
    }
    let secs = secs.round() as u64;
    if secs < 3600 {
        format!("{}:{:02} min", secs / 60, secs % 60)
    } else {
        format!("{}:{:02} h", secs / 3600, secs / 60 % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        for (value, step, text) in [
            (0.0, 10.0, "0"),
            (0.05, 0.05, "0.05"),
            (2.5, 0.5, "2.5"),
            (25.0, 1.0, "25"),
            (11.34, 0.01, "11.34"),
            (11.3, 0.1, "11.3"),
            (100.0, 100.0, "100"),
            (1000.0, 1000.0, "1k"),
            (1500.0, 100.0, "1.5k"),
            (14_820.0, 10.0, "14.82k"),
            (2e6, 1e5, "2.0M"),
            (-3.0, 0.0, "-3.000000"),
        ] {
            assert_eq!(short(value, step), text);
        }
    }

    #[test]
    fn times_read_well() {
        assert_eq!(duration(0.4), "0:00 min");
        assert_eq!(duration(92.0), "1:32 min");
        assert_eq!(duration(3_725.0), "1:02 h");
        assert_eq!(duration(f32::INFINITY), "–");
    }
}

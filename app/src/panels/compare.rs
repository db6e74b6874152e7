//! The bar over a photo that is looked through: how it is compared, and which is next.

use eframe::egui::{self, RichText};
use recon::dataset::Split;
use render::CompareMode;

use crate::action::Action;
use crate::state::AppState;
use crate::theme;

/// Nothing where no photo is looked through.
pub fn compare_ui(ui: &mut egui::Ui, state: &AppState, actions: &mut Vec<Action>) {
    let Some(compare) = &state.compare else {
        return;
    };
    let dataset = state.project.as_ref().and_then(|it| it.dataset());
    let view = dataset.and_then(|it| it.views.get(compare.view));
    ui.horizontal_wrapped(|ui| {
        if ui
            .button("Back to the scene")
            .on_hover_text("Escape")
            .clicked()
        {
            actions.push(Action::LeaveCompare);
        }
        if let Some(view) = view {
            ui.strong(&view.name);
            if view.split == Split::HeldOut {
                ui.label(RichText::new("held out").color(theme::HELD_OUT).small());
            }
            let run = state.run.as_ref();
            if let Some(psnr) = run.and_then(|it| it.psnr_of(&view.name)) {
                let label = ui.label(format!("{psnr:.2} dB"));
                if let Some(measured) = run.and_then(|it| it.evaluation.as_ref()) {
                    label.on_hover_text(format!("measured after {}", measured.when));
                }
            }
        }
        ui.separator();
        for mode in CompareMode::ALL {
            let is_chosen = compare.mode == mode;
            if ui.selectable_label(is_chosen, mode.label()).clicked() {
                actions.push(Action::CompareAs(mode));
            }
        }
        ui.separator();
        for (text, by, hint) in [
            ("Previous", -1, "the photo before (left arrow)"),
            ("Next", 1, "the next photo (right arrow)"),
        ] {
            if ui.button(text).on_hover_text(hint).clicked() {
                actions.push(Action::Scrub(by));
            }
        }
        if ui
            .button("Next worst")
            .on_hover_text("the held-out photo that looks worst after this one (N)")
            .clicked()
        {
            actions.push(Action::NextWorst);
        }
        if compare.mode == CompareMode::Difference {
            let text = "black: the same, pale yellow: a quarter of the range apart or more";
            ui.label(RichText::new(text).color(theme::MUTED).small());
        }
    });
}

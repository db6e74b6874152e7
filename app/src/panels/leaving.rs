//! The question before work that was not exported is left.

use eframe::egui::{self, Label, RichText};

use crate::action::Action;
use crate::leaving::{Answer, Destination, Stage};
use crate::optimise::Run;
use crate::state::AppState;
use crate::theme;

/// Nothing where nothing is to be asked.
pub fn leaving_ui(ui: &mut egui::Ui, state: &AppState, actions: &mut Vec<Action>) {
    let Some(leaving) = &state.leaving else {
        return;
    };
    ui.set_max_width(380.0);
    let runs = state.run.as_ref().is_some_and(Run::is_active);
    let noun = state.run.as_ref().map_or("optimisation", Run::noun);
    let title = if runs {
        format!("The {noun} is still running")
    } else {
        "These splats were not exported".to_owned()
    };
    ui.heading(title);
    let what = match &leaving.to {
        Destination::Quit => "Closing the window",
        Destination::Close => "Closing the scene",
        Destination::Command(_) => "Going on",
    };
    let newest = state.run.as_ref().and_then(|it| it.newest);
    let text = match newest {
        Some(when) => format!("{what} loses the splats of {when}."),
        None => format!("{what} ends it."),
    };
    ui.add(Label::new(text).wrap());
    ui.add_space(6.0);
    if leaving.stage == Stage::Asked {
        ui.horizontal(|ui| {
            let save = RichText::new("Save…").color(theme::ACCENT);
            let hint = if runs {
                format!("ends the {noun} and asks where to save")
            } else {
                "asks where to save".to_owned()
            };
            for (text, answer, hint) in [
                (save, Answer::Save, hint.as_str()),
                (
                    RichText::new("Discard"),
                    Answer::Discard,
                    "the splats are lost",
                ),
                (RichText::new("Cancel"), Answer::Cancel, "everything stays"),
            ] {
                if ui.button(text).on_hover_text(hint).clicked() {
                    actions.push(Action::Leave(answer));
                }
            }
        });
        return;
    }
    ui.horizontal(|ui| {
        let text = if leaving.stage == Stage::Ending {
            format!("The {noun} ends…")
        } else {
            "The splats are being saved…".to_owned()
        };
        ui.label(RichText::new(text).color(theme::MUTED));
        if ui.button("Cancel").clicked() {
            actions.push(Action::Leave(Answer::Cancel));
        }
    });
}

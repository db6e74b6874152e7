//! Making splats of the photos that are open: the method, its settings and Start, or the controls of
//! a run.

mod instant;
mod live;
mod settings;

use eframe::egui::{self, Button, ComboBox, Label, RichText};
use recon::model::Mode;
use recon::optim::{Preset, default_budget};
use recon::worker::Command;
use render::gpu::Capabilities;

use super::grouped;
use crate::action::Action;
use crate::optimise::{Method, Phase, Plan, Run};
use crate::state::AppState;
use crate::theme;

/// Nothing where no photos with poses are open.
pub fn optimise_ui(ui: &mut egui::Ui, state: &AppState, actions: &mut Vec<Action>) {
    let project = state.project.as_ref();
    if project.and_then(|it| it.dataset()).is_none() {
        return;
    }
    match state.run.as_ref().filter(|it| it.is_active()) {
        Some(run) if run.is_reconstructing() => network_controls(ui, run, actions),
        Some(run) => controls(ui, run, actions),
        None => plan_ui(ui, state, actions),
    }
}

fn plan_ui(ui: &mut egui::Ui, state: &AppState, actions: &mut Vec<Action>) {
    let mut plan = state.plan.clone();
    ui.horizontal_wrapped(|ui| {
        for method in Method::ALL {
            ui.selectable_value(&mut plan.method, method, method.label());
        }
    });
    ui.separator();
    if plan.method == Method::Optimise {
        presets(ui, state, &mut plan);
        start(ui, state, &mut plan, actions);
        settings::settings_ui(ui, state, &mut plan, actions);
    } else {
        instant::instant_ui(ui, state, &mut plan, actions);
        start(ui, state, &mut plan, actions);
        instant::rarer_ui(ui, state, &mut plan, actions);
    }
    if plan != state.plan {
        actions.push(Action::EditPlan(Box::new(plan)));
    }
}

fn presets(ui: &mut egui::Ui, state: &AppState, plan: &mut Plan) {
    ui.horizontal_wrapped(|ui| {
        for preset in Preset::ALL {
            let is_chosen = plan.config.preset == preset;
            let button = ui.selectable_label(is_chosen, preset.label());
            if button.on_hover_text(about(preset)).clicked() {
                plan.choose(preset);
            }
        }
    });
    ui.add(Label::new(RichText::new(summary(plan, &state.adapter)).color(theme::MUTED)).wrap());
    start_from(ui, state, plan);
}

fn start(ui: &mut egui::Ui, state: &AppState, plan: &mut Plan, actions: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        let text = RichText::new("Start").color(theme::ACCENT).strong();
        let button = Button::new(text).min_size(egui::vec2(96.0, 26.0));
        let is_idle = state.job.is_none();
        let is_optimisation = plan.method == Method::Optimise;
        if ui.add_enabled(is_idle, button).clicked() {
            actions.push(Action::Start);
        }
        if is_optimisation && plan.is_changed() && ui.button("Back to the preset").clicked() {
            plan.choose(plan.config.preset);
        }
    });
}

fn about(preset: Preset) -> &'static str {
    match preset {
        Preset::Fast => "a good picture soon",
        Preset::Balanced => "a better one, in more time",
        Preset::Quality => "the best one: takes long",
        Preset::Compact => "few splats, for a small file",
    }
}

/// What the settings come to, in a line.
fn summary(plan: &Plan, device: &Capabilities) -> String {
    let config = &plan.config;
    let side = match config.max_side {
        Some(side) => format!("photos of up to {side} px"),
        None => "photos at full size".to_owned(),
    };
    let budget = config
        .splat_budget
        .unwrap_or_else(|| default_budget(device, config));
    let budget = format!("up to {} splats", grouped(budget as u64));
    format!("{} steps, {side}, {budget}", grouped(config.steps.into()))
}

fn start_from(ui: &mut egui::Ui, state: &AppState, plan: &mut Plan) {
    let starts = plan.starts(state.has_file());
    if starts.len() < 2 {
        return;
    }
    if !starts.contains(&plan.start) {
        plan.start = Default::default();
    }
    ComboBox::from_label("Begin with")
        .selected_text(plan.start.label())
        .show_ui(ui, |ui| {
            for start in starts {
                ui.selectable_value(&mut plan.start, start, start.label());
            }
        });
}

/// While the network works.
fn network_controls(ui: &mut egui::Ui, run: &Run, actions: &mut Vec<Action>) {
    let can_stop = run.phase != Phase::Stopping;
    ui.horizontal_wrapped(|ui| {
        pause(ui, run, actions);
        let button = ui.add_enabled(can_stop, Button::new("Cancel"));
        let hint = "ends it within a chunk and keeps the splats of the chunks before";
        if button.on_hover_text(hint).clicked() {
            actions.push(Action::Stop);
        }
        let instant = run.instant.as_ref();
        let is_kept = instant.is_some_and(|it| it.config.mode == Mode::Causal);
        if is_kept {
            let has_chunk = instant.is_some_and(|it| it.chunk.is_some());
            let button = Button::new("Keep the scene now");
            let button = ui.add_enabled(can_stop && has_chunk, button);
            let hint = "writes what the network knows after the last whole chunk beside the \
                        photos: it can go on from there another day";
            if button.on_hover_text(hint).clicked() {
                actions.push(Action::Send(Command::SaveCheckpoint));
            }
        }
    });
}

fn pause(ui: &mut egui::Ui, run: &Run, actions: &mut Vec<Action>) {
    let text = if run.phase == Phase::Paused {
        "Resume"
    } else {
        "Pause"
    };
    let text = RichText::new(text).color(theme::ACCENT);
    if ui.add_enabled(run.can_pause(), Button::new(text)).clicked() {
        actions.push(Action::FlipPause);
    }
}

fn controls(ui: &mut egui::Ui, run: &Run, actions: &mut Vec<Action>) {
    let can_pause = run.can_pause();
    let can_stop = run.phase != Phase::Stopping;
    ui.horizontal_wrapped(|ui| {
        pause(ui, run, actions);
        let stop = ui.add_enabled(can_stop, Button::new("Stop"));
        if stop
            .on_hover_text("ends it and keeps what there is")
            .clicked()
        {
            actions.push(Action::Stop);
        }
        for (text, command, hint) in [
            (
                "Evaluate now",
                Command::Evaluate,
                "measures the held-out photos",
            ),
            (
                "Snapshot now",
                Command::TakeSnapshot,
                "keeps the splats as they are: they can be gone back to and exported",
            ),
            (
                "Checkpoint now",
                Command::SaveCheckpoint,
                "writes a file that the optimisation can go on from another day",
            ),
        ] {
            let button = ui.add_enabled(can_pause, Button::new(text));
            if button.on_hover_text(hint).clicked() {
                actions.push(Action::Send(command));
            }
        }
    });
    live::changes_ui(ui, run, actions);
}

//! Where poses come from: an engine to choose, a button to start it, frames of a video.

use std::path::Path;

use eframe::egui::{self, Button, ComboBox, Label, RichText};
use recon::poses::video::FrameConfig;
use recon::worker::{Command, EngineChoice};

use crate::action::Action;
use crate::project::Project;
use crate::theme;

/// The engines that are offered, by name.
const ENGINES: [(EngineChoice, &str); 3] = [
    (EngineChoice::Auto, "Automatic"),
    (EngineChoice::Builtin, "Built-in"),
    (EngineChoice::COLMAP, "COLMAP"),
];

/// For photos without poses.
pub(super) fn poses(
    ui: &mut egui::Ui,
    project: &Project,
    is_busy: bool,
    actions: &mut Vec<Action>,
) {
    ui.add_space(4.0);
    ui.horizontal_wrapped(|ui| {
        let text = RichText::new("Find camera poses").color(theme::ACCENT);
        let clicked = ui.add_enabled(!is_busy, Button::new(text)).clicked();
        if let (true, Some(search)) = (clicked, project.search()) {
            actions.push(Action::Send(search));
        }
        let chosen = ENGINES.iter().find(|it| it.0 == project.engine);
        ComboBox::from_label("Engine")
            .selected_text(chosen.map_or("COLMAP", |it| it.1))
            .show_ui(ui, |ui| {
                for (engine, label) in ENGINES {
                    let is_chosen = engine == project.engine;
                    if ui.selectable_label(is_chosen, label).clicked() {
                        actions.push(Action::ChooseEngine(engine));
                    }
                }
            });
    });
    let text = match &project.engine {
        EngineChoice::Auto => {
            "The built-in engine; COLMAP as well where it is installed and the first result does \
             not hold."
        }
        EngineChoice::Builtin => "Needs no other program.",
        EngineChoice::Colmap { .. } => {
            "Slower; must be installed (on PATH, or named by ACCRETE_COLMAP)."
        }
    };
    ui.add(Label::new(RichText::new(text).color(theme::MUTED)).wrap());
    ui.add_space(4.0);
}

/// For a video.
pub(super) fn frames(ui: &mut egui::Ui, video: &Path, is_busy: bool, actions: &mut Vec<Action>) {
    let config = FrameConfig::default();
    let text = format!(
        "A video. The sharpest {} frames make photos; they are put into a folder beside it.",
        config.frames
    );
    ui.add(Label::new(text).wrap());
    let text = RichText::new("Take frames").color(theme::ACCENT);
    if ui.add_enabled(!is_busy, Button::new(text)).clicked() {
        actions.push(Action::Send(Command::TakeFrames {
            video: video.to_owned(),
            out: None,
            config,
            anew: false,
        }));
    }
}

//! What is wanted of the network: its weights, how it takes the photos in, what it runs on.

use std::path::{Path, PathBuf};

use eframe::egui::{self, CollapsingHeader, ComboBox, Label, RichText, TextEdit};
use recon::model::{DeviceChoice, Elastic, Mode, ORIGIN, SHIPPED_LIMITS, ViewChoice};

use super::settings::{lpips, number};
use crate::action::{Action, NetworkFile};
use crate::optimise::{ENOUGH_DB, InstantPlan, Method, Plan, Weights};
use crate::settings::NetworkSettings;
use crate::state::AppState;
use crate::theme;

/// Where the network's authors publish their weights.
const PUBLISHED: &str = "https://huggingface.co/chenwang/tttLRM";

/// What to know of them beside where they come from.
const ABOUT_WEIGHTS: &str = "\
dl3dv_full.pt is for all photos at once, dl3dv_ar.pt for a few at a time; their licence holds for \
splats made with them too. Bring them as a file: .safetensors, .pt or .pth.";

/// The ways to take photos a few at a time.
const STREAMING: [Mode; 3] = [Mode::Causal, Mode::Replay, Mode::Merge];

/// The choices of views that are offered, by name.
const CHOICES: [(ViewChoice, &str, &str); 3] = [
    (
        ViewChoice::KMeans,
        "Spread out",
        "one of each group of cameras, as in the paper; a list that was published with the photos \
         goes first",
    ),
    (
        ViewChoice::Even,
        "Evenly in their order",
        "the first and the last among them",
    ),
    (ViewChoice::All, "All", "whatever their number"),
];

/// What a device of another machine is called, whichever it is.
const ELSEWHERE: &str = "Another machine";

/// The devices that are offered, by name.
static DEVICES: [(DeviceChoice, &str); 5] = [
    (DeviceChoice::Auto, "Automatic"),
    (DeviceChoice::Cpu, "The processor"),
    (DeviceChoice::Gpu, "The GPU that draws"),
    (DeviceChoice::Cuda(0), "CUDA"),
    (DeviceChoice::Remote(None), ELSEWHERE),
];

/// Everything above the button that starts it.
pub(super) fn instant_ui(
    ui: &mut egui::Ui,
    state: &AppState,
    plan: &mut Plan,
    actions: &mut Vec<Action>,
) {
    let text = match plan.method {
        Method::InstantThenOptimise => {
            "A network makes splats of the photos; then they are optimised for a few steps."
        }
        _ if plan.instant.enough.is_some() => {
            "A network makes splats of the photos; they are optimised where they fall short."
        }
        _ => "A network makes splats of the photos, without any steps.",
    };
    muted(ui, text);
    let mut network = state.settings.network.clone();
    let is_changed = weights(ui, state, &mut network, actions);
    views(ui, plan);
    let always = plan.method == Method::InstantThenOptimise;
    let instant = &mut plan.instant;
    if !always {
        let mut falls_back = instant.enough.is_some();
        let text = "Optimise where held-out photos fall short";
        let hint = "begins with the network's splats, or with the photos' points where these are \
                    of no use";
        if ui
            .checkbox(&mut falls_back, text)
            .on_hover_text(hint)
            .changed()
        {
            instant.enough = falls_back.then_some(ENOUGH_DB);
        }
        if let Some(enough) = &mut instant.enough {
            number(ui, "dB that are enough", enough, 0.0..=100.0);
        }
    }
    if always || instant.enough.is_some() {
        number(ui, "Steps afterwards", &mut instant.steps, 1..=1_000_000);
    }
    if is_changed {
        keep(state, network, actions);
    }
}

fn keep(state: &AppState, network: NetworkSettings, actions: &mut Vec<Action>) {
    let mut settings = state.settings.clone();
    settings.network = network;
    actions.push(Action::Change(Box::new(settings)));
}

/// The rarer settings, folded.
pub(super) fn rarer_ui(
    ui: &mut egui::Ui,
    state: &AppState,
    plan: &mut Plan,
    actions: &mut Vec<Action>,
) {
    CollapsingHeader::new("Settings").show(ui, |ui| {
        let mut network = state.settings.network.clone();
        let hint = "the file beside the weights, else as published";
        let is_changed = file(
            ui,
            (NetworkFile::Config, "The network's settings"),
            hint,
            &mut network.config,
            actions,
        );
        device(ui, &mut network);
        let config = &mut plan.instant.config;
        let mut is_selective = config.selective.is_some();
        if ui
            .checkbox(&mut is_selective, "Selective update")
            .on_hover_text(
                "fast weights that matter little for the newest photos are drawn back to what they \
                 were; for photos that are taken a few at a time",
            )
            .changed()
        {
            config.selective = is_selective.then(Elastic::default);
        }
        if let Some(elastic) = &mut config.selective {
            let strength = egui::Slider::new(&mut elastic.lambda, 0.0..=1.0);
            ui.add(strength.text("how strongly"));
        }
        number(ui, "Seed", &mut config.seed, 0..=u64::from(u32::MAX));
        lpips(ui, state, actions);
        if is_changed || network != state.settings.network {
            keep(state, network, actions);
        }
    });
}

fn weights(
    ui: &mut egui::Ui,
    state: &AppState,
    network: &mut NetworkSettings,
    actions: &mut Vec<Action>,
) -> bool {
    let hint = "object-small, which comes with Accrete";
    let kept = &mut network.weights;
    let is_changed = file(
        ui,
        (NetworkFile::Weights, "The network's weights"),
        hint,
        kept,
        actions,
    );
    let problem = match state.weights {
        Weights::There | Weights::Shipped => None,
        Weights::Missing => Some("There is no such file: choose the weights anew."),
    };
    if let Some(problem) = problem {
        ui.add(Label::new(RichText::new(problem).color(theme::WARNING)).wrap());
    }
    if state.weights == Weights::Shipped {
        muted(ui, SHIPPED_LIMITS);
    }
    CollapsingHeader::new("Where weights come from")
        .id_salt("where weights come from")
        .show(ui, |ui| {
            muted(ui, ORIGIN);
            muted(ui, ABOUT_WEIGHTS);
            ui.hyperlink(PUBLISHED);
        });
    is_changed
}

/// A path to type, and a button that asks for it. Returns whether something was typed: a path and
/// the same with a slash behind it are equal, and yet another text.
fn file(
    ui: &mut egui::Ui,
    (which, name): (NetworkFile, &str),
    hint: &str,
    kept: &mut Option<PathBuf>,
    actions: &mut Vec<Action>,
) -> bool {
    let label = ui.label(name);
    let row = ui.horizontal(|ui| {
        let shown = kept.as_deref().unwrap_or("".as_ref());
        let mut path = shown.to_string_lossy().into_owned();
        let width = (ui.available_width() - 84.0).max(60.0);
        let field = TextEdit::singleline(&mut path)
            .hint_text(hint)
            .desired_width(width);
        let is_changed = ui.add(field).labelled_by(label.id).changed();
        if is_changed {
            *kept = (!path.trim().is_empty()).then(|| PathBuf::from(path.trim()));
        }
        if ui.button("Choose…").clicked() {
            actions.push(Action::AskForNetwork(which));
        }
        is_changed
    });
    row.inner
}

/// Which views, and how many at a time.
fn views(ui: &mut egui::Ui, whole: &mut Plan) {
    let plan = &mut whole.instant;
    ui.horizontal_wrapped(|ui| {
        for (streams, name) in [(false, "All at once"), (true, "A few at a time")] {
            if ui
                .selectable_label(plan.streams() == streams, name)
                .clicked()
            {
                plan.stream(streams);
            }
        }
    });
    if plan.streams() {
        let mut mode = plan.config.mode;
        ComboBox::from_label("Streaming")
            .selected_text(mode.label())
            .show_ui(ui, |ui| {
                for it in STREAMING {
                    ui.selectable_value(&mut mode, it, it.label());
                }
            });
        if mode != plan.config.mode {
            plan.streaming = mode;
            plan.stream(true);
        }
    }
    muted(ui, about(plan.config.mode));
    choice_of_views(ui, &mut plan.config.choice);
    let goes_on = plan.can_be_kept() && plan.continues && whole.memory.is_some();
    if plan.config.choice != ViewChoice::All {
        let name = if goes_on {
            "More photos for the network"
        } else {
            "Photos for the network"
        };
        number(ui, name, &mut plan.config.views, 1..=100_000);
    }
    if plan.streams() {
        number(ui, "Photos at a time", &mut plan.config.chunk, 1..=100_000);
        let text = "Photos that are added to the folder meanwhile join";
        ui.checkbox(&mut plan.watches, text);
        if plan.watches {
            let name = "Seconds to wait for photos";
            number(ui, name, &mut plan.patience_secs, 1..=86_400);
        }
    }
    if plan.can_be_kept() {
        memory(ui, plan, whole.memory.as_deref());
    }
}

/// Keeping what the network learns of the scene, and going on from it.
fn memory(ui: &mut egui::Ui, plan: &mut InstantPlan, kept: Option<&Path>) {
    if let Some(path) = kept {
        let hint = format!(
            "photos that the network has not seen yet join the scene of {}",
            path.display()
        );
        ui.checkbox(&mut plan.continues, "Go on where the scene was left")
            .on_hover_text(hint);
    }
    let hint = "writes a file beside the photos from which it goes on another day; as large as a \
                good part of the weights";
    ui.checkbox(&mut plan.keeps, "Keep the scene's memory in the end")
        .on_hover_text(hint);
}

fn about(mode: Mode) -> &'static str {
    match mode {
        Mode::Full => "The network learns from all photos in one go: the best for a whole capture.",
        Mode::Causal => {
            "The network learns from each few photos and goes on from there; all that it saw is \
             drawn anew each time. Every chunk takes a little longer than the one before."
        }
        Mode::Replay => {
            "After each few photos it begins again with all so far, as the published program does. \
             It takes the longest."
        }
        Mode::Merge => {
            "Splats of each few photos are added to those that are there. The quickest, and the \
             worst: what was made earlier learns nothing from later photos."
        }
    }
}

fn choice_of_views(ui: &mut egui::Ui, choice: &mut ViewChoice) {
    let chosen = CHOICES.iter().find(|it| it.0 == *choice);
    ComboBox::from_label("Which photos")
        .selected_text(chosen.map_or("Listed", |it| it.1))
        .show_ui(ui, |ui| {
            for (it, name, hint) in CHOICES {
                ui.selectable_value(choice, it, name).on_hover_text(hint);
            }
        });
}

fn device(ui: &mut egui::Ui, network: &mut NetworkSettings) {
    let choice = &network.device;
    let chosen = DEVICES.iter().find(|it| it.0 == *choice);
    let text = match (chosen, choice) {
        (Some((_, name)), _) => (*name).to_owned(),
        (None, DeviceChoice::Remote(_)) => ELSEWHERE.to_owned(),
        (None, other) => other.to_string(),
    };
    let mut picked = None;
    ComboBox::from_label("The network runs on")
        .selected_text(&text)
        .show_ui(ui, |ui| {
            for (it, name) in &DEVICES {
                if ui.selectable_label(text == *name, *name).clicked() {
                    picked = Some(it.clone());
                }
            }
        });
    match picked {
        Some(DeviceChoice::Remote(_)) => {
            let typed = network.remote.clone();
            network.type_remote(&typed);
        }
        Some(other) => network.device = other,
        None => {}
    }
    if matches!(network.device, DeviceChoice::Remote(_)) {
        another_machine(ui, network);
    }
}

/// Where it is: a line that was printed there.
fn another_machine(ui: &mut egui::Ui, network: &mut NetworkSettings) {
    let label = ui.label("What accrete serve printed there");
    let mut typed = match &network.device {
        // It was kept without its token.
        DeviceChoice::Remote(Some(address)) if network.remote.is_empty() => address.to_string(),
        _ => network.remote.clone(),
    };
    let field = TextEdit::singleline(&mut typed)
        .hint_text("remote:…")
        .desired_width(f32::INFINITY);
    if ui.add(field).labelled_by(label.id).changed() {
        network.type_remote(&typed);
    }
    if let Some(problem) = network.remote_problem() {
        ui.add(Label::new(RichText::new(problem).color(theme::WARNING)).wrap());
    }
}

fn muted(ui: &mut egui::Ui, text: &str) {
    ui.add(Label::new(RichText::new(text).color(theme::MUTED)).wrap());
}

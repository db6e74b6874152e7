//! A camera path through the scene: keyframes, preview, and rendering it into a film; pictures of
//! any size.

use std::path::PathBuf;

use eframe::egui::{
    self, Button, CollapsingHeader, ComboBox, DragValue, Label, RichText, Slider, SliderClamping,
    TextEdit,
};
use recon::camera_path::{Ease, Keyframe};

use super::inspector::choice;
use crate::action::{Action, ShowAction, ShowFile};
use crate::project::Project;
use crate::state::{AppState, FilmKind, FilmSize, MAX_SIDE_PX, Show};
use crate::theme;

/// Longest path, in seconds.
const MAX_SECS: f64 = 1e6;

/// Keyframes, film and picture.
pub fn show_ui(ui: &mut egui::Ui, state: &AppState, actions: &mut Vec<Action>) {
    if state.scene.is_none() {
        ui.label("Open a scene to move a camera through it.");
        return;
    }
    let mut show = state.show.clone();
    begin_ui(ui, state, &mut show, actions);
    if !show.path.keyframes().is_empty() {
        preview_ui(ui, state, &mut show, actions);
        keyframes_ui(ui, &mut show, actions);
    }
    ui.separator();
    film_ui(ui, state, &mut show, actions);
    CollapsingHeader::new("Picture of this view")
        .show(ui, |ui| picture_ui(ui, state, &mut show, actions));
    if let Some(saved) = &state.show.saved {
        ui.add(Label::new(saved).wrap());
    }
    if show != state.show {
        // What was changed comes first: the rest then acts on it.
        actions.insert(0, act(ShowAction::Edit(Box::new(show))));
    }
}

fn act(action: ShowAction) -> Action {
    Action::CameraPath(action)
}

/// Ways to come by a path.
fn begin_ui(ui: &mut egui::Ui, state: &AppState, show: &mut Show, actions: &mut Vec<Action>) {
    ui.horizontal_wrapped(|ui| {
        let add = ui.button("Add keyframe");
        let text = "the present view becomes the path's next keyframe (K)";
        if add.on_hover_text(text).clicked() {
            actions.push(act(ShowAction::Add));
        }
        let turn = ui.button("Turntable");
        let text = "once around the scene, as far away and as high as the camera is now";
        if turn.on_hover_text(text).clicked() {
            actions.push(act(ShowAction::Turntable));
        }
        let dataset = state.project.as_ref().and_then(Project::dataset);
        let through = ui.add_enabled(dataset.is_some(), Button::new("Through the photos"));
        let text = "along the cameras of the photos, in the order of their names";
        let through = through
            .on_hover_text(text)
            .on_disabled_hover_text("open the photos' folder first");
        if through.clicked() {
            actions.push(act(ShowAction::ThroughPhotos));
        }
    });
    seconds(ui, "Ready-made paths take", &mut show.ready_secs, 0.1);
    path_file_ui(ui, state, show, actions);
    if let Some(before) = &show.before {
        let text = format!("it has {} keyframes", before.keyframes().len());
        let back = ui.button("Back to the path before").on_hover_text(text);
        if back.clicked()
            && let Some(before) = show.before.take()
        {
            show.replace_path(before);
        }
    }
}

/// Camera paths out of files and into them; a file's name to be typed where no dialog opens.
fn path_file_ui(ui: &mut egui::Ui, state: &AppState, show: &mut Show, actions: &mut Vec<Action>) {
    // What else is done would end for it, but not what makes splats.
    let is_free = state.job.is_none() || state.is_training();
    let has_path = !show.path.keyframes().is_empty();
    ui.horizontal_wrapped(|ui| {
        let open = ui.add_enabled(is_free, Button::new("Open path…"));
        let text = "keyframes or a list of cameras in a .json, or what a project has";
        let busy = "something else is being done";
        let open = open.on_hover_text(text).on_disabled_hover_text(busy);
        if open.clicked() {
            actions.push(act(ShowAction::Ask(ShowFile::OpenPath)));
        }
        let save = ui.add_enabled(is_free && has_path, Button::new("Save path…"));
        let text = "the keyframes as a .json, which `accrete render --path` takes too";
        let why_not = if has_path {
            busy
        } else {
            "there are no keyframes yet"
        };
        let save = save.on_hover_text(text).on_disabled_hover_text(why_not);
        if save.clicked() {
            actions.push(act(ShowAction::Ask(ShowFile::SavePath)));
        }
    });
    let Some(file) = &mut show.path_file else {
        return;
    };
    let label = ui.label("Path file");
    let field = TextEdit::singleline(file).desired_width(f32::INFINITY);
    ui.add(field).labelled_by(label.id);
    let is_typed = is_free && !file.trim().is_empty();
    let typed = PathBuf::from(file.trim());
    let mut is_done = false;
    ui.horizontal(|ui| {
        let open = ui.add_enabled(is_typed, Button::new("Open this file"));
        let save = ui.add_enabled(is_typed && has_path, Button::new("Save to this file"));
        if open.clicked() {
            actions.push(act(ShowAction::OpenPath(typed)));
        } else if save.clicked() {
            actions.push(act(ShowAction::SavePath(typed)));
        }
        is_done = ui.button("Cancel").clicked();
    });
    if is_done {
        show.path_file = None;
    }
}

fn preview_ui(ui: &mut egui::Ui, state: &AppState, show: &mut Show, actions: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        let text = if state.show.playing { "Pause" } else { "Play" };
        if ui.button(text).clicked() {
            actions.push(act(ShowAction::FlipPlay));
        }
        let mut at = state.show.at_secs;
        let range = show.path.start_secs()..=show.end_secs().max(1e-3);
        // A number beside it would be rounded, which would count as a change while it plays.
        let slider = Slider::new(&mut at, range)
            .show_value(false)
            .clamping(SliderClamping::Never);
        ui.spacing_mut().slider_width = (ui.available_width() - 64.0).max(60.0);
        let slider = ui
            .add(slider)
            .on_hover_text("where on the path the camera is");
        ui.label(format!("{:.2} s", state.show.at_secs));
        if slider.changed() {
            actions.push(act(ShowAction::Seek(at)));
        }
    });
    let mut secs = show.path.duration_secs();
    if 0.0 < secs && seconds(ui, "The path takes", &mut secs, 0.0) {
        show.path.set_duration(secs);
        show.at_secs = show.at_secs.min(show.end_secs());
    }
    let mut looped = show.path.is_looped();
    let text = "the camera goes back to the first keyframe and begins again";
    if ui
        .checkbox(&mut looped, "Loop")
        .on_hover_text(text)
        .changed()
    {
        show.path.set_looped(looped);
    }
}

/// The list, and what can be done to the one that is chosen.
fn keyframes_ui(ui: &mut egui::Ui, show: &mut Show, actions: &mut Vec<Action>) {
    let keyframes = show.path.keyframes().to_vec();
    egui::ScrollArea::vertical()
        .id_salt("keyframes")
        .max_height(150.0)
        .show(ui, |ui| {
            for (index, keyframe) in keyframes.iter().enumerate() {
                let is_selected = show.selected == Some(index);
                if ui
                    .selectable_label(is_selected, name(index, keyframe))
                    .clicked()
                {
                    show.selected = Some(index);
                    actions.push(act(ShowAction::Seek(keyframe.time_secs)));
                }
            }
        });
    let chosen = show.selected.and_then(|it| Some((it, *keyframes.get(it)?)));
    if let Some((index, mut keyframe)) = chosen {
        if seconds(ui, "Time", &mut keyframe.time_secs, 0.0) {
            show.selected = show.path.replace(index, keyframe).or(Some(index));
        }
        let mut ease = keyframe.ease;
        choice(ui, "On from here", &mut ease, &Ease::ALL, Ease::label);
        if ease != keyframe.ease {
            show.path.replace(index, Keyframe { ease, ..keyframe });
        }
    }
    ui.horizontal_wrapped(|ui| {
        if let Some((index, _)) = chosen {
            let update = ui.button("Update");
            let text = "this keyframe gets the present view";
            if update.on_hover_text(text).clicked() {
                actions.push(act(ShowAction::Update(index)));
            }
            if ui.button("Delete").clicked() {
                show.path.remove(index);
                show.selected = None;
            }
        }
        if ui.button("Clear the path").clicked() {
            show.replace_path(Default::default());
        }
    });
}

fn name(index: usize, keyframe: &Keyframe) -> String {
    let (time, ease) = (keyframe.time_secs, keyframe.ease.label());
    format!("Keyframe {}   {time:.2} s   {ease}", index + 1)
}

fn film_ui(ui: &mut egui::Ui, state: &AppState, show: &mut Show, actions: &mut Vec<Action>) {
    choice(ui, "Size", &mut show.size, &FilmSize::ALL, FilmSize::label);
    let mut kind = show.kind;
    ComboBox::from_label("Write as")
        .selected_text(kind.label())
        .show_ui(ui, |ui| {
            for it in FilmKind::ALL {
                ui.selectable_value(&mut kind, it, it.label());
            }
        })
        .response
        .on_hover_text("videos are made by ffmpeg, where it is installed");
    if kind != show.kind {
        show.choose(kind);
    }
    ui.horizontal(|ui| {
        let label = ui.label("Images a second");
        ui.add(DragValue::new(&mut show.fps).range(1..=240))
            .labelled_by(label.id);
    });
    place(ui, ("Film", ShowFile::Film), &mut show.out, actions);
    let images = show.path.frame_count(f64::from(show.fps));
    ui.horizontal_wrapped(|ui| {
        let can_render = can_render(state) && 0 < images && !show.out.trim().is_empty();
        let button = Button::new(RichText::new("Render film").color(theme::ACCENT).strong());
        let button = ui.add_enabled(can_render, button);
        if button
            .on_disabled_hover_text(why_not(state, images))
            .clicked()
        {
            actions.push(act(ShowAction::RenderFilm));
        }
        if 0 < images {
            ui.label(RichText::new(format!("{images} images")).color(theme::MUTED));
        }
    });
}

fn picture_ui(ui: &mut egui::Ui, state: &AppState, show: &mut Show, actions: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        let [width, height] = &mut show.picture_px;
        for (name, side) in [("Width", width), ("Height", height)] {
            let label = ui.label(name);
            ui.add(DragValue::new(side).range(1..=MAX_SIDE_PX).suffix(" px"))
                .labelled_by(label.id);
        }
    });
    place(
        ui,
        ("Picture", ShowFile::Picture),
        &mut show.picture_out,
        actions,
    );
    let can_render = can_render(state) && !show.picture_out.trim().is_empty();
    let button = ui.add_enabled(can_render, Button::new("Save picture"));
    if button.on_disabled_hover_text(why_not(state, 1)).clicked() {
        actions.push(act(ShowAction::RenderPicture));
    }
}

/// Rendering would end a job that runs.
fn can_render(state: &AppState) -> bool {
    !state.is_busy() && state.file().is_some()
}

fn why_not(state: &AppState, images: usize) -> &'static str {
    if state.file().is_none() {
        "there are no splats yet"
    } else if images == 0 {
        "add keyframes first, or take a ready-made path"
    } else if can_render(state) {
        "say where to"
    } else {
        "something else is being done"
    }
}

/// A number of seconds with its name; whether it was changed.
fn seconds(ui: &mut egui::Ui, name: &str, secs: &mut f64, least: f64) -> bool {
    ui.horizontal(|ui| {
        let label = ui.label(name);
        let field = DragValue::new(secs)
            .range(least..=MAX_SECS)
            .speed(0.05)
            .max_decimals(2)
            .suffix(" s");
        ui.add(field).labelled_by(label.id).changed()
    })
    .inner
}

/// A place on the disk.
fn place(
    ui: &mut egui::Ui,
    (name, file): (&str, ShowFile),
    path: &mut String,
    actions: &mut Vec<Action>,
) {
    /// What is left to the button beside the field.
    const BUTTON: f32 = 84.0;
    let label = ui.label(name);
    ui.horizontal(|ui| {
        let width = (ui.available_width() - BUTTON).max(60.0);
        let field = TextEdit::singleline(path).desired_width(width);
        ui.add(field).labelled_by(label.id);
        let choose = ui
            .button("Choose…")
            .on_hover_text("in a dialog of the system");
        if choose.clicked() {
            actions.push(act(ShowAction::Ask(file)));
        }
    });
}

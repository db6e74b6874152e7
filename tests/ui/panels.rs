//! Each panel by itself: its widgets, the actions they cause, its picture.

use app::action::{Action, CameraMove, Pane};
use app::panels::{self, Panel};
use app::state::{AppState, Quantiles, UiTime};
use eframe::egui::{self, Vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use egui_kittest::{Harness, SnapshotOptions};
use recon::worker::Command;
use render::Style;
use render::gpu::Gpu;
use tests::gpu::gpu;

use super::{Shown, empty_state, full_state, instant, optimise, renderer};

const SIZE: Vec2 = Vec2::new(640.0, 780.0);

fn harness(gpu: &Gpu, panel: Panel, state: AppState) -> Harness<'static, Shown> {
    Harness::builder()
        .with_size(SIZE)
        .renderer(renderer(gpu))
        .with_context_setup(app::apply_theme)
        .build_ui_state(
            move |ui, (state, actions): &mut Shown| {
                egui::Frame::central_panel(ui.style()).show(ui, |ui| panel(ui, state, actions));
            },
            (state, Vec::new()),
        )
}

fn panel(name: &str) -> Panel {
    let found = panels::ALL.into_iter().find(|(it, _)| *it == name);
    found.unwrap().1
}

/// The panel `name` with a scene.
fn full(gpu: &Gpu, name: &str) -> Harness<'static, Shown> {
    harness(gpu, panel(name), full_state(gpu))
}

/// Clicks what has this label and returns the actions.
fn click(harness: &mut Harness<'static, Shown>, label: &str) -> Vec<Action> {
    harness.get_by_label(label).click();
    harness.run();
    std::mem::take(&mut harness.state_mut().1)
}

#[test]
fn every_panel_looks_as_it_did() {
    let Some(gpu) = gpu() else { return };
    let options = SnapshotOptions::new()
        .threshold(0.8)
        .output_path(concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots"));
    let is_lavapipe = gpu.capabilities().name.contains("llvmpipe");
    let mut compared = egui_kittest::SnapshotResults::new();
    let mut shown = Vec::new();
    for (name, panel) in panels::ALL {
        let state = match name {
            "start" => empty_state(gpu),
            "progress" | "timeline" | "film_strip" | "compare" | "leaving" => {
                optimise::running_state(gpu)
            }
            _ => full_state(gpu),
        };
        shown.push((name, panel, state));
    }
    let planned = instant::planned_state(gpu);
    shown.push(("optimise_instant", panel("optimise"), planned));
    for (title, name) in [
        ("progress_instant", "progress"),
        ("timeline_instant", "timeline"),
        ("film_strip_instant", "film_strip"),
    ] {
        shown.push((title, panel(name), instant::reconstructing_state(gpu)));
    }
    for (name, panel, state) in shown {
        let mut harness = harness(gpu, panel, state);
        harness.run();
        if is_lavapipe {
            compared.add(harness.try_snapshot_options(name, &options));
        } else {
            let image = harness.render().unwrap();
            let first = image.get_pixel(0, 0);
            assert!(image.pixels().any(|it| it != first), "{name} is empty");
        }
        assert!(harness.state().1.is_empty(), "{name} acts by itself");
    }
}

#[test]
fn the_first_screen_offers_all_ways_in() {
    let Some(gpu) = gpu() else { return };
    let mut state = empty_state(gpu);
    state.settings.remember("/scenes/one.ply".as_ref());
    let mut harness = harness(gpu, panel("start"), state);
    harness.get_by_label("Drop photos, a video or a splat file here");
    harness.get_by_label_contains("Test Adapter 3000");
    assert!(matches!(
        click(&mut harness, "Open file…")[..],
        [Action::AskForFile]
    ));
    assert!(matches!(
        click(&mut harness, "Open folder…")[..],
        [Action::AskForFolder]
    ));
    assert!(matches!(
        click(&mut harness, "Try the demo scene")[..],
        [Action::Send(Command::Demo { .. })]
    ));
    assert!(matches!(
        &click(&mut harness, "one.ply")[..],
        [Action::Send(Command::Open(path))] if path.ends_with("scenes/one.ply")
    ));
    assert!(matches!(
        click(&mut harness, "Keys and mouse")[..],
        [Action::Show(Pane::CheatSheet, true)]
    ));
}

#[test]
fn without_drops_the_field_says_so() {
    let Some(gpu) = gpu() else { return };
    let mut state = empty_state(gpu);
    state.accepts_drops = false;
    let harness = harness(gpu, panel("start"), state);
    harness.get_by_label_contains("not possible on Wayland");
    assert!(
        harness
            .query_by_label("Drop photos, a video or a splat file here")
            .is_none()
    );
}

#[test]
fn a_path_can_be_typed() {
    let Some(gpu) = gpu() else { return };
    let mut harness = harness(gpu, panel("open_path"), empty_state(gpu));
    assert!(
        click(&mut harness, "Open").is_empty(),
        "nothing to open yet"
    );
    harness
        .get_by_role(egui::accesskit::Role::TextInput)
        .focus();
    harness.run();
    harness
        .get_by_role(egui::accesskit::Role::TextInput)
        .type_text("/a.ply");
    harness.run();
    let actions = std::mem::take(&mut harness.state_mut().1);
    assert!(matches!(&actions[..], [Action::EditOpenPath(path)] if path == "/a.ply"));
    harness.state_mut().0.open_path = "/a.ply".to_owned();
    harness.run();
    assert!(matches!(
        click(&mut harness, "Open")[..],
        [Action::OpenTypedPath]
    ));
}

#[test]
fn the_inspector_changes_how_a_scene_is_drawn() {
    let Some(gpu) = gpu() else { return };
    let mut harness = full(gpu, "inspector");
    for (label, changed) in [
        (
            "Antialiased",
            (|it| it.render.antialiased) as fn(&app::settings::Settings) -> bool,
        ),
        ("Bounds", |it| it.overlays.bounds),
        ("Cameras", |it| !it.overlays.cameras),
        ("Grid", |it| !it.overlays.grid),
        ("Axes", |it| !it.overlays.axes),
        ("Overlays", |it| !it.overlays.shown),
    ] {
        harness
            .get_all_by_label(label)
            .find(|it| it.accesskit_node().role() == egui::accesskit::Role::CheckBox)
            .unwrap()
            .click();
        harness.run();
        let actions = std::mem::take(&mut harness.state_mut().1);
        let [Action::Change(settings)] = &actions[..] else {
            panic!("{label}: {actions:?}");
        };
        assert!(changed(settings), "{label}");
    }
    assert!(matches!(
        click(&mut harness, "Level the horizon")[..],
        [Action::Move(CameraMove::Level)]
    ));
    harness.get_by_label("Style").click();
    harness.run();
    let actions = click(&mut harness, "Ellipsoids");
    let [Action::Change(settings)] = &actions[..] else {
        panic!("{actions:?}");
    };
    assert_eq!(settings.render.style, Style::Ellipsoids);
}

#[test]
fn the_inspector_says_what_saving_loses() {
    let Some(gpu) = gpu() else { return };
    let mut harness = full(gpu, "inspector");
    harness.set_size(Vec2::new(640.0, 1000.0));
    harness.run();
    harness.get_by_label("Nothing is lost.");
    harness.get_by_label("one property was not known");
    assert!(matches!(click(&mut harness, "Save")[..], [Action::Save]));
    assert!(matches!(
        click(&mut harness, "Choose…")[..],
        [Action::AskWhereToSave]
    ));
    harness.get_by_label("Save as").click();
    harness.run();
    let actions = click(&mut harness, ".splat");
    let [Action::ChooseExportFormat(format)] = actions[..] else {
        panic!("{actions:?}");
    };
    let (state, _) = harness.state_mut();
    state.choose_export_format(format);
    harness.run();
    harness.get_by_label_contains("SH degree 1");
    assert!(harness.query_by_label("Nothing is lost.").is_none());
    assert_eq!(harness.state().0.export.path, "/scenes/two copy.splat");
}

#[test]
fn menus_act() {
    let Some(gpu) = gpu() else { return };
    let mut harness = full(gpu, "top_bar");
    let mut choose = |menu: &str, entry: &str| {
        harness.get_by_label(menu).click();
        harness.run();
        harness.get_by_label_contains(entry).click();
        harness.run();
        std::mem::take(&mut harness.state_mut().1)
    };
    assert!(matches!(
        choose("File", "Open path")[..],
        [Action::Show(Pane::OpenPath, true)]
    ));
    assert!(matches!(
        choose("File", "Save as")[..],
        [Action::AskWhereToSave]
    ));
    assert!(matches!(
        choose("File", "Close scene")[..],
        [Action::CloseScene]
    ));
    assert!(matches!(choose("File", "Quit")[..], [Action::Quit]));
    assert!(matches!(
        &choose("View", "Depth")[..],
        [Action::Change(it)] if it.render.style == Style::Depth
    ));
    assert!(matches!(
        choose("View", "Frame every splat")[..],
        [Action::Move(CameraMove::FrameAll)]
    ));
    assert!(matches!(
        choose("View", "Kernel timings")[..],
        [Action::Show(Pane::Timings, true)]
    ));
    assert!(matches!(
        choose("Help", "Keys and mouse")[..],
        [Action::Show(Pane::CheatSheet, true)]
    ));
}

#[test]
fn another_adapter_can_be_chosen() {
    let Some(gpu) = gpu() else { return };
    let mut harness = full(gpu, "top_bar");
    harness.state_mut().0.adapters = vec!["Fast card".to_owned(), "Slow card".to_owned()];
    harness.run();
    for label in ["View", "Graphics adapter"] {
        harness.get_by_label_contains(label).click();
        harness.run();
    }
    harness.get_by_label("Slow card").click();
    harness.run();
    let actions = std::mem::take(&mut harness.state_mut().1);
    assert!(
        matches!(&actions[..], [Action::KeepAdapter(Some(it))] if it == "Slow card"),
        "{actions:?}"
    );
}

#[test]
fn bars_tell_and_hide() {
    let Some(gpu) = gpu() else { return };
    let mut harness = full(gpu, "error_bar");
    harness.get_by_label_contains("the header ends early");
    assert!(matches!(
        click(&mut harness, "Dismiss")[..],
        [Action::DismissError]
    ));
    let mut harness = full(gpu, "status_bar");
    harness.get_by_label("Test Adapter 3000");
    harness.get_by_label("2 splats");
    harness.get_by_label("idle");
    assert!(matches!(
        click(&mut harness, "1 warning")[..],
        [Action::Flip(Pane::Log)]
    ));
    let mut harness = full(gpu, "log");
    harness.get_by_label("one property was not known");
    assert!(matches!(
        click(&mut harness, "Hide")[..],
        [Action::Show(Pane::Log, false)]
    ));
}

#[test]
fn the_cheat_sheet_shows_every_binding() {
    let Some(gpu) = gpu() else { return };
    let mut harness = full(gpu, "cheat_sheet");
    for binding in app::keys::Keymap::default().bindings() {
        let label = binding.trigger.label(false);
        assert!(
            harness.query_all_by_label(&label).next().is_some(),
            "{label}"
        );
    }
    assert!(matches!(
        click(&mut harness, "Close")[..],
        [Action::Show(Pane::CheatSheet, false)]
    ));
}

#[test]
fn timings_list_the_kernels() {
    let Some(gpu) = gpu() else { return };
    let mut state = full_state(gpu);
    let times = |median_ms| Quantiles {
        median_ms,
        p95_ms: 4.0 * median_ms,
        count: 600,
    };
    state.frame.ui_time = Some(UiTime {
        work: times(2.5),
        input: Some(times(20.0)),
        is_cpu: true,
    });
    state.frame.stats.timings = vec![render::gpu::KernelTime {
        name: "splat/blend",
        ms: 1.5,
    }];
    let harness = harness(gpu, panel("timings"), state);
    harness.get_by_label("splat/blend");
    harness.get_by_label_contains("1.500");
    harness.get_by_label_contains("processor time a frame: 2.5 ms, 95 % below 10.0 ms");
    harness.get_by_label_contains("input to the next frame: 20.0 ms, 95 % below 80.0 ms");
}

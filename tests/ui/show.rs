//! Camera path and film: the panel by itself, and in the whole application.

use app::action::{Action, ShowAction, ShowFile};
use app::app::App;
use app::panels;
use app::state::{AppState, FilmKind, FilmSize, Show};
use app::window::Start;
use eframe::egui::{self, Key, Modifiers, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use recon::camera_path::Ease;
use recon::io::{self, SplatFile, SplatFormat};
use render::gpu::Gpu;
use tests::gpu::gpu;

use super::application::{differ, open, picture, wait, wait_for_frame_of};
use super::photos::{write_photos, write_poses};
use super::{Shown, empty_state, full_state, renderer};

fn panel(gpu: &Gpu, state: AppState) -> Harness<'static, Shown> {
    Harness::builder()
        .with_size(Vec2::new(360.0, 760.0))
        .renderer(renderer(gpu))
        .with_context_setup(app::apply_theme)
        .build_ui_state(
            |ui, (state, actions): &mut Shown| panels::show::show_ui(ui, state, actions),
            (state, Vec::new()),
        )
}

/// Clicks what has this label; what was changed is taken over, the rest is returned.
fn click(harness: &mut Harness<'static, Shown>, label: &str) -> Vec<ShowAction> {
    harness.get_by_label(label).click();
    harness.run();
    let (state, actions) = harness.state_mut();
    let mut asked = Vec::new();
    for action in std::mem::take(actions) {
        match action {
            Action::CameraPath(ShowAction::Edit(show)) => state.show = *show,
            Action::CameraPath(action) => asked.push(action),
            other => panic!("{other:?}"),
        }
    }
    harness.run();
    asked
}

fn show<'a>(harness: &'a Harness<'static, Shown>) -> &'a Show {
    &harness.state().0.show
}

#[test]
fn keyframes_are_listed_and_changed() {
    let Some(gpu) = gpu() else { return };
    let mut harness = panel(gpu, full_state(gpu));
    let asked = click(&mut harness, "Add keyframe");
    assert!(matches!(asked[..], [ShowAction::Add]), "{asked:?}");
    let asked = click(&mut harness, "Keyframe 1   0.00 s   Smooth");
    assert!(matches!(asked[..], [ShowAction::Seek(0.0)]), "{asked:?}");
    assert_eq!(show(&harness).selected, Some(0));
    let asked = click(&mut harness, "Update");
    assert!(matches!(asked[..], [ShowAction::Update(0)]), "{asked:?}");
    click(&mut harness, "On from here");
    click(&mut harness, "Stop and go");
    assert_eq!(show(&harness).path.keyframes()[0].ease, Ease::InOut);
    let asked = click(&mut harness, "Play");
    assert!(matches!(asked[..], [ShowAction::FlipPlay]), "{asked:?}");

    assert!(!show(&harness).path.is_looped());
    click(&mut harness, "Loop");
    assert!(show(&harness).path.is_looped());
    assert!((show(&harness).path.duration_secs() - 5.0).abs() < 1e-9);
    harness.get_by_label("150 images");
    click(&mut harness, "Delete");
    assert_eq!(show(&harness).path.keyframes().len(), 1);
    click(&mut harness, "Clear the path");
    assert!(show(&harness).path.keyframes().is_empty());
    click(&mut harness, "Back to the path before");
    assert_eq!(show(&harness).path.keyframes().len(), 1);
}

#[test]
fn the_film_has_a_size_a_kind_and_a_place() {
    let Some(gpu) = gpu() else { return };
    let mut harness = panel(gpu, full_state(gpu));
    click(&mut harness, "Size");
    click(&mut harness, "4K");
    assert_eq!(show(&harness).size, FilmSize::Uhd);
    assert_eq!(show(&harness).out, "/scenes/two film.mp4");
    click(&mut harness, "Write as");
    click(&mut harness, "Folder of PNGs");
    assert_eq!(show(&harness).kind, FilmKind::Images);
    assert_eq!(show(&harness).out, "/scenes/two film");
    let asked = click(&mut harness, "Render film");
    assert!(matches!(asked[..], [ShowAction::RenderFilm]), "{asked:?}");
    click(&mut harness, "Picture of this view");
    let asked = click(&mut harness, "Save picture");
    assert!(
        matches!(asked[..], [ShowAction::RenderPicture]),
        "{asked:?}"
    );

    // Nothing is rendered while something else is done, and without photos there is no way of
    // theirs.
    let (state, _) = harness.state_mut();
    state.job = Some(recon::worker::Progress {
        what: "Reading".to_owned(),
        done: 0,
        total: 1,
    });
    state.project = None;
    harness.run();
    for label in ["Render film", "Save picture", "Through the photos"] {
        assert!(click(&mut harness, label).is_empty(), "{label}");
    }
    let harness = panel(gpu, empty_state(gpu));
    harness.get_by_label_contains("Open a scene");
}

#[test]
fn places_and_path_files_are_asked_for() {
    let Some(gpu) = gpu() else { return };
    let mut harness = panel(gpu, full_state(gpu));
    harness.set_size(Vec2::new(360.0, 900.0));
    click(&mut harness, "Picture of this view");
    let choose: Vec<_> = harness.get_all_by_label("Choose…").collect();
    assert_eq!(choose.len(), 2);
    for (index, expected) in [ShowFile::Film, ShowFile::Picture].into_iter().enumerate() {
        harness
            .get_all_by_label("Choose…")
            .nth(index)
            .unwrap()
            .click();
        harness.run();
        let actions = std::mem::take(&mut harness.state_mut().1);
        assert!(
            matches!(actions[..], [Action::CameraPath(ShowAction::Ask(it))] if it == expected),
            "{actions:?}"
        );
    }
    for (label, expected) in [
        ("Open path…", ShowFile::OpenPath),
        ("Save path…", ShowFile::SavePath),
    ] {
        let asked = click(&mut harness, label);
        assert!(
            matches!(asked[..], [ShowAction::Ask(it)] if it == expected),
            "{asked:?}"
        );
    }
    assert!(
        harness.query_by_label("Path file").is_none(),
        "until it is needed"
    );

    // Without keyframes there is nothing to save; other work is not disturbed.
    click(&mut harness, "Clear the path");
    assert!(click(&mut harness, "Save path…").is_empty());
    harness.state_mut().0.job = Some(recon::worker::Progress {
        what: "Reading".to_owned(),
        done: 0,
        total: 1,
    });
    harness.run();
    assert!(click(&mut harness, "Open path…").is_empty());
}

fn shown<'a>(harness: &'a Harness<'static, App>) -> &'a Show {
    &harness.state().state().show
}

/// The application with a small scene, and the panel open.
fn application(gpu: &Gpu, start: Start) -> Harness<'static, App> {
    let mut harness = open(gpu, start);
    harness.set_size(Vec2::new(900.0, 640.0));
    wait(&mut harness, "the scene", |app| app.state().scene.is_some());
    harness.state_mut().state_mut().panes.show = true;
    harness.run_steps(3);
    harness
}

/// Waits until the worker is done with what was asked of it last, and its words are heard.
fn wait_for(harness: &mut Harness<'static, App>, what: &str, holds: impl Fn(&App) -> bool) {
    wait(harness, what, |app| holds(app) && app.state().job.is_none());
}

/// Clicks in the window, and draws some frames.
fn press(harness: &mut Harness<'static, App>, label: &str) {
    // It may lie below what the window shows of the panel.
    harness.get_by_label(label).scroll_to_me();
    harness.run_steps(30);
    harness.get_by_label(label).click();
    harness.run_steps(3);
}

fn scene_file(folder: &std::path::Path) -> std::path::PathBuf {
    let splats = recon::synthetic::demo_scene(1, 2_000, 0);
    let path = folder.join("small.ply");
    io::save(&path, &SplatFile::new(splats, SplatFormat::Ply)).unwrap();
    path
}

#[test]
fn a_path_is_made_played_and_rendered() {
    let Some(gpu) = gpu() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut harness = open(gpu, Start::Open(scene_file(folder.path())));
    harness.set_size(Vec2::new(900.0, 640.0));
    wait(&mut harness, "the scene", |app| app.state().scene.is_some());
    wait_for_frame_of(&mut harness, 1);
    harness.key_press(Key::K);
    harness.step();
    assert_eq!(shown(&harness).path.keyframes().len(), 1);
    let middle = harness.get_by_label("Scene viewport").rect().center();
    harness.drag_at(middle);
    harness.step();
    harness.hover_at(middle + Vec2::new(90.0, 0.0));
    harness.step();
    harness.drop_at(middle + Vec2::new(90.0, 0.0));
    harness.step();
    harness.key_press(Key::K);
    harness.step();
    let [first, second] = shown(&harness).path.keyframes() else {
        panic!("{:?}", shown(&harness).path);
    };
    assert_ne!(first.position, second.position);
    assert_eq!((first.time_secs, second.time_secs), (0.0, 2.0));
    assert!(
        (first.fov_y_degrees - 50.0).abs() < 1e-3,
        "the settings' own"
    );

    // Over half a second; the camera goes from one to the other.
    let state = harness.state_mut().state_mut();
    state.show.path.set_duration(0.5);
    state.settings.overlays.shown = false;
    state.panes.show = true;
    harness.run_steps(3);
    press(&mut harness, "Play");
    wait(&mut harness, "the end of the path", |app| {
        !app.state().show.playing
    });
    assert_eq!(shown(&harness).at_secs, 0.5);
    wait_for_frame_of(&mut harness, 1);
    let at_the_end = picture(&mut harness);
    harness.get_by_label_contains("Keyframe 1 ").click();
    wait_for_frame_of(&mut harness, 1);
    let at_the_start = picture(&mut harness);
    let pixels = at_the_end.len() / 4;
    assert!(pixels / 20 < differ(&at_the_end, &at_the_start));

    // A turn, of the size of a small window.
    let state = harness.state_mut().state_mut();
    state.show.ready_secs = 2.0;
    state.show.fps = 4;
    state.show.size = FilmSize::Window;
    state.show.choose(FilmKind::Images);
    let out = folder.path().join("turn");
    state.show.out = out.to_string_lossy().into_owned();
    harness.run_steps(2);
    press(&mut harness, "Turntable");
    assert_eq!(shown(&harness).path.keyframes().len(), 12);
    assert!(shown(&harness).path.is_looped());
    harness.set_size(Vec2::new(700.0, 1000.0));
    harness.run_steps(2);
    press(&mut harness, "Render film");
    wait(&mut harness, "the film", |app| {
        app.state().show.saved.is_some() || app.state().error.is_some()
    });
    assert_eq!(harness.state().state().error, None);
    let images = std::fs::read_dir(&out).unwrap().count();
    assert_eq!(images, 8);
    let size = image::image_dimensions(out.join("frame_0000.png")).unwrap();
    assert!(
        size.0.is_multiple_of(2) && 100 < size.0 && size.0 <= 700,
        "{size:?}"
    );
}

#[test]
fn a_picture_of_the_present_view() {
    let Some(gpu) = gpu() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut harness = application(gpu, Start::Open(scene_file(folder.path())));
    press(&mut harness, "Picture of this view");
    let state = harness.state_mut().state_mut();
    state.show.picture_px = [301, 200];
    assert!(state.show.picture_out.ends_with("small picture.png"));
    harness.run_steps(2);
    press(&mut harness, "Save picture");
    wait(&mut harness, "the picture", |app| {
        app.state().show.saved.is_some()
    });
    let picture = image::open(folder.path().join("small picture.png")).unwrap();
    assert_eq!((picture.width(), picture.height()), (301, 200));
}

#[test]
fn the_way_of_the_photos() {
    let Some(gpu) = gpu() else { return };
    let folder = tempfile::tempdir().unwrap();
    write_photos(folder.path(), 5);
    write_poses(folder.path(), 5);
    let mut harness = application(gpu, Start::Open(folder.path().to_owned()));
    press(&mut harness, "Through the photos");
    let path = &shown(&harness).path;
    assert_eq!(path.keyframes().len(), 5);
    assert!((path.duration_secs() - 10.0).abs() < 1e-6);
    let project = harness.state().state().project.as_ref().unwrap();
    let first = project.dataset().unwrap().views[0]
        .c2w
        .translation
        .as_vec3();
    let place = glam::Vec3::from_array(path.keyframes()[0].position);
    assert!(
        (place - first).length() < 1e-4,
        "it begins at the first photo"
    );
}

#[test]
fn places_are_chosen_in_dialogs() {
    let Some(gpu) = gpu() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut harness = application(gpu, Start::Open(scene_file(folder.path())));
    // It has such a button too.
    harness.state_mut().state_mut().settings.inspector = false;
    harness.run_steps(3);
    let film = folder.path().join("turn.webm");
    harness.state_mut().rehearse_dialog(Some(film.clone()));
    press(&mut harness, "Choose…");
    assert!(std::path::Path::new(&shown(&harness).out) == film);
    assert_eq!(shown(&harness).kind, FilmKind::WebM, "by its name");
    harness.state_mut().rehearse_dialog(None);
    press(&mut harness, "Choose…");
    let error = harness.state().state().error.clone().unwrap();
    assert!(error.contains("type the path"), "{error}");
    assert!(
        std::path::Path::new(&shown(&harness).out) == film,
        "it stays"
    );
}

/// What a text field does with Ctrl+A, the scene does not.
#[test]
fn a_name_is_typed_over_without_touching_the_scene() {
    let Some(gpu) = gpu() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut harness = application(gpu, Start::Open(scene_file(folder.path())));
    let is_film = |it: &egui_kittest::Node<'_>| {
        let value = it.value().unwrap_or_default();
        value.ends_with("film.mp4")
    };
    let field = harness
        .get_all_by_role(egui::accesskit::Role::TextInput)
        .find(is_film);
    field.unwrap().focus();
    harness.run_steps(2);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.run_steps(2);
    assert_eq!(harness.state().state().editor.selected(), 0);
    harness.event(egui::Event::Text("b.mp4".to_owned()));
    harness.run_steps(2);
    assert_eq!(shown(&harness).out, "b.mp4");
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    harness.run_steps(2);
    assert!(
        shown(&harness).out.ends_with("film.mp4"),
        "{}",
        shown(&harness).out
    );
}

#[test]
fn paths_go_into_files_and_come_back() {
    let Some(gpu) = gpu() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut harness = application(gpu, Start::Open(scene_file(folder.path())));
    harness.set_size(Vec2::new(900.0, 1100.0));
    press(&mut harness, "Turntable");
    let turntable = shown(&harness).path.clone();
    harness
        .state_mut()
        .rehearse_dialog(Some(folder.path().join("turn")));
    press(&mut harness, "Save path…");
    wait_for(&mut harness, "the file", |app| {
        app.state().show.saved.is_some()
    });
    let file = folder.path().join("turn.json");
    let read = io::read_path_file(&file).unwrap();
    assert_eq!(read, io::PathFile::Keyframes(turntable.clone()));
    harness.get_by_label_contains("turn.json");

    // A list of cameras takes its place, and it can come back.
    let cameras = turntable.cameras(0.4, [64, 48]);
    assert_eq!(cameras.len(), 4);
    let list = folder.path().join("list.json");
    io::write_camera_path(&list, &cameras).unwrap();
    harness.state_mut().rehearse_dialog(Some(list));
    press(&mut harness, "Open path…");
    wait_for(&mut harness, "the list", |app| {
        app.state().show.path.keyframes().len() == 4
    });
    let times: Vec<f64> = shown(&harness)
        .path
        .keyframes()
        .iter()
        .map(|it| it.time_secs)
        .collect();
    assert!((times[3] - 0.1).abs() < 1e-9, "30 a second: {times:?}");
    press(&mut harness, "Back to the path before");
    assert_eq!(shown(&harness).path, turntable);

    // Wrong files are named, and change nothing.
    let wrong = folder.path().join("wrong.json");
    std::fs::write(&wrong, "{\"keyframes\": [{\"time_secs\": 1}]}").unwrap();
    for (name, cause) in [
        ("wrong.json", "position"),
        ("small.ply", "UTF-8"),
        ("nowhere.json", "No such file"),
    ] {
        harness.state_mut().state_mut().error = None;
        harness
            .state_mut()
            .rehearse_dialog(Some(folder.path().join(name)));
        press(&mut harness, "Open path…");
        wait_for(&mut harness, "the error", |app| app.state().error.is_some());
        let error = harness.state().state().error.clone().unwrap();
        assert!(error.contains(name) && error.contains(cause), "{error}");
        assert_eq!(shown(&harness).path, turntable);
    }
}

#[test]
fn where_no_dialog_opens_a_path_file_is_typed() {
    let Some(gpu) = gpu() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut harness = application(gpu, Start::Open(scene_file(folder.path())));
    harness.set_size(Vec2::new(900.0, 1100.0));
    press(&mut harness, "Turntable");
    let turntable = shown(&harness).path.clone();
    harness.state_mut().rehearse_dialog(None);
    press(&mut harness, "Open path…");
    assert!(
        shown(&harness)
            .path_file
            .as_ref()
            .unwrap()
            .ends_with("small path.json")
    );
    let typed = folder
        .path()
        .join("typed.json")
        .to_string_lossy()
        .into_owned();
    harness.state_mut().state_mut().show.path_file = Some(typed);
    harness.run_steps(2);
    press(&mut harness, "Save to this file");
    wait_for(&mut harness, "the typed file", |app| {
        app.state().show.path_file.is_none()
    });
    let file = folder.path().join("typed.json");
    assert!(file.is_file());
    harness.state_mut().rehearse_dialog(None);
    press(&mut harness, "Open path…");
    harness.state_mut().state_mut().show.path_file = Some(file.to_string_lossy().into_owned());
    press(&mut harness, "Clear the path");
    press(&mut harness, "Open this file");
    wait_for(&mut harness, "the path", |app| {
        app.state().show.path == turntable
    });
    assert!(shown(&harness).path_file.is_none());
}

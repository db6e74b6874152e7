//! The whole application without a window: files, keys and the pointer, the worker behind it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use app::app::App;
use app::settings::Overlays;
use app::window::Start;
use eframe::egui::{self, DroppedFile, Key, Modifiers, PointerButton, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use recon::io::{self, SplatFile, SplatFormat};
use render::Style;
use render::gpu::Gpu;
use tests::gpu::gpu;

use super::renderer;

const VIEWPORT: &str = "Scene viewport";

/// An application in a small window that begins as `start` says.
pub(super) fn open(gpu: &Gpu, start: Start) -> Harness<'static, App> {
    Harness::builder()
        .with_size(Vec2::new(760.0, 420.0))
        .with_step_dt(1.0 / 60.0)
        .renderer(renderer(gpu))
        .build_eframe(|cc| App::new(cc, gpu, start).unwrap())
}

/// Draws frames until `holds`, as the window would.
pub(super) fn wait(harness: &mut Harness<'static, App>, what: &str, holds: impl Fn(&App) -> bool) {
    let started = Instant::now();
    loop {
        harness.step();
        harness.render().unwrap();
        if holds(harness.state()) {
            return;
        }
        let waited = started.elapsed();
        assert!(waited < Duration::from_mins(1), "waited for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The scene is there and its frame is done, at full size.
fn wait_for_frame(harness: &mut Harness<'static, App>) {
    wait_for_frame_of(harness, 1);
}

/// The same, of a scene of which at least so many splats are to be seen.
pub(super) fn wait_for_frame_of(harness: &mut Harness<'static, App>, visible: u32) {
    let before = Instant::now();
    wait(harness, "a frame at rest", |app| {
        let frame = &app.state().frame;
        let at_rest = Duration::from_millis(400) < before.elapsed();
        at_rest && visible <= frame.stats.visible && frame.reduction == 1
    });
}

/// What the viewport shows, row by row.
pub(super) fn picture(harness: &mut Harness<'static, App>) -> Vec<u8> {
    let rect = harness.get_by_label(VIEWPORT).rect();
    let image = harness.render().unwrap();
    let [x, y, width, height] =
        [rect.left(), rect.top(), rect.width(), rect.height()].map(|it| it as u32);
    image::imageops::crop_imm(&image, x, y, width, height)
        .to_image()
        .into_raw()
}

/// How many pixels are not the same.
pub(super) fn differ(a: &[u8], b: &[u8]) -> usize {
    a.chunks(4).zip(b.chunks(4)).filter(|(a, b)| a != b).count()
}

/// A small scene on the disk.
fn scene_file(folder: &Path) -> PathBuf {
    let splats = recon::synthetic::demo_scene(1, 3_000, 0);
    let path = folder.join("small.ply");
    io::save(&path, &SplatFile::new(splats, SplatFormat::Ply)).unwrap();
    path
}

#[test]
fn a_file_is_shown_and_the_camera_moves() {
    let Some(gpu) = gpu() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut harness = open(gpu, Start::Open(scene_file(folder.path())));
    wait(&mut harness, "the scene", |app| app.state().scene.is_some());
    wait_for_frame(&mut harness);
    assert_eq!(harness.state().state().settings.recents.len(), 1);
    let first = picture(&mut harness);
    let colours: std::collections::HashSet<&[u8]> = first.chunks(4).collect();
    assert!(500 < colours.len(), "only {} colours", colours.len());

    let middle = harness.get_by_label(VIEWPORT).rect().center();
    harness.drag_at(middle);
    harness.step();
    harness.hover_at(middle + Vec2::new(60.0, 10.0));
    harness.step();
    harness.hover_at(middle + Vec2::new(120.0, 10.0));
    harness.step();
    harness.drop_at(middle + Vec2::new(120.0, 10.0));
    wait_for_frame(&mut harness);
    let orbited = picture(&mut harness);
    assert!(
        first.len() / 4 / 20 < differ(&first, &orbited),
        "orbit changes the picture"
    );

    harness.key_press(Key::Home);
    wait_for_frame(&mut harness);
    let home = picture(&mut harness);
    assert!(
        differ(&first, &home) < first.len() / 4 / 100,
        "Home is the first view"
    );
}

#[test]
fn keys_change_what_is_shown() {
    let Some(gpu) = gpu() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut harness = open(gpu, Start::Open(scene_file(folder.path())));
    wait(&mut harness, "the scene", |app| app.state().scene.is_some());
    wait_for_frame(&mut harness);
    let first = picture(&mut harness);
    harness.key_press(Key::Num4);
    wait_for_frame(&mut harness);
    assert_eq!(harness.state().state().settings.render.style, Style::Depth);
    let depth = picture(&mut harness);
    assert!(first.len() / 4 / 20 < differ(&first, &depth));

    harness.key_press_modifiers(Modifiers::SHIFT, Key::G);
    harness.step();
    let without_grid = Overlays {
        grid: false,
        ..Overlays::default()
    };
    assert_eq!(harness.state().state().settings.overlays, without_grid);
    harness.key_press(Key::F1);
    harness.step();
    assert!(harness.state().state().panes.cheat_sheet);
    harness.key_press_modifiers(Modifiers::SHIFT, Key::Questionmark);
    harness.step();
    assert!(!harness.state().state().panes.cheat_sheet);
}

#[test]
fn a_double_click_and_the_wheel_move_the_camera() {
    let Some(gpu) = gpu() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut harness = open(gpu, Start::Open(scene_file(folder.path())));
    wait(&mut harness, "the scene", |app| app.state().scene.is_some());
    wait_for_frame(&mut harness);
    let first = picture(&mut harness);
    let rect = harness.get_by_label(VIEWPORT).rect();
    let point = rect.center() + Vec2::new(0.1 * rect.width(), 0.1 * rect.height());
    harness.hover_at(point);
    harness.event(egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Line,
        delta: Vec2::new(0.0, 3.0),
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Unknown,
        modifiers: Modifiers::NONE,
    });
    wait_for_frame(&mut harness);
    let nearer = picture(&mut harness);
    assert!(
        first.len() / 4 / 20 < differ(&first, &nearer),
        "the wheel zooms"
    );
    harness.event(egui::Event::Zoom(0.5));
    wait_for_frame(&mut harness);
    let farther = picture(&mut harness);
    assert!(
        first.len() / 4 / 20 < differ(&nearer, &farther),
        "so does a pinch"
    );
    harness.event(egui::Event::Zoom(2.0));
    wait_for_frame(&mut harness);
    for pressed in [true, false, true, false] {
        harness.event(egui::Event::PointerButton {
            pos: point,
            button: PointerButton::Primary,
            pressed,
            modifiers: Modifiers::NONE,
        });
        harness.step();
    }
    wait_for_frame(&mut harness);
    let turned = picture(&mut harness);
    assert!(
        first.len() / 4 / 20 < differ(&nearer, &turned),
        "the pivot moves into the middle"
    );
}

/// A file as the window system hands it over.
#[derive(Debug)]
struct Dropped(PathBuf);

impl DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        Err("the application reads files itself".to_owned())
    }
}

#[test]
fn files_can_be_dropped_and_bad_ones_are_explained() {
    let Some(gpu) = gpu() else { return };
    let folder = tempfile::tempdir().unwrap();
    let bad = folder.path().join("bad.ply");
    std::fs::write(&bad, "plywood").unwrap();
    let mut harness = open(gpu, Start::Empty);
    harness.step();
    harness.get_by_label("Drop photos, a video or a splat file here");
    harness
        .input_mut()
        .dropped_files
        .push(Arc::new(Dropped(bad)));
    wait(&mut harness, "the error", |app| app.state().error.is_some());
    harness.step();
    harness.get_by_label_contains("bad.ply");
    assert!(harness.state().state().scene.is_none());

    let good = scene_file(folder.path());
    harness
        .input_mut()
        .dropped_files
        .push(Arc::new(Dropped(good)));
    wait(&mut harness, "the scene", |app| app.state().scene.is_some());
    assert!(
        harness.state().state().error.is_none(),
        "a new file, a new try"
    );
}

#[test]
fn a_scene_can_be_saved() {
    let Some(gpu) = gpu() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut harness = open(gpu, Start::Open(scene_file(folder.path())));
    wait(&mut harness, "the scene", |app| app.state().scene.is_some());
    harness.set_size(Vec2::new(760.0, 900.0));
    harness.run_steps(3);
    harness.get_by_label("Save").click();
    wait(&mut harness, "the file", |app| {
        app.state().export.saved.is_some()
    });
    let original = io::open_splats(&folder.path().join("small.ply")).unwrap();
    let copy = io::open_splats(&folder.path().join("small copy.ply")).unwrap();
    assert_eq!(original.splats, copy.splats);
}

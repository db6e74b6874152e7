//! The whole application with posed photos: looking through cameras, comparing, live splats, and
//! closing with work that was not exported.

use std::path::Path;

use app::app::App;
use app::compare::PhotoState;
use app::leaving::Destination;
use app::optimise::Run;
use app::window::Start;
use eframe::egui::{self, Key, Vec2, ViewportEvent};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use recon::worker::LiveSplats;
use render::gpu::Gpu;
use render::{CompareMode, GpuSplats};
use tests::gpu::gpu;

use super::application::{differ, open, wait, wait_for_frame_of};
use super::optimise::one_splat;
use super::photos::{write_photos, write_poses};

const COMPARED: &str = "Photo and render";

/// Posed photos in a window that is large enough for all panels.
fn open_photos(gpu: &Gpu, folder: &Path, count: usize) -> Harness<'static, App> {
    write_photos(folder, count);
    write_poses(folder, count);
    let mut harness = open(gpu, Start::Open(folder.to_owned()));
    harness.set_size(Vec2::new(1100.0, 700.0));
    wait(&mut harness, "the cameras", |app| {
        app.state().scene.is_some()
    });
    harness
}

fn looks_through(app: &App, view: usize) -> bool {
    let compare = app.state().compare.as_ref();
    compare.is_some_and(|it| it.view == view && matches!(it.photo, PhotoState::Loaded(_)))
}

/// What lies under this label, row by row, and its width.
fn picture(harness: &mut Harness<'static, App>, label: &str) -> (Vec<u8>, u32) {
    let rect = harness.get_by_label(label).rect();
    let image = harness.render().unwrap();
    let [x, y, width, height] =
        [rect.left(), rect.top(), rect.width(), rect.height()].map(|it| it as u32);
    let part = image::imageops::crop_imm(&image, x, y, width, height).to_image();
    (part.into_raw(), width)
}

#[test]
fn a_photo_is_looked_through_and_compared() {
    let Some(gpu) = gpu() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut harness = open_photos(gpu, folder.path(), 5);
    harness.key_press(Key::ArrowRight);
    harness.step();
    harness.key_press(Key::ArrowRight);
    harness.step();
    let selected = |harness: &Harness<'static, App>| {
        let project = harness.state().state().project.as_ref();
        project.and_then(|it| it.selected)
    };
    assert_eq!(selected(&harness), Some(1));
    harness.key_press(Key::ArrowLeft);
    harness.step();
    assert_eq!(selected(&harness), Some(0));
    wait(&mut harness, "small copies", |app| {
        app.state().film.thumbnails.len() == 5
    });

    harness.get_by_label("3.png").click();
    wait(&mut harness, "the photo", |app| looks_through(app, 3));
    harness.get_by_label(CompareMode::Photo.label()).click();
    harness.run_steps(3);
    let compare = harness.state().state().compare.as_ref().unwrap();
    let photo = compare.loaded().unwrap();
    assert_eq!((compare.mode, photo.size), (CompareMode::Photo, [64, 48]));
    let intrinsics = photo.camera.intrinsics;
    assert_eq!((intrinsics.fx, intrinsics.width), (60.0, 64));
    // The photo is a grey gradient from its upper left to its lower right corner.
    let (shown, width) = picture(&mut harness, COMPARED);
    let row = |part: f32| {
        let y = (part * (shown.len() as u32 / 4 / width) as f32) as u32;
        let at = 4 * (y * width + width / 2) as usize;
        [shown[at], shown[at + 1], shown[at + 2]]
    };
    let [upper, lower] = [row(0.3), row(0.7)];
    assert!(upper[0] == upper[1] && upper[1] == upper[2], "{upper:?}");
    let risen = i32::from(lower[0]) - i32::from(upper[0]);
    assert!((10..40).contains(&risen), "{upper:?} {lower:?}");

    harness.get_by_label(CompareMode::Wipe.label()).click();
    harness.run_steps(3);
    let at = harness.get_by_label(COMPARED).rect().center();
    harness.drag_at(at);
    harness.step();
    harness.hover_at(at - Vec2::new(60.0, 0.0));
    harness.step();
    harness.drop_at(at - Vec2::new(60.0, 0.0));
    harness.run_steps(2);
    let wipe = harness.state().state().compare.as_ref().unwrap().wipe;
    assert!(wipe < 0.48, "the edge follows the pointer: {wipe}");

    harness.key_press(Key::ArrowRight);
    wait(&mut harness, "the next photo", |app| looks_through(app, 4));
    let compare = harness.state().state().compare.as_ref().unwrap();
    assert_eq!(compare.mode, CompareMode::Wipe, "the way stays");
    harness.key_press(Key::N);
    wait(&mut harness, "a held-out photo", |app| {
        looks_through(app, 0)
    });
    harness.key_press(Key::Escape);
    harness.step();
    assert!(harness.state().state().compare.is_none());
}

#[test]
fn a_photo_that_has_become_unreadable_is_explained() {
    let Some(gpu) = gpu() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut harness = open_photos(gpu, folder.path(), 3);
    std::fs::write(folder.path().join("1.png"), b"no photo").unwrap();
    // Until all panels lie where they stay.
    harness.run_steps(3);
    harness.get_by_label("1.png").click();
    wait(&mut harness, "the reason", |app| {
        let compare = app.state().compare.as_ref();
        compare
            .is_some_and(|it| matches!(&it.photo, PhotoState::Failed(why) if why.contains("1.png")))
    });
}

#[test]
fn live_splats_are_drawn_and_the_camera_stays() {
    let Some(gpu) = gpu() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut harness = open_photos(gpu, folder.path(), 4);
    wait_for_frame_of(&mut harness, 0);
    let viewport = "Scene viewport";
    let middle = harness.get_by_label(viewport).rect().center();
    let orbit = |harness: &mut Harness<'static, App>| {
        harness.drag_at(middle);
        harness.step();
        harness.hover_at(middle + Vec2::new(80.0, 0.0));
        harness.step();
        harness.drop_at(middle + Vec2::new(80.0, 0.0));
        harness.step();
    };
    orbit(&mut harness);
    wait_for_frame_of(&mut harness, 0);
    let (before, _) = picture(&mut harness, viewport);
    let state = harness.state_mut().state_mut();
    state.run = Some(Run::default());
    let grow = |state: &mut app::state::AppState, step| {
        let mut splats = one_splat();
        // Where the first view looks to: among the cameras, as there are no points.
        splats.means[0] = state.scene.as_ref().unwrap().main_part.centre();
        let splats = GpuSplats::upload(gpu, &splats).unwrap();
        let antialiased = false;
        state.set_live(LiveSplats {
            splats,
            step,
            antialiased,
            lineage: None,
        });
    };
    grow(state, 1);
    // Where the device is slow its frames are coarser meanwhile.
    wait(&mut harness, "the splat", |app| {
        1 <= app.state().frame.stats.visible
    });
    harness.run_steps(2);
    let (after, _) = picture(&mut harness, viewport);
    let changed = differ(&before, &after);
    assert!(0 < changed, "the splat is there");
    // A splat lies over the same lines and cameras, seen from the same place.
    assert!(changed < before.len() / 4 / 3, "{changed}");

    grow(harness.state_mut().state_mut(), 2);
    orbit(&mut harness);
    wait(&mut harness, "another view", |app| {
        app.state().frame.fps.is_some()
    });
    let (orbited, _) = picture(&mut harness, viewport);
    assert!(0 < differ(&after, &orbited), "orbiting goes on");
}

#[test]
fn closing_asks_while_there_is_work_to_lose() {
    let Some(gpu) = gpu() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut harness = open_photos(gpu, folder.path(), 3);
    let request = |harness: &mut Harness<'static, App>| {
        let root = egui::ViewportId::ROOT;
        let viewport = harness.input_mut().viewports.entry(root).or_default();
        viewport.events.push(ViewportEvent::Close);
        harness.step();
    };
    request(&mut harness);
    assert!(harness.state().state().leaving.is_none(), "nothing is lost");

    harness.state_mut().state_mut().run = Some(Run::default());
    request(&mut harness);
    let leaving = harness.state().state().leaving.as_ref().unwrap();
    assert!(matches!(leaving.to, Destination::Quit));
    harness.run_steps(2);
    harness.get_by_label("Cancel").click();
    harness.run_steps(2);
    let state = harness.state().state();
    assert!(state.leaving.is_none() && state.project.is_some());

    // Another way out; this time the work may go.
    harness.get_by_label("File").click();
    harness.run_steps(2);
    harness.get_by_label_contains("Close scene").click();
    harness.run_steps(2);
    assert!(harness.state().state().project.is_some(), "not yet");
    harness.get_by_label("Discard").click();
    harness.run_steps(2);
    let state = harness.state().state();
    assert!(state.project.is_none() && state.run.is_none());
}

//! A project keeps which photos are held out and left out.

use app::window::Start;
use recon::dataset::{HoldOut, Split};
use recon::io::{
    DatasetPlace, Project, SplatFile, SplatFormat, ViewChoice, open_project, save_project,
};

use tests::gpu::gpu;

use super::super::application::{open, wait};
use super::super::photos::{write_photos, write_poses};
use super::two_balls;

#[test]
fn held_out_views_are_those_of_the_project() {
    let Some(gpu) = gpu() else { return };
    let folder = tempfile::tempdir().unwrap();
    let photos = folder.path().join("photos");
    std::fs::create_dir(&photos).unwrap();
    write_photos(&photos, 9);
    write_poses(&photos, 9);
    let views = ViewChoice {
        hold_out: Some(HoldOut::EveryNth(3)),
        ignores_outliers: true,
    };
    let project = Project {
        dataset: Some(DatasetPlace::new(&photos)),
        views: views.clone(),
        base: Some(SplatFile::new(two_balls(), SplatFormat::Ply).into()),
        ..Project::default()
    };
    let place = folder.path().join("scene.accrete");
    save_project(&place, &project).unwrap();

    let mut harness = open(gpu, Start::Open(place));
    wait(&mut harness, "the project", |app| {
        app.state().editor.document.is_some()
    });
    let dataset = harness.state().state().project.as_ref().unwrap();
    let dataset = dataset.dataset().unwrap();
    let held_out = dataset.views.iter().map(|it| it.split == Split::HeldOut);
    assert_eq!(
        held_out.collect::<Vec<_>>(),
        [true, false, false].repeat(3),
        "and not every 8th"
    );
    assert_eq!(dataset.report.held_out, 3);

    // Saved from the window it says the same.
    let again = folder.path().join("again.accrete");
    harness.state_mut().state_mut().project_folder = Some(again.clone());
    harness.key_press_modifiers(
        eframe::egui::Modifiers::COMMAND | eframe::egui::Modifiers::SHIFT,
        eframe::egui::Key::S,
    );
    wait(&mut harness, "the project", |_| {
        again.join("project.json").is_file()
    });
    drop(harness);
    let (read, _) = open_project(&again).unwrap();
    assert_eq!(read.views, views);
}

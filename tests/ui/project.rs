//! The project panel by itself: photos with poses, without, and a video.

use std::path::PathBuf;
use std::sync::Arc;

use app::action::Action;
use app::panels::project::project_ui;
use app::project::{Project, Source};
use app::state::AppState;
use eframe::egui::{self, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use glam::{DAffine3, DVec3};
use recon::dataset::{
    Dataset, ImageFile, ImageProblem, ImportReport, Lens, LensModel, LensReport, MissingImage,
    Orientation, Points, PoseFormat, Split, View,
};
use recon::io::Folder;
use recon::poses::{GateReport, PhotoQuality, Photos, Standing, Verdict};
use recon::worker::{Command, EngineChoice, Progress};
use tests::gpu::gpu;

use super::{Shown, empty_state, renderer};

fn image(name: &str) -> ImageFile {
    ImageFile {
        path: name.into(),
        width: 640,
        height: 480,
        orientation: Orientation::Stored,
        has_alpha: false,
        bits: 8,
    }
}

/// An empty folder that is gone already: no panel reads it.
fn folder() -> Folder {
    Folder::open(tempfile::tempdir().unwrap().path()).unwrap()
}

fn report() -> ImportReport {
    ImportReport {
        path: "/captures/desk".into(),
        listed: 5,
        used: 4,
        sizes: vec![(640, 480)],
        broken: vec![ImageProblem {
            name: "blank.jpg".to_owned(),
            reason: "is empty; copy it again".to_owned(),
        }],
        ..ImportReport::default()
    }
}

fn gate(verdict: Verdict) -> GateReport {
    let photo = |name: &str, observations, standing, reason: Option<&str>| PhotoQuality {
        name: name.to_owned(),
        observations,
        standing,
        reason: reason.map(str::to_owned),
    };
    GateReport {
        engine: "built-in".to_owned(),
        verdict,
        photos: 5,
        good: 3,
        weak: 1,
        per_photo: vec![
            photo("0.jpg", 300, Standing::Good, None),
            photo("2.jpg", 12, Standing::Weak, Some("few points are seen")),
            photo("9.jpg", 0, Standing::Unregistered, Some("it is blurred")),
        ],
        points: 1200,
        median_observations: 280,
        points_per_photo: 300.0,
        mean_error_px: 0.84,
        advice: vec!["Take more photos around 9.jpg".to_owned()],
    }
}

/// Four posed photos: one held out, one far away; one more is missing.
pub(super) fn posed() -> Project {
    let view = |i: usize| View {
        name: format!("{i}.jpg"),
        lens: 0,
        c2w: DAffine3::from_translation(DVec3::new(0.5 * i as f64, 0.0, -3.0)),
        image: image(&format!("{i}.jpg")),
        mask: None,
        split: if i == 0 { Split::HeldOut } else { Split::Train },
        ignored: false,
    };
    let report = ImportReport {
        format: Some(PoseFormat::Transforms),
        pose_file: Some("transforms.json".into()),
        lenses: vec![LensReport {
            model: LensModel::Opencv,
            width: 640,
            height: 480,
            focal: [600.0, 601.0],
            views: 4,
            undistorted: true,
        }],
        train: 3,
        held_out: 1,
        missing: vec![MissingImage {
            name: "gone.jpg".to_owned(),
            tried: vec!["gone.jpg".into(), "images/gone.jpg".into()],
        }],
        points: 2,
        point_source: Some("sparse.ply".to_owned()),
        outliers: vec!["3.jpg".to_owned()],
        warnings: vec!["one entry was not understood".to_owned()],
        ..report()
    };
    let dataset = Dataset {
        name: "desk".to_owned(),
        folder: folder(),
        lenses: vec![Lens::centred(600.0, 640, 480)],
        views: (0..4).map(view).collect(),
        points: Points {
            positions: vec![DVec3::ZERO, DVec3::ONE],
            colours: vec![[255; 3]; 2],
            ..Points::default()
        },
        input_lists: std::collections::BTreeMap::new(),
        hold_out: None,
        report,
    };
    let mut project = Project::new(Source::Dataset(Arc::new(dataset)));
    project.gate = Some(gate(Verdict::Doubtful));
    project
}

fn unposed() -> Project {
    Project::new(Source::Photos(Arc::new(Photos {
        folder: folder(),
        images: ["0.jpg", "1.jpg"].map(image).to_vec(),
        broken: Vec::new(),
        report: report(),
    })))
}

fn show(project: Project) -> Option<Harness<'static, Shown>> {
    let gpu = gpu()?;
    let mut state = empty_state(gpu);
    state.project = Some(project);
    let ui = |ui: &mut egui::Ui, (state, actions): &mut Shown| {
        egui::Frame::central_panel(ui.style()).show(ui, |ui| project_ui(ui, state, actions));
    };
    let mut harness = Harness::builder()
        .with_size(Vec2::new(360.0, 1400.0))
        .renderer(renderer(gpu))
        .with_context_setup(app::apply_theme)
        .build_ui_state(ui, (state, Vec::new()));
    harness.run();
    Some(harness)
}

fn click(harness: &mut Harness<'static, Shown>, label: &str) -> Vec<Action> {
    harness.get_by_label(label).click();
    harness.run();
    std::mem::take(&mut harness.state_mut().1)
}

fn state<'a>(harness: &'a mut Harness<'static, Shown>) -> &'a mut AppState {
    &mut harness.state_mut().0
}

#[test]
fn what_was_found_is_said_and_problems_unfold() {
    let Some(mut harness) = show(posed()) else {
        return;
    };
    harness.get_by_label_contains("4 photos 640×480, transforms.json");
    assert!(harness.query_by_label_contains("images/gone.jpg").is_none());
    click(&mut harness, "1 missing");
    harness.get_by_label_contains("images/gone.jpg");
    click(&mut harness, "1 cannot be used");
    harness.get_by_label_contains("copy it again");
    click(&mut harness, "1 warning");
    harness.get_by_label("one entry was not understood");
}

#[test]
fn the_gate_names_photos_that_do_not_stand() {
    let Some(mut harness) = show(posed()) else {
        return;
    };
    harness.get_by_label("The poses are doubtful");
    harness.get_by_label_contains("3 of 5 photos stand firmly");
    harness.get_by_label("Take more photos around 9.jpg");
    harness.get_by_label("2.jpg: few points are seen");
    click(&mut harness, "1 found no place");
    harness.get_by_label("9.jpg: it is blurred");
}

#[test]
fn a_view_is_looked_through_and_an_outlier_left_out() {
    let Some(mut harness) = show(posed()) else {
        return;
    };
    harness.get_by_label("4 views, 1 held out");
    harness.get_by_label("held out");
    let actions = click(&mut harness, "1.jpg");
    assert!(
        matches!(actions[..], [Action::LookThrough(1)]),
        "{actions:?}"
    );
    let actions = click(&mut harness, "Ignore 1 outlier camera");
    assert!(
        matches!(actions[..], [Action::IgnoreOutliers(true)]),
        "{actions:?}"
    );
    let project = state(&mut harness).project.as_mut().unwrap();
    project.ignore_outliers(true);
    let ignored: Vec<bool> = project
        .dataset()
        .unwrap()
        .views
        .iter()
        .map(|it| it.ignored)
        .collect();
    assert_eq!(ignored, [false, false, false, true]);
    harness.run();
    harness.get_by_label("ignored");
}

#[test]
fn photos_without_poses_can_get_them() {
    let Some(mut harness) = show(unposed()) else {
        return;
    };
    let actions = click(&mut harness, "Find camera poses");
    assert!(
        matches!(
            &actions[..],
            [Action::Send(Command::FindPoses {
                engine: EngineChoice::Auto,
                ..
            })]
        ),
        "{actions:?}"
    );
    harness.get_by_label("Engine").click();
    harness.run();
    let actions = click(&mut harness, "COLMAP");
    let [Action::ChooseEngine(engine)] = &actions[..] else {
        panic!("{actions:?}");
    };
    assert_eq!(*engine, EngineChoice::COLMAP);
    // While a job runs no other can be asked for.
    state(&mut harness).job = Some(Progress {
        what: "Matching photos".to_owned(),
        done: 1,
        total: 3,
    });
    harness.run();
    assert!(click(&mut harness, "Find camera poses").is_empty());
    state(&mut harness).job = None;
    let project = state(&mut harness).project.as_mut().unwrap();
    project.gate = Some(gate(Verdict::Refused));
    harness.run();
    harness.get_by_label("The poses do not hold and were not kept");
}

#[test]
fn a_video_gives_frames() {
    let video = PathBuf::from("/captures/walk.mp4");
    let Some(mut harness) = show(Project::new(Source::Video(video.clone()))) else {
        return;
    };
    harness.get_by_label("walk.mp4");
    let actions = click(&mut harness, "Take frames");
    assert!(
        matches!(&actions[..], [Action::Send(Command::TakeFrames { video: it, .. })] if *it == video),
        "{actions:?}"
    );
}

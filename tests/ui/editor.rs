//! The editor in the whole application: each tool by its label and the pointer, undo, projects, and
//! input at random.

mod again;
mod held;
mod random;

use std::path::Path;

use app::app::App;
use app::editor::Tool;
use app::window::Start;
use eframe::egui::{Event, Key, Modifiers, PointerButton, Pos2, Rect, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use glam::Vec3;
use rand::RngExt as _;
use rand::SeedableRng as _;
use rand_pcg::Pcg64Mcg;
use recon::edit::{DELETED, EditOp, HIDDEN, LOCKED, SELECTED};
use recon::io::{self, SplatFile, SplatFormat};
use render::Splats;
use render::gpu::Gpu;
use tests::gpu::gpu;

use super::application::{differ, open, picture, wait, wait_for_frame_of};

const VIEWPORT: &str = "Scene viewport";

/// Two balls of splats side by side, the left one red, the right one blue, with a faint splat far
/// above.
fn two_balls() -> Splats {
    let mut rng = Pcg64Mcg::seed_from_u64(7);
    let mut splats = Splats::default();
    for k in 0..400 {
        let (side, colour) = if k < 200 {
            (-1.0, [1.5, -1.5, -1.5])
        } else {
            (1.0, [-1.5, -1.5, 1.5])
        };
        let mut within = || rng.random_range(-0.4..0.4_f32);
        let off = Vec3::new(within(), within(), within());
        splats.means.push(Vec3::new(side, 0.0, 0.0) + off);
        splats.opacity_logits.push(3.0);
        splats.sh_coeffs.push(colour);
    }
    splats.means.push(Vec3::new(0.0, -3.0, 0.0));
    splats.opacity_logits.push(-4.5);
    splats.sh_coeffs.push([0.0; 3]);
    splats.quats = vec![[1.0, 0.0, 0.0, 0.0]; splats.means.len()];
    splats.log_scales = vec![Vec3::splat(-2.5); splats.means.len()];
    splats
}

const COUNT: usize = 401;

/// The application with that scene, and its first frame done.
fn opened(gpu: &Gpu, folder: &Path) -> Harness<'static, App> {
    let path = folder.join("balls.ply");
    io::save(&path, &SplatFile::new(two_balls(), SplatFormat::Ply)).unwrap();
    let mut harness = open(gpu, Start::Open(path));
    harness.set_size(Vec2::new(1100.0, 1000.0));
    wait(&mut harness, "the scene", |app| app.state().scene.is_some());
    click(&mut harness, "Edit");
    wait_for_frame_of(&mut harness, 300);
    harness
}

fn viewport(harness: &Harness<'static, App>) -> Rect {
    harness.get_by_label(VIEWPORT).rect()
}

fn click(harness: &mut Harness<'static, App>, label: &str) {
    harness.get_by_label(label).click();
    harness.run_steps(2);
}

/// Where a point of the scene lies, from the first view: it looks along +z at the middle.
fn place(harness: &Harness<'static, App>, part: [f32; 2]) -> Pos2 {
    let rect = viewport(harness);
    rect.min + Vec2::new(part[0], part[1]) * rect.size()
}

fn drag(harness: &mut Harness<'static, App>, way: &[Pos2], modifiers: Modifiers) {
    let button = |pos: Pos2, pressed: bool| Event::PointerButton {
        pos,
        button: PointerButton::Primary,
        pressed,
        modifiers,
    };
    harness.event(Event::ModifiersChanged(modifiers));
    harness.hover_at(way[0]);
    harness.step();
    harness.event(button(way[0], true));
    harness.step();
    for pos in way {
        harness.hover_at(*pos);
        harness.step();
    }
    harness.event(button(way[way.len() - 1], false));
    harness.step();
    harness.event(Event::ModifiersChanged(Modifiers::NONE));
    harness.run_steps(2);
}

fn click_at(harness: &mut Harness<'static, App>, pos: Pos2) {
    harness.hover_at(pos);
    harness.step();
    for pressed in [true, false] {
        harness.event(Event::PointerButton {
            pos,
            button: PointerButton::Primary,
            pressed,
            modifiers: Modifiers::NONE,
        });
        harness.step();
    }
    harness.run_steps(30);
}

/// How many of each ball have a mark.
fn marked(harness: &Harness<'static, App>, mark: u8) -> [usize; 2] {
    let Some(now) = harness.state().state().editor.now() else {
        return [0; 2];
    };
    let count = |low: usize, high: usize| {
        let marks = &now.marks[low..high];
        marks.iter().filter(|it| *it & mark != 0).count()
    };
    [count(0, 200), count(200, 400)]
}

/// Where the balls are seen: the halves of the viewport that hold the red one and the blue one, as
/// two opposite corners each, and the middles of both, all as parts of width and height.
struct Seen {
    red: [[f32; 2]; 2],
    blue: [[f32; 2]; 2],
    middles: [[f32; 2]; 2],
}

fn seen(harness: &mut Harness<'static, App>) -> Seen {
    let pixels = picture(harness);
    let rect = viewport(harness);
    let (width, height) = (rect.width() as usize, rect.height() as usize);
    let middle = |is_it: fn(&[u8]) -> bool| {
        let found = pixels.chunks(4).enumerate().filter(|(_, it)| is_it(it));
        let places = found.map(|(i, _)| [(i % width) as f32, (i / width) as f32]);
        let (mut sum, mut count) = ([0.0_f32; 2], 0.0);
        for [x, y] in places {
            sum = [sum[0] + x, sum[1] + y];
            count += 1.0;
        }
        assert!(100.0 < count, "{count}");
        [
            sum[0] / count / width as f32,
            sum[1] / count / height as f32,
        ]
    };
    let red = middle(|it| it[0] > 150 && it[2] < 90 && it[1] < 90);
    let blue = middle(|it| it[2] > 150 && it[0] < 90 && it[1] < 90);
    let halves = [[[0.02, 0.02], [0.49, 0.98]], [[0.51, 0.02], [0.98, 0.98]]];
    let is_left = usize::from(blue[0] < red[0]);
    Seen {
        red: halves[is_left],
        blue: halves[1 - is_left],
        middles: [red, blue],
    }
}

#[test]
fn outlines_select_by_label_and_pointer() {
    let Some(gpu) = gpu() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut harness = opened(gpu, folder.path());
    let before = picture(&mut harness);
    let Seen { red, blue, middles } = seen(&mut harness);
    let corners = |it: [[f32; 2]; 2]| {
        let [[x0, y0], [x1, y1]] = it;
        [[x0, y0], [x1, y0], [x1, y1], [x0, y1]]
    };

    click(&mut harness, "Rectangle");
    let way = red.map(|it| place(&harness, it));
    drag(&mut harness, &way, Modifiers::NONE);
    assert_eq!(marked(&harness, SELECTED), [200, 0]);
    wait_for_frame_of(&mut harness, 300);
    let tinted = picture(&mut harness);
    assert!(300 < differ(&before, &tinted), "the selection is seen");

    click(&mut harness, "Lasso");
    let way = corners(blue).map(|it| place(&harness, it));
    drag(&mut harness, &way, Modifiers::SHIFT);
    assert_eq!(marked(&harness, SELECTED), [200, 200], "Shift adds");
    let way = corners(red).map(|it| place(&harness, it));
    drag(&mut harness, &way, Modifiers::COMMAND);
    assert_eq!(marked(&harness, SELECTED), [0, 200], "Ctrl removes");

    click(&mut harness, "Polygon");
    for corner in corners(red) {
        let pos = place(&harness, corner);
        click_at(&mut harness, pos);
    }
    harness.key_press(Key::Enter);
    harness.run_steps(2);
    assert_eq!(marked(&harness, SELECTED), [200, 0]);

    click(&mut harness, "Brush");
    let middle = place(&harness, middles[1]);
    drag(
        &mut harness,
        &[middle, middle + Vec2::new(4.0, 0.0)],
        Modifiers::NONE,
    );
    let [of_red, of_blue] = marked(&harness, SELECTED);
    assert!(of_red == 0 && 0 < of_blue && of_blue < 200, "{of_blue}");

    // Each was an edit; all of them are taken back.
    for _ in 0..5 {
        click(&mut harness, "Undo");
    }
    assert_eq!(marked(&harness, SELECTED), [0, 0]);
    click(&mut harness, "Redo");
    assert_eq!(marked(&harness, SELECTED), [200, 0]);
}

#[test]
fn only_what_is_seen_is_selected_where_that_is_asked() {
    let Some(gpu) = gpu() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut harness = opened(gpu, folder.path());
    let Seen { red, .. } = seen(&mut harness);
    click(&mut harness, "Rectangle");
    click(&mut harness, "Visible only");
    let way = red.map(|it| place(&harness, it));
    drag(&mut harness, &way, Modifiers::NONE);
    let [of_red, of_blue] = marked(&harness, SELECTED);
    assert!(20 < of_red && of_red < 200 && of_blue == 0, "{of_red}");
    let op = harness.state().state().editor.document.as_ref();
    let op = op.and_then(|it| it.history.last()).map(EditOp::label);
    assert_eq!(op.as_deref(), Some("Select by rectangle of what is seen"));
}

#[test]
fn a_click_selects_a_colour_and_measures() {
    let Some(gpu) = gpu() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut harness = opened(gpu, folder.path());
    let Seen { middles, .. } = seen(&mut harness);
    click(&mut harness, "Colour");
    let [on_red, on_blue] = middles.map(|it| place(&harness, it));
    click_at(&mut harness, on_red);
    wait(&mut harness, "the colour", |app| {
        0 < app.state().editor.selected()
    });
    assert_eq!(marked(&harness, SELECTED), [200, 0]);

    click(&mut harness, "Measure");
    click_at(&mut harness, on_red);
    wait(&mut harness, "a point", |app| {
        app.state().editor.points.len() == 1
    });
    click_at(&mut harness, on_blue);
    wait(&mut harness, "a point", |app| {
        app.state().editor.points.len() == 2
    });
    let points = harness.state().state().editor.points.clone();
    let distance = points[0].distance(points[1]);
    assert!((0.8..3.0).contains(&distance), "{distance}");
    click(&mut harness, "Move, turn, scale");
    harness.run_steps(30);
    click(&mut harness, "Set scale");
    let placement = harness.state().state().editor.placement();
    assert!(
        (placement.scale * distance - 1.0).abs() < 1e-3,
        "the distance is 1 now"
    );
    assert!(harness.state().state().editor.points.is_empty());
}

#[test]
fn buttons_edit_and_the_list_goes_back() {
    let Some(gpu) = gpu() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut harness = opened(gpu, folder.path());
    let Seen { red, .. } = seen(&mut harness);
    click(&mut harness, "Rectangle");
    let way = red.map(|it| place(&harness, it));
    drag(&mut harness, &way, Modifiers::NONE);
    click(&mut harness, "Lock");
    assert_eq!(marked(&harness, LOCKED), [200, 0]);
    click(&mut harness, "All");
    assert_eq!(
        marked(&harness, SELECTED),
        [0, 200],
        "what is locked cannot be selected"
    );
    click(&mut harness, "Hide");
    assert_eq!(marked(&harness, HIDDEN), [0, 200]);
    click(&mut harness, "Show all");
    click(&mut harness, "Unlock all");
    assert_eq!(marked(&harness, HIDDEN | LOCKED), [0, 0]);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.run_steps(2);
    harness.key_press(Key::Delete);
    harness.run_steps(2);
    assert_eq!(marked(&harness, DELETED), [200, 200]);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    harness.run_steps(2);
    assert_eq!(marked(&harness, DELETED), [0, 0]);
    click(&mut harness, "Invert");
    assert_eq!(harness.state().state().editor.selected(), 0);

    click(&mut harness, "Edits");
    harness.run_steps(30);
    click(&mut harness, "As it was");
    assert_eq!(marked(&harness, 0xff), [0, 0]);
    let document = harness.state().state().editor.document.clone().unwrap();
    assert!(
        5 < document.history.ops().len(),
        "what was undone is still listed"
    );
}

#[test]
fn a_dragged_arrow_moves_what_is_selected() {
    let Some(gpu) = gpu() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut harness = opened(gpu, folder.path());
    let Seen { red, middles, .. } = seen(&mut harness);
    click(&mut harness, "Rectangle");
    let way = red.map(|it| place(&harness, it));
    drag(&mut harness, &way, Modifiers::NONE);
    for (label, tool) in [
        ("Move", Tool::Move),
        ("Turn", Tool::Turn),
        ("Scale", Tool::Scale),
    ] {
        click(&mut harness, label);
        assert_eq!(harness.state().state().editor.tool, tool);
        let before = harness.state().state().editor.now().cloned().unwrap();
        // The handles lie around the middle of the selection: somewhere there is one.
        let middle = place(&harness, middles[0]);
        let mut is_moved = false;
        'search: for k in 0..24 {
            let angle = k as f32 * std::f32::consts::TAU / 24.0;
            for reach in [45.0, 70.0, 88.0] {
                let from = middle + reach * Vec2::angled(angle);
                drag(
                    &mut harness,
                    &[from, from + Vec2::new(12.0, 9.0)],
                    Modifiers::NONE,
                );
                let now = harness.state().state().editor.now().cloned().unwrap();
                if now.splats != before.splats {
                    assert_eq!(now.splats.means[200..], before.splats.means[200..]);
                    is_moved = true;
                    break 'search;
                }
            }
        }
        assert!(is_moved, "{label}");
    }
}

#[test]
fn a_project_is_saved_and_opened_again() {
    let Some(gpu) = gpu() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut harness = opened(gpu, folder.path());
    let Seen { red, .. } = seen(&mut harness);
    click(&mut harness, "Rectangle");
    let way = red.map(|it| place(&harness, it));
    drag(&mut harness, &way, Modifiers::NONE);
    harness.key_press(Key::Delete);
    harness.run_steps(2);
    assert!(harness.state().state().is_unsaved());
    let path = folder.path().join("balls.accrete");
    harness.state_mut().state_mut().project_folder = Some(path.clone());
    harness.key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::S);
    wait(&mut harness, "the project", |app| !app.state().is_unsaved());
    let edited = harness.state().state().editor.now().cloned().unwrap();
    drop(harness);

    let mut harness = open(gpu, Start::Open(path));
    wait(&mut harness, "the project", |app| {
        app.state().editor.document.is_some()
    });
    let again = harness.state().state().editor.now().cloned().unwrap();
    assert_eq!(again, edited);
    assert_eq!(again.saved_count(), COUNT - 200);
    let file = harness.state().state().file().unwrap();
    assert_eq!(file.splats.len(), COUNT - 200, "what is exported");
    harness.run_steps(3);
    click(&mut harness, "Undo");
    assert_eq!(
        marked(&harness, DELETED),
        [0, 0],
        "edits can be undone after all"
    );
}

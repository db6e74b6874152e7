//! Input at random over a scene that is edited: nothing breaks, and all of it can be undone.

use eframe::egui::{self, Event, Key, Modifiers, PointerButton, Pos2, Rect, Vec2};
use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64Mcg;
use recon::edit::History;
use tests::gpu::gpu;

use super::{opened, viewport};

/// Events in all.
const EVENTS: usize = 10_000;

/// Keys that tools and edits have; none that opens the system's dialogs or ends the program.
const KEYS: [Key; 20] = [
    Key::R,
    Key::L,
    Key::B,
    Key::C,
    Key::I,
    Key::M,
    Key::V,
    Key::H,
    Key::Delete,
    Key::Enter,
    Key::Escape,
    Key::Z,
    Key::Y,
    Key::A,
    Key::Num1,
    Key::Num2,
    Key::F,
    Key::Home,
    Key::W,
    Key::K,
];

/// What is held; nothing is as likely as all else.
const HELD: [Modifiers; 6] = [
    Modifiers::NONE,
    Modifiers::NONE,
    Modifiers::NONE,
    Modifiers::SHIFT,
    Modifiers::COMMAND,
    Modifiers::COMMAND.plus(Modifiers::SHIFT),
];

const BUTTONS: [PointerButton; 3] = [
    PointerButton::Primary,
    PointerButton::Secondary,
    PointerButton::Middle,
];

/// Something that a hand on mouse and keyboard does.
fn event(rng: &mut Pcg64Mcg, rect: Rect, pos: &mut Pos2, modifiers: Modifiers) -> Event {
    match rng.random_range(0..10) {
        0..4 => {
            // The scene and the bar of tools above it, not the menus.
            let x = rng.random_range(0.0..1.0_f32);
            let y = rng.random_range(-0.04..1.0_f32);
            *pos = rect.min + Vec2::new(x, y) * rect.size();
            Event::PointerMoved(*pos)
        }
        4..7 => Event::PointerButton {
            pos: *pos,
            button: BUTTONS[rng.random_range(0..BUTTONS.len())],
            pressed: rng.random_bool(0.5),
            modifiers,
        },
        7 => Event::MouseWheel {
            unit: egui::MouseWheelUnit::Line,
            delta: Vec2::new(0.0, rng.random_range(-2.0..2.0)),
            phase: egui::TouchPhase::Move,
            source: egui::MouseWheelSource::Unknown,
            modifiers,
        },
        _ => Event::Key {
            key: KEYS[rng.random_range(0..KEYS.len())],
            physical_key: None,
            pressed: rng.random_bool(0.7),
            repeat: false,
            modifiers,
        },
    }
}

#[test]
fn whatever_is_done_at_random_can_be_undone() {
    let Some(gpu) = gpu() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut harness = opened(gpu, folder.path());
    let mut rng = Pcg64Mcg::seed_from_u64(11);
    let rect = viewport(&harness);
    let mut pos = rect.center();
    let mut events = 0;
    while events < EVENTS {
        let held = HELD[rng.random_range(0..HELD.len())];
        harness.event(Event::ModifiersChanged(held));
        for _ in 0..rng.random_range(1..12) {
            harness.event(event(&mut rng, rect, &mut pos, held));
            events += 1;
        }
        harness.step();
        assert_eq!(harness.state().state().error, None);
    }
    harness.event(Event::ModifiersChanged(Modifiers::NONE));
    harness.step();

    let document = harness.state().state().editor.document.clone();
    let mut history = document.unwrap().history;
    let (edits, done) = (history.ops().len(), history.done());
    println!("{EVENTS} events at random: {edits} edits, {done} of them done");
    assert!(20 < edits, "{edits} edits");
    let now = history.now().clone();
    while history.undo().is_some() {}
    assert_eq!(**history.splats(), *history.now().splats);
    assert!(history.now().marks.iter().all(|it| *it == 0));
    history.go_to(done);
    assert_eq!(*history.now(), now);
    let ops = history.ops().cloned().collect();
    let parts = history.parts().to_vec();
    let replayed = History::replay(history.splats().clone(), parts, ops, done);
    assert_eq!(*replayed.unwrap().now(), now, "the list says it all");
}

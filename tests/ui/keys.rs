//! The command palette and keys that are bound anew, in the whole application.

use app::app::App;
use app::keys::{Deed, Keymap, Preset};
use app::palette;
use app::window::Start;
use eframe::egui::{Event, Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use render::Style;
use tests::gpu::gpu;

use super::application::{open, wait};
use super::{empty_state, full_state};

fn step(harness: &mut Harness<'static, App>) {
    for _ in 0..3 {
        harness.step();
    }
}

fn type_into_palette(harness: &mut Harness<'static, App>, text: &str) {
    // The field has the focus by itself.
    harness.event(Event::Text(text.to_owned()));
    step(harness);
}

#[test]
fn the_palette_has_every_deed() {
    let Some(gpu) = gpu() else { return };
    let state = full_state(gpu);
    let entries = palette::entries(&state);
    for &deed in Deed::ALL {
        let is_listed = entries.iter().any(|it| it.text.ends_with(deed.does()));
        let is_held = deed.direction().is_some() || deed == Deed::Palette;
        assert!(is_listed || is_held, "{deed:?}");
    }
    // What cannot be done is there, and last.
    let first_off = entries.iter().position(|it| it.action.is_none()).unwrap();
    assert!(entries[first_off..].iter().all(|it| it.action.is_none()));
    let save = entries.iter().find(|it| it.text == "Program: Save as");
    assert_eq!(save.unwrap().keys, "Ctrl + S");
    assert!(save.unwrap().action.is_some());
    assert!(entries.iter().any(|it| it.text.contains("/scenes/one.ply")));

    let mut nothing = empty_state(gpu);
    nothing.palette.query = "save".to_owned();
    let entries = palette::entries(&nothing);
    assert_eq!(entries[0].text, "Program: Save as");
    assert!(entries[0].action.is_none(), "there is nothing to save");
}

#[test]
fn the_palette_finds_and_does() {
    let Some(gpu) = gpu() else { return };
    let mut harness = open(gpu, Start::Empty);
    step(&mut harness);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::P);
    step(&mut harness);
    assert!(harness.state().state().panes.palette);
    type_into_palette(&mut harness, "normals");
    // "Normals", then "Axis normals": the second by an arrow.
    harness.get_by_label_contains("Show: Normals");
    harness.key_press(Key::ArrowDown);
    step(&mut harness);
    assert_eq!(harness.state().state().palette.chosen, 1);
    harness.key_press(Key::Enter);
    step(&mut harness);
    let state = harness.state().state();
    assert!(!state.panes.palette, "it closes");
    assert_eq!(state.settings.render.style, Style::AxisNormals);

    // Escape does nothing but close, and the next time nothing is typed.
    harness.key_press_modifiers(Modifiers::COMMAND, Key::P);
    step(&mut harness);
    assert_eq!(harness.state().state().palette, palette::Palette::default());
    type_into_palette(&mut harness, "points");
    harness.key_press(Key::Escape);
    step(&mut harness);
    let state = harness.state().state();
    assert!(!state.panes.palette);
    assert_eq!(state.settings.render.style, Style::AxisNormals);

    // A click does it too; keys that are typed fly nowhere and show nothing.
    harness.key_press_modifiers(Modifiers::COMMAND, Key::P);
    step(&mut harness);
    type_into_palette(&mut harness, "depth");
    harness.key_press(Key::Num2);
    step(&mut harness);
    harness
        .get_by_label_contains("Show: Depth")
        .click_accesskit();
    step(&mut harness);
    let state = harness.state().state();
    assert!(!state.panes.palette);
    assert_eq!(state.settings.render.style, Style::Depth);

    // What cannot be done now does nothing.
    harness.key_press_modifiers(Modifiers::COMMAND, Key::P);
    step(&mut harness);
    type_into_palette(&mut harness, "close scene");
    harness.key_press(Key::Enter);
    step(&mut harness);
    assert!(harness.state().state().panes.palette, "it stays open");
}

#[test]
fn a_key_is_bound_anew_in_the_window() {
    let Some(gpu) = gpu() else { return };
    let mut harness = open(gpu, Start::Empty);
    harness.set_size(eframe::egui::Vec2::new(900.0, 1100.0));
    step(&mut harness);
    harness.key_press(Key::F1);
    step(&mut harness);
    harness.get_by_label("Ctrl + O").click_accesskit();
    step(&mut harness);
    assert_eq!(harness.state().state().listening, Some((Deed::Open, 0)));
    harness.get_by_label_contains("Press the key for");
    // A key that did something else: it is taken from there, which is said.
    harness.key_press(Key::Num2);
    step(&mut harness);
    let state = harness.state().state();
    assert_eq!(state.listening, None);
    assert_eq!(state.settings.render.style, Style::Splats, "not done");
    assert_eq!(state.settings.keys.shortcut(Deed::Open, false), "2");
    assert!(state.settings.keys.keys(Deed::Points).is_empty());
    harness.get_by_label_contains("taken from \"Points\"");
    // Escape keeps a key as it is.
    harness
        .get_by_label("a key for \"Points\"")
        .click_accesskit();
    step(&mut harness);
    harness.key_press(Key::Escape);
    step(&mut harness);
    assert_eq!(harness.state().state().listening, None);
    assert!(
        harness
            .state()
            .state()
            .settings
            .keys
            .keys(Deed::Points)
            .is_empty()
    );
    // One more key, and it works at once.
    harness
        .get_by_label("a key for \"Points\"")
        .click_accesskit();
    step(&mut harness);
    harness.key_press_modifiers(Modifiers::ALT, Key::L);
    step(&mut harness);
    harness.key_press_modifiers(Modifiers::ALT, Key::L);
    wait(&mut harness, "points", |app| {
        app.state().settings.render.style == Style::Points
    });
    // And all as it was.
    harness.get_by_label("Back to the preset").click_accesskit();
    step(&mut harness);
    let keys = &harness.state().state().settings.keys;
    assert_eq!(*keys, Keymap::of(Preset::Accrete));
}

//! Presets without clashes, changes that take keys away from others, storing.

use eframe::egui::{Key, Modifiers, PointerButton};
use render::Style;

use super::*;
use crate::settings::Settings;

fn press(key: Key) -> Trigger {
    Trigger::Press(Modifiers::NONE, key)
}

/// No trigger twice, and what flies does nothing else.
fn assert_sound(keymap: &Keymap) {
    let bindings = keymap.bindings();
    for (i, binding) in bindings.iter().enumerate() {
        let trigger = binding.trigger;
        let earlier = bindings[..i].iter().find(|it| it.trigger == trigger);
        assert!(earlier.is_none(), "{:?}: {trigger:?}", keymap.preset());
        if let Trigger::Hold(key) = trigger {
            let clash = bindings.iter().find(|it| it.trigger == press(key));
            assert!(clash.is_none(), "{:?}: {key:?}", keymap.preset());
        }
    }
}

#[test]
fn presets_have_no_clashes_and_fly() {
    for preset in Preset::ALL {
        let keymap = Keymap::of(preset);
        assert_sound(&keymap);
        for deed in Group::Fly.deeds() {
            assert_eq!(keymap.keys(deed).len(), 1, "{deed:?}");
        }
        for deed in [Deed::Palette, Deed::CheatSheet, Deed::Focus, Deed::Home] {
            assert!(!keymap.keys(deed).is_empty(), "{preset:?}: {deed:?}");
        }
    }
}

#[test]
fn names_are_of_one_deed_each() {
    for &deed in Deed::ALL {
        assert_eq!(Deed::named(deed.name()), Some(deed), "{}", deed.name());
        assert!(Group::ALL.contains(&deed.group()));
        assert_eq!(deed.direction().is_some(), deed.group() == Group::Fly);
    }
    let listed: usize = Group::ALL.iter().map(|it| it.deeds().count()).sum();
    assert_eq!(listed, Deed::ALL.len());
}

#[test]
fn styles_have_the_keys_of_their_order() {
    let keymap = Keymap::default();
    for (style, name) in Style::ALL
        .into_iter()
        .zip(["1", "2", "3", "4", "5", "6", "7"])
    {
        let deed = Deed::of_style(style);
        assert_eq!(keymap.shortcut(deed, false), name);
        assert_eq!(deed.does(), style.label());
    }
}

#[test]
fn labels_read_well() {
    let keymap = Keymap::default();
    assert_eq!(keymap.shortcut(Deed::Open, false), "Ctrl + O");
    assert_eq!(keymap.shortcut(Deed::Open, true), "⌘ + O");
    let pan = Trigger::Drag(Modifiers::SHIFT, PointerButton::Primary);
    assert_eq!(pan.label(false), "Shift + left drag");
    assert!(pressed_with(
        Modifiers::SHIFT,
        Modifiers::NONE,
        Key::Questionmark
    ));
    assert!(!pressed_with(Modifiers::SHIFT, Modifiers::NONE, Key::F));
    // Linux says Ctrl twice, as the key and as what it stands for.
    let held = Modifiers::CTRL | Modifiers::COMMAND | Modifiers::SHIFT;
    let chord = Chord::new(held, Key::Z);
    assert_eq!(chord.to_string(), "Ctrl+Shift+Z");
    assert!(pressed_with(held, chord.modifiers, chord.key));
}

#[test]
fn a_key_is_taken_from_who_had_it() {
    let mut keymap = Keymap::default();
    let p = Chord::plain(Key::P);
    assert_eq!(keymap.bind(Deed::Level, 0, p), Some(Deed::Pause));
    assert_eq!(keymap.keys(Deed::Level), [p]);
    assert!(keymap.keys(Deed::Pause).is_empty());
    assert_sound(&keymap);
    // Back again, nothing is left of it.
    assert_eq!(keymap.bind(Deed::Pause, 0, p), Some(Deed::Level));
    assert!(!keymap.is_changed());

    // A key that flies counts whatever is held with it.
    let held = Chord::new(Modifiers::SHIFT, Key::F);
    assert_eq!(keymap.bind(Deed::FlyUp, 0, held), Some(Deed::Focus));
    assert_eq!(keymap.keys(Deed::FlyUp), [Chord::plain(Key::F)]);
    assert_sound(&keymap);
    // And a deed can have a key that flew.
    let w = Chord::plain(Key::W);
    assert_eq!(keymap.bind(Deed::Open, 1, w), Some(Deed::FlyForward));
    assert_eq!(keymap.keys(Deed::Open).len(), 2);
    assert!(keymap.keys(Deed::FlyForward).is_empty());
    keymap.unbind(Deed::Open, 1);
    keymap.unbind(Deed::Open, 7);
    assert_eq!(keymap.keys(Deed::Open).len(), 1);
    assert_sound(&keymap);
    assert_eq!(keymap.bind(Deed::Open, 0, keymap.keys(Deed::Open)[0]), None);
}

#[test]
fn keys_survive_storing() {
    let mut settings = Settings::default();
    assert_eq!(Settings::from_json(&settings.to_json()), settings);
    for preset in Preset::ALL {
        settings.keys = Keymap::of(preset);
        settings.keys.bind(Deed::Level, 0, Chord::plain(Key::P));
        let odd = Chord::new(Modifiers::ALT | Modifiers::COMMAND, Key::Plus);
        settings.keys.bind(Deed::Quit, 3, odd);
        settings.keys.bind(Deed::FlyUp, 0, Chord::plain(Key::Space));
        settings.keys.unbind(Deed::CheatSheet, 0);
        assert_eq!(Settings::from_json(&settings.to_json()), settings);
        assert_sound(&settings.keys);
    }
    for &key in Key::ALL {
        let chord = Chord::with(Modifiers::ALT, key);
        assert_eq!(chord.to_string().parse(), Ok(chord), "{key:?}");
    }
}

#[test]
fn what_is_not_known_is_left_out() {
    let json = r#"{"fov_degrees": 33.0, "keys": {"preset": "vi", "changes": {
        "open": ["Ctrl+L", "Hyper+O", "Ctrl+Nokey"], "teleport": ["T"], "save": ["Ctrl+L"]}}}"#;
    let settings = Settings::from_json(json);
    assert_eq!(settings.fov_degrees, 33.0, "the rest is kept");
    assert_eq!(settings.keys.preset(), Preset::Accrete);
    // A key of two deeds belongs to one.
    assert!(settings.keys.keys(Deed::Open).is_empty());
    assert_eq!(settings.keys.shortcut(Deed::Save, false), "Ctrl + L");
    assert_sound(&settings.keys);
}

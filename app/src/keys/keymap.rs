//! A preset and what the user changed of it: which key does what.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Binding, Chord, Deed, Effect, Preset, Trigger};

/// Which key does what. Stored as words, so that what another version does not know is left out
/// with a message, and nothing else is lost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub struct Keymap {
    preset: Preset,
    /// Deeds whose keys are not those of the preset.
    changes: BTreeMap<Deed, Vec<Chord>>,
}

impl Keymap {
    /// The keys of a preset.
    pub fn of(preset: Preset) -> Self {
        Self {
            preset,
            changes: BTreeMap::new(),
        }
    }

    /// The preset it began with.
    pub fn preset(&self) -> Preset {
        self.preset
    }

    /// Whether anything differs from the preset.
    pub fn is_changed(&self) -> bool {
        !self.changes.is_empty()
    }

    /// The keys of a deed. A key of the preset that the user gave to another deed is not among
    /// them.
    pub fn keys(&self, deed: Deed) -> Vec<Chord> {
        if let Some(own) = self.changes.get(&deed) {
            return own.clone();
        }
        let is_free = |chord: &&Chord| {
            let mut taken = self.changes.values().flatten();
            !taken.any(|it| it == *chord)
        };
        let keys = self.preset.keys(deed).iter().filter(is_free);
        keys.copied().collect()
    }

    /// Everything that keys and mouse do, each trigger once.
    pub fn bindings(&self) -> Vec<Binding> {
        let mut bindings: Vec<Binding> = self.preset.gestures().map(|it| it.binding).collect();
        for &deed in Deed::ALL {
            for chord in self.keys(deed) {
                bindings.push(binding(deed, chord));
            }
        }
        bindings
    }

    /// The first key of a deed, for menus; empty where it has none.
    pub fn shortcut(&self, deed: Deed, is_mac: bool) -> String {
        let keys = self.keys(deed);
        keys.first().map(|it| it.label(is_mac)).unwrap_or_default()
    }

    /// Gives a key to a deed: in place of its key at `place`, or as one more. Returns the deed
    /// that had it before, and has it no longer. While a key flies, modifiers change the speed, so
    /// for those deeds they do not count.
    pub fn bind(&mut self, deed: Deed, place: usize, chord: Chord) -> Option<Deed> {
        let chord = if deed.direction().is_some() {
            Chord::plain(chord.key)
        } else {
            chord
        };
        let mut others = Deed::ALL.iter().copied().filter(|it| *it != deed);
        let owner = others.find(|it| self.keys(*it).contains(&chord));
        if let Some(owner) = owner {
            let mut keys = self.keys(owner);
            keys.retain(|it| *it != chord);
            self.set(owner, keys);
        }
        let mut keys = self.keys(deed);
        match keys.get_mut(place) {
            Some(it) => *it = chord,
            None => keys.push(chord),
        }
        let mut seen = Vec::new();
        keys.retain(|it| {
            let is_new = !seen.contains(it);
            seen.push(*it);
            is_new
        });
        self.set(deed, keys);
        owner
    }

    /// Takes a deed's key at `place` away.
    pub fn unbind(&mut self, deed: Deed, place: usize) {
        let mut keys = self.keys(deed);
        if place < keys.len() {
            keys.remove(place);
            self.set(deed, keys);
        }
    }

    fn set(&mut self, deed: Deed, keys: Vec<Chord>) {
        if keys == self.preset.keys(deed) {
            self.changes.remove(&deed);
        } else {
            self.changes.insert(deed, keys);
        }
    }
}

fn binding(deed: Deed, chord: Chord) -> Binding {
    match deed.direction() {
        Some(axis) => Binding {
            trigger: Trigger::Hold(chord.key),
            effect: Effect::Fly(axis),
        },
        None => Binding {
            trigger: Trigger::Press(chord.modifiers, chord.key),
            effect: Effect::Act(deed),
        },
    }
}

/// A keymap in words.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Stored {
    preset: String,
    changes: BTreeMap<String, Vec<String>>,
}

impl From<Keymap> for Stored {
    fn from(keymap: Keymap) -> Self {
        let words = |keys: Vec<Chord>| keys.iter().map(Chord::to_string).collect();
        let changes = keymap.changes.into_iter();
        Self {
            preset: keymap.preset.name().to_owned(),
            changes: changes
                .map(|(deed, keys)| (deed.name().to_owned(), words(keys)))
                .collect(),
        }
    }
}

impl From<Stored> for Keymap {
    fn from(stored: Stored) -> Self {
        let preset = Preset::ALL
            .into_iter()
            .find(|it| it.name() == stored.preset);
        if preset.is_none() && !stored.preset.is_empty() {
            let name = &stored.preset;
            log::warn!("the stored keys: there is no preset \"{name}\"; it is left out");
        }
        let mut keymap = Self::of(preset.unwrap_or_default());
        // As if they were bound one after the other, so that no key does two things.
        for (name, keys) in &stored.changes {
            let Some(deed) = Deed::named(name) else {
                log::warn!("the stored keys: nothing is called \"{name}\"; it is left out");
                continue;
            };
            keymap.set(deed, Vec::new());
            for (place, words) in keys.iter().enumerate() {
                match words.parse() {
                    Ok(chord) => {
                        keymap.bind(deed, place, chord);
                    }
                    Err(err) => log::warn!("the stored keys of \"{name}\": {err}; it is left out"),
                }
            }
        }
        keymap
    }
}

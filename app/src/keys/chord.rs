//! A key and the modifiers that are held with it, as a person reads it and as it is stored.

use std::fmt;
use std::str::FromStr;

use eframe::egui::{Key, Modifiers};

/// A key and the modifiers that are held with it: Alt, Shift, and Ctrl (⌘ on a Mac).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chord {
    /// Held with it.
    pub modifiers: Modifiers,
    /// The key.
    pub key: Key,
}

impl Chord {
    /// The same wherever it is pressed: of the modifiers only those that a chord tells apart.
    pub fn new(held: Modifiers, key: Key) -> Self {
        let modifiers = Modifiers {
            alt: held.alt,
            shift: held.shift && key != Key::Questionmark,
            command: held.command,
            ..Modifiers::NONE
        };
        Self { modifiers, key }
    }

    /// The key alone.
    pub(super) const fn plain(key: Key) -> Self {
        Self::with(Modifiers::NONE, key)
    }

    /// The key with these modifiers.
    pub(super) const fn with(modifiers: Modifiers, key: Key) -> Self {
        Self { modifiers, key }
    }

    /// As a person reads it on this keyboard.
    pub fn label(self, is_mac: bool) -> String {
        with_modifiers(self.modifiers, key_name(self.key), is_mac)
    }
}

/// As it is stored: `Ctrl+Shift+O`, on every system.
impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        for (is_held, name) in [
            (self.modifiers.command, "Ctrl+"),
            (self.modifiers.alt, "Alt+"),
            (self.modifiers.shift, "Shift+"),
        ] {
            if is_held {
                f.write_str(name)?;
            }
        }
        f.write_str(self.key.name())
    }
}

impl FromStr for Chord {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts: Vec<&str> = text.split('+').map(str::trim).collect();
        let name = parts.pop().unwrap_or_default();
        let key = Key::from_name(name).ok_or_else(|| format!("there is no key \"{name}\""))?;
        let mut modifiers = Modifiers::NONE;
        for part in parts {
            match part {
                "Ctrl" => modifiers.command = true,
                "Alt" => modifiers.alt = true,
                "Shift" => modifiers.shift = true,
                _ => return Err(format!("there is no modifier \"{part}\"")),
            }
        }
        Ok(Self { modifiers, key })
    }
}

/// Modifiers and something, as a person reads it.
pub(super) fn with_modifiers(modifiers: Modifiers, what: &str, is_mac: bool) -> String {
    let mut parts = Vec::new();
    if modifiers.command {
        parts.push(if is_mac { "⌘" } else { "Ctrl" });
    }
    if modifiers.alt {
        parts.push(if is_mac { "Option" } else { "Alt" });
    }
    if modifiers.shift {
        parts.push("Shift");
    }
    parts.push(what);
    parts.join(" + ")
}

fn key_name(key: Key) -> &'static str {
    match key {
        Key::Questionmark => "?",
        _ => key.name(),
    }
}

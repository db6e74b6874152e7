//! The command palette: everything that can be done, and what of it fits what is typed.

use recon::worker::Command;

use crate::action::Action;
use crate::keys::{Deed, Group};
use crate::state::AppState;

/// What is typed and chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Palette {
    /// What is typed.
    pub query: String,
    /// Which of the entries that fit, counted from the first.
    pub chosen: usize,
}

/// A line of the palette.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What it does, in words, with the part of the program before it.
    pub text: String,
    /// The key that does it; empty where there is none.
    pub keys: String,
    /// What it asks for; `None` where it cannot be done now.
    pub action: Option<Action>,
}

/// The entries that fit what is typed: first what can be done now, and of that first what begins
/// with it.
pub fn entries(state: &AppState) -> Vec<Entry> {
    let query = state.palette.query.to_lowercase();
    let words: Vec<&str> = query.split_whitespace().collect();
    let mut found: Vec<(bool, usize, Entry)> = all(state)
        .filter_map(|entry| {
            let rank = rank(&entry.text.to_lowercase(), &words)?;
            Some((entry.action.is_none(), rank, entry))
        })
        .collect();
    // Stable: what ranks equal stays in the order of the table.
    found.sort_by_key(|it| (it.0, it.1));
    found.into_iter().map(|it| it.2).collect()
}

/// 0 where what it does begins with the first word, 1 where a word of it does, 2 where all words
/// are in it somewhere; `None` where one is not.
fn rank(text: &str, words: &[&str]) -> Option<usize> {
    if !words.iter().all(|it| text.contains(it)) {
        return None;
    }
    let Some(first) = words.first() else {
        return Some(0);
    };
    let does = text.split_once(": ").map_or(text, |it| it.1);
    let begins = text.split_whitespace().any(|it| it.starts_with(first));
    Some(match (does.starts_with(first), begins) {
        (true, _) => 0,
        (false, true) => 1,
        (false, false) => 2,
    })
}

fn all(state: &AppState) -> impl Iterator<Item = Entry> {
    let keys = &state.settings.keys;
    // The palette itself, and what is done only while a key is held, cannot be done from here.
    let deeds = Deed::ALL.iter().copied();
    let deeds = deeds.filter(|it| it.group() != Group::Fly && *it != Deed::Palette);
    let deeds = deeds.map(|deed| Entry {
        text: format!("{}: {}", deed.group().title(), deed.does()),
        keys: keys.shortcut(deed, state.is_mac),
        action: deed.action(state),
    });
    let recents = state.settings.recents.iter().map(|path| Entry {
        text: format!("Recent file: {}", path.display()),
        keys: String::new(),
        action: Some(Action::Send(Command::Open(path.clone()))),
    });
    let best = std::iter::once((None, "the best available"));
    let named = state.adapters.iter().map(|it| (Some(it), it.as_str()));
    let adapters = best.chain(named).map(|(name, label)| Entry {
        text: format!("Graphics adapter: {label}, from the next start on"),
        keys: String::new(),
        action: Some(Action::KeepAdapter(name.cloned())),
    });
    deeds.chain(recents).chain(adapters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_any_order_and_beginnings_come_first() {
        assert_eq!(rank("file: open a folder", &["open"]), Some(0));
        assert_eq!(rank("file: open a folder", &["fold", "op"]), Some(1));
        assert_eq!(rank("file: open a folder", &["older"]), Some(2));
        assert_eq!(rank("file: open a folder", &["open", "x"]), None);
        assert_eq!(rank("anything", &[]), Some(0));
    }
}

//! Which views are held out: seen by no method, only by measurements.

use std::collections::HashSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Dataset, Split};

/// Which views are held out. A split that the pose file itself has is not touched by opening;
/// whoever applies one of these replaces it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HoldOut {
    /// Views 0, n, 2n … in the dataset's order. Of 0: none.
    EveryNth(usize),
    /// The views of these names: whole, or without folders, or without ending too.
    List(Vec<String>),
    /// This part of the views, evenly spread. Not a number: none.
    Fraction(f64),
    /// Every view is for training.
    None,
}

impl Default for HoldOut {
    /// Every 8th, as nearly all published numbers have it.
    fn default() -> Self {
        Self::EveryNth(8)
    }
}

impl fmt::Display for HoldOut {
    /// As a protocol states it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None | Self::EveryNth(0) => f.write_str("no view"),
            Self::EveryNth(1) => f.write_str("every view"),
            Self::EveryNth(n) => {
                let ending = match (n % 10, n % 100) {
                    (1, tens) if tens != 11 => "st",
                    (2, tens) if tens != 12 => "nd",
                    (3, tens) if tens != 13 => "rd",
                    _ => "th",
                };
                write!(f, "every {n}{ending} view")
            }
            Self::List(_) => f.write_str("by a list of names"),
            Self::Fraction(part) => write!(f, "{} % of the views", 100.0 * part),
        }
    }
}

impl HoldOut {
    /// Splits the views anew and brings the report's counts up to date. Ignored views count in the
    /// order, so that ignoring one does not shift the others. Where nothing would be left for
    /// training, nothing is held out; the report says so, and which names of a list are unknown.
    pub fn apply(&self, dataset: &mut Dataset) {
        let count = dataset.views.len();
        let held_out: Vec<bool> = match self {
            Self::EveryNth(0) | Self::None => vec![false; count],
            Self::EveryNth(n) => (0..count).map(|i| i % n == 0).collect(),
            Self::Fraction(fraction) => spread(*fraction, count),
            Self::List(names) => named(dataset, names),
        };
        let views = dataset.views.iter_mut().zip(&held_out);
        for (view, held_out) in views {
            view.split = if *held_out {
                Split::HeldOut
            } else {
                Split::Train
            };
        }
        dataset.report.split = self.to_string();
        dataset.hold_out = Some(self.clone());
        let is_trained = |it: &super::View| !it.ignored && it.split == Split::Train;
        if !dataset.views.iter().any(is_trained) && dataset.views.iter().any(|it| !it.ignored) {
            for view in &mut dataset.views {
                view.split = Split::Train;
            }
            let warning = "holding out views would leave none to learn from: none is held out";
            dataset.report.warnings.push(warning.to_owned());
            dataset.report.split = Self::None.to_string();
        }
        dataset.count_splits();
    }
}

impl Dataset {
    /// Leaves the cameras out that are far from all others, or takes them back.
    pub fn ignore_outliers(&mut self, ignored: bool) {
        for view in &mut self.views {
            if self.report.outliers.contains(&view.name) {
                view.ignored = ignored;
            }
        }
        self.count_splits();
    }

    /// Brings the report's numbers of used, training and held-out views up to date: to be called
    /// after views were split otherwise or ignored.
    pub fn count_splits(&mut self) {
        let count = |split| {
            let views = self.views.iter().filter(|it| !it.ignored);
            views.filter(|it| it.split == split).count()
        };
        let (train, held_out) = (count(Split::Train), count(Split::HeldOut));
        self.report.train = train;
        self.report.held_out = held_out;
        self.report.used = train + held_out;
    }
}

/// `fraction` of `count`, rounded, the first among them and the others evenly behind.
fn spread(fraction: f64, count: usize) -> Vec<bool> {
    let chosen = (fraction * count as f64).round().clamp(0.0, count as f64) as usize;
    (0..count).map(|i| i * chosen % count < chosen).collect()
}

fn named(dataset: &mut Dataset, names: &[String]) -> Vec<bool> {
    let mut unknown: HashSet<&str> = names.iter().map(|it| it.as_str().trim()).collect();
    let wanted = unknown.clone();
    let mut held_out = Vec::with_capacity(dataset.views.len());
    for view in &dataset.views {
        let whole = view.name.as_str();
        let file = whole.rsplit(['/', '\\']).next().unwrap_or(whole);
        let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
        let found = [whole, file, stem]
            .into_iter()
            .find(|it| wanted.contains(it));
        found.map(|it| unknown.remove(it));
        held_out.push(found.is_some());
    }
    let mut unknown: Vec<&str> = unknown.into_iter().filter(|it| !it.is_empty()).collect();
    if !unknown.is_empty() {
        unknown.sort_unstable();
        let shown = unknown[..unknown.len().min(5)].join(", ");
        dataset.report.warnings.push(format!(
            "{} names of the list of held-out views are no views of this dataset: {shown}{}",
            unknown.len(),
            if 5 < unknown.len() { ", …" } else { "" }
        ));
    }
    held_out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_are_told_in_words() {
        let words = |n| HoldOut::EveryNth(n).to_string();
        let told = [0, 1, 2, 3, 8, 11, 21].map(words);
        let expected = [
            "no view",
            "every view",
            "every 2nd view",
            "every 3rd view",
            "every 8th view",
            "every 11th view",
            "every 21st view",
        ];
        assert_eq!(told, expected);
        assert_eq!(HoldOut::Fraction(0.125).to_string(), "12.5 % of the views");
    }
}

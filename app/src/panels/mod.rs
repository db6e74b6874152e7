//! The parts of the window, each a function from what is to what the user wants.

pub mod cheat_sheet;
pub mod compare;
pub mod edit;
pub mod error_bar;
pub mod export;
pub mod film_strip;
pub mod inspector;
pub mod leaving;
pub mod log;
pub mod open_path;
pub mod optimise;
pub mod palette;
pub mod progress;
pub mod project;
pub mod show;
pub mod start;
pub mod status_bar;
pub mod timeline;
pub mod timings;
pub mod tools;
pub mod top_bar;

use eframe::egui;

use crate::action::Action;
use crate::state::AppState;

/// What every panel is.
pub type Panel = fn(&mut egui::Ui, &AppState, &mut Vec<Action>);

/// All of them, by name.
pub const ALL: [(&str, Panel); 21] = [
    ("top_bar", top_bar::top_bar_ui),
    ("error_bar", error_bar::error_bar_ui),
    ("start", start::start_ui),
    ("inspector", inspector::inspector_ui),
    ("status_bar", status_bar::status_bar_ui),
    ("log", log::log_ui),
    ("timings", timings::timings_ui),
    ("cheat_sheet", cheat_sheet::cheat_sheet_ui),
    ("open_path", open_path::open_path_ui),
    ("project", project::project_ui),
    ("optimise", optimise::optimise_ui),
    ("progress", progress::progress_ui),
    ("timeline", timeline::timeline_ui),
    ("film_strip", film_strip::film_strip_ui),
    ("compare", compare::compare_ui),
    ("export", export::export_ui),
    ("leaving", leaving::leaving_ui),
    ("tools", tools::tools_ui),
    ("edit", edit::edit_ui),
    ("show", show::show_ui),
    ("palette", palette::palette_ui),
];

/// A number with its thousands set apart, as 1 234 567.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if 0 < i && (digits.len() - i).is_multiple_of(3) {
            text.push('\u{2009}');
        }
        text.push(digit);
    }
    text
}

/// A size in memory or on disk.
pub(crate) fn bytes(number: u64) -> String {
    let number = number as f64;
    if number < 1e6 {
        format!("{:.0} kB", number / 1e3)
    } else if number < 1e9 {
        format!("{:.1} MB", number / 1e6)
    } else {
        format!("{:.2} GB", number / 1e9)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_234_567), "1\u{2009}234\u{2009}567");
        assert_eq!(bytes(1_500), "2 kB");
        assert_eq!(bytes(128_000_000), "128.0 MB");
        assert_eq!(bytes(3_210_000_000), "3.21 GB");
    }
}

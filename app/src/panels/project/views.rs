//! The list of posed photos: choosing one looks through its camera.

use eframe::egui::{self, RichText};
use recon::dataset::{Dataset, Split};

use crate::action::Action;
use crate::project::Project;
use crate::theme;

/// All views, as many lines as there is room for.
pub(super) fn list(
    ui: &mut egui::Ui,
    project: &Project,
    dataset: &Dataset,
    actions: &mut Vec<Action>,
) {
    let held_out = dataset.views.iter().filter(|it| it.split == Split::HeldOut);
    let title = format!(
        "{} views, {} held out",
        dataset.views.len(),
        held_out.count()
    );
    ui.strong(title);
    let height = ui.spacing().interact_size.y;
    egui::ScrollArea::vertical()
        .id_salt("views")
        .auto_shrink([false, false])
        .show_rows(ui, height, dataset.views.len(), |ui, rows| {
            for index in rows {
                view(ui, project, dataset, index, actions);
            }
        });
}

fn view(
    ui: &mut egui::Ui,
    project: &Project,
    dataset: &Dataset,
    index: usize,
    actions: &mut Vec<Action>,
) {
    let Some(view) = dataset.views.get(index) else {
        return;
    };
    ui.horizontal(|ui| {
        let mut name = RichText::new(&view.name);
        if view.ignored {
            name = name.strikethrough().color(theme::MUTED);
        }
        let is_chosen = project.selected == Some(index);
        let label = ui.selectable_label(is_chosen, name);
        if label.on_hover_text("look through this camera").clicked() {
            actions.push(Action::LookThrough(index));
        }
        if view.split == Split::HeldOut {
            ui.label(RichText::new("held out").color(theme::HELD_OUT).small())
                .on_hover_text("only measurements see it");
        }
        if view.ignored {
            ui.label(RichText::new("ignored").color(theme::MUTED).small());
        }
    });
}

/// The switch for cameras far from all others; nothing where there are none.
pub(super) fn outliers(
    ui: &mut egui::Ui,
    project: &Project,
    dataset: &Dataset,
    actions: &mut Vec<Action>,
) {
    let outliers = &dataset.report.outliers;
    if outliers.is_empty() {
        return;
    }
    let mut ignored = project.ignores_outliers;
    let plural = if outliers.len() == 1 { "" } else { "s" };
    let text = format!("Ignore {} outlier camera{plural}", outliers.len());
    let names = format!("far from all others: {}", outliers.join(", "));
    if ui
        .checkbox(&mut ignored, text)
        .on_hover_text(names)
        .changed()
    {
        actions.push(Action::IgnoreOutliers(ignored));
    }
}

//! Looking through the cameras of photos: which photo is compared, chosen, decoded.

use eframe::egui;
use recon::dataset::Split;
use recon::io::photo::{PhotoOptions, TargetSize};
use recon::optim::Background;
use render::CompareMode;

use super::App;
use super::pictures::{Pictures, Wish};
use crate::compare::{Compare, PhotoState};
use crate::film;

impl App {
    /// Looks through the camera of a view, in the way of comparing that was chosen last.
    pub(super) fn look_through(&mut self, view: usize) {
        let Some(project) = &mut self.state.project else {
            return;
        };
        let Some(camera) = project.camera(view) else {
            return;
        };
        project.selected = Some(view);
        self.state.film.bring.set(Some(view));
        self.viewport.look_through(&camera, &self.state);
        let mode = self.compare_mode;
        let wipe = self.state.compare.as_ref().map(|it| it.wipe);
        let mut compare = Compare::new(view, mode);
        compare.wipe = wipe.unwrap_or(compare.wipe);
        self.state.compare = Some(compare);
    }

    /// Shows photo and render in another way.
    pub(super) fn compare_as(&mut self, mode: CompareMode) {
        self.compare_mode = mode;
        if let Some(compare) = &mut self.state.compare {
            compare.mode = mode;
        }
    }

    /// Chooses a view; where one is looked through, that is another now.
    pub(super) fn select_view(&mut self, view: usize) {
        if self.state.compare.is_some() {
            self.look_through(view);
        } else if let Some(project) = &mut self.state.project {
            project.selected = Some(view);
            self.state.film.bring.set(Some(view));
        }
    }

    /// Chooses the view so many places further on.
    pub(super) fn scrub(&mut self, by: isize) {
        let project = self.state.project.as_ref();
        let views = project.and_then(|it| it.dataset()).map(|it| it.views.len());
        let selected = project.and_then(|it| it.selected);
        if let Some(view) = film::scrub(selected, by, views.unwrap_or_default()) {
            self.select_view(view);
        }
    }

    /// Looks through the camera of the held-out view that looks worst, or worst after this one.
    /// Before the first measurement they come in their order.
    pub(super) fn next_worst(&mut self) {
        let state = &self.state;
        let Some(project) = &state.project else {
            return;
        };
        let Some(dataset) = project.dataset() else {
            return;
        };
        let here = state.compare.as_ref().map(|it| it.view);
        let name = here.and_then(|it| dataset.views.get(it));
        let run = state.run.as_ref();
        let worst = run.and_then(|it| it.next_worst(name.map(|it| it.name.as_str())));
        let next = if let Some(worst) = worst {
            dataset.views.iter().position(|it| it.name == worst)
        } else {
            let after = here.map_or(0, |it| it + 1);
            let count = dataset.views.len();
            let mut order = (after..count).chain(0..after.min(count));
            let is_held_out = |it: &usize| {
                let view = &dataset.views[*it];
                view.split == Split::HeldOut && !view.ignored
            };
            order.find(is_held_out)
        };
        if let Some(view) = next {
            self.look_through(view);
        }
    }

    /// Another dataset is open, or none: its photos are other ones.
    pub(super) fn change_pictures(&mut self, ctx: &egui::Context) {
        let dataset = self.state.project.as_ref().and_then(|it| it.dataset());
        self.pictures = dataset.and_then(|it| Pictures::new(ctx, it));
    }

    /// Takes photos that have come, and asks for those that are wanted.
    pub(super) fn hear_pictures(&mut self, ctx: &egui::Context) {
        let Some(pictures) = &mut self.pictures else {
            return;
        };
        let state = &mut self.state;
        let dataset = state.project.as_ref().and_then(|it| it.dataset());
        let views = dataset.map_or(0, |it| it.views.len());
        if let Some((wish, photo)) = pictures.take(ctx, &mut state.film)
            && let Some(compare) = &mut state.compare
            && compare.view == wish.view
        {
            compare.photo = match photo {
                Ok(photo) => PhotoState::Loaded(photo),
                Err(why) => PhotoState::Failed(why),
            };
        }
        state.film.thin(views);
        if state.settings.film_strip {
            pictures.ask_for_thumbnails(&mut state.film, views);
        }
        if let Some(compare) = &state.compare {
            let run = state.run.as_ref();
            let config = run.map_or(&state.plan.config, |it| &it.config);
            let size = config.max_side;
            pictures.ask_for_photo(Wish {
                view: compare.view,
                options: PhotoOptions {
                    size: size.map_or(TargetSize::Full, TargetSize::MaxSide),
                    ..PhotoOptions::default()
                },
                background: match config.background {
                    Background::Known(colour) => colour,
                    Background::Random => [0.0; 3],
                },
            });
        } else {
            pictures.forget();
        }
    }
}

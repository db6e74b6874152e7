//! What the app hears of photos: opened, posed, and the points around their cameras.

use std::path::Path;

use eframe::egui::{self, ViewportCommand};
use recon::dataset::ImportReport;
use recon::worker::{Event, Snapshot};

use super::App;
use crate::film::Film;
use crate::project::{Source, common_up};
use crate::state::Gravity;

impl App {
    /// One event about photos.
    pub(super) fn hear_photos(&mut self, ctx: &egui::Context, event: Event) {
        match event {
            Event::DatasetOpened(dataset) => {
                self.note(&dataset.report);
                match &mut self.state.project {
                    Some(project) if project.is_waiting_for(&dataset.report.path) => {
                        project.pose(dataset);
                        self.state.scene = None;
                        self.state.compare = None;
                        self.state.film = Film::default();
                    }
                    _ => self.state.set_project(Source::Dataset(dataset)),
                }
                if let (Some((_, saved)), Some(project)) = (&self.opening, &mut self.state.project)
                {
                    project.choose_views(&saved.views);
                }
                self.begin_photos(ctx);
            }
            Event::PhotosOpened(photos) => {
                self.note(&photos.report);
                self.state.set_project(Source::Photos(photos));
                self.begin_photos(ctx);
            }
            Event::VideoOpened(path) => {
                self.remember(&path);
                self.state.set_project(Source::Video(path));
                self.begin_photos(ctx);
            }
            Event::FramesTaken(frames) => {
                let what = if frames.were_there {
                    "There are already"
                } else {
                    "Wrote"
                };
                let text = format!(
                    "{what} {} frames in {}",
                    frames.count,
                    frames.folder.display()
                );
                self.state.say(Gravity::Note, text);
            }
            Event::PosesGrew(live) => {
                if let Some(project) = &mut self.state.project {
                    project.up = common_up(live.cameras.iter());
                    project.live = Some(live);
                }
            }
            Event::PosesFound(report) => {
                let text = format!(
                    "{}: {} of {} photos have firm poses, {} weak ones",
                    report.engine, report.good, report.photos, report.weak
                );
                self.state.say(Gravity::Note, text);
                if let Some(project) = &mut self.state.project {
                    project.gate = Some(report);
                }
            }
            Event::PointsUpdated(snapshot) => self.show_points(snapshot),
            _ => {}
        }
    }

    /// The running job has ended; what it showed meanwhile is no result.
    pub(super) fn end_job(&mut self) {
        self.state.job = None;
        self.saving_project = None;
        self.unsaved_failed();
        if let Some(run) = &mut self.state.run {
            run.end();
        }
        if let Some(project) = &mut self.state.project
            && project.live.take().is_some()
            && project.dataset().is_none()
        {
            self.state.scene = None;
            self.viewport.begin_anew();
        }
    }

    fn show_points(&mut self, snapshot: Snapshot) {
        let is_live = self
            .state
            .project
            .as_ref()
            .is_some_and(|it| it.live.is_some());
        let is_first = self.state.scene.is_none();
        self.state.set_points(snapshot);
        if is_first {
            self.viewport.begin_anew();
        } else if is_live {
            self.viewport.follow();
        }
    }

    fn begin_photos(&mut self, ctx: &egui::Context) {
        self.viewport.begin_anew();
        self.change_pictures(ctx);
        self.state.find_checkpoint();
        if let Some(project) = &self.state.project {
            let title = format!("{} – Accrete", project.name());
            ctx.send_viewport_cmd(ViewportCommand::Title(title));
        }
    }

    fn note(&mut self, report: &ImportReport) {
        self.remember(&report.path);
        self.state.say(Gravity::Note, report.headline());
    }

    fn remember(&mut self, path: &Path) {
        self.state.settings.remember(path);
        self.unsaved = true;
    }
}

//! Work that was not exported is not left without a question.

use std::path::Path;

use eframe::egui::{self, ViewportCommand};
use recon::worker::Command;

use super::App;
use crate::leaving::{Answer, Destination, Leaving, Stage};
use crate::optimise::Run;

impl App {
    /// The window shall close: not yet, where work would be lost.
    pub(super) fn hear_close(&mut self, ctx: &egui::Context) {
        let is_asked = ctx.input(|it| it.viewport().close_requested());
        if is_asked && !self.may_close && self.state.is_unsaved() {
            ctx.send_viewport_cmd(ViewportCommand::CancelClose);
            self.state
                .leaving
                .get_or_insert(Leaving::new(Destination::Quit));
        }
    }

    /// Goes there at once, or after a question where work would be lost.
    pub(super) fn leave(&mut self, ctx: &egui::Context, to: Destination) {
        if self.state.is_unsaved() {
            self.state.leaving = Some(Leaving::new(to));
            ctx.request_repaint();
        } else {
            self.go(ctx, to);
        }
    }

    /// What the user says to the question.
    pub(super) fn answer(&mut self, ctx: &egui::Context, answer: Answer) {
        match answer {
            Answer::Cancel => self.state.leaving = None,
            Answer::Discard => self.go_on(ctx),
            Answer::Save => {
                let is_active = self.state.run.as_ref().is_some_and(Run::is_active);
                if let Some(leaving) = &mut self.state.leaving {
                    leaving.stage = Stage::Ending;
                }
                if is_active {
                    self.stop();
                }
                self.hear_leaving();
            }
        }
    }

    /// Asks where to save as soon as what is to be saved is there.
    pub(super) fn hear_leaving(&mut self) {
        let is_active = self.state.run.as_ref().is_some_and(Run::is_active);
        let Some(leaving) = &mut self.state.leaving else {
            return;
        };
        if leaving.stage != Stage::Ending || is_active {
            return;
        }
        leaving.stage = Stage::Saving;
        if self.state.has_file() {
            let path = self.state.export.path.clone();
            self.dialogs.ask_where_to_save(Path::new(&path));
        } else {
            // It ended before there was anything to save.
            self.state.leaving = None;
        }
    }

    /// What was to be saved is saved.
    pub(super) fn leave_if_saved(&mut self, ctx: &egui::Context) {
        let is_saving = |it: &Leaving| it.stage == Stage::Saving;
        if self.state.leaving.as_ref().is_some_and(is_saving) {
            self.go_on(ctx);
        }
    }

    /// Nothing was chosen: it stays open.
    pub(super) fn stay(&mut self) {
        self.state.leaving = None;
    }

    fn go_on(&mut self, ctx: &egui::Context) {
        if let Some(leaving) = self.state.leaving.take() {
            self.go(ctx, leaving.to);
        }
    }

    fn go(&mut self, ctx: &egui::Context, to: Destination) {
        match to {
            Destination::Quit => {
                self.may_close = true;
                ctx.send_viewport_cmd(ViewportCommand::Close);
            }
            Destination::Close => self.close_scene(ctx),
            Destination::Command(command) => self.send_now(command),
        }
    }

    /// Hands a command to the worker.
    pub(super) fn send_now(&mut self, command: Command) {
        // Whatever failed before, this is a new try; saving is none.
        if !matches!(command, Command::Export { .. }) {
            self.state.error = None;
        }
        match &command {
            Command::Optimise(job) => self.begin_run(Run::new(job.config.clone())),
            Command::Reconstruct(job) => {
                // As it is measured.
                self.state.settings.render.antialiased = false;
                self.begin_run(Run::instant(job));
            }
            _ => {}
        }
        self.worker.send(command);
    }
}

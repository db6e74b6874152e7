//! Camera paths: keyframes from the present view, ready-made paths, the preview, rendering.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use eframe::egui;
use glam::Vec3;
use recon::camera_path::{CameraPath, Keyframe, Turntable};
use recon::film::{Film, FilmReport};
use recon::worker::{Command, Event, FilmJob};
use render::{Camera, Intrinsics};

use super::App;
use crate::action::{ShowAction, ShowFile};
use crate::state::{Gravity, Scene, with_ending};

/// Most keyframes of a path through photos.
const THROUGH_KEYFRAMES: usize = 24;

/// Most keyframes of a path that is opened: each is a row in the panel and lines in the scene.
const MAX_KEYFRAMES: usize = 1_000;

/// A turntable is not steeper than this, in radians: up would have no meaning.
const STEEPEST: f32 = 1.4;

/// After a longer pause the preview goes on from where it was, seconds.
const PAUSE_SECS: f64 = 0.5;

impl App {
    /// Does what the panel asked for.
    pub(super) fn act_on_show(&mut self, ctx: &egui::Context, action: ShowAction) {
        match action {
            ShowAction::Edit(show) => self.state.show = *show,
            ShowAction::Add => self.add_keyframe(),
            ShowAction::Update(index) => self.update_keyframe(index),
            ShowAction::Seek(secs) => {
                self.state.show.playing = false;
                self.seek(secs);
            }
            ShowAction::FlipPlay => self.flip_play(ctx),
            ShowAction::Turntable => self.turntable(),
            ShowAction::ThroughPhotos => self.through_photos(),
            ShowAction::Ask(file) => self.ask_for_show_file(file),
            ShowAction::OpenPath(path) => self.open_path(path),
            ShowAction::SavePath(path) => self.save_path(&path),
            ShowAction::RenderFilm => self.render_film(),
            ShowAction::RenderPicture => self.render_picture(),
        }
    }

    /// Moves the preview, as much as time has passed. A hand on the scene ends it.
    pub(super) fn play_on(&mut self, ctx: &egui::Context) {
        let is_over = self.state.scene.is_none() || self.state.compare.is_some();
        let show = &mut self.state.show;
        if !show.playing {
            return;
        }
        if is_over || self.viewport.is_held() {
            show.playing = false;
            return;
        }
        let now = ctx.input(|it| it.time);
        let passed = show.moved_at.map_or(0.0, |it| now - it);
        show.moved_at = Some(now);
        show.advance(passed.clamp(0.0, PAUSE_SECS));
        let at = show.at_secs;
        self.seek(at);
        ctx.request_repaint();
    }

    /// A film or a picture was written.
    pub(super) fn hear_film(&mut self, report: FilmReport) {
        let images = match report.images {
            1 => "1 image".to_owned(),
            count => format!("{count} images"),
        };
        let [width, height] = report.size;
        let place = report.out.display();
        let text = format!("Saved {place}: {images} of {width} x {height} pixels");
        self.show_saved(text);
        for warning in report.warnings {
            let text = format!("{}: {warning}", report.out.display());
            self.state.say(Gravity::Warning, text);
        }
    }

    /// Something was written.
    fn show_saved(&mut self, text: String) {
        self.state.show.saved = Some(text.clone());
        self.state.say(Gravity::Note, text);
    }

    /// A camera path was read or written.
    pub(super) fn hear_path(&mut self, event: Event) {
        match event {
            Event::CameraPathOpened(path, read) => self.hear_opened_path(&path, read),
            Event::CameraPathSaved(path) => {
                self.state.show.path_file = None;
                self.show_saved(format!("Saved the camera path {}", path.display()));
            }
            _ => {}
        }
    }

    /// It takes the place of what there was.
    fn hear_opened_path(&mut self, file: &Path, path: CameraPath) {
        let count = path.keyframes().len();
        let file = file.display();
        if self.state.scene.is_none() {
            return;
        }
        if MAX_KEYFRAMES < count {
            return self.state.fail(format!(
                "{file}: {count} cameras are more than the {MAX_KEYFRAMES} that can be edited \
                 here: `accrete render --path` draws them"
            ));
        }
        self.take_path(path);
        self.state.show.path_file = None;
        let text = format!("Opened the camera path {file}: {count} keyframes");
        self.state.say(Gravity::Note, text);
    }

    fn open_path(&mut self, path: PathBuf) {
        let fps = self.state.show.fps;
        self.send_now(Command::OpenCameraPath { path, fps });
    }

    fn save_path(&mut self, path: &Path) {
        let camera_path = self.state.show.path.clone();
        let path = with_ending(path, ".json").into();
        self.state.show.saved = None;
        self.send_now(Command::SaveCameraPath { path, camera_path });
    }

    fn ask_for_show_file(&mut self, file: ShowFile) {
        let show = &self.state.show;
        let proposed = match file {
            ShowFile::Film => PathBuf::from(show.out.trim()),
            ShowFile::Picture => PathBuf::from(show.picture_out.trim()),
            ShowFile::OpenPath | ShowFile::SavePath => show.proposed_path_file(),
        };
        self.dialogs.ask_for_show(file, show.kind, &proposed);
    }

    /// A file was chosen in the dialog.
    pub(super) fn take_show_file(&mut self, file: ShowFile, path: PathBuf) {
        let show = &mut self.state.show;
        match file {
            ShowFile::Film => show.film_to(&path),
            ShowFile::Picture => show.picture_to(&path),
            ShowFile::OpenPath => self.open_path(path),
            ShowFile::SavePath => self.save_path(&path),
        }
    }

    /// What to do where no dialog opens, in words.
    pub(super) fn show_without_dialog(&mut self, file: ShowFile) -> &'static str {
        let show = &mut self.state.show;
        match file {
            ShowFile::Film | ShowFile::Picture => "type the path under Camera path and film",
            ShowFile::OpenPath | ShowFile::SavePath => {
                let proposed = show.proposed_path_file().to_string_lossy().into_owned();
                show.path_file.get_or_insert(proposed);
                "type the path of the file under Camera path and film"
            }
        }
    }

    fn add_keyframe(&mut self) {
        let Some((c2w, fov)) = self.viewport.stance(&self.state) else {
            return;
        };
        let show = &mut self.state.show;
        let keyframe = Keyframe::new(show.next_secs(), &c2w, fov);
        show.at_secs = keyframe.time_secs;
        show.selected = show.path.insert(keyframe);
        show.playing = false;
    }

    fn update_keyframe(&mut self, index: usize) {
        let Some((c2w, fov)) = self.viewport.stance(&self.state) else {
            return;
        };
        let show = &mut self.state.show;
        if let Some(before) = show.path.keyframes().get(index) {
            let keyframe = Keyframe {
                ease: before.ease,
                ..Keyframe::new(before.time_secs, &c2w, fov)
            };
            show.selected = show.path.replace(index, keyframe);
        }
    }

    /// Shows what the path's camera sees at a time.
    fn seek(&mut self, secs: f64) {
        self.state.show.at_secs = secs;
        if let Some(camera) = self.state.show.path.camera_at(secs, [1, 1]) {
            self.state.compare = None;
            self.viewport.stand(&camera, &self.state);
        }
    }

    fn flip_play(&mut self, ctx: &egui::Context) {
        let show = &mut self.state.show;
        show.playing = !show.playing && !show.path.keyframes().is_empty();
        show.moved_at = None;
        if show.playing && show.end_secs() <= show.at_secs {
            show.at_secs = show.path.start_secs();
        }
        self.state.compare = None;
        ctx.request_repaint();
    }

    /// Around the main part of the scene, as far away and as high as the camera is now.
    fn turntable(&mut self) {
        let (Some(scene), Some((c2w, fov))) =
            (&self.state.scene, self.viewport.stance(&self.state))
        else {
            return;
        };
        let (centre, up) = (scene.main_part.centre(), self.state.up());
        let eye = Vec3::from(c2w.translation);
        let off = eye - centre;
        let least = 0.05 * scene.main_part.radius();
        let turntable = if least < off.length() {
            Turntable {
                centre,
                radius: off.length(),
                elevation: off.normalize().dot(up).asin().clamp(-STEEPEST, STEEPEST),
                up,
            }
        } else {
            // From within there is no way around: from where all of it is seen.
            let intrinsics = Intrinsics::from_vertical_fov(fov.to_radians(), 16, 9);
            let (low, high) = (scene.main_part.low, scene.main_part.high);
            Turntable::around(low, high, &intrinsics, up)
        };
        let path = turntable.path(eye, self.state.show.ready_secs, fov);
        self.take_path(path);
    }

    fn through_photos(&mut self) {
        let dataset = self.state.project.as_ref().and_then(|it| it.dataset());
        let secs = self.state.show.ready_secs;
        let path = dataset.and_then(|it| CameraPath::through_photos(it, THROUGH_KEYFRAMES, secs));
        match path {
            Some(path) => self.take_path(path),
            None => self.state.fail("There are no posed photos to go along."),
        }
    }

    fn take_path(&mut self, path: CameraPath) {
        let start = path.start_secs();
        self.state.show.replace_path(path);
        self.seek(start);
    }

    fn render_film(&mut self) {
        let show = &self.state.show;
        let size = show.size.pixels(self.viewport.size_px());
        let cameras = show.path.cameras(f64::from(show.fps), size);
        let out = show.out.clone();
        self.film(cameras, false, &out);
    }

    fn render_picture(&mut self) {
        let Some((c2w, fov)) = self.viewport.stance(&self.state) else {
            return;
        };
        let [width, height] = self.state.show.picture_px;
        let camera = Camera {
            intrinsics: Intrinsics::from_vertical_fov(fov.to_radians(), width, height),
            c2w,
        };
        let out = self.state.show.picture_out.clone();
        self.film(vec![camera], true, &out);
    }

    fn film(&mut self, cameras: Vec<Camera>, is_still: bool, out: &str) {
        let Some(file) = self.state.file() else {
            return;
        };
        // Edits are shown as copies: what a snapshot has on the GPU stays as it is.
        let shown = self.state.scene.as_ref().map(Scene::at_hand);
        let own = shown.filter(|it| Arc::ptr_eq(&it.file, &file));
        let on_gpu = own.map(|it| it.splats.clone());
        self.state.show.saved = None;
        self.state.show.playing = false;
        let film = Film {
            cameras,
            is_still,
            config: self.state.settings.render.clone(),
            out: PathBuf::from(out.trim()),
            fps: self.state.show.fps,
        };
        self.send_now(Command::Film(Box::new(FilmJob { file, on_gpu, film })));
    }
}

//! A film in the making: its camera path, where the preview stands, what is rendered and where to.

use std::path::{Path, PathBuf};

use recon::camera_path::CameraPath;

/// Longest side of an image, in pixels.
pub const MAX_SIDE_PX: u32 = 16_384;

/// A camera path and what becomes of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Show {
    /// Keyframes, in the scene's coordinates.
    pub path: CameraPath,
    /// The path that a ready-made one has taken the place of.
    pub before: Option<CameraPath>,
    /// The keyframe whose settings are shown.
    pub selected: Option<usize>,
    /// Where the preview stands, seconds.
    pub at_secs: f64,
    /// The camera goes along the path.
    pub playing: bool,
    /// When the preview moved last, seconds of the window's clock.
    pub(crate) moved_at: Option<f64>,
    /// How long ready-made paths take.
    pub ready_secs: f64,
    /// Size of the film's images.
    pub size: FilmSize,
    /// Images a second.
    pub fps: u32,
    /// As what the film is written.
    pub kind: FilmKind,
    /// Where to.
    pub out: String,
    /// Width and height of a picture.
    pub picture_px: [u32; 2],
    /// Where it goes.
    pub picture_out: String,
    /// A file of the camera path that is typed, where no dialog can be shown.
    pub path_file: Option<String>,
    /// What was written last, in words.
    pub saved: Option<String>,
}

impl Default for Show {
    fn default() -> Self {
        Self {
            path: CameraPath::default(),
            before: None,
            selected: None,
            at_secs: 0.0,
            playing: false,
            moved_at: None,
            ready_secs: 10.0,
            size: FilmSize::default(),
            fps: 30,
            kind: FilmKind::default(),
            out: "film.mp4".to_owned(),
            picture_px: [3840, 2160],
            picture_out: "picture.png".to_owned(),
            path_file: None,
            saved: None,
        }
    }
}

/// How large the images of a film are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FilmSize {
    /// 1280 × 720.
    Hd,
    /// 1920 × 1080.
    #[default]
    FullHd,
    /// 3840 × 2160.
    Uhd,
    /// As large as the scene in the window.
    Window,
}

impl FilmSize {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Hd, Self::FullHd, Self::Uhd, Self::Window];

    /// What a person calls it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Hd => "720p",
            Self::FullHd => "1080p",
            Self::Uhd => "4K",
            Self::Window => "As in the window",
        }
    }

    /// Width and height in pixels, even as videos need it; `window` is the scene's in the window.
    pub fn pixels(self, window: [u32; 2]) -> [u32; 2] {
        match self {
            Self::Hd => [1280, 720],
            Self::FullHd => [1920, 1080],
            Self::Uhd => [3840, 2160],
            Self::Window => window.map(|it| (it / 2 * 2).max(2)),
        }
    }
}

/// As what a film is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FilmKind {
    /// A video, by ffmpeg.
    #[default]
    Mp4,
    /// A video, by ffmpeg.
    WebM,
    /// Numbered PNGs in a folder.
    Images,
}

impl FilmKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Mp4, Self::WebM, Self::Images];

    /// What a person calls it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Mp4 => "MP4",
            Self::WebM => "WebM",
            Self::Images => "Folder of PNGs",
        }
    }

    /// How the names of its files end, with the dot.
    pub(crate) fn ending(self) -> &'static str {
        match self {
            Self::Mp4 => ".mp4",
            Self::WebM => ".webm",
            Self::Images => "",
        }
    }
}

impl Show {
    /// Writes as something else from now on; the place keeps its name.
    pub fn choose(&mut self, kind: FilmKind) {
        let ending = self.kind.ending();
        let stem = self.out.strip_suffix(ending).unwrap_or(&self.out);
        self.out = format!("{stem}{}", kind.ending());
        self.kind = kind;
    }

    /// The film goes there: as what the ending says, or where it says nothing as what was chosen.
    pub fn film_to(&mut self, place: &Path) {
        let ending = ending_of(place);
        let videos = [FilmKind::Mp4, FilmKind::WebM];
        self.out = match videos.into_iter().find(|it| it.ending() == ending) {
            Some(kind) => {
                self.kind = kind;
                place.to_string_lossy().into_owned()
            }
            None => with_ending(place, self.kind.ending()),
        };
    }

    /// The picture goes there.
    pub fn picture_to(&mut self, place: &Path) {
        self.picture_out = with_ending(place, ".png");
    }

    /// A file for the camera path, beside the film.
    pub fn proposed_path_file(&self) -> PathBuf {
        let film = Path::new(self.out.trim());
        let stem = film.file_stem().unwrap_or_default().to_string_lossy();
        let stem = stem.strip_suffix(" film").unwrap_or(&stem);
        film.with_file_name(format!("{stem} path.json"))
    }

    /// Files go beside `beside`, an export of the scene.
    pub fn propose(&mut self, beside: &str) {
        let beside = Path::new(beside);
        let stem = beside.file_stem().unwrap_or_default().to_string_lossy();
        let stem = stem.strip_suffix(" copy").unwrap_or(&stem);
        let place = |name: String| beside.with_file_name(name).to_string_lossy().into_owned();
        let ending = self.kind.ending();
        self.out = place(format!("{stem} film{ending}").trim_start().to_owned());
        self.picture_out = place(format!("{stem} picture.png").trim_start().to_owned());
    }

    /// Another scene is open: no path, and files beside `beside` (an export of the scene).
    pub fn begin_anew(&mut self, beside: &str) {
        *self = Self {
            ready_secs: self.ready_secs,
            size: self.size,
            fps: self.fps,
            kind: self.kind,
            picture_px: self.picture_px,
            ..Self::default()
        };
        self.propose(beside);
    }

    /// Puts a ready-made path in the place of what there is, which can be taken back.
    pub fn replace_path(&mut self, path: CameraPath) {
        let before = std::mem::replace(&mut self.path, path);
        if !before.keyframes().is_empty() {
            self.before = Some(before);
        }
        self.selected = None;
        self.playing = false;
        self.at_secs = self.path.start_secs();
    }

    /// When the next keyframe is, which is added at the end.
    pub fn next_secs(&self) -> f64 {
        /// Between the first two.
        const STEP_SECS: f64 = 2.0;
        let keyframes = self.path.keyframes();
        let (Some(first), Some(last)) = (keyframes.first(), keyframes.last()) else {
            return 0.0;
        };
        let pieces = keyframes.len() - 1;
        if pieces == 0 {
            return last.time_secs + STEP_SECS;
        }
        last.time_secs + (last.time_secs - first.time_secs) / pieces as f64
    }

    /// When the path ends, seconds.
    pub fn end_secs(&self) -> f64 {
        self.path.start_secs() + self.path.duration_secs()
    }

    /// Lets the preview go on by so many seconds; where the path is not looped it ends there.
    pub fn advance(&mut self, secs: f64) {
        let (start, whole) = (self.path.start_secs(), self.path.duration_secs());
        self.at_secs += secs;
        if self.at_secs < self.end_secs() {
            return;
        }
        if self.path.is_looped() && 0.0 < whole {
            self.at_secs = start + (self.at_secs - start).rem_euclid(whole);
        } else {
            self.at_secs = self.end_secs();
            self.playing = false;
        }
    }
}

/// The ending of a file, with the dot, in small letters.
fn ending_of(place: &Path) -> String {
    let ending = place.extension().unwrap_or_default();
    format!(".{}", ending.to_string_lossy().to_ascii_lowercase())
}

/// The same place, with this ending unless it has it.
pub(crate) fn with_ending(place: &Path, ending: &str) -> String {
    let text = place.to_string_lossy().into_owned();
    if ending.is_empty() || ending_of(place) == ending {
        return text;
    }
    text + ending
}

#[cfg(test)]
mod tests {
    use glam::Affine3A;
    use recon::camera_path::Keyframe;

    use super::*;

    fn with_keyframes(times: &[f64]) -> Show {
        let mut show = Show::default();
        for time in times {
            let keyframe = Keyframe::new(*time, &Affine3A::IDENTITY, 45.0);
            show.path.insert(keyframe).unwrap();
        }
        show
    }

    #[test]
    fn keyframes_follow_each_other_evenly() {
        assert_eq!(with_keyframes(&[]).next_secs(), 0.0);
        assert_eq!(with_keyframes(&[1.0]).next_secs(), 3.0);
        assert_eq!(with_keyframes(&[0.0, 1.0, 4.0]).next_secs(), 6.0);
    }

    #[test]
    fn the_preview_ends_or_goes_round() {
        let mut show = with_keyframes(&[1.0, 3.0]);
        (show.at_secs, show.playing) = (2.5, true);
        show.advance(0.25);
        assert!(show.playing && show.at_secs == 2.75);
        show.advance(9.0);
        assert!(!show.playing && show.at_secs == 3.0);
        show.path.set_looped(true);
        (show.at_secs, show.playing) = (4.5, true);
        show.advance(1.0);
        assert!(
            show.playing && (show.at_secs - 1.5).abs() < 1e-9,
            "{}",
            show.at_secs
        );
    }

    #[test]
    fn places_follow_the_scene_and_the_kind() {
        let mut show = with_keyframes(&[1.0]);
        show.begin_anew("/scenes/garden copy.ply");
        assert!(show.path.keyframes().is_empty());
        assert!(Path::new(&show.out) == Path::new("/scenes/garden film.mp4"));
        assert!(Path::new(&show.picture_out) == Path::new("/scenes/garden picture.png"));
        show.choose(FilmKind::Images);
        assert!(show.out.ends_with("garden film"));
        show.choose(FilmKind::WebM);
        assert!(show.out.ends_with("garden film.webm"));
        assert_eq!(FilmSize::Window.pixels([761, 0]), [760, 2]);

        show.film_to(Path::new("/films/a.MP4"));
        assert_eq!((show.kind, &*show.out), (FilmKind::Mp4, "/films/a.MP4"));
        show.film_to(Path::new("/films/b.1"));
        assert_eq!((show.kind, &*show.out), (FilmKind::Mp4, "/films/b.1.mp4"));
        show.choose(FilmKind::Images);
        show.film_to(Path::new("/films/c d"));
        assert_eq!((show.kind, &*show.out), (FilmKind::Images, "/films/c d"));
        show.picture_to(Path::new("/films/c d"));
        assert_eq!(show.picture_out, "/films/c d.png");
        show.out = "/films/garden film.webm".to_owned();
        assert!(show.proposed_path_file() == Path::new("/films/garden path.json"));
    }
}

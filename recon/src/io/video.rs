//! Videos by ffmpeg: raw frames into its standard input, a file out of it.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::{FormatError, IoError};

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Container {
    Mp4,
    WebM,
}

impl Container {
    /// By the ending of a file's name, in lower case.
    pub(super) fn from_ending(ending: &str) -> Option<Self> {
        match ending {
            "mp4" => Some(Self::Mp4),
            "webm" => Some(Self::WebM),
            _ => None,
        }
    }

    /// Codec and quality: visually lossless, and what every browser and phone plays.
    fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Mp4 => &[
                "-c:v",
                "libx264",
                "-crf",
                "18",
                "-movflags",
                "+faststart",
                "-f",
                "mp4",
            ],
            Self::WebM => &[
                "-c:v",
                "libvpx-vp9",
                "-crf",
                "24",
                "-b:v",
                "0",
                "-row-mt",
                "1",
                "-f",
                "webm",
            ],
        }
    }
}

/// Halved colour resolution, as players expect, and the colour space said and meant.
const COLOUR: &[&str] = &[
    "-vf",
    "scale=out_color_matrix=bt709:out_range=tv",
    "-pix_fmt",
    "yuv420p",
    "-colorspace",
    "bt709",
    "-color_primaries",
    "bt709",
    "-color_trc",
    "bt709",
];

/// A running encoder. Dropped before it is finished, it leaves nothing behind.
#[derive(Debug)]
pub struct Video {
    ffmpeg: Child,
    path: PathBuf,
    /// Written first; takes the name `path` when complete.
    part: PathBuf,
    /// What ffmpeg says goes into a file: no full pipe ever stops it.
    said: PathBuf,
}

impl Video {
    /// Starts ffmpeg.
    ///
    /// # Errors
    /// Where a side is odd (colour has half the resolution) or ffmpeg cannot be started.
    pub(super) fn start(
        path: &Path,
        container: Container,
        [width, height]: [u32; 2],
        fps: u32,
    ) -> Result<Self, IoError> {
        let unsupported = |why: String| IoError::format(path, FormatError::Unsupported(why));
        if !width.is_multiple_of(2) || !height.is_multiple_of(2) {
            return Err(unsupported(format!(
                "a video needs an even width and height, these images have {width} x {height} \
                 pixels: choose another size, or a folder for numbered PNGs"
            )));
        }
        let part = beside(path, "part")?;
        let said = beside(path, "said")?;
        let messages = File::create(&said).map_err(|it| IoError::system(path, it))?;
        let program = crate::poses::video::ffmpeg().unwrap_or_else(|| "ffmpeg".into());
        let started = Command::new(program)
            .args(["-hide_banner", "-loglevel", "error", "-nostdin", "-y"])
            .args(["-f", "rawvideo", "-pix_fmt", "rgb24"])
            .args(["-s", &format!("{width}x{height}")])
            .args(["-r", &fps.to_string(), "-i", "pipe:0", "-an"])
            .args(COLOUR)
            .args(container.arguments())
            .arg(&part)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(messages)
            .spawn();
        let ffmpeg = started.map_err(|err| {
            fs::remove_file(&said).ok();
            match err.kind() {
                ErrorKind::NotFound => unsupported(
                    "videos are made by ffmpeg, which is not on PATH. Install it \
                     (`apt-get install ffmpeg`, `brew install ffmpeg`), or give a folder for \
                     numbered PNGs"
                        .to_owned(),
                ),
                _ => unsupported(format!("ffmpeg could not be started: {err}")),
            }
        })?;
        Ok(Self {
            ffmpeg,
            path: path.to_owned(),
            part,
            said,
        })
    }

    /// Takes the next frame, three bytes a pixel.
    ///
    /// # Errors
    /// Where ffmpeg has stopped; in its own words.
    pub(super) fn push(&mut self, rgb: &[u8]) -> Result<(), IoError> {
        let stdin = self.ffmpeg.stdin.as_mut();
        let written = stdin.map(|it| it.write_all(rgb));
        match written {
            Some(Ok(())) => Ok(()),
            _ => Err(self.failure()),
        }
    }

    /// Waits until the file is complete and gives it its name.
    ///
    /// # Errors
    /// Where ffmpeg fails; in its own words.
    pub(super) fn finish(mut self) -> Result<(), IoError> {
        drop(self.ffmpeg.stdin.take());
        let ended = self.ffmpeg.wait();
        if !ended.is_ok_and(|it| it.success()) {
            return Err(self.failure());
        }
        fs::rename(&self.part, &self.path).map_err(|it| IoError::system(&self.path, it))
    }

    fn failure(&mut self) -> IoError {
        // It says what is wrong and ends by itself once its input is closed.
        drop(self.ffmpeg.stdin.take());
        self.ffmpeg.wait().ok();
        let said = fs::read(&self.said).unwrap_or_default();
        let said = String::from_utf8_lossy(&said);
        let part = self.part.display().to_string();
        let path = self.path.display().to_string();
        let words = said.trim().replace(&part, &path);
        let why = format!("ffmpeg could not write it: {words}");
        IoError::format(&self.path, FormatError::Unsupported(why))
    }
}

impl Drop for Video {
    fn drop(&mut self) {
        // After `finish` the process has ended and the part has its name.
        self.ffmpeg.kill().ok();
        self.ffmpeg.wait().ok();
        fs::remove_file(&self.part).ok();
        fs::remove_file(&self.said).ok();
    }
}

/// A hidden name in the same folder, so that renaming does not copy.
fn beside(path: &Path, ending: &str) -> Result<PathBuf, IoError> {
    let name = path.file_name().ok_or_else(|| {
        let why = "not the name of a file".to_owned();
        IoError::format(path, FormatError::Unsupported(why))
    })?;
    let hidden = format!(
        ".{}.{}.{ending}",
        name.to_string_lossy(),
        std::process::id()
    );
    // ffmpeg takes what begins with a dash for an option, and `name:` for a protocol.
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    Ok(folder.unwrap_or(Path::new(".")).join(hidden))
}

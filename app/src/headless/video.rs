//! Videos by ffmpeg: raw frames into its standard input, a file out of it.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::thread::{self, JoinHandle};

use anyhow::{Context, anyhow, bail};
use recon::io::IoError;

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

/// A running encoder. Dropped before [`Video::finish`], it leaves nothing behind.
#[derive(Debug)]
pub(super) struct Video {
    ffmpeg: Child,
    /// What ffmpeg says, collected so that a full pipe never stops it.
    messages: Option<JoinHandle<String>>,
    path: PathBuf,
    /// Written first; takes the name `path` when complete.
    part: PathBuf,
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
    ) -> anyhow::Result<Self> {
        if !width.is_multiple_of(2) || !height.is_multiple_of(2) {
            bail!(
                "a video needs an even width and height, these images have {width} x {height} \
                 pixels: give --width and --height, or a folder as --out"
            );
        }
        let part = part_beside(path)?;
        let program = recon::poses::video::ffmpeg().unwrap_or_else(|| "ffmpeg".into());
        let mut ffmpeg = Command::new(program)
            .args(["-hide_banner", "-loglevel", "error", "-nostdin", "-y"])
            .args(["-f", "rawvideo", "-pix_fmt", "rgba"])
            .args(["-s", &format!("{width}x{height}")])
            .args(["-r", &fps.to_string(), "-i", "pipe:0", "-an"])
            .args(COLOUR)
            .args(container.arguments())
            .arg(&part)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|err| match err.kind() {
                ErrorKind::NotFound => anyhow!(
                    "{}: videos are made by ffmpeg, which is not on PATH. Install it \
                     (`apt-get install ffmpeg`, `brew install ffmpeg`), or give a folder as --out \
                     for numbered PNGs",
                    path.display()
                ),
                _ => anyhow::Error::new(err).context("starting ffmpeg"),
            })?;
        let messages = ffmpeg.stderr.take().map(collect).transpose();
        Ok(Self {
            ffmpeg,
            messages: messages.context("listening to ffmpeg")?,
            path: path.to_owned(),
            part,
        })
    }

    /// Takes the next frame, RGBA.
    ///
    /// # Errors
    /// Where ffmpeg has stopped; in its own words.
    pub(super) fn push(&mut self, rgba: &[u8]) -> anyhow::Result<()> {
        let stdin = self.ffmpeg.stdin.as_mut();
        let written = stdin.map(|it| it.write_all(rgba));
        match written {
            Some(Ok(())) => Ok(()),
            _ => Err(self.failure()),
        }
    }

    /// Waits until the file is complete and gives it its name.
    ///
    /// # Errors
    /// Where ffmpeg fails; in its own words.
    pub(super) fn finish(mut self) -> anyhow::Result<()> {
        drop(self.ffmpeg.stdin.take());
        let status = self.ffmpeg.wait().context("waiting for ffmpeg")?;
        if !status.success() {
            return Err(self.failure());
        }
        fs::rename(&self.part, &self.path).map_err(|it| IoError::system(&self.path, it))?;
        Ok(())
    }

    fn failure(&mut self) -> anyhow::Error {
        // It says what is wrong and ends by itself once its input is closed.
        drop(self.ffmpeg.stdin.take());
        self.ffmpeg.wait().ok();
        let messages = self.messages.take().and_then(|it| it.join().ok());
        let messages = messages.unwrap_or_default();
        let part = self.part.display().to_string();
        let path = self.path.display().to_string();
        anyhow!(
            "ffmpeg could not write {path}: {}",
            messages.trim().replace(&part, &path)
        )
    }
}

impl Drop for Video {
    fn drop(&mut self) {
        // After `finish` the process has ended and the part has its name: nothing happens here.
        self.ffmpeg.kill().ok();
        self.ffmpeg.wait().ok();
        fs::remove_file(&self.part).ok();
    }
}

fn collect(mut stderr: ChildStderr) -> std::io::Result<JoinHandle<String>> {
    let read = move || {
        let mut bytes = Vec::new();
        stderr.read_to_end(&mut bytes).ok();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    thread::Builder::new()
        .name("ffmpeg-messages".to_owned())
        .spawn(read)
}

/// A hidden name in the same folder, so that renaming does not copy.
fn part_beside(path: &Path) -> anyhow::Result<PathBuf> {
    let name = path.file_name().context("not the name of a file")?;
    let name = name.to_string_lossy();
    let part = format!(".{name}.{}.part", std::process::id());
    // ffmpeg takes what begins with a dash for an option, and `name:` for a protocol.
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    Ok(folder.unwrap_or(Path::new(".")).join(part))
}

//! Drawn images on their way to disk: one PNG, numbered PNGs in a folder, or a video. What is not
//! finished leaves nothing behind.

use std::fs;
use std::path::{Path, PathBuf};

use image::{DynamicImage, RgbImage};

use super::video::{Container, Video};
use super::{FormatError, IoError, save_png};
use crate::film::Picture;

/// Endings of images and videos that are not written; a folder of such a name is a mistake.
const OTHER_MEDIA: [&str; 12] = [
    "jpg", "jpeg", "webp", "gif", "bmp", "tif", "tiff", "exr", "avi", "mov", "mkv", "m4v",
];

/// Digits of an image's number, at least: names then sort as the images follow.
const DIGITS: usize = 4;

/// Where images go, in order.
#[derive(Debug)]
pub enum PictureFiles {
    /// One file.
    Png(PathBuf),
    /// Files with numbers.
    Folder(Staged),
    /// A running encoder.
    Video(Box<Video>),
}

/// What a name asks for.
enum Kind {
    Png,
    Folder,
    Video(Container, [u32; 2]),
}

impl Kind {
    fn of(out: &Path, sizes: &[[u32; 2]], is_still: bool) -> Result<Self, IoError> {
        let unsuited = |why: String| IoError::format(out, FormatError::Unsupported(why));
        if sizes.is_empty() {
            return Err(unsuited("there is nothing to draw".to_owned()));
        }
        let ending = out.extension().unwrap_or_default().to_ascii_lowercase();
        let ending = ending.to_string_lossy();
        if let Some(container) = Container::from_ending(&ending) {
            let size = common_size(sizes).map_err(unsuited)?;
            return Ok(Self::Video(container, size));
        }
        if ending == "png" && !is_still {
            let why = "several images do not go into one .png; give a folder, .mp4 or .webm";
            return Err(unsuited(why.to_owned()));
        }
        if OTHER_MEDIA.contains(&ending.as_ref()) {
            return Err(unsuited(format!(
                ".{ending} is not written; give .png, a folder, .mp4 or .webm"
            )));
        }
        Ok(if ending == "png" {
            Self::Png
        } else {
            Self::Folder
        })
    }
}

/// Numbered files in a hidden folder, until they are all there.
#[derive(Debug)]
pub struct Staged {
    out: PathBuf,
    staging: PathBuf,
    names: Vec<String>,
    digits: usize,
}

impl PictureFiles {
    /// What the name `out` asks for, for images of these sizes: a .png takes the single image of a
    /// still, .mp4 and .webm are videos, everything else is a folder.
    ///
    /// # Errors
    /// Where the name does not suit the images, a folder cannot be made, or ffmpeg is missing.
    pub fn create(
        out: &Path,
        sizes: &[[u32; 2]],
        is_still: bool,
        fps: u32,
    ) -> Result<Self, IoError> {
        match Kind::of(out, sizes, is_still)? {
            Kind::Png => Ok(Self::Png(out.to_owned())),
            Kind::Folder => Staged::create(out, sizes.len()).map(Self::Folder),
            Kind::Video(container, size) => {
                let video = Video::start(out, container, size, fps)?;
                Ok(Self::Video(Box::new(video)))
            }
        }
    }

    /// Whether the name suits the images; nothing is begun.
    ///
    /// # Errors
    /// Those of [`Self::create`], as far as they can be known.
    pub fn check(out: &Path, sizes: &[[u32; 2]], is_still: bool) -> Result<(), IoError> {
        Kind::of(out, sizes, is_still).map(|_| ())
    }

    /// Takes the next image.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn push(&mut self, picture: Picture) -> Result<(), IoError> {
        match self {
            Self::Png(path) => picture.save_png(path),
            Self::Folder(staged) => staged.push(picture),
            Self::Video(video) => video.push(&picture.rgb),
        }
    }

    /// Completes what was begun and gives it its name. Returns what is odd, in words for a person.
    ///
    /// # Errors
    /// Where the encoder fails or the system refuses.
    pub fn finish(self) -> Result<Vec<String>, IoError> {
        match self {
            Self::Png(_) => Ok(Vec::new()),
            Self::Folder(staged) => staged.finish(),
            Self::Video(video) => video.finish().map(|()| Vec::new()),
        }
    }
}

impl Picture {
    /// Writes it as a PNG, in one step.
    ///
    /// # Errors
    /// Where the picture has no pixels or the system refuses.
    pub fn save_png(self, path: &Path) -> Result<(), IoError> {
        let pixels = RgbImage::from_raw(self.width, self.height, self.rgb).ok_or_else(|| {
            let why = "a picture without all of its pixels".to_owned();
            IoError::format(path, FormatError::Malformed(why))
        })?;
        save_png(path, &DynamicImage::from(pixels))
    }
}

/// A video has one size.
fn common_size(sizes: &[[u32; 2]]) -> Result<[u32; 2], String> {
    let first = sizes.first().copied().unwrap_or_default();
    match sizes.iter().find(|it| **it != first) {
        None => Ok(first),
        Some([other_width, other_height]) => Err(format!(
            "the cameras have images of {} x {} and of {other_width} x {other_height} pixels, and a \
             video has one size: give --width and --height, or a folder",
            first[0], first[1]
        )),
    }
}

impl Staged {
    fn create(out: &Path, count: usize) -> Result<Self, IoError> {
        let system = |it| IoError::system(out, it);
        let number = std::process::id();
        let staging = if out.exists() {
            if !out.is_dir() {
                let why = "this is a file; numbered images need a folder".to_owned();
                return Err(IoError::format(out, FormatError::Unsupported(why)));
            }
            out.join(format!(".images.{number}.part"))
        } else {
            let name = out.file_name().unwrap_or_default().to_string_lossy();
            let parent = out.parent().filter(|it| !it.as_os_str().is_empty());
            fs::create_dir_all(parent.unwrap_or(Path::new("."))).map_err(system)?;
            out.with_file_name(format!(".{name}.{number}.part"))
        };
        fs::create_dir(&staging).map_err(system)?;
        Ok(Self {
            out: out.to_owned(),
            staging,
            names: Vec::new(),
            digits: count.saturating_sub(1).to_string().len().max(DIGITS),
        })
    }

    fn name(&self, number: usize) -> String {
        format!("frame_{number:0digits$}.png", digits = self.digits)
    }

    fn push(&mut self, picture: Picture) -> Result<(), IoError> {
        let name = self.name(self.names.len());
        let path = self.staging.join(&name);
        // What fails is told of the place that the user knows.
        picture.save_png(&path).map_err(|it| match it {
            IoError::System { source, .. } => IoError::system(&self.out.join(&name), source),
            told @ IoError::Format { .. } => told,
        })?;
        self.names.push(name);
        Ok(())
    }

    fn finish(mut self) -> Result<Vec<String>, IoError> {
        let system = |it| IoError::system(&self.out, it);
        if !self.out.exists() {
            fs::rename(&self.staging, &self.out).map_err(system)?;
            return Ok(Vec::new());
        }
        for name in &self.names {
            let path = self.out.join(name);
            fs::rename(self.staging.join(name), &path).map_err(|it| IoError::system(&path, it))?;
        }
        let next = self.name(self.names.len());
        let mut warnings = Vec::new();
        if self.out.join(&next).exists() {
            warnings.push(format!(
                "the folder has older images as well, from {next} on"
            ));
        }
        self.names.clear();
        Ok(warnings)
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // Gone, or empty, where everything has its name.
        fs::remove_dir_all(&self.staging).ok();
    }
}

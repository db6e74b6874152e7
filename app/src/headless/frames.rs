//! Drawn images on their way to disk: one PNG, numbered PNGs, or a video.

use std::fs;
use std::path::{Path, PathBuf};

use ::render::gpu::Gpu;
use ::render::{Camera, FrameStats, GpuSplats, Rasterizer, RenderConfig};
use anyhow::{Context, bail};
use image::{DynamicImage, RgbaImage};
use recon::io::{IoError, save_png};

use super::shots::Shots;
use super::video::{Container, Video};

/// Endings of images and videos that are not written; a folder of such a name is a mistake.
const OTHER_MEDIA: [&str; 12] = [
    "jpg", "jpeg", "webp", "gif", "bmp", "tif", "tiff", "exr", "avi", "mov", "mkv", "m4v",
];

/// An image on the host, row-major from the top left.
#[derive(Clone, Debug)]
pub(super) struct Picture {
    pub(super) width: u32,
    pub(super) height: u32,
    /// Four bytes a pixel, opaque.
    pub(super) rgba: Vec<u8>,
}

impl Picture {
    /// Draws one and waits for it.
    pub(super) fn draw(
        gpu: &Gpu,
        rasterizer: &mut Rasterizer,
        splats: &GpuSplats,
        camera: &Camera,
        config: &RenderConfig,
    ) -> anyhow::Result<(Self, FrameStats)> {
        let stats = rasterizer.draw_complete(gpu, splats, camera, config)?;
        let picture = Self {
            width: camera.intrinsics.width,
            height: camera.intrinsics.height,
            rgba: rasterizer.read_rgba8(gpu)?,
        };
        Ok((picture, stats))
    }

    /// Writes it as a PNG without alpha, in one step.
    pub(super) fn save_png(&self, path: &Path) -> anyhow::Result<()> {
        let pixels = RgbaImage::from_raw(self.width, self.height, self.rgba.clone());
        let image = DynamicImage::from(pixels.context("a picture without its pixels")?);
        Ok(save_png(path, &image.into_rgb8().into())?)
    }
}

/// Where the images go, in order.
#[derive(Debug)]
pub(super) enum Frames {
    Png(PathBuf),
    /// Files with the number of the next one.
    Folder(PathBuf, usize),
    Video(Box<Video>),
}

impl Frames {
    /// What the name `out` asks for; makes the folder or starts the encoder.
    ///
    /// # Errors
    /// Where the name does not suit the images, the folder cannot be made, or ffmpeg is missing.
    pub(super) fn create(out: &Path, shots: &Shots, fps: u32) -> anyhow::Result<Self> {
        let ending = out.extension().unwrap_or_default().to_ascii_lowercase();
        let ending = ending.to_string_lossy();
        if let Some(container) = Container::from_ending(&ending) {
            let video = Video::start(out, container, shots.common_size()?, fps)?;
            return Ok(Self::Video(Box::new(video)));
        }
        if ending == "png" {
            if !shots.is_single {
                bail!(
                    "{}: several images do not go into one .png; give a folder, .mp4 or .webm",
                    out.display()
                );
            }
            return Ok(Self::Png(out.to_owned()));
        }
        if OTHER_MEDIA.contains(&ending.as_ref()) {
            bail!(
                "{}: .{ending} is not written; give .png, a folder, .mp4 or .webm",
                out.display()
            );
        }
        fs::create_dir_all(out).map_err(|it| IoError::system(out, it))?;
        Ok(Self::Folder(out.to_owned(), 0))
    }

    /// Takes the next image.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub(super) fn push(&mut self, picture: &Picture) -> anyhow::Result<()> {
        match self {
            Self::Png(path) => picture.save_png(path),
            Self::Folder(folder, next) => {
                picture.save_png(&folder.join(format!("frame_{next:04}.png")))?;
                *next += 1;
                Ok(())
            }
            Self::Video(video) => video.push(&picture.rgba),
        }
    }

    /// Completes what was begun.
    ///
    /// # Errors
    /// Where the encoder fails.
    pub(super) fn finish(self) -> anyhow::Result<()> {
        match self {
            Self::Png(_) | Self::Folder(..) => Ok(()),
            Self::Video(video) => video.finish(),
        }
    }
}

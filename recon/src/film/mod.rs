//! Films and pictures of splats: cameras and settings in; a PNG, a folder of PNGs or a video out.
//!
//! What is deliberately absent: this knows no thread and no window. Whoever calls hears of every
//! piece that is done, and can end the work; nothing half-written is left then.

mod picture;

use std::ops::ControlFlow;
use std::path::PathBuf;

use render::gpu::{Gpu, GpuError};
use render::{Camera, GpuSplats, Rasterizer, RenderConfig, Window};

use crate::io::{IoError, PictureFiles};

pub use picture::{Picture, draw_picture, windows_for};

/// What is drawn, and where to.
#[derive(Clone, Debug)]
pub struct Film {
    /// One for each image.
    pub cameras: Vec<Camera>,
    /// A single image is wanted: `out` may be a .png. A film may have one image too.
    pub is_still: bool,
    /// How splats are drawn.
    pub config: RenderConfig,
    /// A .png for a single image, else .mp4, .webm, or a folder for numbered PNGs.
    pub out: PathBuf,
    /// Images a second of a video.
    pub fps: u32,
}

impl Film {
    /// Whether `out` suits the images, before anything is drawn or begun.
    ///
    /// # Errors
    /// As those of [`shoot`], as far as they can be known.
    pub fn check(&self) -> Result<(), FilmError> {
        Ok(PictureFiles::check(
            &self.out,
            &self.sizes(),
            self.is_still,
        )?)
    }

    fn sizes(&self) -> Vec<[u32; 2]> {
        let size = |it: &Camera| [it.intrinsics.width, it.intrinsics.height];
        self.cameras.iter().map(size).collect()
    }
}

/// What it came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FilmReport {
    /// Where it lies.
    pub out: PathBuf,
    /// How many images there are.
    pub images: usize,
    /// Width and height of the first, in pixels.
    pub size: [u32; 2],
    /// What is odd, in words for a person.
    pub warnings: Vec<String>,
}

/// Why there is no film.
#[derive(Debug, thiserror::Error)]
pub enum FilmError {
    /// Something cannot be written.
    #[error(transparent)]
    Io(#[from] IoError),
    /// The GPU refused.
    #[error(transparent)]
    Gpu(#[from] GpuError),
    /// The image does not fit into the memory.
    #[error(
        "an image of {width} x {height} pixels takes {} MB, more than there is: choose a smaller \
         one",
        3 * u64::from(*width) * u64::from(*height) / 1_000_000
    )]
    TooLarge {
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
    },
    /// It was told to end.
    #[error("cancelled; nothing was written")]
    Cancelled,
}

/// Draws and writes all images. `step` hears how many pieces are done, of how many in all (an image
/// is one, or several where it is large), and says whether to go on.
///
/// # Errors
/// Where `out` does not suit the images or cannot be written, or the device refuses;
/// [`FilmError::Cancelled`] where `step` breaks. What was begun is gone then.
pub fn shoot(
    gpu: &Gpu,
    rasterizer: &mut Rasterizer,
    splats: &GpuSplats,
    film: &Film,
    step: &mut dyn FnMut(u64, u64) -> ControlFlow<()>,
) -> Result<FilmReport, FilmError> {
    let sizes = film.sizes();
    let mut files = PictureFiles::create(&film.out, &sizes, film.is_still, film.fps)?;
    let windows: Vec<Vec<Window>> = film.cameras.iter().map(|it| windows_for(gpu, it)).collect();
    let total = windows.iter().map(Vec::len).sum::<usize>() as u64;
    let (mut done, mut incomplete) = (0, 0);
    let mut go_on = |done| match step(done, total) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(FilmError::Cancelled),
    };
    go_on(done)?;
    for (camera, windows) in film.cameras.iter().zip(&windows) {
        let mut piece = || {
            done += 1;
            go_on(done)
        };
        let scene = (splats, &film.config);
        let drawn = draw_picture(gpu, rasterizer, scene, (camera, windows), &mut piece)?;
        incomplete += usize::from(!drawn.is_complete);
        files.push(drawn)?;
    }
    let mut warnings = files.finish()?;
    if 0 < incomplete {
        warnings.push(format!(
            "in {incomplete} of {} images more splats overlap than {} can hold; the farthest are \
             missing",
            sizes.len(),
            gpu.capabilities().name
        ));
    }
    Ok(FilmReport {
        out: film.out.clone(),
        images: sizes.len(),
        size: sizes.first().copied().unwrap_or_default(),
        warnings,
    })
}

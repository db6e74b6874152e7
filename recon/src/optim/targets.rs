//! The photos that are fitted, on the GPU, with the cameras that took them.

use std::ops::ControlFlow;

use render::Camera;
use render::gpu::{Gpu, GpuVec};
use render::loss::{AlphaUse, Photo};

use crate::dataset::camera_of;
use crate::edit::Region;
use crate::io::photo::{Photo as HostPhoto, PhotoLoader};

use super::OptimError;
use super::sight::seen;

/// Photos share arrays of at most this size.
const ARRAY_BYTES: u64 = 256 << 20;

/// A photo that is fitted.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// Index into the dataset's views.
    pub(super) view: usize,
    /// Where it was taken from, at the photo's size.
    pub(super) camera: Camera,
    /// The photo.
    pub(super) photo: Photo,
    /// What its fourth channel is.
    pub(super) alpha_use: AlphaUse,
}

/// The photos that are fitted.
#[derive(Clone, Debug, Default)]
pub(super) struct Targets {
    /// All that could be read.
    pub(super) all: Vec<Target>,
    /// Size on the device.
    pub(super) bytes: u64,
}

impl Targets {
    /// Pixels of a photo, in the mean.
    pub(super) fn mean_pixels(&self) -> usize {
        let pixels = |it: &Target| it.photo.size[0] as usize * it.photo.size[1] as usize;
        self.all.iter().map(pixels).sum::<usize>() / self.all.len().max(1)
    }

    /// Decodes the photos of `views` and puts them on the GPU. What cannot be read is told and
    /// left out. Where there is a region, only the pixels that may show it count.
    ///
    /// # Errors
    /// [`OptimError::NoPhotos`] where none is left, [`OptimError::Cancelled`] where `visit` says
    /// so, and what the GPU refuses.
    pub(super) fn load(
        gpu: &Gpu,
        loader: &PhotoLoader,
        (views, region): (&[usize], Option<&Region>),
        visit: &mut dyn FnMut(Loading) -> ControlFlow<()>,
    ) -> Result<Self, OptimError> {
        let limit = gpu.capabilities().max_binding_bytes.min(ARRAY_BYTES) as usize / 4;
        let mut targets = Self::default();
        let mut gathered: Vec<(usize, HostPhoto)> = Vec::new();
        let mut pixels = 0;
        let mut outcome = Ok(());
        let mut done = 0;
        let flow = loader.for_each_in_order(views, &mut |view, loaded| {
            done += 1;
            match loaded {
                Err(err) => visit(Loading::Unreadable(err.to_string()))?,
                Ok(photo) => {
                    let more = photo.width as usize * photo.height as usize;
                    if limit < pixels + more {
                        outcome =
                            targets.upload(gpu, loader, std::mem::take(&mut gathered), region);
                        pixels = 0;
                    }
                    pixels += more;
                    gathered.push((view, (*photo).clone()));
                }
            }
            if outcome.is_err() {
                return ControlFlow::Break(());
            }
            visit(Loading::Done(done, views.len()))
        });
        outcome?;
        if flow.is_break() {
            return Err(OptimError::Cancelled);
        }
        targets.upload(gpu, loader, gathered, region)?;
        if targets.all.is_empty() {
            return Err(OptimError::NoPhotos);
        }
        Ok(targets)
    }

    fn upload(
        &mut self,
        gpu: &Gpu,
        loader: &PhotoLoader,
        photos: Vec<(usize, HostPhoto)>,
        region: Option<&Region>,
    ) -> Result<(), OptimError> {
        let pixels: usize = photos
            .iter()
            .map(|(_, it)| it.width as usize * it.height as usize)
            .sum();
        if pixels == 0 {
            return Ok(());
        }
        let array = GpuVec::<u32>::zeroed(gpu, "photos", pixels)?;
        self.bytes += array.bytes();
        let mut first = 0;
        for (view, photo) in photos {
            let camera = camera_of(&loader.dataset().views[view], &photo.lens);
            let (mut rgba, mut alpha_use) = with_mask(&photo);
            if let Some(region) = region {
                let rectangle = seen(region, &camera).unwrap_or_default();
                alpha_use = limited((&mut rgba, photo.width), alpha_use, rectangle);
            }
            let packed: Vec<u32> = rgba
                .as_chunks()
                .0
                .iter()
                .map(|it| u32::from_le_bytes(*it))
                .collect();
            array.write_at(gpu, first, &packed);
            self.all.push(Target {
                view,
                camera,
                photo: Photo {
                    pixels: array.clone(),
                    first,
                    size: [photo.width, photo.height],
                },
                alpha_use,
            });
            first += packed.len();
        }
        Ok(())
    }
}

/// What [`Targets::load`] tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Loading {
    /// So many of so many were read.
    Done(usize, usize),
    /// One could not be read: why, naming the file.
    Unreadable(String),
}

/// The pixels with what their fourth channel is. A mask counts for more than transparency: where
/// there is one, transparent parts are laid over black.
fn with_mask(photo: &HostPhoto) -> (Vec<u8>, AlphaUse) {
    let mut rgba = photo.rgba.clone();
    if let Some(mask) = &photo.mask {
        for (pixel, &counts) in rgba.as_chunks_mut::<4>().0.iter_mut().zip(mask) {
            let alpha = u16::from(pixel[3]);
            for value in &mut pixel[..3] {
                *value = ((u16::from(*value) * alpha + 127) / 255) as u8;
            }
            pixel[3] = counts;
        }
        return (rgba, AlphaUse::Mask);
    }
    let is_transparent = rgba.as_chunks::<4>().0.iter().any(|it| it[3] < 255);
    let alpha_use = if is_transparent {
        AlphaUse::Opacity
    } else {
        AlphaUse::Ignored
    };
    (rgba, alpha_use)
}

/// Makes only the pixels of a rectangle count. What is transparent stays so: its background is known
/// everywhere, and shows there what is frozen.
fn limited(
    (rgba, width): (&mut [u8], u32),
    alpha_use: AlphaUse,
    [left, top, right, bottom]: [u32; 4],
) -> AlphaUse {
    if alpha_use == AlphaUse::Opacity {
        return alpha_use;
    }
    for (at, pixel) in (0..).zip(rgba.as_chunks_mut::<4>().0) {
        let (x, y) = (at % width, at / width);
        if !((left..right).contains(&x) && (top..bottom).contains(&y)) {
            pixel[3] = 0;
        }
    }
    AlphaUse::Mask
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_rectangle_counts() {
        let grey = |alpha| [90, 91, 92, alpha];
        let counts = |mut rgba: Vec<u8>, alpha_use, rectangle| {
            let used = limited((&mut rgba, 4), alpha_use, rectangle);
            let alphas: Vec<u8> = rgba.iter().skip(3).step_by(4).copied().collect();
            assert!(rgba.chunks(4).all(|it| it[..3] == [90, 91, 92]));
            (used, alphas)
        };
        let photo = |alpha| grey(alpha).repeat(12);
        let (used, alphas) = counts(photo(255), AlphaUse::Ignored, [1, 1, 3, 9]);
        let inside = [0, 0, 0, 0, 0, 255, 255, 0, 0, 255, 255, 0];
        assert_eq!((used, alphas.as_slice()), (AlphaUse::Mask, &inside[..]));
        let (used, alphas) = counts(photo(70), AlphaUse::Mask, [1, 1, 3, 9]);
        assert_eq!(
            (used, alphas),
            (AlphaUse::Mask, inside.map(|it: u8| it.min(70)).to_vec())
        );
        let (used, alphas) = counts(photo(70), AlphaUse::Opacity, [0; 4]);
        assert_eq!((used, alphas), (AlphaUse::Opacity, vec![70; 12]));
    }
}

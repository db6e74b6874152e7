//! Photos of a dataset, decoded when they are asked for, kept within a number of bytes.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use image::{GrayImage, RgbaImage};

use crate::dataset::resize::{LOBES, lanczos_rgba};
use crate::dataset::{Dataset, Lens, Undistortion, View};
use crate::io::{FormatError, IoError};

use super::cache::Cache;
use super::{AlphaUse, MAX_PIXELS, Photo, PhotoOptions, decode, mask, place, turn};

/// What decoding takes at most per pixel of an ordinary photo: the pixels before and after they
/// are straightened and brought to their size.
const DECODING_BYTES: u64 = 10;

/// Decodes the photos of a dataset on demand. Cheap to clone; all clones share one cache.
///
/// Called from several threads at once it decodes in parallel; nobody waits for another's photo,
/// so that two who ask for the same one at the same moment both decode it.
#[derive(Clone, Debug)]
pub struct PhotoLoader(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    dataset: Arc<Dataset>,
    options: PhotoOptions,
    cache_bytes: usize,
    cache: Mutex<Cache>,
    /// One for each lens, made when its first photo is.
    undistortions: Vec<OnceLock<Undistortion>>,
}

type Loaded = Result<Arc<Photo>, IoError>;

impl PhotoLoader {
    /// Keeps at most `cache_bytes` bytes of decoded photos. [`Self::for_each_in_order`] has as
    /// much again under way.
    pub fn new(dataset: Arc<Dataset>, options: PhotoOptions, cache_bytes: usize) -> Self {
        let undistortions = dataset.lenses.iter().map(|_| OnceLock::new()).collect();
        Self(Arc::new(Shared {
            dataset,
            options,
            cache_bytes,
            cache: Mutex::new(Cache::new(cache_bytes)),
            undistortions,
        }))
    }

    /// Whose photos they are.
    pub fn dataset(&self) -> &Arc<Dataset> {
        &self.0.dataset
    }

    /// How they are made.
    pub fn options(&self) -> PhotoOptions {
        self.0.options
    }

    /// Bytes of photos that are kept at the moment.
    pub fn cached_bytes(&self) -> usize {
        self.0.cache().bytes()
    }

    /// The photo of a view, by its index.
    ///
    /// # Errors
    /// Naming the photo or its mask, where it cannot be read or decoded, or is of another size
    /// than when the folder was opened.
    pub fn load(&self, view: usize) -> Result<Arc<Photo>, IoError> {
        self.0.load(view)
    }

    /// Begins to decode photos that will be asked for soon, in this order and as many as the cache
    /// holds, and returns at once. What cannot be read is told when it is loaded.
    pub fn prefetch(&self, views: &[usize]) {
        let mut bytes = 0;
        for &view in views {
            bytes += self.0.result_bytes(view);
            if self.0.cache_bytes as u64 <= bytes {
                return;
            }
            if self.0.cache().contains(view) {
                continue;
            }
            let shared = Arc::clone(&self.0);
            rayon::spawn(move || {
                if !shared.cache().contains(view) {
                    shared.load(view).ok();
                }
            });
        }
    }

    /// Loads photos in parallel and shows them in this order, one at a time and here, until
    /// `visit` breaks. What is decoded ahead stays within the bytes of the cache, or is one photo
    /// where that alone is larger.
    pub fn for_each_in_order(
        &self,
        views: &[usize],
        visit: &mut dyn FnMut(usize, Result<Arc<Photo>, IoError>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let batches = self.batches(views);
        let cancelled = AtomicBool::new(false);
        let mut ready: Vec<(usize, OnceLock<Loaded>)> = Vec::new();
        // While one batch is shown, the next is decoded; behind the last there is an empty one.
        for batch in batches.iter().copied().chain([&[][..]]) {
            let next: Vec<(usize, OnceLock<Loaded>)> =
                batch.iter().map(|it| (*it, OnceLock::new())).collect();
            let flow = rayon::in_place_scope(|scope| {
                for (view, slot) in &next {
                    let cancelled = &cancelled;
                    scope.spawn(move |_| {
                        if !cancelled.load(Ordering::Relaxed) {
                            slot.set(self.load(*view)).ok();
                        }
                    });
                }
                for (view, slot) in ready.drain(..) {
                    let Some(loaded) = slot.into_inner() else {
                        continue;
                    };
                    if visit(view, loaded).is_break() {
                        cancelled.store(true, Ordering::Relaxed);
                        return ControlFlow::Break(());
                    }
                }
                ControlFlow::Continue(())
            });
            flow?;
            ready = next;
        }
        ControlFlow::Continue(())
    }

    /// Cuts `views` so that decoding a piece takes no more than the cache may have.
    fn batches<'a>(&self, views: &'a [usize]) -> Vec<&'a [usize]> {
        let mut batches = Vec::new();
        let (mut start, mut bytes) = (0, 0);
        for (i, view) in views.iter().enumerate() {
            let more = self.0.decoding_bytes(*view);
            if start < i && (self.0.cache_bytes as u64) < bytes + more {
                batches.push(&views[start..i]);
                (start, bytes) = (i, 0);
            }
            bytes += more;
        }
        if start < views.len() {
            batches.push(&views[start..]);
        }
        batches
    }
}

impl Shared {
    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn load(&self, index: usize) -> Loaded {
        if let Some(photo) = self.cache().get(index) {
            return Ok(photo);
        }
        let folder = &self.dataset.folder;
        let view = self.dataset.views.get(index).ok_or_else(|| {
            let count = self.dataset.views.len();
            let cause = format!("view {index} was asked for, and there are {count}");
            IoError::format(folder.path(), FormatError::Malformed(cause))
        })?;
        let photo = Arc::new(self.make(view)?);
        self.cache().insert(index, &photo);
        Ok(photo)
    }

    fn make(&self, view: &View) -> Result<Photo, IoError> {
        let file = &view.image;
        let broken = |it| IoError::format(&place(&self.dataset.folder, &file.path), it);
        let lens = self.lens(view).map_err(broken)?;
        let is_transparent = file.has_alpha && self.options.alpha == AlphaUse::Transparency;
        let stored = self.decode(&file.path)?;
        let (width, height) = if file.orientation.swaps_sides() {
            (stored.height(), stored.width())
        } else {
            stored.dimensions()
        };
        if (width, height) != (file.width, file.height) {
            return Err(broken(FormatError::Malformed(format!(
                "now has {width}×{height} pixels and had {}×{} when its folder was opened. Open \
                 the folder again",
                file.width, file.height
            ))));
        }
        let (stored_width, stored_height) = stored.dimensions();
        let rgba = stored.into_raw();
        let mut rgba = turn::<4>(rgba, stored_width, stored_height, file.orientation);
        let counts = self.mask(view, &mut rgba)?;
        let upright = Photo {
            width,
            height,
            rgba,
            mask: counts,
            lens: lens.resized(width, height),
        };
        let (mut straight, covered) = self.straighten(upright, view.lens);
        let is_clear_outside = self.options.clear_outside && covered.is_some();
        if !is_transparent && !is_clear_outside {
            opaque(&mut straight.rgba);
        }
        self.resize(straight, covered).map_err(broken)
    }

    /// The photo of a pinhole, and what of it the stored photo reaches (`None`: all). The mask
    /// does not know of that yet.
    fn straighten(&self, photo: Photo, lens: usize) -> (Photo, Option<Vec<u8>>) {
        if !self.options.undistort || photo.lens.is_pinhole() {
            return (photo, None);
        }
        let Photo {
            width,
            height,
            rgba,
            mask,
            lens: bent,
        } = photo;
        let new = || Undistortion::new(&bent);
        let undistortion = self.undistortions.get(lens).map(|it| it.get_or_init(new));
        let undistortion = undistortion.cloned().unwrap_or_else(new);
        let image = RgbaImage::from_raw(width, height, rgba).unwrap_or_default();
        let straight = undistortion.apply(&image);
        let mask = mask.and_then(|it| GrayImage::from_raw(width, height, it));
        let covered = straight.covered.into_raw();
        let photo = Photo {
            width,
            height,
            rgba: straight.image.into_raw(),
            mask: mask.map(|it| undistortion.apply_to_mask(&it).into_raw()),
            lens: undistortion.lens().resized(width, height),
        };
        (photo, covered.contains(&0).then_some(covered))
    }

    fn lens(&self, view: &View) -> Result<&Lens, FormatError> {
        let lens = self.dataset.lenses.get(view.lens);
        lens.ok_or_else(|| FormatError::Malformed("belongs to a lens that is not there".to_owned()))
    }

    fn decode(&self, relative: &std::path::Path) -> Result<RgbaImage, IoError> {
        let bytes = self.dataset.folder.read(relative)?;
        decode(&relative.to_string_lossy(), &bytes, MAX_PIXELS)
            .map_err(|it| IoError::format(&place(&self.dataset.folder, relative), it))
    }

    /// What counts by the mask file and, where it is a mask, by alpha.
    fn mask(&self, view: &View, rgba: &mut [u8]) -> Result<Option<Vec<u8>>, IoError> {
        let file = &view.image;
        let of_alpha = match self.options.alpha {
            AlphaUse::Transparency => None,
            _ if !file.has_alpha => None,
            AlphaUse::Mask => Some(mask::from_alpha(rgba)),
            AlphaUse::Ignore => {
                mask::from_alpha(rgba);
                None
            }
        };
        let path = view.mask.as_ref().filter(|_| self.options.masks);
        let of_file = path
            .map(|it| {
                let pixels = self.decode(it)?;
                let (width, height) = (file.width, file.height);
                let mut counts = mask::from_file(pixels, width, height, file.orientation);
                if view.has_inverted_mask() {
                    for it in &mut counts {
                        *it = 255 - *it;
                    }
                }
                Ok(counts)
            })
            .transpose()?;
        Ok(mask::both(of_alpha, of_file))
    }

    /// Brings the photo to its size and takes out of it what is not `covered`.
    fn resize(&self, photo: Photo, covered: Option<Vec<u8>>) -> Result<Photo, FormatError> {
        let from = (photo.width, photo.height);
        let to = self.options.size.of(from.0, from.1);
        if from == to {
            return Ok(Photo {
                mask: mask::both(photo.mask, covered),
                ..photo
            });
        }
        if MAX_PIXELS < u64::from(to.0) * u64::from(to.1) {
            return Err(FormatError::Unsupported(format!(
                "shall become {}×{} pixels, more than the {MAX_PIXELS} that are made",
                to.0, to.1
            )));
        }
        // Where the photo does not reach there is no colour: nothing that the filter mixed with
        // that counts. What a mask takes out has a colour.
        let covered = covered.map(|it| mask::resize(&it, from, to, LOBES));
        let counts = photo.mask.map(|it| mask::resize(&it, from, to, 0.5));
        Ok(Photo {
            width: to.0,
            height: to.1,
            rgba: lanczos_rgba(&photo.rgba, from, to),
            mask: mask::both(counts, covered),
            lens: photo.lens.resized(to.0, to.1),
        })
    }

    /// What the finished photo will take.
    fn result_bytes(&self, view: usize) -> u64 {
        self.dataset.views.get(view).map_or(0, |it| {
            let (width, height) = self.options.size.of(it.image.width, it.image.height);
            5 * u64::from(width) * u64::from(height)
        })
    }

    /// What making it takes.
    fn decoding_bytes(&self, view: usize) -> u64 {
        self.dataset.views.get(view).map_or(0, |it| {
            let pixels = u64::from(it.image.width) * u64::from(it.image.height);
            let wide = u64::from(it.image.bits / 8).max(1);
            (DECODING_BYTES * wide * pixels).max(self.result_bytes(view))
        })
    }
}

fn opaque(rgba: &mut [u8]) {
    for pixel in rgba.as_chunks_mut::<4>().0 {
        pixel[3] = 255;
    }
}

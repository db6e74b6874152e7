//! Looking through the camera of a photo and comparing what is drawn with it. Pure.

use std::sync::Arc;

use render::{Camera, CompareMode};

/// A photo that is looked at through its own camera.
#[derive(Clone, Debug)]
pub struct Compare {
    /// Which view, by its index.
    pub view: usize,
    /// How photo and render are shown.
    pub mode: CompareMode,
    /// Where the photo ends under [`CompareMode::Wipe`], 0 to 1 from the left.
    pub wipe: f32,
    /// The photo, once it is there.
    pub photo: PhotoState,
}

/// Whether the photo is there.
#[derive(Clone, Debug, Default)]
pub enum PhotoState {
    /// It is being decoded.
    #[default]
    Loading,
    /// It is there.
    Loaded(Arc<SeenPhoto>),
    /// It cannot be read, in words.
    Failed(String),
}

/// A photo as the optimisation sees it: straightened, brought to its size, over the background.
#[derive(Clone, Debug)]
pub struct SeenPhoto {
    /// Counts up with every photo that is decoded.
    pub id: u64,
    /// Width and height in pixels.
    pub size: [u32; 2],
    /// RGBA8 in display values; alpha is 0 where it does not count. `[height × width × 4]`
    pub rgba: Vec<u8>,
    /// Its camera.
    pub camera: Camera,
    /// What it lies over, display RGB.
    pub background: [f32; 3],
}

impl Compare {
    /// Of a view whose photo is not there yet.
    pub fn new(view: usize, mode: CompareMode) -> Self {
        Self {
            view,
            mode,
            wipe: 0.5,
            photo: PhotoState::default(),
        }
    }

    /// The photo, where it is there.
    pub fn loaded(&self) -> Option<&Arc<SeenPhoto>> {
        match &self.photo {
            PhotoState::Loaded(photo) => Some(photo),
            _ => None,
        }
    }

    /// Width over height of what is shown for a photo of this shape.
    pub fn aspect(&self, size: [u32; 2]) -> f32 {
        let photos = if self.mode == CompareMode::SideBySide {
            2.0
        } else {
            1.0
        };
        photos * size[0].max(1) as f32 / size[1].max(1) as f32
    }
}

/// Lays straight colours of RGBA8 over a background, and sets alpha to 255 where the pixel counts
/// and 0 where it does not. `mask` is `[height × width]`, 0 does not count.
pub(crate) fn over_background(rgba: &mut [u8], mask: Option<&[u8]>, background: [f32; 3]) {
    let behind = background.map(|it| 255.0 * it.clamp(0.0, 1.0));
    let pixels = rgba.as_chunks_mut::<4>().0;
    for (i, [r, g, b, a]) in pixels.iter_mut().enumerate() {
        if *a < 255 {
            let opacity = f32::from(*a) / 255.0;
            for (value, behind) in [r, g, b].into_iter().zip(behind) {
                let mixed = opacity * f32::from(*value) + (1.0 - opacity) * behind;
                *value = mixed.round() as u8;
            }
        }
        let counts = mask.is_none_or(|it| it.get(i).is_none_or(|it| 127 < *it));
        *a = if counts { 255 } else { 0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transparent_pixels_show_the_background_and_masked_ones_do_not_count() {
        let mut rgba = vec![200, 100, 0, 255, 200, 100, 0, 0, 200, 100, 0, 51];
        over_background(&mut rgba, Some(&[0, 255, 255]), [1.0, 0.0, 0.0]);
        assert_eq!(rgba[..4], [200, 100, 0, 0]);
        assert_eq!(rgba[4..8], [255, 0, 0, 255]);
        assert_eq!(rgba[8..], [244, 20, 0, 255]);
    }

    #[test]
    fn side_by_side_is_twice_as_wide() {
        let mut compare = Compare::new(0, CompareMode::Render);
        assert_eq!(compare.aspect([64, 48]), 64.0 / 48.0);
        compare.mode = CompareMode::SideBySide;
        assert_eq!(compare.aspect([64, 48]), 128.0 / 48.0);
    }
}

//! One image on the host, drawn at once or, where it is large, window by window.

use render::gpu::Gpu;
use render::{Camera, GpuSplats, Rasterizer, RenderConfig, Style, Window};

use super::FilmError;

/// The largest array of a frame has so many bytes a pixel.
const PIXEL_BYTES: u64 = 16;

/// Images with more pixels are drawn in windows, even where one array could hold them: all arrays
/// of such a frame take half a gigabyte.
const MAX_PIXELS: u64 = 1 << 24;

/// Longest side of a window, in pixels.
const WINDOW_PX: u32 = 2048;

/// What a window may be wider by on both sides together.
const MARGINS_PX: u32 = 32;

/// An image on the host, row-major from the top left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Three bytes a pixel. `[height × width × 3]`
    pub rgb: Vec<u8>,
    /// No splat is missing for lack of room on the device.
    pub is_complete: bool,
}

/// The windows in which a camera's image is drawn: one for all of it, where that fits.
pub fn windows_for(gpu: &Gpu, camera: &Camera) -> Vec<Window> {
    let k = &camera.intrinsics;
    let pixels = u64::from(k.width) * u64::from(k.height);
    let limit = gpu.capabilities().max_binding_bytes / PIXEL_BYTES;
    if pixels <= limit.min(MAX_PIXELS) {
        return vec![Window::whole(camera)];
    }
    let side = (limit as f64).sqrt() as u32;
    let side = side.saturating_sub(MARGINS_PX).min(WINDOW_PX);
    Window::tiling(camera, side)
}

/// Draws the windows of a camera's image and puts them together. The result is the same to the bit,
/// in whichever windows. `step` is asked after each whether to go on.
///
/// # Errors
/// Where the device refuses or the image does not fit into the memory, and what `step` says.
pub fn draw_picture(
    gpu: &Gpu,
    rasterizer: &mut Rasterizer,
    (splats, config): (&GpuSplats, &RenderConfig),
    (camera, windows): (&Camera, &[Window]),
    step: &mut dyn FnMut() -> Result<(), FilmError>,
) -> Result<Picture, FilmError> {
    let mut picture = Picture::new(camera.intrinsics.width, camera.intrinsics.height)?;
    for window in windows {
        // These look at the depths beside each pixel.
        let drawn = if config.style == Style::Normals {
            window.with_margin(camera)
        } else {
            *window
        };
        let stats = rasterizer.draw_window_complete(gpu, splats, (camera, drawn), config)?;
        picture.is_complete &= !stats.overflowed;
        picture.put(*window, drawn, &rasterizer.read_rgba8(gpu)?);
        step()?;
    }
    Ok(picture)
}

impl Picture {
    /// Black.
    fn new(width: u32, height: u32) -> Result<Self, FilmError> {
        let bytes = 3 * u64::from(width) * u64::from(height);
        let too_large = || FilmError::TooLarge { width, height };
        let bytes = usize::try_from(bytes).map_err(|_| too_large())?;
        let mut rgb = Vec::new();
        rgb.try_reserve_exact(bytes).map_err(|_| too_large())?;
        rgb.resize(bytes, 0);
        Ok(Self {
            width,
            height,
            rgb,
            is_complete: true,
        })
    }

    /// Takes the pixels of `window` out of those of `drawn`, which holds it.
    fn put(&mut self, window: Window, drawn: Window, rgba: &[u8]) {
        let [left, top] = [0, 1].map(|it| (window.origin()[it] - drawn.origin()[it]) as usize);
        let [x, y] = window.origin().map(|it| it as usize);
        let [across, down] = window.size().map(|it| it as usize);
        let (stride, drawn_stride) = (self.width as usize, drawn.size()[0] as usize);
        for row in 0..down {
            let from = 4 * ((top + row) * drawn_stride + left);
            let to = 3 * ((y + row) * stride + x);
            let source = rgba[from..from + 4 * across].chunks_exact(4);
            let target = self.rgb[to..to + 3 * across].chunks_exact_mut(3);
            for (pixel, [r, g, b, _]) in target.zip(source.filter_map(|it| it.first_chunk())) {
                pixel.copy_from_slice(&[*r, *g, *b]);
            }
        }
    }
}

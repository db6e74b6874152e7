//! A part of a camera's image that is drawn by itself: images too large for one frame are put
//! together from such.
//!
//! Splats are projected as for the whole image, and tiles lie where they would lie there, so that
//! nothing differs, not even by rounding.

use crate::Camera;

use super::buffers::TILE_PX;

/// A rectangle of a camera's image, pixels from its upper left corner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    origin: [u32; 2],
    size: [u32; 2],
}

impl Window {
    /// All of the image.
    pub fn whole(camera: &Camera) -> Self {
        Self {
            origin: [0; 2],
            size: [camera.intrinsics.width, camera.intrinsics.height],
        }
    }

    /// Windows of at most `side_px` along each side (rounded down to whole tiles, at least one)
    /// that cover the camera's image without overlap. Those of the same size follow each other.
    pub fn tiling(camera: &Camera, side_px: u32) -> Vec<Self> {
        let size = [camera.intrinsics.width, camera.intrinsics.height];
        // Evenly, so that the last ones are not mere strips.
        let step = size.map(|it| {
            let parts = it.div_ceil(whole_tiles(side_px)).max(1);
            it.div_ceil(parts).next_multiple_of(TILE_PX).max(TILE_PX)
        });
        let [columns, rows] = [0, 1].map(|axis| size[axis].div_ceil(step[axis]));
        let mut windows: Vec<Self> = (0..rows * columns)
            .map(|it| {
                let origin = [it % columns * step[0], it / columns * step[1]];
                let size = [0, 1].map(|axis| step[axis].min(size[axis] - origin[axis]));
                Self { origin, size }
            })
            .collect();
        // Arrays are made anew for each size.
        windows.sort_by_key(|it| (it.size != step, it.size));
        windows
    }

    /// Its upper left pixel; multiples of a tile's side.
    pub fn origin(self) -> [u32; 2] {
        self.origin
    }

    /// Its width and height in pixels.
    pub fn size(self) -> [u32; 2] {
        self.size
    }

    /// This window and a tile more on each side, as far as the image goes: what its pixels look at
    /// beside them is then there.
    #[must_use]
    pub fn with_margin(self, camera: &Camera) -> Self {
        let end = [camera.intrinsics.width, camera.intrinsics.height];
        let origin = self.origin.map(|it| it.saturating_sub(TILE_PX));
        let size = [0, 1].map(|axis| {
            let wanted = self.origin[axis] + self.size[axis] + TILE_PX;
            wanted.min(end[axis]) - origin[axis]
        });
        Self { origin, size }
    }
}

fn whole_tiles(side_px: u32) -> u32 {
    (side_px / TILE_PX).max(1) * TILE_PX
}

#[cfg(test)]
mod tests {
    use glam::Affine3A;

    use super::*;
    use crate::Intrinsics;

    fn camera(width: u32, height: u32) -> Camera {
        Camera {
            intrinsics: Intrinsics::from_vertical_fov(1.0, width, height),
            c2w: Affine3A::IDENTITY,
        }
    }

    #[test]
    fn windows_cover_every_pixel_once() {
        for (width, height, side) in [(1, 1, 16), (100, 50, 40), (97, 33, 16), (64, 64, 3)] {
            let camera = camera(width, height);
            let mut seen = vec![0_u32; (width * height) as usize];
            for window in Window::tiling(&camera, side) {
                let ([x, y], [across, down]) = (window.origin(), window.size());
                assert!(x % TILE_PX == 0 && y % TILE_PX == 0);
                assert!(across.max(down) <= whole_tiles(side));
                for row in y..y + down {
                    for column in x..x + across {
                        seen[(row * width + column) as usize] += 1;
                    }
                }
            }
            assert!(seen.iter().all(|it| *it == 1), "{width} x {height}");
        }
    }

    #[test]
    fn margins_end_with_the_image() {
        let camera = camera(100, 50);
        let windows = Window::tiling(&camera, 48);
        assert_eq!(windows.len(), 6);
        let wide = windows[0].with_margin(&camera);
        assert_eq!((wide.origin(), wide.size()), ([0, 0], [64, 48]));
        let whole = Window::whole(&camera);
        assert_eq!(whole.with_margin(&camera), whole);
    }
}

//! Points known beforehand, and where photos saw them.

use glam::{DVec2, DVec3};

/// A sparse point cloud in world coordinates. Its lists run side by side.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Points {
    /// Where.
    pub positions: Vec<DVec3>,
    /// sRGB bytes; as long as `positions`.
    pub colours: Vec<[u8; 3]>,
    /// Mean reprojection error in pixels as the source states it; empty where it does not.
    pub errors_px: Vec<f64>,
    /// Who saw which point where; grouped by point, points ascending. Empty where unknown.
    pub observations: Vec<Observation>,
}

/// A point seen in a photo.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Observation {
    /// Index into [`Points::positions`].
    pub point: u32,
    /// Index into the frames of the [`super::PoseFile`]; in a [`super::Dataset`] into its views.
    pub frame: u32,
    /// Distorted pixel, in the image size of the frame's lens.
    pub pixel: DVec2,
}

impl Points {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.positions.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }
}

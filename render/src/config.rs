//! How a frame is drawn: thresholds of the method, background, and what is shown.

use serde::{Deserialize, Serialize};

use crate::sh;

/// What is shown of the splats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Style {
    /// Gaussians, blended.
    #[default]
    Splats,
    /// A disc of a few pixels at each centre.
    Points,
    /// Opaque ellipsoids at 1.5 standard deviations.
    Ellipsoids,
    /// Expected depth as a colour ramp.
    Depth,
    /// Surface normals from the slope of the expected depth.
    Normals,
    /// Normals from the splats' shortest axes.
    AxisNormals,
    /// Accumulated alpha.
    Alpha,
}

impl Style {
    /// All of them, in the order of the number keys.
    pub const ALL: [Self; 7] = [
        Self::Splats,
        Self::Points,
        Self::Ellipsoids,
        Self::Depth,
        Self::Normals,
        Self::Alpha,
        Self::AxisNormals,
    ];

    /// What a person calls it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Splats => "Splats",
            Self::Points => "Points",
            Self::Ellipsoids => "Ellipsoids",
            Self::Depth => "Depth",
            Self::Normals => "Normals",
            Self::AxisNormals => "Axis normals",
            Self::Alpha => "Alpha",
        }
    }

    /// Whether the blended colours are what is shown.
    pub(crate) fn shows_colour(self) -> bool {
        !matches!(self, Self::Depth | Self::Normals | Self::Alpha)
    }

    /// Whether splats have hard borders.
    pub(crate) fn is_hard(self) -> bool {
        matches!(self, Self::Points | Self::Ellipsoids)
    }
}

/// Settings of a frame. Defaults are gsplat's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RenderConfig {
    /// Take the brightness that `eps2d` adds back from the opacity (gsplat's "antialiased",
    /// Mip-Splatting's 2D filter). Off is gsplat's "classic".
    pub antialiased: bool,
    /// Added to the diagonal of the 2D covariance, in square pixels. 0.3 in gsplat, in both modes;
    /// 0.1 for Mip-Splatting's filter.
    pub eps2d: f32,
    /// Splats nearer than this (camera z, world units) are dropped.
    pub near: f32,
    /// Splats farther than this are dropped.
    pub far: f32,
    /// Alpha of one splat in one pixel is capped here.
    pub alpha_max: f32,
    /// Contributions below this are skipped; 0 skips none.
    pub alpha_min: f32,
    /// A pixel is finished when its transmittance would fall to this; 0 never.
    pub transmittance_stop: f32,
    /// What shows through, display rgb.
    pub background: [f32; 3],
    /// Highest degree of the harmonics that is evaluated.
    pub max_sh_degree: u32,
    /// Radius of [`Style::Points`], in pixels.
    pub point_radius_px: f32,
    /// What is shown.
    pub style: Style,
}

impl Default for RenderConfig {
    fn default() -> Self {
        Self {
            antialiased: false,
            eps2d: 0.3,
            near: 0.01,
            far: 1e10,
            alpha_max: 0.999,
            alpha_min: 1.0 / 255.0,
            transmittance_stop: 1e-4,
            background: [0.0; 3],
            max_sh_degree: sh::MAX_DEGREE,
            point_radius_px: 1.5,
            style: Style::Splats,
        }
    }
}

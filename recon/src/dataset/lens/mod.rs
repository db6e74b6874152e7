//! A camera's inner geometry with its distortion, in f64: the models of COLMAP.
//!
//! A point in front of the camera goes through three steps: onto a plane (x/z, y/z for a pinhole;
//! the angle θ to the axis, laid out along its direction, for an equidistant lens), bent within
//! that plane ([`Distortion`]), and scaled to pixels. The way back solves the second step by
//! Newton's method.

mod model;
mod projection;
#[cfg(test)]
mod tests;

pub use projection::Projection;

use glam::{DVec2, DVec3};
use serde::{Deserialize, Serialize};

/// The models by the names that COLMAP gives them. Several share one [`Distortion`]; the name is
/// kept for the report and for writing the same model back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(
    missing_docs,
    reason = "the names say it all; `LensModel::param_names` has the parameters"
)]
pub enum LensModel {
    SimplePinhole,
    #[default]
    Pinhole,
    SimpleRadial,
    Radial,
    Opencv,
    OpencvFisheye,
    FullOpencv,
    Fov,
    SimpleRadialFisheye,
    RadialFisheye,
    ThinPrismFisheye,
    RadTanThinPrismFisheye,
}

/// One camera's inner geometry. Pixel centres are at +0.5, the image's corner is (0, 0).
#[derive(Clone, Debug, PartialEq)]
pub struct Lens {
    /// What the source called it.
    pub model: LensModel,
    /// Image width in pixels.
    pub width: u32,
    /// Image height in pixels.
    pub height: u32,
    /// Focal length along x, in pixels.
    pub fx: f64,
    /// Focal length along y, in pixels.
    pub fy: f64,
    /// Principal point, in pixels.
    pub cx: f64,
    /// Principal point, in pixels.
    pub cy: f64,
    /// From the pinhole's image plane to the distorted one.
    pub distortion: Distortion,
}

/// How a lens bends the pinhole's image plane (coordinates x/z, y/z). Coefficients are OpenCV's
/// and COLMAP's, which agree.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Distortion {
    /// A pinhole.
    #[default]
    None,
    /// Brown–Conrady: radial (1 + k1 r² + k2 r⁴ + k3 r⁶) / (1 + k4 r² + k5 r⁴ + k6 r⁶) and
    /// tangential p1, p2.
    Radial {
        /// k1 … k6.
        k: [f64; 6],
        /// p1, p2.
        p: [f64; 2],
    },
    /// Equidistant (Kannala–Brandt): θ (1 + k1 θ² + k2 θ⁴ + k3 θ⁶ + k4 θ⁸).
    Fisheye {
        /// k1 … k4.
        k: [f64; 4],
    },
    /// Equidistant with radial, tangential and thin-prism terms on the bent coordinates.
    ThinPrismFisheye {
        /// Radial k1 … k4.
        k: [f64; 4],
        /// Tangential p1, p2.
        p: [f64; 2],
        /// Thin prism sx1, sy1.
        s: [f64; 2],
    },
    /// Aria's: radial k0 … k5 in θ, then, on the coordinates that gives, tangential p0, p1 (p0
    /// where OpenCV has p2) and thin prism (s0 r² + s1 r⁴, s2 r² + s3 r⁴).
    RadTanThinPrismFisheye {
        /// Radial.
        k: [f64; 6],
        /// Tangential.
        p: [f64; 2],
        /// Thin prism.
        s: [f64; 4],
    },
    /// Devernay and Faugeras' field-of-view model, "Straight lines have to be straight" (2001),
    /// equation 13: atan(2 r tan(ω/2)) / ω.
    Fov {
        /// ω, radians.
        omega: f64,
    },
}

impl Distortion {
    /// [`Distortion::None`] where every coefficient is 0 and the image plane is a pinhole's.
    #[must_use]
    pub fn simplified(self) -> Self {
        match self {
            Self::Radial { k, p } if k == [0.0; 6] && p == [0.0; 2] => Self::None,
            Self::Fov { omega: 0.0 } => Self::None,
            it => it,
        }
    }
}

impl Lens {
    /// A pinhole with square pixels and a centred principal point.
    pub fn centred(focal_px: f64, width: u32, height: u32) -> Self {
        Self {
            model: LensModel::Pinhole,
            width,
            height,
            fx: focal_px,
            fy: focal_px,
            cx: 0.5 * f64::from(width),
            cy: 0.5 * f64::from(height),
            distortion: Distortion::None,
        }
    }

    /// Whether straight lines stay straight: no distortion, or one whose coefficients are all 0.
    pub fn is_pinhole(&self) -> bool {
        matches!(self.distortion.simplified(), Distortion::None)
    }

    /// The pixel of a point in camera coordinates (x right, y down, z forward). `None` behind a
    /// pinhole's plane, and where the model folds back on itself: with the coefficients that fit
    /// a photo, a polynomial means nothing far outside of it.
    ///
    /// For many points make a [`Projection`] once.
    pub fn project(&self, camera_point: DVec3) -> Option<DVec2> {
        self.projection().project(camera_point)
    }

    /// The direction that a pixel looks in: a unit vector in camera coordinates. `None` for a
    /// pixel that the model reaches from nowhere.
    ///
    /// For many pixels make a [`Projection`] once.
    pub fn unproject(&self, pixel: DVec2) -> Option<DVec3> {
        self.projection().unproject(pixel)
    }

    /// The lens made ready for many points or pixels.
    pub fn projection(&self) -> Projection {
        Projection::new(self)
    }

    /// The same lens on an image of other size (each axis scaled by itself).
    #[must_use]
    pub fn resized(&self, width: u32, height: u32) -> Self {
        let scale = DVec2::new(
            f64::from(width) / f64::from(self.width),
            f64::from(height) / f64::from(self.height),
        );
        Self {
            width,
            height,
            fx: self.fx * scale.x,
            fy: self.fy * scale.y,
            cx: self.cx * scale.x,
            cy: self.cy * scale.y,
            ..self.clone()
        }
    }
}

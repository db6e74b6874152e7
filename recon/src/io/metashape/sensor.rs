//! The lenses of Metashape: its frame and fisheye models in COLMAP's terms.
//!
//! Pixels are u = w/2 + cx + f x' + b1 x' + b2 y', v = h/2 + cy + f y', with x' and y' bent by
//! k1 … k4 and by P1 (r² + 2x²) + 2 P2 xy: the tangential pair stands in the other order than
//! OpenCV's (user manual, appendix on camera models). Calibrations of PhotoScan's first versions
//! have `fx`, `fy` instead of `f`, the principal point from the corner, and OpenCV's order.

use roxmltree::Node;

use crate::dataset::{Distortion, Lens, LensModel, Optics};
use crate::io::brown::{NEGLIGIBLE_PX, brown, perspective_model};
use crate::io::reading::side;

use super::{child, children, number_of};

/// A lens with what could not be kept of it, or why it cannot be used.
pub(super) enum Sensor {
    Usable(Optics, Vec<String>),
    Unusable(String),
}

/// A calibration's coefficients.
struct Calibration {
    f: [f64; 2],
    c: [f64; 2],
    k: [f64; 4],
    /// In OpenCV's order.
    p: [f64; 2],
    notes: Vec<String>,
}

impl Sensor {
    /// From a node `sensor`.
    pub(super) fn read(sensor: Node) -> Result<Self, String> {
        // What was found counts before what was assumed.
        let calibration = children(sensor, "calibration")
            .max_by_key(|it| it.attribute("class") == Some("adjusted"));
        let Some(calibration) = calibration else {
            return Ok(Self::Unusable("its sensor has no calibration".to_owned()));
        };
        let kind = calibration.attribute("type").or(sensor.attribute("type"));
        let kind = kind.unwrap_or("frame");
        let resolution = child(calibration, "resolution").or_else(|| child(sensor, "resolution"));
        let resolution = resolution.ok_or("has no `resolution`")?;
        let pixels = |name: &str| {
            let value = resolution.attribute(name).unwrap_or_default();
            let number = value.trim().parse().unwrap_or(f64::NAN);
            side(name, number)
        };
        let (width, height) = (pixels("width")?, pixels("height")?);
        let Calibration {
            f,
            c,
            k,
            p,
            mut notes,
        } = Calibration::read(calibration, [width, height])?;
        let reach = {
            let corner = [0, 1].map(|i| {
                let side = f64::from([width, height][i]);
                c[i].max(side - c[i]) / f[i]
            });
            corner[0].hypot(corner[1])
        };
        let (model, distortion) = match kind {
            "frame" => {
                let (distortion, off) = brown(k, p, reach);
                let off_px = off * f[0];
                if NEGLIGIBLE_PX < off_px {
                    notes.push(format!(
                        "the r⁸ term (`k4`) is approximated by the lower ones, by up to \
                         {off_px:.2} pixels"
                    ));
                }
                let model = perspective_model(Some(LensModel::SimplePinhole), f, &distortion);
                (model, distortion)
            }
            "fisheye" | "equidistant_fisheye" if p == [0.0; 2] => {
                (LensModel::OpencvFisheye, Distortion::Fisheye { k })
            }
            "fisheye" | "equidistant_fisheye" => {
                let s = [0.0; 2];
                let distortion = Distortion::ThinPrismFisheye { k, p, s };
                (LensModel::ThinPrismFisheye, distortion)
            }
            other => return Ok(Self::Unusable(format!("a {other} camera"))),
        };
        let lens = Lens {
            model,
            width,
            height,
            fx: f[0],
            fy: f[1],
            cx: c[0],
            cy: c[1],
            distortion,
        };
        Ok(Self::Usable(Optics::Lens(lens), notes))
    }
}

impl Calibration {
    fn read(node: Node, size: [u32; 2]) -> Result<Self, String> {
        let number = |name: &'static str| match child(node, name) {
            None => Ok(None),
            some => match number_of(some) {
                Some(number) => Ok(Some(number)),
                None => Err(format!("`{name}` is not a number")),
            },
        };
        let or_zero = |name| number(name).map(|it| it.unwrap_or(0.0));
        let [p1, p2] = [or_zero("p1")?, or_zero("p2")?];
        let k = [
            or_zero("k1")?,
            or_zero("k2")?,
            or_zero("k3")?,
            or_zero("k4")?,
        ];
        let [cx, cy] = [or_zero("cx")?, or_zero("cy")?];
        let mut notes = Vec::new();
        for name in ["b2", "skew", "p3", "p4"] {
            let value = or_zero(name)?;
            if value != 0.0 {
                notes.push(format!(
                    "`{name}` ({value}) has no place in our lenses and is left out"
                ));
            }
        }
        if let Some(fx) = number("fx")? {
            let fy = number("fy")?.unwrap_or(fx);
            return Ok(Self {
                f: [fx, fy],
                c: [cx, cy],
                k,
                p: [p1, p2],
                notes,
            });
        }
        let f = number("f")?.ok_or("has no focal length (`f`)")?;
        Ok(Self {
            f: [f + or_zero("b1")?, f],
            c: [0.5 * f64::from(size[0]) + cx, 0.5 * f64::from(size[1]) + cy],
            k,
            p: [p2, p1],
            notes,
        })
    }
}

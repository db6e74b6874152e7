//! A camera's inner geometry as `transforms.json` gives it: for each photo or for all.

use serde_json::Value;

use crate::dataset::{Distortion, LengthUnit, Lens, LensModel, Optics, RelativeLens};
use crate::io::brown::{NEGLIGIBLE_PX, brown, perspective_model, radial};
use crate::io::json::{self, Object};
use crate::io::reading::side;

/// A lens whose r⁸ term had to be approximated.
pub(super) struct Spread {
    /// Largest error, in pixels.
    pub off_px: f64,
}

/// Where no size is known, the corner of an image is assumed at this distance from its middle, in
/// focal lengths (a full diagonal of 90°).
const USUAL_REACH: f64 = 1.0;

/// Looks into the photo's own members, then into those for all.
#[derive(Clone, Copy)]
struct Keys<'a> {
    frame: &'a Object,
    top: &'a Object,
}

impl<'a> Keys<'a> {
    fn holder(self, key: &str) -> &'a Object {
        if self.frame.contains_key(key) {
            self.frame
        } else {
            self.top
        }
    }

    fn number(self, key: &str) -> Result<Option<f64>, String> {
        json::number(self.holder(key), key)
    }

    fn numbers<const N: usize>(self, keys: [&str; N]) -> Result<[f64; N], String> {
        let mut numbers = [0.0; N];
        for (number, key) in numbers.iter_mut().zip(keys) {
            *number = self.number(key)?.unwrap_or(0.0);
        }
        Ok(numbers)
    }

    fn text(self, key: &str) -> Result<Option<&'a str>, String> {
        json::text(self.holder(key), key)
    }

    fn flag(self, key: &str) -> bool {
        match self.holder(key).get(key) {
            Some(Value::Bool(flag)) => *flag,
            Some(Value::Number(number)) => number.as_f64() != Some(0.0),
            _ => false,
        }
    }
}

/// A focal length as the file states it.
#[derive(Clone, Copy)]
enum Focal {
    Pixels(f64),
    /// Field of view, radians.
    Angle(f64),
}

impl Focal {
    fn along(axis: &str, keys: Keys) -> Result<Option<Self>, String> {
        if let Some(pixels) = keys.number(&format!("fl_{axis}"))? {
            return Ok(Some(Self::Pixels(pixels)));
        }
        let degrees = keys.number(&format!("{axis}_fov"))?;
        let angle = match degrees.map(f64::to_radians) {
            None => keys.number(&format!("camera_angle_{axis}"))?,
            angle => angle,
        };
        match angle {
            Some(angle) if !(0.0 < angle && angle < std::f64::consts::PI) => Err(format!(
                "the field of view along {axis} is {angle} radians; it must be between 0 and π"
            )),
            angle => Ok(angle.map(Self::Angle)),
        }
    }

    /// In pixels of an image with a side of this length.
    fn at(self, side: f64) -> f64 {
        match self {
            Self::Pixels(pixels) => pixels,
            Self::Angle(angle) => 0.5 * side / (0.5 * angle).tan(),
        }
    }
}

/// The camera of a photo.
pub(super) fn optics(frame: &Object, top: &Object) -> Result<(Optics, Option<Spread>), String> {
    let keys = Keys { frame, top };
    let focal = (Focal::along("x", keys)?, Focal::along("y", keys)?);
    let size = (keys.number("w")?, keys.number("h")?);
    let centre = (keys.number("cx")?, keys.number("cy")?);
    let (mut optics, reach) = match size {
        (Some(w), Some(h)) => stated(focal, centre, side("w", w)?, side("h", h)?)?,
        (None, None) => relative(focal, centre)?,
        _ => return Err("has one of `w` and `h`; give both".to_owned()),
    };
    let scale = match &optics {
        Optics::Lens(lens) => lens.fx,
        Optics::Relative(lens) if lens.unit == LengthUnit::Pixel => lens.focal[0],
        // Of an image of usual size.
        Optics::Relative(_) => 1000.0,
    };
    let (bent, off) = bending(keys, reach)?;
    match &mut optics {
        Optics::Lens(lens) => {
            lens.model = named(keys, [lens.fx, lens.fy], &bent)?;
            lens.distortion = bent;
        }
        Optics::Relative(lens) => {
            lens.model = named(keys, lens.focal, &bent)?;
            lens.distortion = bent;
        }
    }
    let off_px = off * scale;
    Ok((
        optics,
        (NEGLIGIBLE_PX < off_px).then_some(Spread { off_px }),
    ))
}

/// With a stated image size. Also how far its corner is from the axis, in focal lengths.
fn stated(
    focal: (Option<Focal>, Option<Focal>),
    centre: (Option<f64>, Option<f64>),
    width: u32,
    height: u32,
) -> Result<(Optics, f64), String> {
    let [w, h] = [width, height].map(f64::from);
    let (fx, fy) = match focal {
        (Some(x), Some(y)) => (x.at(w), y.at(h)),
        (Some(x), None) => (x.at(w), x.at(w)),
        (None, Some(y)) => (y.at(h), y.at(h)),
        (None, None) => return Err(NO_FOCAL.to_owned()),
    };
    let [cx, cy] = [centre.0.unwrap_or(0.5 * w), centre.1.unwrap_or(0.5 * h)];
    let corner = [cx.max(w - cx) / fx, cy.max(h - cy) / fy];
    let lens = Lens {
        fy,
        cx,
        cy,
        ..Lens::centred(fx, width, height)
    };
    Ok((Optics::Lens(lens), corner[0].hypot(corner[1])))
}

const NO_FOCAL: &str = "no focal length: neither `fl_x` nor `camera_angle_x`";

/// Without one.
fn relative(
    focal: (Option<Focal>, Option<Focal>),
    centre: (Option<f64>, Option<f64>),
) -> Result<(Optics, f64), String> {
    let (unit, focal) = match focal {
        (Some(Focal::Pixels(x)), Some(Focal::Pixels(y))) => (LengthUnit::Pixel, [x, y]),
        (Some(Focal::Pixels(f)), _) | (None, Some(Focal::Pixels(f))) => (LengthUnit::Pixel, [f; 2]),
        (Some(angle @ Focal::Angle(_)), _) => (LengthUnit::Width, [angle.at(1.0); 2]),
        (None, Some(Focal::Angle(_))) => {
            return Err("`camera_angle_y` needs the image's size: give `w` and `h`".to_owned());
        }
        (None, None) => return Err(NO_FOCAL.to_owned()),
    };
    let (from_corner, principal) = match (centre, unit) {
        ((None, None), _) => (false, [0.0; 2]),
        ((Some(cx), Some(cy)), LengthUnit::Pixel) => (true, [cx, cy]),
        _ => return Err("`cx` and `cy` need the image's size: give `w` and `h`".to_owned()),
    };
    let reach = match unit {
        LengthUnit::Width => 0.5 * std::f64::consts::SQRT_2 / focal[0],
        _ => USUAL_REACH,
    };
    let lens = RelativeLens {
        model: LensModel::Pinhole,
        focal,
        principal,
        from_corner,
        unit,
        distortion: Distortion::None,
    };
    Ok((Optics::Relative(lens), reach))
}

/// The distortion, and the largest error of its approximation in focal lengths.
fn bending(keys: Keys, reach: f64) -> Result<(Distortion, f64), String> {
    let k = keys.numbers(["k1", "k2", "k3", "k4", "k5", "k6"])?;
    let [p1, p2, sx1, sy1] = keys.numbers(["p1", "p2", "sx1", "sy1"])?;
    let [k1, k2, k3, k4, k5, k6] = k;
    let fisheye = [k1, k2, k3, k4];
    Ok(match stated_model(keys)? {
        Some(
            LensModel::OpencvFisheye | LensModel::SimpleRadialFisheye | LensModel::RadialFisheye,
        ) => (Distortion::Fisheye { k: fisheye }, 0.0),
        Some(LensModel::ThinPrismFisheye) => {
            let (p, s) = ([p1, p2], [sx1, sy1]);
            (Distortion::ThinPrismFisheye { k: fisheye, p, s }, 0.0)
        }
        // OpenCV's divisors. Alone, `k4` is nerfstudio's: a factor of r⁸.
        Some(LensModel::FullOpencv) => (radial(k, [p1, p2]), 0.0),
        _ if k5 != 0.0 || k6 != 0.0 => (radial(k, [p1, p2]), 0.0),
        _ => brown(fisheye, [p1, p2], reach),
    })
}

/// The model that the file names.
fn stated_model(keys: Keys) -> Result<Option<LensModel>, String> {
    if ["ftheta_p0", "ftheta_p1"]
        .iter()
        .any(|it| keys.holder(it).contains_key(*it))
    {
        return Err("an f-theta lens, which is not supported".to_owned());
    }
    let Some(name) = keys.text("camera_model")? else {
        let fisheye = keys.flag("is_fisheye").then_some(LensModel::OpencvFisheye);
        return Ok(fisheye);
    };
    let model = match name.to_ascii_uppercase().as_str() {
        "SIMPLE_PINHOLE" => LensModel::SimplePinhole,
        "PINHOLE" | "PERSPECTIVE" => LensModel::Pinhole,
        "SIMPLE_RADIAL" => LensModel::SimpleRadial,
        "RADIAL" => LensModel::Radial,
        "OPENCV" => LensModel::Opencv,
        "FULL_OPENCV" => LensModel::FullOpencv,
        "OPENCV_FISHEYE" | "FISHEYE" => LensModel::OpencvFisheye,
        "SIMPLE_RADIAL_FISHEYE" => LensModel::SimpleRadialFisheye,
        "RADIAL_FISHEYE" => LensModel::RadialFisheye,
        "THIN_PRISM_FISHEYE" => LensModel::ThinPrismFisheye,
        _ => {
            return Err(format!(
                "`camera_model` is `{name}`, which is not supported. Export perspective or \
                 fisheye images"
            ));
        }
    };
    Ok(Some(model))
}

/// What the lens is called in the report.
fn named(keys: Keys, focal: [f64; 2], bent: &Distortion) -> Result<LensModel, String> {
    let stated = stated_model(keys)?;
    let square = focal[0] == focal[1];
    Ok(match (bent, stated) {
        (
            Distortion::Fisheye {
                k: [_, 0.0, 0.0, 0.0],
            },
            Some(LensModel::SimpleRadialFisheye),
        ) if square => LensModel::SimpleRadialFisheye,
        (
            Distortion::Fisheye {
                k: [_, _, 0.0, 0.0],
            },
            Some(LensModel::RadialFisheye),
        ) if square => LensModel::RadialFisheye,
        (Distortion::Fisheye { .. }, _) => LensModel::OpencvFisheye,
        (Distortion::ThinPrismFisheye { .. }, _) => LensModel::ThinPrismFisheye,
        (perspective, _) => perspective_model(stated, focal, perspective),
    })
}

//! The models' names, numbers and parameter lists, as COLMAP has them.

use super::{Distortion, Lens, LensModel};

/// Name and parameters of each model; the place in the list is COLMAP's number.
const MODELS: [(LensModel, &str, &[&str]); 12] = [
    (
        LensModel::SimplePinhole,
        "SIMPLE_PINHOLE",
        &["f", "cx", "cy"],
    ),
    (LensModel::Pinhole, "PINHOLE", &["fx", "fy", "cx", "cy"]),
    (
        LensModel::SimpleRadial,
        "SIMPLE_RADIAL",
        &["f", "cx", "cy", "k"],
    ),
    (LensModel::Radial, "RADIAL", &["f", "cx", "cy", "k1", "k2"]),
    (
        LensModel::Opencv,
        "OPENCV",
        &["fx", "fy", "cx", "cy", "k1", "k2", "p1", "p2"],
    ),
    (
        LensModel::OpencvFisheye,
        "OPENCV_FISHEYE",
        &["fx", "fy", "cx", "cy", "k1", "k2", "k3", "k4"],
    ),
    (
        LensModel::FullOpencv,
        "FULL_OPENCV",
        &[
            "fx", "fy", "cx", "cy", "k1", "k2", "p1", "p2", "k3", "k4", "k5", "k6",
        ],
    ),
    (LensModel::Fov, "FOV", &["fx", "fy", "cx", "cy", "omega"]),
    (
        LensModel::SimpleRadialFisheye,
        "SIMPLE_RADIAL_FISHEYE",
        &["f", "cx", "cy", "k"],
    ),
    (
        LensModel::RadialFisheye,
        "RADIAL_FISHEYE",
        &["f", "cx", "cy", "k1", "k2"],
    ),
    (
        LensModel::ThinPrismFisheye,
        "THIN_PRISM_FISHEYE",
        &[
            "fx", "fy", "cx", "cy", "k1", "k2", "p1", "p2", "k3", "k4", "sx1", "sy1",
        ],
    ),
    (
        LensModel::RadTanThinPrismFisheye,
        "RAD_TAN_THIN_PRISM_FISHEYE",
        &[
            "fx", "fy", "cx", "cy", "k0", "k1", "k2", "k3", "k4", "k5", "p0", "p1", "s0", "s1",
            "s2", "s3",
        ],
    ),
];

impl LensModel {
    /// Every model, in the order of COLMAP's numbers.
    pub fn all() -> impl Iterator<Item = Self> {
        MODELS.iter().map(|it| it.0)
    }

    /// As COLMAP spells it: `SIMPLE_RADIAL`.
    pub fn name(self) -> &'static str {
        MODELS[self as usize].1
    }

    /// The model that COLMAP calls so.
    pub fn from_name(name: &str) -> Option<Self> {
        MODELS.iter().find(|it| it.1 == name).map(|it| it.0)
    }

    /// COLMAP's number for it.
    pub fn colmap_id(self) -> i32 {
        self as i32
    }

    /// The model that COLMAP gives this number.
    pub fn from_colmap_id(id: i32) -> Option<Self> {
        let index = usize::try_from(id).ok()?;
        MODELS.get(index).map(|it| it.0)
    }

    /// What COLMAP's parameters are, in order.
    pub fn param_names(self) -> &'static [&'static str] {
        MODELS[self as usize].2
    }

    /// How many parameters COLMAP has for it.
    pub fn num_params(self) -> usize {
        self.param_names().len()
    }
}

impl Lens {
    /// A lens from COLMAP's parameters, in the order of [`LensModel::param_names`]. `None` where
    /// their number is not the model's. Radial coefficients that are all 0 are no distortion.
    pub fn from_colmap(model: LensModel, width: u32, height: u32, params: &[f64]) -> Option<Self> {
        let names = model.param_names();
        if params.len() != names.len() {
            return None;
        }
        let (focal, rest) = params.split_at(if names[0] == "f" { 1 } else { 2 });
        let (&fx, &fy) = (focal.first()?, focal.last()?);
        let &[cx, cy, ref coeffs @ ..] = rest else {
            return None;
        };
        let fisheye = |k1, k2, k3, k4| Distortion::Fisheye {
            k: [k1, k2, k3, k4],
        };
        let distortion = match (model, coeffs) {
            (LensModel::SimplePinhole | LensModel::Pinhole, []) => Distortion::None,
            (LensModel::SimpleRadial, &[k1]) => radial(&[k1], [0.0; 2]),
            (LensModel::Radial, &[k1, k2]) => radial(&[k1, k2], [0.0; 2]),
            (LensModel::Opencv, &[k1, k2, p1, p2]) => radial(&[k1, k2], [p1, p2]),
            (LensModel::FullOpencv, &[k1, k2, p1, p2, k3, k4, k5, k6]) => {
                radial(&[k1, k2, k3, k4, k5, k6], [p1, p2])
            }
            (LensModel::SimpleRadialFisheye, &[k]) => fisheye(k, 0.0, 0.0, 0.0),
            (LensModel::RadialFisheye, &[k1, k2]) => fisheye(k1, k2, 0.0, 0.0),
            (LensModel::OpencvFisheye, &[k1, k2, k3, k4]) => fisheye(k1, k2, k3, k4),
            (LensModel::ThinPrismFisheye, &[k1, k2, p1, p2, k3, k4, sx1, sy1]) => {
                Distortion::ThinPrismFisheye {
                    k: [k1, k2, k3, k4],
                    p: [p1, p2],
                    s: [sx1, sy1],
                }
            }
            (
                LensModel::RadTanThinPrismFisheye,
                &[k0, k1, k2, k3, k4, k5, p0, p1, s0, s1, s2, s3],
            ) => Distortion::RadTanThinPrismFisheye {
                k: [k0, k1, k2, k3, k4, k5],
                p: [p0, p1],
                s: [s0, s1, s2, s3],
            },
            (LensModel::Fov, &[omega]) => Distortion::Fov { omega },
            _ => return None,
        };
        Some(Self {
            model,
            width,
            height,
            fx,
            fy,
            cx,
            cy,
            distortion: distortion.simplified(),
        })
    }

    /// COLMAP's parameters for this lens, and the model they are for: the lens's own where it
    /// holds every number of it, else the most general of its kind (a `SIMPLE_RADIAL` lens on an
    /// image that was scaled unevenly is written as `FULL_OPENCV`).
    pub fn to_colmap(&self) -> (LensModel, Vec<f64>) {
        let own = self.colmap_params(self.model);
        let again = Self::from_colmap(self.model, self.width, self.height, &own);
        let simplified = Self {
            distortion: self.distortion.simplified(),
            ..self.clone()
        };
        if again.as_ref() == Some(&simplified) {
            return (self.model, own);
        }
        let general = match simplified.distortion {
            Distortion::None => LensModel::Pinhole,
            Distortion::Radial { .. } => LensModel::FullOpencv,
            Distortion::Fisheye { .. } => LensModel::OpencvFisheye,
            Distortion::ThinPrismFisheye { .. } => LensModel::ThinPrismFisheye,
            Distortion::RadTanThinPrismFisheye { .. } => LensModel::RadTanThinPrismFisheye,
            Distortion::Fov { .. } => LensModel::Fov,
        };
        (general, self.colmap_params(general))
    }

    /// The parameters that `model` has; what it cannot hold is left out.
    fn colmap_params(&self, model: LensModel) -> Vec<f64> {
        let value = |name: &&str| match (*name, self.distortion) {
            ("f" | "fx", _) => self.fx,
            ("fy", _) => self.fy,
            ("cx", _) => self.cx,
            ("cy", _) => self.cy,
            ("omega", Distortion::Fov { omega }) => omega,
            (name, distortion) => distortion.coefficient(name),
        };
        model.param_names().iter().map(value).collect()
    }
}

fn radial(first: &[f64], p: [f64; 2]) -> Distortion {
    let mut k = [0.0; 6];
    for (to, from) in k.iter_mut().zip(first) {
        *to = *from;
    }
    Distortion::Radial { k, p }
}

impl Distortion {
    /// The coefficient of that name in COLMAP's lists; 0 where this kind has none.
    fn coefficient(self, name: &str) -> f64 {
        // Aria's lists count from 0, the others from 1.
        let (k, p, s, first): (&[f64], &[f64], &[f64], usize) = match &self {
            Self::None | Self::Fov { .. } => return 0.0,
            Self::Radial { k, p } => (k, p, &[], 1),
            Self::Fisheye { k } => (k, &[], &[], 1),
            Self::ThinPrismFisheye { k, p, s } => (k, p, s, 1),
            Self::RadTanThinPrismFisheye { k, p, s } => (k, p, s, 0),
        };
        let at = |list: &[f64], digits: &str| {
            let index = digits.parse::<usize>().ok()?.checked_sub(first)?;
            list.get(index).copied()
        };
        let value = match (name, name.split_at(1)) {
            ("k", _) => k.first().copied(),
            ("sx1", _) => s.first().copied(),
            ("sy1", _) => s.get(1).copied(),
            (_, ("k", digits)) => at(k, digits),
            (_, ("p", digits)) => at(p, digits),
            (_, ("s", digits)) => at(s, digits),
            _ => None,
        };
        value.unwrap_or(0.0)
    }
}

//! From camera coordinates to pixels and back, within the range in which a model is invertible.

use std::f64::consts::PI;

use glam::{DMat2, DVec2, DVec3};

use super::{Distortion, Lens};

/// Angles to the axis beyond these are not projected: a pinhole's plane ends at 90°, an
/// equidistant one, which repeats itself, at 180°.
const MAX_PINHOLE_ANGLE: f64 = 89.5 / 180.0 * PI;
const MAX_EQUIDISTANT_ANGLE: f64 = 179.0 / 180.0 * PI;

/// Places at which the radial profile is looked at to find where it first turns back.
const PROFILE_STEPS: u32 = 256;

/// A lens made ready for many points: knows how far from the axis its model can be trusted.
#[derive(Clone, Debug)]
pub struct Projection {
    lens: Lens,
    /// Largest radius in the unbent plane for which the radial profile still rises.
    limit: f64,
}

impl Projection {
    /// Looks for the end of the model's range.
    pub fn new(lens: &Lens) -> Self {
        let mut lens = lens.clone();
        lens.distortion = lens.distortion.simplified();
        Self {
            limit: lens.distortion.limit(),
            lens,
        }
    }

    /// See [`Lens::project`].
    pub fn project(&self, camera_point: DVec3) -> Option<DVec2> {
        let plane = self.plane_from_point(camera_point)?;
        let bent = if let Distortion::None = self.lens.distortion {
            plane
        } else {
            let (bent, derivative) = self.lens.distortion.bend(plane);
            // Both are false for what is not a number.
            let is_within = plane.length_squared() <= self.limit * self.limit;
            let keeps_side = 0.0 < derivative.determinant();
            (is_within && keeps_side).then_some(bent)?
        };
        let focal = DVec2::new(self.lens.fx, self.lens.fy);
        let pixel = bent * focal + DVec2::new(self.lens.cx, self.lens.cy);
        pixel.is_finite().then_some(pixel)
    }

    /// See [`Lens::unproject`].
    pub fn unproject(&self, pixel: DVec2) -> Option<DVec3> {
        let focal = DVec2::new(self.lens.fx, self.lens.fy);
        let bent = (pixel - DVec2::new(self.lens.cx, self.lens.cy)) / focal;
        if !bent.is_finite() {
            return None;
        }
        let plane = self.unbend(bent)?;
        let direction = if self.lens.distortion.is_equidistant() {
            let angle = plane.length();
            if angle == 0.0 {
                DVec3::Z
            } else {
                (plane * (angle.sin() / angle)).extend(angle.cos())
            }
        } else {
            plane.extend(1.0).normalize()
        };
        direction.is_finite().then_some(direction)
    }

    fn plane_from_point(&self, point: DVec3) -> Option<DVec2> {
        if !self.lens.distortion.is_equidistant() {
            return (0.0 < point.z).then(|| point.truncate() / point.z);
        }
        let radius = point.truncate().length();
        if radius == 0.0 {
            return (0.0 < point.z).then_some(DVec2::ZERO);
        }
        Some(point.truncate() * (radius.atan2(point.z) / radius))
    }

    /// Solves `bend(plane) = bent`: Newton's method from the solution of the radial part.
    fn unbend(&self, bent: DVec2) -> Option<DVec2> {
        let distortion = &self.lens.distortion;
        if let Distortion::None = distortion {
            return Some(bent);
        }
        let radius = bent.length();
        if radius == 0.0 && distortion.is_radial() {
            return Some(DVec2::ZERO);
        }
        let mut plane = bent * (self.unbend_radius(radius) / radius.max(f64::MIN_POSITIVE));
        for _ in 0..30 {
            let (reached, derivative) = distortion.bend(plane);
            let step = derivative.inverse() * (bent - reached);
            if !step.is_finite() {
                return None;
            }
            plane += step;
            if step.length_squared() <= 1e-28 * (1.0 + plane.length_squared()) {
                break;
            }
        }
        let (reached, derivative) = distortion.bend(plane);
        let is_solved = (reached - bent).length() <= 1e-9 * (1.0 + radius)
            && plane.length() <= self.limit
            && 0.0 < derivative.determinant();
        is_solved.then_some(plane)
    }

    /// The radius that the radial profile takes to `bent`, or the limit where it reaches none:
    /// Newton's method, kept between bounds by halving them.
    fn unbend_radius(&self, bent: f64) -> f64 {
        let profile = |radius| self.lens.distortion.profile(radius);
        let (mut low, mut high) = (0.0, self.limit);
        if profile(high).0 <= bent {
            return high;
        }
        let mut radius = bent.min(high);
        for _ in 0..100 {
            let (reached, slope) = profile(radius);
            if bent < reached {
                high = radius;
            } else {
                low = radius;
            }
            let step = radius - (reached - bent) / slope;
            let is_between = low < step && step < high;
            let next = if is_between { step } else { 0.5 * (low + high) };
            if (next - radius).abs() <= 1e-15 * (1.0 + radius) {
                return next;
            }
            radius = next;
        }
        radius
    }
}

impl Distortion {
    /// Whether the plane that is bent has the angle to the axis as radius, not its tangent.
    fn is_equidistant(&self) -> bool {
        matches!(
            self,
            Self::Fisheye { .. }
                | Self::ThinPrismFisheye { .. }
                | Self::RadTanThinPrismFisheye { .. }
        )
    }

    fn is_radial(&self) -> bool {
        self.skew().is_none()
    }

    /// Tangential and thin-prism terms, where the kind has them.
    fn skew(&self) -> Option<Skew> {
        match *self {
            Self::None | Self::Fisheye { .. } | Self::Fov { .. } => None,
            Self::Radial { p: [p1, p2], .. } => Some(Skew {
                p1,
                p2,
                prism: [0.0; 4],
            }),
            Self::ThinPrismFisheye {
                p: [p1, p2],
                s: [sx, sy],
                ..
            } => Some(Skew {
                p1,
                p2,
                prism: [sx, 0.0, sy, 0.0],
            }),
            Self::RadTanThinPrismFisheye { p: [p0, p1], s, .. } => Some(Skew {
                p1,
                p2: p0,
                prism: s,
            }),
        }
    }

    /// The factor that a point at the squared radius `s` is moved outwards by, and its derivative
    /// by `s`.
    fn radial(&self, s: f64) -> (f64, f64) {
        match self {
            Self::None => (1.0, 0.0),
            Self::Radial { k, .. } => {
                let (above, d_above) = polynomial(&k[..3], s);
                let (below, d_below) = polynomial(&k[3..], s);
                (
                    above / below,
                    (d_above * below - above * d_below) / (below * below),
                )
            }
            Self::Fisheye { k } | Self::ThinPrismFisheye { k, .. } => polynomial(k, s),
            Self::RadTanThinPrismFisheye { k, .. } => polynomial(k, s),
            Self::Fov { omega } => fov(*omega, s),
        }
    }

    /// Where the radial part takes a radius, and how fast.
    fn profile(&self, radius: f64) -> (f64, f64) {
        let s = radius * radius;
        let (factor, d_factor) = self.radial(s);
        (radius * factor, factor + 2.0 * s * d_factor)
    }

    /// Moves a point of the plane; with the derivative.
    fn bend(&self, plane: DVec2) -> (DVec2, DMat2) {
        let (factor, d_factor) = self.radial(plane.length_squared());
        let radial = plane * factor;
        let outwards = plane * (2.0 * d_factor);
        let d_radial = DMat2::from_cols(
            DVec2::new(factor, 0.0) + outwards * plane.x,
            DVec2::new(0.0, factor) + outwards * plane.y,
        );
        let Some(skew) = self.skew() else {
            return (radial, d_radial);
        };
        // Aria's model skews the point that the radial part has moved already.
        if let Self::RadTanThinPrismFisheye { .. } = self {
            let (offset, d_offset) = skew.offset(radial);
            return (radial + offset, (DMat2::IDENTITY + d_offset) * d_radial);
        }
        let (offset, d_offset) = skew.offset(plane);
        (radial + offset, d_radial + d_offset)
    }

    /// The radius at which the profile first stops rising, or where the plane ends.
    fn limit(&self) -> f64 {
        let rises = |radius: f64| {
            let (reached, slope) = self.profile(radius);
            0.0 < slope && 0.0 <= reached && reached.is_finite()
        };
        // A pinhole's radius has no end: its steps grow with it.
        let (last, radius): (f64, fn(f64) -> f64) = if self.is_equidistant() {
            (MAX_EQUIDISTANT_ANGLE, |angle| angle)
        } else {
            let end = MAX_PINHOLE_ANGLE.tan();
            (end / (1.0 + end), |part| part / (1.0 - part))
        };
        let step = last / f64::from(PROFILE_STEPS);
        let mut places = (0..=PROFILE_STEPS).map(|it| f64::from(it) * step);
        let Some(turned) = places.find(|it| !rises(radius(*it))) else {
            return radius(last);
        };
        let (mut low, mut high) = ((turned - step).max(0.0), turned);
        for _ in 0..50 {
            let middle = 0.5 * (low + high);
            if rises(radius(middle)) {
                low = middle;
            } else {
                high = middle;
            }
        }
        radius(low)
    }
}

/// 1 + Σ kᵢ sⁱ and its derivative by s.
fn polynomial(k: &[f64], s: f64) -> (f64, f64) {
    let (sum, d_sum) = k
        .iter()
        .rev()
        .fold((0.0, 0.0), |(sum, d_sum), k| (sum * s + k, d_sum * s + sum));
    (1.0 + s * sum, sum + s * d_sum)
}

/// atan(2 r tan(ω/2)) / (r ω) and its derivative by s = r².
fn fov(omega: f64, s: f64) -> (f64, f64) {
    let stretch = 2.0 * (0.5 * omega).tan();
    if s * stretch * stretch < 1e-6 {
        // The first terms of atan's series: what follows would divide a difference by 0.
        let a = stretch * stretch;
        let factor = 1.0 - a * s / 3.0 + a * a * s * s / 5.0;
        let d_factor = -a / 3.0 + 2.0 * a * a * s / 5.0;
        return (factor * stretch / omega, d_factor * stretch / omega);
    }
    let radius = s.sqrt();
    let bent = (radius * stretch).atan() / omega;
    let slope = stretch / (omega * (1.0 + s * stretch * stretch));
    (bent / radius, (slope * radius - bent) / (2.0 * s * radius))
}

/// What moves points sideways: a lens that sits askew, and a thin prism.
struct Skew {
    p1: f64,
    p2: f64,
    prism: [f64; 4],
}

impl Skew {
    /// The offset at a point, and its derivative.
    fn offset(&self, at: DVec2) -> (DVec2, DMat2) {
        let Self {
            p1,
            p2,
            prism: [s0, s1, s2, s3],
        } = *self;
        let DVec2 { x, y } = at;
        let r2 = at.length_squared();
        let offset = DVec2::new(
            2.0 * p1 * x * y + p2 * (r2 + 2.0 * x * x) + (s0 + s1 * r2) * r2,
            2.0 * p2 * x * y + p1 * (r2 + 2.0 * y * y) + (s2 + s3 * r2) * r2,
        );
        // By r².
        let d_prism = DVec2::new(s0 + 2.0 * s1 * r2, s2 + 2.0 * s3 * r2);
        let across = 2.0 * (p1 * x + p2 * y);
        let derivative = DMat2::from_cols(
            DVec2::new(2.0 * p1 * y + 6.0 * p2 * x, across) + d_prism * (2.0 * x),
            DVec2::new(across, 2.0 * p2 * x + 6.0 * p1 * y) + d_prism * (2.0 * y),
        );
        (offset, derivative)
    }
}

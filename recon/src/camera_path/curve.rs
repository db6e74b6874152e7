//! The curve between two keyframes: cubic in the position, a unit quaternion everywhere.
//!
//! Both take what the camera does at either end as velocities, so that neighbouring pieces meet
//! without a jump in place or speed.

use glam::{DQuat, DVec3};

/// Where the camera is, or how fast it moves (per second).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Motion {
    /// World units.
    pub(super) place: DVec3,
    /// Rotation vector in the camera's own axes, radians.
    pub(super) turn: DVec3,
    /// Vertical field of view, degrees.
    pub(super) fov: f64,
}

impl Motion {
    fn map2(self, other: Self, each: impl Fn(DVec3, DVec3) -> DVec3) -> Self {
        let fov = each(DVec3::X * self.fov, DVec3::X * other.fov).x;
        Self {
            place: each(self.place, other.place),
            turn: each(self.turn, other.turn),
            fov,
        }
    }
}

/// A keyframe as the curve sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pose {
    pub(super) place: DVec3,
    /// Camera to world, of unit length.
    pub(super) rotation: DQuat,
    /// Vertical field of view, degrees.
    pub(super) fov: f64,
}

impl Pose {
    /// The mean velocity on the way to `other`, turning the shorter way round.
    pub(super) fn towards(&self, other: &Self, secs: f64) -> Motion {
        let relative = self.rotation.inverse() * other.rotation;
        let shorter = if relative.w < 0.0 {
            -relative
        } else {
            relative
        };
        Motion {
            place: (other.place - self.place) / secs,
            turn: shorter.normalize().to_scaled_axis() / secs,
            fov: (other.fov - self.fov) / secs,
        }
    }
}

/// The velocity at a keyframe, from the mean velocities of the pieces before and after it: that of
/// the parabola through three points. It is at most three times the slower of the two (the bound of
/// Fritsch and Carlson, "Monotone Piecewise Cubic Interpolation", 1980): where the camera pauses,
/// the curve does not swing.
pub(super) fn velocity(
    (before, before_secs): (Motion, f64),
    (after, after_secs): (Motion, f64),
) -> Motion {
    before.map2(after, |a, b| {
        let whole = before_secs + after_secs;
        let parabola = (a * after_secs + b * before_secs) / whole;
        parabola.clamp_length_max(3.0 * a.length().min(b.length()))
    })
}

/// The velocity at an end, where nothing pulls the curve: it bends less and less towards it.
/// `mean` is that of the piece, `other` the velocity at its other end.
pub(super) fn free_velocity(mean: Motion, other: Motion) -> Motion {
    mean.map2(other, |mean, other| {
        (1.5 * mean - 0.5 * other).clamp_length_max(3.0 * mean.length())
    })
}

/// Between `from` and `to`, which are `secs` apart; `part` of it has passed. The velocities are
/// those at either end.
pub(super) fn between(
    (from, leaving): (&Pose, Motion),
    (to, arriving): (&Pose, Motion),
    secs: f64,
    part: f64,
) -> Pose {
    let (t, t2, t3) = (part, part * part, part * part * part);
    let hermite = |a: DVec3, out: DVec3, b: DVec3, into: DVec3| {
        a * (2.0 * t3 - 3.0 * t2 + 1.0)
            + out * (secs * (t3 - 2.0 * t2 + t))
            + b * (3.0 * t2 - 2.0 * t3)
            + into * (secs * (t3 - t2))
    };
    let fov = |it: f64| DVec3::X * it;
    Pose {
        place: hermite(from.place, leaving.place, to.place, arriving.place),
        rotation: turned(
            (from.rotation, leaving.turn),
            (to.rotation, arriving.turn),
            secs,
            part,
        ),
        fov: hermite(
            fov(from.fov),
            fov(leaving.fov),
            fov(to.fov),
            fov(arriving.fov),
        )
        .x,
    }
}

/// The cumulative cubic Bézier curve of unit quaternions (Kim, Kim, Shin, "A General Construction
/// Scheme for Unit Quaternion Curves with Simple High Order Derivatives", 1995):
/// q(t) = q₀ exp(ω₁ β₁) exp(ω₂ β₂) exp(ω₃ β₃), with ω₁ and ω₃ a third of what the velocities at the
/// ends turn by, ω₂ what is missing, and β the cumulative Bernstein polynomials.
fn turned(
    (from, leaving): (DQuat, DVec3),
    (to, arriving): (DQuat, DVec3),
    secs: f64,
    t: f64,
) -> DQuat {
    let first = leaving * (secs / 3.0);
    let last = arriving * (secs / 3.0);
    let exp = DQuat::from_scaled_axis;
    let missing = exp(-first) * from.inverse() * to * exp(-last);
    let missing = if missing.w < 0.0 { -missing } else { missing };
    let middle = missing.normalize().to_scaled_axis();
    let s = 1.0 - t;
    let [b1, b2, b3] = [1.0 - s * s * s, t * t * (3.0 - 2.0 * t), t * t * t];
    (from * exp(first * b1) * exp(middle * b2) * exp(last * b3)).normalize()
}

//! Bends, twists, tapers and bumps of a solid: maps of space that can be undone.

use glam::Vec3;

use super::dice::Dice;
use super::noise;

/// A map of a solid's own space, in which it fills the cube of ± 1, with y as its axis. Applied in
/// the order of the fields.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Deform {
    /// Width gained from the middle to the top, as a share; above -1 and below 1.
    pub(super) taper: f32,
    /// Turn around the axis from the middle to the top, radians.
    pub(super) twist: f32,
    /// How far the ends lean towards +x and +z.
    pub(super) bend: [f32; 2],
    /// Bumps.
    pub(super) bumps: Option<Bumps>,
}

/// Displacement by smooth noise.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bumps {
    /// Displacement, at most along each axis.
    height: f32,
    /// Bumps per unit.
    frequency: f32,
    offset: Vec3,
}

impl Deform {
    /// Any; most solids keep their form.
    pub(super) fn random(dice: &mut Dice) -> Self {
        let mut deform = Self::default();
        if dice.chance(0.2) {
            deform.taper = dice.between(-0.7, 0.7);
        }
        if dice.chance(0.12) {
            deform.twist = dice.between(-1.2, 1.2);
        }
        if dice.chance(0.15) {
            deform.bend = [dice.between(-0.6, 0.6), dice.between(-0.6, 0.6)];
        }
        if dice.chance(0.22) {
            deform.bumps = Some(Bumps::random(dice));
        }
        deform
    }

    /// Where a point of the plain solid goes.
    pub(super) fn apply(&self, p: Vec3) -> Vec3 {
        let width = 1.0 + self.taper * p.y;
        let p = turned(Vec3::new(width * p.x, p.y, width * p.z), self.twist * p.y);
        let p = p + p.y * p.y * self.lean();
        match &self.bumps {
            Some(bumps) => p + bumps.at(p),
            None => p,
        }
    }

    /// Where a point comes from: exactly, but for bumps, whose inverse is iterated twice.
    pub(super) fn undo(&self, p: Vec3) -> Vec3 {
        let p = match &self.bumps {
            Some(bumps) => {
                let once = p - bumps.at(p);
                p - bumps.at(once)
            }
            None => p,
        };
        let p = p - p.y * p.y * self.lean();
        let p = turned(p, -self.twist * p.y);
        let width = 1.0 + self.taper * p.y;
        Vec3::new(p.x / width, p.y, p.z / width)
    }

    /// Whether planes stay planes.
    pub(super) fn keeps_planes(&self) -> bool {
        self.twist == 0.0 && self.bend == [0.0; 2] && self.bumps.is_none()
    }

    fn lean(&self) -> Vec3 {
        Vec3::new(self.bend[0], 0.0, self.bend[1])
    }
}

impl Bumps {
    /// Coarse and high, or fine and low: slopes stay below one, else surfaces would fold.
    pub(super) fn random(dice: &mut Dice) -> Self {
        let frequency = dice.factor(0.9, 5.0);
        Self {
            height: dice.between(0.08, 0.26) / frequency,
            frequency,
            offset: dice.vector(16.0),
        }
    }

    fn at(&self, p: Vec3) -> Vec3 {
        self.height * noise::vector(self.frequency * p + self.offset)
    }
}

fn turned(p: Vec3, angle: f32) -> Vec3 {
    if angle == 0.0 {
        return p;
    }
    let (sin, cos) = angle.sin_cos();
    Vec3::new(cos * p.x - sin * p.z, p.y, sin * p.x + cos * p.z)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undone_is_as_before() {
        let mut dice = Dice::new(1, 0);
        for _ in 0..500 {
            let deform = Deform::random(&mut dice);
            let p = dice.vector(0.95);
            let off = deform.undo(deform.apply(p)).distance(p);
            let allowed = if deform.bumps.is_some() { 0.1 } else { 1e-4 };
            assert!(off < allowed, "{deform:?} {p}: {off}");
        }
    }
}

//! Colours: chosen by chance, and from light to screen.

use std::sync::LazyLock;

use glam::Vec3;

use super::dice::Dice;

/// Entries of the table of the screen's curve.
const STEPS: usize = 4096;

/// sRGB's curve.
static CURVE: LazyLock<Vec<f32>> = LazyLock::new(|| {
    let value = |i: usize| {
        let x = (i as f32 / STEPS as f32).min(1.0);
        if x == 1.0 {
            return 1.0;
        }
        if x < 0.003_130_8 {
            12.92 * x
        } else {
            1.055 * x.powf(1.0 / 2.4) - 0.055
        }
    };
    (0..=STEPS + 1).map(value).collect()
});

/// A linear value as sRGB shows it; what is brighter than white is white.
pub(super) fn shown(linear: f32) -> f32 {
    let along = linear.clamp(0.0, 1.0) * STEPS as f32;
    let i = along as usize;
    let curve = &CURVE[i..i + 2];
    (curve[0] + (along - i as f32) * (curve[1] - curve[0])).min(1.0)
}

/// The linear value that is shown as this.
pub(super) fn linear(shown: f32) -> f32 {
    if shown < 0.040_45 {
        shown / 12.92
    } else {
        ((shown + 0.055) / 1.055).powf(2.4)
    }
}

/// A colour of things, linear: greys, browns and muted tones more often than neon.
pub(super) fn random(dice: &mut Dice) -> Vec3 {
    let (hue, value) = (dice.between(0.0, 1.0), dice.between(0.12, 0.95));
    let (hue, saturation, value) = match dice.weighted(&[0.25, 0.2, 0.35, 0.2]) {
        0 => (hue, dice.between(0.0, 0.12), value),
        1 => (dice.between(0.02, 0.13), dice.between(0.3, 0.75), value),
        2 => (hue, dice.between(0.2, 0.7), value),
        _ => (hue, dice.between(0.7, 1.0), value.max(0.4)),
    };
    from_hsv(hue, saturation, value).map(linear)
}

/// A few colours that go together, or do not care.
pub(super) fn palette(dice: &mut Dice) -> [Vec3; 4] {
    let mut colours = [(); 4].map(|()| random(dice));
    if dice.chance(0.5) {
        // Light and dark tell surfaces apart more than hues do.
        colours[0] *= 0.4;
        colours[3] = colours[3].lerp(Vec3::ONE, 0.7);
    }
    colours
}

/// Display RGB.
fn from_hsv(hue: f32, saturation: f32, value: f32) -> Vec3 {
    let channel = |shift: f32| {
        let k = (shift + 6.0 * hue).rem_euclid(6.0);
        value - value * saturation * k.min(4.0 - k).clamp(0.0, 1.0)
    };
    Vec3::new(channel(5.0), channel(3.0), channel(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_screens_curve_is_undone() {
        for i in 0..=1_000 {
            let value = i as f32 / 1_000.0;
            assert!((shown(linear(value)) - value).abs() < 2e-3, "{value}");
        }
        assert_eq!((shown(-1.0), shown(7.0)), (0.0, 1.0));
    }

    #[test]
    fn hues_are_in_order() {
        assert_eq!(from_hsv(0.0, 1.0, 1.0), Vec3::X);
        assert_eq!(from_hsv(1.0 / 3.0, 1.0, 1.0), Vec3::Y);
        assert_eq!(from_hsv(0.6, 0.0, 0.5), Vec3::splat(0.5));
    }
}

//! Numbers of a splat that people select by: opacity, sizes, distance, colour.

use std::f32::consts::PI;

use glam::Vec3;
use serde::{Deserialize, Serialize};

use crate::{Splats, sh};

/// Scales are taken as between `e^-28` and `e^28`, so that no volume leaves the range of floats.
const LARGEST_LOG_SCALE: f32 = 28.0;

/// What of a splat is looked at. Colours are those of the harmonics' constant part, as displayed:
/// rgb cut to 0 to 1, and hue, saturation and brightness of that.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Property {
    /// 0 to 1.
    Opacity,
    /// The largest standard deviation, world units.
    LargestScale,
    /// The smallest standard deviation, world units.
    SmallestScale,
    /// The largest standard deviation by the smallest.
    Elongation,
    /// Of the ellipsoid at one standard deviation, cubic world units.
    Volume,
    /// From the centre to a point, world units.
    Distance {
        /// The point, world.
        from: [f32; 3],
    },
    /// 0 to 1.
    Red,
    /// 0 to 1.
    Green,
    /// 0 to 1.
    Blue,
    /// Degrees from red by way of yellow, 0 to 360; 0 for greys.
    Hue,
    /// (Largest − smallest) / largest of rgb, 0 to 1; 0 for black.
    Saturation,
    /// The largest of rgb, 0 to 1.
    Brightness,
    /// How much the colour changes with the direction of view: the root of the sum of squares of
    /// all harmonics but the constant one.
    ShEnergy,
}

impl Property {
    /// The number of splat `i`. Infinite or none where what it is made from is.
    pub fn of(self, splats: &Splats, i: usize) -> f32 {
        match self {
            Self::Opacity => splats.opacity(i),
            Self::LargestScale => scales(splats, i).max_element(),
            Self::SmallestScale => scales(splats, i).min_element(),
            Self::Elongation => {
                let scales = scales(splats, i);
                scales.max_element() / scales.min_element()
            }
            Self::Volume => 4.0 / 3.0 * PI * scales(splats, i).element_product(),
            Self::Distance { from } => splats.means[i].distance(from.into()),
            Self::Red => shown_rgb(splats, i).x,
            Self::Green => shown_rgb(splats, i).y,
            Self::Blue => shown_rgb(splats, i).z,
            Self::Hue => hue(shown_rgb(splats, i)),
            Self::Saturation => saturation(shown_rgb(splats, i)),
            Self::Brightness => shown_rgb(splats, i).max_element(),
            Self::ShEnergy => {
                let squares = splats.sh(i)[1..].iter();
                squares
                    .map(|it| Vec3::from(*it).length_squared())
                    .sum::<f32>()
                    .sqrt()
            }
        }
    }

    /// Whether it comes from the harmonics.
    pub(super) fn is_colour(self) -> bool {
        PROPERTY_RED <= self.code()
    }

    /// Its number in `edit/find.wgsl`.
    pub(super) fn code(self) -> u32 {
        match self {
            Self::Opacity => 0,
            Self::LargestScale => 1,
            Self::SmallestScale => 2,
            Self::Elongation => 3,
            Self::Volume => 4,
            Self::Distance { .. } => 5,
            Self::Red => PROPERTY_RED,
            Self::Green => 7,
            Self::Blue => 8,
            Self::Hue => 9,
            Self::Saturation => 10,
            Self::Brightness => 11,
            Self::ShEnergy => 12,
        }
    }
}

const PROPERTY_RED: u32 = 6;

fn scales(splats: &Splats, i: usize) -> Vec3 {
    let bound = Vec3::splat(LARGEST_LOG_SCALE);
    splats.log_scales[i].clamp(-bound, bound).exp()
}

/// The colour of the constant part, as displayed.
pub(super) fn shown_rgb(splats: &Splats, i: usize) -> Vec3 {
    sh::rgb_from_dc(splats.sh(i)[0]).clamp(Vec3::ZERO, Vec3::ONE)
}

fn hue(rgb: Vec3) -> f32 {
    let high = rgb.max_element();
    let span = high - rgb.min_element();
    let sixths = if span <= 0.0 {
        0.0
    } else if high == rgb.x {
        (rgb.y - rgb.z) / span
    } else if high == rgb.y {
        2.0 + (rgb.z - rgb.x) / span
    } else {
        4.0 + (rgb.x - rgb.y) / span
    };
    60.0 * if sixths < 0.0 { sixths + 6.0 } else { sixths }
}

fn saturation(rgb: Vec3) -> f32 {
    let high = rgb.max_element();
    if 0.0 < high {
        (high - rgb.min_element()) / high
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one() -> Splats {
        Splats {
            means: vec![Vec3::new(1.0, 2.0, 3.0)],
            quats: vec![[1.0, 0.0, 0.0, 0.0]],
            log_scales: vec![Vec3::new(0.5, 2.0, 0.25).map(f32::ln)],
            opacity_logits: vec![0.0],
            sh_coeffs: vec![[0.0; 3], [3.0, 0.0, 0.0], [0.0, -4.0, 0.0], [0.0; 3]],
            sh_degree: 1,
        }
    }

    fn of(property: Property, rgb: [f32; 3]) -> f32 {
        let mut splats = one();
        splats.sh_coeffs[0] = sh::dc_from_rgb(rgb.into());
        property.of(&splats, 0)
    }

    #[test]
    fn sizes_are_those_of_the_ellipsoid() {
        let splats = one();
        let from = [1.0, 2.0, -1.0];
        for (property, expected) in [
            (Property::Opacity, 0.5),
            (Property::LargestScale, 2.0),
            (Property::SmallestScale, 0.25),
            (Property::Elongation, 8.0),
            (Property::Volume, PI / 3.0),
            (Property::Distance { from }, 4.0),
            (Property::ShEnergy, 5.0),
        ] {
            let found = property.of(&splats, 0);
            assert!((found - expected).abs() < 1e-5, "{property:?}: {found}");
        }
        let mut huge = one();
        huge.log_scales[0] = Vec3::splat(1e4);
        assert!(Property::Volume.of(&huge, 0).is_finite());
    }

    #[test]
    fn colours_are_those_that_painters_name() {
        let colours = [
            ([1.0, 0.0, 0.0], [0.0, 1.0, 1.0]),
            ([0.5, 0.5, 0.0], [60.0, 1.0, 0.5]),
            ([0.2, 0.8, 0.5], [150.0, 0.75, 0.8]),
            ([0.2, 0.2, 0.8], [240.0, 0.75, 0.8]),
            ([0.8, 0.2, 0.5], [330.0, 0.75, 0.8]),
            ([2.0, 0.0, -1.0], [0.0, 1.0, 1.0]),
        ];
        let painted = [Property::Hue, Property::Saturation, Property::Brightness];
        for (rgb, expected) in colours {
            for (property, expected) in painted.into_iter().zip(expected) {
                let found = of(property, rgb);
                assert!((found - expected).abs() < 1e-3, "{property:?}: {found}");
            }
            let channels = [Property::Red, Property::Green, Property::Blue];
            for (property, shown) in channels.into_iter().zip(rgb) {
                assert!((of(property, rgb) - shown.clamp(0.0, 1.0)).abs() < 1e-6);
            }
        }
        assert_eq!(of(Property::Hue, [0.5; 3]), 0.0);
        let black = of(Property::Saturation, [-1.0; 3]);
        assert_eq!(black, 0.0);
    }
}

//! What counts as a floater, a spike, fog.

use serde::{Deserialize, Serialize};

/// How far a strength of 0 or 1 moves a limit from the one at [`CleanConfig::USUAL`], as a factor.
const SWING: f32 = 4.0;

/// What clean-up takes for rubbish. A rule that is `None` is off.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CleanConfig {
    /// Floaters: farther than so many typical spacings from every group of splats.
    pub isolated: Option<f32>,
    /// Floaters: all photos together see less of it than so many pixels, in photos of a megapixel.
    pub unseen: Option<f32>,
    /// Floaters: right before a camera.
    pub near_camera: Option<NearCamera>,
    /// Floaters: its middle is in no photo's view, however deep, where each view is widened by this
    /// part of itself to either side.
    pub outside: Option<f32>,
    /// Floaters: without it the photos would be met better, by more than so many times a splat's fair
    /// share of all their errors.
    pub spoiling: Option<f32>,
    /// Needles.
    pub spikes: Option<Spikes>,
    /// Large and faint.
    pub fog: Option<Fog>,
    /// What the photos need is neither isolated nor a spike nor fog: what makes more of them than so
    /// many times an average splat, in more than one, and helps to meet them.
    pub essential: Option<f32>,
}

/// What lies right before a camera, and is large in its photo.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct NearCamera {
    /// Nearer than this part of the distance at which the camera sees the middle of the scene.
    pub distance: f32,
    /// One standard deviation covers more than this part of the photo's shorter side.
    pub size: f32,
}

/// What is much longer than it is wide.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spikes {
    /// The largest scale by the middle one is above: a flat disc is no needle.
    pub ratio: f32,
    /// The largest scale is above this many typical ones.
    pub size: f32,
}

/// What is large and can hardly be seen.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fog {
    /// Opacity below.
    pub opacity: f32,
    /// The largest scale is above this many typical ones.
    pub size: f32,
}

impl Default for CleanConfig {
    /// Every rule, at its usual strength.
    fn default() -> Self {
        Self::with_strengths(Some(Self::USUAL), Some(Self::USUAL), Some(Self::USUAL))
    }
}

impl CleanConfig {
    /// No rule.
    pub const NONE: Self = Self {
        isolated: None,
        unseen: None,
        near_camera: None,
        outside: None,
        spoiling: None,
        spikes: None,
        fog: None,
        essential: None,
    };

    /// The strength that removes what is certainly wrong.
    pub const USUAL: f32 = 0.5;

    /// The rules for floaters, spikes and fog, each from 0 (hardly anything goes) to 1 (much does);
    /// `None` turns them off.
    pub fn with_strengths(floaters: Option<f32>, spikes: Option<f32>, fog: Option<f32>) -> Self {
        // 4 at strength 0, 1 at the usual one, a quarter at 1.
        let strict = |strength: f32| SWING.powf(1.0 - 2.0 * strength.clamp(0.0, 1.0));
        let on = floaters.or(spikes).or(fog).is_some();
        let floaters = floaters.map(strict);
        let spikes = spikes.map(strict);
        let fog = fog.map(strict);
        Self {
            isolated: floaters.map(|it| 12.0 * it),
            unseen: floaters.map(|it| 4.0 / it),
            near_camera: floaters.map(|it| NearCamera {
                distance: 0.1 / it.sqrt(),
                size: 0.1 * it.sqrt(),
            }),
            outside: floaters.map(|it| 0.15 * it),
            spoiling: floaters.map(|it| 4.0 * it),
            spikes: spikes.map(|it| Spikes {
                ratio: 16.0 * it,
                size: 6.0 * it.sqrt(),
            }),
            fog: fog.map(|it| Fog {
                opacity: 0.05 / it,
                size: 6.0 * it.sqrt(),
            }),
            essential: on.then_some(0.1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stronger_takes_more() {
        let at = |it: f32| CleanConfig::with_strengths(Some(it), Some(it), Some(it));
        let (weak, strong) = (at(0.0), at(1.0));
        assert!(strong.isolated < weak.isolated && weak.unseen < strong.unseen);
        assert!(strong.outside < weak.outside && strong.spoiling < weak.spoiling);
        assert!(weak.near_camera.unwrap().distance < strong.near_camera.unwrap().distance);
        assert!(strong.spikes.unwrap().ratio < weak.spikes.unwrap().ratio);
        assert!(weak.fog.unwrap().opacity < strong.fog.unwrap().opacity);
        assert_eq!(at(CleanConfig::USUAL), CleanConfig::default());
        let none = CleanConfig::with_strengths(None, None, None);
        assert_eq!(none, CleanConfig::NONE);
        let text = serde_json::to_string(&strong).unwrap();
        assert_eq!(serde_json::from_str::<CleanConfig>(&text).unwrap(), strong);
    }
}

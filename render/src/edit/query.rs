//! What is asked of splats when some of them are selected, and the answer on the processor.

use std::ops::Range;

use glam::{Affine3A, Quat, Vec3};

use crate::gpu::{FrameUniform, QueryUniform};
use crate::rasterizer::camera_uniform;
use crate::{Camera, RenderConfig, Splats};

use super::property::shown_rgb;
use super::{Property, ScreenMask};

/// Splats nearer to the camera than this (camera z, world units) are not in a picture; that of
/// [`RenderConfig`]'s default.
const NEAR: f32 = 0.01;

/// What queries are about, as the kernel tells them apart.
pub(super) const TOPICS: usize = 8;

/// Which splats. A splat of which mean, quaternion, scales or opacity are not finite is never among
/// them, nor one whose colour is not where colours are asked for; and a query with a number that
/// is none has no answer but "none", though borders may be infinite.
#[derive(Clone, Debug, PartialEq)]
pub enum Query {
    /// Those whose centres fall on pixels that are set.
    Screen {
        /// Where it is looked from.
        camera: Camera,
        /// The pixels; of the size of the camera's image.
        mask: ScreenMask,
    },
    /// Those whose centres lie in a box.
    Box {
        /// Its middle, world.
        centre: Vec3,
        /// Half its sizes along its own axes, world units.
        half: Vec3,
        /// From its own axes to those of the world; normalised on use.
        rotation: Quat,
    },
    /// Those whose centres lie in a ball.
    Ball {
        /// Its middle, world.
        centre: Vec3,
        /// World units.
        radius: f32,
    },
    /// Those of which a property lies between two numbers, both included.
    Range {
        /// Which.
        property: Property,
        /// The lower border. Of [`Property::Hue`] it may be above the upper one: then hues from
        /// it on by way of red.
        low: f32,
        /// The upper border.
        high: f32,
    },
    /// Those whose displayed constant colour is near a colour.
    Colour {
        /// 0 to 1.
        rgb: [f32; 3],
        /// Largest distance in rgb.
        tolerance: f32,
    },
}

impl Query {
    /// The splats that match, a bit each: splat `i` is bit `i % 32` of word `i / 32`.
    ///
    /// What [`super::Selector`] finds on the GPU, up to splats within a rounding error of a border.
    pub fn matches(&self, splats: &Splats) -> Vec<u32> {
        self.matches_in(splats, 0..splats.len().div_ceil(32))
    }

    /// Some words of [`Self::matches`], so that several threads can share the work. Words beyond
    /// the last splat are 0.
    pub fn matches_in(&self, splats: &Splats, words: Range<usize>) -> Vec<u32> {
        let mut bits = vec![0; words.len()];
        let Some(it) = self.uniform() else {
            return bits;
        };
        let first = 32 * words.start;
        let end = (32 * words.end).min(splats.len());
        let point = Vec3::from(it.point);
        let half = Vec3::from(it.half_size);
        let mut collect = |test: &dyn Fn(usize) -> bool| {
            for i in first..end {
                let matched = test(i) && self.is_finite(splats, i);
                bits[(i - first) / 32] |= u32::from(matched) << (i % 32);
            }
        };
        match self {
            Self::Screen { camera, mask } => {
                let w2c = camera.w2c();
                collect(&|i| falls_on(&w2c, camera, mask, splats.means[i]));
            }
            Self::Box { .. } => {
                let axes = it.axes.map(|[x, y, z, _]| Vec3::new(x, y, z));
                collect(&|i| {
                    let apart = splats.means[i] - point;
                    let own = Vec3::from(axes.map(|it| it.dot(apart)));
                    own.abs().cmple(half).all()
                });
            }
            Self::Ball { .. } => collect(&|i| splats.means[i].distance(point) <= it.reach),
            Self::Colour { .. } => collect(&|i| shown_rgb(splats, i).distance(point) <= it.reach),
            Self::Range { property, .. } => {
                let wraps = *property == Property::Hue && it.high < it.low;
                collect(&|i| {
                    let value = property.of(splats, i);
                    let (above, below) = (it.low <= value, value <= it.high);
                    (above && below) || (wraps && (above || below))
                });
            }
        }
        bits
    }

    /// Whether a splat's numbers are finite, as far as they matter.
    fn is_finite(&self, splats: &Splats, i: usize) -> bool {
        let colour = match self {
            Self::Colour { .. } => 1,
            Self::Range { property, .. } if *property == Property::ShEnergy => {
                splats.coeffs_per_splat()
            }
            Self::Range { property, .. } => usize::from(property.is_colour()),
            _ => 0,
        };
        splats.means[i].is_finite()
            && splats.quats[i].iter().all(|it| it.is_finite())
            && splats.log_scales[i].is_finite()
            && splats.opacity_logits[i].is_finite()
            && (splats.sh(i)[..colour].as_flattened().iter()).all(|it| it.is_finite())
    }

    /// Its numbers as the kernel takes them: none of them is infinite. `None` where nothing can
    /// match.
    pub(super) fn uniform(&self) -> Option<QueryUniform> {
        let mut it: QueryUniform = bytemuck::Zeroable::zeroed();
        match self {
            Self::Screen { .. } => {}
            Self::Box {
                centre,
                half,
                rotation,
            } => {
                let length = rotation.length();
                if !(0.0 < length && length.is_finite()) {
                    return None;
                }
                let own_axes = Vec3::AXES.map(|axis| rotation.normalize() * axis);
                it.axes = own_axes.map(|axis| axis.extend(0.0).into());
                it.point = (*centre).into();
                it.half_size = half.to_array().map(held);
            }
            Self::Ball { centre, radius } => {
                it.point = (*centre).into();
                it.reach = held(*radius);
            }
            Self::Range {
                property,
                low,
                high,
            } => {
                it.property = property.code();
                if let Property::Distance { from } = property {
                    it.point = *from;
                }
                (it.low, it.high) = (held(*low), held(*high));
            }
            Self::Colour { rgb, tolerance } => {
                it.point = *rgb;
                it.reach = held(*tolerance);
            }
        }
        let numbers = [it.point, it.half_size, [it.low, it.high, it.reach]];
        let finite = numbers.as_flattened().iter().all(|it| it.is_finite());
        finite.then_some(it)
    }

    /// Its number in `edit/find.wgsl`, below [`TOPICS`].
    pub(super) fn topic(&self) -> usize {
        match self {
            Self::Screen { .. } => 0,
            Self::Box { .. } => 1,
            Self::Ball { .. } => 2,
            Self::Colour { .. } => 3,
            Self::Range { property, .. } => match property {
                Property::Distance { .. } => 5,
                Property::ShEnergy => 7,
                it if it.is_colour() => 6,
                _ => 4,
            },
        }
    }

    /// The camera as the kernel takes it; `None` where nothing can be seen. Zeros, where there is
    /// no camera in the query.
    pub(super) fn frame(&self) -> Option<FrameUniform> {
        let Self::Screen { camera, mask } = self else {
            return Some(bytemuck::Zeroable::zeroed());
        };
        let config = RenderConfig {
            near: NEAR,
            ..RenderConfig::default()
        };
        let frame = FrameUniform {
            image_size: [mask.width(), mask.height()],
            ..camera_uniform(camera, &config)
        };
        let numbers = frame.camera_from_world.as_flattened().iter();
        let numbers = numbers.chain(&frame.focal).chain(&frame.principal);
        let finite = { numbers }.all(|it| it.is_finite());
        (finite && !mask.is_empty()).then_some(frame)
    }
}

/// Infinite borders as the largest finite ones; what is no number stays none.
fn held(border: f32) -> f32 {
    border.clamp(f32::MIN, f32::MAX)
}

fn falls_on(w2c: &Affine3A, camera: &Camera, mask: &ScreenMask, mean: Vec3) -> bool {
    let p = w2c.transform_point3(mean);
    let k = &camera.intrinsics;
    let (x, y) = (k.fx * p.x / p.z + k.cx, k.fy * p.y / p.z + k.cy);
    // Negative numbers would become 0.
    NEAR < p.z && 0.0 <= x && 0.0 <= y && mask.contains(x as u32, y as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Intrinsics;

    /// Four splats along x, the last with a number that is none.
    fn row() -> Splats {
        Splats {
            means: (0..4).map(|i| Vec3::new(i as f32, 0.0, 0.0)).collect(),
            quats: vec![[1.0, 0.0, 0.0, f32::NAN]; 4]
                .into_iter()
                .enumerate()
                .map(|(i, [w, x, y, z])| [w, x, y, if i == 3 { z } else { 0.0 }])
                .collect(),
            log_scales: (0..4).map(|i| Vec3::splat(i as f32)).collect(),
            opacity_logits: vec![0.0, 2.0, -2.0, 0.0],
            sh_coeffs: vec![[0.0; 3], [1.0; 3], [f32::NAN; 3], [0.0; 3]],
            sh_degree: 0,
        }
    }

    fn found(query: &Query) -> u32 {
        query.matches(&row())[0]
    }

    #[test]
    fn volumes_hold_centres() {
        let everything = Query::Ball {
            centre: Vec3::ZERO,
            radius: f32::INFINITY,
        };
        assert_eq!(found(&everything), 0b0111);
        let ball = |radius| Query::Ball {
            centre: Vec3::X,
            radius,
        };
        assert_eq!(found(&ball(0.5)), 0b0010);
        assert_eq!(found(&ball(-1.0)), 0);
        assert_eq!(found(&ball(f32::NAN)), 0);
        let turned = |angle| Query::Box {
            centre: Vec3::X,
            half: Vec3::new(0.1, 1.5, 0.1),
            rotation: Quat::from_rotation_z(angle) * 3.0,
        };
        assert_eq!(found(&turned(0.0)), 0b0010);
        assert_eq!(found(&turned(std::f32::consts::FRAC_PI_2)), 0b0111);
        let none = Query::Box {
            centre: Vec3::X,
            half: Vec3::INFINITY,
            rotation: Quat::from_xyzw(0.0, 0.0, 0.0, 0.0),
        };
        assert_eq!(found(&none), 0);
    }

    #[test]
    fn pixels_catch_centres_in_front() {
        let intrinsics = Intrinsics::from_vertical_fov(1.0, 64, 48);
        let eye = Vec3::new(1.0, 0.0, -9.0);
        let camera =
            |towards: f32| Camera::look_at(intrinsics, eye, eye + towards * Vec3::Z, Vec3::NEG_Y);
        let query = |camera, mask| Query::Screen { camera, mask };
        let all = ScreenMask::full(64, 48);
        assert_eq!(found(&query(camera(1.0), all.clone())), 0b0111);
        assert_eq!(found(&query(camera(-1.0), all)), 0);
        let left = ScreenMask::rect(64, 48, [glam::Vec2::ZERO, glam::Vec2::new(31.0, 47.0)]);
        assert_eq!(found(&query(camera(1.0), left)).count_ones(), 1);
        let mut nowhere = camera(1.0);
        nowhere.c2w.translation.x = f32::NAN;
        assert_eq!(found(&query(nowhere, ScreenMask::full(64, 48))), 0);
    }

    #[test]
    fn ranges_include_their_borders() {
        let range = |property, low, high| Query::Range {
            property,
            low,
            high,
        };
        assert_eq!(found(&range(Property::Opacity, 0.5, 1.0)), 0b0011);
        let distance = Property::Distance { from: [0.0; 3] };
        assert_eq!(found(&range(distance, 1.0, 2.0)), 0b0110);
        assert_eq!(found(&range(distance, 2.0, 1.0)), 0);
        assert_eq!(found(&range(distance, 0.0, f32::INFINITY)), 0b0111);
        assert_eq!(found(&range(distance, f32::NAN, 1.0)), 0);
        // Colours that are none match nothing.
        let red = range(Property::Red, f32::NEG_INFINITY, f32::INFINITY);
        assert_eq!(found(&red), 0b0011);
        let grey = Query::Colour {
            rgb: [0.5; 3],
            tolerance: 0.01,
        };
        assert_eq!(found(&grey), 0b0001);
        let wrapped = range(Property::Hue, 300.0, 20.0);
        assert_eq!(found(&wrapped), 0b0011, "greys have hue 0");
        assert_eq!(found(&range(Property::Hue, 20.0, 300.0)), 0);
    }
}

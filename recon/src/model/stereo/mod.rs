//! What neighbouring photos say about how far away a pixel's surface is, without any learning.
//!
//! ```text
//! sweep    for every distance along a pixel's ray: the point ─► where neighbours see it ─► their
//!          colours; cost = how much these differ from the pixel's        (Collins 1996)
//! smooth   costs are passed on along rows and columns: neighbours like to be alike, and jumps cost
//!          something                                                     (Hirschmüller 2008)
//! read     distances weighed by exp(−cost / temperature) ─► mean and spread
//! vote     distances at which neighbours found a surface become cheaper; smooth, read again
//! ```
//! The published networks learn this from hundreds of thousands of objects. A small network that is
//! trained in hours is told instead, and learns what to make of it: where it is wrong, what is
//! empty, how splats of several views share a surface.

mod costs;
mod views;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use self::costs::Costs;
use self::views::{Other, View, neighbours};
use super::ModelError;
use super::rays::{Grid, NetworkCamera};

/// How distances are searched. Costs are mean differences of colours, 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Stereo {
    /// Largest logarithm of a distance that is tried, either way, in units of the origin's: as in
    /// [`DepthRange::Relative`](super::DepthRange).
    pub most: f32,
    /// How many distances are tried, evenly by their logarithms.
    pub planes: usize,
    /// Most other views that a pixel is looked for in, the nearest first.
    pub neighbours: usize,
    /// Half the window whose costs are averaged, without its middle pixel.
    pub radius: usize,
    /// What a jump between neighbouring pixels costs; a step to the next distance costs 0.15 of it.
    pub jump: f32,
    /// How much cheaper a distance is at which all neighbours surely found a surface.
    pub vote: f32,
    /// Difference of costs that makes a distance e times less likely.
    pub temperature: f32,
}

impl Default for Stereo {
    fn default() -> Self {
        Self {
            most: 0.6,
            planes: 40,
            neighbours: 4,
            radius: 1,
            jump: 0.3,
            vote: 0.2,
            temperature: 0.005,
        }
    }
}

/// A posed photo.
#[derive(Clone, Copy, Debug)]
pub struct Shot<'a> {
    /// Where it was taken from.
    pub camera: NetworkCamera,
    /// Row by row, 0 to 1.
    pub rgb: &'a [[f32; 3]],
}

/// What is known of a view's pixels, row by row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hint {
    /// For each pixel
    /// 0. the logarithm of its distance in units of the origin's,
    /// 1. how sure that is: 0 for all distances alike, 1 for one only,
    /// 2. the least cost,
    /// 3. how much the neighbours, as far as they are sure, find the same surface,
    /// 4. how much they look through where it is said to be.
    pub pixels: Vec<[f32; Hint::CHANNELS]>,
}

impl Hint {
    /// Numbers of a pixel.
    pub const CHANNELS: usize = 5;
}

/// Cost of a point that no other view sees.
const UNSEEN: f32 = 0.5;

/// Logarithms of distances that differ by less agree.
const ALIKE: f32 = 0.05;

/// More neighbours than this tell nothing new.
const MOST: usize = 8;

/// Part of the cost that is the mean over all that see a point, which carves away what is empty in
/// one of them; the rest is the mean over the better half, which forgives those to which something
/// else hides it.
const OF_ALL: f32 = 0.2;

impl Stereo {
    /// # Errors
    /// Naming what does not fit.
    pub(super) fn check(&self) -> Result<(), ModelError> {
        let fail = |what: String| Err(ModelError::Config(what));
        let counts = [
            ("stereo.planes", self.planes, 512),
            ("stereo.neighbours", self.neighbours, MOST),
        ];
        for (name, count, most) in counts {
            if count == 0 || most < count {
                return fail(format!("{name} is {count}; 1 to {most} is possible"));
            }
        }
        if 64 < self.radius {
            return fail(format!(
                "stereo.radius is {}; 0 to 64 is possible",
                self.radius
            ));
        }
        for (name, it, least) in [
            ("stereo.most", self.most, 1e-4),
            ("stereo.temperature", self.temperature, 1e-4),
            ("stereo.jump", self.jump, 0.0),
            ("stereo.vote", self.vote, 0.0),
        ] {
            if !(least..=10.0).contains(&it) {
                return fail(format!("{name} is {it}; {least} to 10 is possible"));
            }
        }
        Ok(())
    }

    /// Logarithms of the distances that are tried.
    fn offsets(&self) -> Vec<f32> {
        let last = (self.planes - 1).max(1) as f32;
        let offset = |plane| self.most * (2.0 * plane as f32 / last - 1.0);
        (0..self.planes).map(offset).collect()
    }
}

/// A hint for every view, from those that are there. Where a view has no neighbour nothing is sure.
pub fn hints(shots: &[Shot<'_>], grid: Grid, stereo: &Stereo) -> Vec<Hint> {
    let views: Vec<View> = shots.iter().map(|it| View::new(it, grid)).collect();
    let scene = Scene {
        near: (0..views.len())
            .map(|of| neighbours(&views, of, stereo.neighbours))
            .collect(),
        views,
        grid,
        stereo,
        offsets: stereo.offsets(),
    };
    let all = 0..scene.views.len();
    let (costs, first): (Vec<Costs>, Vec<Hint>) = all
        .clone()
        .into_par_iter()
        .map(|of| {
            let costs = scene.sweep(of);
            let hint = scene.read(&costs.smooth(grid, stereo.jump), of);
            (costs, hint)
        })
        .unzip();
    let second: Vec<Hint> = costs
        .into_par_iter()
        .enumerate()
        .map(|(of, mut costs)| {
            scene.vote(&mut costs, of, &first);
            scene.read(&costs.smooth(grid, stereo.jump), of)
        })
        .collect();
    all.into_par_iter()
        .map(|of| scene.compared(of, &second))
        .collect()
}

/// All views, and who is near whom.
struct Scene<'a> {
    views: Vec<View>,
    near: Vec<Vec<usize>>,
    grid: Grid,
    stereo: &'a Stereo,
    offsets: Vec<f32>,
}

impl Scene<'_> {
    fn others(&self, of: usize) -> Vec<Other<'_>> {
        let near = self.near[of].iter();
        near.map(|&it| Other::new(&self.views[of], &self.views[it], it))
            .collect()
    }

    /// The plane sweep for the pixels of view `of`, means over windows.
    fn sweep(&self, of: usize) -> Costs {
        let own = &self.views[of];
        let others = self.others(of);
        let distances: Vec<f32> = self.offsets.iter().map(|it| own.far * it.exp()).collect();
        let mut values = Vec::with_capacity(own.rgb.len() * distances.len());
        let mut turned = Vec::with_capacity(others.len());
        for (colour, direction) in own.rgb.iter().zip(&own.directions) {
            turned.clear();
            turned.extend(others.iter().map(|it| it.view.turn * *direction));
            for distance in &distances {
                let mut found = [0.0_f32; MOST];
                let mut count = 0;
                for (other, turned) in others.iter().zip(&turned) {
                    if let Some(seen) = other.colour(*turned * *distance + other.shift, self.grid) {
                        let off = (seen - *colour).abs();
                        found[count] = (off.x + off.y + off.z) / 3.0;
                        count += 1;
                    }
                }
                values.push(cost(&mut found[..count]));
            }
        }
        let planes = distances.len();
        Costs { values, planes }.averaged(self.grid, self.stereo.radius)
    }

    /// Makes distances cheaper at which neighbours found a surface.
    fn vote(&self, costs: &mut Costs, of: usize, hints: &[Hint]) {
        let own = &self.views[of];
        let others = self.others(of);
        let distances: Vec<f32> = self.offsets.iter().map(|it| own.far * it.exp()).collect();
        let rows = costs.values.chunks_exact_mut(costs.planes);
        for (costs, direction) in rows.zip(&own.directions) {
            for (cost, distance) in costs.iter_mut().zip(&distances) {
                let (mut count, mut sum) = (0.0_f32, 0.0);
                for other in &others {
                    let found =
                        other.surface(*direction * *distance, &hints[other.index], self.grid);
                    if let Some((off, sure)) = found {
                        count += 1.0;
                        sum += sure * (-(off / ALIKE).powi(2)).exp();
                    }
                }
                *cost -= self.stereo.vote * sum / count.max(1.0);
            }
        }
    }

    /// Distances from costs.
    fn read(&self, costs: &Costs, of: usize) -> Hint {
        let Stereo {
            most, temperature, ..
        } = *self.stereo;
        let is_alone = self.near[of].is_empty();
        let pixel = |costs: &[f32]| {
            let least = costs.iter().copied().fold(f32::INFINITY, f32::min);
            if is_alone || !least.is_finite() {
                return [0.0, 0.0, UNSEEN, 0.0, 0.0];
            }
            let (mut sum, mut first, mut second) = (0.0, 0.0, 0.0);
            for (cost, x) in costs.iter().zip(&self.offsets) {
                let weight = ((least - cost) / temperature).exp();
                sum += weight;
                first += weight * x;
                second += weight * x * x;
            }
            let mean = first / sum;
            let spread = (second / sum - mean * mean).max(0.0).sqrt();
            // Evenly spread over all that is tried it is most / √3.
            let sure = 1.0 - (3.0_f32.sqrt() * spread / most).min(1.0);
            [mean, sure, least, 0.0, 0.0]
        };
        Hint {
            pixels: costs.values.chunks_exact(costs.planes).map(pixel).collect(),
        }
    }

    /// A view's hint with what the neighbours make of it.
    fn compared(&self, of: usize, hints: &[Hint]) -> Hint {
        let own = &self.views[of];
        let others = self.others(of);
        let mut hint = hints[of].clone();
        for (pixel, direction) in hint.pixels.iter_mut().zip(&own.directions) {
            let from_camera = *direction * (own.far * pixel[0].exp());
            let (mut count, mut agree, mut through) = (0.0_f32, 0.0, 0.0);
            for other in &others {
                let found = other.surface(from_camera, &hints[other.index], self.grid);
                if let Some((off, sure)) = found {
                    count += 1.0;
                    agree += sure * (-(off / ALIKE).powi(2)).exp();
                    through += if off < -1.5 * ALIKE { sure } else { 0.0 };
                }
            }
            pixel[3] = agree / count.max(1.0);
            pixel[4] = through / count.max(1.0);
        }
        hint
    }
}

/// The cost of a point from the differences of colours in the views that see it.
fn cost(found: &mut [f32]) -> f32 {
    if found.is_empty() {
        return UNSEEN;
    }
    found.sort_unstable_by(f32::total_cmp);
    let mean = |it: &[f32]| it.iter().sum::<f32>() / it.len() as f32;
    OF_ALL * mean(found) + (1.0 - OF_ALL) * mean(&found[..found.len().div_ceil(2)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use glam::Vec3;

    use crate::model::Frame;
    use crate::train::{Example, Shape};

    /// Mean differences of logarithms of distances from the truth, of surfaces that are seen, and the
    /// means of agreement where the difference is small and where it is large.
    fn off(inputs: usize, stereo: &Stereo) -> (f32, [f32; 2]) {
        let (side, mut count, mut sum) = (32, 0, 0.0);
        let (mut agree, mut counts) = ([0.0; 2], [0; 2]);
        for number in 0..3 {
            let shape = Shape {
                side,
                inputs,
                targets: 0,
                chunk: None,
            };
            let scene = Example::held_out(number, shape, Frame::Focused);
            let shots = scene.inputs.iter().map(|it| Shot {
                camera: it.camera,
                rgb: &it.rgb,
            });
            let shots: Vec<Shot<'_>> = shots.collect();
            let grid = Grid {
                width: side,
                height: side,
                patch: 8,
            };
            for (view, hint) in scene.inputs.iter().zip(hints(&shots, grid, stereo)) {
                let far = view.camera.centre().length();
                for (i, pixel) in hint.pixels.iter().enumerate() {
                    if 0.5 < view.coverage[i] && view.distance[i].is_finite() {
                        let off = (pixel[0] - (view.distance[i] / far).ln()).abs();
                        sum += off;
                        count += 1;
                        let is_off = usize::from(0.1 < off);
                        agree[is_off] += pixel[3];
                        counts[is_off] += 1;
                    }
                }
            }
        }
        let agree = [0, 1].map(|i| agree[i] / counts[i].max(1) as f32);
        (sum / count.max(1) as f32, agree)
    }

    #[test]
    fn distances_are_found_and_judged() {
        let stereo = Stereo::default();
        let (two, _) = off(2, &stereo);
        let (eight, [right, wrong]) = off(8, &stereo);
        // Half the range that is tried is what a guess would be off.
        assert!(eight < 0.09 && eight < two && two < 0.2, "{two} {eight}");
        assert!(wrong < right, "{right} {wrong}");
        let bare = Stereo {
            jump: 0.0,
            vote: 0.0,
            ..stereo
        };
        assert!(eight < 0.9 * off(8, &bare).0);
    }

    #[test]
    fn nothing_is_known_of_a_view_alone() {
        let (_, agree) = off(1, &Stereo::default());
        assert_eq!(agree, [0.0; 2]);
        let camera = NetworkCamera {
            c2w: glam::Affine3A::from_translation(Vec3::NEG_Z),
            lens: [8.0, 8.0, 4.0, 4.0],
        };
        let grid = Grid {
            width: 8,
            height: 8,
            patch: 8,
        };
        let rgb = vec![[0.5; 3]; 64];
        // One photo is missing: the other is alone, too.
        let shots = [&rgb[..], &[]].map(|rgb| Shot { camera, rgb });
        let found = hints(&shots, grid, &Stereo::default());
        assert!(
            found[0]
                .pixels
                .iter()
                .all(|it| it[1] == 0.0 && it[3] == 0.0)
        );
        assert!(found[1].pixels.is_empty());
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let wrong = |stereo: Stereo, word: &str| {
            let error = stereo.check().unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        };
        let fine = Stereo::default();
        fine.check().unwrap();
        wrong(Stereo { planes: 0, ..fine }, "planes");
        wrong(
            Stereo {
                neighbours: 9,
                ..fine
            },
            "neighbours",
        );
        wrong(Stereo { radius: 65, ..fine }, "radius");
        wrong(
            Stereo {
                most: f32::NAN,
                ..fine
            },
            "most",
        );
        wrong(Stereo { vote: -1.0, ..fine }, "vote");
    }
}

//! Patterns: a colour for each point of space or of a surface.

use std::f32::consts::TAU;
use std::sync::Arc;

use glam::{Mat3, Quat, Vec2, Vec3};
use image::RgbImage;

use super::super::colour::linear;
use super::super::dice::Dice;
use super::super::noise;

/// A pattern. Colours are linear; frequencies are per world unit unless said otherwise.
#[derive(Clone, Debug)]
pub(in super::super) enum Pattern {
    /// One colour.
    Plain(Vec3),
    /// Three colours, blended by noise.
    Clouds {
        colours: [Vec3; 3],
        frequency: f32,
        octaves: u32,
        /// How hard the borders are; 1 is soft.
        contrast: f32,
        offset: Vec3,
    },
    /// Two colours in waves along an axis, which noise bends: stripes, marble, wood.
    Stripes {
        colours: [Vec3; 2],
        axis: Vec3,
        frequency: f32,
        /// The first colour's share.
        share: f32,
        /// How far noise moves the waves, in waves.
        bend: f32,
        /// Around the axis, as the rings of a tree are.
        are_rings: bool,
    },
    /// Two colours in cubes, a checkerboard on every plane.
    Checks {
        colours: [Vec3; 2],
        frame: Mat3,
        frequency: f32,
    },
    /// Lines of one colour around cubes of another: tiles.
    Tiles {
        colours: [Vec3; 2],
        frame: Mat3,
        frequency: f32,
        /// Width of the lines as a share.
        joint: f32,
        /// How much the tiles differ in brightness.
        unrest: f32,
    },
    /// From one colour to another along an axis.
    Gradient {
        colours: [Vec3; 2],
        axis: Vec3,
        reach: f32,
    },
    /// Balls of one colour in another, at random places and of random sizes.
    Spots {
        colours: [Vec3; 2],
        frequency: f32,
        radius: f32,
    },
    /// Fields of random colours, of random widths: mosaics, patchwork.
    Fields { colours: [Vec3; 4], columns: Vec2 },
    /// Rows of dashes like print; `columns` and rows per picture.
    Print { colours: [Vec3; 2], columns: Vec2 },
    /// A picture of the user's.
    Picture {
        pictures: Arc<Vec<RgbImage>>,
        index: usize,
        /// How often it is repeated along each side, and its shift.
        repeats: Vec2,
        shift: Vec2,
    },
}

/// What [`Pattern`] is called, without its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in super::super) enum PatternName {
    Plain,
    Clouds,
    Stripes,
    Checks,
    Tiles,
    Gradient,
    Spots,
    Fields,
    Print,
    Picture,
}

impl PatternName {
    /// All of them, with how often they are chosen.
    pub(in super::super) const WEIGHTS: [(Self, f32); 10] = [
        (Self::Plain, 1.6),
        (Self::Clouds, 1.7),
        (Self::Stripes, 1.3),
        (Self::Checks, 0.8),
        (Self::Tiles, 0.7),
        (Self::Gradient, 0.7),
        (Self::Spots, 0.7),
        (Self::Fields, 0.7),
        (Self::Print, 0.7),
        (Self::Picture, 3.0),
    ];

    /// One of them; pictures only where there are some.
    pub(super) fn random(has_pictures: bool, dice: &mut Dice) -> Self {
        let count = Self::WEIGHTS.len() - usize::from(!has_pictures);
        let weights: Vec<f32> = Self::WEIGHTS[..count].iter().map(|it| it.1).collect();
        Self::WEIGHTS[dice.weighted(&weights)].0
    }
}

impl Pattern {
    /// One of the name, its numbers left to chance. Without pictures, a picture is plain.
    pub(in super::super) fn random(
        name: PatternName,
        palette: &[Vec3],
        pictures: Option<&Arc<Vec<RgbImage>>>,
        dice: &mut Dice,
    ) -> Self {
        let mut colour = || dice.pick(palette);
        let four = [colour(), colour(), colour(), colour()];
        let [a, b, c, _] = four;
        let two = [a, if a == b { c } else { b }];
        match name {
            PatternName::Plain => Self::Plain(a),
            PatternName::Clouds => Self::Clouds {
                colours: [a, b, c],
                frequency: dice.factor(0.8, 9.0),
                octaves: 1 + dice.below(4) as u32,
                contrast: dice.factor(1.0, 6.0),
                offset: dice.vector(16.0),
            },
            PatternName::Stripes => Self::Stripes {
                colours: two,
                axis: axis(dice),
                frequency: dice.factor(1.2, 12.0),
                share: dice.between(0.2, 0.8),
                bend: dice.unless(0.0, 0.35, 0.3, 2.5),
                are_rings: dice.chance(0.25),
            },
            PatternName::Checks => Self::Checks {
                colours: two,
                frame: frame(dice),
                frequency: dice.factor(1.0, 9.0),
            },
            PatternName::Tiles => Self::Tiles {
                colours: two,
                frame: frame(dice),
                frequency: dice.factor(1.0, 7.0),
                joint: dice.between(0.05, 0.25),
                unrest: dice.between(0.0, 0.6),
            },
            PatternName::Gradient => Self::Gradient {
                colours: two,
                axis: axis(dice),
                reach: dice.between(0.4, 1.2),
            },
            PatternName::Spots => Self::Spots {
                colours: two,
                frequency: dice.factor(1.5, 9.0),
                radius: dice.between(0.25, 0.5),
            },
            PatternName::Fields => Self::Fields {
                colours: four,
                columns: Vec2::new(dice.factor(2.0, 14.0), dice.factor(2.0, 14.0)),
            },
            PatternName::Print => {
                let rows = dice.factor(5.0, 24.0);
                Self::Print {
                    colours: two,
                    columns: Vec2::new(rows * dice.between(1.0, 3.0), rows),
                }
            }
            PatternName::Picture => match pictures.filter(|it| !it.is_empty()) {
                Some(pictures) => Self::Picture {
                    pictures: pictures.clone(),
                    index: dice.below(pictures.len()),
                    repeats: Vec2::splat(dice.factor(0.5, 2.5)),
                    shift: Vec2::new(dice.between(0.0, 1.0), dice.between(0.0, 1.0)),
                },
                None => Self::Plain(a),
            },
        }
    }

    /// The colour at `p`, which is `uv` on the surface.
    pub(super) fn at(&self, p: Vec3, uv: Vec2) -> Vec3 {
        match self {
            Self::Plain(colour) => *colour,
            Self::Clouds {
                colours: [a, b, c],
                frequency,
                octaves,
                contrast,
                offset,
            } => {
                let value = noise::octaves(*frequency * p + *offset, *octaves, 0.55);
                let t = (1.6 * contrast * (value - 0.5) + 0.5).clamp(0.0, 1.0);
                if t < 0.5 {
                    a.lerp(*b, 2.0 * t)
                } else {
                    b.lerp(*c, 2.0 * t - 1.0)
                }
            }
            Self::Stripes {
                colours: [a, b],
                axis,
                frequency,
                share,
                bend,
                are_rings,
            } => {
                let along = if *are_rings {
                    p.reject_from_normalized(*axis).length()
                } else {
                    axis.dot(p)
                };
                let mut wave = frequency * along;
                if *bend != 0.0 {
                    wave += bend * noise::octaves(1.7 * p + 3.1, 3, 0.5);
                }
                if wave.rem_euclid(1.0) < *share {
                    *a
                } else {
                    *b
                }
            }
            Self::Checks {
                colours: [a, b],
                frame,
                frequency,
            } => {
                let cell = (*frequency * (*frame * p) + OFF_GRID).floor();
                if cell.element_sum().rem_euclid(2.0) < 0.5 {
                    *a
                } else {
                    *b
                }
            }
            Self::Tiles {
                colours: [a, b],
                frame,
                frequency,
                joint,
                unrest,
            } => tiles([*a, *b], *frequency * (*frame * p), *joint, *unrest),
            Self::Gradient {
                colours: [a, b],
                axis,
                reach,
            } => a.lerp(*b, (0.5 + 0.5 * axis.dot(p) / reach).clamp(0.0, 1.0)),
            Self::Spots {
                colours: [a, b],
                frequency,
                radius,
            } => {
                if in_spot(*frequency * p, *radius) {
                    *a
                } else {
                    *b
                }
            }
            Self::Fields { .. } | Self::Print { .. } | Self::Picture { .. } => self.on_surface(uv),
        }
    }

    /// The colour of patterns that lie on surfaces.
    fn on_surface(&self, uv: Vec2) -> Vec3 {
        match self {
            Self::Fields { colours, columns } => {
                let row = (uv.y * columns.y).floor();
                let shift = noise::of_cell(Vec3::new(row, 0.0, 3.0), 1);
                let cell = Vec3::new((uv.x * columns.x + 3.0 * shift).floor(), row, 0.0);
                colours[((4.0 * noise::of_cell(cell, 2)) as usize).min(3)]
            }
            Self::Print {
                colours: [ink, paper],
                columns,
            } => {
                let at = uv * *columns;
                let line = at.y.floor();
                let in_line = at.y - line;
                let cell = Vec3::new(at.x.floor(), line, 5.0);
                let is_ink = (0.25..0.8).contains(&in_line)
                    && noise::of_cell(cell, 3) < 0.68
                    && 0.22 < noise::of_cell(Vec3::new(0.0, line, 9.0), 4);
                if is_ink { *ink } else { *paper }
            }
            Self::Picture {
                pictures,
                index,
                repeats,
                shift,
            } => picture(&pictures[*index], uv * *repeats + *shift),
            _ => Vec3::ZERO,
        }
    }
}

/// Keeps the faces of upright boxes off the borders of cubes.
const OFF_GRID: Vec3 = Vec3::new(0.31, 0.43, 0.37);

fn tiles([tile, joint_colour]: [Vec3; 2], p: Vec3, joint: f32, unrest: f32) -> Vec3 {
    let p = p + OFF_GRID;
    let cell = p.floor();
    let inside = p - cell;
    // The third of three crossing joints would fill a whole face now and then.
    let in_joint = inside.cmplt(Vec3::splat(joint));
    if in_joint.x || in_joint.y || in_joint.z {
        return joint_colour;
    }
    (tile * (1.0 + unrest * (noise::of_cell(cell, 0) - 0.5))).min(Vec3::ONE)
}

fn in_spot(p: Vec3, radius: f32) -> bool {
    let base = p.floor();
    let near = |i: i32| {
        // Of the 27 cells around, the eight on the point's side reach it.
        let step = Vec3::new((i & 1) as f32, (i >> 1 & 1) as f32, (i >> 2) as f32);
        let side = Vec3::select((p - base).cmpge(Vec3::splat(0.5)), step, -step);
        let cell = base + side;
        let jitter = Vec3::from([1, 2, 3].map(|salt| noise::of_cell(cell, salt))) - 0.5;
        let size = radius * (0.4 + 0.6 * noise::of_cell(cell, 4));
        p.distance_squared(cell + 0.5 + 0.4 * jitter) < size * size
    };
    (0..8).any(near)
}

/// Bilinear, the picture repeated and mirrored.
fn picture(picture: &RgbImage, uv: Vec2) -> Vec3 {
    let (width, height) = picture.dimensions();
    if width == 0 || height == 0 {
        return Vec3::splat(0.5);
    }
    let mirrored = |t: f32| 1.0 - (t.rem_euclid(2.0) - 1.0).abs();
    let x = mirrored(uv.x) * (width - 1) as f32;
    let y = mirrored(uv.y) * (height - 1) as f32;
    let (left, top) = (x as u32, y as u32);
    let (u, v) = (x - left as f32, y - top as f32);
    let at = |dx: u32, dy: u32| {
        let pixel = picture.get_pixel((left + dx).min(width - 1), (top + dy).min(height - 1));
        Vec3::from(pixel.0.map(f32::from))
    };
    let above = at(0, 0).lerp(at(1, 0), u);
    let below = at(0, 1).lerp(at(1, 1), u);
    (above.lerp(below, v) / 255.0).map(linear)
}

/// Along the sides of things more often than not.
fn axis(dice: &mut Dice) -> Vec3 {
    let upright = dice.pick(&[Vec3::X, Vec3::Y, Vec3::Y, Vec3::Z]);
    if dice.chance(0.7) {
        upright
    } else {
        dice.direction()
    }
}

fn frame(dice: &mut Dice) -> Mat3 {
    if dice.chance(0.75) {
        Mat3::IDENTITY
    } else {
        Mat3::from_quat(Quat::from_axis_angle(
            dice.direction(),
            dice.between(0.0, TAU),
        ))
    }
}

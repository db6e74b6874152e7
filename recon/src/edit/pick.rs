//! How splats are picked: by a shape on the screen, a part of space, or what they are.

use glam::{Vec2, Vec3};
use rayon::prelude::*;
use render::edit::{Property, Query, ScreenMask};
use render::{Camera, Splats};
use serde::{Deserialize, Serialize};

use super::{Bits, Region, Similarity, plain};

/// Words of bits that a thread finds at a time.
const PART_WORDS: usize = 256;

/// Which splats are meant, in a way that can be asked again of other splats.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "kebab-case")]
pub enum Pick {
    /// Those whose centres a camera sees inside a shape, near or far.
    Screen {
        /// The camera; its image is what the shape is drawn on.
        #[serde(with = "plain::camera")]
        camera: Camera,
        /// The shape.
        shape: Shape,
    },
    /// Those whose centres lie in a part of space.
    Volume {
        /// The part.
        region: Region,
    },
    /// Those of which a number lies between two limits, or on them.
    Range {
        /// The number.
        property: Property,
        /// The lower limit.
        #[serde(with = "plain::low")]
        low: f32,
        /// The upper limit.
        #[serde(with = "plain::high")]
        high: f32,
    },
    /// Those whose colour is near one.
    Colour {
        /// Display rgb, 0 to 1.
        rgb: [f32; 3],
        /// How far off it may be, in the same units.
        tolerance: f32,
    },
    /// Those that were seen in one picture: of other splats this says nothing.
    Seen {
        /// How they were picked, in words.
        what: String,
    },
}

/// A shape on a camera's image, in its pixels from the top left.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// All of the image.
    Whole,
    /// Between two corners.
    Rectangle([f32; 2], [f32; 2]),
    /// Inside a closed line; where it crosses itself, parts by turns.
    Polygon(Vec<[f32; 2]>),
    /// What a round brush went over.
    Stroke {
        /// Where its middle went.
        points: Vec<[f32; 2]>,
        /// From the middle to its border.
        radius: f32,
    },
}

impl Shape {
    /// Which pixels it covers.
    pub fn mask(&self, camera: &Camera) -> ScreenMask {
        let (width, height) = (camera.intrinsics.width, camera.intrinsics.height);
        let points = |it: &[[f32; 2]]| it.iter().map(|p| Vec2::from(*p)).collect::<Vec<_>>();
        match self {
            Self::Whole => ScreenMask::full(width, height),
            Self::Rectangle(a, b) => ScreenMask::rect(width, height, [*a, *b].map(Vec2::from)),
            Self::Polygon(it) => ScreenMask::polygon(width, height, &points(it)),
            Self::Stroke { points: it, radius } => {
                ScreenMask::stroke(width, height, &points(it), *radius)
            }
        }
    }

    /// What a person calls the tool.
    fn label(&self) -> &'static str {
        match self {
            Self::Whole => "all that is in view",
            Self::Rectangle(..) => "rectangle",
            Self::Polygon(_) => "outline",
            Self::Stroke { .. } => "brush",
        }
    }
}

/// The splats that a query matches, found by all threads of the processor.
pub fn matching(query: &Query, splats: &Splats) -> Bits {
    let all = splats.len().div_ceil(32);
    let part = |k: usize| {
        let first = k * PART_WORDS;
        query.matches_in(splats, first..(first + PART_WORDS).min(all))
    };
    let parts = (0..all.div_ceil(PART_WORDS)).into_par_iter();
    Bits::from_words(splats.len(), parts.flat_map_iter(part).collect())
}

impl Pick {
    /// As a question that the GPU, or [`Query::matches`], can answer; `None` where it has no
    /// meaning for other splats.
    pub fn query(&self) -> Option<Query> {
        Some(match self {
            Self::Screen { camera, shape } => Query::Screen {
                camera: *camera,
                mask: shape.mask(camera),
            },
            Self::Volume { region } => match *region {
                Region::Box {
                    centre,
                    half,
                    rotation,
                } => Query::Box {
                    centre,
                    half,
                    rotation,
                },
                Region::Ball { centre, radius } => Query::Ball { centre, radius },
            },
            Self::Range {
                property,
                low,
                high,
            } => Query::Range {
                property: *property,
                low: *low,
                high: *high,
            },
            Self::Colour { rgb, tolerance } => Query::Colour {
                rgb: *rgb,
                tolerance: *tolerance,
            },
            Self::Seen { .. } => return None,
        })
    }

    /// Which of the splats are meant; `None` where that cannot be said of these.
    pub fn hits(&self, splats: &Splats) -> Option<Bits> {
        Some(matching(&self.query()?, splats))
    }

    /// The same when the scene is moved.
    #[must_use]
    pub fn moved(&self, by: &Similarity) -> Self {
        match self {
            Self::Volume { region } => Self::Volume {
                region: region.moved(by),
            },
            other => other.clone(),
        }
    }

    /// What a person calls it.
    pub fn label(&self) -> String {
        match self {
            Self::Screen { shape, .. } => shape.label().to_owned(),
            Self::Volume {
                region: Region::Box { .. },
            } => "box".to_owned(),
            Self::Volume {
                region: Region::Ball { .. },
            } => "ball".to_owned(),
            Self::Range {
                property,
                low,
                high,
            } => format!("{} {low:.3} to {high:.3}", property_label(*property)),
            Self::Colour { rgb, .. } => {
                let [r, g, b] = (255.0 * Vec3::from(*rgb)).round().to_array();
                format!("colour {r} {g} {b}")
            }
            Self::Seen { what } => what.clone(),
        }
    }
}

/// Numbers that a range can be of; distances are from the origin.
pub const PROPERTIES: [Property; 13] = [
    Property::Opacity,
    Property::LargestScale,
    Property::SmallestScale,
    Property::Elongation,
    Property::Volume,
    Property::Distance { from: [0.0; 3] },
    Property::Red,
    Property::Green,
    Property::Blue,
    Property::Hue,
    Property::Saturation,
    Property::Brightness,
    Property::ShEnergy,
];

/// What a person calls it.
pub fn property_label(property: Property) -> &'static str {
    match property {
        Property::Opacity => "Opacity",
        Property::LargestScale => "Largest scale",
        Property::SmallestScale => "Smallest scale",
        Property::Elongation => "Elongation",
        Property::Volume => "Volume",
        Property::Distance { .. } => "Distance",
        Property::Red => "Red",
        Property::Green => "Green",
        Property::Blue => "Blue",
        Property::Hue => "Hue",
        Property::Saturation => "Saturation",
        Property::Brightness => "Brightness",
        Property::ShEnergy => "SH energy",
    }
}

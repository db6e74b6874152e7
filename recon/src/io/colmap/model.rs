//! A model as its files have it: numbers instead of places in lists, nothing checked yet.

use std::ops::Range;

use glam::{DVec2, DVec3};

use crate::dataset::{LensModel, PoseFormat};
use crate::io::FormatError;

/// What stands for "no point" in the lists of what an image saw.
pub(super) const NO_POINT: u64 = u64::MAX;

/// What the three files hold.
pub(super) struct Model {
    pub(super) format: PoseFormat,
    pub(super) cameras: Vec<Camera>,
    pub(super) images: Vec<Image>,
    pub(super) points: Vec<Point>,
    /// The tracks of all points: image number, place in what the image saw.
    pub(super) tracks: Vec<(u64, u64)>,
    pub(super) warnings: Vec<String>,
}

pub(super) struct Camera {
    pub(super) id: u64,
    pub(super) model: LensModel,
    pub(super) width: u64,
    pub(super) height: u64,
    /// As many as the model has.
    pub(super) params: Vec<f64>,
}

pub(super) struct Image {
    pub(super) id: u64,
    /// World to camera: w x y z.
    pub(super) quat: [f64; 4],
    /// World to camera.
    pub(super) translation: DVec3,
    pub(super) camera: u64,
    pub(super) name: String,
    /// The name was not UTF-8.
    pub(super) is_name_odd: bool,
    /// Pixels, with the number of the point or [`NO_POINT`].
    pub(super) seen: Vec<(DVec2, u64)>,
}

pub(super) struct Point {
    pub(super) id: u64,
    pub(super) position: DVec3,
    pub(super) colour: [u8; 3],
    /// Negative where unknown.
    pub(super) error_px: f64,
    /// In [`Model::tracks`].
    pub(super) track: Range<usize>,
}

impl Model {
    pub(super) fn new(format: PoseFormat) -> Self {
        Self {
            format,
            cameras: Vec::new(),
            images: Vec::new(),
            points: Vec::new(),
            tracks: Vec::new(),
            warnings: Vec::new(),
        }
    }
}

/// How a camera model of the files is read.
#[derive(Clone, Copy)]
pub(super) struct Reading {
    pub(super) model: LensModel,
    /// How many parameters the file has; those that `model` has beyond that are 0.
    pub(super) num_params: usize,
}

/// COLMAP's newer models, by number and name, and what they are read as, if anything.
const NEWER: [(i32, &str, Option<Reading>); 6] = [
    (12, "SIMPLE_DIVISION", None),
    (13, "DIVISION", None),
    // Equidistant without coefficients.
    (
        14,
        "SIMPLE_FISHEYE",
        Some(Reading {
            model: LensModel::SimpleRadialFisheye,
            num_params: 3,
        }),
    ),
    (
        15,
        "FISHEYE",
        Some(Reading {
            model: LensModel::OpencvFisheye,
            num_params: 4,
        }),
    ),
    (16, "EUCM", None),
    (17, "EQUIRECTANGULAR", None),
];

impl Reading {
    pub(super) fn from_id(id: i32, camera: u64, file: &str) -> Result<Self, FormatError> {
        let newer = NEWER.iter().find(|it| it.0 == id);
        let spelt = newer.map_or_else(|| format!("{id}"), |it| format!("{id} ({})", it.1));
        LensModel::from_colmap_id(id)
            .map(Self::whole)
            .or_else(|| newer?.2)
            .ok_or_else(|| unknown_model(&spelt, camera, file))
    }

    pub(super) fn from_name(name: &str, camera: u64, file: &str) -> Result<Self, FormatError> {
        let newer = NEWER.iter().find(|it| it.1 == name);
        LensModel::from_name(name)
            .map(Self::whole)
            .or_else(|| newer?.2)
            .ok_or_else(|| unknown_model(&excerpt(name), camera, file))
    }

    fn whole(model: LensModel) -> Self {
        Self {
            model,
            num_params: model.num_params(),
        }
    }

    /// Fills up what the file does not have.
    pub(super) fn params(self, mut from_file: Vec<f64>) -> Vec<f64> {
        from_file.resize(self.model.num_params(), 0.0);
        from_file
    }
}

fn unknown_model(spelt: &str, camera: u64, file: &str) -> FormatError {
    let known: Vec<&str> = LensModel::all().map(LensModel::name).collect();
    FormatError::Unsupported(format!(
        "{file}: camera {camera} has model {spelt}, which is not known here; known are {}. \
         Undistort the photos with COLMAP's image_undistorter, or align them with one of these",
        known.join(", ")
    ))
}

/// The beginning of a text from a file, fit to be shown.
pub(super) fn excerpt(text: &str) -> String {
    const LONGEST: usize = 80;
    let mut shown: String = text.chars().take(LONGEST).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    format!("\"{}\"", shown.escape_debug())
}

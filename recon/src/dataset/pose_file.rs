//! What a pose file says, before any photo was looked at. Every reader makes one, every writer
//! and every pose engine too.

use std::collections::BTreeMap;
use std::fmt;

use glam::DAffine3;
use serde::Serialize;

use super::{Distortion, Lens, LensModel, Points, Split};

/// What a pose file says.
#[derive(Clone, Debug)]
pub struct PoseFile {
    /// Which format it was read from.
    pub format: PoseFormat,
    /// The scene's name, where the file has one.
    pub scene_name: Option<String>,
    /// Different cameras. Frames refer to them by index.
    pub optics: Vec<Optics>,
    /// Photos with poses.
    pub frames: Vec<Frame>,
    /// Points and tracks that the file itself holds.
    pub points: Points,
    /// A `.ply` with points that the file names, relative to the folder (`ply_file_path`).
    pub point_file: Option<String>,
    /// Photos that the file names without giving a pose.
    pub unregistered: Vec<String>,
    /// Published choices of input views, as indices into `frames`, by how many were asked for.
    pub input_lists: BTreeMap<usize, Vec<usize>>,
    /// What was odd, in words for a person.
    pub warnings: Vec<String>,
}

impl PoseFile {
    /// One without frames.
    pub fn new(format: PoseFormat) -> Self {
        Self {
            format,
            scene_name: None,
            optics: Vec::new(),
            frames: Vec::new(),
            points: Points::default(),
            point_file: None,
            unregistered: Vec::new(),
            input_lists: BTreeMap::new(),
            warnings: Vec::new(),
        }
    }
}

/// A photo with a pose.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// The photo as the file names it: may be stale, absolute, without extension.
    pub image: String,
    /// Its mask, where the file names one.
    pub mask: Option<String>,
    /// Index into [`PoseFile::optics`].
    pub optics: usize,
    /// Camera to world, a rotation and a position; OpenCV axes.
    pub c2w: DAffine3,
    /// Where the file itself splits (`transforms_test.json`, `split` entries).
    pub split: Option<Split>,
}

/// A camera's inner geometry, as exactly as the file has it.
#[derive(Clone, Debug, PartialEq)]
pub enum Optics {
    /// In pixels of a stated image size.
    Lens(Lens),
    /// The image's size is not in the file.
    Relative(RelativeLens),
}

/// A camera's inner geometry where the image's size is not in the file.
#[derive(Clone, Debug, PartialEq)]
pub struct RelativeLens {
    /// Its model's name.
    pub model: LensModel,
    /// Focal lengths along x and y, in `unit`s.
    pub focal: [f64; 2],
    /// Principal point in `unit`s: from the image's centre, or, where `from_corner`, from its
    /// upper left corner.
    pub principal: [f64; 2],
    /// What `principal` counts from.
    pub from_corner: bool,
    /// What the lengths are multiples of.
    pub unit: LengthUnit,
    /// Distortion has no unit.
    pub distortion: Distortion,
}

/// What lengths are multiples of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LengthUnit {
    /// A pixel of the stored image.
    Pixel,
    /// The image's width.
    Width,
    /// The longer side.
    LongSide,
}

impl Optics {
    /// In pixels of an image of this size: a stated lens is scaled to it.
    pub fn at(&self, width: u32, height: u32) -> Lens {
        match self {
            Self::Lens(lens) if (lens.width, lens.height) == (width, height) => lens.clone(),
            Self::Lens(lens) => lens.resized(width, height),
            Self::Relative(it) => it.at(width, height),
        }
    }
}

impl RelativeLens {
    /// In pixels of an image of this size.
    pub fn at(&self, width: u32, height: u32) -> Lens {
        let unit = match self.unit {
            LengthUnit::Pixel => 1.0,
            LengthUnit::Width => f64::from(width),
            LengthUnit::LongSide => f64::from(width.max(height)),
        };
        let origin = if self.from_corner { 0.0 } else { 0.5 };
        Lens {
            model: self.model,
            width,
            height,
            fx: self.focal[0] * unit,
            fy: self.focal[1] * unit,
            cx: origin * f64::from(width) + self.principal[0] * unit,
            cy: origin * f64::from(height) + self.principal[1] * unit,
            distortion: self.distortion,
        }
    }
}

/// The formats of posed photos.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PoseFormat {
    /// `cameras.bin`, `images.bin`, `points3D.bin`.
    ColmapBinary,
    /// `cameras.txt`, `images.txt`, `points3D.txt`.
    ColmapText,
    /// `transforms.json` of nerfstudio and instant-ngp.
    Transforms,
    /// `transforms_{train,val,test}.json` of Blender scenes.
    Blender,
    /// `opencv_cameras.json`: tttLRM's and Long-LRM's object, LaCT's bare list.
    OpencvCameras,
    /// `poses_bounds.npy` of LLFF.
    Llff,
    /// RealityCapture's and RealityScan's CSV of internal and external parameters.
    RealityCapture,
    /// Agisoft Metashape's XML of cameras.
    Metashape,
    /// `cameras.json` beside a 3DGS scene.
    InriaCameras,
}

impl fmt::Display for PoseFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ColmapBinary => "COLMAP (binary)",
            Self::ColmapText => "COLMAP (text)",
            Self::Transforms => "transforms.json",
            Self::Blender => "Blender transforms",
            Self::OpencvCameras => "opencv_cameras.json",
            Self::Llff => "LLFF poses_bounds.npy",
            Self::RealityCapture => "RealityCapture CSV",
            Self::Metashape => "Metashape XML",
            Self::InriaCameras => "cameras.json of 3DGS",
        })
    }
}

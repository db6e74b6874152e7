//! What of a scene is exported: a box of it, which axis is up, how many harmonics.

use glam::{Quat, Vec3};

use super::SplatFile;
use super::html::{Page, PageLook};
use crate::camera_path::CameraPath;

/// Which axis of the exported file points up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExportAxes {
    /// As they are in the scene.
    #[default]
    Keep,
    /// +y, as in most engines.
    YUp,
    /// +z, as in maps and CAD.
    ZUp,
}

impl ExportAxes {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Keep, Self::YUp, Self::ZUp];

    /// What a person calls it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Keep => "As they are",
            Self::YUp => "Y up",
            Self::ZUp => "Z up",
        }
    }
}

/// What is changed on the way to a file; the scene itself stays as it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExportOptions {
    /// Lower and upper corner of the box, world units of the scene: splats whose mean lies outside
    /// are left out. `None` for all.
    pub crop: Option<[Vec3; 2]>,
    /// How the scene is turned.
    pub axes: ExportAxes,
    /// What is up in the scene, a direction; needed to turn it.
    pub up: Vec3,
    /// Highest degree of harmonics that is kept; `None` for all.
    pub max_sh_degree: Option<u32>,
    /// How a `.html` draws.
    pub look: PageLook,
}

impl Default for ExportOptions {
    /// Everything as it is; up is −y, as in scenes from COLMAP.
    fn default() -> Self {
        Self {
            crop: None,
            axes: ExportAxes::Keep,
            up: Vec3::NEG_Y,
            max_sh_degree: None,
            look: PageLook::default(),
        }
    }
}

impl ExportOptions {
    /// Whether the file is left as it is.
    pub fn changes_nothing(&self, file: &SplatFile) -> bool {
        self.crop.is_none()
            && self.axes == ExportAxes::Keep
            && self
                .max_sh_degree
                .is_none_or(|it| file.splats.sh_degree <= it)
    }

    /// A copy of `file` as it is to be written. The box is that of the scene before it is turned.
    #[must_use]
    pub fn apply(&self, file: &SplatFile) -> SplatFile {
        let mut splats = match self.crop {
            Some(corners) => {
                let [low, high] = sorted(corners);
                let means = file.splats.means.iter().enumerate();
                let inside: Vec<usize> = means
                    .filter(|(_, it)| it.cmpge(low).all() && it.cmple(high).all())
                    .map(|(i, _)| i)
                    .collect();
                file.splats.select(&inside)
            }
            None => file.splats.clone(),
        };
        if let Some(degree) = self.max_sh_degree {
            splats = splats.with_sh_degree(degree);
        }
        if let Some(rotation) = self.rotation() {
            splats = splats.turned(rotation);
        }
        SplatFile {
            splats,
            format: file.format,
            antialiased: file.antialiased,
            comments: file.comments.clone(),
            warnings: file.warnings.clone(),
        }
    }

    /// What a `.html` of the exported scene tells besides the splats.
    /// `path` is one through the scene before it is turned.
    pub fn page(&self, name: &str, path: &CameraPath) -> Page {
        let rotation = self.rotation();
        Page {
            name: name.to_owned(),
            up: rotation.map_or(self.up, |it| it * self.up),
            look: self.look,
            path: match rotation {
                Some(rotation) => path.clone().turned(rotation),
                None => path.clone(),
            },
            ..Page::default()
        }
    }

    /// How the scene is turned about the origin; `None` where it is not.
    pub fn rotation(&self) -> Option<Quat> {
        let wanted = match self.axes {
            ExportAxes::Keep => return None,
            ExportAxes::YUp => Vec3::Y,
            ExportAxes::ZUp => Vec3::Z,
        };
        let up = self.up.try_normalize()?;
        // Upside down every half turn would do: about x, as other programs do between the axes of
        // COLMAP and those of engines.
        if up.dot(wanted) < -0.999_999 && wanted == Vec3::Y {
            return Some(Quat::from_rotation_x(std::f32::consts::PI));
        }
        Some(Quat::from_rotation_arc(up, wanted))
    }
}

/// The lower corner first.
fn sorted([a, b]: [Vec3; 2]) -> [Vec3; 2] {
    [a.min(b), a.max(b)]
}

#[cfg(test)]
mod tests {
    use render::Splats;

    use super::*;
    use crate::io::SplatFormat;

    fn file() -> SplatFile {
        let splats = Splats {
            means: vec![Vec3::ZERO, Vec3::new(0.0, -2.0, 1.0), Vec3::NAN],
            quats: vec![[1.0, 0.0, 0.0, 0.0]; 3],
            log_scales: vec![Vec3::ZERO; 3],
            opacity_logits: vec![0.0; 3],
            sh_coeffs: vec![[0.25; 3]; 27],
            sh_degree: 2,
        };
        SplatFile::new(splats, SplatFormat::Ply)
    }

    #[test]
    fn the_defaults_change_nothing() {
        let mut finite = file();
        finite.splats.means[2] = Vec3::ONE;
        let options = ExportOptions::default();
        assert!(options.changes_nothing(&finite));
        assert_eq!(options.apply(&finite), finite);
        let kept = ExportOptions {
            max_sh_degree: Some(2),
            ..options
        };
        assert!(kept.changes_nothing(&finite));
    }

    #[test]
    fn a_box_keeps_what_lies_inside() {
        let options = ExportOptions {
            crop: Some([Vec3::splat(1.0), Vec3::splat(-1.0)]),
            ..ExportOptions::default()
        };
        let cropped = options.apply(&file());
        assert_eq!(cropped.splats.means, [Vec3::ZERO]);
        assert_eq!(cropped.splats.check(), Ok(()));
        assert!(!options.changes_nothing(&file()));
    }

    #[test]
    fn up_becomes_the_axis_that_was_asked_for() {
        for up in [Vec3::NEG_Y, Vec3::Y, Vec3::Z, Vec3::new(0.2, -0.9, 0.1)] {
            for (axes, wanted) in [(ExportAxes::YUp, Vec3::Y), (ExportAxes::ZUp, Vec3::Z)] {
                let options = ExportOptions {
                    axes,
                    up,
                    ..ExportOptions::default()
                };
                let rotation = options.rotation().unwrap();
                let turned = rotation * up.normalize();
                assert!((turned - wanted).length() < 1e-4, "{up} {axes:?}: {turned}");
            }
        }
        let options = ExportOptions {
            axes: ExportAxes::YUp,
            ..ExportOptions::default()
        };
        let turned = options.apply(&file()).splats.means[1];
        let expected = Vec3::new(0.0, 2.0, -1.0);
        assert!((turned - expected).length() < 1e-5, "{turned}");
        let lost = ExportOptions {
            axes: ExportAxes::ZUp,
            up: Vec3::ZERO,
            ..ExportOptions::default()
        };
        assert_eq!(lost.rotation(), None, "no direction, no turn");
    }

    #[test]
    fn harmonics_can_be_left_out() {
        let options = ExportOptions {
            max_sh_degree: Some(0),
            ..ExportOptions::default()
        };
        let flat = options.apply(&file()).splats;
        assert_eq!((flat.sh_degree, flat.sh_coeffs.len()), (0, 3));
    }
}

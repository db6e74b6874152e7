//! What commands that write splat files take: which part of the scene, which axis is up, how many
//! harmonics.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use glam::Vec3;
use recon::io::{ExportAxes, ExportOptions};

/// What is changed of a scene on the way to its file.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Exporting")]
pub struct ExportArgs {
    /// Write only splats whose middle lies in the box between two corners, in the scene's units
    #[arg(long, value_name = "X,Y,Z,X,Y,Z", allow_hyphen_values = true, value_parser = corners)]
    pub crop: Option<[Vec3; 2]>,

    /// Turn the scene so that this axis points up
    #[arg(long, value_enum, default_value_t)]
    pub axes: AxesName,

    /// What is up in the scene, to turn it: -y, +y, +z, -z, +x or -x [default: what is up in its
    /// photos, else -y]
    #[arg(long, value_name = "AXIS", allow_hyphen_values = true, value_parser = super::up_axis)]
    pub up: Option<Vec3>,

    /// Write harmonics up to this degree only
    #[arg(long, value_name = "0..3", value_parser = clap::value_parser!(u32).range(0..=3))]
    pub export_sh_degree: Option<u32>,
}

impl ExportArgs {
    /// The same for the writer; `own_up` is what the photos say, where there are some.
    pub fn options(&self, own_up: Option<Vec3>) -> ExportOptions {
        let usual = ExportOptions::default();
        ExportOptions {
            crop: self.crop,
            axes: self.axes.into(),
            up: self.up.or(own_up).unwrap_or(usual.up),
            max_sh_degree: self.export_sh_degree,
            ..usual
        }
    }
}

/// What `convert` takes for a page.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Pages (.html)")]
pub struct PageArgs {
    /// Colour behind the scene: RRGGBB, or r,g,b from 0 to 1 [default: a dark grey]
    #[arg(long, value_name = "RRGGBB|r,g,b", value_parser = super::colour)]
    pub page_background: Option<[f32; 3]>,

    /// Camera path to play, as `render --path` takes it; it begins with the first view
    #[arg(long, value_name = "FILE|PROJECT")]
    pub page_path: Option<PathBuf>,

    /// Cameras a second, where --page-path is a list of cameras without times
    #[arg(long, value_name = "FPS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=240))]
    pub page_fps: u32,
}

/// Which axis of the file points up, as the command line calls it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum AxesName {
    /// As they are in the scene
    #[default]
    Keep,
    /// +y, as in most engines
    YUp,
    /// +z, as in maps and CAD
    ZUp,
}

impl From<AxesName> for ExportAxes {
    fn from(name: AxesName) -> Self {
        match name {
            AxesName::Keep => Self::Keep,
            AxesName::YUp => Self::YUp,
            AxesName::ZUp => Self::ZUp,
        }
    }
}

/// Two corners of a box.
pub(super) fn corners(text: &str) -> Result<[Vec3; 2], String> {
    let numbers: Result<Vec<f32>, _> = text.split(',').map(|it| it.trim().parse()).collect();
    let six = numbers.ok().and_then(|it| <[f32; 6]>::try_from(it).ok());
    six.filter(|it| it.iter().all(|number| number.is_finite()))
        .map(|[a, b, c, d, e, f]| [Vec3::new(a, b, c), Vec3::new(d, e, f)])
        .ok_or_else(|| "expected two corners, such as -1,-1,-1,1,1,1".to_owned())
}

#[cfg(test)]
mod tests {

    use super::super::Command;
    use super::super::tests::parsed;
    use super::*;

    fn convert(args: &str) -> Result<ExportArgs, clap::Error> {
        match parsed("convert a.ply b.ply", args)? {
            Command::Convert(args) => Ok(args.exporting),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_not_given_changes_nothing() {
        assert_eq!(convert("").unwrap().options(None), ExportOptions::default());
    }

    #[test]
    fn boxes_axes_and_degrees_are_read() {
        let args = convert("--crop -1,-2,0.5,1,2,1e1 --axes z-up --export-sh-degree 0").unwrap();
        let options = args.options(Some(Vec3::X));
        let corners = [Vec3::new(-1.0, -2.0, 0.5), Vec3::new(1.0, 2.0, 10.0)];
        assert_eq!(options.crop, Some(corners));
        assert_eq!((options.axes, options.up), (ExportAxes::ZUp, Vec3::X));
        assert_eq!(options.max_sh_degree, Some(0));
        let args = convert("--axes y-up --up -z").unwrap();
        assert_eq!(args.options(Some(Vec3::X)).up, Vec3::NEG_Z);
        for wrong in [
            "--crop 1,2,3",
            "--crop 1,2,3,4,5,6,7",
            "--crop 1,2,3,4,5,inf",
            "--crop x",
            "--axes up",
            "--up w",
            "--export-sh-degree 4",
        ] {
            assert!(convert(wrong).is_err(), "{wrong}");
        }
    }
}

//! What `edit` takes: the same operations as in the window, in a fixed order.

use std::path::PathBuf;

use clap::Args;
use glam::{Quat, Vec3};

use super::measuring::MeasuringArgs;
use super::up_axis;

/// What `edit` takes.
#[derive(Args, Clone, Debug)]
pub struct EditArgs {
    /// Splat file, or a project: its folder, or the project.json in it
    #[arg(value_name = "IN")]
    pub input: PathBuf,

    /// Splat file to write; its ending decides the format
    #[arg(long, short, value_name = "FILE", required_unless_present = "project")]
    pub out: Option<PathBuf>,

    /// Keep the splats and the list of edits as a project in this folder
    #[arg(long, value_name = "FOLDER")]
    pub project: Option<PathBuf>,

    /// Posed photos of the scene: clean-up then knows what they see, and held-out ones are measured
    /// before and after
    #[arg(long, value_name = "FOLDER")]
    pub dataset: Option<PathBuf>,

    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would show it as the help of the command")]
    pub clean: CleaningArgs,

    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would show it as the help of the command")]
    pub cut: CuttingArgs,

    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would show it as the help of the command")]
    pub colour: ColourArgs,

    /// Add the splats of another file, as they are; can be given several times
    #[arg(long, value_name = "FILE", help_heading = "Merging")]
    pub merge: Vec<PathBuf>,

    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would show it as the help of the command")]
    pub moving: MovingArgs,

    /// Keep harmonics up to this degree only
    #[arg(long, value_name = "0..3", value_parser = clap::value_parser!(u32).range(0..=3), help_heading = "Moving")]
    pub sh_degree: Option<u32>,

    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would show it as the help of the command")]
    pub measuring: MeasuringArgs,

    /// Draw for splats that were optimised with antialiasing [default: what the file says]
    #[arg(
        long,
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        help_heading = "Measuring"
    )]
    pub antialiased: Option<bool>,
}

/// What does not belong to the scene.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Cleaning up (first)")]
pub struct CleaningArgs {
    /// Remove floaters: isolated ones; with --dataset also those that the photos hardly see or
    /// would be met better without, that hang before a camera, or that lie outside all views. From 0
    /// (few) to 1 (many)
    #[arg(
        long,
        value_name = "STRENGTH",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "0.5",
        value_parser = strength
    )]
    pub remove_floaters: Option<f32>,

    /// Remove needles
    #[arg(
        long,
        value_name = "STRENGTH",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "0.5",
        value_parser = strength
    )]
    pub remove_spikes: Option<f32>,

    /// Remove what is large and faint
    #[arg(
        long,
        value_name = "STRENGTH",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "0.5",
        value_parser = strength
    )]
    pub remove_fog: Option<f32>,

    /// Remove splats with a lower opacity, 0 to 1
    #[arg(long, value_name = "OPACITY", value_parser = part)]
    pub min_opacity: Option<f32>,

    /// Remove splats whose largest standard deviation is above, in the scene's units
    #[arg(long, value_name = "LENGTH", value_parser = above_zero)]
    pub max_scale: Option<f32>,
}

/// Which part of space stays.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Cropping (then, where the scene lies in IN)")]
pub struct CuttingArgs {
    /// Keep what lies in the box between two corners
    #[arg(long, value_name = "X,Y,Z,X,Y,Z", allow_hyphen_values = true, value_parser = numbers::<6>)]
    pub crop: Option<[f32; 6]>,

    /// Keep what lies in the ball of a centre and a radius
    #[arg(long, value_name = "X,Y,Z,R", allow_hyphen_values = true, value_parser = ball)]
    pub crop_ball: Option<[f32; 4]>,

    /// Remove what lies in a box; can be given several times
    #[arg(long, value_name = "X,Y,Z,X,Y,Z", allow_hyphen_values = true, value_parser = numbers::<6>)]
    pub cut_box: Vec<[f32; 6]>,

    /// Remove what lies in a ball; can be given several times
    #[arg(long, value_name = "X,Y,Z,R", allow_hyphen_values = true, value_parser = ball)]
    pub cut_ball: Vec<[f32; 4]>,
}

/// How colours change.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Colours (then)")]
pub struct ColourArgs {
    /// Stops: 1 is twice as bright
    #[arg(long, value_name = "STOPS", default_value_t = 0.0, hide_default_value = true, allow_hyphen_values = true, value_parser = stops)]
    pub exposure: f32,

    /// From -1 (cold) to 1 (warm)
    #[arg(long, value_name = "-1..1", default_value_t = 0.0, hide_default_value = true, allow_hyphen_values = true, value_parser = either_way)]
    pub temperature: f32,

    /// From -1 (grey) to 1 (twice as colourful)
    #[arg(long, value_name = "-1..1", default_value_t = 0.0, hide_default_value = true, allow_hyphen_values = true, value_parser = either_way)]
    pub saturation: f32,

    /// From -1 (flat grey) to 1 (twice as much)
    #[arg(long, value_name = "-1..1", default_value_t = 0.0, hide_default_value = true, allow_hyphen_values = true, value_parser = either_way)]
    pub contrast: f32,
}

/// Where the scene goes.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Moving (last, in this order)")]
pub struct MovingArgs {
    /// Turn the scene so that the plane through three points lies level, through the origin
    #[arg(long, value_name = "X,Y,Z,X,Y,Z,X,Y,Z", allow_hyphen_values = true, value_parser = numbers::<9>)]
    pub floor: Option<[f32; 9]>,

    /// Which way is up in the scene, for --floor: -y (as COLMAP leaves it), +y, +z, -z, +x or -x
    #[arg(long, value_name = "AXIS", default_value = "-y", allow_hyphen_values = true, value_parser = up_axis)]
    pub up: Vec3,

    /// Make the scene so many times as large, about the origin
    #[arg(long, value_name = "FACTOR", value_parser = above_zero)]
    pub scale: Option<f32>,

    /// Turn the scene about an axis through the origin, by degrees: y,90 or 1,1,0,-45
    #[arg(long, value_name = "AXIS,DEGREES", allow_hyphen_values = true, value_parser = rotation)]
    pub rotate: Option<Quat>,

    /// Shift the scene
    #[arg(long, value_name = "X,Y,Z", allow_hyphen_values = true, value_parser = numbers::<3>)]
    pub translate: Option<[f32; 3]>,
}

/// `N` finite numbers with commas between.
fn numbers<const N: usize>(text: &str) -> Result<[f32; N], String> {
    let numbers: Result<Vec<f32>, _> = text.split(',').map(|it| it.trim().parse()).collect();
    let all = numbers.ok().and_then(|it| <[f32; N]>::try_from(it).ok());
    all.filter(|it| it.iter().all(|number| number.is_finite()))
        .ok_or_else(|| format!("expected {N} numbers with commas between"))
}

fn ball(text: &str) -> Result<[f32; 4], String> {
    let ball = numbers::<4>(text)?;
    if ball[3] <= 0.0 {
        return Err("expected a radius above zero".to_owned());
    }
    Ok(ball)
}

fn rotation(text: &str) -> Result<Quat, String> {
    let expected = || "expected an axis and degrees, such as y,90 or 1,1,0,-45".to_owned();
    let (axis, degrees) = text.rsplit_once(',').ok_or_else(expected)?;
    let axis = match axis.trim() {
        "x" => Vec3::X,
        "y" => Vec3::Y,
        "z" => Vec3::Z,
        other => Vec3::from(numbers::<3>(other).map_err(|_| expected())?),
    };
    let axis = axis.try_normalize().ok_or_else(expected)?;
    let [degrees] = numbers::<1>(degrees).map_err(|_| expected())?;
    Ok(Quat::from_axis_angle(axis, degrees.to_radians()))
}

fn within(text: &str, least: f32, most: f32) -> Result<f32, String> {
    let number = text.parse::<f32>().ok();
    number
        .filter(|it| (least..=most).contains(it))
        .ok_or_else(|| format!("expected a number from {least} to {most}"))
}

fn strength(text: &str) -> Result<f32, String> {
    within(text, 0.0, 1.0)
}

fn part(text: &str) -> Result<f32, String> {
    within(text, 0.0, 1.0)
}

fn either_way(text: &str) -> Result<f32, String> {
    within(text, -1.0, 1.0)
}

fn stops(text: &str) -> Result<f32, String> {
    within(text, -10.0, 10.0)
}

fn above_zero(text: &str) -> Result<f32, String> {
    let number = text.parse::<f32>().ok();
    number
        .filter(|it| it.is_normal() && 0.0 < *it)
        .ok_or_else(|| "expected a number above zero".to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::Command;
    use super::super::tests::parsed;
    use super::*;

    fn edit(args: &str) -> Result<EditArgs, clap::Error> {
        match parsed("edit a.ply", args)? {
            Command::Edit(args) => Ok(*args),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn operations_are_read() {
        let args = edit(
            "--out b.ply --remove-floaters --remove-fog=0.2 --crop -1,-2,0.5,1,2,1e1 --cut-ball \
             0,0,0,1 --cut-ball 1,0,0,2 --rotate y,90 --translate -1,0,0 --exposure -0.5",
        )
        .unwrap();
        assert_eq!(args.clean.remove_floaters, Some(0.5));
        assert_eq!(args.clean.remove_fog, Some(0.2));
        assert_eq!(args.clean.remove_spikes, None);
        assert_eq!(args.cut.crop, Some([-1.0, -2.0, 0.5, 1.0, 2.0, 10.0]));
        assert_eq!(args.cut.cut_ball.len(), 2);
        let turned = args.moving.rotate.unwrap() * Vec3::Z;
        assert!((turned - Vec3::X).length() < 1e-6);
        assert_eq!(args.colour.exposure, -0.5);
        let skew = edit("--project p --rotate 0,0,2,180").unwrap();
        assert!((skew.moving.rotate.unwrap() * Vec3::X - Vec3::NEG_X).length() < 1e-6);
    }

    #[test]
    fn nonsense_is_refused() {
        for wrong in [
            "",
            "--out b.ply --remove-floaters=2",
            "--out b.ply --crop 1,2,3",
            "--out b.ply --crop 1,2,3,4,5,inf",
            "--out b.ply --crop-ball 0,0,0,-1",
            "--out b.ply --rotate 0,0,0,90",
            "--out b.ply --rotate y",
            "--out b.ply --scale 0",
            "--out b.ply --min-opacity NaN",
            "--out b.ply --contrast 3",
            "--out b.ply --sh-degree 4",
        ] {
            assert!(edit(wrong).is_err(), "{wrong}");
        }
    }
}

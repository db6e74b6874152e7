//! What `render` takes: what is drawn, from where, how large, and into which file.

use std::path::PathBuf;

use ::render::{RenderConfig, Style};
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use glam::Vec3;

use super::{MAX_SIDE_PX, up_axis};

/// What `render` takes.
#[derive(Args, Clone, Debug)]
pub struct RenderArgs {
    /// Splat file
    pub file: PathBuf,

    /// Where to: a .png; for several images a folder, or .mp4 or .webm (made by ffmpeg)
    #[arg(long, short)]
    pub out: PathBuf,

    /// One camera of a list in JSON (ours, 3DGS's cameras.json, or opencv_cameras.json); the first
    /// unless #INDEX follows
    #[arg(long, value_name = "CAMS.JSON[#INDEX]", group = "shot")]
    pub camera: Option<PathBuf>,

    /// Keyframes of a camera path, a project (NAME.accrete) that has one, or all cameras of such a
    /// list, one image each
    #[arg(long, value_name = "FILE|PROJECT", group = "shot")]
    pub path: Option<PathBuf>,

    /// Along the cameras of posed photos, in the order of their names
    #[arg(long, value_name = "PHOTOS", group = "shot")]
    pub through_photos: Option<PathBuf>,

    /// N images evenly once around the scene
    #[arg(long, value_name = "N", group = "shot", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub turntable: Option<u32>,

    /// Length of a film along keyframes or photos [default: the keyframes' own, else 10]
    #[arg(long, value_name = "SECONDS", value_parser = film_seconds)]
    pub seconds: Option<f64>,

    /// Images a second of a film
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=240))]
    pub fps: u32,

    /// Width in pixels [default: the camera's, else 16:9]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=MAX_SIDE_PX))]
    pub width: Option<u32>,

    /// Height in pixels [default: the camera's, else 720]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=MAX_SIDE_PX))]
    pub height: Option<u32>,

    /// Vertical field of view in degrees [default: the camera's, else 45]
    #[arg(long, value_name = "DEGREES", value_parser = fov_degrees)]
    pub fov: Option<f32>,

    /// What is shown
    #[arg(long, default_value = style_name(Style::Splats), value_parser = style_parser())]
    pub style: Style,

    /// Colour behind the scene: RRGGBB, or r,g,b from 0 to 1
    #[arg(long, value_name = "RRGGBB|r,g,b", default_value = "000000", value_parser = colour)]
    pub background: [f32; 3],

    /// Draw for splats that were optimised with antialiasing [default: what the file says]
    #[arg(
        long,
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true"
    )]
    pub antialiased: Option<bool>,

    /// Blur added to each splat, in square pixels; 0.1 for scenes made with Mip-Splatting's filter
    #[arg(long, value_name = "PX2", default_value_t = RenderConfig::default().eps2d, value_parser = eps2d)]
    pub eps2d: f32,

    /// Which way is up in the scene: -y (as COLMAP leaves it), +y, +z, -z, +x or -x
    #[arg(long, value_name = "AXIS", default_value = "-y", allow_hyphen_values = true, value_parser = up_axis)]
    pub up: Vec3,
}

/// What a style is called on the command line.
pub fn style_name(style: Style) -> &'static str {
    match style {
        Style::Splats => "splats",
        Style::Points => "points",
        Style::Ellipsoids => "ellipsoids",
        Style::Depth => "depth",
        Style::Normals => "normals",
        Style::AxisNormals => "axis-normals",
        Style::Alpha => "alpha",
    }
}

fn style_parser() -> impl TypedValueParser<Value = Style> {
    PossibleValuesParser::new(Style::ALL.map(style_name)).map(|name| {
        let named = |style: &Style| style_name(*style) == name;
        // The parser has let through nothing but names of the list.
        Style::ALL.into_iter().find(named).unwrap_or_default()
    })
}

fn eps2d(text: &str) -> Result<f32, String> {
    match text.parse::<f32>() {
        Ok(square_px) if (0.0..=100.0).contains(&square_px) => Ok(square_px),
        _ => Err("expected square pixels from 0 to 100".to_owned()),
    }
}

fn film_seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(secs) if (0.01..=1e5).contains(&secs) => Ok(secs),
        _ => Err("expected seconds from 0.01 to 100000".to_owned()),
    }
}

fn fov_degrees(text: &str) -> Result<f32, String> {
    match text.parse::<f32>() {
        Ok(degrees) if (1.0..=170.0).contains(&degrees) => Ok(degrees),
        _ => Err("expected an angle from 1 to 170".to_owned()),
    }
}

/// `RRGGBB`, with or without `#`, or `r,g,b` from 0 to 1.
pub(super) fn colour(text: &str) -> Result<[f32; 3], String> {
    let expected = || "expected RRGGBB (hexadecimal) or r,g,b from 0 to 1".to_owned();
    if text.contains(',') {
        let parts: Result<Vec<f32>, _> = text.split(',').map(|it| it.trim().parse()).collect();
        return parts
            .ok()
            .and_then(|it| <[f32; 3]>::try_from(it).ok())
            .filter(|it| it.iter().all(|c| (0.0..=1.0).contains(c)))
            .ok_or_else(expected);
    }
    let digits = text.strip_prefix('#').unwrap_or(text);
    if digits.len() != 6 || !digits.bytes().all(|it| it.is_ascii_hexdigit()) {
        return Err(expected());
    }
    let bits = u32::from_str_radix(digits, 16).map_err(|_| expected())?;
    Ok([16, 8, 0].map(|shift| (bits >> shift & 0xff) as f32 / 255.0))
}

#[cfg(test)]
mod tests {
    use super::super::Command;
    use super::super::tests::parsed;
    use super::*;

    fn render(args: &str) -> Result<RenderArgs, clap::Error> {
        match parsed("render a.ply --out a.png", args)? {
            Command::Render(args) => Ok(args),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn render_takes_colours_axes_and_styles() {
        let args = render("--background #ff8000 --up +z --style depth --antialiased").unwrap();
        assert_eq!(args.background, [1.0, 128.0 / 255.0, 0.0]);
        assert_eq!(args.up, Vec3::Z);
        assert_eq!(args.style, Style::Depth);
        assert_eq!(args.antialiased, Some(true));
        let args = render("--background 0,0.5,1 --up -y --antialiased=false").unwrap();
        assert_eq!(args.background, [0.0, 0.5, 1.0]);
        assert_eq!((args.up, args.antialiased), (Vec3::NEG_Y, Some(false)));
        assert_eq!(render("").unwrap().antialiased, None);
    }

    #[test]
    fn nonsense_is_refused() {
        for args in [
            "--background red",
            "--background 0,0,2",
            "--background +12345",
            "--background 0,NaN,0",
            "--up w",
            "--eps2d -1",
            "--eps2d NaN",
            "--fov 0",
            "--fov NaN",
            "--width 0",
            "--turntable 0",
            "--turntable 4 --path c.json",
            "--turntable 4 --through-photos photos",
            "--seconds 0",
            "--seconds NaN",
            "--style nice",
        ] {
            assert!(render(args).is_err(), "{args}");
        }
    }
}

//! The page around the splats: the viewer's files, what it shows first, who it is named after.

use std::fmt::Write;

use glam::{Affine3A, Mat4, Vec3};
use serde::Serialize;

use super::pack::{Packed, pack};
use crate::camera_path::{CameraPath, Ease, Keyframe};
use crate::io::quantised::check_quantisable;
use crate::io::{FormatError, SplatFile};

const TEMPLATE: &str = include_str!("../../../../assets/viewer/page.html");
const STYLE: &str = include_str!("../../../../assets/viewer/page.css");

/// In this order one script: later files use earlier ones.
const SCRIPTS: [&str; 6] = [
    include_str!("../../../../assets/viewer/worker.js"),
    include_str!("../../../../assets/viewer/camera.js"),
    include_str!("../../../../assets/viewer/path.js"),
    include_str!("../../../../assets/viewer/painter.js"),
    include_str!("../../../../assets/viewer/controls.js"),
    include_str!("../../../../assets/viewer/main.js"),
];

/// The names that `painter.js` asks for.
const SHADERS: [(&str, &str); 5] = [
    (
        "project.frag",
        include_str!("../../../../assets/viewer/project.frag"),
    ),
    (
        "splat.vert",
        include_str!("../../../../assets/viewer/splat.vert"),
    ),
    (
        "splat.frag",
        include_str!("../../../../assets/viewer/splat.frag"),
    ),
    (
        "screen.vert",
        include_str!("../../../../assets/viewer/screen.vert"),
    ),
    (
        "present.frag",
        include_str!("../../../../assets/viewer/present.frag"),
    ),
];

/// Bytes of the splats in one element: a browser's strings have an end, and each element is
/// dropped when it is read. A multiple of three, so that only the last is padded.
const PIECE_BYTES: usize = 3 << 21;

/// The outermost part of the splats along each axis that the first view does not care for.
const TRIM: f32 = 0.02;

/// Splats nearer than this are not drawn, world units; in small scenes a part of their size.
const NEAR: f32 = 0.01;

/// How a page draws.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PageLook {
    /// What shows through, display rgb, 0 to 1.
    pub background: [f32; 3],
    /// Vertical field of view, in degrees.
    pub fov_degrees: f32,
}

impl Default for PageLook {
    /// A dark grey, and 50 degrees.
    fn default() -> Self {
        Self {
            background: [0.09, 0.095, 0.11],
            fov_degrees: 50.0,
        }
    }
}

/// What a page tells besides the splats.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// What a person calls the scene.
    pub name: String,
    /// The world's upward direction; its length does not matter.
    pub up: Vec3,
    /// How it draws.
    pub look: PageLook,
    /// Where the first view stands: camera to world, OpenCV axes. `None` is the beginning of the
    /// path, or where there is none it shows all of the scene's main part, as the window does.
    pub camera: Option<Affine3A>,
    /// What it can play; without keyframes it plays nothing.
    pub path: CameraPath,
}

impl Default for Page {
    /// Up is −y, as in scenes from COLMAP; there is no path.
    fn default() -> Self {
        Self {
            name: "Splats".to_owned(),
            up: Vec3::NEG_Y,
            look: PageLook::default(),
            camera: None,
            path: CameraPath::default(),
        }
    }
}

/// What the viewer reads before all else.
#[derive(Serialize)]
struct Settings<'a> {
    name: &'a str,
    splats: usize,
    degree: u32,
    antialiased: bool,
    background: [f32; 3],
    fov_degrees: f32,
    near: f32,
    up: [f32; 3],
    low: [f32; 3],
    high: [f32; 3],
    camera: Option<[f32; 12]>,
    path: Option<Path>,
}

/// A camera path without curves, as `path.js` goes along it.
#[derive(Serialize)]
struct Path {
    looped: bool,
    /// When the camera is at each pose, seconds.
    times: Vec<f64>,
    /// Each: place, rotation as a quaternion `w, x, y, z`, vertical field of view in degrees.
    poses: Vec<[f32; 8]>,
    /// The poses, by their index, at which the camera waits for the time of the next one.
    held: Vec<usize>,
}

impl Path {
    /// `None` without a keyframe.
    fn of(path: &CameraPath) -> Option<Self> {
        let sampled = path.sampled();
        let held = |(index, it): (usize, &Keyframe)| (it.ease == Ease::Hold).then_some(index);
        let pose = |it: &Keyframe| {
            let ([x, y, z], [qw, qx, qy, qz]) = (it.position, it.rotation);
            [x, y, z, qw, qx, qy, qz, it.fov_y_degrees]
        };
        (!sampled.is_empty()).then(|| Self {
            looped: path.is_looped(),
            times: sampled.iter().map(|it| rounded(it.time_secs)).collect(),
            poses: sampled.iter().map(pose).collect(),
            held: sampled.iter().enumerate().filter_map(held).collect(),
        })
    }
}

/// To microseconds, for the sake of the text's length.
fn rounded(secs: f64) -> f64 {
    (1e6 * secs).round() / 1e6
}

/// The page that shows the splats of `file` as `page` says.
///
/// # Errors
/// [`FormatError::Malformed`] where splats have values that are not numbers.
pub fn write(file: &SplatFile, page: &Page) -> Result<Vec<u8>, FormatError> {
    check_quantisable(&file.splats)?;
    let packed = pack(&file.splats)
        .map_err(|it| FormatError::Malformed(format!("the splats cannot be packed: {it}")))?;
    let settings = json(&settings(file, page, &packed))?;
    let [r, g, b] = page.look.background.map(|it| (255.0 * it).round() as u8);
    let style = filled(STYLE, |_, out| {
        let _ = write!(out, "rgb({r}, {g}, {b})");
    });
    let html = filled(TEMPLATE, |name, out| match name {
        "title" => out.push_str(&escaped(&page.name)),
        "css" => out.push_str(&style),
        "settings" => out.push_str(&settings),
        "splats" => write_pieces(&packed.deflated, out),
        "shaders" => {
            for (name, text) in SHADERS {
                let _ = writeln!(
                    out,
                    "<script type=\"text/plain\" id=\"{name}\">\n{text}</script>"
                );
            }
        }
        _ => SCRIPTS.iter().for_each(|it| out.push_str(it)),
    });
    Ok(html.into_bytes())
}

fn settings<'a>(file: &SplatFile, page: &'a Page, packed: &Packed) -> Settings<'a> {
    let (low, high) = file.splats.robust_bounds(TRIM).unwrap_or_default();
    let radius = 0.5 * (high - low).length();
    let is_sized = radius.is_finite() && 0.0 < radius;
    Settings {
        name: &page.name,
        splats: packed.splats,
        degree: file.splats.sh_degree,
        antialiased: file.antialiased.unwrap_or(false),
        background: page.look.background,
        fov_degrees: page.look.fov_degrees,
        near: if is_sized {
            NEAR.min(0.01 * radius)
        } else {
            NEAR
        },
        up: page.up.normalize_or(Vec3::NEG_Y).to_array(),
        low: low.to_array(),
        high: high.to_array(),
        camera: page.camera.filter(Affine3A::is_finite).as_ref().map(rows),
        path: Path::of(&page.path),
    }
}

/// The upper three rows of a pose.
fn rows(pose: &Affine3A) -> [f32; 12] {
    let rows = Mat4::from(*pose).transpose().to_cols_array();
    std::array::from_fn(|k| rows[k])
}

/// JSON that may stand in an element: nothing in it ends one.
fn json(settings: &Settings<'_>) -> Result<String, FormatError> {
    let text = serde_json::to_string(settings)
        .map_err(|it| FormatError::Malformed(format!("the page's settings: {it}")))?;
    Ok(text.replace('<', "\\u003c"))
}

/// Text that may stand in an element.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            _ => out.push(c),
        }
    }
    out
}

/// `template` with what `fill` writes for each `{{name}}`; what was filled in is not looked at.
fn filled(template: &str, mut fill: impl FnMut(&str, &mut String)) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((name, after)) = after.split_once("}}") else {
            break;
        };
        out.push_str(before);
        fill(name, &mut out);
        rest = after;
    }
    out.push_str(rest);
    out
}

fn write_pieces(bytes: &[u8], out: &mut String) {
    out.reserve(bytes.len() / 3 * 4 + 1024);
    for piece in bytes.chunks(PIECE_BYTES) {
        out.push_str("<script type=\"text/plain\" class=\"splats\">");
        write_base64(piece, out);
        out.push_str("</script>\n");
    }
}

/// RFC 4648, section 4.
fn write_base64(bytes: &[u8], out: &mut String) {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for three in bytes.chunks(3) {
        let at = |k: usize| u32::from(three.get(k).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for k in 0..4 {
            let digit = char::from(DIGITS[(bits >> (18 - 6 * k) & 63) as usize]);
            out.push(if k <= three.len() { digit } else { '=' });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_standard() {
        for (bytes, text) in [
            (&b""[..], ""),
            (b"f", "Zg=="),
            (b"fo", "Zm8="),
            (b"foo", "Zm9v"),
            (b"foobar", "Zm9vYmFy"),
            (&[0xfb, 0xff, 0xbf], "+/+/"),
        ] {
            let mut out = String::new();
            write_base64(bytes, &mut out);
            assert_eq!(out, text);
        }
    }

    #[test]
    fn templates_are_filled_once() {
        let out = filled("a{{x}}b{{y}}c {{", |name, out| {
            out.push_str(if name == "x" { "{{y}}" } else { "2" });
        });
        assert_eq!(out, "a{{y}}b2c {{");
    }

    #[test]
    fn names_cannot_end_an_element() {
        assert_eq!(escaped("<b>&"), "&lt;b&gt;&amp;");
        let file = SplatFile::new(Default::default(), crate::io::SplatFormat::Html);
        let page = Page {
            name: "</script><script>alert(1)</script>".to_owned(),
            ..Page::default()
        };
        let html = String::from_utf8(write(&file, &page).unwrap()).unwrap();
        assert!(
            !html.contains("alert(1)</script>"),
            "it stands there as code"
        );
        assert!(html.contains("\\u003c/script>"));
    }
}

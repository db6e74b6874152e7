//! Reads `cameras.txt`, `images.txt` and `points3D.txt`: a record per line, numbers and spaces.

use std::borrow::Cow;

use glam::{DVec2, DVec3};

use super::model::{Camera, Image, Model, NO_POINT, Point, Reading, excerpt};
use crate::dataset::PoseFormat;
use crate::io::FormatError;

const CAMERA: &str = "CAMERA_ID MODEL WIDTH HEIGHT PARAMS[]";
const IMAGE: &str = "IMAGE_ID QW QX QY QZ TX TY TZ CAMERA_ID NAME";
const SEEN: &str = "POINTS2D[] as X Y POINT3D_ID";
const POINT: &str = "POINT3D_ID X Y Z R G B ERROR TRACK[] as IMAGE_ID POINT2D_IDX";

pub(super) fn read(
    cameras: &[u8],
    images: &[u8],
    points: Option<&[u8]>,
) -> Result<Model, FormatError> {
    let mut model = Model::new(PoseFormat::ColmapText);
    let mut lines = Lines::new("cameras.txt", cameras)?;
    while let Some(line) = lines.next_record() {
        model.cameras.push(camera(&line)?);
    }
    lines.end("cameras", model.cameras.len(), &mut model.warnings);
    let mut lines = Lines::new("images.txt", images)?;
    read_images(&mut lines, &mut model)?;
    lines.end("images", model.images.len(), &mut model.warnings);
    if let Some(points) = points {
        let mut lines = Lines::new("points3D.txt", points)?;
        while let Some(line) = lines.next_record() {
            let point = point(&line, &mut model.tracks)?;
            model.points.push(point);
        }
        lines.end("points", model.points.len(), &mut model.warnings);
    }
    Ok(model)
}

pub(super) fn count_images(bytes: &[u8]) -> Result<u64, FormatError> {
    let mut lines = Lines::new("images.txt", bytes)?;
    let mut count = 0;
    while lines.next_record().is_some() {
        lines.next_seen();
        count += 1;
    }
    Ok(count)
}

fn camera(line: &Line) -> Result<Camera, FormatError> {
    let wrong = || line.wrong(CAMERA);
    let mut words = line.text.split_ascii_whitespace();
    let id = number(words.next()).ok_or_else(wrong)?;
    let name = words.next().ok_or_else(wrong)?;
    let reading = Reading::from_name(name, id, line.file)?;
    let width = number(words.next()).ok_or_else(wrong)?;
    let height = number(words.next()).ok_or_else(wrong)?;
    let params: Option<Vec<f64>> = words.map(|it| number(Some(it))).collect();
    let params = params.ok_or_else(wrong)?;
    if params.len() != reading.num_params {
        let names = reading.model.param_names()[..reading.num_params].join(" ");
        let expected = format!("CAMERA_ID {name} WIDTH HEIGHT {names}");
        return Err(line.wrong(&expected));
    }
    Ok(Camera {
        id,
        model: reading.model,
        width,
        height,
        params: reading.params(params),
    })
}

/// Each image takes two lines; the second may be empty.
fn read_images(lines: &mut Lines, model: &mut Model) -> Result<(), FormatError> {
    let mut without_seen = 0;
    let mut is_cut = false;
    while let Some(line) = lines.next_record() {
        let mut image = image(&line)?;
        match lines.next_seen() {
            Some(line) => is_cut |= seen(&line, lines.is_at_end(), &mut image.seen)?,
            None => without_seen += 1,
        }
        model.images.push(image);
    }
    if 0 < without_seen {
        model.warnings.push(format!(
            "images.txt: {without_seen} of {} images have no second line ({SEEN}), which may be \
             empty but should be there",
            model.images.len()
        ));
    }
    if is_cut {
        let warning = "images.txt ends in the middle of a line: it is cut off. Export it again";
        model.warnings.push(warning.to_owned());
    }
    Ok(())
}

fn image(line: &Line) -> Result<Image, FormatError> {
    let wrong = || line.wrong(IMAGE);
    let mut rest: &str = &line.text;
    let mut word = || {
        let (word, after) = rest.split_once(|it: char| it.is_ascii_whitespace())?;
        rest = after.trim_ascii_start();
        Some(word)
    };
    let id = number(word()).ok_or_else(wrong)?;
    let mut pose = [0.0; 7];
    for it in &mut pose {
        *it = number(word()).ok_or_else(wrong)?;
    }
    let camera = number(word()).ok_or_else(wrong)?;
    // What is left is the name, with the spaces in it.
    if rest.is_empty() {
        return Err(wrong());
    }
    let [w, x, y, z, tx, ty, tz] = pose;
    Ok(Image {
        id,
        quat: [w, x, y, z],
        translation: DVec3::new(tx, ty, tz),
        camera,
        name: rest.to_owned(),
        is_name_odd: matches!(line.text, Cow::Owned(_)),
        seen: Vec::new(),
    })
}

/// Whether the line ends within an entry, which only the last one of a file may.
fn seen(line: &Line, is_last: bool, seen: &mut Vec<(DVec2, u64)>) -> Result<bool, FormatError> {
    let mut words = line.text.split_ascii_whitespace();
    while let Some(x) = words.next() {
        let (y, id) = (words.next(), words.next());
        let is_cut = id.is_none();
        if is_cut && is_last {
            return Ok(true);
        }
        let pixel = number(Some(x)).zip(number(y));
        let (Some((x, y)), Some(id)) = (pixel, id.and_then(point_number)) else {
            return Err(line.wrong(SEEN));
        };
        seen.push((DVec2::new(x, y), id));
    }
    Ok(false)
}

/// Any negative number stands for none.
fn point_number(word: &str) -> Option<u64> {
    if word.starts_with('-') {
        return word.parse::<i64>().is_ok().then_some(NO_POINT);
    }
    word.parse().ok()
}

fn point(line: &Line, tracks: &mut Vec<(u64, u64)>) -> Result<Point, FormatError> {
    let wrong = || line.wrong(POINT);
    let mut words = line.text.split_ascii_whitespace();
    let id = number(words.next()).ok_or_else(wrong)?;
    let mut position = [0.0; 3];
    for it in &mut position {
        *it = number(words.next()).ok_or_else(wrong)?;
    }
    let mut colour = [0; 3];
    for it in &mut colour {
        *it = number(words.next()).ok_or_else(wrong)?;
    }
    let error_px = number(words.next()).ok_or_else(wrong)?;
    let start = tracks.len();
    while let Some(image) = words.next() {
        let entry = number(Some(image)).zip(number(words.next()));
        tracks.push(entry.ok_or_else(wrong)?);
    }
    Ok(Point {
        id,
        position: DVec3::from_array(position),
        colour,
        error_px,
        track: start..tracks.len(),
    })
}

fn number<T: std::str::FromStr>(word: Option<&str>) -> Option<T> {
    word?.parse().ok()
}

/// A line with where it stands.
struct Line<'a> {
    file: &'static str,
    number: usize,
    /// Without spaces around it; owned where the file's bytes are no UTF-8.
    text: Cow<'a, str>,
}

impl Line<'_> {
    fn wrong(&self, expected: &str) -> FormatError {
        FormatError::Malformed(format!(
            "{}, line {}: expected {expected}, found {}. The file is damaged or cut off; export \
             it again",
            self.file,
            self.number,
            excerpt(&self.text)
        ))
    }

    /// Whether this is the first of an image's two lines. The second has nothing but numbers.
    fn is_image(&self) -> bool {
        let mut words = self.text.split_ascii_whitespace();
        let is_whole = |it: Option<&str>| number::<u64>(it).is_some();
        is_whole(words.next())
            && is_whole(words.nth(7))
            && words.next().is_some_and(|it| it.parse::<f64>().is_err())
    }
}

/// A file's lines, taken from the front.
struct Lines<'a> {
    file: &'static str,
    number: usize,
    rest: &'a [u8],
    /// What a comment says about how many records there are.
    announced: Option<usize>,
}

impl<'a> Lines<'a> {
    fn new(file: &'static str, bytes: &'a [u8]) -> Result<Self, FormatError> {
        if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
            let cause = format!("{file} is UTF-16: save it as UTF-8 or plain text");
            return Err(FormatError::Unsupported(cause));
        }
        Ok(Self {
            file,
            number: 0,
            rest: bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes),
            announced: None,
        })
    }

    /// The next line, and what comes after it.
    fn peek(&self) -> Option<(Line<'a>, &'a [u8])> {
        if self.rest.is_empty() {
            return None;
        }
        let end = self.rest.iter().position(|it| *it == b'\n');
        let (text, after) = match end {
            Some(end) => (&self.rest[..end], &self.rest[end + 1..]),
            None => (self.rest, &[][..]),
        };
        let line = Line {
            file: self.file,
            number: self.number + 1,
            text: String::from_utf8_lossy(text.trim_ascii()),
        };
        Some((line, after))
    }

    /// The next line that is neither empty nor a comment.
    fn next_record(&mut self) -> Option<Line<'a>> {
        while let Some((line, after)) = self.peek() {
            (self.rest, self.number) = (after, line.number);
            let Some(comment) = line.text.strip_prefix('#') else {
                if line.text.is_empty() {
                    continue;
                }
                return Some(line);
            };
            // "Number of images: 97, mean observations per image: 266"
            if let Some((_, count)) = comment
                .split_once("Number of ")
                .and_then(|it| it.1.split_once(": "))
            {
                let digits = count.split(|it: char| !it.is_ascii_digit()).next();
                self.announced = number(digits);
            }
        }
        None
    }

    /// The second line of an image: the very next one, unless that begins another image.
    fn next_seen(&mut self) -> Option<Line<'a>> {
        let (line, after) = self.peek()?;
        if line.is_image() {
            return None;
        }
        (self.rest, self.number) = (after, line.number);
        Some(line)
    }

    /// Whether nothing but space is left.
    fn is_at_end(&self) -> bool {
        self.rest.trim_ascii().is_empty()
    }

    /// Warns where fewer were there than announced.
    fn end(&self, what: &str, found: usize, warnings: &mut Vec<String>) {
        if let Some(announced) = self.announced.filter(|it| found < *it) {
            warnings.push(format!(
                "{} announces {announced} {what} and has {found}: it may be cut off",
                self.file
            ));
        }
    }
}

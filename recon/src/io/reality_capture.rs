//! RealityCapture's and RealityScan's CSV "Internal/External camera parameters".
//!
//! One photo a line: `name`; position `x`, `y`, `alt` (x east, y north, z up); `heading`, `pitch`,
//! `roll` in degrees; `f` as if the longer side of the image were 36 mm; `px`, `py`, the principal
//! point from the middle in multiples of the longer side; Brown's `k1` … `k4`, `t1`, `t2`.
//! RealityScan calls some of them `yaw`, `f_35mm`, `px_norm`, `py_norm`.
//!
//! With all angles zero the camera looks straight down with the top of the image to the north.
//! Heading turns it clockwise seen from above, then pitch lifts its view towards the image's top,
//! then roll turns it about that axis. The program's own OpenCV export has the tangential
//! coefficients in the order `t2`, `t1`.

use csv::{ReaderBuilder, StringRecord, Trim};
use glam::{DAffine3, DMat3, DVec3};

use crate::dataset::{LengthUnit, LensModel, Optics, PoseFile, PoseFormat, RelativeLens};

use super::FormatError;
use super::brown::{brown, perspective_model};
use super::json::utf8;
use super::reading::{Reading, Tally, Unposed};
use super::rigid::{Rigid, other_axes, rigid};

/// Width of the film that the focal length refers to, in millimetres.
const FILM_MM: f64 = 36.0;

/// A long side of usual length, to tell an error in pixels.
const USUAL_SIDE_PX: f64 = 4000.0;

/// Reads one.
///
/// # Errors
/// Where the header lacks a column that is needed, where a cell is not a number, or where no photo
/// has a pose. A single photo without one is a warning.
pub fn read(bytes: &[u8]) -> Result<PoseFile, FormatError> {
    let text = utf8(bytes)?;
    // Some versions begin with the number of cameras.
    let first_line = text.lines().next().unwrap_or_default();
    let counts = usize::from(first_line.trim_start().starts_with("#cameras"));
    let begin = if counts == 0 {
        0
    } else {
        text.find('\n').map_or(text.len(), |it| it + 1)
    };
    let mut lines = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(Trim::All)
        .delimiter(delimiter(&text[begin..]))
        .from_reader(&text.as_bytes()[begin..]);
    let mut record = StringRecord::new();
    let mut next = |record: &mut StringRecord| {
        lines.read_record(record).map_err(|err| {
            FormatError::Malformed(format!("not a readable CSV: {err}. Export it again"))
        })
    };
    if !next(&mut record)? {
        return Err(FormatError::Malformed("the file is empty".to_owned()));
    }
    let columns = Columns::of(&record)?;
    let mut reading = Reading::new(PoseFormat::RealityCapture);
    let mut spread = Tally::default();
    while next(&mut record)? {
        let line = record.position().map_or(0, csv::Position::line) as usize + counts;
        if record.iter().all(str::is_empty) {
            continue;
        }
        let row = Row {
            columns: &columns,
            record: &record,
        };
        row.photo(&mut reading, &mut spread)
            .map_err(|why| FormatError::Malformed(format!("line {line}: {why}")))?;
    }
    reading.file.warnings.extend(
        spread
            .sentence("whose lens has an r⁸ term (`k4`), which is approximated by the lower ones"),
    );
    reading.finish()
}

/// Comma, semicolon or tab: whatever the header has.
fn delimiter(text: &str) -> u8 {
    let header = text.lines().next().unwrap_or_default();
    let count = |it: u8| header.bytes().filter(|b| *b == it).count();
    let mut best = b',';
    for it in [b';', b'\t'] {
        if count(best) < count(it) {
            best = it;
        }
    }
    best
}

/// Where each value stands in a line.
struct Columns {
    needed: [usize; 8],
    optional: [Option<usize>; 8],
}

/// Columns and their other names.
const NEEDED: [&[&str]; 8] = [
    &["name"],
    &["x"],
    &["y"],
    &["alt", "z"],
    &["heading", "yaw"],
    &["pitch"],
    &["roll"],
    &["f", "f_35mm"],
];
const OPTIONAL: [&[&str]; 8] = [
    &["px", "px_norm"],
    &["py", "py_norm"],
    &["k1"],
    &["k2"],
    &["k3"],
    &["k4"],
    &["t1"],
    &["t2"],
];

impl Columns {
    fn of(header: &StringRecord) -> Result<Self, FormatError> {
        let names: Vec<String> = header
            .iter()
            .map(|it| it.trim_start_matches('#').trim().to_ascii_lowercase())
            .collect();
        let find = |any: &[&str]| names.iter().position(|it| any.contains(&it.as_str()));
        let mut needed = [0; 8];
        for (at, any) in needed.iter_mut().zip(NEEDED) {
            let Some(found) = find(any) else {
                return Err(FormatError::Unsupported(format!(
                    "the header has no column `{}`. Export \"Internal/External camera \
                     parameters\" from RealityCapture or RealityScan",
                    any[0]
                )));
            };
            *at = found;
        }
        Ok(Self {
            needed,
            optional: OPTIONAL.map(find),
        })
    }
}

/// A line.
struct Row<'a> {
    columns: &'a Columns,
    record: &'a StringRecord,
}

impl Row<'_> {
    fn photo(&self, reading: &mut Reading, spread: &mut Tally) -> Result<(), String> {
        let image = self.record.get(self.columns.needed[0]).unwrap_or_default();
        if image.is_empty() {
            return Err("names no photo".to_owned());
        }
        let focal = self.needed(7)?.ok_or("has no focal length (`f`)")? / FILM_MM;
        let mut optional = [0.0; 8];
        for (value, (at, any)) in optional
            .iter_mut()
            .zip(self.columns.optional.iter().zip(OPTIONAL))
        {
            if let Some(at) = at {
                *value = self.cell(*at, any[0])?.unwrap_or(0.0);
            }
        }
        let [px, py, k1, k2, k3, k4, t1, t2] = optional;
        // The corner of a square image: no other one's is farther out.
        let reach = std::f64::consts::FRAC_1_SQRT_2 / focal;
        let (distortion, off) = brown([k1, k2, k3, k4], [t2, t1], reach);
        let off_px = off * focal * USUAL_SIDE_PX;
        if super::brown::NEGLIGIBLE_PX < off_px {
            spread.add(|| format!("{image} (by up to {off_px:.2} pixels of {USUAL_SIDE_PX})"));
        }
        let optics = reading.optics(Optics::Relative(RelativeLens {
            model: perspective_model(Some(LensModel::SimplePinhole), [focal; 2], &distortion),
            focal: [focal; 2],
            principal: [px, py],
            from_corner: false,
            unit: LengthUnit::LongSide,
            distortion,
        }))?;
        let unposed = Unposed {
            image: image.to_owned(),
            optics,
            ..Unposed::default()
        };
        let pose = self.pose()?;
        reading.photo(unposed, pose);
        Ok(())
    }

    /// The pose; an inner error where a value is missing, an outer one where it is no number.
    fn pose(&self) -> Result<Result<Rigid, String>, String> {
        let mut values = [0.0; 6];
        for (i, value) in values.iter_mut().enumerate() {
            match self.needed(i + 1)? {
                Some(number) => *value = number,
                None => return Ok(Err(format!("no `{}`", NEEDED[i + 1][0]))),
            }
        }
        let [x, y, z, heading, pitch, roll] = values;
        let [heading, pitch, roll] = [heading, pitch, roll].map(f64::to_radians);
        // Camera to world for axes x right, y up, z back.
        let turn = DMat3::from_rotation_z(-heading)
            * DMat3::from_rotation_x(pitch)
            * DMat3::from_rotation_y(roll);
        let c2w = DAffine3 {
            matrix3: turn,
            translation: DVec3::new(x, y, z),
        };
        Ok(rigid("the pose", other_axes(c2w)))
    }

    fn needed(&self, i: usize) -> Result<Option<f64>, String> {
        self.cell(self.columns.needed[i], NEEDED[i][0])
    }

    /// `None` where the cell is empty or missing.
    fn cell(&self, at: usize, name: &str) -> Result<Option<f64>, String> {
        match self.record.get(at).unwrap_or_default() {
            "" => Ok(None),
            text => match text.parse::<f64>() {
                Ok(number) => Ok(Some(number)),
                Err(_) => {
                    let shown: String = text.chars().take(30).collect();
                    Err(format!("`{name}` is `{shown}`, not a number"))
                }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "#name,x,y,alt,heading,pitch,roll,f,px,py,k1,k2,k3,k4,t1,t2\n";

    fn one(line: &str) -> PoseFile {
        read(format!("{HEADER}{line}\n").as_bytes()).unwrap()
    }

    /// Where the only camera of an image of 400 × 200 sees a point, without distortion.
    fn pixel(file: &PoseFile, point: [f64; 3]) -> [f64; 2] {
        let lens = file.optics[0].at(400, 200);
        let it = file.frames[0].c2w.inverse().transform_point3(point.into());
        assert!(0.0 < it.z, "behind");
        let pixel = [
            lens.cx + lens.fx * it.x / it.z,
            lens.cy + lens.fy * it.y / it.z,
        ];
        pixel.map(|it| (it * 1e9).round() / 1e9)
    }

    /// A focal length of 18 mm is half the longer side: 200 pixels of 400.
    #[test]
    fn a_camera_sees_points_where_it_should() {
        // Ten above the ground, looking down, north on top: the point is 2 east and 1 north.
        let down = one("a.jpg,5,6,10,0,0,0,18,0,0,0,0,0,0,0,0");
        assert_eq!(pixel(&down, [7.0, 7.0, 0.0]), [200.0 + 40.0, 100.0 - 20.0]);
        // The top of the image to the east: north is on the left.
        let east = one("a.jpg,5,6,10,90,0,0,18,0,0,0,0,0,0,0,0");
        assert_eq!(pixel(&east, [7.0, 7.0, 0.0]), [200.0 - 20.0, 100.0 - 40.0]);
        // Pitched up by 90°: it looks north along the ground.
        let north = one("a.jpg,5,6,1,0,90,0,18,0,0,0,0,0,0,0,0");
        assert_eq!(
            pixel(&north, [7.0, 16.0, 2.0]),
            [200.0 + 40.0, 100.0 - 20.0]
        );
        // Heading 90° and pitched up: it looks east, south is on the right.
        let east = one("a.jpg,5,6,1,90,90,0,18,0,0,0,0,0,0,0,0");
        assert_eq!(pixel(&east, [15.0, 4.0, 2.0]), [200.0 + 40.0, 100.0 - 20.0]);
        // The principal point, in multiples of the longer side, right and down.
        let shifted = one("a.jpg,5,6,10,0,0,0,18,0.01,0.02,0,0,0,0,0,0");
        assert_eq!(pixel(&shifted, [5.0, 6.0, 0.0]), [204.0, 108.0]);
    }

    /// The rows of the program's own world-to-camera matrix for yaw, pitch, roll, as its makers
    /// published them.
    #[test]
    fn the_rotation_is_that_of_the_makers() {
        let [y, p, r] = [25.0_f64, -40.0, 70.0].map(f64::to_radians);
        let ((sx, cx), (sy, cy), (sz, cz)) = (r.sin_cos(), p.sin_cos(), y.sin_cos());
        let expected = [
            [cx * cz + sx * sy * sz, -cx * sz + cz * sx * sy, -cy * sx],
            [-cy * sz, -cy * cz, -sy],
            [cx * sy * sz - cz * sx, cx * cz * sy + sx * sz, -cx * cy],
        ];
        let file = one("a.jpg,0,0,0,25,-40,70,18,0,0,0,0,0,0,0,0");
        let w2c = file.frames[0].c2w.matrix3.transpose();
        let expected = DMat3::from_cols_array_2d(&expected).transpose();
        assert!(w2c.abs_diff_eq(expected, 1e-12), "{w2c} {expected}");
    }

    #[test]
    fn headers_of_all_versions_are_understood() {
        let row = "a.jpg,1,2,3,4,5,6,18,0.1,0.2,0.01,0,0,0,0.3,0.4";
        let expected = one(row);
        let Optics::Relative(lens) = &expected.optics[0] else {
            panic!("a size from nowhere");
        };
        assert_eq!(lens.model, LensModel::Opencv);
        let radial = [0.01, 0.0, 0.0, 0.0, 0.0, 0.0];
        assert_eq!(
            lens.distortion,
            super::super::brown::radial(radial, [0.4, 0.3])
        );
        for text in [
            format!("#cameras 1\r\n{}\r\n{row}\r\n", HEADER.trim()),
            format!("\u{feff}{HEADER}{row}"),
            format!(
                "#name,x,y,alt,yaw,pitch,roll,f_35mm,px_norm,py_norm,k1,k2,k3,k4,t1,t2\n{row}\n\n"
            ),
            format!("{HEADER}{row}").replace(',', "; "),
            "name,roll,pitch,heading,alt,y,x,f,py,px,t2,t1,k1\n\
             \"a.jpg\",6,5,4,3,2,1,18,0.2,0.1,0.4,0.3,1e-2\n"
                .to_owned(),
        ] {
            let file = read(text.as_bytes()).unwrap();
            assert_eq!(file.frames, expected.frames, "{text}");
            assert_eq!(file.optics, expected.optics, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let error = |text: &str| read(text.as_bytes()).unwrap_err().to_string();
        let fine = "a.jpg,1,2,3,4,5,6,18,0,0,0,0,0,0,0,0";
        for (text, says) in [
            (String::new(), "empty"),
            ("#name,x,y,alt,omega,phi,kappa\n".to_owned(), "`heading`"),
            (HEADER.to_owned(), "empty"),
            (
                format!("{HEADER}{fine}\n{}", fine.replace(",4,", ",x,")),
                "line 3: `heading`",
            ),
            (
                format!("#cameras 2\n{HEADER}a,1,2,3,4,5,6,0,,"),
                "line 3: the focal length",
            ),
            (format!("{HEADER}a,1,2,3"), "line 2: has no focal length"),
            (
                format!("{HEADER}{}", fine.replace(",1,", ",nan,")),
                "not finite",
            ),
        ] {
            let error = error(&text);
            assert!(error.contains(says), "{error} lacks {says}");
        }
        let file = read(format!("{HEADER}{fine}\nb.jpg,,,,,,,18").as_bytes()).unwrap();
        assert_eq!(file.unregistered, ["b.jpg"]);
    }
}

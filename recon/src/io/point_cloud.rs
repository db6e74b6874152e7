//! A `.ply` of coloured points: what structure from motion leaves, and what can start a scene.

use glam::DVec3;

use crate::dataset::Points;

use super::FormatError;
use super::ply::header;
use super::ply::layout::{Element, Encoding, Header, Kind, Property, Scalar};
use super::ply::walk::Walker;

const POSITION: [&str; 3] = ["x", "y", "z"];
const COLOURS: [[&str; 3]; 3] = [
    ["red", "green", "blue"],
    ["diffuse_red", "diffuse_green", "diffuse_blue"],
    ["r", "g", "b"],
];

/// Colour of points that have none: middle grey.
const GREY: [u8; 3] = [128; 3];

/// Reads the points of a `.ply` of any layout: positions as stored, colours as sRGB bytes (floats
/// from 0 to 1 or to 255 become bytes; grey where there are none). Of more than `max_points` every
/// n-th is kept. Points that are not finite are left out. The second value says what was odd.
///
/// # Errors
/// [`FormatError`] where the header is malformed, claims more than the file holds, or names no
/// positions.
pub fn read(bytes: &[u8], max_points: usize) -> Result<(Points, Vec<String>), FormatError> {
    let header = header::parse(bytes)?;
    let place = header.elements.iter().position(|it| it.name == "vertex");
    let place = place.ok_or_else(|| {
        let cause = "a PLY without element `vertex`: it holds no points";
        FormatError::Unsupported(cause.to_owned())
    })?;
    let vertex = &header.elements[place];
    let columns = Columns::find(vertex)?;
    let mut walker = Walker::new(bytes, header.encoding, header.body);
    for element in &header.elements[..place] {
        walker.skip(element)?;
    }
    walker.check_claim(vertex)?;
    let mut rows = Rows::new(vertex.count, max_points, columns.full);
    let offsets = vertex.offsets();
    match offsets {
        Some(offsets) if header.encoding != Encoding::Ascii => {
            let stride = offsets.last().copied().unwrap_or(0);
            // Fits: the claim was checked.
            let body = &bytes[walker.at..walker.at + stride * vertex.count as usize];
            rows.decode(
                body,
                stride,
                &columns.fields(vertex, &offsets),
                header.encoding,
            );
        }
        _ => {
            for row in 0..vertex.count {
                let mut record = [0.0; 6];
                let mut store = |slot: usize, value| record[slot] = value;
                walker.visit_row(vertex, row, &columns.slots, &mut store)?;
                rows.store(row, &record);
            }
        }
    }
    Ok(rows.finish())
}

/// Writes points as a little-endian `.ply`: positions as floats, colours as bytes.
pub fn write(points: &Points) -> Vec<u8> {
    let property = |scalar| {
        move |name: &&str| Property {
            name: (*name).to_owned(),
            kind: Kind::Scalar(scalar),
        }
    };
    let positions = POSITION.iter().map(property(Scalar::F32));
    let colours = COLOURS[0].iter().map(property(Scalar::U8));
    let header = Header {
        encoding: Encoding::LittleEndian,
        elements: vec![Element {
            name: "vertex".to_owned(),
            count: points.len() as u64,
            properties: positions.chain(colours).collect(),
        }],
        comments: Vec::new(),
        body: 0,
    };
    let mut bytes = header.to_string().into_bytes();
    for (i, position) in points.positions.iter().enumerate() {
        for value in position.as_vec3().to_array() {
            bytes.extend(value.to_le_bytes());
        }
        bytes.extend(points.colours.get(i).unwrap_or(&GREY));
    }
    bytes
}

/// Which property is which entry of a record: x, y, z, red, green, blue.
struct Columns {
    /// Entry of each property, if any.
    slots: Vec<Option<usize>>,
    /// What full brightness is; `None` where there is no colour, or where only the values tell.
    full: Brightness,
}

#[derive(Clone, Copy)]
enum Brightness {
    None,
    Known(f64),
    Unknown,
}

impl Columns {
    fn find(vertex: &Element) -> Result<Self, FormatError> {
        let find = |names: [&str; 3]| {
            let [a, b, c] = names.map(|it| vertex.find(it));
            Some([a?, b?, c?])
        };
        let position = find(POSITION).ok_or_else(|| {
            let cause = "no points: `vertex` lacks x, y or z";
            FormatError::Unsupported(cause.to_owned())
        })?;
        let colour = COLOURS.into_iter().find_map(find);
        let mut slots = vec![None; vertex.properties.len()];
        let used = position.into_iter().chain(colour.into_iter().flatten());
        for (slot, index) in used.enumerate() {
            let property = &vertex.properties[index];
            if let Kind::List { .. } = property.kind {
                let cause = format!("property `{}` is a list, not a number", property.name);
                return Err(FormatError::Malformed(cause));
            }
            slots[index] = Some(slot);
        }
        let full = match colour.map(|it| vertex.properties[it[0]].kind) {
            None => Brightness::None,
            Some(Kind::Scalar(Scalar::F32 | Scalar::F64)) => Brightness::Unknown,
            Some(Kind::Scalar(Scalar::U16)) => Brightness::Known(65535.0),
            Some(_) => Brightness::Known(255.0),
        };
        Ok(Self { slots, full })
    }

    /// Entry, byte offset and type of what a row of this layout is read for.
    fn fields(&self, vertex: &Element, offsets: &[usize]) -> Vec<(usize, usize, Scalar)> {
        let columns = vertex.properties.iter().zip(offsets).zip(&self.slots);
        let fields = columns.filter_map(|((property, offset), slot)| match property.kind {
            Kind::Scalar(scalar) => Some(((*slot)?, *offset, scalar)),
            Kind::List { .. } => None,
        });
        fields.collect()
    }
}

/// Points as they come.
struct Rows {
    count: u64,
    /// Every such row is kept.
    step: u64,
    full: Brightness,
    positions: Vec<DVec3>,
    colours: Vec<[f64; 3]>,
    not_finite: usize,
}

impl Rows {
    fn new(count: u64, max_points: usize, full: Brightness) -> Self {
        Self {
            count,
            step: count.div_ceil(max_points.max(1) as u64).max(1),
            full,
            positions: Vec::new(),
            colours: Vec::new(),
            not_finite: 0,
        }
    }

    fn decode(
        &mut self,
        body: &[u8],
        stride: usize,
        fields: &[(usize, usize, Scalar)],
        encoding: Encoding,
    ) {
        for (row, bytes) in (0_u64..).zip(body.chunks_exact(stride.max(1))) {
            if !row.is_multiple_of(self.step) {
                continue;
            }
            let mut record = [0.0; 6];
            for (slot, offset, scalar) in fields {
                record[*slot] = scalar.read(&bytes[*offset..], encoding).unwrap_or(0.0);
            }
            self.store(row, &record);
        }
    }

    fn store(&mut self, row: u64, record: &[f64; 6]) {
        if !row.is_multiple_of(self.step) {
            return;
        }
        let [x, y, z, r, g, b] = *record;
        let position = DVec3::new(x, y, z);
        if position.is_finite() {
            self.positions.push(position);
            self.colours.push([r, g, b]);
        } else {
            self.not_finite += 1;
        }
    }

    fn finish(self) -> (Points, Vec<String>) {
        let mut warnings = Vec::new();
        if 0 < self.not_finite {
            let text = format!("{} points are not finite: left out", self.not_finite);
            warnings.push(text);
        }
        if 1 < self.step {
            let kept = self.positions.len();
            warnings.push(format!(
                "of {} points {kept} are used, evenly chosen",
                self.count
            ));
        }
        let brightest = self.colours.iter().flatten().copied().fold(0.0, f64::max);
        let full = match self.full {
            Brightness::None => None,
            Brightness::Known(full) => Some(full),
            Brightness::Unknown => Some(if 1.0 < brightest { 255.0 } else { 1.0 }),
        };
        let byte = |value: f64, full: f64| (value / full * 255.0).round().clamp(0.0, 255.0) as u8;
        let colour = |it: &[f64; 3]| full.map_or(GREY, |full| it.map(|value| byte(value, full)));
        let points = Points {
            colours: self.colours.iter().map(colour).collect(),
            positions: self.positions,
            ..Points::default()
        };
        (points, warnings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASCII: &str = "ply\nformat ascii 1.0\nelement camera 1\nproperty list uchar int l\n\
        element vertex 3\nproperty uchar blue\nproperty double z\nproperty double x\n\
        property double y\nproperty uchar red\nproperty uchar green\nproperty list uchar int o\n\
        end_header\n2 7 8\n3 0.1 123456.123456789 -2 1 2 0\n6 nan 0 0 4 5 1 9\n9 3 1 2 7 8 0\n";

    #[test]
    fn any_layout_is_read() {
        let (points, warnings) = read(ASCII.as_bytes(), 10).unwrap();
        let first = DVec3::new(123_456.123_456_789, -2.0, 0.1);
        assert_eq!(points.positions, [first, DVec3::new(1.0, 2.0, 3.0)]);
        assert_eq!(points.colours, [[1, 2, 3], [7, 8, 9]]);
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        let floats = ASCII
            .replace("uchar red", "float red")
            .replace("uchar g", "float g");
        let floats = floats.replace("uchar blue", "float blue");
        assert_eq!(read(floats.as_bytes(), 10).unwrap().0.colours[1], [7, 8, 9]);
        let none = ASCII.replace("green", "rough");
        assert_eq!(read(none.as_bytes(), 10).unwrap().0.colours, [GREY; 2]);
    }

    #[test]
    fn what_is_written_is_read_again() {
        let points = Points {
            positions: (0..100)
                .map(|i| DVec3::new(f64::from(i), 0.5, -2.0))
                .collect(),
            colours: (0..100).map(|i| [i, 2 * i, 255 - i]).collect(),
            ..Points::default()
        };
        let bytes = write(&points);
        let (back, warnings) = read(&bytes, 1000).unwrap();
        assert_eq!((back, warnings.len()), (points.clone(), 0));
        let (few, warnings) = read(&bytes, 40).unwrap();
        assert_eq!(few.len(), 34);
        assert_eq!(few.positions[33], points.positions[99]);
        assert!(warnings[0].contains("of 100 points 34"), "{warnings:?}");
        for end in 0..bytes.len() {
            read(&bytes[..end], 1000).unwrap_err();
        }
    }

    #[test]
    fn flipped_bytes_never_panic() {
        let points = Points {
            positions: vec![DVec3::new(1.0, 0.5, -2.0); 20],
            colours: vec![[1, 2, 3]; 20],
            ..Points::default()
        };
        let mut state = 1_u64;
        let mut random = |below: usize| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) as usize % below
        };
        for bytes in [write(&points), ASCII.as_bytes().to_vec()] {
            for _ in 0..20_000 {
                let mut broken = bytes.clone();
                for _ in 0..=random(3) {
                    let at = random(broken.len());
                    broken[at] = random(256) as u8;
                }
                if let Ok((points, _)) = read(&broken, 7) {
                    assert!(points.len() <= 7 && points.colours.len() == points.len());
                    assert!(points.positions.iter().all(|it| it.is_finite()));
                }
            }
        }
    }

    #[test]
    fn what_holds_no_points_is_refused() {
        let huge = ASCII.replace("vertex 3", "vertex 18446744073709551615");
        let listed = ASCII.replace("double x", "list uchar double x");
        for (text, says) in [
            (huge.as_str(), "truncated"),
            (listed.as_str(), "is a list"),
            (&ASCII.replace(" y\n", " why\n"), "lacks x, y or z"),
            (&ASCII.replace("vertex", "vortex"), "without element"),
            ("hello\n", "not a PLY"),
        ] {
            let error = read(text.as_bytes(), 10).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }
}

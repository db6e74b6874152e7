//! `poses_bounds.npy` of LLFF: an array of N × 17 numbers.
//!
//! A row is a 3 × 5 matrix, row after row, and the nearest and farthest depth. Of the matrix, the
//! first four columns are camera to world with axes x down, y right, z back; the fifth is image
//! height, image width and focal length in pixels. The principal point is the middle.
//!
//! The file names no photos: its rows belong to the folder's photos in the order of their names.

use glam::{DAffine3, DMat3, DVec3};
use npyz::{NpyFile, Order};

use crate::dataset::{Lens, LensModel, Optics, PoseFile, PoseFormat};

use super::FormatError;
use super::reading::{Reading, Unposed, side};
use super::rigid::rigid;

/// Numbers in a row.
const COLUMNS: usize = 17;

/// Longer headers are not those of one plain array.
const MAX_HEADER_BYTES: usize = 1024;

/// Nor are those with more brackets.
const MAX_BRACKETS: usize = 16;

/// Reads one. A frame's `image` is the number of its row, from 0.
///
/// # Errors
/// Where it is not such an array, where a camera's geometry is impossible, or where no row has a
/// pose. A single row without one is a warning.
pub fn read(bytes: &[u8]) -> Result<PoseFile, FormatError> {
    let numbers = numbers(bytes)?;
    let mut reading = Reading::new(PoseFormat::Llff);
    for (index, row) in numbers.as_chunks::<COLUMNS>().0.iter().enumerate() {
        let wrong = |why: String| FormatError::Malformed(format!("row {index}: {why}"));
        let optics = reading.optics(optics(row).map_err(wrong)?).map_err(wrong)?;
        let unposed = Unposed {
            image: index.to_string(),
            optics,
            ..Unposed::default()
        };
        let column = |at: usize| DVec3::new(row[at], row[5 + at], row[10 + at]);
        let [down, right, back] = [column(0), column(1), column(2)];
        let c2w = DAffine3 {
            matrix3: DMat3::from_cols(right, down, -back),
            translation: column(3),
        };
        reading.photo(unposed, rigid("the pose", c2w));
    }
    reading.finish()
}

fn optics(row: &[f64; COLUMNS]) -> Result<Optics, String> {
    let [height, width, focal] = [row[4], row[9], row[14]];
    let (width, height) = (side("width", width)?, side("height", height)?);
    Ok(Optics::Lens(Lens {
        model: LensModel::SimplePinhole,
        ..Lens::centred(focal, width, height)
    }))
}

/// All numbers, row after row.
fn numbers(bytes: &[u8]) -> Result<Vec<f64>, FormatError> {
    check_header(bytes)?;
    let damaged = |it: std::io::Error| {
        FormatError::Malformed(format!(
            "not a readable .npy: {it}. Copy or export it again"
        ))
    };
    let file = NpyFile::new(bytes).map_err(damaged)?;
    let &[rows, columns] = file.shape() else {
        return Err(FormatError::Unsupported(format!(
            "an array of {} dimensions; poses_bounds.npy has 2",
            file.shape().len()
        )));
    };
    if columns != COLUMNS as u64 {
        return Err(FormatError::Unsupported(format!(
            "an array of {rows} × {columns}; poses_bounds.npy has {COLUMNS} columns"
        )));
    }
    let dtype = file.dtype().descr();
    let item_bytes = file.dtype().num_bytes().unwrap_or(usize::MAX) as u64;
    let needed = rows.checked_mul(COLUMNS as u64 * item_bytes.min(64));
    let header_bytes = 10;
    let found = (bytes.len() - header_bytes) as u64;
    if needed.is_none_or(|it| found < it) {
        return Err(FormatError::Truncated {
            what: format!("an array of {rows} × {columns}"),
            needed: needed.unwrap_or(u64::MAX),
            found,
        });
    }
    let order = file.order();
    let numbers = match file.try_data::<f64>() {
        Ok(items) => items.collect::<Result<Vec<f64>, _>>(),
        Err(file) => match file.try_data::<f32>() {
            Ok(items) => items.map(|it| it.map(f64::from)).collect(),
            Err(_) => {
                return Err(FormatError::Unsupported(format!(
                    "an array of type {dtype}; poses_bounds.npy holds floating point numbers"
                )));
            }
        },
    };
    let numbers = numbers.map_err(damaged)?;
    let rows = numbers.len() / COLUMNS;
    Ok(match order {
        Order::C => numbers,
        Order::Fortran => (0..numbers.len())
            .map(|it| numbers[it % COLUMNS * rows + it / COLUMNS])
            .collect(),
    })
}

/// The header is short and flat, and all there: its parser takes memory for what it claims and
/// calls itself for every bracket.
fn check_header(bytes: &[u8]) -> Result<(), FormatError> {
    if !bytes.starts_with(b"\x93NUMPY") {
        return Err(FormatError::Unsupported(
            "not a .npy: it does not begin with \\x93NUMPY".to_owned(),
        ));
    }
    let (begin, length) = match bytes.get(6..12) {
        Some(&[1, _, a, b, ..]) => (10, usize::from(u16::from_le_bytes([a, b]))),
        Some(&[2 | 3, _, a, b, c, d]) => (12, u32::from_le_bytes([a, b, c, d]) as usize),
        Some(&[version, ..]) => {
            return Err(FormatError::Unsupported(format!(
                "a .npy of version {version}, which is not known"
            )));
        }
        _ => (12, 0),
    };
    let header = bytes.get(begin..).and_then(|it| it.get(..length));
    let Some(header) = header else {
        return Err(FormatError::Truncated {
            what: "the header".to_owned(),
            needed: (begin + length) as u64,
            found: bytes.len() as u64,
        });
    };
    let brackets = header.iter().filter(|it| b"([{".contains(it)).count();
    if MAX_HEADER_BYTES < length || MAX_BRACKETS < brackets {
        return Err(FormatError::Unsupported(
            "not one plain array of numbers: the .npy header is too long".to_owned(),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An array of rows as numpy writes it.
    fn npy(descr: &str, fortran: &str, rows: usize, payload: &[u8]) -> Vec<u8> {
        let header =
            format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': ({rows}, 17), }}");
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend(118_u16.to_le_bytes());
        bytes.extend(format!("{header:<117}\n").into_bytes());
        bytes.extend(payload);
        bytes
    }

    /// A camera at (1, 2, 3) that looks along +x with the world's +z up, and one turned over.
    /// Columns are down, right, back: (0, 0, −1), (0, −1, 0), (−1, 0, 0).
    #[rustfmt::skip]
    const ROWS: [f64; 34] = [
        0.0, 0.0, -1.0, 1.0, 60.0,
        0.0, -1.0, 0.0, 2.0, 80.0,
        -1.0, 0.0, 0.0, 3.0, 40.0, 0.5, 9.0,
        0.0, 0.0, 1.0, 1.0, 60.0,
        0.0, 1.0, 0.0, 2.0, 80.0,
        -1.0, 0.0, 0.0, 3.0, 40.0, 0.5, 9.0,
    ];

    fn c_order(numbers: &[f64]) -> Vec<u8> {
        let payload: Vec<u8> = numbers.iter().flat_map(|it| it.to_le_bytes()).collect();
        npy("<f8", "False", numbers.len() / 17, &payload)
    }

    /// Where the pinhole of a frame sees a point.
    fn pixel(file: &PoseFile, frame: usize, point: DVec3) -> [f64; 2] {
        let Optics::Lens(lens) = &file.optics[file.frames[frame].optics] else {
            panic!("no size");
        };
        let it = file.frames[frame].c2w.inverse().transform_point3(point);
        assert!(0.0 < it.z);
        [
            lens.cx + lens.fx * it.x / it.z,
            lens.cy + lens.fy * it.y / it.z,
        ]
    }

    #[test]
    fn a_camera_sees_a_point_where_it_should() {
        let file = read(&c_order(&ROWS)).unwrap();
        assert_eq!(file.frames.len(), 2);
        assert_eq!(file.optics.len(), 1);
        // Two ahead, one to the left (+y) and half above.
        let seen = pixel(&file, 0, DVec3::new(3.0, 3.0, 3.5));
        assert_eq!(seen, [40.0 - 20.0, 30.0 - 10.0]);
        let seen = pixel(&file, 1, DVec3::new(-1.0, 3.0, 3.5));
        assert_eq!(seen, [40.0 + 20.0, 30.0 - 10.0]);
    }

    #[test]
    fn other_orders_and_types_are_the_same() {
        let expected = read(&c_order(&ROWS)).unwrap().frames;
        let single: Vec<u8> = ROWS
            .iter()
            .flat_map(|it| (*it as f32).to_be_bytes())
            .collect();
        let file = read(&npy(">f4", "False", 2, &single)).unwrap();
        assert_eq!(file.frames, expected);
        let columns = (0..34).map(|i| ROWS[i % 2 * 17 + i / 2]);
        let columns: Vec<u8> = columns.flat_map(f64::to_le_bytes).collect();
        assert_eq!(
            read(&npy("<f8", "True", 2, &columns)).unwrap().frames,
            expected
        );
    }

    #[test]
    fn a_row_without_a_pose_is_told() {
        let mut rows = ROWS;
        rows[0] = f64::NAN;
        let file = read(&c_order(&rows)).unwrap();
        assert_eq!((file.frames.len(), &file.frames[0].image[..]), (1, "1"));
        assert_eq!(file.unregistered, ["0"]);
    }

    #[test]
    fn what_is_no_such_array_is_refused() {
        let error = |bytes: &[u8]| read(bytes).unwrap_err().to_string();
        let fine = c_order(&ROWS);
        assert!(error(b"").contains("NUMPY"));
        assert!(error(&fine[..fine.len() - 1]).contains("truncated"));
        let with = |from: &str, to: &str| {
            let text: String = fine.iter().map(|it| char::from(*it)).collect();
            assert!(text.contains(from));
            let text = text.replacen(from, to, 1);
            text.chars().map(|it| it as u8).collect::<Vec<u8>>()
        };
        assert!(error(&with("(2, 17)", "(2, 18)")).contains("17 columns"));
        assert!(error(&with("(2, 17)", "(34,  )")).contains("dimensions"));
        assert!(error(&with("(2, 17)", "(9, 17)")).contains("truncated"));
        assert!(error(&with("'<f8'", "'<i8'")).contains("<i8"));
        assert!(error(&with("(2, 17), }", "((((((((((")).contains("readable"));
        assert!(error(&with("(2, 17)", "(0, 17)")).contains("empty"));
        let huge = b"\x93NUMPY\x02\x00\xff\xff\xff\xff{";
        assert!(error(huge).contains("truncated"));
        let mut nested = b"\x93NUMPY\x01\x00\x00\x04".to_vec();
        nested.extend([b'('; 1024]);
        assert!(error(&nested).contains("too long"));
        let mut rows = ROWS;
        rows[4] = 0.0;
        assert!(error(&c_order(&rows)).contains("`height` is 0"));
        rows[4] = 60.0;
        rows[31] = -1.0;
        assert!(error(&c_order(&rows)).contains("row 1: the focal length"));
    }
}

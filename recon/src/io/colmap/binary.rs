//! Reads `cameras.bin`, `images.bin` and `points3D.bin`: little endian, a count, then records.

use glam::{DVec2, DVec3};

use super::model::{Camera, Image, Model, Point, Reading};
use crate::dataset::PoseFormat;
use crate::io::FormatError;

/// The least that a record takes.
const CAMERA_BYTES: u64 = 4 + 4 + 8 + 8 + 3 * 8;
const IMAGE_BYTES: u64 = 4 + 7 * 8 + 4 + 1 + 8;
const POINT_BYTES: u64 = 8 + 3 * 8 + 3 + 8 + 8;
/// What an entry of a list in a record takes.
const SEEN_BYTES: u64 = 2 * 8 + 8;
const TRACK_BYTES: u64 = 4 + 4;

pub(super) fn read(
    cameras: &[u8],
    images: &[u8],
    points: Option<&[u8]>,
) -> Result<Model, FormatError> {
    let mut model = Model::new(PoseFormat::ColmapBinary);
    let mut records = Records::new("cameras.bin", "camera", cameras);
    for _ in 0..records.begin(CAMERA_BYTES)? {
        let camera = camera(&mut records)?;
        model.cameras.push(camera);
    }
    records.end(&mut model.warnings);
    let mut records = Records::new("images.bin", "image", images);
    for _ in 0..records.begin(IMAGE_BYTES)? {
        let image = image(&mut records)?;
        model.images.push(image);
    }
    records.end(&mut model.warnings);
    if let Some(points) = points {
        let mut records = Records::new("points3D.bin", "point", points);
        for _ in 0..records.begin(POINT_BYTES)? {
            let point = point(&mut records, &mut model.tracks)?;
            model.points.push(point);
        }
        records.end(&mut model.warnings);
    }
    Ok(model)
}

pub(super) fn count_images(bytes: &[u8]) -> Result<u64, FormatError> {
    Records::new("images.bin", "image", bytes).begin(IMAGE_BYTES)
}

fn camera(records: &mut Records) -> Result<Camera, FormatError> {
    records.number += 1;
    let id = u64::from(records.u32()?);
    let model_id = records.u32()?.cast_signed();
    let reading = Reading::from_id(model_id, id, records.file)?;
    let (width, height) = (records.u64()?, records.u64()?);
    let params: Result<Vec<f64>, _> = (0..reading.num_params).map(|_| records.f64()).collect();
    Ok(Camera {
        id,
        model: reading.model,
        width,
        height,
        params: reading.params(params?),
    })
}

fn image(records: &mut Records) -> Result<Image, FormatError> {
    records.number += 1;
    let id = u64::from(records.u32()?);
    let quat = records.f64s()?;
    let translation = DVec3::from_array(records.f64s()?);
    let camera = u64::from(records.u32()?);
    let name = String::from_utf8_lossy(records.text()?);
    let is_name_odd = matches!(name, std::borrow::Cow::Owned(_));
    let count = records.u64()?;
    let (entries, _) = records.list(count, SEEN_BYTES)?.as_chunks::<24>();
    let seen = |it: &[u8; 24]| {
        let [x, y, point] = [0, 8, 16].map(|at| it[at..].first_chunk().map_or([0; 8], |it| *it));
        let pixel = DVec2::new(f64::from_le_bytes(x), f64::from_le_bytes(y));
        (pixel, u64::from_le_bytes(point))
    };
    Ok(Image {
        id,
        quat,
        translation,
        camera,
        name: name.into_owned(),
        is_name_odd,
        seen: entries.iter().map(seen).collect(),
    })
}

fn point(records: &mut Records, tracks: &mut Vec<(u64, u64)>) -> Result<Point, FormatError> {
    records.number += 1;
    let id = records.u64()?;
    let position = DVec3::from_array(records.f64s()?);
    let colour = records.take::<3>()?;
    let error_px = records.f64()?;
    let count = records.u64()?;
    let (entries, _) = records.list(count, TRACK_BYTES)?.as_chunks::<8>();
    let start = tracks.len();
    tracks.extend(entries.iter().map(|&[a, b, c, d, e, f, g, h]| {
        let (image, place) = ([a, b, c, d], [e, f, g, h]);
        (
            u64::from(u32::from_le_bytes(image)),
            u64::from(u32::from_le_bytes(place)),
        )
    }));
    Ok(Point {
        id,
        position,
        colour,
        error_px,
        track: start..tracks.len(),
    })
}

/// A file's bytes, taken from the front.
struct Records<'a> {
    file: &'static str,
    /// What a record is called.
    what: &'static str,
    /// The record being read, from 1; 0 in front of the first.
    number: u64,
    count: u64,
    bytes: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Records<'a> {
    fn new(file: &'static str, what: &'static str, bytes: &'a [u8]) -> Self {
        Self {
            file,
            what,
            number: 0,
            count: 0,
            bytes,
            rest: bytes,
        }
    }

    /// Reads how many records there are, and checks that they can be.
    fn begin(&mut self, record_bytes: u64) -> Result<u64, FormatError> {
        let count = self.u64()?;
        self.check(count.saturating_mul(record_bytes), || {
            format!("{} for {count} {}s", self.file, self.what)
        })?;
        self.count = count;
        Ok(count)
    }

    /// Warns where the file goes on.
    fn end(&self, warnings: &mut Vec<String>) {
        if !self.rest.is_empty() {
            warnings.push(format!(
                "{} goes on for {} bytes after its last {}; they are not read",
                self.file,
                self.rest.len(),
                self.what
            ));
        }
    }

    fn check(&self, needed: u64, what: impl Fn() -> String) -> Result<(), FormatError> {
        if needed <= self.rest.len() as u64 {
            return Ok(());
        }
        let before = (self.bytes.len() - self.rest.len()) as u64;
        Err(FormatError::Truncated {
            what: what(),
            needed: needed.saturating_add(before),
            found: self.bytes.len() as u64,
        })
    }

    fn place(&self) -> String {
        if self.number == 0 {
            return format!("{}, the number of {}s,", self.file, self.what);
        }
        format!(
            "{} up to {} {} of {}",
            self.file, self.what, self.number, self.count
        )
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], FormatError> {
        self.check(N as u64, || self.place())?;
        let Some((taken, rest)) = self.rest.split_first_chunk() else {
            return Ok([0; N]); // not reached: just checked
        };
        self.rest = rest;
        Ok(*taken)
    }

    fn u32(&mut self) -> Result<u32, FormatError> {
        self.take().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, FormatError> {
        self.take().map(u64::from_le_bytes)
    }

    fn f64(&mut self) -> Result<f64, FormatError> {
        self.take().map(f64::from_le_bytes)
    }

    fn f64s<const N: usize>(&mut self) -> Result<[f64; N], FormatError> {
        let mut values = [0.0; N];
        for it in &mut values {
            *it = self.f64()?;
        }
        Ok(values)
    }

    /// Up to the zero byte that ends it.
    fn text(&mut self) -> Result<&'a [u8], FormatError> {
        let end = self.rest.iter().position(|it| *it == 0);
        let Some(end) = end else {
            let whole = self.rest.len() as u64 + 1;
            self.check(whole, || self.place())?;
            return Ok(&[]); // not reached: one byte more than there is
        };
        let text = &self.rest[..end];
        self.rest = &self.rest[end + 1..];
        Ok(text)
    }

    /// `count` entries of a list.
    fn list(&mut self, count: u64, entry_bytes: u64) -> Result<&'a [u8], FormatError> {
        let needed = count.saturating_mul(entry_bytes);
        self.check(needed, || self.place())?;
        let (list, rest) = self.rest.split_at(needed as usize); // fits: just checked
        self.rest = rest;
        Ok(list)
    }
}

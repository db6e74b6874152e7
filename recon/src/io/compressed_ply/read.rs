//! Reads a `.compressed.ply`: finds its tables by name and unpacks chunk after chunk.

use glam::Vec3;
use rayon::prelude::*;
use render::{Splats, sh};

use crate::io::clean::clean;
use crate::io::ply::columns::RestLayout;
use crate::io::ply::comments;
use crate::io::ply::header::{self, excerpt};
use crate::io::ply::layout::{Element, Encoding, Header, Kind, Scalar};
use crate::io::ply::walk::Walker;
use crate::io::quantised::logit_from_byte;
use crate::io::{FormatError, SplatFile, SplatFormat};

use super::pack::{Bounds, quat_from_word, sh_from_byte, unit_from_word};
use super::{BOUNDS, CHUNK, OLD_BOUNDS, WORDS};

/// Whether the PLY in `bytes` holds packed splats. A broken header does not tell.
pub(in crate::io) fn is_compressed(bytes: &[u8]) -> bool {
    let vertex = |header: &Header| {
        header
            .element("vertex")
            .map(|it| it.find(WORDS[0]).is_some())
    };
    header::parse(bytes).is_ok_and(|it| vertex(&it).unwrap_or(false))
}

/// Reads a `.compressed.ply`, with or without colour bounds and the element `sh`.
///
/// # Errors
/// [`FormatError`] where the header is malformed or claims more than the file holds, or where
/// tables or properties of the format are missing.
pub fn read(bytes: &[u8]) -> Result<SplatFile, FormatError> {
    let header = header::parse(bytes)?;
    if header.encoding == Encoding::Ascii {
        let cause = "a .compressed.ply as text: only binary ones are known";
        return Err(FormatError::Unsupported(cause.to_owned()));
    }
    let tables = Tables::find(&header, bytes)?;
    let mut warnings: Vec<String> = tables.rest.iter().filter_map(RestLayout::warning).collect();
    let mut splats = tables.unpack()?;
    clean(&mut splats, &mut warnings);
    Ok(SplatFile {
        splats,
        format: SplatFormat::CompressedPly,
        antialiased: comments::antialiased(&header.comments),
        comments: header.comments,
        warnings,
    })
}

/// Rows of a fixed length.
struct Table<'a> {
    element: &'a Element,
    encoding: Encoding,
    rows: &'a [u8],
    /// Bytes per row.
    stride: usize,
    offsets: Vec<usize>,
}

impl Table<'_> {
    fn count(&self) -> usize {
        self.element.count as usize // the rows were found in the file
    }

    /// Byte offset of a property that must be there, with that type.
    fn field(&self, name: &str, kind: Scalar) -> Result<usize, FormatError> {
        let element = &self.element;
        let index = element.find(name);
        let index = index.filter(|it| element.properties[*it].kind == Kind::Scalar(kind));
        index.map(|it| self.offsets[it]).ok_or_else(|| {
            let place = excerpt(&element.name);
            let kind = kind.name();
            let cause = format!("element {place} lacks `{name}` of type {kind}");
            FormatError::Malformed(cause)
        })
    }

    fn f32(&self, row: &[u8], at: usize) -> f32 {
        let number = Scalar::F32.read(&row[at..], self.encoding);
        number.map_or(f32::NAN, |it| it as f32)
    }

    fn u32(&self, row: &[u8], at: usize) -> u32 {
        let number = Scalar::U32.read(&row[at..], self.encoding);
        number.map_or(0, |it| it as u32)
    }
}

/// The three tables of the format.
struct Tables<'a> {
    chunk: Table<'a>,
    vertex: Table<'a>,
    sh: Option<Table<'a>>,
    rest: Option<RestLayout>,
}

impl<'a> Tables<'a> {
    fn find(header: &'a Header, bytes: &'a [u8]) -> Result<Self, FormatError> {
        let mut walker = Walker::new(bytes, header.encoding, header.body);
        let (mut chunk, mut vertex, mut sh) = (None, None, None);
        for element in &header.elements {
            let start = walker.at;
            walker.skip(element)?;
            let place = match element.name.as_str() {
                "chunk" => &mut chunk,
                "vertex" => &mut vertex,
                "sh" => &mut sh,
                _ => continue,
            };
            let Some(offsets) = element.offsets() else {
                let cause = format!("element `{}` has a list", element.name);
                return Err(FormatError::Malformed(cause));
            };
            *place = Some(Table {
                element,
                encoding: header.encoding,
                rows: &bytes[start..walker.at],
                stride: offsets.last().copied().unwrap_or(0),
                offsets,
            });
        }
        let lacks = |name: &str| {
            FormatError::Malformed(format!("a .compressed.ply without element `{name}`"))
        };
        let chunk = chunk.ok_or_else(|| lacks("chunk"))?;
        let vertex = vertex.ok_or_else(|| lacks("vertex"))?;
        let rest = sh
            .as_ref()
            .map(|it| RestLayout::find(it.element))
            .transpose()?;
        let tables = Self {
            chunk,
            vertex,
            sh,
            rest,
        };
        tables.check_counts()?;
        Ok(tables)
    }

    fn check_counts(&self) -> Result<(), FormatError> {
        let splats = self.vertex.count();
        let chunks = self.chunk.count();
        if chunks < splats.div_ceil(CHUNK) {
            let cause = format!("{splats} splats need a chunk each {CHUNK}, there are {chunks}");
            return Err(FormatError::Malformed(cause));
        }
        if let Some(rows) = self
            .sh
            .as_ref()
            .map(Table::count)
            .filter(|it| *it != splats)
        {
            let cause = format!("{splats} splats, but {rows} rows of `sh`");
            return Err(FormatError::Malformed(cause));
        }
        Ok(())
    }

    fn unpack(&self) -> Result<Splats, FormatError> {
        let count = self.vertex.count();
        let chunks = self.chunks()?;
        let mut words = [0; 4];
        for (word, name) in words.iter_mut().zip(WORDS) {
            *word = self.vertex.field(name, Scalar::U32)?;
        }
        let degree = self.rest.as_ref().map_or(0, |it| it.degree);
        let k = sh::coeff_count(degree);
        let mut splats = Splats {
            means: vec![Vec3::ZERO; count],
            quats: vec![[0.0; 4]; count],
            log_scales: vec![Vec3::ZERO; count],
            opacity_logits: vec![0.0; count],
            sh_coeffs: vec![[0.0; 3]; count * k],
            sh_degree: degree,
        };
        let parts = (
            splats.means.par_chunks_mut(CHUNK),
            splats.quats.par_chunks_mut(CHUNK),
            splats.log_scales.par_chunks_mut(CHUNK),
            splats.opacity_logits.par_chunks_mut(CHUNK),
            splats.sh_coeffs.par_chunks_mut(CHUNK * k),
            self.vertex.rows.par_chunks(CHUNK * self.vertex.stride),
            chunks,
        );
        parts.into_par_iter().for_each(
            |(means, quats, log_scales, logits, coeffs, rows, chunk)| {
                for (i, row) in rows.chunks_exact(self.vertex.stride).enumerate() {
                    let word = words.map(|at| self.vertex.u32(row, at));
                    means[i] = chunk.mean.point_from_unit(unit_from_word(word[0]));
                    quats[i] = quat_from_word(word[1]);
                    log_scales[i] = chunk.log_scale.point_from_unit(unit_from_word(word[2]));
                    let [red, green, blue, opacity] = word[3].to_be_bytes();
                    let unit = Vec3::from([red, green, blue].map(f32::from)) / 255.0;
                    let colour = chunk.colour.point_from_unit(unit);
                    coeffs[i * k] = ((colour - 0.5) / sh::C0).to_array();
                    logits[i] = logit_from_byte(opacity);
                }
            },
        );
        self.unpack_sh(&mut splats)?;
        Ok(splats)
    }

    fn chunks(&self) -> Result<Vec<Chunk>, FormatError> {
        let table = &self.chunk;
        let has_colour = table.element.find(BOUNDS[OLD_BOUNDS]).is_some();
        let names = &BOUNDS[..if has_colour { BOUNDS.len() } else { OLD_BOUNDS }];
        let fields: Vec<usize> = names
            .iter()
            .map(|it| table.field(it, Scalar::F32))
            .collect::<Result<_, _>>()?;
        let chunk = |row: &[u8]| {
            // Old files have no colour bounds: 0 to 1.
            let mut values = [0.0; BOUNDS.len()];
            values[BOUNDS.len() - 3..].fill(1.0);
            for (value, at) in values.iter_mut().zip(&fields) {
                *value = table.f32(row, *at);
            }
            let bounds = |at: usize| Bounds {
                low: Vec3::from_slice(&values[at..]),
                high: Vec3::from_slice(&values[at + 3..]),
            };
            Chunk {
                mean: bounds(0),
                log_scale: bounds(6),
                colour: bounds(12),
            }
        };
        Ok(table.rows.chunks_exact(table.stride).map(chunk).collect())
    }

    fn unpack_sh(&self, splats: &mut Splats) -> Result<(), FormatError> {
        let (Some(table), Some(rest)) = (&self.sh, &self.rest) else {
            return Ok(());
        };
        let k = splats.coeffs_per_splat();
        let mut fields = Vec::with_capacity(3 * (k - 1));
        for coefficient in 1..k {
            for channel in 0..3 {
                let name = &table.element.properties[rest.first[rest.index(coefficient, channel)]];
                fields.push(table.field(&name.name, Scalar::U8)?);
            }
        }
        if fields.is_empty() {
            return Ok(());
        }
        splats
            .sh_coeffs
            .par_chunks_mut(k)
            .zip(table.rows.par_chunks_exact(table.stride))
            .for_each(|(coeffs, row)| {
                let values = coeffs[1..].as_flattened_mut().iter_mut();
                for (value, at) in values.zip(&fields) {
                    *value = sh_from_byte(row[*at]);
                }
            });
        Ok(())
    }
}

/// The bounds that up to 256 splats share.
#[derive(Clone, Copy)]
struct Chunk {
    mean: Bounds,
    log_scale: Bounds,
    colour: Bounds,
}

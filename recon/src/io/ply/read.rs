//! Reads a `.ply`: header, then the rows of `vertex`, everything else is stepped over.

use glam::Vec3;
use rayon::prelude::*;
use render::{Splats, sh};

use crate::io::clean::clean;
use crate::io::{FormatError, SplatFile, SplatFormat};

use super::columns::{BaseColour, Columns, LOG_SCALE, MAX_RECORD, OPACITY, QUAT, SH};
use super::comments;
use super::header;
use super::layout::{Element, Encoding, Kind, Scalar};
use super::walk::Walker;

/// Rows that one thread decodes at a time.
const ROWS_PER_TASK: usize = 4096;

/// Reads a 3DGS `.ply` of any layout: ASCII or binary, either byte order, any scalar types, any
/// order of properties, with extra properties and elements. SH degree 0 to 3; degree 4 is cut.
///
/// # Errors
/// [`FormatError`] where the header is malformed or claims more than the file holds, or where the
/// file is a point cloud or a mesh.
pub fn read(bytes: &[u8]) -> Result<SplatFile, FormatError> {
    let mut file = read_exact(bytes)?;
    clean(&mut file.splats, &mut file.warnings);
    warn_if_activated(&file.splats, &mut file.warnings);
    Ok(file)
}

/// The same with every splat as it is stored, though its numbers be none.
///
/// # Errors
/// As [`read`].
pub(in crate::io) fn read_exact(bytes: &[u8]) -> Result<SplatFile, FormatError> {
    let header = header::parse(bytes)?;
    let Some(place) = header.elements.iter().position(|it| it.name == "vertex") else {
        let cause = "a PLY without element `vertex`: it holds no splats";
        return Err(FormatError::Unsupported(cause.to_owned()));
    };
    let vertex = &header.elements[place];
    if vertex.find("packed_position").is_some() {
        let cause = "packed splats: this is a .compressed.ply (PlayCanvas)";
        return Err(FormatError::Unsupported(cause.to_owned()));
    }
    let mut columns = Columns::find(&header, vertex)?;
    let mut walker = Walker::new(bytes, header.encoding, header.body);
    for element in &header.elements[..place] {
        walker.skip(element)?;
    }
    walker.check_claim(vertex)?;
    let mut splats = zeroed(vertex.count as usize, columns.sh_degree);
    match vertex.offsets() {
        Some(offsets) if header.encoding != Encoding::Ascii => {
            let layout = FixedRows::of(vertex, &columns, &offsets, header.encoding);
            let end = walker.at + layout.stride * splats.len();
            layout.decode(&bytes[walker.at..end], &mut splats);
            walker.at = end;
        }
        _ => walk_rows(&mut walker, vertex, &columns, &mut splats)?,
    }
    let mut warnings = std::mem::take(&mut columns.warnings);
    sh_from_base_colour(&mut splats, columns.base_colour);
    for element in &header.elements[place + 1..] {
        if let Err(error) = walker.skip(element) {
            let name = &element.name;
            warnings.push(format!("element `{name}`, which is not used: {error}"));
            break;
        }
    }
    if comments::is_2dgs(&header.comments) {
        warnings.push("made for flat 2D splats (2DGS): drawn as 3D splats".to_owned());
    }
    Ok(SplatFile {
        splats,
        format: SplatFormat::Ply,
        antialiased: comments::antialiased(&header.comments),
        comments: header.comments,
        warnings,
    })
}

/// Splats to decode into; the caller has checked that the file holds `count` rows.
fn zeroed(count: usize, sh_degree: u32) -> Splats {
    Splats {
        means: vec![Vec3::ZERO; count],
        quats: vec![[0.0; 4]; count],
        log_scales: vec![Vec3::ZERO; count],
        opacity_logits: vec![0.0; count],
        sh_coeffs: vec![[0.0; 3]; count * sh::coeff_count(sh_degree)],
        sh_degree,
    }
}

/// Rows of text, or with lists: one after the other.
fn walk_rows(
    walker: &mut Walker,
    vertex: &Element,
    columns: &Columns,
    splats: &mut Splats,
) -> Result<(), FormatError> {
    let mut slots = vec![None; vertex.properties.len()];
    for (slot, property) in columns.properties.iter().enumerate() {
        slots[*property] = Some(slot);
    }
    let mut record = [0.0; MAX_RECORD];
    let record = &mut record[..columns.properties.len()];
    let mut part = Part::whole(splats);
    for row in 0..vertex.count {
        walker.read_row(vertex, row, &slots, record)?;
        part.store(row as usize, record);
    }
    Ok(())
}

/// A run of splats being filled.
struct Part<'a> {
    means: &'a mut [Vec3],
    quats: &'a mut [[f32; 4]],
    log_scales: &'a mut [Vec3],
    opacity_logits: &'a mut [f32],
    sh_coeffs: &'a mut [[f32; 3]],
}

impl<'a> Part<'a> {
    fn whole(splats: &'a mut Splats) -> Self {
        Self {
            means: &mut splats.means,
            quats: &mut splats.quats,
            log_scales: &mut splats.log_scales,
            opacity_logits: &mut splats.opacity_logits,
            sh_coeffs: &mut splats.sh_coeffs,
        }
    }

    fn store(&mut self, i: usize, record: &[f32]) {
        let (coeffs, _) = record[SH..].as_chunks::<3>();
        self.means[i] = Vec3::from_slice(record);
        self.quats[i].copy_from_slice(&record[QUAT..LOG_SCALE]);
        self.log_scales[i] = Vec3::from_slice(&record[LOG_SCALE..]);
        self.opacity_logits[i] = record[OPACITY];
        let k = coeffs.len();
        self.sh_coeffs[i * k..(i + 1) * k].copy_from_slice(coeffs);
    }
}

/// Binary rows of one length.
struct FixedRows {
    encoding: Encoding,
    /// Bytes per row.
    stride: usize,
    /// Byte offset and type of each entry of the record.
    fields: Vec<(usize, Scalar)>,
    /// All fields are little-endian f32, as nearly every file has it.
    plain: bool,
}

impl FixedRows {
    fn of(vertex: &Element, columns: &Columns, offsets: &[usize], encoding: Encoding) -> Self {
        let field = |&index: &usize| match vertex.properties[index].kind {
            Kind::Scalar(scalar) => Some((offsets[index], scalar)),
            Kind::List { .. } => None, // none of the columns, and not with offsets
        };
        let fields: Vec<_> = columns.properties.iter().filter_map(field).collect();
        let all_f32 = fields.iter().all(|it| it.1 == Scalar::F32);
        Self {
            encoding,
            stride: offsets.last().copied().unwrap_or(0),
            plain: all_f32 && encoding == Encoding::LittleEndian,
            fields,
        }
    }

    /// Decodes all `rows` on all threads.
    fn decode(&self, rows: &[u8], splats: &mut Splats) {
        let k = splats.coeffs_per_splat();
        let parts = (
            splats.means.par_chunks_mut(ROWS_PER_TASK),
            splats.quats.par_chunks_mut(ROWS_PER_TASK),
            splats.log_scales.par_chunks_mut(ROWS_PER_TASK),
            splats.opacity_logits.par_chunks_mut(ROWS_PER_TASK),
            splats.sh_coeffs.par_chunks_mut(ROWS_PER_TASK * k),
            rows.par_chunks(ROWS_PER_TASK * self.stride),
        );
        parts
            .into_par_iter()
            .for_each(|(means, quats, log_scales, opacity_logits, sh, rows)| {
                let mut part = Part {
                    means,
                    quats,
                    log_scales,
                    opacity_logits,
                    sh_coeffs: sh,
                };
                let mut record = [0.0; MAX_RECORD];
                let record = &mut record[..self.fields.len()];
                for (i, row) in rows.chunks_exact(self.stride).enumerate() {
                    self.decode_row(row, record);
                    part.store(i, record);
                }
            });
    }

    fn decode_row(&self, row: &[u8], record: &mut [f32]) {
        let entries = record.iter_mut().zip(&self.fields);
        if self.plain {
            for (entry, (at, _)) in entries {
                *entry = row[*at..]
                    .first_chunk()
                    .map_or(0.0, |it| f32::from_le_bytes(*it));
            }
        } else {
            for (entry, (at, scalar)) in entries {
                let number = scalar.read(&row[*at..], self.encoding);
                *entry = number.map_or(0.0, |it| it as f32);
            }
        }
    }
}

/// Turns base colours into first SH coefficients, where they are none yet.
fn sh_from_base_colour(splats: &mut Splats, colour: BaseColour) {
    let k = splats.coeffs_per_splat();
    let brightest = |splats: &Splats| {
        splats
            .sh_coeffs
            .iter()
            .step_by(k)
            .flatten()
            .copied()
            .fold(0.0, f32::max)
    };
    let full = match colour {
        BaseColour::Coefficient => return,
        BaseColour::Rgb { full } => full,
        // Only colours of 0 to 255 go beyond 1.
        BaseColour::RgbFloat if 1.0 < brightest(splats) => 255.0,
        BaseColour::RgbFloat => 1.0,
    };
    for value in splats.sh_coeffs.iter_mut().step_by(k).flatten() {
        *value = (*value / full - 0.5) / sh::C0;
    }
}

/// A logit and a logarithm are negative now and then; where none is, they were probably stored as
/// opacity and scale. That stays a guess, so nothing is converted.
fn warn_if_activated(splats: &Splats, warnings: &mut Vec<String>) {
    /// Fewer splats than this prove nothing.
    const ENOUGH: usize = 16;
    if splats.len() < ENOUGH {
        return;
    }
    let mut logits = splats.opacity_logits.iter();
    if logits.all(|it| (0.0..=1.0).contains(it)) {
        warnings.push(
            "all opacities are between 0 and 1: they look like opacities where logits \
             are expected, so everything may be drawn half transparent"
                .to_owned(),
        );
    }
    let mut log_scales = splats.log_scales.iter();
    if log_scales.all(|it| 0.0 < it.min_element()) {
        warnings.push(
            "all scales are positive: they look like lengths where logarithms are expected, \
             so splats may be drawn too large"
                .to_owned(),
        );
    }
}

//! antimatter15 `.splat`: 32 bytes per splat, no header, no spherical harmonics.
//!
//! Three f32 of position, three of scale (lengths, not logarithms), red green blue opacity in a
//! byte each, the rotation `w x y z` in a byte each. Axes are those of the `.ply` it was made from.

use glam::Vec3;
use rayon::prelude::*;
use render::splats::sigmoid;
use render::{Splats, sh};

use super::clean::clean;
use super::quantised::{byte_from_logit, byte_from_unit, check_quantisable, logit_from_byte};
use super::{FormatError, SplatFile, SplatFormat};

/// Bytes per splat.
pub(super) const ROW: usize = 32;

/// Reads a `.splat`. Quaternions come back normalised.
///
/// # Errors
/// [`FormatError::Malformed`] where the size is not a multiple of 32 bytes, or zero.
pub fn read(bytes: &[u8]) -> Result<SplatFile, FormatError> {
    if bytes.is_empty() {
        let cause = "empty: a .splat has 32 bytes for each splat";
        return Err(FormatError::Malformed(cause.to_owned()));
    }
    let (rows, rest) = bytes.as_chunks::<ROW>();
    if !rest.is_empty() {
        let cause = format!(
            "{} bytes are no whole number of splats of 32 bytes: \
             this is no .splat, or it is cut off",
            bytes.len()
        );
        return Err(FormatError::Malformed(cause));
    }
    let column = |f: fn(&[u8; ROW]) -> Vec3| rows.par_iter().map(f).collect();
    let mut splats = Splats {
        means: column(|row| Vec3::from_array(floats(row, 0))),
        log_scales: column(|row| Vec3::from_array(floats(row, 12).map(f32::ln))),
        quats: rows.par_iter().map(quat).collect(),
        opacity_logits: rows.par_iter().map(|it| logit_from_byte(it[27])).collect(),
        sh_coeffs: rows
            .par_iter()
            .map(|it| [24, 25, 26].map(|at| (f32::from(it[at]) / 255.0 - 0.5) / sh::C0))
            .collect(),
        sh_degree: 0,
    };
    let mut warnings = Vec::new();
    clean(&mut splats, &mut warnings);
    Ok(SplatFile {
        splats,
        format: SplatFormat::Splat,
        antialiased: None,
        comments: Vec::new(),
        warnings,
    })
}

fn floats(row: &[u8; ROW], at: usize) -> [f32; 3] {
    [0, 4, 8].map(|i| {
        let bytes = row[at + i..].first_chunk();
        bytes.map_or(0.0, |it| f32::from_le_bytes(*it))
    })
}

/// Zero where nothing is stored, normalised otherwise.
fn quat(row: &[u8; ROW]) -> [f32; 4] {
    let quat = [28, 29, 30, 31].map(|at| (f32::from(row[at]) - 128.0) / 128.0);
    let norm = quat.iter().map(|it| it * it).sum::<f32>().sqrt();
    if norm == 0.0 {
        quat
    } else {
        quat.map(|it| it / norm)
    }
}

/// Writes a `.splat`, most visible splats first, so that the start of the file already shows the
/// scene. Only the base colour fits; [`losses`](super::losses) says what is left out.
///
/// # Errors
/// [`FormatError::Malformed`] where the arrays of the splats disagree or hold values that are
/// not numbers, or where there is no splat.
pub fn write(file: &SplatFile) -> Result<Vec<u8>, FormatError> {
    let splats = &file.splats;
    check_quantisable(splats)?;
    if splats.is_empty() {
        let cause = "no splats: a .splat without any cannot be told from an empty file";
        return Err(FormatError::Malformed(cause.to_owned()));
    }
    let weight = |i: usize| {
        let log_volume = splats.log_scales[i].element_sum();
        log_volume.exp() * sigmoid(splats.opacity_logits[i])
    };
    let mut order: Vec<(f32, usize)> = (0..splats.len()).map(|i| (weight(i), i)).collect();
    order.par_sort_by(|a, b| b.0.total_cmp(&a.0));
    Ok(order.iter().flat_map(|&(_, i)| row(splats, i)).collect())
}

fn row(splats: &Splats, i: usize) -> [u8; ROW] {
    let mut row = [0; ROW];
    let numbers = [splats.means[i], splats.log_scales[i].exp()];
    let numbers = numbers.iter().flat_map(Vec3::to_array);
    for (field, number) in row.as_chunks_mut().0.iter_mut().zip(numbers) {
        *field = number.to_le_bytes();
    }
    let colour = splats.sh(i)[0].map(|it| byte_from_unit(0.5 + sh::C0 * it));
    row[24..27].copy_from_slice(&colour);
    row[27] = byte_from_logit(splats.opacity_logits[i]);
    let quat = splats.rotation(i);
    let quat = [quat.w, quat.x, quat.y, quat.z];
    // `as` saturates: 1 is 255.
    row[28..].copy_from_slice(&quat.map(|it| (it * 128.0 + 128.0).round() as u8));
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> SplatFile {
        let splats = Splats {
            means: vec![Vec3::new(1.0, -2.0, 3.5), Vec3::ZERO, Vec3::ONE],
            quats: vec![[-0.3, 0.4, 1.2, 0.1], [0.0; 4], [2.0, 0.0, 0.0, 0.0]],
            log_scales: vec![Vec3::splat(-4.0), Vec3::splat(-1.0), Vec3::splat(-2.0)],
            opacity_logits: vec![0.4, -1.0, 3.0],
            sh_coeffs: (0..12).map(|i| [i as f32 / 12.0, 0.1, -0.2]).collect(),
            sh_degree: 1,
        };
        SplatFile::new(splats, SplatFormat::Splat)
    }

    #[test]
    fn the_most_visible_come_first_and_keep_what_fits() {
        let written = write(&file()).unwrap();
        let read = read(&written).unwrap().splats;
        assert_eq!(read.check(), Ok(()));
        assert_eq!(
            read.means,
            [Vec3::ZERO, Vec3::ONE, Vec3::new(1.0, -2.0, 3.5)]
        );
        assert_eq!(read.sh_degree, 0);
        for (i, of) in [1, 2, 0].into_iter().enumerate() {
            let expected = &file().splats;
            assert!((read.log_scales[i] - expected.log_scales[of]).length() < 1e-5);
            assert!((read.opacity(i) - expected.opacity(of)).abs() <= 0.5 / 255.0 + 1e-6);
            let turn = read.rotation(i).angle_between(expected.rotation(of));
            assert!(turn < 0.03, "rotation {i} is off by {turn} rad");
            let colour = Vec3::from(read.sh(i)[0]) - Vec3::from(expected.sh(of)[0]);
            assert!(colour.abs().max_element() <= 0.5 / 255.0 / sh::C0 + 1e-5);
        }
    }

    #[test]
    fn sizes_that_are_no_splats_are_refused() {
        for (size, cause) in [(0, "empty"), (31, "31 bytes"), (65, "65 bytes")] {
            let error = read(&vec![0; size]).unwrap_err().to_string();
            assert!(error.contains(cause), "{error}");
        }
    }

    #[test]
    fn zeros_are_a_flat_unrotated_splat_with_warnings() {
        let mut bytes = [0; ROW];
        bytes[28..].fill(128);
        let file = read(&bytes).unwrap();
        assert_eq!(file.splats.len(), 1);
        assert_eq!(file.splats.quats[0], [1.0, 0.0, 0.0, 0.0]);
        assert_eq!(file.warnings.len(), 2, "{:?}", file.warnings);
    }

    #[test]
    fn negative_scales_are_dropped() {
        let mut bytes = [0; ROW];
        bytes[12..16].copy_from_slice(&(-1.0f32).to_le_bytes());
        let file = read(&bytes).unwrap();
        assert!(file.splats.is_empty());
        assert!(
            file.warnings[0].contains("1 of 1 splats dropped"),
            "{:?}",
            file.warnings
        );
    }
}

//! From the bytes of the columns to splats.

use glam::Vec3;
use half::f16;
use render::{Splats, sh};

use super::axes::AxisSigns;
use super::header::Header;
use super::rotations::{quat_from_3_bytes, quat_from_word};
use super::{COLOUR_SCALE, MIN_LOG_SCALE, SCALE_STEPS, SH_ZERO};
use crate::io::quantised::logit_from_byte;

/// Decodes all columns, one after the other in `payload`, whose length is the header's
/// [`payload_bytes`](Header::payload_bytes). Harmonics above degree 3 are dropped.
pub(super) fn unpack(header: &Header, payload: &[u8], signs: AxisSigns) -> Splats {
    let count = header.count as usize;
    let mut rest = payload;
    let [means, alphas, colours, scales, rotations, harmonics] =
        header.column_widths().map(|width| {
            let (column, next) = rest.split_at(width * count);
            rest = next;
            column
        });
    Splats {
        means: unpack_means(header, means, signs),
        quats: unpack_quats(rotations, header.version, signs),
        log_scales: triples(scales)
            .map(|it| Vec3::from(it.map(|b| f32::from(b) / SCALE_STEPS + MIN_LOG_SCALE)))
            .collect(),
        opacity_logits: alphas.iter().map(|&it| logit_from_byte(it)).collect(),
        sh_coeffs: unpack_harmonics(header, colours, harmonics, signs),
        sh_degree: u32::from(header.degree).min(sh::MAX_DEGREE),
    }
}

fn unpack_means(header: &Header, column: &[u8], signs: AxisSigns) -> Vec<Vec3> {
    if header.version == 1 {
        let half = |low: u8, high: u8| f16::from_le_bytes([low, high]).to_f32();
        return column
            .as_chunks::<6>()
            .0
            .iter()
            .map(|&[x0, x1, y0, y1, z0, z1]| Vec3::new(half(x0, x1), half(y0, y1), half(z0, z1)))
            .map(|it| signs.turn_mean(it))
            .collect();
    }
    let unit = (-f32::from(header.fractional_bits)).exp2();
    // The 24 bits go to the top of a word, so that shifting them down keeps the sign.
    let fixed = |b0, b1, b2| (i32::from_le_bytes([0, b0, b1, b2]) >> 8) as f32 * unit;
    column
        .as_chunks::<9>()
        .0
        .iter()
        .map(|&[x0, x1, x2, y0, y1, y2, z0, z1, z2]| {
            Vec3::new(fixed(x0, x1, x2), fixed(y0, y1, y2), fixed(z0, z1, z2))
        })
        .map(|it| signs.turn_mean(it))
        .collect()
}

fn unpack_quats(column: &[u8], version: u32, signs: AxisSigns) -> Vec<[f32; 4]> {
    if version < 3 {
        return triples(column)
            .map(|it| signs.turn_quat(quat_from_3_bytes(it)))
            .collect();
    }
    column
        .as_chunks::<4>()
        .0
        .iter()
        .map(|&it| signs.turn_quat(quat_from_word(u32::from_le_bytes(it))))
        .collect()
}

/// Puts each splat's colour before its other coefficients.
fn unpack_harmonics(
    header: &Header,
    colours: &[u8],
    harmonics: &[u8],
    signs: AxisSigns,
) -> Vec<[f32; 3]> {
    let in_file = header.rest_coeffs();
    let kept = in_file.min(sh::coeff_count(sh::MAX_DEGREE) - 1);
    let mut coeffs = Vec::with_capacity(colours.len() / 3 * (1 + kept));
    for (i, colour) in triples(colours).enumerate() {
        coeffs.push(colour.map(|b| (f32::from(b) / 255.0 - 0.5) / COLOUR_SCALE));
        let start = 3 * in_file * i;
        let of_splat = triples(&harmonics[start..start + 3 * kept]);
        coeffs.extend(
            of_splat
                .enumerate()
                .map(|(k, rgb)| rgb.map(|b| signs.sh_sign(k) * (f32::from(b) - SH_ZERO) / SH_ZERO)),
        );
    }
    coeffs
}

fn triples(column: &[u8]) -> impl Iterator<Item = [u8; 3]> {
    column.as_chunks::<3>().0.iter().copied()
}

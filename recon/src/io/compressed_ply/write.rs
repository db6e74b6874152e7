//! Writes a `.compressed.ply`: splats in Morton order, so that chunks are small, then packed.

use glam::Vec3;
use rayon::prelude::*;
use render::{Splats, sh};

use crate::io::morton::morton_order;
use crate::io::ply::comments;
use crate::io::ply::layout::{Element, Encoding, Header, Scalar};
use crate::io::quantised::{byte_from_logit, byte_from_unit, check_quantisable};
use crate::io::{FormatError, SplatFile};

use super::pack::{Bounds, byte_from_sh, word_from_quat, word_from_unit};
use super::{BOUNDS, CHUNK, WORDS};

/// Log-scales are clamped to this on both sides, as PlayCanvas does.
const MAX_LOG_SCALE: f32 = 20.0;

/// Writes a `.compressed.ply` with colour bounds. The splats change their order.
///
/// # Errors
/// [`FormatError::Malformed`] where the arrays of the splats disagree or hold
/// values that are not numbers.
pub fn write(file: &SplatFile) -> Result<Vec<u8>, FormatError> {
    let splats = &file.splats;
    check_quantisable(splats)?;
    let order = morton_order(&splats.means);
    let chunks: Vec<(Vec<u8>, Vec<u8>)> = order
        .par_chunks(CHUNK)
        .map(|it| pack_chunk(splats, it))
        .collect();
    let mut bytes = header(file).to_string().into_bytes();
    bytes.extend(chunks.iter().flat_map(|it| &it.0));
    bytes.extend(chunks.iter().flat_map(|it| &it.1));
    for &i in &order {
        let coeffs = &splats.sh(i as usize)[1..];
        for channel in 0..3 {
            bytes.extend(coeffs.iter().map(|it| byte_from_sh(it[channel])));
        }
    }
    Ok(bytes)
}

fn header(file: &SplatFile) -> Header {
    let count = file.splats.len();
    let chunks = count.div_ceil(CHUNK);
    let mut elements = vec![
        Element::uniform("chunk", chunks, Scalar::F32, BOUNDS),
        Element::uniform("vertex", count, Scalar::U32, WORDS),
    ];
    let rest = 3 * (file.splats.coeffs_per_splat() - 1);
    if 0 < rest {
        let names = (0..rest).map(|i| format!("f_rest_{i}"));
        elements.push(Element::uniform("sh", count, Scalar::U8, names));
    }
    Header {
        encoding: Encoding::LittleEndian,
        elements,
        comments: comments::with_flag(&file.comments, file.antialiased),
        body: 0,
    }
}

/// The row of `chunk` and the rows of `vertex` for the splats at `indices`.
fn pack_chunk(splats: &Splats, indices: &[u32]) -> (Vec<u8>, Vec<u8>) {
    let indices = || indices.iter().map(|&i| i as usize);
    let log_scale = |i: usize| {
        let limit = Vec3::splat(MAX_LOG_SCALE);
        splats.log_scales[i].clamp(-limit, limit)
    };
    let colour = |i: usize| Vec3::from(splats.sh(i)[0]) * sh::C0 + 0.5;
    let means = Bounds::of(indices().map(|i| splats.means[i]));
    let log_scales = Bounds::of(indices().map(log_scale));
    let colours = Bounds::of(indices().map(colour));
    let chunk = [means, log_scales, colours]
        .iter()
        .flat_map(|it| [it.low, it.high])
        .flat_map(|it| it.to_array())
        .flat_map(f32::to_le_bytes)
        .collect();
    let words = indices().flat_map(|i| {
        let unit = colours.unit_from_point(colour(i));
        let [red, green, blue] = unit.to_array().map(byte_from_unit);
        let opacity = byte_from_logit(splats.opacity_logits[i]);
        [
            word_from_unit(means.unit_from_point(splats.means[i])),
            word_from_quat(splats.quats[i]),
            word_from_unit(log_scales.unit_from_point(log_scale(i))),
            u32::from_be_bytes([red, green, blue, opacity]),
        ]
    });
    (chunk, words.flat_map(u32::to_le_bytes).collect())
}

//! Writes a `.ply` in the layout of the 3DGS reference code: binary little-endian, all `float`.

use rayon::prelude::*;
use render::Splats;

use crate::io::{FormatError, SplatFile};

use super::comments;
use super::layout::{Element, Encoding, Header, Scalar};

/// Rows that one thread encodes at a time.
const ROWS_PER_TASK: usize = 4096;

/// Writes `x y z nx ny nz f_dc f_rest opacity scale rot`, all `float`, `f_rest` channel-major,
/// normals zero. Values are written as they are stored; comments and the antialias flag are kept.
///
/// # Errors
/// [`FormatError::Malformed`] where the arrays of the splats disagree.
pub fn write(file: &SplatFile) -> Result<Vec<u8>, FormatError> {
    file.check()?;
    let splats = &file.splats;
    let names = property_names(splats.coeffs_per_splat());
    let stride = names.len() * size_of::<f32>();
    let header = Header {
        encoding: Encoding::LittleEndian,
        elements: vec![Element::uniform("vertex", splats.len(), Scalar::F32, names)],
        comments: comments::with_flag(&file.comments, file.antialiased),
        body: 0,
    };
    let mut bytes = header.to_string().into_bytes();
    let body = bytes.len();
    bytes.resize(body + splats.len() * stride, 0);
    bytes[body..]
        .par_chunks_mut(stride * ROWS_PER_TASK)
        .enumerate()
        .for_each(|(task, rows)| {
            for (i, row) in rows.chunks_exact_mut(stride).enumerate() {
                encode_row(splats, task * ROWS_PER_TASK + i, row);
            }
        });
    Ok(bytes)
}

fn property_names(coeffs: usize) -> Vec<String> {
    let geometry = ["x", "y", "z", "nx", "ny", "nz"];
    let numbered = |name: &str, count: usize| -> Vec<String> {
        (0..count).map(|i| format!("{name}_{i}")).collect()
    };
    let mut names: Vec<String> = geometry.map(str::to_owned).to_vec();
    names.extend(numbered("f_dc", 3));
    names.extend(numbered("f_rest", 3 * (coeffs - 1)));
    names.push("opacity".to_owned());
    names.extend(numbered("scale", 3));
    names.extend(numbered("rot", 4));
    names
}

fn encode_row(splats: &Splats, i: usize, row: &mut [u8]) {
    let coeffs = splats.sh(i);
    let rest = (0..3).flat_map(|channel| coeffs[1..].iter().map(move |it| it[channel]));
    let values = splats.means[i]
        .to_array()
        .into_iter()
        .chain([0.0; 3])
        .chain(coeffs[0])
        .chain(rest)
        .chain([splats.opacity_logits[i]])
        .chain(splats.log_scales[i].to_array())
        .chain(splats.quats[i]);
    let (fields, _) = row.as_chunks_mut();
    for (field, value) in fields.iter_mut().zip(values) {
        *field = value.to_le_bytes();
    }
}

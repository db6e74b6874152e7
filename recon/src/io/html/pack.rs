//! From splats to the bytes that the page unpacks; the layout is told in [`super`].

use std::f32::consts::FRAC_1_SQRT_2;
use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use glam::Vec3;
use rayon::prelude::*;
use render::{Splats, sh};

use crate::io::morton::morton_order;

/// Splats that share their steps.
const GROUP: usize = 256;

/// Numbers of a group.
const GROUP_NUMBERS: usize = 12;

/// Bytes of a splat without harmonics above degree 0.
const PLAIN_BYTES: usize = 17;

/// What is fainter is not drawn.
const ALPHA_MIN: f32 = 1.0 / 255.0;

/// Finest steps. Finer ones would double the bytes for less than 0.1 dB.
const SCALE_STEP: f32 = 1.0 / 48.0;
const COLOUR_STEP: f32 = 1.0 / 255.0;
const HARMONICS_STEP: f32 = 1.0 / 128.0;

/// Log-scales beyond this have no meaning to the eye: a flat splat's may be −∞.
const MAX_LOG_SCALE: f32 = 30.0;

/// Half the levels of a rotation's component.
const ROTATION_LEVELS: f32 = 511.0;

/// Splats ready for a page.
pub(super) struct Packed {
    /// How many there are.
    pub(super) splats: usize,
    /// The zlib stream.
    pub(super) deflated: Vec<u8>,
}

/// Packs what is drawn of `splats`, whose numbers are [quantisable](crate::io::quantised).
///
/// # Errors
/// As the compressor: never, in memory.
pub(super) fn pack(splats: &Splats) -> std::io::Result<Packed> {
    let order: Vec<u32> = morton_order(&splats.means)
        .into_iter()
        .filter(|&i| ALPHA_MIN <= splats.opacity(i as usize))
        .collect();
    let row_bytes = PLAIN_BYTES + 3 * (splats.coeffs_per_splat() - 1);
    let mut rows = vec![0; order.len() * row_bytes];
    let groups: Vec<[f32; GROUP_NUMBERS]> = order
        .par_chunks(GROUP)
        .zip(rows.par_chunks_mut(GROUP * row_bytes))
        .map(|(group, rows)| pack_group(splats, group, rows))
        .collect();
    let columns: Vec<Vec<u8>> = (0..row_bytes)
        .into_par_iter()
        .map(|k| rows.iter().skip(k).step_by(row_bytes).copied().collect())
        .collect();

    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    for number in groups.as_flattened() {
        encoder.write_all(&number.to_le_bytes())?;
    }
    for column in &columns {
        encoder.write_all(column)?;
    }
    Ok(Packed {
        splats: order.len(),
        deflated: encoder.finish()?,
    })
}

/// Lowest value and step of numbers that become whole ones.
#[derive(Clone, Copy)]
struct Steps {
    low: f32,
    step: f32,
}

impl Steps {
    /// From `low` to `high` in at most `levels` steps, none finer than `finest`.
    fn new(low: f32, high: f32, levels: f32, finest: f32) -> Self {
        // The extent of a group may be beyond f32, a step of it is not.
        let step = (f64::from(high) - f64::from(low)) / f64::from(levels);
        Self {
            low,
            step: (step as f32).max(finest),
        }
    }

    /// How many steps above the lowest, rounded.
    fn count(self, value: f32) -> f64 {
        if self.step == 0.0 {
            return 0.0;
        }
        ((f64::from(value) - f64::from(self.low)) / f64::from(self.step)).round()
    }
}

/// Writes a group's rows; returns its numbers.
fn pack_group(splats: &Splats, group: &[u32], rows: &mut [u8]) -> [f32; GROUP_NUMBERS] {
    let members = || group.iter().map(|&i| i as usize);
    let bounds = |values: &mut dyn Iterator<Item = Vec3>| {
        values.fold((Vec3::INFINITY, Vec3::NEG_INFINITY), |(low, high), it| {
            (low.min(it), high.max(it))
        })
    };
    let (low, high) = bounds(&mut members().map(|i| splats.means[i]));
    let steps = |k: usize| Steps::new(low[k], high[k], 65535.0, 0.0).step;
    let mean_step = steps(0).max(steps(1)).max(steps(2));
    let mean = [0, 1, 2].map(|k| Steps {
        low: low[k],
        step: mean_step,
    });

    let (small, large) = bounds(&mut members().map(|i| log_scales(splats, i)));
    let scale = Steps::new(small.min_element(), large.max_element(), 255.0, SCALE_STEP);

    let (dark, light) = bounds(&mut members().map(|i| base_colour(splats, i)));
    let steps = |k: usize| Steps::new(dark[k], light[k], 255.0, COLOUR_STEP).step;
    let colour_step = steps(0).max(steps(1)).max(steps(2));
    let colour = [0, 1, 2].map(|k| Steps {
        low: dark[k],
        step: colour_step,
    });

    let strongest = members()
        .flat_map(|i| &splats.sh(i)[1..])
        .flatten()
        .fold(0.0_f32, |most, it| most.max(it.abs()));
    let harmonics = Steps {
        low: 0.0,
        step: HARMONICS_STEP.max(strongest / 127.0),
    };

    let row_bytes = rows.len() / group.len();
    for (i, row) in members().zip(rows.chunks_exact_mut(row_bytes)) {
        for k in 0..3 {
            let [high, low] = (mean[k].count(splats.means[i][k]) as u16).to_be_bytes();
            row[2 * k] = high;
            row[2 * k + 1] = low;
            row[10 + k] = scale.count(log_scales(splats, i)[k]) as u8;
            row[14 + k] = colour[k].count(base_colour(splats, i)[k]) as u8;
        }
        row[6..10].copy_from_slice(&rotation_word(splats, i).to_le_bytes());
        row[13] = (255.0 * splats.opacity(i)).round() as u8;
        let coeffs = splats.sh(i)[1..].as_flattened();
        for (byte, &coeff) in row[PLAIN_BYTES..].iter_mut().zip(coeffs) {
            *byte = (harmonics.count(coeff) as i8).cast_unsigned();
        }
    }
    [
        low.x,
        low.y,
        low.z,
        mean_step,
        scale.low,
        scale.step,
        colour_step,
        harmonics.step,
        dark.x,
        dark.y,
        dark.z,
        0.0,
    ]
}

fn log_scales(splats: &Splats, i: usize) -> Vec3 {
    let bound = Vec3::splat(MAX_LOG_SCALE);
    splats.log_scales[i].clamp(-bound, bound)
}

/// Display rgb, before harmonics above degree 0; may lie outside 0 to 1.
fn base_colour(splats: &Splats, i: usize) -> Vec3 {
    0.5 + sh::C0 * Vec3::from(splats.sh(i)[0])
}

/// The rotation in 32 bits.
fn rotation_word(splats: &Splats, i: usize) -> u32 {
    let q = splats.rotation(i);
    let wxyz = [q.w, q.x, q.y, q.z];
    let largest = (1..4).fold(0, |best, k| {
        if wxyz[best].abs() < wxyz[k].abs() {
            k
        } else {
            best
        }
    });
    let sign = if wxyz[largest] < 0.0 { -1.0 } else { 1.0 };
    let others = (0..4).filter(|&k| k != largest).enumerate();
    others.fold((largest as u32) << 30, |word, (place, k)| {
        let level = (sign * wxyz[k] / FRAC_1_SQRT_2 * ROTATION_LEVELS).round();
        let level = level.clamp(-ROTATION_LEVELS, ROTATION_LEVELS) + ROTATION_LEVELS;
        word | (level as u32) << (10 * place)
    })
}

//! Writing version 2 as a zip with stored entries.

use std::io::{Cursor, Write};

use glam::Vec3;
use rayon::prelude::*;
use render::Splats;
use zip::CompressionMethod;
use zip::write::{SimpleFileOptions, ZipWriter};

use super::codebook::Codebook;
use super::images::{Image, MAX_SIDE, encode};
use super::meta::{Asset, Column, META_NAME, MODEL_ANTIALIASED, Means, Meta, PALETTE_ROW, Palette};
use super::palette::{ShPalette, palette_len};
use super::positions::{bounds_of, bytes_from_mean};
use super::quats::pixel_from_quat;
use crate::io::morton::morton_order;
use crate::io::quantised::{byte_from_logit, check_quantisable};
use crate::io::{FormatError, SplatFile};

/// Log-scales beyond this are clamped: e^±20 is far outside any scene, and infinities (a flat
/// disc) have no place in a codebook.
const MAX_LOG_SCALE: f32 = 20.0;

const NAMES: [&str; 7] = [
    "means_l.webp",
    "means_u.webp",
    "quats.webp",
    "scales.webp",
    "sh0.webp",
    "shN_centroids.webp",
    "shN_labels.webp",
];

/// Writes the splats of `file` as SOG version 2, in Morton order. Same splats, same bytes.
pub fn write(file: &SplatFile) -> Result<Vec<u8>, FormatError> {
    let splats = &file.splats;
    check_quantisable(splats)?;
    let layout = Layout::new(&splats.means)?;
    let (mut meta, mut images) = quantise(splats, &layout);
    if splats.sh_degree != 0 {
        let (palette, rest) = quantise_rest(splats, &layout);
        meta.rest = Some(palette);
        images.extend(rest);
    }
    meta.antialias = file.antialiased;
    meta.model = (file.antialiased == Some(true)).then(|| MODEL_ANTIALIASED.to_owned());
    let encoded = images
        .par_iter()
        .map(encode)
        .collect::<Result<Vec<_>, FormatError>>()?;
    write_zip(&meta, &encoded)
        .map_err(|it| FormatError::Malformed(format!("the archive cannot be written: {it}")))
}

/// Which splat goes where.
struct Layout {
    /// Splats in the order of the pixels.
    order: Vec<u32>,
    width: u32,
    height: u32,
}

impl Layout {
    /// An image nearly square, both sides multiples of four.
    fn new(means: &[Vec3]) -> Result<Self, FormatError> {
        let count = means.len();
        if count == 0 {
            return Err(FormatError::Unsupported(
                "no splats; SOG cannot hold an empty scene".to_owned(),
            ));
        }
        let width = (count as f64).sqrt().ceil() as usize;
        let width = width.next_multiple_of(4);
        let height = count.div_ceil(width).next_multiple_of(4);
        if (MAX_SIDE as usize) < width.max(height) {
            return Err(FormatError::Unsupported(format!(
                "{count} splats; SOG holds at most {MAX_SIDE} × {MAX_SIDE}"
            )));
        }
        Ok(Self {
            order: morton_order(means),
            width: width as u32,
            height: height as u32,
        })
    }

    /// The image whose pixels are those of the splats. Pixels after the last splat are opaque
    /// black, as the channel that is most often constant should stay so.
    fn image(&self, pixel_of_splat: impl Fn(usize) -> [u8; 4] + Sync) -> Image {
        let mut pixels: Vec<[u8; 4]> = self
            .order
            .par_iter()
            .map(|&i| pixel_of_splat(i as usize))
            .collect();
        pixels.resize(self.width as usize * self.height as usize, [0, 0, 0, 255]);
        Image {
            width: self.width,
            height: self.height,
            pixels,
        }
    }
}

/// All but harmonics above degree 0: their description and the first five images.
fn quantise(splats: &Splats, layout: &Layout) -> (Meta, Vec<Image>) {
    let bounds = bounds_of(&splats.means);
    let coeffs = splats.coeffs_per_splat();
    let log_scale = |it: f32| it.clamp(-MAX_LOG_SCALE, MAX_LOG_SCALE);
    let scale_values: Vec<f32> = (splats.log_scales.iter())
        .flat_map(Vec3::to_array)
        .map(log_scale)
        .collect();
    let colour_values: Vec<f32> = (splats.sh_coeffs.iter().step_by(coeffs))
        .flatten()
        .copied()
        .collect();
    let (scales, colours) = rayon::join(
        || Codebook::fit(&scale_values),
        || Codebook::fit(&colour_values),
    );
    let opaque = |[r, g, b]: [u8; 3]| [r, g, b, 255];
    let images = vec![
        layout.image(|i| opaque(bytes_from_mean(splats.means[i], &bounds).0)),
        layout.image(|i| opaque(bytes_from_mean(splats.means[i], &bounds).1)),
        layout.image(|i| {
            let q = splats.rotation(i);
            pixel_from_quat([q.w, q.x, q.y, q.z])
        }),
        layout.image(|i| {
            let log_scales = splats.log_scales[i].to_array();
            opaque(log_scales.map(|it| scales.nearest(log_scale(it))))
        }),
        layout.image(|i| {
            let [r, g, b] = splats.sh(i)[0].map(|it| colours.nearest(it));
            [r, g, b, byte_from_logit(splats.opacity_logits[i])]
        }),
    ];
    let column = |name: &str, codebook: Option<&Codebook>| Column {
        codebook: codebook.map(entries).unwrap_or_default(),
        files: [name.to_owned()],
        ..Column::default()
    };
    let meta = Meta {
        version: Some(2),
        asset: Some(Asset {
            generator: concat!("Accrete ", env!("CARGO_PKG_VERSION")).to_owned(),
        }),
        count: Some(splats.len() as u64),
        means: Means {
            files: [NAMES[0], NAMES[1]].map(str::to_owned),
            ..bounds
        },
        quats: column(NAMES[2], None),
        scales: column(NAMES[3], Some(&scales)),
        sh0: column(NAMES[4], Some(&colours)),
        ..Meta::default()
    };
    (meta, images)
}

/// Harmonics above degree 0: their description and the images of palette and labels.
fn quantise_rest(splats: &Splats, layout: &Layout) -> (Palette, [Image; 2]) {
    let rows: Vec<&[f32]> = (0..splats.len())
        .map(|i| splats.sh(i)[1..].as_flattened())
        .collect();
    let dim = 3 * (splats.coeffs_per_splat() - 1);
    let palette = ShPalette::fit(&rows, dim, palette_len(splats.len()));
    let codebook = Codebook::fit(&palette.entries);
    let count = palette.entries.len() / palette.dim;
    let width = PALETTE_ROW * dim / 3;
    let height = count.div_ceil(PALETTE_ROW);
    let mut pixels: Vec<[u8; 4]> = (palette.entries.as_chunks::<3>().0.par_iter())
        .map(|rgb| {
            let [r, g, b] = rgb.map(|it| codebook.nearest(it));
            [r, g, b, 255]
        })
        .collect();
    pixels.resize(width * height, [0, 0, 0, 255]);
    let entries_image = Image {
        width: width as u32,
        height: height as u32,
        pixels,
    };
    let labels_image = layout.image(|i| {
        let [low, high, ..] = palette.labels[i].to_le_bytes();
        [low, high, 0, 255]
    });
    let description = Palette {
        count: Some(count),
        bands: Some(splats.sh_degree),
        codebook: entries(&codebook),
        files: [NAMES[5], NAMES[6]].map(str::to_owned),
        ..Palette::default()
    };
    (description, [entries_image, labels_image])
}

fn entries(codebook: &Codebook) -> Vec<Option<f32>> {
    codebook.entries.iter().copied().map(Some).collect()
}

/// `images` are in the order of their names. Images are packed already: entries are stored.
fn write_zip(meta: &Meta, images: &[Vec<u8>]) -> zip::result::ZipResult<Vec<u8>> {
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, image) in NAMES.iter().zip(images) {
        zip.start_file(*name, options)?;
        zip.write_all(image)?;
    }
    zip.start_file(META_NAME, options)?;
    zip.write_all(&serde_json::to_vec(meta).map_err(std::io::Error::from)?)?;
    Ok(zip.finish()?.into_inner())
}

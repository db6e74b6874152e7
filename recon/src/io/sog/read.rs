//! Reading both versions, from a zip and from a folder.

use std::path::Path;

use glam::Vec3;
use render::{Splats, sh};

use super::container::Container;
use super::images::{Image, decode};
use super::meta::{
    CODEBOOK_LEN, Column, MAX_PALETTE, META_NAME, Meta, PALETTE_ROW, Palette, codebook_of, missing,
};
use super::positions::mean_from_bytes;
use super::quats::quat_from_pixel;
use crate::io::bounded::check_claim;
use crate::io::quantised::logit_from_byte;
use crate::io::{FormatError, IoError, SplatFile, SplatFormat};

/// A description is some 15 kB: three codebooks.
const MAX_META_BYTES: u64 = 1 << 20;

/// Unpacked bytes per splat: five images, and one of labels.
const BYTES_PER_SPLAT: u64 = 24;

/// Bytes that an image file may have beyond twice those of its pixels; a lossless image never
/// needs as much.
const IMAGE_SLACK_BYTES: u64 = 1 << 16;

/// Reads a `.sog`, which is a zip archive.
///
/// Only the images that `meta.json` names are read, only from the archive's root; a description
/// that claims more splats than they can hold is an error before memory is taken for them.
pub fn read(bytes: &[u8]) -> Result<SplatFile, FormatError> {
    read_container(Container::open_zip(bytes)?)
}

/// Reads a folder with `meta.json` and the images that it names.
pub fn read_folder(folder: &Path) -> Result<SplatFile, IoError> {
    let meta = folder.join(META_NAME);
    if let Err(error) = meta.metadata() {
        return Err(IoError::system(&meta, error));
    }
    read_container(Container::Folder(folder.to_owned())).map_err(|it| IoError::format(folder, it))
}

fn read_container(mut files: Container) -> Result<SplatFile, FormatError> {
    let meta = Meta::parse(&files.read(META_NAME, MAX_META_BYTES)?)?;
    let mut warnings = Vec::new();
    if meta.model.as_deref() == Some("2dgs") {
        warnings.push("optimised as flat discs (2DGS); read as flat Gaussians".to_owned());
    }
    let splats = match meta.splat_count()? {
        0 => {
            warnings.push("holds no splats".to_owned());
            Splats::default()
        }
        count => Reader::new(&meta, files, count)?.read(&mut warnings)?,
    };
    Ok(SplatFile {
        splats,
        format: SplatFormat::Sog,
        antialiased: meta.is_antialiased(),
        comments: Vec::new(),
        warnings,
    })
}

/// One SOG while it is read.
struct Reader<'a> {
    meta: &'a Meta,
    files: Container<'a>,
    /// Splats; weighed against the size of the files.
    count: usize,
    /// Width and height that all images of splats share, known from the first on.
    size: Option<(u32, u32)>,
}

impl<'a> Reader<'a> {
    fn new(meta: &'a Meta, files: Container<'a>, count: u64) -> Result<Self, FormatError> {
        let palette = meta.rest.iter().flat_map(|it| &it.files);
        let names = [&meta.scales, &meta.quats, &meta.sh0]
            .into_iter()
            .flat_map(|it| &it.files)
            .chain(&meta.means.files)
            .chain(palette);
        let stored = files.stored_bytes(names);
        check_claim(count, BYTES_PER_SPLAT, stored)?;
        Ok(Self {
            meta,
            files,
            count: count as usize,
            size: None,
        })
    }

    fn read(mut self, warnings: &mut Vec<String>) -> Result<Splats, FormatError> {
        let meta = self.meta;
        let [low, high] = &meta.means.files;
        let (low, high) = (self.image(low)?, self.image(high)?);
        let means = (low.pixels.iter().zip(&high.pixels))
            .map(|(&low, &high)| mean_from_bytes(low, high, &meta.means))
            .take(self.count)
            .collect();
        drop((low, high));
        let quats = self.read_quats(warnings)?;
        let log_scales = self.read_scales()?;
        let (colours, opacity_logits) = self.read_colours()?;
        let (rest, sh_degree) = match &meta.rest {
            Some(palette) => self.read_rest(palette, warnings)?,
            None => (Vec::new(), 0),
        };
        let rest_len = sh::coeff_count(sh_degree) - 1;
        let mut sh_coeffs = Vec::with_capacity(self.count * (1 + rest_len));
        for (i, colour) in colours.into_iter().enumerate() {
            sh_coeffs.push(colour);
            sh_coeffs.extend_from_slice(&rest[i * rest_len..(i + 1) * rest_len]);
        }
        Ok(Splats {
            means,
            quats,
            log_scales,
            opacity_logits,
            sh_coeffs,
            sh_degree,
        })
    }

    fn read_quats(&mut self, warnings: &mut Vec<String>) -> Result<Vec<[f32; 4]>, FormatError> {
        let [name] = &self.meta.quats.files;
        let image = self.image(name)?;
        let mut untagged = 0_usize;
        let quats = image
            .pixels
            .iter()
            .take(self.count)
            .map(|&pixel| {
                quat_from_pixel(pixel).unwrap_or_else(|| {
                    untagged += 1;
                    [1.0, 0.0, 0.0, 0.0]
                })
            })
            .collect();
        if untagged != 0 {
            warnings.push(format!(
                "{untagged} rotations have no valid tag and are read as none"
            ));
        }
        Ok(quats)
    }

    fn read_scales(&mut self) -> Result<Vec<Vec3>, FormatError> {
        let column = &self.meta.scales;
        let books = channel_codebooks("scales", column)?;
        let [name] = &column.files;
        let image = self.image(name)?;
        let scale =
            |it: &[u8; 4]| Vec3::from_array(std::array::from_fn(|k| books[k][usize::from(it[k])]));
        Ok(image.pixels.iter().take(self.count).map(scale).collect())
    }

    /// f_dc and opacity logits. Version 1 quantises the logit, version 2 the opacity.
    fn read_colours(&mut self) -> Result<(Vec<[f32; 3]>, Vec<f32>), FormatError> {
        let column = &self.meta.sh0;
        let books = channel_codebooks("sh0", column)?;
        let [name] = &column.files;
        let image = self.image(name)?;
        let pixels = || image.pixels.iter().take(self.count);
        let colours = pixels()
            .map(|it| std::array::from_fn(|k| books[k][usize::from(it[k])]))
            .collect();
        let logits = if self.meta.version.is_none() {
            let bounds = bounds_of_channel(column, 3);
            let book = codebook_of("sh0 (opacities)", &[], bounds)?;
            pixels().map(|it| book[usize::from(it[3])]).collect()
        } else {
            pixels().map(|it| logit_from_byte(it[3])).collect()
        };
        Ok((colours, logits))
    }

    /// Harmonics above degree 0 of all splats, and their degree.
    fn read_rest(
        &mut self,
        palette: &Palette,
        warnings: &mut Vec<String>,
    ) -> Result<(Vec<[f32; 3]>, u32), FormatError> {
        let book = codebook_of("shN", &palette.codebook, palette.mins.zip(palette.maxs))?;
        let [name, labels_name] = &palette.files;
        let bytes = self.files.read(name, max_file_bytes(MAX_PALETTE * 15))?;
        let mut degree = 0;
        let entries = decode(name, &bytes, |width, height| {
            degree = degree_of_palette(palette, width, height)?;
            Ok(())
        })?;
        let dim = sh::coeff_count(degree) - 1;
        let rows = entries.height as usize * PALETTE_ROW;
        let len = palette.count.unwrap_or(rows).min(rows);
        let labels = self.image(labels_name)?;
        let mut unknown = 0_usize;
        let mut rest = Vec::with_capacity(self.count * dim);
        for &[low, high, ..] in labels.pixels.iter().take(self.count) {
            let label = usize::from(u16::from_le_bytes([low, high]));
            if label < len {
                let entry = &entries.pixels[label * dim..(label + 1) * dim];
                rest.extend(
                    entry
                        .iter()
                        .map(|&[r, g, b, _]| [r, g, b].map(|it| book[usize::from(it)])),
                );
            } else {
                unknown += 1;
                rest.extend(std::iter::repeat_n([0.0; 3], dim));
            }
        }
        if unknown != 0 {
            warnings.push(format!(
                "{unknown} splats name harmonics beyond the {len} of the palette and get none"
            ));
        }
        Ok((rest, degree))
    }

    /// An image with a pixel per splat.
    fn image(&mut self, name: &str) -> Result<Image, FormatError> {
        let bytes = self.files.read(name, max_file_bytes(self.count))?;
        let (count, shared) = (self.count, self.size);
        let image = decode(name, &bytes, |width, height| {
            let pixels = width as usize * height as usize;
            // Writers round both sides up to multiples of four; this is far more.
            let limit = 2 * count + (1 << 16);
            if pixels < count || limit < pixels {
                return Err(format!("{width}×{height} pixels for {count} splats"));
            }
            match shared {
                Some((w, h)) if (w, h) != (width, height) => Err(format!(
                    "{width}×{height} pixels where the other images have {w}×{h}"
                )),
                _ => Ok(()),
            }
        })?;
        self.size = Some((image.width, image.height));
        Ok(image)
    }
}

/// What a file with an image of `pixels` is allowed to have.
fn max_file_bytes(pixels: usize) -> u64 {
    2 * 4 * pixels as u64 + IMAGE_SLACK_BYTES
}

/// The degree of a palette, from the description or else (version 1) from the width of its image,
/// once both agree and the size is possible.
fn degree_of_palette(palette: &Palette, width: u32, height: u32) -> Result<u32, String> {
    let width_of = |degree: u32| (PALETTE_ROW * (sh::coeff_count(degree) - 1)) as u32;
    let degree = match palette.bands {
        Some(bands) => Some(bands),
        None => (1..=sh::MAX_DEGREE).find(|&it| width_of(it) == width),
    };
    let Some(degree) = degree.filter(|it| (1..=sh::MAX_DEGREE).contains(it)) else {
        return Err(format!(
            "a palette {width} pixels wide with harmonics of degree {degree:?}; 1 to 3 are possible"
        ));
    };
    if width_of(degree) != width {
        return Err(format!(
            "a palette {width} pixels wide; harmonics of degree {degree} take {}",
            width_of(degree)
        ));
    }
    let rows = palette.count.unwrap_or(1).div_ceil(PALETTE_ROW);
    let most = MAX_PALETTE / PALETTE_ROW;
    if !(rows..=most).contains(&(height as usize)) {
        return Err(format!(
            "a palette of {height} rows; {rows} to {most} are possible"
        ));
    }
    Ok(degree)
}

/// What the bytes of the first three channels stand for.
fn channel_codebooks(what: &str, column: &Column) -> Result<[[f32; CODEBOOK_LEN]; 3], FormatError> {
    let mut books = [[0.0; CODEBOOK_LEN]; 3];
    for (channel, book) in books.iter_mut().enumerate() {
        let bounds = bounds_of_channel(column, channel);
        if column.codebook.is_empty() && bounds.is_none() {
            return Err(missing(&format!("{what}.codebook")));
        }
        *book = codebook_of(what, &column.codebook, bounds)?;
    }
    Ok(books)
}

fn bounds_of_channel(column: &Column, channel: usize) -> Option<(f32, f32)> {
    let bound = |bounds: &[f32]| bounds.get(channel).copied();
    bound(&column.mins).zip(bound(&column.maxs))
}

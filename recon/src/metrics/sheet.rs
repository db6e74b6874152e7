//! Held-out views on one picture: photo, render, and where they differ, a row for each.

use image::{GenericImage, Rgb, RgbImage};

use super::{Mask, MetricsError, Picture, difference, heat};
use crate::dataset::resize::lanczos;

/// Rows of a sheet at most.
const MAX_ROWS: usize = 12;

/// A photo of a sheet is at most so large, in pixels: the sheet stays a picture that opens
/// everywhere.
const MAX_PHOTO: (u32, u32) = (480, 360);

/// Between pictures, in pixels.
const GAP: u32 = 4;

/// Of what is no picture.
const PAPER: Rgb<u8> = Rgb([28, 28, 30]);

/// Rows of photo, render and difference ([`heat`]), for a person to look over. Of many views it
/// takes twelve, evenly spread; large ones are made smaller.
#[derive(Clone, Debug)]
pub struct Sheet {
    chosen: Vec<usize>,
    rows: Vec<[RgbImage; 3]>,
}

impl Sheet {
    /// An empty sheet for these views, indices into a dataset.
    pub fn new(views: &[usize]) -> Self {
        let rows = views.len().min(MAX_ROWS);
        let chosen = (0..rows).map(|i| views[i * views.len() / rows]);
        Self {
            chosen: chosen.collect(),
            rows: Vec::new(),
        }
    }

    /// Takes a view, if it is one of the chosen.
    ///
    /// # Errors
    /// Where the pictures differ in size or the mask counts nothing.
    pub fn add(
        &mut self,
        view: usize,
        photo: &Picture,
        render: &Picture,
        mask: Option<&Mask>,
    ) -> Result<(), MetricsError> {
        if !self.chosen.contains(&view) {
            return Ok(());
        }
        let differences = difference(photo, render, mask)?;
        let (width, height) = (photo.width(), photo.height());
        let bytes = |picture: &Picture| -> Vec<u8> {
            let values = picture.rgb().as_flattened();
            values.iter().map(|it| (255.0 * it).round() as u8).collect()
        };
        let heats: Vec<u8> = differences.into_iter().flat_map(heat).collect();
        let small = |pixels: &[u8]| small(pixels, width, height);
        self.rows
            .push([small(&bytes(photo)), small(&bytes(render)), small(&heats)]);
        Ok(())
    }

    /// The sheet; `None` where nothing was taken.
    pub fn picture(&self) -> Option<RgbImage> {
        let width = self.rows.iter().map(|it| it[0].width()).max()?;
        let height: u32 = self.rows.iter().map(|it| it[0].height() + GAP).sum();
        let mut sheet = RgbImage::from_pixel(3 * width + 2 * GAP, height - GAP, PAPER);
        let mut top = 0;
        for row in &self.rows {
            for (picture, column) in row.iter().zip(0..) {
                // The sheet has room for its widest and for all rows.
                sheet.copy_from(picture, column * (width + GAP), top).ok();
            }
            top += row[0].height() + GAP;
        }
        Some(sheet)
    }
}

/// A picture brought to what a sheet has room for; never enlarged.
fn small(pixels: &[u8], width: u32, height: u32) -> RgbImage {
    let across = f64::from(MAX_PHOTO.0) / f64::from(width);
    let down = f64::from(MAX_PHOTO.1) / f64::from(height);
    let scale = across.min(down).min(1.0);
    let scaled = |side: u32| ((f64::from(side) * scale).round() as u32).max(1);
    let to = (scaled(width), scaled(height));
    let pixels = lanczos::<3>(pixels, (width, height), to);
    RgbImage::from_raw(to.0, to.1, pixels).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(width: u32, height: u32, value: f32) -> Picture {
        let pixels = vec![[value; 3]; (width * height) as usize];
        Picture::from_rgb(width, height, pixels).unwrap()
    }

    #[test]
    fn rows_lie_side_by_side() {
        let mut sheet = Sheet::new(&[3, 7]);
        assert!(sheet.picture().is_none());
        let (photo, render) = (plain(20, 10, 1.0), plain(20, 10, 0.8));
        sheet.add(3, &photo, &render, None).unwrap();
        sheet.add(4, &photo, &render, None).unwrap();
        let (photo, render) = (plain(1000, 300, 0.6), plain(1000, 300, 0.6));
        sheet.add(7, &photo, &render, None).unwrap();
        let picture = sheet.picture().unwrap();
        assert_eq!(picture.dimensions(), (3 * 480 + 8, 10 + 4 + 144));
        assert_eq!(picture.get_pixel(0, 0).0, [255; 3]);
        assert_eq!(picture.get_pixel(484, 0).0, [204; 3]);
        assert_eq!(picture.get_pixel(968, 0).0, heat(0.2));
        assert_eq!(picture.get_pixel(30, 0), &PAPER);
        assert_eq!(picture.get_pixel(479, 157).0, [153; 3]);
        assert_eq!(picture.get_pixel(1447, 157).0, heat(0.0));
    }

    #[test]
    fn of_many_views_some_are_shown() {
        let views: Vec<usize> = (0..100).map(|i| 8 * i).collect();
        let mut sheet = Sheet::new(&views);
        let photo = plain(4, 4, 0.5);
        for view in views {
            sheet.add(view, &photo, &photo, None).unwrap();
        }
        assert_eq!(sheet.picture().unwrap().height(), 12 * 8 - 4);
        assert!(Sheet::new(&[]).picture().is_none());
    }
}

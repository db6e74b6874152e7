//! Brings a photo's size and turn together with what its pose entry says.

use std::path::Path;

use crate::dataset::{ImageFile, LengthUnit, Lens, Optics, Orientation};
use crate::io::photo::Header;
use crate::io::photos::image_file;

/// A photo with the lens for its pixels.
#[derive(Debug)]
pub(super) struct Fitted {
    pub(super) image: ImageFile,
    /// In pixels of the upright photo.
    pub(super) lens: Lens,
    /// Photo over pose entry along x and y, where the sizes differ.
    pub(super) scale: Option<[f64; 2]>,
    /// EXIF asks for a turn, and nothing tells whether the poses are those of the turned photo.
    pub(super) unturned: bool,
}

/// Turns the photo as EXIF asks only where that makes its size the stated one; scales the lens
/// where only the aspect ratio is the stated one.
///
/// # Errors
/// In words, where the sizes contradict each other, or the lens is none.
pub(super) fn fit(path: &Path, header: &Header, optics: &Optics) -> Result<Fitted, String> {
    let stored = image_file(path, header, false);
    let turned = image_file(path, header, true);
    let fitted = match optics {
        Optics::Lens(lens) => {
            let is = |it: &ImageFile| (it.width, it.height) == (lens.width, lens.height);
            let (image, same_size) = if is(&stored) {
                (stored, true)
            } else if is(&turned) {
                (turned, true)
            } else if has_aspect(lens, &stored) {
                (stored, false)
            } else if has_aspect(lens, &turned) {
                (turned, false)
            } else {
                return Err(contradiction(lens, header));
            };
            let ratio = |a: u32, b: u32| f64::from(a) / f64::from(b);
            let scale = [
                ratio(image.width, lens.width),
                ratio(image.height, lens.height),
            ];
            Fitted {
                lens: optics.at(image.width, image.height),
                scale: (!same_size).then_some(scale),
                image,
                unturned: false,
            }
        }
        Optics::Relative(relative) => Fitted {
            lens: optics.at(stored.width, stored.height),
            unturned: header.orientation != Orientation::Stored
                && relative.unit != LengthUnit::Pixel,
            image: stored,
            scale: None,
        },
    };
    check(&fitted.lens)?;
    Ok(fitted)
}

/// Both sides are the lens's times one number, each rounded to a whole pixel up or down.
fn has_aspect(lens: &Lens, image: &ImageFile) -> bool {
    let [lens_w, lens_h, w, h] =
        [lens.width, lens.height, image.width, image.height].map(f64::from);
    // Not a factor, as zero sizes are no aspect ratio at all.
    0.0 < lens_w
        && 0.0 < lens_h
        && (h - lens_h * w / lens_w).abs() <= 1.0 + lens_h / lens_w
        && (w - lens_w * h / lens_h).abs() <= 1.0 + lens_w / lens_h
}

fn contradiction(lens: &Lens, header: &Header) -> String {
    let turn = if header.orientation.swaps_sides() {
        " (on its side, as EXIF says)"
    } else {
        ""
    };
    format!(
        "{}×{} pixels{turn}, but its pose is for {}×{}, which is no reduced copy either. \
         Use the photos that the poses were made from",
        header.width, header.height, lens.width, lens.height
    )
}

fn check(lens: &Lens) -> Result<(), String> {
    let focal = [lens.fx, lens.fy];
    let sound = focal.iter().all(|it| it.is_finite() && 0.0 < *it)
        && lens.cx.is_finite()
        && lens.cy.is_finite();
    if sound {
        return Ok(());
    }
    Err(format!(
        "its camera has focal lengths {} × {} px around ({}, {}), which is none",
        lens.fx, lens.fy, lens.cx, lens.cy
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::photo::PhotoKind;

    fn header([width, height]: [u32; 2], orientation: Orientation) -> Header {
        Header {
            kind: PhotoKind::Jpeg,
            width,
            height,
            orientation,
            has_alpha: false,
            bits: 8,
            focal_35mm: None,
            focal_mm: None,
            camera: None,
        }
    }

    fn fitted(
        stored: [u32; 2],
        orientation: Orientation,
        lens: [u32; 2],
    ) -> Result<Fitted, String> {
        let header = header(stored, orientation);
        let optics = Optics::Lens(Lens::centred(100.0, lens[0], lens[1]));
        fit(Path::new("a.jpg"), &header, &optics)
    }

    #[test]
    fn exif_turns_only_what_then_matches() {
        let turn = Orientation::Rotate90;
        let it = fitted([640, 480], turn, [480, 640]).unwrap();
        assert_eq!((it.image.orientation, it.image.width), (turn, 480));
        assert_eq!((it.scale, it.lens.cx), (None, 240.0));
        // The poses were made from the pixels as they are stored.
        let it = fitted([640, 480], turn, [640, 480]).unwrap();
        assert_eq!(
            (it.image.orientation, it.image.width),
            (Orientation::Stored, 640)
        );
        let it = fitted([640, 480], Orientation::Rotate180, [640, 480]).unwrap();
        assert_eq!(it.image.orientation, Orientation::Stored);
        let it = fitted([640, 480], Orientation::Stored, [480, 640]);
        assert!(it.unwrap_err().contains("640×480"));
    }

    #[test]
    fn reduced_photos_get_a_reduced_lens() {
        let it = fitted([320, 213], Orientation::Stored, [1000, 667]).unwrap();
        assert_eq!((it.lens.width, it.lens.height), (320, 213));
        assert_eq!(it.lens.fx, 32.0);
        assert_eq!(it.scale, Some([0.32, 213.0 / 667.0]));
        let it = fitted([320, 240], Orientation::Rotate270, [960, 1280]).unwrap();
        assert_eq!(
            (it.lens.width, it.image.orientation),
            (240, Orientation::Rotate270)
        );
        fitted([320, 200], Orientation::Stored, [1000, 667]).unwrap_err();
        fitted([320, 240], Orientation::Stored, [0, 0]).unwrap_err();
    }

    #[test]
    fn a_lens_without_a_focal_length_is_none() {
        let header = header([8, 8], Orientation::Stored);
        for focal in [0.0, -5.0, f64::NAN, f64::INFINITY] {
            let optics = Optics::Lens(Lens::centred(focal, 8, 8));
            let error = fit(Path::new("a"), &header, &optics).unwrap_err();
            assert!(error.contains("focal"), "{error}");
        }
    }
}

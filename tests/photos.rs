//! Photos as people have them, made on the spot: kinds, turns, damage; loading them in streams.

mod broken;
mod fixture;
mod kinds;
mod loading;
mod turns;
pub(crate) mod written;

use std::path::Path;

use glam::{DAffine3, DVec3};
use image::RgbImage;
use recon::dataset::{Dataset, ImageFile, ImportReport, Lens, Orientation, Points, Split, View};
use recon::io::Folder;
use recon::io::photo::header_of;

/// Six squares of different colours, three beside three, each 16 pixels wide: JPEG keeps them.
fn squares() -> RgbImage {
    const COLOURS: [[u8; 3]; 6] = [
        [200, 40, 40],
        [40, 200, 40],
        [40, 40, 200],
        [220, 220, 60],
        [60, 220, 220],
        [128, 128, 128],
    ];
    RgbImage::from_fn(48, 32, |x, y| {
        image::Rgb(COLOURS[(x / 16 + 3 * (y / 16)) as usize])
    })
}

/// A dataset of the photos of a folder, by their headers, with cameras in a row.
fn dataset(path: &Path) -> Dataset {
    let folder = Folder::open(path).unwrap();
    let mut views = Vec::new();
    let mut lenses = Vec::new();
    for path in folder.files().filter(|it| !it.starts_with("masks")) {
        let header = header_of(&folder, path).unwrap();
        let (width, height) = header.upright_size();
        let mask = folder.find(&format!("masks/{}", path.display()));
        let position = DVec3::new(views.len() as f64, 0.0, 0.0);
        views.push(View {
            name: path.display().to_string(),
            lens: lenses.len(),
            c2w: DAffine3::from_translation(position),
            image: ImageFile {
                path: path.to_owned(),
                width,
                height,
                orientation: header.orientation,
                has_alpha: header.has_alpha,
                bits: header.bits,
            },
            mask,
            split: Split::Train,
            ignored: false,
        });
        lenses.push(Lens::centred(50.0, width, height));
    }
    Dataset {
        name: "made".to_owned(),
        folder,
        lenses,
        views,
        points: Points::default(),
        input_lists: std::collections::BTreeMap::new(),
        hold_out: None,
        report: ImportReport::default(),
    }
}

/// What EXIF's number stands for.
fn orientation(number: u16) -> Orientation {
    [
        Orientation::Stored,
        Orientation::FlipHorizontal,
        Orientation::Rotate180,
        Orientation::FlipVertical,
        Orientation::Rotate90FlipHorizontal,
        Orientation::Rotate90,
        Orientation::Rotate270FlipHorizontal,
        Orientation::Rotate270,
    ][usize::from(number) - 1]
}

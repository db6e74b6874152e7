//! Folders of photos are opened: real ones, generated ones in every format, hostile ones.

mod captures;
mod choice;
mod hostile;
mod saved;

use std::path::Path;

use recon::dataset::Dataset;
use recon::io::{self, Opened};
use recon::poses::Photos;

/// What opens as photos with poses.
fn dataset(path: &Path) -> Dataset {
    match io::open(path) {
        Ok(Opened::Dataset(dataset)) => dataset,
        Ok(other) => panic!("{}: {other:?}", path.display()),
        Err(error) => panic!("{error}"),
    }
}

/// What opens as photos without poses.
fn photos(path: &Path) -> Photos {
    match io::open(path) {
        Ok(Opened::Photos(photos)) => photos,
        Ok(other) => panic!("{}: {other:?}", path.display()),
        Err(error) => panic!("{error}"),
    }
}

/// Why a path does not open.
fn refusal(path: &Path) -> String {
    match io::open(path) {
        Ok(opened) => panic!("{} opens: {opened:?}", path.display()),
        Err(error) => error.to_string(),
    }
}

/// Largest differences between the cameras of two datasets: positions, rotations (entries of the
/// matrices), focal lengths and centres, by the bare names of their photos.
fn camera_differences(a: &Dataset, b: &Dataset) -> [f64; 3] {
    let bare = |it: &str| {
        let name = it.rsplit('/').next().unwrap();
        name.rsplit_once('.').map_or(name, |it| it.0).to_owned()
    };
    let mut worst = [0.0_f64; 3];
    assert_eq!(a.views.len(), b.views.len());
    for view in &a.views {
        let other = b.views.iter().find(|it| bare(&it.name) == bare(&view.name));
        let other = other.unwrap_or_else(|| panic!("{} is missing", view.name));
        let apart = (view.c2w.translation - other.c2w.translation).abs();
        let turned = (view.c2w.matrix3 - other.c2w.matrix3).to_cols_array();
        let (l, m) = (&a.lenses[view.lens], &b.lenses[other.lens]);
        let lens = [l.fx - m.fx, l.fy - m.fy, l.cx - m.cx, l.cy - m.cy];
        let largest = |values: &[f64]| values.iter().fold(0.0_f64, |a, b| a.max(b.abs()));
        worst[0] = worst[0].max(apart.max_element());
        worst[1] = worst[1].max(largest(&turned));
        worst[2] = worst[2].max(largest(&lens));
    }
    worst
}

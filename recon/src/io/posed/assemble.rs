//! A pose file and a folder become a dataset: photos are found, their headers read, both compared.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use glam::DVec2;

use crate::dataset::{
    Dataset, Frame, ImageProblem, ImportReport, Lens, LensReport, MissingImage, Optics,
    Orientation, PoseFile, View,
};
use crate::io::photo::Header;
use crate::io::photo_names::{is_photo, slashed};
use crate::io::photos::{read_headers, sizes};
use crate::io::{Folder, FormatError};

use super::fit::{Fitted, fit};
use super::locate::{Locator, Missed};
use super::masks::mask_of;
use super::points::{self, Place};

/// Where a pose file was found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin<'a> {
    /// What was dropped.
    pub(super) dropped: &'a Path,
    /// The pose file or the folder of the model, for people.
    pub(super) pose_file: &'a Path,
    /// The folder whose files its names count from, relative to the dataset's.
    pub(super) beside: &'a Path,
}

/// Finds the photos of `poses` in `folder` and reads their headers. Every photo that cannot be
/// used is in the report.
///
/// # Errors
/// Where not one photo can be used: why, and what to do.
pub(super) fn assemble(
    folder: &Folder,
    origin: Origin,
    mut poses: PoseFile,
) -> Result<Dataset, FormatError> {
    let mut assembly = Assembly {
        folder,
        locator: Locator::new(folder, origin.beside),
        report: ImportReport {
            path: origin.dropped.to_owned(),
            format: Some(poses.format),
            pose_file: Some(origin.pose_file.to_owned()),
            listed: poses.frames.len(),
            warnings: std::mem::take(&mut poses.warnings),
            unregistered: std::mem::take(&mut poses.unregistered),
            ..ImportReport::default()
        },
        lenses: Vec::new(),
        views: Vec::new(),
        names: HashSet::new(),
        places: vec![None; poses.frames.len()],
        oddities: Oddities::default(),
    };
    let found = assembly.find_photos(&poses.frames);
    let paths: Vec<&Path> = found.iter().map(|it| it.1.as_path()).collect();
    let headers = read_headers(folder, &paths);
    for ((index, path), header) in found.iter().zip(headers) {
        let frame = &poses.frames[*index];
        let optics = poses.optics.get(frame.optics);
        let fitted = header.and_then(|header| fitted(frame, path, &header, optics));
        match fitted {
            Ok(fitted) => assembly.add(*index, frame, fitted),
            Err(reason) => assembly.report.broken.push(ImageProblem {
                name: slashed(path),
                reason,
            }),
        }
    }
    if assembly.views.is_empty() {
        return Err(assembly.nothing_left());
    }
    Ok(assembly.finish(poses))
}

fn fitted(
    frame: &Frame,
    path: &Path,
    header: &Header,
    optics: Option<&Optics>,
) -> Result<Fitted, String> {
    if !frame.c2w.is_finite() {
        return Err("its pose has numbers that are not finite".to_owned());
    }
    let optics = optics.ok_or("its camera is not in the pose file")?;
    fit(path, header, optics)
}

struct Assembly<'a> {
    folder: &'a Folder,
    locator: Locator<'a>,
    report: ImportReport,
    lenses: Vec<Lens>,
    views: Vec<View>,
    names: HashSet<String>,
    /// Where each frame went.
    places: Vec<Option<Place>>,
    oddities: Oddities,
}

/// What happened to how many photos.
#[derive(Clone, Copy, Debug, Default)]
struct Oddities {
    /// Of another size than stated, and the scale of the first.
    scaled: Option<(usize, [f64; 2])>,
    /// Not turned, for want of a stated size.
    unturned: usize,
    /// Named masks that are not there.
    maskless: usize,
}

impl Assembly<'_> {
    /// Index and path of every frame whose photo is there. A photo has one pose: the first.
    fn find_photos(&mut self, frames: &[Frame]) -> Vec<(usize, PathBuf)> {
        let mut found = Vec::new();
        let mut first: HashMap<PathBuf, usize> = HashMap::new();
        let mut again: Vec<&str> = Vec::new();
        for (index, frame) in frames.iter().enumerate() {
            match self.locator.photo(&frame.image) {
                Ok(path) if first.contains_key(&path) => again.push(&frame.image),
                Ok(path) => {
                    first.insert(path.clone(), index);
                    found.push((index, path));
                }
                Err(missed) => self.miss(&frame.image, missed),
            }
        }
        if let Some(name) = again.first() {
            self.report.warnings.push(format!(
                "{} entries name a photo that an earlier one has ({name}): the earlier ones count",
                again.len()
            ));
        }
        found
    }

    fn miss(&mut self, name: &str, missed: Missed) {
        if !missed.namesakes.is_empty() {
            let all: Vec<String> = missed.namesakes.iter().map(|it| slashed(it)).collect();
            self.report.warnings.push(format!(
                "{name}: several photos have that name ({}), and nothing tells which is meant",
                all.join(", ")
            ));
        }
        self.report.missing.push(MissingImage {
            name: name.to_owned(),
            tried: missed.tried,
        });
    }

    fn add(&mut self, index: usize, frame: &Frame, fitted: Fitted) {
        let same = self.lenses.iter().rposition(|it| *it == fitted.lens);
        let lens = same.unwrap_or_else(|| {
            self.lenses.push(fitted.lens);
            self.lenses.len() - 1
        });
        let name = self.unique(&fitted.image.path);
        if fitted.image.orientation != Orientation::Stored {
            let turn = (name.clone(), fitted.image.orientation);
            self.report.turned.push(turn);
        }
        if let Some(scale) = fitted.scale {
            self.oddities.scaled.get_or_insert((0, scale)).0 += 1;
        }
        self.oddities.unturned += usize::from(fitted.unturned);
        let named = frame.mask.as_deref().map(|it| self.locator.file(it));
        self.oddities.maskless += usize::from(named == Some(None));
        let named = named.flatten();
        let mask = named.or_else(|| mask_of(self.folder, &fitted.image.path));
        self.places[index] = Some(Place {
            view: self.views.len() as u32,
            scale: fitted.scale.map_or(DVec2::ONE, DVec2::from),
        });
        self.views.push(View {
            name,
            lens,
            c2w: frame.c2w,
            image: fitted.image,
            mask,
            split: frame.split.unwrap_or_default(),
            ignored: false,
        });
    }

    /// A name of its own: what is not Unicode in a path is replaced, which may make two alike.
    fn unique(&mut self, path: &Path) -> String {
        let mut name = slashed(path);
        while !self.names.insert(name.clone()) {
            name.push('\'');
        }
        name
    }

    /// What happened to many photos is told once.
    fn warn_of_oddities(&mut self) {
        let Oddities {
            scaled,
            unturned,
            maskless,
        } = self.oddities;
        if let Some((count, [x, y])) = scaled {
            self.report.warnings.push(format!(
                "{count} photos are not of the size that their poses state ({x:.3} times as wide, \
                 {y:.3} times as high): their lenses are scaled with them"
            ));
        }
        if 0 < unturned {
            self.report.warnings.push(format!(
                "{unturned} photos ask to be turned (EXIF) and their poses state no size: they are \
                 used as they are stored"
            ));
        }
        if 0 < maskless {
            self.report.warnings.push(format!(
                "{maskless} masks that the pose file names are not there"
            ));
        }
    }

    fn nothing_left(&self) -> FormatError {
        let (missing, broken) = (&self.report.missing, &self.report.broken);
        FormatError::Unsupported(match (missing.first(), broken.first()) {
            (_, Some(first)) => format!(
                "none of the {} photos that it lists can be used: {} are missing, {} broken, \
                 as {}: {}",
                self.report.listed,
                missing.len(),
                broken.len(),
                first.name,
                first.reason
            ),
            (Some(first), None) => {
                let tried = first.tried.iter().take(3).map(|it| slashed(it));
                let tried: Vec<String> = tried.collect();
                format!(
                    "none of the {} photos that it lists is there; for {} tried {} and {} more. \
                     Open the folder that holds both the photos and the pose file",
                    self.report.listed,
                    first.name,
                    tried.join(", "),
                    first.tried.len().saturating_sub(tried.len())
                )
            }
            (None, None) => "it lists no photo with a pose".to_owned(),
        })
    }

    fn finish(mut self, mut poses: PoseFile) -> Dataset {
        let points = points::find(&mut poses, &self.places, self.folder, &self.locator);
        let input_lists = self.input_lists(&poses.input_lists);
        let unlisted = self.unlisted();
        self.warn_of_oddities();
        let report = &mut self.report;
        report.warnings.extend(points.warnings);
        report.unregistered.extend(unlisted);
        report.points = points.points.len();
        report.point_source = points.source;
        report.used = self.views.len();
        report.masks = self.views.iter().filter(|it| it.mask.is_some()).count();
        report.with_alpha = self.views.iter().filter(|it| it.image.has_alpha).count();
        report.sizes = sizes(
            self.views
                .iter()
                .map(|it| (it.image.width, it.image.height)),
        );
        report.lenses = lens_reports(&self.lenses, &self.views);
        Dataset {
            name: poses.scene_name.unwrap_or_default(),
            folder: self.folder.clone(),
            lenses: self.lenses,
            views: self.views,
            points: points.points,
            input_lists,
            hold_out: None,
            report: self.report,
        }
    }

    /// The published choices by view; one that lost a photo is no longer what was published.
    fn input_lists(&mut self, lists: &BTreeMap<usize, Vec<usize>>) -> BTreeMap<usize, Vec<usize>> {
        let mut kept = BTreeMap::new();
        for (count, frames) in lists {
            let place = |it: &usize| Some((*self.places.get(*it)?)?.view as usize);
            match frames.iter().map(place).collect() {
                Some(views) => {
                    kept.insert(*count, views);
                }
                None => self.report.warnings.push(format!(
                    "the published choice of {count} input views names photos that are not there: \
                     not offered"
                )),
            }
        }
        kept
    }

    /// Photos that lie where the used ones do, and have no pose.
    fn unlisted(&self) -> Vec<String> {
        let used: BTreeSet<&Path> = self
            .views
            .iter()
            .map(|it| it.image.path.as_path())
            .collect();
        let places: BTreeSet<Option<&Path>> = used.iter().map(|it| it.parent()).collect();
        let masks: BTreeSet<&Path> = self
            .views
            .iter()
            .filter_map(|it| it.mask.as_deref())
            .collect();
        let broken: BTreeSet<&str> = self
            .report
            .broken
            .iter()
            .map(|it| it.name.as_str())
            .collect();
        let named: BTreeSet<&str> = self
            .report
            .unregistered
            .iter()
            .map(String::as_str)
            .collect();
        let files = self.folder.files().filter(|it| {
            is_photo(it)
                && places.contains(&it.parent())
                && !used.contains(it)
                && !masks.contains(it)
        });
        let bare = |it: &str| it.rsplit('/').next().is_some_and(|it| named.contains(it));
        let files = files.map(slashed);
        files
            .filter(|it| !broken.contains(it.as_str()) && !bare(it) && !named.contains(it.as_str()))
            .collect()
    }
}

fn lens_reports(lenses: &[Lens], views: &[View]) -> Vec<LensReport> {
    let mut counts = vec![0; lenses.len()];
    for view in views {
        counts[view.lens] += 1;
    }
    let report = |(lens, views): (&Lens, usize)| LensReport {
        model: lens.model,
        width: lens.width,
        height: lens.height,
        focal: [lens.fx, lens.fy],
        views,
        undistorted: !lens.is_pinhole(),
    };
    lenses.iter().zip(counts).map(report).collect()
}

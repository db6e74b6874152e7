//! Features and matches of a run that goes on, kept on the disk so that an interrupted one need
//! not start again.
//!
//! `key.json` says for which photos, sizes, times and settings; `features.bin` has all features;
//! `matches.bin` grows pair by pair. All numbers are little-endian. A file that ends too early
//! counts up to where it is whole. Nothing here is an error: without it, the run starts afresh.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use cumulus3d_core::{DESCRIPTOR_DIM, Descriptors, FeatureMatch};

use super::features::scale_of;
use super::geometry::Matched;
use super::{Features, PoseConfig};
use crate::poses::{Photos, results};

/// Grows when what is found changes.
const VERSION: u32 = 1;

/// What is kept of one run.
pub(super) struct Partial {
    place: Option<PathBuf>,
    scales: Vec<f64>,
    is_same: bool,
    matches: Option<File>,
}

impl Partial {
    /// Looks whether an earlier run on the same photos with the same settings has left something.
    pub(super) fn open(place: Option<&Path>, photos: &Photos, config: &PoseConfig) -> Self {
        let scale = |it| scale_of(it, config.max_side);
        let mut partial = Self {
            place: place.map(Path::to_owned),
            scales: photos.images.iter().map(scale).collect(),
            is_same: false,
            matches: None,
        };
        let Some(place) = place else { return partial };
        let key = key(photos, config);
        partial.is_same = fs::read(place.join("key.json")).is_ok_and(|it| it == key);
        if !partial.is_same {
            partial.clear();
            let begun =
                fs::create_dir_all(place).and_then(|()| fs::write(place.join("key.json"), key));
            if begun.is_err() {
                partial.place = None;
            }
        }
        partial
    }

    /// Removes everything: the run is over, or what was there is of other photos.
    pub(super) fn clear(&mut self) {
        self.matches = None;
        if let Some(place) = &self.place {
            for name in ["key.json", "features.bin", "matches.bin"] {
                // What is not there need not be removed.
                let _ = fs::remove_file(place.join(name));
            }
            let _ = fs::remove_dir(place);
        }
    }

    /// The features of all photos, where they were kept.
    pub(super) fn features(&self) -> Option<Vec<Features>> {
        let place = self.place.as_ref().filter(|_| self.is_same)?;
        let bytes = fs::read(place.join("features.bin")).ok()?;
        let mut reader = Reader(&bytes);
        let read = |scale: &f64| read_features(&mut reader, *scale);
        self.scales.iter().map(read).collect()
    }

    /// Keeps the features of all photos, and forgets matches of older ones.
    pub(super) fn keep_features(&mut self, features: &[Features]) {
        let Some(place) = &self.place else { return };
        let _ = fs::remove_file(place.join("matches.bin"));
        let bytes: Vec<u8> = features.iter().flat_map(written).collect();
        if crate::io::replace(&place.join("features.bin"), &bytes).is_err() {
            self.place = None;
        }
    }

    /// The matches that were kept, by pair. A record that was cut short goes, so that the next
    /// ones can be put behind the whole ones.
    pub(super) fn matches(
        &mut self,
        features: &[Features],
    ) -> BTreeMap<(usize, usize), Vec<FeatureMatch>> {
        let mut all = BTreeMap::new();
        let Some(path) = self.place.as_ref().map(|it| it.join("matches.bin")) else {
            return all;
        };
        let bytes = fs::read(&path).unwrap_or_default();
        let mut reader = Reader(&bytes);
        let mut whole = 0;
        while let Some((pair, matches)) = read_matches(&mut reader, features) {
            all.insert(pair, matches);
            whole = bytes.len() - reader.0.len();
        }
        let file = OpenOptions::new().append(true).create(true).open(path);
        self.matches = file
            .and_then(|it| it.set_len(whole as u64).map(|()| it))
            .ok();
        all
    }

    /// Keeps the matches of more pairs.
    pub(super) fn keep_matches(&mut self, matched: &[Matched]) {
        let mut bytes = Vec::new();
        for it in matched {
            let head = [it.pair.0, it.pair.1, it.matches.len()].map(|it| it as u32);
            let pairs = it.matches.iter().flat_map(|it| [it.idx1, it.idx2]);
            bytes.extend(head.into_iter().chain(pairs).flat_map(u32::to_le_bytes));
        }
        // A record that was cut short would spoil those after it: then no more are kept.
        if self
            .matches
            .as_mut()
            .is_some_and(|it| it.write_all(&bytes).is_err())
        {
            self.matches = None;
        }
    }
}

/// Photos, their sizes and times, and the settings that features and matches depend on.
fn key(photos: &Photos, config: &PoseConfig) -> Vec<u8> {
    let names = photos.images.iter().map(|it| it.path.as_path());
    let sizes: Vec<_> = photos
        .images
        .iter()
        .map(|it| (it.width, it.height, format!("{:?}", it.orientation)))
        .collect();
    let key = serde_json::json!({
        "version": VERSION,
        "stamps": results::stamps(&photos.folder, names),
        "sizes": sizes,
        "max_side": config.max_side,
        "max_features": config.max_features,
    });
    key.to_string().into_bytes()
}

fn written(features: &Features) -> Vec<u8> {
    let trouble = features.trouble.as_deref().unwrap_or_default();
    let mut bytes = Vec::with_capacity(16 + features.len() * (11 + DESCRIPTOR_DIM));
    bytes.extend((trouble.len() as u32).to_le_bytes());
    bytes.extend(trouble.as_bytes());
    bytes.extend((features.len() as u32).to_le_bytes());
    for (pixel, colour) in features.pixels.iter().zip(&features.colours) {
        bytes.extend(pixel.iter().flat_map(|it| it.to_le_bytes()));
        bytes.extend(colour);
    }
    bytes.extend(features.descriptors.as_slice());
    bytes
}

fn read_features(reader: &mut Reader<'_>, scale: f64) -> Option<Features> {
    let length = reader.number()?;
    let trouble = std::str::from_utf8(reader.take(length)?).ok()?;
    let mut features = Features {
        scale,
        trouble: (!trouble.is_empty()).then(|| trouble.to_owned()),
        ..Features::default()
    };
    let count = reader.number()?;
    for record in reader.take(count.checked_mul(11)?)?.chunks_exact(11) {
        let number = |at: usize| Some(f32::from_le_bytes(record[at..at + 4].try_into().ok()?));
        features.pixels.push([number(0)?, number(4)?]);
        features.colours.push([record[8], record[9], record[10]]);
    }
    let descriptors = reader.take(count.checked_mul(DESCRIPTOR_DIM)?)?;
    features.descriptors = Descriptors::from_vec(descriptors.to_vec()).ok()?;
    Some(features)
}

type PairMatches = ((usize, usize), Vec<FeatureMatch>);

fn read_matches(reader: &mut Reader<'_>, features: &[Features]) -> Option<PairMatches> {
    let (a, b) = (reader.number()?, reader.number()?);
    let count = reader.number()?;
    let limits = (features.get(a)?.len(), features.get(b)?.len());
    let mut matches = Vec::new();
    for record in reader.take(count.checked_mul(8)?)?.chunks_exact(8) {
        let mut record = Reader(record);
        let (one, other) = (record.number()?, record.number()?);
        if limits.0 <= one || limits.1 <= other {
            return None;
        }
        matches.push(FeatureMatch::new(one as u32, other as u32));
    }
    Some(((a, b), matches))
}

/// What is left of some bytes.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<usize> {
        let bytes = self.take(4)?.try_into().ok()?;
        Some(u32::from_le_bytes(bytes) as usize)
    }
}

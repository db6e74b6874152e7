//! A pose file while it is read: different cameras are counted once, and what is odd about many
//! photos is said in one sentence.

use std::collections::HashMap;

use crate::dataset::{Distortion, Frame, Optics, PoseFile, PoseFormat, Split};

use super::FormatError;
use super::rigid::{MAX_SKEW, Rigid};

/// No image is larger, in pixels along a side.
const MAX_SIDE_PX: f64 = 65_536.0;

/// No focal length, offset or coefficient is larger, in any unit.
const MAX_NUMBER: f64 = 1e9;

/// Photos that are named in a sentence; the others are counted.
const EXAMPLES: usize = 3;

/// A pose file while it is read.
pub(super) struct Reading {
    /// What was read so far.
    pub file: PoseFile,
    known_optics: HashMap<String, usize>,
    unposed: Tally,
    stretched: Tally,
}

/// Photos with something in common.
#[derive(Default)]
pub(super) struct Tally {
    count: usize,
    examples: Vec<String>,
}

impl Tally {
    /// Counts one more.
    pub(super) fn add(&mut self, example: impl FnOnce() -> String) {
        self.count += 1;
        if self.examples.len() < EXAMPLES {
            self.examples.push(example());
        }
    }

    /// `3 photos WHAT: a, b, c`; `None` where nothing was counted.
    pub(super) fn sentence(&self, what: &str) -> Option<String> {
        let Self { count, examples } = self;
        let photos = if *count == 1 { "photo" } else { "photos" };
        let more = match count - examples.len() {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        let examples = examples.join(", ");
        (0 < *count).then(|| format!("{count} {photos} {what}: {examples}{more}"))
    }
}

impl Reading {
    /// Nothing yet.
    pub(super) fn new(format: PoseFormat) -> Self {
        Self {
            file: PoseFile::new(format),
            known_optics: HashMap::new(),
            unposed: Tally::default(),
            stretched: Tally::default(),
        }
    }

    /// The index of the camera; a new one where it differs in a single bit.
    pub(super) fn optics(&mut self, optics: Optics) -> Result<usize, String> {
        check(&optics)?;
        let list = &mut self.file.optics;
        let index = *self
            .known_optics
            .entry(format!("{optics:?}"))
            .or_insert(list.len());
        if index == list.len() {
            list.push(optics);
        }
        Ok(index)
    }

    /// Adds a photo with its pose (camera to world, OpenCV axes), or, where it has none, its name.
    /// Says which frame it is.
    pub(super) fn photo(&mut self, frame: Unposed, pose: Result<Rigid, String>) -> Option<usize> {
        let Unposed {
            image,
            mask,
            optics,
            split,
        } = frame;
        match pose {
            Ok(Rigid { pose: c2w, skew }) => {
                if MAX_SKEW < skew {
                    self.stretched.add(|| format!("{image} (off by {skew:.3})"));
                }
                self.file.frames.push(Frame {
                    image,
                    mask,
                    optics,
                    c2w,
                    split,
                });
                Some(self.file.frames.len() - 1)
            }
            Err(why) => {
                self.unposed.add(|| format!("{image} ({why})"));
                self.file.unregistered.push(image);
                None
            }
        }
    }

    /// The pose file.
    ///
    /// # Errors
    /// Where no photo has a pose.
    pub(super) fn finish(self) -> Result<PoseFile, FormatError> {
        let Self {
            mut file,
            unposed,
            stretched,
            ..
        } = self;
        if file.frames.is_empty() {
            let listed = file.unregistered.len();
            let why = match unposed.sentence("without a usable pose") {
                Some(sentence) => format!("no photo of {listed} has a pose. {sentence}"),
                None if listed == 0 => "the list of photos is empty".to_owned(),
                None => format!("no photo of {listed} has a pose"),
            };
            return Err(FormatError::Malformed(why));
        }
        file.warnings
            .extend(unposed.sentence("without a usable pose"));
        file.warnings.extend(
            stretched.sentence("whose pose is not quite a rotation; the closest one is used"),
        );
        Ok(file)
    }
}

/// A photo before its pose is known to be good.
#[derive(Clone, Debug, Default)]
pub(super) struct Unposed {
    pub image: String,
    pub mask: Option<String>,
    pub optics: usize,
    pub split: Option<Split>,
}

/// A side of an image: a whole number of pixels.
pub(super) fn side(name: &str, pixels: f64) -> Result<u32, String> {
    if (1.0..=MAX_SIDE_PX).contains(&pixels) && pixels.fract() == 0.0 {
        Ok(pixels as u32)
    } else {
        Err(format!(
            "`{name}` is {pixels}; it must be a whole number from 1 to {MAX_SIDE_PX}"
        ))
    }
}

/// Focal lengths are positive and every number is one that can be worked with.
fn check(optics: &Optics) -> Result<(), String> {
    let (focal, principal, distortion) = match optics {
        Optics::Lens(it) => ([it.fx, it.fy], [it.cx, it.cy], &it.distortion),
        Optics::Relative(it) => (it.focal, it.principal, &it.distortion),
    };
    for (name, focal) in ["x", "y"].into_iter().zip(focal) {
        if !(0.0 < focal && focal <= MAX_NUMBER) {
            return Err(format!(
                "the focal length along {name} is {focal}; it must be more than 0"
            ));
        }
    }
    let good = |it: &f64| it.abs() <= MAX_NUMBER;
    if !principal.iter().all(good) {
        return Err(format!("the principal point {principal:?} is not finite"));
    }
    if !coefficients(distortion).iter().all(good) {
        return Err("a coefficient of the distortion is not finite".to_owned());
    }
    Ok(())
}

fn coefficients(distortion: &Distortion) -> Vec<f64> {
    match distortion {
        Distortion::None => Vec::new(),
        Distortion::Radial { k, p } => [&k[..], p].concat(),
        Distortion::Fisheye { k } => k.to_vec(),
        Distortion::ThinPrismFisheye { k, p, s } => [&k[..], p, s].concat(),
        Distortion::RadTanThinPrismFisheye { k, p, s } => [&k[..], p, s].concat(),
        Distortion::Fov { omega } => vec![*omega],
    }
}

#[cfg(test)]
mod tests {
    use glam::DAffine3;

    use super::*;
    use crate::dataset::Lens;

    #[test]
    fn cameras_are_counted_once_and_oddities_in_one_sentence() {
        let mut reading = Reading::new(PoseFormat::Transforms);
        for i in 0..10 {
            let focal = if i % 2 == 0 { 50.0 } else { 60.0 };
            let optics = reading
                .optics(Optics::Lens(Lens::centred(focal, 8, 6)))
                .unwrap();
            assert_eq!(optics, i % 2);
            let frame = Unposed {
                image: format!("{i}"),
                optics,
                ..Unposed::default()
            };
            let rigid = Rigid {
                pose: DAffine3::IDENTITY,
                skew: if i == 9 { 0.02 } else { 0.0 },
            };
            let pose = if i < 5 {
                Err("zero".to_owned())
            } else {
                Ok(rigid)
            };
            reading.photo(frame, pose);
        }
        let file = reading.finish().unwrap();
        assert_eq!((file.frames.len(), file.unregistered.len()), (5, 5));
        assert_eq!(file.optics.len(), 2);
        assert_eq!(
            file.warnings,
            [
                "5 photos without a usable pose: 0 (zero), 1 (zero), 2 (zero), and 2 more",
                "1 photo whose pose is not quite a rotation; the closest one is used: \
                 9 (off by 0.020)",
            ]
        );
    }

    #[test]
    fn cameras_that_cannot_be_are_refused() {
        let mut reading = Reading::new(PoseFormat::Transforms);
        for focal in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e300] {
            let lens = Lens::centred(focal, 8, 6);
            assert!(reading.optics(Optics::Lens(lens)).is_err(), "{focal}");
        }
        let mut lens = Lens::centred(5.0, 8, 6);
        lens.distortion = Distortion::Fov { omega: f64::NAN };
        assert!(reading.optics(Optics::Lens(lens)).is_err());
        for pixels in [0.0, -1.0, 4.5, 1e18, f64::NAN] {
            assert!(side("w", pixels).is_err(), "{pixels}");
        }
        assert_eq!(side("w", 540.0), Ok(540));
        let error = reading.finish().err().unwrap().to_string();
        assert!(error.contains("empty"), "{error}");
    }
}

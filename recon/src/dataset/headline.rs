//! The import report in words: one line, or rows for a person.

use std::fmt::Write;

use super::{ImportReport, LensModel, LensReport};

/// Missing photos and tried paths that are listed; the rest is counted.
const LISTED: usize = 5;

impl ImportReport {
    /// What was found, in one line: "50 photos 540×960, transforms.json with OPENCV distortion,
    /// 14,286 points, 0 missing, 7 held out".
    pub fn headline(&self) -> String {
        let mut parts = vec![self.photos_and_size()];
        match self.format {
            Some(format) => {
                parts.push(format!("{format} {}", self.lens_words()));
                parts.push(counted(self.points, "point"));
                parts.push(format!("{} missing", grouped(self.missing.len())));
            }
            None => parts.push("without poses".to_owned()),
        }
        for (count, what) in [
            (self.broken.len(), "broken"),
            (self.unregistered.len(), "without a pose"),
        ] {
            if 0 < count {
                parts.push(format!("{} {what}", grouped(count)));
            }
        }
        if self.format.is_some() {
            parts.push(format!("{} held out", grouped(self.held_out)));
        }
        parts.join(", ")
    }

    /// Everything, as a label and a text each. A label that repeats is left empty.
    pub fn rows(&self) -> Vec<(&'static str, String)> {
        let mut rows = vec![("found", self.headline())];
        if let Some(format) = self.format {
            let file = self.pose_file.as_ref().map(|it| it.display().to_string());
            let format = format.to_string();
            rows.push(match file {
                Some(file) if file.ends_with(&format) => ("poses", file),
                Some(file) => ("poses", format!("{file}, {format}")),
                None => ("poses", format),
            });
        }
        list(&mut rows, "not taken", self.not_taken.iter().cloned());
        list(
            &mut rows,
            "lenses",
            self.lenses.iter().map(LensReport::words),
        );
        rows.push(("photos", self.counts()));
        let missing = self.missing.iter().map(|it| {
            let tried: Vec<String> = it.tried.iter().map(|it| it.display().to_string()).collect();
            format!("{} (tried {})", it.name, first_of(&tried))
        });
        list(&mut rows, "missing", missing);
        let broken = self.broken.iter();
        let broken = broken.map(|it| format!("{}: {}", it.name, it.reason));
        list(&mut rows, "broken", broken);
        list(&mut rows, "no pose", self.unregistered.iter().cloned());
        let turned = self.turned.iter();
        let turned = turned.map(|(name, by)| format!("{name}: {by:?}"));
        list(&mut rows, "turned", turned);
        if 0 < self.masks {
            rows.push(("masks", grouped(self.masks)));
        }
        if 0 < self.with_alpha {
            let text = counted(self.with_alpha, "photo");
            rows.push(("alpha", format!("{text} with transparency")));
        }
        if let Some(source) = &self.point_source {
            rows.push(("points", format!("{} from {source}", grouped(self.points))));
        }
        if let Some(it) = &self.reprojection {
            rows.push(("fit", it.words()));
        }
        list(&mut rows, "far away", self.outliers.iter().cloned());
        rows
    }

    fn photos_and_size(&self) -> String {
        let photos = counted(self.used, "photo");
        match self.sizes.as_slice() {
            [] => photos,
            [(width, height)] => format!("{photos} {width}×{height}"),
            [(width, height), ..] => {
                format!(
                    "{photos} in {} sizes, most {width}×{height}",
                    self.sizes.len()
                )
            }
        }
    }

    /// "with OPENCV distortion", "without distortion", and which ones where lenses differ.
    fn lens_words(&self) -> String {
        let mut models: Vec<String> = Vec::new();
        for lens in self.lenses.iter().filter(|it| it.undistorted) {
            let name = name_of(lens.model);
            if !models.contains(&name) {
                models.push(name);
            }
        }
        if models.is_empty() {
            "without distortion".to_owned()
        } else {
            format!("with {} distortion", models.join(" and "))
        }
    }

    fn counts(&self) -> String {
        let mut text = format!("{} of {} used", grouped(self.used), grouped(self.listed));
        if self.format.is_some() {
            let (train, held_out) = (grouped(self.train), grouped(self.held_out));
            // Writing into a string cannot fail.
            let _ = write!(text, ": {train} for training, {held_out} held out");
        }
        text
    }
}

impl LensReport {
    fn words(&self) -> String {
        let [fx, fy] = self.focal;
        let distorted = if self.undistorted {
            ", undistorted on loading"
        } else {
            ""
        };
        format!(
            "{} {}×{}, focal length {fx:.1} × {fy:.1} px, {}{distorted}",
            name_of(self.model),
            self.width,
            self.height,
            counted(self.views, "photo"),
        )
    }
}

impl super::ReprojectionReport {
    fn words(&self) -> String {
        let mut text = format!(
            "{:.2} px on average, {:.2} px in the middle, over {} observations",
            self.mean_px,
            self.median_px,
            grouped(self.observations)
        );
        if let Some(stated) = self.stated_mean_px {
            let _ = write!(text, "; the file states {stated:.2} px");
        }
        if 0 < self.behind {
            let _ = write!(text, "; {} behind their camera", grouped(self.behind));
        }
        text
    }
}

/// One row per item as long as they are few; then how many more there are.
fn list(
    rows: &mut Vec<(&'static str, String)>,
    label: &'static str,
    items: impl ExactSizeIterator<Item = String>,
) {
    let more = items.len().saturating_sub(LISTED);
    let labels = std::iter::once(label).chain(std::iter::repeat(""));
    rows.extend(labels.zip(items.take(LISTED)));
    if 0 < more {
        rows.push(("", format!("and {} more", grouped(more))));
    }
}

fn first_of(tried: &[String]) -> String {
    let more = tried.len().saturating_sub(LISTED);
    let mut text = tried[..tried.len() - more].join(", ");
    if 0 < more {
        let _ = write!(text, " and {more} more");
    }
    text
}

/// As COLMAP writes it.
fn name_of(model: LensModel) -> String {
    let name = serde_json::to_value(model).ok();
    let name = name.as_ref().and_then(|it| it.as_str());
    name.unwrap_or_default().to_owned()
}

fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {what}{plural}", grouped(count))
}

/// With a comma between thousands.
fn grouped(count: usize) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if 0 < i && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::super::{ImageProblem, MissingImage, PoseFormat};
    use super::*;

    fn report() -> ImportReport {
        let lens = |model, undistorted| LensReport {
            model,
            width: 540,
            height: 960,
            focal: [687.76, 687.245],
            views: 50,
            undistorted,
        };
        ImportReport {
            format: Some(PoseFormat::Transforms),
            lenses: vec![
                lens(LensModel::Opencv, true),
                lens(LensModel::Pinhole, false),
            ],
            listed: 50,
            used: 50,
            train: 43,
            held_out: 7,
            sizes: vec![(540, 960)],
            points: 14_286,
            ..ImportReport::default()
        }
    }

    #[test]
    fn the_headline_says_what_counts() {
        assert_eq!(
            report().headline(),
            "50 photos 540×960, transforms.json with OPENCV distortion, 14,286 points, \
             0 missing, 7 held out"
        );
        let photos = ImportReport {
            used: 1,
            sizes: vec![(4, 3), (3, 4)],
            broken: vec![ImageProblem {
                name: "a.jpg".to_owned(),
                reason: "empty".to_owned(),
            }],
            ..ImportReport::default()
        };
        assert_eq!(
            photos.headline(),
            "1 photo in 2 sizes, most 4×3, without poses, 1 broken"
        );
    }

    #[test]
    fn long_lists_are_cut_and_counted() {
        let mut report = report();
        report.missing = vec![
            MissingImage {
                name: "a.jpg".to_owned(),
                tried: (0..8)
                    .map(|i| PathBuf::from(format!("{i}/a.jpg")))
                    .collect(),
            };
            17
        ];
        let rows = report.rows();
        let missing: Vec<_> = rows.iter().skip_while(|it| it.0 != "missing").collect();
        assert!(missing[0].1.ends_with("4/a.jpg and 3 more)"), "{missing:?}");
        assert_eq!(missing[LISTED].1, "and 12 more");
        assert_eq!(grouped(1_234_567), "1,234,567");
    }
}

//! A dataset and the same one later, when there are more photos.

use std::collections::{HashMap, HashSet};

use glam::DAffine3;

use super::{Dataset, ImportReport, View};

/// What a dataset became.
#[derive(Clone, Debug)]
pub struct Joined {
    /// The old views as they were, at their places, and the new ones behind them.
    pub dataset: Dataset,
    /// Old views whose poses are others now. They stay as they were.
    pub moved: usize,
}

/// Cameras that move by less than this part of all cameras' spread stay where they are.
const SAME: f64 = 1e-3;

impl Dataset {
    /// Names of the views that `newer` has and this has not, in the order of `newer`.
    pub fn new_views<'a>(&self, newer: &'a Self) -> Vec<&'a View> {
        let known: HashSet<&str> = self.views.iter().map(|it| it.name.as_str()).collect();
        let new = newer.views.iter();
        new.filter(|it| !known.contains(it.name.as_str())).collect()
    }

    /// This dataset with those views of `newer`, the same folder opened later, that it has not and
    /// that are `wanted`. Views keep their indices.
    #[must_use]
    pub fn joined(&self, newer: &Self, wanted: &dyn Fn(&View) -> bool) -> Joined {
        let mut dataset = self.clone();
        dataset.folder = newer.folder.clone();
        // Lenses may have been numbered anew.
        let first = dataset.lenses.len();
        dataset.lenses.extend(newer.lenses.iter().cloned());
        let new = self.new_views(newer).into_iter().filter(|it| wanted(it));
        dataset.views.extend(new.map(|it| View {
            lens: first + it.lens,
            ..it.clone()
        }));
        // What was found now; the points are those of then.
        let (points, point_source) = (self.report.points, self.report.point_source.clone());
        dataset.report = ImportReport {
            points,
            point_source,
            ..newer.report.clone()
        };
        dataset.count_splits();
        Joined {
            moved: moved(&self.views, &newer.views),
            dataset,
        }
    }
}

/// Views of both whose cameras differ.
fn moved(old: &[View], new: &[View]) -> usize {
    let at: HashMap<&str, DAffine3> = new.iter().map(|it| (it.name.as_str(), it.c2w)).collect();
    let positions = || old.iter().map(|it| it.c2w.translation);
    let middle = positions().sum::<glam::DVec3>() / old.len().max(1) as f64;
    let spread = positions()
        .map(|it| it.distance(middle))
        .fold(0.0, f64::max);
    let differs = |it: &&View| {
        at.get(it.name.as_str()).is_some_and(|now| {
            let turned = (now.matrix3.z_axis - it.c2w.matrix3.z_axis).length();
            let shifted = now.translation.distance(it.c2w.translation);
            SAME < turned || SAME * spread < shifted
        })
    };
    old.iter().filter(differs).count()
}

#[cfg(test)]
mod tests {
    use glam::DVec3;

    use super::*;
    use crate::synthetic::{PhotosConfig, photos};

    /// The same capture, written and opened when it had so many photos.
    fn with(count: usize) -> Dataset {
        let folder = tempfile::tempdir().unwrap();
        let mut made = photos(&PhotosConfig {
            num_views: 6,
            width: 32,
            height: 24,
            num_points: 10,
            ..PhotosConfig::default()
        });
        made.poses.frames.truncate(count);
        made.photos.truncate(count);
        crate::io::write_photos(folder.path(), &made).unwrap();
        match crate::io::open(folder.path()).unwrap() {
            crate::io::Opened::Dataset(it) => it,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn new_views_come_behind_the_old_ones() {
        let (mut old, new) = (with(3), with(6));
        old.views[1].ignored = true;
        assert_eq!(old.new_views(&new).len(), 3);
        let joined = old.joined(&new, &|it| it.name != new.views[4].name);
        assert_eq!(joined.moved, 0);
        let dataset = joined.dataset;
        assert_eq!(dataset.views[..3], old.views[..]);
        let names: Vec<&str> = dataset.views[3..]
            .iter()
            .map(|it| it.name.as_str())
            .collect();
        assert_eq!(names, [&new.views[3].name, &new.views[5].name]);
        for view in &dataset.views {
            assert_eq!(dataset.lenses[view.lens].width, 32);
        }
        let report = &dataset.report;
        assert_eq!((report.used, report.listed), (4, 6));
        let views: usize = report.lenses.iter().map(|it| it.views).sum();
        assert_eq!((views, report.points), (6, old.report.points));
    }

    #[test]
    fn cameras_that_moved_are_counted_and_stay() {
        let (old, mut new) = (with(3), with(4));
        new.views[2].c2w.translation += DVec3::X;
        let joined = old.joined(&new, &|_| true);
        assert_eq!(joined.moved, 1);
        assert_eq!(joined.dataset.views[2].c2w, old.views[2].c2w);
    }
}

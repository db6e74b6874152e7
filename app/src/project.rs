//! Photos that are open: what the project panel shows and what the viewport draws around the
//! points. Pure: no file is touched here.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use glam::{Affine3A, DAffine3, DVec3, Vec2, Vec3};
use recon::dataset::{Dataset, Split, pose_of};
use recon::edit::Similarity;
use recon::io::ViewChoice;
use recon::poses::{GateReport, LivePoses, Photos, PoseConfig};
use recon::worker::{Command, EngineChoice};

use crate::viewport::navigate::Extent;

/// Part of the points at either end of an axis that is not framed: stray ones lie far away.
const TRIM: f64 = 0.1;

/// Cameras whose upward directions agree less than this on average have none in common.
const LEAST_AGREEMENT: f32 = 0.2;

/// Photos that are open.
#[derive(Clone, Debug)]
pub struct Project {
    /// What is open.
    pub source: Source,
    /// Which engine is to look for poses.
    pub engine: EngineChoice,
    /// What the last search for poses found.
    pub gate: Option<GateReport>,
    /// The search that goes on, if any, as it stands.
    pub live: Option<LivePoses>,
    /// The view that was chosen, by its index in the dataset.
    pub selected: Option<usize>,
    /// Whether cameras far from all others are left out.
    pub ignores_outliers: bool,
    /// The direction that is up for the cameras, a unit vector; `None` where they disagree or the
    /// user chose an axis.
    pub up: Option<Vec3>,
}

/// What is open.
#[derive(Clone, Debug)]
pub enum Source {
    /// Photos with poses.
    Dataset(Arc<Dataset>),
    /// Photos without.
    Photos(Arc<Photos>),
    /// A video.
    Video(PathBuf),
}

/// A camera as the viewport draws it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frustum {
    /// Camera to world.
    pub c2w: Affine3A,
    /// Tangents of half the field of view, across and down.
    pub half_tangents: Vec2,
    /// What it is for.
    pub role: Role,
}

impl Frustum {
    /// Where it is when the scene is moved as a whole; what it sees looks the same.
    #[must_use]
    pub fn moved(&self, by: &Similarity) -> Self {
        Self {
            c2w: by.camera(&self.c2w),
            ..*self
        }
    }
}

/// What a camera is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A film goes through it.
    Keyframe,
    /// The methods see its photo.
    Train,
    /// Only measurements see its photo.
    HeldOut,
    /// It is left out.
    Ignored,
    /// It has just been placed.
    Live,
    /// It is the one that was chosen.
    Selected,
}

impl Project {
    /// Before anything was done with it.
    pub fn new(source: Source) -> Self {
        let up = match &source {
            Source::Dataset(it) => common_up(it.views.iter().map(|it| &it.c2w)),
            _ => None,
        };
        Self {
            source,
            engine: EngineChoice::default(),
            gate: None,
            live: None,
            selected: None,
            ignores_outliers: false,
            up,
        }
    }

    /// What a person calls it.
    pub fn name(&self) -> String {
        match &self.source {
            Source::Dataset(it) => it.name.clone(),
            Source::Photos(it) => name_of(&it.report.path),
            Source::Video(path) => name_of(path),
        }
    }

    /// The photos with poses.
    pub fn dataset(&self) -> Option<&Arc<Dataset>> {
        match &self.source {
            Source::Dataset(it) => Some(it),
            _ => None,
        }
    }

    /// The command that looks for poses; `None` where they are there, or there are no photos yet.
    pub fn search(&self) -> Option<Command> {
        let Source::Photos(photos) = &self.source else {
            return None;
        };
        Some(Command::FindPoses {
            photos: photos.clone(),
            engine: self.engine.clone(),
            config: PoseConfig::default(),
            out: None,
        })
    }

    /// Whether poses are looked for here, for the photos at `path`.
    pub fn is_waiting_for(&self, path: &Path) -> bool {
        matches!(&self.source, Source::Photos(it) if it.report.path == path) && self.gate.is_some()
    }

    /// Takes the poses that were found for its photos.
    pub fn pose(&mut self, dataset: Arc<Dataset>) {
        let gate = self.gate.take();
        *self = Self {
            gate,
            engine: self.engine.clone(),
            ..Self::new(Source::Dataset(dataset))
        };
    }

    /// Photos were added: the same ones are at their places, others behind them.
    pub fn grow(&mut self, dataset: Arc<Dataset>) {
        if let Source::Dataset(before) = &mut self.source {
            *before = dataset;
        }
    }

    /// Leaves the cameras out that are far from all others, or takes them back.
    pub fn ignore_outliers(&mut self, ignored: bool) {
        self.ignores_outliers = ignored;
        let Source::Dataset(dataset) = &mut self.source else {
            return;
        };
        Arc::make_mut(dataset).ignore_outliers(ignored);
    }

    /// Uses the views that a saved project did.
    pub fn choose_views(&mut self, choice: &ViewChoice) {
        if let Source::Dataset(dataset) = &mut self.source {
            choice.apply(Arc::make_mut(dataset));
            self.ignores_outliers = choice.ignores_outliers;
        }
    }

    /// Which views are used, to be saved.
    pub fn view_choice(&self) -> ViewChoice {
        ViewChoice {
            hold_out: self.dataset().and_then(|it| it.hold_out.clone()),
            ignores_outliers: self.ignores_outliers,
        }
    }

    /// The cameras to draw.
    pub fn frusta(&self) -> Vec<Frustum> {
        if let Some(live) = &self.live {
            let frustum = |c2w: &DAffine3| Frustum {
                c2w: pose_of(c2w),
                half_tangents: Vec2::new(0.5, 0.375),
                role: Role::Live,
            };
            return live.cameras.iter().map(frustum).collect();
        }
        let Some(dataset) = self.dataset() else {
            return Vec::new();
        };
        let views = dataset.views.iter().enumerate();
        views
            .map(|(index, view)| Frustum {
                c2w: pose_of(&view.c2w),
                half_tangents: self.half_tangents(index),
                role: match (self.selected == Some(index), view.ignored, view.split) {
                    (true, ..) => Role::Selected,
                    (_, true, _) => Role::Ignored,
                    (.., Split::HeldOut) => Role::HeldOut,
                    (.., Split::Train) => Role::Train,
                },
            })
            .collect()
    }

    /// Of a view's lens, as if it were a pinhole with a centred principal point.
    fn half_tangents(&self, view: usize) -> Vec2 {
        let lens = self
            .dataset()
            .and_then(|it| it.lenses.get(it.views.get(view)?.lens));
        lens.map_or(Vec2::splat(0.5), |it| {
            let across = 0.5 * f64::from(it.width) / it.fx;
            let down = 0.5 * f64::from(it.height) / it.fy;
            Vec2::new(across as f32, down as f32)
        })
    }

    /// Where a view's camera stands, and its field of view.
    pub fn camera(&self, view: usize) -> Option<Frustum> {
        let c2w = self.dataset()?.views.get(view)?.c2w;
        Some(Frustum {
            c2w: pose_of(&c2w),
            half_tangents: self.half_tangents(view),
            role: Role::Selected,
        })
    }

    /// What the viewport frames: the cameras, and most of the points as far as they are near.
    pub fn extent(&self) -> Option<Extent> {
        let (cameras, points): (Vec<DVec3>, &[DVec3]) = match (&self.live, &self.source) {
            (Some(live), _) => {
                let cameras = live.cameras.iter().map(|it| it.translation);
                (cameras.collect(), &live.points)
            }
            (None, Source::Dataset(dataset)) => {
                let used = dataset
                    .views
                    .iter()
                    .filter(|it| !it.ignored && !dataset.report.outliers.contains(&it.name));
                let cameras = used.map(|it| it.c2w.translation);
                (cameras.collect(), &dataset.points.positions)
            }
            _ => return None,
        };
        extent(&cameras, points)
    }
}

/// Cameras, and the box of most points, cut where it is much larger than the cameras' own.
fn extent(cameras: &[DVec3], points: &[DVec3]) -> Option<Extent> {
    let first = cameras.first()?;
    let low = cameras.iter().fold(*first, |a, b| a.min(*b));
    let high = cameras.iter().fold(*first, |a, b| a.max(*b));
    // One camera, or all in one place, say nothing of the scene's size.
    let reach = (high - low).length();
    let (mut whole_low, mut whole_high) = (low, high);
    if let Some((near, far)) = trimmed_box(points) {
        let cut = |it: DVec3| {
            if 0.0 < reach {
                it.clamp(low - reach, high + reach)
            } else {
                it
            }
        };
        whole_low = whole_low.min(cut(near));
        whole_high = whole_high.max(cut(far));
    }
    Some(Extent {
        low: whole_low.as_vec3(),
        high: whole_high.as_vec3(),
    })
}

fn trimmed_box(points: &[DVec3]) -> Option<(DVec3, DVec3)> {
    let finite: Vec<&DVec3> = points.iter().filter(|it| it.is_finite()).collect();
    let (mut low, mut high) = (*finite.first().copied()?, *finite.first().copied()?);
    let skipped = (TRIM * finite.len() as f64) as usize;
    for axis in 0..3 {
        let mut along: Vec<f64> = finite.iter().map(|it| it[axis]).collect();
        let last = along.len() - 1 - skipped;
        low[axis] = *along.select_nth_unstable_by(skipped, f64::total_cmp).1;
        high[axis] = *along.select_nth_unstable_by(last, f64::total_cmp).1;
    }
    Some((low, high))
}

/// Mean of what is up in the photos; `None` where they disagree.
pub(crate) fn common_up<'a>(cameras: impl Iterator<Item = &'a DAffine3>) -> Option<Vec3> {
    let (mut sum, mut count) = (DVec3::ZERO, 0.0);
    for c2w in cameras {
        sum -= c2w.matrix3.y_axis.normalize_or_zero();
        count += 1.0;
    }
    let mean = (sum / f64::max(count, 1.0)).as_vec3();
    (LEAST_AGREEMENT < mean.length()).then(|| mean.normalize())
}

fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(x: f64, y: f64, z: f64) -> DAffine3 {
        DAffine3::from_translation(DVec3::new(x, y, z))
    }

    #[test]
    fn up_is_what_the_photos_agree_on() {
        let level = [at(0.0, 0.0, 0.0), at(1.0, 0.0, 0.0)];
        assert_eq!(common_up(level.iter()), Some(Vec3::NEG_Y));
        let upside_down = DAffine3::from_rotation_z(std::f64::consts::PI);
        assert_eq!(common_up([at(0.0, 0.0, 0.0), upside_down].iter()), None);
        assert_eq!(common_up([].iter()), None);
    }

    #[test]
    fn stray_points_are_not_framed() {
        let cameras = [DVec3::ZERO, DVec3::X];
        let mut points = vec![DVec3::new(0.5, 0.5, 0.5); 100];
        points.push(DVec3::splat(1e6));
        points.push(DVec3::NAN);
        let framed = extent(&cameras, &points).unwrap();
        assert_eq!(
            (framed.low, framed.high),
            (Vec3::ZERO, Vec3::new(1.0, 0.5, 0.5))
        );
        // Far away as a whole: as far as the cameras reach.
        let framed = extent(&cameras, &[DVec3::splat(50.0)]).unwrap();
        assert_eq!(framed.high, Vec3::new(2.0, 1.0, 1.0));
        assert_eq!(extent(&[], &points), None);
    }

    #[test]
    fn an_unfinished_model_is_shown() {
        let mut project = Project::new(Source::Video("walk.mp4".into()));
        assert_eq!((project.frusta().len(), project.extent()), (0, None));
        project.live = Some(LivePoses {
            cameras: vec![at(0.0, 0.0, 0.0), at(2.0, 0.0, 0.0)],
            ..LivePoses::default()
        });
        let frusta = project.frusta();
        assert!(frusta.len() == 2 && frusta[1].role == Role::Live);
        assert_eq!(frusta[1].c2w.translation, Vec3::new(2.0, 0.0, 0.0).into());
        assert_eq!(project.extent().unwrap().high, Vec3::new(2.0, 0.0, 0.0));
        assert_eq!(project.name(), "walk.mp4");
        assert!(project.search().is_none());
    }
}

//! Photos that arrive later find their place in a model that stays as it is.

use std::collections::BTreeSet;

use cumulus3d_ba::{BaConfig, Loss};
use cumulus3d_core::{
    Camera, CameraModelKind, Image, MatchGraph, Point3D, Reconstruction, TrackEntry, Vec2, Vec3,
};
use glam::DVec2;

use super::cameras::{Group, group};
use super::geometry::{image_id, match_all, photo_of, store, verify_all};
use super::mapper::{graph_options, register_left_over};
use super::partial::Partial;
use super::progress::guarded;
use super::{Features, PoseConfig, PoseError, Reporter, model, pairs, reasons};
use crate::dataset::{Distortion, Frame, Lens, Observation, Optics, PoseFile};
use crate::poses::{Photos, frames_of};

/// A feature this near to an observation, in pixels of the reduced photo, is the one observed.
const SAME_PX: f64 = 1.0;

/// Rounds over the photos that found no place: each may find more once others have.
const ROUNDS: usize = 3;

/// See [`super::super::BuiltinEngine::register_images`].
pub(super) fn run(
    known: &PoseFile,
    photos: &Photos,
    config: &PoseConfig,
    report: &mut Reporter<'_>,
) -> Result<PoseFile, PoseError> {
    const STAGE: &str = "Placing new photos";
    let frames = frames_of(known, photos);
    let is_new = |it: &usize| frames[*it].is_none();
    let new: BTreeSet<usize> = (0..photos.images.len()).filter(is_new).collect();
    if new.is_empty() {
        return Ok(known.clone());
    }
    if known.points.observations.is_empty() {
        return Err(PoseError::Failed(
            "the known model has no points with tracks, so that no photo can be held against it. \
             Find the poses of all photos anew"
                .to_owned(),
        ));
    }
    let mut nothing = Partial::open(None, photos, config);
    let features = super::features::look_at_all(photos, config, &mut nothing, report)?;
    let groups = group(photos, config, report)?;
    let later = Later {
        known,
        photos,
        features: &features,
        cameras: Cameras::new(known, &frames, &groups)?,
        groups: &groups,
        frames,
    };
    let pairs = pairs::choose_new(&features, &new, report)?;
    let matched = match_all(&features, &pairs, &mut nothing, report)?;
    let list = later.cameras.list.iter().map(|it| it.camera.clone());
    let store = store(list.collect(), &later.cameras.of_photo, &features)?;
    verify_all(&store, &matched, config.seed, report)?;
    let graph = MatchGraph::from_store(&store, &graph_options());
    let mut model = guarded(STAGE, || later.model())?;
    for round in 0..ROUNDS {
        report.progress(STAGE, round, ROUNDS)?;
        if register_left_over(&mut model, &store, &graph, config.seed)?.is_empty() {
            break;
        }
        guarded(STAGE, || later.adjust(&mut model))?;
        report.live(model::live(&model, &features))?;
    }
    let mut poses = later.joined(&model);
    reasons::explain(&mut poses, photos, &features, &store);
    report.progress(STAGE, ROUNDS, ROUNDS)?;
    Ok(poses)
}

/// A known model and photos that came later.
struct Later<'a> {
    known: &'a PoseFile,
    photos: &'a Photos,
    features: &'a [Features],
    cameras: Cameras,
    groups: &'a [Group],
    /// For each photo the known frame.
    frames: Vec<Option<usize>>,
}

/// The crates' cameras: known optics at each size, then groups without a known photo.
struct Cameras {
    list: Vec<Listed>,
    /// For each photo the camera's id.
    of_photo: Vec<u32>,
}

struct Listed {
    camera: Camera,
    /// Index into the groups.
    group: usize,
    /// Index into the known optics.
    optics: Option<usize>,
}

impl Cameras {
    fn new(
        known: &PoseFile,
        frames: &[Option<usize>],
        groups: &[Group],
    ) -> Result<Self, PoseError> {
        let mut cameras = Self {
            list: Vec::new(),
            of_photo: vec![0; frames.len()],
        };
        for (index, group) in groups.iter().enumerate() {
            let optics = |photo: usize| Some(known.frames.get(frames[photo]?)?.optics);
            // Photos that came later were taken with the lens of those before.
            let first = group.photos.iter().find_map(|it| optics(*it));
            for &photo in &group.photos {
                let optics = optics(photo).or(first);
                let same = |it: &Listed| it.group == index && it.optics == optics;
                let at = cameras.list.iter().position(same);
                let at = at.map_or_else(|| cameras.add(known, index, group, optics), Ok)?;
                cameras.of_photo[photo] = at as u32 + 1;
            }
        }
        Ok(cameras)
    }

    fn add(
        &mut self,
        known: &PoseFile,
        index: usize,
        group: &Group,
        optics: Option<usize>,
    ) -> Result<usize, PoseError> {
        let id = self.list.len() as u32 + 1;
        let [width, height] = group.size;
        let lens = optics.and_then(|it| known.optics.get(it));
        let mut camera = group.camera(id);
        if let Some(lens) = lens.map(|it| it.at(width, height)) {
            camera.model = CameraModelKind::OpenCv;
            camera.params = parameters(&lens, group.scale)?;
            camera.focal_from_prior = true;
        }
        self.list.push(Listed {
            camera,
            group: index,
            optics,
        });
        Ok(self.list.len() - 1)
    }
}

/// fx, fy, cx, cy, k1, k2, p1, p2 at the size at which features were looked for.
fn parameters(lens: &Lens, scale: f64) -> Result<Vec<f64>, PoseError> {
    let (k, p) = match lens.distortion {
        Distortion::None => ([0.0; 6], [0.0; 2]),
        Distortion::Radial { k, p } if k[2..].iter().all(|it| *it == 0.0) => (k, p),
        _ => {
            return Err(PoseError::Failed(
                "the known model has a lens that the built-in engine cannot calculate with: \
                 pinholes and k1, k2, p1, p2 are possible. Add the photos with the program that \
                 made the model"
                    .to_owned(),
            ));
        }
    };
    let size = [lens.fx, lens.fy, lens.cx, lens.cy].map(|it| it * scale);
    Ok([size[0], size[1], size[2], size[3], k[0], k[1], p[0], p[1]].to_vec())
}

impl Later<'_> {
    /// The known part as the crates have it: observations are tied to the features beside them.
    fn model(&self) -> cumulus3d_core::Result<Reconstruction> {
        let mut model = Reconstruction::new();
        for it in &self.cameras.list {
            model.add_camera_own_rig(it.camera.clone())?;
        }
        for (photo, frame) in self.frames.iter().enumerate() {
            let pixels = self.features[photo].pixels.iter();
            let points = pixels.map(|it| Vec2::new(f64::from(it[0]), f64::from(it[1])));
            let (id, camera) = (image_id(photo), self.cameras.of_photo[photo]);
            let frame = frame.and_then(|it| self.known.frames.get(it));
            let pose = frame.map(|it| model::world_to_cam(&it.c2w));
            let image = Image::new(id, photo.to_string(), camera, points);
            model.add_image_own_frame(image, pose)?;
            if pose.is_some() {
                model.register_image(id)?;
            }
        }
        let tracks = self.tracks();
        for (index, (position, track)) in self.known.points.positions.iter().zip(tracks).enumerate()
        {
            if track.len() < 2 || !position.is_finite() {
                continue;
            }
            let mut point = Point3D::new(Vec3::new(position.x, position.y, position.z));
            point.color = self
                .known
                .points
                .colours
                .get(index)
                .copied()
                .unwrap_or_default();
            point.track = track;
            model.add_point3d_with_id(index as u64, point)?;
        }
        Ok(model)
    }

    /// For each known point the features that see it; each feature sees one.
    fn tracks(&self) -> Vec<Vec<TrackEntry>> {
        let mut photo_of_frame = vec![None; self.known.frames.len()];
        for (photo, frame) in self.frames.iter().enumerate() {
            if let Some(it) = frame.and_then(|it| photo_of_frame.get_mut(it)) {
                *it = Some(photo);
            }
        }
        let mut tracks = vec![Vec::new(); self.known.points.len()];
        let mut taken = BTreeSet::new();
        for seen in &self.known.points.observations {
            let photo = photo_of_frame.get(seen.frame as usize).copied().flatten();
            let track = tracks.get_mut(seen.point as usize);
            let (Some(photo), Some(track)) = (photo, track) else {
                continue;
            };
            let features = &self.features[photo];
            let at = seen.pixel * features.scale;
            let nearest = nearest(features, at).filter(|it| taken.insert((photo, *it)));
            track.extend(nearest.map(|it| TrackEntry::new(image_id(photo), it)));
        }
        tracks
    }

    /// New cameras and all points move, known cameras do not.
    fn adjust(&self, model: &mut Reconstruction) -> cumulus3d_core::Result<()> {
        let is_known = |(_, frame): &(usize, &Option<usize>)| frame.is_some();
        let known = self.frames.iter().enumerate().filter(is_known);
        let ids = self.cameras.list.iter().filter(|it| it.optics.is_some());
        let config = BaConfig {
            loss: Loss::Cauchy(1.0),
            function_tolerance: 1e-6,
            constant_poses: known.map(|(photo, _)| image_id(photo)).collect(),
            constant_cameras: ids.map(|it| it.camera.camera_id).collect(),
            ..BaConfig::default()
        };
        cumulus3d_ba::bundle_adjust(model, &config)?;
        model.filter_observations_with_large_reprojection_error(2.5, None);
        Ok(())
    }

    /// The known file with the new frames, what they see of the known points, and new points.
    fn joined(&self, model: &Reconstruction) -> PoseFile {
        let mut poses = self.known.clone();
        let mut frames = self.frames.clone();
        let mut optics_of: Vec<Option<usize>> =
            self.cameras.list.iter().map(|it| it.optics).collect();
        for (id, c2w) in model::posed(model) {
            let photo = photo_of(id);
            if frames[photo].is_some() {
                continue;
            }
            let camera = self.cameras.of_photo[photo] as usize - 1;
            let listed = &self.cameras.list[camera];
            let lens = || {
                let camera = model
                    .camera(listed.camera.camera_id)
                    .unwrap_or(&listed.camera);
                poses.optics.push(Optics::Lens(model::lens(
                    camera,
                    &self.groups[listed.group],
                )));
                poses.optics.len() - 1
            };
            let optics = *optics_of[camera].get_or_insert_with(lens);
            frames[photo] = Some(poses.frames.len());
            poses.frames.push(Frame {
                image: self.name(photo),
                mask: None,
                optics,
                c2w,
                split: None,
            });
        }
        self.join_points(&mut poses, model, &frames);
        let missing = (0..frames.len()).filter(|it| frames[*it].is_none());
        poses.unregistered = missing.map(|it| self.name(it)).collect();
        poses
    }

    fn name(&self, photo: usize) -> String {
        self.photos.images[photo]
            .path
            .to_string_lossy()
            .into_owned()
    }

    fn join_points(&self, poses: &mut PoseFile, model: &Reconstruction, frames: &[Option<usize>]) {
        let known = self.known.points.len();
        for (id, point) in model.points3d() {
            let is_new_point = known as u64 <= id;
            let index = if is_new_point {
                poses.points.len()
            } else {
                id as usize
            };
            let observation = |it: &TrackEntry| {
                let photo = photo_of(it.image_id);
                let features = &self.features[photo];
                let pixel = features.pixels.get(it.point2d_idx as usize)?;
                let is_news = is_new_point || self.frames[photo].is_none();
                is_news.then_some(Observation {
                    point: index as u32,
                    frame: frames[photo]? as u32,
                    pixel: DVec2::new(f64::from(pixel[0]), f64::from(pixel[1])) / features.scale,
                })
            };
            let seen: Vec<Observation> = point.track.iter().filter_map(observation).collect();
            let position = model::vector(&point.xyz);
            if is_new_point && (seen.len() < 2 || !position.is_finite()) {
                continue;
            }
            if is_new_point {
                poses.points.positions.push(position);
                poses
                    .points
                    .colours
                    .push(model::colour(point, self.features));
                if !poses.points.errors_px.is_empty() {
                    poses.points.errors_px.push(point.error.max(0.0));
                }
            }
            poses.points.observations.extend(seen);
        }
        poses.points.observations.sort_by_key(|it| it.point);
    }
}

/// The feature nearest to `at`, where one is near enough.
fn nearest(features: &Features, at: DVec2) -> Option<u32> {
    let distance = |it: &[f32; 2]| at.distance(DVec2::new(f64::from(it[0]), f64::from(it[1])));
    let distances = (0..).zip(features.pixels.iter().map(distance));
    let (index, distance) = distances.min_by(|a, b| a.1.total_cmp(&b.1))?;
    (distance < SAME_PX).then_some(index)
}

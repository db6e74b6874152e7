//! Between the crates' model and ours.

use std::collections::BTreeMap;

use cumulus3d_core::{Camera, CameraModelKind, ImageId, Reconstruction, Rigid3, Vec3};
use glam::{DAffine3, DQuat, DVec2, DVec3};

use super::Features;
use super::cameras::Group;
use super::geometry::photo_of;
use crate::dataset::{
    Distortion, Frame, Lens, LensModel, Observation, Optics, PoseFile, PoseFormat,
};
use crate::poses::{LivePoses, Photos};

/// Fewer triangulated points than this do not hold a pose: the photo counts as unregistered.
pub(super) const MIN_OBSERVATIONS: usize = 10;

/// Camera to world; `None` where a number is not one.
pub(super) fn c2w(pose: &Rigid3) -> Option<DAffine3> {
    let q = &pose.rotation;
    let rotation = DQuat::from_xyzw(q.x, q.y, q.z, q.w);
    let length = rotation.length();
    if !(length.is_finite() && 1e-6 < length) {
        return None;
    }
    let rotation = (rotation / length).inverse();
    let position = -(rotation * vector(&pose.translation));
    let c2w = DAffine3::from_rotation_translation(rotation, position);
    c2w.is_finite().then_some(c2w)
}

/// World to camera, as the crates have it.
pub(super) fn world_to_cam(c2w: &DAffine3) -> Rigid3 {
    let w2c = c2w.inverse();
    let q = DQuat::from_mat3(&w2c.matrix3).normalize();
    let t = w2c.translation;
    Rigid3::new(
        cumulus3d_core::Quat::new(q.w, q.x, q.y, q.z),
        Vec3::new(t.x, t.y, t.z),
    )
}

pub(super) fn vector(it: &Vec3) -> DVec3 {
    DVec3::new(it.x, it.y, it.z)
}

/// The photos that have a pose with enough behind it, ascending.
pub(super) fn posed(model: &Reconstruction) -> Vec<(ImageId, DAffine3)> {
    let mut ids = model.registered_images();
    ids.sort_unstable();
    let pose = |id: ImageId| {
        let image = model.image(id)?;
        let is_held = MIN_OBSERVATIONS <= image.num_points3d();
        Some((id, c2w(&model.world_to_cam(id)?)?)).filter(|_| is_held)
    };
    ids.into_iter().filter_map(pose).collect()
}

/// The model as it stands, to be shown.
pub(super) fn live(model: &Reconstruction, features: &[Features]) -> LivePoses {
    let mut live = LivePoses {
        cameras: posed(model).into_iter().map(|(_, c2w)| c2w).collect(),
        ..LivePoses::default()
    };
    for (_, point) in model.points3d() {
        let position = vector(&point.xyz);
        if position.is_finite() {
            live.points.push(position);
            live.colours.push(colour(point, features));
        }
    }
    live
}

/// Mean colour where photos see the point.
pub(super) fn colour(point: &cumulus3d_core::Point3D, features: &[Features]) -> [u8; 3] {
    let mut sum = [0_u32; 3];
    let mut count = 0;
    for entry in &point.track {
        let colours = features.get(photo_of(entry.image_id)).map(|it| &it.colours);
        if let Some(colour) = colours.and_then(|it| it.get(entry.point2d_idx as usize)) {
            sum = std::array::from_fn(|i| sum[i] + u32::from(colour[i]));
            count += 1;
        }
    }
    // Points taken over from elsewhere may have no feature behind them.
    if count == 0 {
        return point.color;
    }
    sum.map(|it| ((it + count / 2) / count) as u8)
}

/// The model in pixels of the upright photos, photos without a pose listed.
pub(super) fn to_pose_file(
    model: &Reconstruction,
    photos: &Photos,
    features: &[Features],
    lenses: &[Group],
) -> PoseFile {
    let mut poses = PoseFile::new(PoseFormat::ColmapBinary);
    let name = |photo: usize| photos.images[photo].path.to_string_lossy().into_owned();
    let mut optics = BTreeMap::new();
    let mut frame_of = BTreeMap::new();
    for (id, c2w) in posed(model) {
        let group = model.image(id).and_then(|it| {
            let group = lenses.get((it.camera_id as usize).checked_sub(1)?)?;
            Some((it.camera_id, group, model.camera(it.camera_id)?))
        });
        let Some((camera_id, group, camera)) = group else {
            continue;
        };
        let index = *optics.entry(camera_id).or_insert_with(|| {
            poses.optics.push(Optics::Lens(lens(camera, group)));
            poses.optics.len() - 1
        });
        frame_of.insert(id, poses.frames.len() as u32);
        poses.frames.push(Frame {
            image: name(photo_of(id)),
            mask: None,
            optics: index,
            c2w,
            split: None,
        });
    }
    add_points(&mut poses, model, features, &frame_of);
    let is_missing = |it: &usize| !frame_of.contains_key(&super::geometry::image_id(*it));
    poses.unregistered = (0..photos.images.len())
        .filter(is_missing)
        .map(name)
        .collect();
    poses
}

/// The lens in pixels of the upright photos.
pub(super) fn lens(camera: &Camera, group: &Group) -> Lens {
    let [width, height] = group.size;
    let extra = |i: usize| camera.extra_params().get(i).copied().unwrap_or(0.0);
    let model = match camera.model {
        CameraModelKind::SingleFocalPinhole => LensModel::SimplePinhole,
        CameraModelKind::Pinhole => LensModel::Pinhole,
        CameraModelKind::SingleFocalRadial => LensModel::SimpleRadial,
        CameraModelKind::Radial => LensModel::Radial,
        CameraModelKind::OpenCv => LensModel::Opencv,
    };
    let distortion = match model {
        LensModel::SimplePinhole | LensModel::Pinhole => Distortion::None,
        _ => Distortion::Radial {
            k: [extra(0), extra(1), 0.0, 0.0, 0.0, 0.0],
            p: [extra(2), extra(3)],
        },
    };
    Lens {
        model,
        width,
        height,
        fx: camera.focal_length_x() / group.scale,
        fy: camera.focal_length_y() / group.scale,
        cx: camera.principal_point_x() / group.scale,
        cy: camera.principal_point_y() / group.scale,
        distortion,
    }
}

fn add_points(
    poses: &mut PoseFile,
    model: &Reconstruction,
    features: &[Features],
    frame_of: &BTreeMap<ImageId, u32>,
) {
    for (_, point) in model.points3d() {
        let position = vector(&point.xyz);
        let index = poses.points.positions.len() as u32;
        let observation = |it: &cumulus3d_core::TrackEntry| {
            let features = features.get(photo_of(it.image_id))?;
            let pixel = features.pixels.get(it.point2d_idx as usize)?;
            let pixel = DVec2::new(f64::from(pixel[0]), f64::from(pixel[1]));
            Some(Observation {
                point: index,
                frame: *frame_of.get(&it.image_id)?,
                pixel: pixel / features.scale,
            })
        };
        let seen: Vec<Observation> = point.track.iter().filter_map(observation).collect();
        if seen.len() < 2 || !position.is_finite() {
            continue;
        }
        // The crates' errors are in pixels of the reduced photos.
        let scales = point
            .track
            .iter()
            .filter_map(|it| features.get(photo_of(it.image_id)));
        let scale = scales.map(|it| it.scale).fold(1.0, f64::min);
        poses.points.positions.push(position);
        poses.points.colours.push(colour(point, features));
        poses.points.errors_px.push(point.error.max(0.0) / scale);
        poses.points.observations.extend(seen);
    }
}

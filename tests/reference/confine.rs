//! `train/confine.wgsl`: the nearest point of a region, by a matrix, in f64.

use glam::{DMat3, DVec3, Vec3};
use render::training::Enclosure;

/// Where a mean that has left the region goes; `None` where it lies inside.
pub(crate) fn confine(mean: Vec3, region: &Enclosure) -> Option<DVec3> {
    let world_from_box = DMat3::from_quat(region.rotation.as_dquat());
    let centre = region.centre.as_dvec3();
    let in_box = world_from_box.transpose() * (mean.as_dvec3() - centre);
    let half = region.half.as_dvec3();
    let on_box = in_box.max(-half).min(half);
    let distance = on_box.distance(in_box);
    let radius = f64::from(region.radius);
    if distance <= radius {
        return None;
    }
    Some(centre + world_from_box * on_box.lerp(in_box, radius / distance))
}

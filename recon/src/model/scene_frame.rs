//! The network's coordinates of a scene, and the way back to the dataset's.

use glam::{Affine3A, DAffine3, DQuat, Quat};
use rayon::prelude::*;
use render::{ShRotation, Splats};

use super::config::Frame;
use super::rays::NetworkCamera;
use crate::dataset::normalise::{Normalisation, first_cam, focused, mean_cam};

/// A scene's cameras in the network's frame: all within −1 … 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SceneFrame {
    /// From the dataset's coordinates to the network's.
    pub network_from_dataset: Normalisation,
    /// Whether all cameras are at one place, so that nothing says how large the scene is: one
    /// unit of the dataset is one of the network's then.
    pub is_scale_unknown: bool,
}

impl SceneFrame {
    /// Of cameras to world, the dataset's coordinates, the first input view first. The paper
    /// counts the targets in, behind the inputs; where there are none, the frame differs a little.
    pub fn new(frame: Frame, cameras: &[DAffine3]) -> Self {
        let apart = cameras.windows(2).any(|pair| {
            let [a, b] = [pair[0].translation, pair[1].translation];
            1e-9 * a.abs().max_element() < a.distance(b)
        });
        let mut map = match frame {
            Frame::MeanCam => mean_cam(cameras),
            Frame::FirstCam => first_cam(cameras),
            Frame::Focused => focused(cameras),
        };
        if !apart {
            // What is left of distances is rounding.
            map.translation /= map.scale;
            map.scale = 1.0;
        }
        Self {
            network_from_dataset: map,
            is_scale_unknown: !apart,
        }
    }

    /// A camera as the network takes it; `c2w` in the dataset's coordinates, `lens` fx, fy, cx, cy
    /// in pixels of the resized photo.
    pub fn camera(&self, c2w: &DAffine3, lens: [f32; 4]) -> NetworkCamera {
        let c2w = self.network_from_dataset.camera(c2w);
        let [x, y, z] = c2w
            .matrix3
            .to_cols_array_2d()
            .map(|it| it.map(|v| v as f32));
        let c2w = Affine3A::from_cols(x.into(), y.into(), z.into(), c2w.translation.as_vec3a());
        NetworkCamera { c2w, lens }
    }

    /// Splats of the network's frame in the dataset's: moved, enlarged, and turned with their
    /// harmonics.
    #[must_use]
    pub fn bring_back(&self, mut splats: Splats) -> Splats {
        let back = self.network_from_dataset.inverse();
        let rotation: Quat = DQuat::from_mat3(&back.rotation).normalize().as_quat();
        let log_scale = back.scale.ln() as f32;
        let harmonics = ShRotation::new(rotation);
        let coeffs = splats.coeffs_per_splat();
        splats
            .means
            .par_iter_mut()
            .for_each(|it| *it = back.point(it.as_dvec3()).as_vec3());
        splats.quats.par_iter_mut().for_each(|it| {
            let [w, x, y, z] = *it;
            let turned = rotation * Quat::from_xyzw(x, y, z, w);
            *it = [turned.w, turned.x, turned.y, turned.z];
        });
        splats
            .log_scales
            .par_iter_mut()
            .for_each(|it| *it += log_scale);
        splats
            .sh_coeffs
            .par_chunks_mut(coeffs)
            .for_each(|it| harmonics.turn(it));
        splats
    }
}

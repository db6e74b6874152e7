//! Camera and settings, packed for the kernels.

use crate::gpu::FrameUniform;
use crate::{Camera, GpuSplats, RenderConfig, Style};

use super::buffers::Capacity;
use super::window::Window;

/// The Jacobian's tangents are kept within the image widened by this part of its half size: beyond
/// it the affine approximation fails and splats would smear over the image (gsplat's bound).
const TANGENT_MARGIN: f32 = 0.3;

/// Packs a frame's camera and settings; `window` is what is drawn of the camera's image, and has
/// the size that `capacity` has room for.
pub(super) fn uniform(
    camera: &Camera,
    config: &RenderConfig,
    splats: &GpuSplats,
    capacity: &Capacity,
    window: Window,
) -> FrameUniform {
    let (depth_low, depth_high) = depth_range(camera, splats, config);
    FrameUniform {
        image_size: capacity.image_size,
        origin: window.origin(),
        tile_count: capacity.tiles(),
        depth_low,
        depth_high,
        visible_capacity: capacity.visible as u32,
        pair_capacity: capacity.pairs as u32,
        filter_plane: splats.filter_plane().unwrap_or(0) as u32,
        ..camera_uniform(camera, config)
    }
}

/// What of a frame is known without splats; the rest is 0.
pub(crate) fn camera_uniform(camera: &Camera, config: &RenderConfig) -> FrameUniform {
    let k = &camera.intrinsics;
    let size = [k.width as f32, k.height as f32];
    let focal = [k.fx, k.fy];
    let principal = [k.cx, k.cy];
    let margin = |i: usize| TANGENT_MARGIN * 0.5 * size[i] / focal[i];
    let [r, g, b] = config.background;
    FrameUniform {
        camera_from_world: glam::Mat4::from(camera.w2c()).to_cols_array_2d(),
        camera_position: camera.position().extend(1.0).into(),
        background: [r, g, b, 1.0],
        focal,
        principal,
        tangent_min: [0, 1].map(|i| -principal[i] / focal[i] - margin(i)),
        tangent_max: [0, 1].map(|i| (size[i] - principal[i]) / focal[i] + margin(i)),
        image_size: [k.width, k.height],
        near: config.near,
        far: config.far,
        eps2d: config.eps2d,
        alpha_max: config.alpha_max,
        alpha_min: config.alpha_min,
        transmittance_stop: config.transmittance_stop,
        point_radius_px: config.point_radius_px,
        sh_degree: config.max_sh_degree,
        antialiased: u32::from(config.antialiased),
        shape: match config.style {
            Style::Points => 1,
            Style::Ellipsoids => 2,
            _ => 0,
        },
        colour_source: u32::from(config.style == Style::AxisNormals),
        shading: match config.style {
            Style::Depth => 1,
            Style::Normals => 2,
            Style::Alpha => 3,
            _ => 0,
        },
        ..bytemuck::Zeroable::zeroed()
    }
}

/// Depths at which the colour ramp begins and ends: what the scene spans from this camera.
fn depth_range(camera: &Camera, splats: &GpuSplats, config: &RenderConfig) -> (f32, f32) {
    let (centre, radius) = splats.extent();
    let middle = (centre - camera.position()).dot(camera.forward());
    (
        (middle - radius).max(config.near),
        (middle + radius).max(2.0 * config.near),
    )
}

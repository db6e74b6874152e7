//! The scene of `accrete demo`: shapes covered by flat splats, lit once and for all.

use glam::Vec3;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use render::Splats;
use render::sh;
use render::splats::logit;

use super::empty_splats;
use super::gloss::Lobe;
use super::light::{Light, SHININESS};
use super::shapes::{Shape, shapes};
use super::surface::{Surface, SurfacePoint};

/// Standard deviations along tangent, bitangent and normal, as shares of the distance between
/// neighbours: wide enough that no hole is seen, flat enough that edges stay sharp.
const SHARES: Vec3 = Vec3::new(0.72, 0.56, 0.06);

/// Opacity in the middle of a splat, before noise.
const OPACITY: f32 = 0.95;

/// A trefoil knot on a rippled, tiled ground, with a ribbon winding around it and patterned balls
/// at the rim; see [`super::UP`] and [`super::demo_camera`].
///
/// Each shape gets splats by its area. They lie flat on the surface, one neighbour's distance
/// wide; light and shadow are in their colours, and highlights, which move with the viewer, in
/// bands 1 to `sh_degree` (cut to 3). `seed` decides textures and noise, not the shapes.
pub fn demo_scene(seed: u64, num_splats: usize, sh_degree: u32) -> Splats {
    let mut rng = Pcg64Mcg::seed_from_u64(seed);
    let (light, lobe) = (Light::new(), Lobe::new(SHININESS));
    let shapes = shapes(seed);
    let surfaces: Vec<_> = shapes.iter().map(|it| Surface::new(&it.position)).collect();
    let weights: Vec<f32> = shapes
        .iter()
        .zip(&surfaces)
        .map(|(shape, surface)| shape.detail * surface.area())
        .collect();
    let mut splats = empty_splats(num_splats, sh_degree);
    for ((shape, surface), count) in shapes
        .iter()
        .zip(&surfaces)
        .zip(shared_out(num_splats, &weights))
    {
        let spacing = (surface.area() / count.max(1) as f32).sqrt();
        for point in surface.points(count, rng.random()) {
            let jitter = [rng.random(), rng.random(), rng.random()].map(|it: f32| it - 0.5);
            push(&mut splats, (&light, &lobe), shape, &point, spacing, jitter);
        }
    }
    splats
}

/// One splat on `point`; `jitter` (each ±0.5) varies size, opacity and brightness.
fn push(
    splats: &mut Splats,
    (light, lobe): (&Light, &Lobe),
    shape: &Shape,
    point: &SurfacePoint,
    spacing: f32,
    jitter: [f32; 3],
) {
    let [size, opacity, brightness] = jitter;
    let rotation = point.rotation();
    let normal = light.lit_side(shape, point.normal);
    splats.means.push(point.position);
    splats
        .quats
        .push([rotation.w, rotation.x, rotation.y, rotation.z]);
    splats
        .log_scales
        .push((SHARES * spacing * (1.0 + 0.15 * size)).map(f32::ln));
    splats
        .opacity_logits
        .push(logit((OPACITY + 0.08 * opacity) * (shape.presence)(point)));
    let albedo = (shape.albedo)(point) * (1.0 + 0.06 * brightness);
    let sunlit = light.reaches(point.position, normal);
    let first = splats.sh_coeffs.len();
    let num_coeffs = splats.coeffs_per_splat();
    splats.sh_coeffs.resize(first + num_coeffs, [0.0; 3]);
    let coeffs = &mut splats.sh_coeffs[first..];
    coeffs[0] = sh::dc_from_rgb(albedo * light.on(normal, sunlit));
    lobe.add(coeffs, normal, light.to_sun, sunlit * shape.gloss);
}

/// `total` in parts proportional to `weights`, without remainder.
pub(super) fn shared_out(total: usize, weights: &[f32]) -> Vec<usize> {
    let all: f32 = weights.iter().sum();
    let mut sum = 0.0;
    let mut given = 0;
    weights
        .iter()
        .enumerate()
        .map(|(i, weight)| {
            sum += weight;
            let until = if i + 1 == weights.len() {
                total
            } else {
                ((f64::from(sum / all) * total as f64) as usize).min(total)
            };
            let part = until - given;
            given = until;
            part
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::demo_camera;
    use super::*;

    #[test]
    fn parts_add_up() {
        assert_eq!(shared_out(10, &[1.0, 1.0, 2.0]), [2, 3, 5]);
        for total in [0, 1, 2, 1_001] {
            let parts = shared_out(total, &[0.3, 7.0, 1e-3, 2.0]);
            assert_eq!(parts.iter().sum::<usize>(), total);
        }
    }

    #[test]
    fn splats_are_flat_and_mostly_opaque() {
        let splats = demo_scene(1, 4_000, 0);
        let flat = (0..splats.len()).all(|i| {
            let scales = splats.scales(i);
            scales.z < 0.2 * scales.x.min(scales.y)
        });
        assert!(flat);
        let opaque = (0..splats.len())
            .filter(|&i| 0.85 < splats.opacity(i))
            .count();
        assert!(splats.len() * 3 / 4 < opaque, "{opaque}");
    }

    /// Looked at along the optical axis of the demo's camera, highlights change colours, and no
    /// colour leaves the range that a screen shows by much.
    #[test]
    fn highlights_move_and_colours_stay_in_range() {
        let splats = demo_scene(1, 4_000, 3);
        let camera = demo_camera(64, 64);
        let mut moving = 0;
        for i in 0..splats.len() {
            let front = (splats.means[i] - camera.position()).normalize();
            let seen = sh::colour(splats.sh(i), front);
            let behind = sh::colour(splats.sh(i), -front);
            assert!(seen.cmpgt(Vec3::splat(-0.2)).all() && seen.cmplt(Vec3::splat(2.2)).all());
            moving += usize::from(0.05 < (seen - behind).length());
        }
        assert!(splats.len() / 10 < moving, "{moving}");
    }
}

//! Random clusters of splats, to measure with: as many tile pairs per splat as captures have.

use glam::{Quat, Vec2, Vec3};
use rand::{Rng, RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use render::{Splats, sh};

use super::{bench_camera, empty_splats};

/// One cluster per this many splats, within [`MIN_CLUSTERS`] and [`MAX_CLUSTERS`].
const SPLATS_PER_CLUSTER: usize = 2_000;
const MIN_CLUSTERS: usize = 16;
const MAX_CLUSTERS: usize = 512;

/// Depths at which clusters stand, world units.
const NEAR: f32 = 4.0;
const FAR: f32 = 20.0;

/// Standard deviation of a cluster, as a share of its depth.
const SPREAD: (f32, f32) = (0.02, 0.12);

/// Median standard deviation of a splat along each axis, in pixels of a 1080p image. With the
/// spread below this gives 3 to 6 pairs of a 16 × 16 tile and a splat that touches it.
const MEDIAN_SIGMA_PX: f32 = 2.4;

/// Standard deviation of the logarithm of the size: common to the axes of a splat, and apart.
const SIZE_SPREAD: f32 = 0.45;
const SHAPE_SPREAD: f32 = 0.45;

/// Mean and standard deviation of the opacity logits.
const OPACITY_LOGIT: (f32, f32) = (0.0, 1.5);

/// Standard deviation of the harmonics' coefficients in bands 1 and up.
const SH_SPREAD: f32 = 0.08;

/// `num_splats` in random clusters in front of [`bench_camera`].
///
/// Cluster centres are uniform over an image 10 % wider and higher than 1080p and over depths 4
/// to 20; a cluster's splats are normally distributed around it, 2 to 12 % of the depth wide.
/// Sizes are log-normal around 2.4 px at 1080p in each of three axes (a splat that stands farther
/// is larger, as in captures), rotations uniform, opacity logits normal (0 ± 1.5), colours a
/// cluster's own with noise, higher bands normal (± 0.08). `sh_degree` is cut to 3.
pub fn clustered(seed: u64, num_splats: usize, sh_degree: u32) -> Splats {
    let mut rng = Pcg64Mcg::seed_from_u64(seed);
    let num_clusters = (num_splats / SPLATS_PER_CLUSTER).clamp(MIN_CLUSTERS, MAX_CLUSTERS);
    let clusters: Vec<Cluster> = (0..num_clusters).map(|_| Cluster::new(&mut rng)).collect();
    let mut splats = empty_splats(num_splats, sh_degree);
    let num_coeffs = splats.coeffs_per_splat();
    let focal_px = bench_camera(1920, 1080).intrinsics.fy;
    for _ in 0..num_splats {
        let cluster = clusters[rng.random_range(0..num_clusters)];
        let mean = cluster.centre + cluster.sigma * normal3(&mut rng);
        let depth = mean.z.max(0.25 * NEAR);
        let size = (MEDIAN_SIGMA_PX / focal_px * depth).ln() + SIZE_SPREAD * normal(&mut rng);
        splats.means.push(mean);
        splats.quats.push(rotation(&mut rng));
        splats
            .log_scales
            .push(Vec3::splat(size) + SHAPE_SPREAD * normal3(&mut rng));
        splats
            .opacity_logits
            .push(OPACITY_LOGIT.0 + OPACITY_LOGIT.1 * normal(&mut rng));
        let rgb = (cluster.rgb + 0.08 * normal3(&mut rng)).clamp(Vec3::ZERO, Vec3::ONE);
        splats.sh_coeffs.push(sh::dc_from_rgb(rgb));
        for _ in 1..num_coeffs {
            splats
                .sh_coeffs
                .push((SH_SPREAD * normal3(&mut rng)).into());
        }
    }
    splats
}

/// Where splats crowd.
#[derive(Clone, Copy)]
struct Cluster {
    centre: Vec3,
    /// Standard deviation, world units.
    sigma: f32,
    rgb: Vec3,
}

impl Cluster {
    fn new(rng: &mut impl Rng) -> Self {
        let camera = bench_camera(1920, 1080);
        let size_px = Vec2::new(1920.0, 1080.0);
        let wanted = Vec2::new(rng.random::<f32>(), rng.random::<f32>());
        let pixel = (1.1 * wanted - 0.05) * size_px;
        let depth = NEAR + (FAR - NEAR) * rng.random::<f32>();
        let (low, high) = SPREAD;
        Self {
            centre: camera.unproject(pixel, depth),
            sigma: depth * low * (high / low).powf(rng.random::<f32>()),
            rgb: Vec3::new(rng.random(), rng.random(), rng.random()),
        }
    }
}

/// A standard normal number (Box–Muller; the second one is thrown away for plainness).
fn normal(rng: &mut impl Rng) -> f32 {
    let radius = (-2.0 * (1.0 - rng.random::<f32>()).ln()).sqrt();
    radius * (std::f32::consts::TAU * rng.random::<f32>()).cos()
}

fn normal3(rng: &mut impl Rng) -> Vec3 {
    Vec3::new(normal(rng), normal(rng), normal(rng))
}

/// A uniformly distributed rotation, `w, x, y, z`.
fn rotation(rng: &mut impl Rng) -> [f32; 4] {
    let q = Quat::from_xyzw(normal(rng), normal(rng), normal(rng), normal(rng));
    let q = if 1e-6 < q.length_squared() {
        q.normalize()
    } else {
        Quat::IDENTITY
    };
    [q.w, q.x, q.y, q.z]
}

#[cfg(test)]
mod tests {
    use glam::{Mat2, Mat3};
    use render::Camera;

    use super::*;

    const TILE_PX: f32 = 16.0;

    /// Tiles that splat `i` reaches with an alpha of 1/255 or more; nothing where it is unseen.
    fn num_tiles(splats: &Splats, i: usize, camera: &Camera) -> Option<usize> {
        let (centre, z) = camera.project(splats.means[i])?;
        let k = camera.intrinsics;
        let p = Vec3::from(camera.w2c().transform_point3a(splats.means[i].into()));
        let axes = Mat3::from_quat(splats.rotation(i)) * Mat3::from_diagonal(splats.scales(i));
        let view = Mat3::from(camera.w2c().matrix3) * axes;
        let row_x = view.transpose() * Vec3::new(k.fx / z, 0.0, -k.fx * p.x / (z * z));
        let row_y = view.transpose() * Vec3::new(0.0, k.fy / z, -k.fy * p.y / (z * z));
        let covariance = [
            row_x.dot(row_x) + 0.3,
            row_x.dot(row_y),
            row_y.dot(row_y) + 0.3,
        ];
        let cutoff = 2.0 * (255.0 * splats.opacity(i)).ln();
        if cutoff <= 0.0 {
            return None;
        }
        let half = (cutoff * Vec2::new(covariance[0], covariance[2])).map(f32::sqrt);
        let size = Vec2::new(k.width as f32, k.height as f32);
        let low = ((centre - half).max(Vec2::ZERO) / TILE_PX).floor();
        let high = ((centre + half).min(size) / TILE_PX).ceil();
        let conic =
            Mat2::from_cols_array(&[covariance[0], covariance[1], covariance[1], covariance[2]])
                .inverse();
        let mut count = 0;
        for y in low.y as i32..high.y as i32 {
            for x in low.x as i32..high.x as i32 {
                let corner = TILE_PX * Vec2::new(x as f32, y as f32) - centre;
                count += usize::from(nearest_in_tile(conic, corner) <= cutoff);
            }
        }
        (0 < count).then_some(count)
    }

    /// The smallest `dᵀ conic d` over a tile whose corner is at `corner` from the centre.
    fn nearest_in_tile(conic: Mat2, corner: Vec2) -> f32 {
        let far = corner + TILE_PX;
        if corner.cmple(Vec2::ZERO).all() && far.cmpge(Vec2::ZERO).all() {
            return 0.0;
        }
        let form = |d: Vec2| d.dot(conic * d);
        let (a, b, c) = (conic.x_axis.x, conic.x_axis.y, conic.y_axis.y);
        [corner.x, far.x]
            .into_iter()
            .map(|x| form(Vec2::new(x, (-b * x / c).clamp(corner.y, far.y))))
            .chain(
                [corner.y, far.y]
                    .into_iter()
                    .map(|y| form(Vec2::new((-b * y / a).clamp(corner.x, far.x), y))),
            )
            .fold(f32::INFINITY, f32::min)
    }

    #[test]
    fn pairs_per_splat_are_as_documented() {
        let splats = clustered(7, 20_000, 0);
        let camera = bench_camera(1920, 1080);
        let counts: Vec<usize> = (0..splats.len())
            .filter_map(|i| num_tiles(&splats, i, &camera))
            .collect();
        let mean = counts.iter().sum::<usize>() as f32 / counts.len() as f32;
        assert!((3.0..6.0).contains(&mean), "{mean} pairs per visible splat");
    }

    #[test]
    fn normals_are_normal() {
        let mut rng = Pcg64Mcg::seed_from_u64(1);
        let draws: Vec<f32> = (0..20_000).map(|_| normal(&mut rng)).collect();
        let mean = draws.iter().sum::<f32>() / draws.len() as f32;
        let square = draws.iter().map(|it| it * it).sum::<f32>() / draws.len() as f32;
        assert!(
            mean.abs() < 0.03 && (square - 1.0).abs() < 0.05,
            "{mean} {square}"
        );
    }
}

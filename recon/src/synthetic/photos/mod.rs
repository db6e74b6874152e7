//! Photos of the demo scene, with their poses and points: rays are cast at its surfaces.
//!
//! Shares shapes, textures and light with [`super::demo_scene`] and no line with the rasteriser:
//! what an optimiser makes of these photos is judged against something that is not its own.

mod bvh;
mod cameras;
mod mesh;
mod points;
mod scene;

use glam::DAffine3;
use image::RgbaImage;
use render::Camera;

use crate::dataset::{Frame, Lens, Optics, PoseFile, PoseFormat, camera_at};

pub use scene::{Background, PhotoScene};

/// What photos are taken.
#[derive(Clone, Debug, PartialEq)]
pub struct PhotosConfig {
    /// Decides textures and where exactly the cameras stand.
    pub seed: u64,
    /// How many photos.
    pub num_views: usize,
    /// Pixels across.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
    /// What is seen around the scene.
    pub background: Background,
    /// About how many points are tried; those that two photos see are kept.
    pub num_points: usize,
}

impl Default for PhotosConfig {
    /// Forty small photos before a dark plain background.
    fn default() -> Self {
        Self {
            seed: super::DEMO_SEED,
            num_views: 40,
            width: 256,
            height: 256,
            background: Background::Plain([0.1, 0.11, 0.13]),
            num_points: 4_000,
        }
    }
}

/// The photos that the program's demo optimises splats for: few and small, so that a processor
/// alone is done within a minute or two.
pub fn demo_photos() -> PhotosConfig {
    PhotosConfig {
        num_views: 24,
        width: 160,
        height: 120,
        ..PhotosConfig::default()
    }
}

/// Photos with poses, all in memory.
#[derive(Clone, Debug)]
pub struct SyntheticPhotos {
    /// One lens, one frame per photo, and the points with all places where they are seen. Images
    /// are called `images/0001.png` and so on.
    pub poses: PoseFile,
    /// In the order of the frames. Alpha is straight, and 255 everywhere unless the background is
    /// [`Background::Transparent`].
    pub photos: Vec<RgbaImage>,
    /// The frames' cameras.
    pub cameras: Vec<Camera>,
}

/// Takes photos from a ring around the scene. The same configuration gives the same bytes.
pub fn photos(config: &PhotosConfig) -> SyntheticPhotos {
    let scene = PhotoScene::new(config.seed, config.background);
    let poses = cameras::ring(config.seed, config.num_views);
    let lens = cameras::lens(config.width, config.height);
    let cameras: Vec<Camera> = poses.iter().map(|it| camera_at(&lens, it)).collect();
    let photos = cameras.iter().map(|it| scene.photo(it)).collect();
    let mut file = pose_file(lens, &poses);
    file.points = points::points(&scene, config.seed, config.num_points, &cameras);
    SyntheticPhotos {
        poses: file,
        photos,
        cameras,
    }
}

fn pose_file(lens: Lens, poses: &[DAffine3]) -> PoseFile {
    let frame = |(i, c2w): (usize, &DAffine3)| Frame {
        image: format!("images/{:04}.png", i + 1),
        mask: None,
        optics: 0,
        c2w: *c2w,
        split: None,
    };
    PoseFile {
        scene_name: Some("demo".to_owned()),
        optics: vec![Optics::Lens(lens)],
        frames: poses.iter().enumerate().map(frame).collect(),
        ..PoseFile::new(PoseFormat::Transforms)
    }
}

#[cfg(test)]
mod tests {
    use glam::Vec3;

    use super::super::surface::Surface;
    use super::*;

    fn small(seed: u64, background: Background) -> SyntheticPhotos {
        photos(&PhotosConfig {
            seed,
            num_views: 6,
            width: 96,
            height: 64,
            background,
            num_points: 600,
        })
    }

    #[test]
    fn the_seed_decides() {
        let [a, b, c] = [1, 1, 2].map(|it| small(it, Background::Dome));
        assert_eq!((&a.photos, &a.poses.points), (&b.photos, &b.poses.points));
        assert_ne!(a.photos, c.photos);
        let names: Vec<&str> = a.poses.frames.iter().map(|it| &*it.image).collect();
        assert_eq!((names.len(), names[5]), (6, "images/0006.png"));
    }

    /// Where a point of a surface is projected, the photo has the point's colour, and a few pixels
    /// beside it another. Pixels across an edge of a texture are spared by taking the median.
    #[test]
    fn points_appear_where_cameras_project_them() {
        let scene = PhotoScene::new(1, Background::Transparent);
        let lens = cameras::lens(240, 200);
        for pose in cameras::ring(1, 3) {
            let camera = camera_at(&lens, &pose);
            let photo = scene.photo(&camera);
            let mut off = [Vec::new(), Vec::new()];
            for shape in &scene.shapes {
                for point in Surface::new(&shape.position).points(200, 0.3) {
                    let Some(pixel) = scene.pixel_of(&camera, point.position) else {
                        continue;
                    };
                    let (expected, _) = camera.project(point.position).unwrap();
                    assert!(pixel.distance(expected) < 1e-3);
                    let to_eye = (camera.position() - point.position).normalize();
                    let colour = 255.0 * scene.shade(shape, &point, to_eye);
                    for (off, beside) in off.iter_mut().zip([0.0, 4.0]) {
                        let (x, y) = ((pixel.x + beside).min(239.0), pixel.y);
                        let [r, g, b, _] = photo.get_pixel(x as u32, y as u32).0.map(f32::from);
                        off.push(colour.distance(Vec3::new(r, g, b)) / 255.0);
                    }
                }
            }
            assert!(500 < off[0].len(), "{} points", off[0].len());
            let [there, beside] = off.map(|mut it: Vec<f32>| {
                it.sort_by(f32::total_cmp);
                it[it.len() / 2]
            });
            assert!(there < 0.05 && 4.0 * there < beside, "{there} {beside}");
        }
    }

    /// Every observation is the projection of its point, and every point has at least two.
    #[test]
    fn observations_are_projections() {
        let made = small(1, Background::Dome);
        let points = &made.poses.points;
        let mut counts = vec![0; points.len()];
        for seen in &points.observations {
            let position = points.positions[seen.point as usize].as_vec3();
            let (pixel, _) = made.cameras[seen.frame as usize].project(position).unwrap();
            assert!(pixel.distance(seen.pixel.as_vec2()) < 1e-3);
            counts[seen.point as usize] += 1;
        }
        assert!(300 < points.len() && counts.iter().all(|it| 2 <= *it));
    }

    /// Harmonics are worth having: the same points look different from elsewhere.
    #[test]
    fn highlights_move() {
        let made = small(1, Background::Transparent);
        let scene = PhotoScene::new(1, Background::Transparent);
        let points = &made.poses.points;
        let mut range = vec![(f32::INFINITY, f32::NEG_INFINITY); points.len()];
        for seen in &points.observations {
            let camera = &made.cameras[seen.frame as usize];
            let colour = scene.seen(camera, seen.pixel.as_vec2());
            let (low, high) = &mut range[seen.point as usize];
            *low = low.min(colour.element_sum());
            *high = high.max(colour.element_sum());
        }
        let moving = range.iter().filter(|(low, high)| low + 0.3 < *high).count();
        assert!(points.len() / 5 < moving, "{moving} of {}", points.len());
    }

    #[test]
    fn backgrounds_and_edges_are_as_said() {
        let clear = &small(1, Background::Transparent).photos[0];
        assert_eq!(clear.get_pixel(0, 0).0, [0; 4]);
        let alphas = clear.pixels().map(|it| it.0[3]);
        let soft = alphas.filter(|it| (1..255).contains(it)).count();
        assert!(100 < soft, "{soft} pixels at edges");
        let plain = &small(1, Background::Plain([1.0, 0.0, 0.2])).photos[0];
        assert_eq!(plain.get_pixel(0, 0).0, [255, 0, 51, 255]);
        assert!(plain.pixels().all(|it| it.0[3] == 255));
        let none = photos(&PhotosConfig {
            num_views: 0,
            num_points: 10,
            ..PhotosConfig::default()
        });
        assert!(none.photos.is_empty() && none.poses.points.is_empty());
    }

    /// The middle of a ball is seen where it is projected, a ball's radius beside it something
    /// else is.
    #[test]
    fn balls_are_as_large_as_they_are() {
        let scene = PhotoScene::new(1, Background::Transparent);
        let ball = crate::synthetic::shapes::blockers()[3];
        let lens = cameras::lens(400, 400);
        let intrinsics = camera_at(&lens, &DAffine3::IDENTITY).intrinsics;
        let eye = ball.centre + Vec3::new(0.0, -8.0, 0.01);
        let camera = Camera::look_at(intrinsics, eye, ball.centre, Vec3::Z);
        let (middle, _) = camera.project(ball.centre).unwrap();
        // From 8 units above, a ball of radius r is seen within r / sqrt(8² − r²).
        let half = camera.intrinsics.fx * ball.radius / (64.0 - ball.radius * ball.radius).sqrt();
        let depth = |dx: f32| {
            let pixel = middle + glam::Vec2::new(dx, 0.0);
            scene.distance(&camera, pixel).unwrap_or(f32::INFINITY)
        };
        assert!((depth(0.0) - (8.0 - ball.radius)).abs() < 2e-3);
        for side in [-1.0, 1.0] {
            let jump = depth(side * (half + 0.1)) - depth(side * (half - 0.1));
            assert!(0.1 < jump, "{jump}");
        }
    }
}

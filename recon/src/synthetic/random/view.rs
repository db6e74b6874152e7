//! A camera's picture of a scene, with coverage, distances and normals.

use glam::{Vec2, Vec3};
use render::Camera;

use super::SampleView;
use super::colour::shown;
use super::raster::{NONE, Pinhole, Samples};
use super::scene::Scene;

/// Samples of a pixel. The first lies in the middle, the next four and the last three are spread
/// around it.
const SAMPLES: usize = 8;
const OFFSETS: [[f32; 2]; SAMPLES] = [
    [0.0, 0.0],
    [-0.375, -0.125],
    [0.125, -0.375],
    [0.375, 0.125],
    [-0.125, 0.375],
    [-0.209, -0.41],
    [0.459, 0.024],
    [-0.25, 0.386],
];

/// Samples that a pixel within a surface gets where its colour differs from its neighbours'.
const WITHIN: usize = 5;

/// From which difference of a channel on, display RGB.
const CONTRAST: f32 = 0.06;

/// What is seen of a surface at a sample.
struct Seen {
    point: Vec3,
    normal: Vec3,
    uv: Vec2,
    ambient: Vec3,
}

/// Takes the picture.
pub(super) fn take(scene: &Scene, camera: &Camera) -> SampleView {
    let pinhole = Pinhole::new(camera);
    let samples = Samples::<SAMPLES>::draw(scene, &pinhole, &OFFSETS, |_| true);
    let [width, height] = pinhole.size;
    let count = width * height;
    let mut view = SampleView {
        camera: *camera,
        rgb: Vec::with_capacity(count),
        alpha: Vec::with_capacity(count),
        depth: Vec::with_capacity(count),
        normals: Vec::with_capacity(count),
    };
    let mut middles = Vec::with_capacity(count);
    for pixel in 0..count {
        let (x, y) = (pixel % width, pixel / width);
        let triangles = &samples.triangles[pixel];
        let covered = triangles.iter().filter(|it| **it != NONE).count();
        view.alpha.push(covered as f32 / SAMPLES as f32);
        let ray = pinhole.ray(x as f32 + 0.5, y as f32 + 0.5);
        if triangles[0] == NONE {
            view.depth.push(f32::INFINITY);
            view.normals.push(Vec3::ZERO);
            middles.push(scene.sky.seen(ray.normalize()));
        } else {
            let seen = seen(
                scene,
                &pinhole,
                triangles[0],
                x as f32 + 0.5,
                y as f32 + 0.5,
            );
            view.depth.push(seen.point.distance(pinhole.eye()));
            view.normals.push(seen.normal);
            middles.push(shade(scene, triangles[0], &seen, pinhole.eye()));
        }
    }
    for pixel in 0..count {
        let (x, y) = (pixel % width, pixel / width);
        let wanted = wanted(
            scene,
            &samples.triangles[pixel],
            &middles,
            [x, y],
            [width, height],
        );
        let mut sum = middles[pixel];
        let others = samples.triangles[pixel].iter().zip(OFFSETS);
        for (&triangle, [dx, dy]) in others.take(wanted).skip(1) {
            let (px, py) = (x as f32 + 0.5 + dx, y as f32 + 0.5 + dy);
            sum += if triangle == NONE {
                scene.sky.seen(pinhole.ray(px, py).normalize())
            } else {
                let seen = seen(scene, &pinhole, triangle, px, py);
                shade(scene, triangle, &seen, pinhole.eye())
            };
        }
        view.rgb.push((sum / wanted as f32).to_array());
    }
    view
}

/// How many samples a pixel's colour is the mean of.
fn wanted(
    scene: &Scene,
    triangles: &[u32; SAMPLES],
    middles: &[Vec3],
    [x, y]: [usize; 2],
    [width, height]: [usize; 2],
) -> usize {
    let piece = |triangle: u32| scene.piece_of.get(triangle as usize).copied();
    let first = piece(triangles[0]);
    if triangles[1..].iter().any(|it| piece(*it) != first) {
        return SAMPLES;
    }
    if first.is_none() {
        return 1;
    }
    let own = middles[y * width + x];
    let differs =
        |x: usize, y: usize| CONTRAST < (middles[y * width + x] - own).abs().max_element();
    let has_contrast = (0 < x && differs(x - 1, y))
        || (x + 1 < width && differs(x + 1, y))
        || (0 < y && differs(x, y - 1))
        || (y + 1 < height && differs(x, y + 1));
    if has_contrast { WITHIN } else { 1 }
}

/// The point of a triangle that the ray through a pixel meets.
fn seen(scene: &Scene, pinhole: &Pinhole, triangle: u32, x: f32, y: f32) -> Seen {
    let mesh = &scene.mesh;
    let corners = mesh.triangles[triangle as usize].map(|it| it as usize);
    let (eye, ray) = (pinhole.eye(), pinhole.ray(x, y));
    let [a, b, c] = corners.map(|it| mesh.positions[it] - eye);
    let volumes = [b.cross(c), c.cross(a), a.cross(b)].map(|it| it.dot(ray));
    let sum: f32 = volumes.iter().sum();
    let weights = volumes.map(|it| it / sum);
    let mix = |of: &[Vec3]| -> Vec3 { (0..3).map(|k| weights[k] * of[corners[k]]).sum() };
    let uv = (0..3).map(|k| weights[k] * mesh.uvs[corners[k]]).sum();
    let distance = a.dot(b.cross(c)) / sum;
    let mut normal = mix(&mesh.normals).normalize_or(Vec3::Y);
    let away = normal.dot(ray) / ray.length_squared();
    if 0.0 < away {
        // At the rim of a round surface blended normals may look away: what is seen does not.
        normal = (normal - away * ray).normalize_or(-ray.normalize());
    }
    Seen {
        point: eye + distance * ray,
        normal,
        uv,
        ambient: mix(&scene.ambient),
    }
}

/// The light from a point towards the eye, display RGB.
fn shade(scene: &Scene, triangle: u32, seen: &Seen, eye: Vec3) -> Vec3 {
    let piece = &scene.pieces[scene.piece_of[triangle as usize] as usize];
    let surface = &scene.surfaces[piece.surface];
    let in_texture = piece.texture_from_world.transform_point3(seen.point);
    let albedo = surface.albedo(in_texture, seen.uv);
    let to_eye = (eye - seen.point).normalize_or(seen.normal);
    let is_glossy = surface.gloss != Vec3::ZERO;
    // What gloss throws back is not scattered.
    let matt = albedo * (1.0 - surface.gloss);
    let mut light = surface.glow + matt * seen.ambient;
    for lamp in &scene.lamps {
        let (reaches, towards) = lamp.reaches(seen.point, seen.normal);
        if reaches <= 0.0 {
            continue;
        }
        let falls = reaches * seen.normal.dot(towards) * lamp.colour;
        light += falls * matt;
        if is_glossy {
            // Blinn, "Models of light reflection" (1977), scaled so that it keeps its energy.
            let half = (towards + to_eye).normalize_or(seen.normal);
            let lobe = half.dot(seen.normal).max(0.0).powf(surface.shininess);
            light += falls * surface.gloss * (0.125 * (surface.shininess + 8.0) * lobe);
        }
    }
    if is_glossy {
        let facing = seen.normal.dot(to_eye).clamp(0.0, 1.0);
        let mirrored = 2.0 * seen.normal.dot(to_eye) * seen.normal - to_eye;
        // Schlick's growth of the mirror towards the rim.
        let rim = (1.0 - facing).powi(5);
        let share = surface.gloss + (1.0 - surface.gloss) * rim * 0.5;
        let open = (seen.ambient.element_sum() / 1.5).min(1.0);
        light += open * share * scene.sky.glow(mirrored);
    }
    light.map(shown)
}

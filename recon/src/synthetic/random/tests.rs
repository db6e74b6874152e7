//! What every sample must be: of its seed, well framed, exact, broad and neither dark nor flat.

use std::collections::HashSet;
use std::mem::{Discriminant, discriminant};

use glam::Vec2;

use super::shape::{Shape, ShapeName};
use super::surface::{Pattern, PatternName};
use super::*;

fn config(kind: SceneKind, views: usize, side: u32) -> SampleConfig {
    SampleConfig {
        kind,
        size: [side; 2],
        views,
        ..SampleConfig::default()
    }
}

/// Unit rays through the middles of a view's pixels, with the pixels' indices.
fn rays(view: &SampleView) -> impl Iterator<Item = (usize, Vec3)> {
    let camera = view.camera;
    let width = camera.intrinsics.width as usize;
    (0..view.rgb.len()).map(move |pixel| {
        let middle = Vec2::new((pixel % width) as f32, (pixel / width) as f32) + 0.5;
        let along = camera.unproject(middle, 1.0) - camera.position();
        (pixel, along.normalize())
    })
}

#[test]
fn the_seed_decides() {
    for kind in [SceneKind::Object, SceneKind::Room] {
        let config = config(kind, 3, 24);
        let [a, b, c] = [7, 7, 8].map(|seed| sample(seed, &config));
        assert_eq!(a, b);
        assert_ne!(a.views, c.views);
        // The backdrop changes no camera, no shape and no light.
        let white = SampleConfig {
            backdrop: Backdrop::White,
            ..config.clone()
        };
        let white = sample(7, &white);
        for (a, b) in a.views.iter().zip(&white.views) {
            assert_eq!((a.camera, &a.alpha), (b.camera, &b.alpha));
            assert_eq!((&a.depth, &a.normals), (&b.depth, &b.normals));
            let covered = (0..a.rgb.len()).filter(|it| a.alpha[*it] == 1.0);
            for pixel in covered {
                assert_eq!(a.rgb[pixel], b.rgb[pixel]);
            }
        }
    }
}

#[test]
fn any_size_will_do() {
    for size in [[0, 5], [5, 0], [1, 1], [17, 5]] {
        let config = SampleConfig {
            size,
            ..config(SceneKind::Object, 2, 1)
        };
        let made = sample(1, &config);
        let expected = if size.contains(&0) { 0 } else { 2 };
        assert_eq!(made.views.len(), expected);
        for view in made.views {
            assert_eq!(view.rgb.len(), (size[0] * size[1]) as usize);
        }
    }
    assert!(sample(1, &config(SceneKind::Room, 0, 16)).views.is_empty());
}

#[test]
fn cameras_see_the_object_whole_and_large() {
    let mut fills = Vec::new();
    for seed in 0..40 {
        let plan = [CameraPlan::Scattered, CameraPlan::Path][seed as usize % 2];
        let config = SampleConfig {
            cameras: plan,
            ..config(SceneKind::Object, 4, 40)
        };
        for view in sample(seed, &config).views {
            let distance = view.camera.position().length();
            assert!((1.5..=3.7).contains(&distance), "{seed}: {distance}");
            let fov = view.camera.intrinsics.fov_y().to_degrees();
            assert!((29.9..=60.1).contains(&fov), "{seed}: {fov}");
            assert!(0.0 < view.camera.up().dot(crate::synthetic::UP));
            let rows: Vec<usize> = (0..40)
                .filter(|y| view.alpha[40 * y..40 * (y + 1)].iter().any(|it| 0.0 < *it))
                .collect();
            let columns: Vec<usize> = (0..40)
                .filter(|x| (0..40).any(|y| 0.0 < view.alpha[40 * y + x]))
                .collect();
            assert!(!rows.is_empty(), "{seed}: nothing is seen");
            let sides = [rows, columns].map(|it| it[it.len() - 1] - it[0] + 1);
            fills.push(*sides.iter().max().unwrap() as f32 / 40.0);
        }
    }
    fills.sort_by(f32::total_cmp);
    let [low, middle] = [fills[fills.len() / 10], fills[fills.len() / 2]];
    assert!(
        0.45 < low && (0.6..0.95).contains(&middle),
        "{low} {middle}"
    );
}

/// What the rasteriser finds is what looking at every triangle finds.
#[test]
fn depth_is_that_of_the_nearest_triangle() {
    let (mut hits, mut misses) = (0, 0);
    for (kind, seeds) in [(SceneKind::Object, 0..8), (SceneKind::Room, 0..2)] {
        for seed in seeds {
            let config = config(kind, 1, 24);
            let (scene, cameras) = match kind {
                SceneKind::Object => object_scene(seed, &config),
                SceneKind::Room => room_scene(seed, &config),
            };
            let view = view::take(&scene, &cameras[0]);
            for (pixel, ray) in rays(&view).step_by(7) {
                let nearest = nearest(&scene, cameras[0].position(), ray);
                let found = view.depth[pixel];
                // Within a sliver of an edge either answer is right.
                if (found - nearest).abs() < 1e-3 || (found, nearest) == (f32::INFINITY, found) {
                    hits += 1;
                } else {
                    misses += 1;
                }
            }
        }
    }
    assert!(700 < hits && misses * 200 < hits, "{hits} {misses}");
}

/// Möller and Trumbore's intersection with every triangle that shows its front and is there.
fn nearest(scene: &Scene, eye: Vec3, ray: Vec3) -> f32 {
    let mut nearest = f32::INFINITY;
    for (triangle, piece) in scene.mesh.triangles.iter().zip(&scene.piece_of) {
        let [a, b, c] = triangle.map(|it| scene.mesh.positions[it as usize]);
        let (ab, ac) = (b - a, c - a);
        if 0.0 <= ab.cross(ac).dot(ray) {
            continue;
        }
        let p = ray.cross(ac);
        let inverse = ab.dot(p).recip();
        let from_corner = eye - a;
        let q = from_corner.cross(ab);
        let (u, v) = (inverse * from_corner.dot(p), inverse * ray.dot(q));
        let distance = inverse * ac.dot(q);
        if 0.0 <= u && 0.0 <= v && u + v <= 1.0 && 0.0 < distance && distance < nearest {
            let conditions = &scene.pieces[*piece as usize].conditions;
            if scene::Condition::all_hold(conditions, scene, eye + distance * ray) {
                nearest = distance;
            }
        }
    }
    nearest
}

/// A point that one view sees is never behind what another view sees through it.
#[test]
fn views_agree_about_where_things_are() {
    for (kind, seeds) in [(SceneKind::Object, 20..26), (SceneKind::Room, 20..23)] {
        let (mut hidden, mut same, mut behind) = (0, 0, 0);
        for seed in seeds {
            let made = sample(seed, &config(kind, 4, 48));
            for (i, from) in made.views.iter().enumerate() {
                let to = &made.views[(i + 1) % 4];
                for (pixel, ray) in rays(from) {
                    if from.alpha[pixel] < 1.0 {
                        continue;
                    }
                    let point = from.camera.position() + from.depth[pixel] * ray;
                    let Some((at, _)) = to.camera.project(point) else {
                        continue;
                    };
                    if at.cmplt(Vec2::ZERO).any() || at.cmpge(Vec2::splat(48.0)).any() {
                        continue;
                    }
                    // The middles of pixels around may lie on either side of an edge.
                    let rows = (at.y as usize).saturating_sub(1)..(at.y as usize + 2).min(48);
                    let around = rows.flat_map(|y| {
                        let x = at.x as usize;
                        (x.saturating_sub(1)..(x + 2).min(48)).map(move |x| 48 * y + x)
                    });
                    let seen = around.map(|it| to.depth[it]).fold(f32::INFINITY, f32::min);
                    let distance = to.camera.position().distance(point);
                    if seen < distance - 0.1 {
                        hidden += 1;
                    } else if seen < distance + 0.03 {
                        same += 1;
                    } else {
                        behind += 1;
                    }
                }
            }
        }
        assert!(500 < same && 0 < hidden, "{same} {hidden}");
        assert!(behind * 100 < same, "{kind:?}: {behind} of {same}");
    }
}

#[test]
fn coverage_depth_and_normals_belong_together() {
    let (mut soft, mut all) = (0, 0);
    for seed in 40..60 {
        for view in sample(seed, &config(SceneKind::Object, 2, 48)).views {
            for (pixel, ray) in rays(&view) {
                let (alpha, depth) = (view.alpha[pixel], view.depth[pixel]);
                let normal = view.normals[pixel];
                assert!((0.0..=1.0).contains(&alpha));
                if alpha == 0.0 || depth.is_infinite() {
                    assert!(alpha < 1.0 && depth.is_infinite() && normal == Vec3::ZERO);
                } else {
                    assert!((0.3..5.0).contains(&depth), "{depth}");
                    assert!((normal.length() - 1.0).abs() < 1e-3 && normal.dot(ray) < 1e-3);
                }
                soft += usize::from(0.0 < alpha && alpha < 1.0);
                all += usize::from(0.0 < alpha);
            }
        }
    }
    let share = soft as f32 / all as f32;
    assert!((0.02..0.35).contains(&share), "{share}");
    for view in sample(3, &config(SceneKind::Room, 2, 32)).views {
        let covered = view.alpha.iter().filter(|it| **it == 1.0).count();
        assert!(600 < covered, "{covered} of 1024");
    }
}

#[test]
fn every_primitive_cut_and_pattern_appears() {
    let pictures = Arc::new(vec![RgbImage::from_pixel(8, 8, image::Rgb([9, 200, 90]))]);
    let mut shapes: HashSet<Discriminant<Shape>> = HashSet::new();
    let mut patterns: HashSet<Discriminant<Pattern>> = HashSet::new();
    let (mut holes, mut overlaps, mut deformed, mut counts) = (0, 0, 0, HashSet::new());
    for seed in 0..120 {
        let mut dice = Dice::new(seed, stream::OBJECT);
        let parts = object::random(Some(&pictures), &mut dice);
        counts.insert(parts.len());
        for part in &parts {
            shapes.insert(discriminant(&part.solid.shape));
            patterns.insert(discriminant(&part.surface.under));
            deformed += usize::from(!part.solid.deform.keeps_planes());
            holes += part.cuts.iter().filter(|it| !it.keeps_inside).count();
            overlaps += part.cuts.iter().filter(|it| it.keeps_inside).count();
        }
    }
    // Cylinders and cones are curves turned around an axis.
    assert_eq!(shapes.len(), ShapeName::WEIGHTS.len() - 2);
    assert_eq!(patterns.len(), PatternName::WEIGHTS.len());
    assert!(20 < holes && 5 < overlaps && 20 < deformed && 6 < counts.len());
}

#[test]
fn patterns_are_colours_and_not_one_only() {
    let noise = |x, y| image::Rgb([(x * 37 + y * 91) as u8, (x * 11) as u8, (y * 7) as u8]);
    let pictures = Arc::new(vec![RgbImage::from_fn(16, 16, noise)]);
    let mut dice = Dice::new(4, 0);
    for (name, _) in PatternName::WEIGHTS {
        let mut plain = 0;
        for _ in 0..20 {
            let palette = colour::palette(&mut dice);
            let pattern = Pattern::random(name, &palette, Some(&pictures), &mut dice);
            let surface = surface::Surface::matt(pattern);
            let colours: Vec<Vec3> = (0..400)
                .map(|_| {
                    let uv = Vec2::new(dice.between(0.0, 2.0), dice.between(0.0, 1.0));
                    surface.albedo(dice.vector(0.8), uv)
                })
                .collect();
            let is_colour = |it: &Vec3| it.cmpge(Vec3::ZERO).all() && it.cmple(Vec3::ONE).all();
            assert!(colours.iter().all(is_colour), "{name:?}");
            plain += usize::from(colours.iter().all(|it| it.distance(colours[0]) < 1e-3));
        }
        let expected = if name == PatternName::Plain {
            20..21
        } else {
            0..4
        };
        assert!(
            expected.contains(&plain),
            "{name:?}: {plain} of 20 are plain"
        );
    }
}

#[test]
fn pictures_are_neither_dark_nor_flat() {
    for (kind, count) in [(SceneKind::Object, 60), (SceneKind::Room, 8)] {
        let (mut means, mut flat, mut sum) = (Vec::new(), 0, Vec3::ZERO);
        for seed in 100..100 + count {
            let view = &sample(seed, &config(kind, 1, 32)).views[0];
            let covered = view.rgb.iter().zip(&view.alpha).filter(|it| *it.1 == 1.0);
            let colours: Vec<Vec3> = covered.map(|it| Vec3::from(*it.0)).collect();
            assert!(colours.iter().all(|it| it.cmpge(Vec3::ZERO).all()));
            assert!(colours.iter().all(|it| it.cmple(Vec3::ONE).all()));
            let mean = colours.iter().sum::<Vec3>() / colours.len().max(1) as f32;
            let off = colours
                .iter()
                .map(|it| it.distance_squared(mean))
                .sum::<f32>();
            flat += usize::from((off / colours.len().max(1) as f32).sqrt() < 0.03);
            means.push(mean.element_sum() / 3.0);
            sum += mean;
        }
        let mean = means.iter().sum::<f32>() / means.len() as f32;
        assert!((0.25..0.7).contains(&mean), "{kind:?}: {mean}");
        let dark = means.iter().filter(|it| **it < 0.08).count();
        assert!(
            dark * 10 < means.len() && flat * 10 < means.len(),
            "{dark} {flat}"
        );
        // On the whole no colour is preferred.
        assert!(sum.max_element() < 1.35 * sum.min_element(), "{sum}");
    }
}

#[test]
fn backdrops_are_as_asked_for() {
    let corner = |seed: u64, backdrop: Backdrop| {
        let config = SampleConfig {
            backdrop,
            ..config(SceneKind::Object, 1, 32)
        };
        let view = sample(seed, &config).views.remove(0);
        let sky: Vec<Vec3> = (0..view.rgb.len())
            .filter(|it| view.alpha[*it] == 0.0)
            .map(|it| Vec3::from(view.rgb[it]))
            .collect();
        let varies = sky.iter().any(|it| 1e-3 < it.distance(sky[0]));
        (sky[0], varies)
    };
    let mut colours = HashSet::new();
    for seed in 0..12 {
        assert_eq!(corner(seed, Backdrop::White), (Vec3::ONE, false));
        let (colour, varies) = corner(seed, Backdrop::Coloured);
        assert!(!varies && colour != Vec3::ONE);
        colours.insert(colour.to_array().map(f32::to_bits));
        assert!(corner(seed, Backdrop::Environment).1);
    }
    assert!(10 < colours.len());
}

//! Queries on the GPU and on the processor, against the twin, over random splats and queries.

use glam::{Quat, Vec2, Vec3};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use recon::edit::{Bits, matching};
use render::edit::{Property, Query, ScreenMask, Selector};
use render::gpu::Gpu;
use render::{Camera, GpuSplats, Intrinsics, Splats};
use tests::gpu;

use super::{chunk_bytes, filtered};
use crate::reference::find::margin;

/// Splats this near to a border, in the twin's units, may go either way.
const UNDECIDED: f64 = 2e-5;
/// The same in pixels.
const UNDECIDED_PX: f64 = 1e-3;

const PROPERTIES: [Property; 13] = [
    Property::Opacity,
    Property::LargestScale,
    Property::SmallestScale,
    Property::Elongation,
    Property::Volume,
    Property::Distance {
        from: [0.5, -1.0, 2.0],
    },
    Property::Red,
    Property::Green,
    Property::Blue,
    Property::Hue,
    Property::Saturation,
    Property::Brightness,
    Property::ShEnergy,
];

/// Splats all over a room, colours beyond what is displayed included; every 41st has a number that
/// is none or infinite.
fn random_splats(rng: &mut Pcg64Mcg, n: usize, sh_degree: u32) -> Splats {
    let mut splats = Splats {
        sh_degree,
        ..Splats::default()
    };
    let coeffs = splats.coeffs_per_splat();
    let mut signed = |size: f32| rng.random_range(-size..size);
    for i in 0..n {
        splats.means.push([(); 3].map(|()| signed(3.0)).into());
        splats.quats.push([(); 4].map(|()| signed(1.0)));
        let log_scales = [(); 3].map(|()| signed(2.5) - 3.0);
        splats.log_scales.push(log_scales.into());
        splats.opacity_logits.push(signed(7.0));
        let sh = (0..coeffs).map(|_| [(); 3].map(|()| signed(2.2)));
        splats.sh_coeffs.extend(sh);
        if i % 41 != 5 {
            continue;
        }
        let wrong = [
            f32::from_bits(0x7fc0_1234),
            f32::INFINITY,
            f32::NEG_INFINITY,
        ][i % 3];
        match i / 41 % 6 {
            0 => splats.means[i].z = wrong,
            1 => splats.quats[i][2] = wrong,
            2 => splats.log_scales[i].y = wrong,
            3 => splats.opacity_logits[i] = wrong,
            4 => splats.sh_coeffs[i * coeffs][1] = wrong,
            _ => splats.sh_coeffs[(i + 1) * coeffs - 1][2] = wrong,
        }
    }
    splats
}

fn random_point(rng: &mut Pcg64Mcg, size: f32) -> Vec3 {
    [(); 3].map(|()| rng.random_range(-size..size)).into()
}

fn random_mask(rng: &mut Pcg64Mcg, kind: usize, [width, height]: [u32; 2]) -> ScreenMask {
    let size = Vec2::new(width as f32, height as f32);
    let mut point = || Vec2::new(rng.random_range(-0.2..1.2), rng.random_range(-0.2..1.2)) * size;
    let points: Vec<Vec2> = (0..9).map(|_| point()).collect();
    match kind % 4 {
        0 => ScreenMask::full(width, height),
        1 => ScreenMask::rect(width, height, [points[0], points[1]]),
        2 => ScreenMask::polygon(width, height, &points),
        _ => ScreenMask::stroke(width, height, &points, 0.1 * size.y),
    }
}

/// A query of every kind and property in turn.
fn random_query(rng: &mut Pcg64Mcg, splats: &Splats, number: usize) -> Query {
    let any = rng.random_range(0..splats.len().max(1));
    let size = [rng.random_range(1..300), rng.random_range(1..200)];
    match number % 5 {
        0 => {
            let intrinsics = Intrinsics::from_vertical_fov(0.9, size[0], size[1]);
            let (eye, target) = (random_point(rng, 4.0), random_point(rng, 1.0));
            Query::Screen {
                camera: Camera::look_at(intrinsics, eye, target, Vec3::Y),
                mask: random_mask(rng, number / 5, size),
            }
        }
        1 => Query::Box {
            centre: random_point(rng, 2.0),
            half: random_point(rng, 2.5).abs(),
            rotation: Quat::from_scaled_axis(random_point(rng, 3.0)),
        },
        2 => Query::Ball {
            centre: random_point(rng, 2.0),
            radius: rng.random_range(0.1..4.0),
        },
        3 => {
            let property = PROPERTIES[number / 5 % PROPERTIES.len()];
            let mut border = || {
                let other = rng.random_range(0..splats.len().max(1));
                let value = (!splats.is_empty()).then(|| property.of(splats, other));
                value.filter(|it| it.is_finite()).unwrap_or(0.5) + 1e-3
            };
            let (a, b) = (border(), border());
            let wraps = property == Property::Hue && number.is_multiple_of(2);
            let (low, high) = if wraps {
                (a.max(b), a.min(b))
            } else {
                (a.min(b), a.max(b))
            };
            Query::Range {
                property,
                low,
                high: if number.is_multiple_of(7) && !wraps {
                    f32::INFINITY
                } else {
                    high
                },
            }
        }
        _ => {
            let shown = |k: usize| {
                let dc = splats.sh_coeffs.get(any * splats.coeffs_per_splat());
                (0.5 + 0.28 * dc.map_or(0.0, |it| it[k])).clamp(0.0, 1.0)
            };
            let rgb = [0, 1, 2].map(shown);
            let rgb = if rgb.iter().all(|it| it.is_finite()) {
                rgb
            } else {
                [0.3; 3]
            };
            Query::Colour {
                rgb,
                tolerance: rng.random_range(0.05..0.7),
            }
        }
    }
}

fn bit(words: &[u32], i: usize) -> bool {
    words[i / 32] >> (i % 32) & 1 == 1
}

/// Both answers against the twin; how many splats match, and how many are too near to call.
fn check(query: &Query, twin_splats: &Splats, answers: &[&[u32]]) -> [usize; 2] {
    let slack = match query {
        Query::Screen { .. } => UNDECIDED_PX,
        _ => UNDECIDED,
    };
    let (mut matched, mut undecided) = (0, 0);
    let len = twin_splats.len();
    for i in 0..len {
        let margin = margin(twin_splats, i, query);
        if margin.abs() < slack {
            undecided += 1;
            continue;
        }
        matched += usize::from(0.0 < margin);
        for (which, words) in answers.iter().enumerate() {
            assert_eq!(
                bit(words, i),
                0.0 < margin,
                "splat {i}, answer {which}, {margin:e} from {query:?}"
            );
        }
    }
    for words in answers {
        assert_eq!(words.len(), len.div_ceil(32));
        let beyond = words
            .last()
            .map_or(0, |it| it.checked_shr(len as u32 % 32).unwrap_or(0));
        assert!(
            len.is_multiple_of(32) || beyond == 0,
            "bits beyond the last splat"
        );
    }
    [matched, undecided]
}

#[test]
fn both_answers_agree_with_the_twin() {
    let Some(gpu) = gpu::gpu() else { return };
    let mut rng = Pcg64Mcg::seed_from_u64(700);
    let mut selector = Selector::new(gpu).unwrap();
    let (mut asked, mut matched, mut undecided) = (0, 0, 0);
    for (n, degree, queries) in [
        (3000, 1, 65),
        (0, 0, 5),
        (1, 2, 10),
        (255, 0, 10),
        (257, 3, 10),
        (5000, 3, 65),
    ] {
        let splats = random_splats(&mut rng, n, degree);
        let whole = GpuSplats::upload(gpu, &splats).unwrap();
        let bytes = chunk_bytes(&splats, 512);
        let parts = GpuSplats::upload_chunked(gpu, &splats, bytes).unwrap();
        assert_eq!(parts.chunks().len(), n.div_ceil(512));
        for number in 0..queries {
            let query = random_query(&mut rng, &splats, number);
            let found = selector.find(gpu, &whole, &query).unwrap();
            let in_parts = selector.find(gpu, &parts, &query).unwrap();
            assert_eq!(in_parts, found, "chunks change nothing");
            let [yes, unsure] = check(&query, &splats, &[&found, &query.matches(&splats)]);
            asked += n;
            matched += yes;
            undecided += unsure;
        }
    }
    println!("{asked} splats asked, {matched} match, {undecided} are too near to a border to call");
    assert!(asked / 10 < matched && matched < asked * 9 / 10);
    // Colours at the ends of what is displayed are exactly at the borders of some ranges.
    assert!(undecided < asked / 50);
}

/// Clamped colours lie on the border to the bit, and borders are included.
#[test]
fn borders_are_included() {
    let Some(gpu) = gpu::gpu() else { return };
    let splats = random_splats(&mut Pcg64Mcg::seed_from_u64(701), 2000, 1);
    let uploaded = GpuSplats::upload(gpu, &splats).unwrap();
    let mut selector = Selector::new(gpu).unwrap();
    for (property, border) in [(Property::Red, 1.0), (Property::Blue, 0.0)] {
        let query = Query::Range {
            property,
            low: border,
            high: border,
        };
        let found = selector.find(gpu, &uploaded, &query).unwrap();
        assert_eq!(found, query.matches(&splats));
        let count: u32 = found.iter().map(|it| it.count_ones()).sum();
        assert!(100 < count && count < 1000, "{count}");
    }
}

#[test]
fn senseless_queries_find_nothing() {
    let Some(gpu) = gpu::gpu() else { return };
    let splats = random_splats(&mut Pcg64Mcg::seed_from_u64(702), 300, 0);
    let uploaded = GpuSplats::upload(gpu, &splats).unwrap();
    let mut selector = Selector::new(gpu).unwrap();
    let intrinsics = Intrinsics::from_vertical_fov(0.9, 20, 10);
    let camera = Camera::look_at(intrinsics, Vec3::ONE, Vec3::ZERO, Vec3::Y);
    let mut lost = camera;
    lost.c2w.matrix3 = glam::Mat3A::ZERO;
    let screen = |camera, mask| Query::Screen { camera, mask };
    let range = |low, high| Query::Range {
        property: Property::Opacity,
        low,
        high,
    };
    let centre = Vec3::new(0.0, f32::NAN, 0.0);
    for query in [
        screen(camera, ScreenMask::empty(20, 10)),
        screen(camera, ScreenMask::full(0, 0)),
        screen(lost, ScreenMask::full(20, 10)),
        range(f32::NAN, 1.0),
        range(0.9, 0.1),
        Query::Ball {
            centre,
            radius: f32::INFINITY,
        },
        Query::Ball {
            centre: Vec3::ZERO,
            radius: -0.5,
        },
        Query::Box {
            centre: Vec3::ZERO,
            half: Vec3::INFINITY,
            rotation: Quat::from_xyzw(f32::NAN, 0.0, 0.0, 1.0),
        },
        Query::Colour {
            rgb: [0.5; 3],
            tolerance: f32::NAN,
        },
    ] {
        let found = selector.find(gpu, &uploaded, &query).unwrap();
        assert!(
            found == [0; 10] && query.matches(&splats) == [0; 10],
            "{query:?}"
        );
    }
    // Infinite borders are no borders, but what is not finite still matches nothing.
    for query in [
        range(f32::NEG_INFINITY, f32::INFINITY),
        Query::Box {
            centre: Vec3::ZERO,
            half: Vec3::INFINITY,
            rotation: Quat::IDENTITY,
        },
    ] {
        let found = selector.find(gpu, &uploaded, &query).unwrap();
        let count: u32 = found.iter().map(|it| it.count_ones()).sum();
        assert_eq!(found, query.matches(&splats));
        // Of eight that have a wrong number two have it in their colour.
        assert_eq!(count, 294);
    }
}

/// Splats with 3D filters are asked as they look: wider and fainter than their numbers say.
#[test]
fn filters_count() {
    let Some(gpu) = gpu::gpu() else { return };
    let mut rng = Pcg64Mcg::seed_from_u64(703);
    let mut splats = random_splats(&mut rng, 1300, 1);
    for i in (5..1300).step_by(41) {
        // Baking makes nothing sensible of them.
        splats.means[i] = Vec3::ZERO;
        splats.quats[i] = [1.0; 4];
        splats.log_scales[i] = Vec3::ZERO;
        splats.opacity_logits[i] = 0.0;
        splats.sh_coeffs[4 * i..4 * i + 4].fill([0.0; 3]);
    }
    let uploaded = filtered(gpu, &splats);
    assert!(uploaded.filter_plane().is_some());
    let baked = uploaded.download(gpu).unwrap();
    let mut selector = Selector::new(gpu).unwrap();
    let mut changed = 0;
    for property in &PROPERTIES[..5] {
        let query = Query::Range {
            property: *property,
            low: property.of(&baked, 7),
            high: property.of(&baked, 8).max(1.3 * property.of(&baked, 7)),
        };
        let found = selector.find(gpu, &uploaded, &query).unwrap();
        check(&query, &baked, &[&found, &query.matches(&baked)]);
        changed += usize::from(found != query.matches(&splats));
    }
    assert!(3 <= changed, "{changed}");
}

/// One selector, many scenes: nothing of an earlier answer is left in a later one.
#[test]
fn answers_do_not_mix() {
    let Some(gpu) = gpu::gpu() else { return };
    let mut rng = Pcg64Mcg::seed_from_u64(704);
    let mut selector = Selector::new(gpu).unwrap();
    let scene = |gpu: &Gpu, rng: &mut Pcg64Mcg, n| {
        let splats = random_splats(rng, n, 0);
        (GpuSplats::upload(gpu, &splats).unwrap(), splats)
    };
    let all = Query::Ball {
        centre: Vec3::ZERO,
        radius: 100.0,
    };
    for n in [2000, 40, 700, 3000] {
        let (uploaded, splats) = scene(gpu, &mut rng, n);
        let found = selector.find(gpu, &uploaded, &all).unwrap();
        assert_eq!(found, all.matches(&splats));
        let none = Query::Ball {
            centre: Vec3::splat(50.0),
            radius: 1.0,
        };
        let found = selector.find(gpu, &uploaded, &none).unwrap();
        assert!(found.iter().all(|it| *it == 0));
    }
}

/// All threads find what one does, to the bit.
#[test]
fn threads_share_a_query() {
    let rng = &mut Pcg64Mcg::seed_from_u64(77);
    for count in [0, 1, 33, 8192, 20_001] {
        let splats = random_splats(rng, count, 1);
        for number in 0..30 {
            let query = random_query(rng, &splats, number);
            let words = query.matches(&splats);
            let expected = Bits::from_words(count, words.clone());
            assert_eq!(matching(&query, &splats), expected, "{query:?}");
            let part = query.matches_in(&splats, 200..900);
            let known = |k: usize| words.get(200 + k).copied().unwrap_or(0);
            assert!((0..700).all(|k| part[k] == known(k)));
        }
    }
}

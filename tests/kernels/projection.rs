//! `cull` and `project` against their twins and against golden projections.

use std::path::Path;

use glam::DVec2;
use render::gpu::{ChunkUniform, FrameUniform, Gpu, GpuVec, Groups};
use render::kernels::cull;
use render::rasterizer::{Capacity, Counted, Projected, frame_uniform};
use render::{GpuSplats, RenderConfig, Splats, Style};
use tests::fixtures::{RasterCase, raster_case};
use tests::{gpu, test_data};

use super::chain::{Chain, camera, random_splats, splats_from_bits};
use super::{kernels, rng, run};
use crate::reference;

/// Rounding of a mean or an extent, in pixels, for splats in and around the image.
const ROUNDING_PX: f64 = 2e-3;

/// Settings that take different paths through the projection.
fn configs() -> Vec<(&'static str, RenderConfig)> {
    let style = |style| RenderConfig {
        style,
        ..RenderConfig::default()
    };
    vec![
        ("classic", RenderConfig::default()),
        (
            "antialiased",
            RenderConfig {
                antialiased: true,
                eps2d: 0.1,
                ..RenderConfig::default()
            },
        ),
        (
            "no threshold, low degree",
            RenderConfig {
                alpha_min: 0.0,
                max_sh_degree: 1,
                near: 0.5,
                far: 4.0,
                ..RenderConfig::default()
            },
        ),
        ("points", style(Style::Points)),
        ("ellipsoids", style(Style::Ellipsoids)),
        ("axis normals", style(Style::AxisNormals)),
    ]
}

/// The marked splats are those of the twin, up to rounding at the image's border.
fn check_visible(marked: &[usize], splats: &Splats, chain: &Chain<'_>) {
    let certain = reference::cull::cull(splats, &chain.uniform, -ROUNDING_PX);
    let possible = reference::cull::cull(splats, &chain.uniform, ROUNDING_PX);
    let mut is_marked = vec![false; splats.len()];
    for &i in marked {
        is_marked[i] = true;
        assert!(
            possible[i],
            "splat {i} is marked and does not reach the image"
        );
    }
    for (i, certain) in certain.into_iter().enumerate() {
        assert!(!certain || is_marked[i], "splat {i} is missing");
    }
}

#[test]
fn cull_agrees_at_every_size() {
    let Some(gpu) = gpu::gpu() else { return };
    for n in [1, 255, 256, 257, 1000, 2600] {
        let splats = random_splats(&mut rng(20 + n as u64), n, 0);
        for (name, config) in configs() {
            let chain = Chain::new(gpu, &splats, &camera(150, 90), &config, 1);
            chain.cull();
            let bits = chain.visible_bits.read(gpu).unwrap();
            let marked = splats_from_bits(&bits);
            check_visible(&marked, &splats, &chain);
            let sums: Vec<u32> = bits
                .chunks(8)
                .map(|it| it.iter().map(|bits| bits.count_ones()).sum())
                .collect();
            let ours = chain.block_offsets.read(gpu).unwrap();
            assert_eq!(ours, sums, "{n} splats, {name}");
        }
    }
}

/// A later chunk writes behind the earlier ones, zeros where it has room and no splats;
/// workgroups beyond its end write nothing.
#[test]
fn cull_writes_only_its_own_blocks() {
    let Some(gpu) = gpu::gpu() else { return };
    let splats = random_splats(&mut rng(21), 300, 0);
    let chain = Chain::new(gpu, &splats, &camera(150, 90), &RenderConfig::default(), 1);
    let (_, params) = chain.chunks().next().unwrap();
    for count in [0, 300] {
        let chunk = ChunkUniform {
            first: 512,
            count,
            stride: 300,
            sh_degree: 0,
            frozen: 0,
        };
        let visible_bits = GpuVec::from_slice(gpu, "bits", &[9_u32; 48]).unwrap();
        let block_sums = GpuVec::from_slice(gpu, "sums", &[9_u32; 6]).unwrap();
        let arrays = cull::Arrays {
            frame: &chain.frame,
            chunk: &GpuVec::from_slice(gpu, "chunk", &[chunk]).unwrap(),
            params,
            visible_bits: &visible_bits,
            block_sums: &block_sums,
        };
        let kernel = &kernels(gpu).cull;
        let bound = kernel.bind(gpu, &arrays);
        run(gpu, kernel.kernel(), &bound, Groups::Direct(4, 1));
        let sums = block_sums.read(gpu).unwrap();
        let bits = visible_bits.read(gpu).unwrap();
        let written: Vec<bool> = sums.iter().map(|&it| it != 9).collect();
        assert_eq!(written, [false, false, true, true, false, false]);
        assert!(0 < count || sums[2..4] == [0, 0]);
        assert!(bits[..16].iter().chain(&bits[32..]).all(|&it| it == 9));
    }
}

fn close(ours: f32, expected: f64, relative: f64, absolute: f64) -> bool {
    (f64::from(ours) - expected).abs() <= relative * expected.abs() + absolute
}

/// Every projected value against the twin's; returns how many tiles all touch.
fn check_projected(ours: &Projected, splats: &Splats, chain: &Chain<'_>) {
    let visible = splats_from_bits(&ours.visible_bits);
    assert_eq!(visible.len(), ours.a.len());
    for (k, &i) in visible.iter().enumerate() {
        let Some(expected) = reference::project::project(splats, i, &chain.uniform) else {
            panic!("splat {i} is not visible");
        };
        let [u, v, z, extent_y] = ours.a[k];
        let [xx, xy, yy, opacity] = ours.b[k];
        let [r, g, b, extent_x] = ours.c[k];
        let about = || {
            format!(
                "splat {i}: {:?} {:?} {:?} {expected:?}",
                ours.a[k], ours.b[k], ours.c[k]
            )
        };
        let mean = DVec2::new(f64::from(u), f64::from(v));
        let off = (mean - expected.mean2d).abs().max_element();
        let reach = expected.mean2d.abs().max_element();
        assert!(off <= 1e-4 + 4e-6 * reach, "mean2d {}", about());
        assert!(close(z, expected.depth, 1e-6, 1e-6), "depth {}", about());
        assert!(
            close(opacity, expected.opacity, 2e-4, 0.0),
            "opacity {}",
            about()
        );
        let row = expected.conic.iter().fold(0.0_f64, |m, it| m.max(it.abs()));
        for (ours, expected) in [xx, xy, yy].into_iter().zip(expected.conic) {
            assert!(close(ours, expected, 0.0, 1e-4 * row), "conic {}", about());
        }
        for (ours, expected) in [r, g, b].into_iter().zip(expected.rgb.to_array()) {
            assert!(close(ours, expected, 0.0, 4e-6), "rgb {}", about());
        }
        // Where the splat barely shows, the root magnifies what rounding does to its opacity.
        let relative = 1e-5 + 1e-5 / expected.cut;
        assert!(
            close(extent_x, expected.extent.x, relative, 1e-6),
            "extent {}",
            about()
        );
        assert!(
            close(extent_y, expected.extent.y, relative, 1e-6),
            "extent {}",
            about()
        );
    }
}

#[test]
fn project_agrees_at_every_size() {
    let Some(gpu) = gpu::gpu() else { return };
    for n in [1, 255, 256, 257, 2600] {
        let splats = random_splats(&mut rng(30 + n as u64), n, n as u32 % 4);
        for (name, config) in configs() {
            println!("{n} splats, {name}");
            let chain = Chain::new(gpu, &splats, &camera(150, 90), &config, 1);
            chain.cull();
            chain.scan(Counted::Visible);
            chain.project();
            let projected = chain.projected();
            check_projected(&projected, &splats, &chain);
            let n = projected.a.len();
            let keys = chain.depth.keys[0].read_range(gpu, 0, n).unwrap();
            let depths: Vec<u32> = projected.a.iter().map(|it| it[2].to_bits()).collect();
            assert_eq!(keys, depths, "keys order as depths do");
            let ids = chain.depth.values[0].read_range(gpu, 0, n).unwrap();
            assert!((0..n as u32).eq(ids));
        }
    }
}

/// The counters tell how many splats there is no room for, and nothing is written for those.
#[test]
fn project_stays_within_its_room() {
    let Some(gpu) = gpu::gpu() else { return };
    let splats = random_splats(&mut rng(23), 1500, 0);
    let chain = Chain::new(gpu, &splats, &camera(150, 90), &RenderConfig::default(), 1);
    chain.cull();
    chain.scan(Counted::Visible);
    let wanted = chain.projected().counters.num_visible;
    assert!(256 < wanted - 1, "{wanted}");
    for room in [wanted, wanted - 1, 256, 1, 0] {
        let frame = FrameUniform {
            visible_capacity: room,
            ..chain.uniform
        };
        chain.frame.write(gpu, &[frame]);
        for array in [&chain.projected_a, &chain.projected_b, &chain.projected_c] {
            array.write(gpu, &vec![[-1.0; 4]; 1500]);
        }
        chain.cull();
        chain.scan(Counted::Visible);
        chain.project();
        let projected = chain.projected();
        assert_eq!(projected.counters.num_visible, room);
        assert_eq!(projected.counters.wanted_visible, wanted);
        for array in [&chain.projected_a, &chain.projected_b, &chain.projected_c] {
            let written = array.read(gpu).unwrap();
            let (inside, beyond) = written.split_at(room as usize);
            assert!(inside.iter().all(|&it| it != [-1.0; 4]));
            assert!(beyond.iter().all(|&it| it == [-1.0; 4]));
        }
    }
}

/// Values no optimiser should leave, and files may hold: they do not reach the image, and the
/// splats beside them do. A rotation that is none counts as the identity, as on the host.
#[test]
fn broken_splats_are_left_out() {
    let Some(gpu) = gpu::gpu() else { return };
    let n = 60;
    let mut splats = random_splats(&mut rng(22), n, 0);
    for (i, mean) in splats.means.iter_mut().enumerate() {
        *mean = glam::Vec3::new(0.0, 0.0, 2.0);
        splats.opacity_logits[i] = 2.0;
    }
    let broken = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
    for (k, bad) in broken.into_iter().enumerate() {
        splats.means[k].x = bad;
        splats.means[3 + k].z = bad;
        splats.quats[6 + k][1] = bad;
    }
    splats.quats[6] = [0.0; 4];
    splats.log_scales[9].y = f32::NAN;
    splats.log_scales[10].y = 80.0;
    splats.opacity_logits[11] = f32::NAN;
    splats.opacity_logits[12] = f32::NEG_INFINITY;
    let chain = Chain::new(
        gpu,
        &splats,
        &camera(64, 48),
        &RenderConfig::default(),
        1 << 14,
    );
    chain.run_to_image();
    let visible = splats_from_bits(&chain.projected().visible_bits);
    let expected: Vec<usize> = std::iter::once(6).chain(13..n).collect();
    assert_eq!(visible, expected);
    let image = chain.image.read(gpu).unwrap();
    assert!(image.iter().flatten().all(|it| it.is_finite()));
}

const GOLDEN: &[&str] = &[
    "r1",
    "r2",
    "r2_nocut",
    "r5_sh0",
    "r5_sh1",
    "r5_sh2",
    "r5_active1",
    "r6",
    "r3",
    "r3_nocut",
    "r3_amax999",
    "r4",
    "r7",
];

#[test]
fn projections_match_the_golden_files() {
    let (Some(folder), Some(gpu)) = (test_data(), gpu::gpu()) else {
        return;
    };
    for name in GOLDEN {
        check_golden(gpu, &folder, name);
    }
}

/// With the tolerances that the files' own noise suggests.
fn check_golden(gpu: &Gpu, folder: &Path, name: &str) {
    let case = raster_case(&folder.join(format!("fixtures/raster/{name}.safetensors")));
    let splats = GpuSplats::upload(gpu, &case.splats).unwrap();
    let mut rasterizer = gpu::rasterizer(gpu);
    rasterizer
        .draw_complete(gpu, &splats, &case.camera, &case.config)
        .unwrap();
    let ours = rasterizer.read_projected(gpu).unwrap();
    let t = &case.tensors;
    let hard = matches!(name, "r3" | "r3_nocut" | "r3_amax999" | "r4" | "r7");
    let (mean_px, per_px, row, colour) = if hard {
        (1e-3, 4e-6, 1e-4, 4e-6)
    } else {
        (5e-5, 2e-6, 1e-5, 1e-6)
    };
    let opacity_off = if name == "r4" { 1e-4 } else { colour };
    let visible = splats_from_bits(&ours.visible_bits);
    let (means, conics) = (t.rows::<2>("proj_means2d"), t.rows::<3>("proj_conics"));
    let (depths, opacities) = (t.f32s("proj_depths"), t.f32s("proj_opacity"));
    let colours = t.rows::<3>("proj_color");
    let valid = t.u8s("proj_valid");
    for (k, &i) in visible.iter().enumerate() {
        let about = format!("{name}, splat {i}");
        assert_eq!(valid[i], 1, "{about}");
        for (ours, golden) in ours.a[k].into_iter().zip(means[i]) {
            let off = (ours - golden).abs();
            assert!(off <= mean_px + per_px * golden.abs(), "{about} mean2d");
        }
        assert!((ours.a[k][2] - depths[i]).abs() <= 1e-6 + 1e-6 * depths[i]);
        let largest = conics[i].iter().fold(0.0_f32, |m, it| m.max(it.abs()));
        for j in 0..3 {
            let off = (ours.b[k][j] - conics[i][j]).abs();
            assert!(off <= row * largest, "{about} conic");
            let off = (ours.c[k][j] - colours[i][j]).abs();
            assert!(off <= colour, "{about} colour {off:e}");
        }
        let off = (ours.b[k][3] - opacities[i]).abs();
        assert!(off <= opacity_off, "{about} opacity {off:e}");
    }
    // Without a threshold the files count weights that a pixel of 32-bit floats cannot show.
    let (seen, weights) = (t.i32s("contrib_count"), t.f32s("max_weight"));
    let missing: Vec<usize> = (0..valid.len())
        .filter(|&i| 0 < seen[i] && 1e-20 < weights[i] && !visible.contains(&i))
        .collect();
    assert!(missing.is_empty(), "{name}: seen and culled: {missing:?}");
    // Without a threshold every splat counts at every pixel, however faint.
    if 0.0 < case.config.alpha_min {
        check_counts(&case, &ours, &splats);
    }
}

/// The twin of `blend` decides at every pixel as the reference did, which ties it to the files.
fn check_counts(case: &RasterCase, ours: &Projected, splats: &GpuSplats) {
    let size = [case.camera.intrinsics.width, case.camera.intrinsics.height];
    let capacity = Capacity {
        image_size: size,
        splats: splats.len(),
        visible: splats.len(),
        pairs: 0,
    };
    let frame = frame_uniform(&case.camera, &case.config, splats, &capacity);
    let arrays = reference::blend::ProjectedArrays {
        a: &ours.a,
        b: &ours.b,
        c: &ours.c,
    };
    let pixels = reference::blend::blend(arrays, &frame);
    let counts: Vec<i32> = pixels.iter().map(|it| it.count as i32).collect();
    assert!(
        counts == case.tensors.i32s("out_pixel_count"),
        "counts differ"
    );
    let alphas: Vec<f32> = pixels.iter().map(|it| it.alpha as f32).collect();
    let off = tests::max_abs_diff(&alphas, &case.tensors.f32s("out_alpha"));
    assert!(off < 1e-4, "{off:e}");
}

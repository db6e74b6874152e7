//! The published loader's cameras, rays, patches and photos, from its golden file.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use glam::{Affine3A, DAffine3, DMat4, Mat4};
use image::{RgbImage, RgbaImage};
use recon::dataset::{Dataset, ImageFile, ImportReport, Lens, Points, Split, View};
use recon::io::Folder;
use recon::model::newton_schulz::Precision;
use recon::model::rays::{Grid, NetworkCamera};
use recon::model::views::{InputLoader, InputView};
use recon::model::{Frame, ModelConfig, SceneFrame};
use tests::{fixtures::Tensors, max_abs_diff, test_data};

fn tensors() -> Option<Tensors> {
    let path = test_data()?.join("fixtures/tttlrm/g_preprocess.safetensors");
    Some(Tensors::open(&path))
}

#[test]
fn cameras_are_the_published_ones() {
    let Some(tensors) = tensors() else { return };
    let poses = |name: &str| -> Vec<DAffine3> {
        let numbers = tensors.f64s(name);
        let matrices = numbers.as_chunks::<16>().0.iter();
        matrices
            .map(|it| DAffine3::from_mat4(DMat4::from_cols_array(it).transpose()))
            .collect()
    };
    let given = poses("pose/c2w");
    for (frame, name) in [(Frame::MeanCam, "mean_cam"), (Frame::FirstCam, "first_cam")] {
        let scene = SceneFrame::new(frame, &given);
        assert!(!scene.is_scale_unknown);
        for (c2w, expected) in given.iter().zip(poses(&format!("pose/{name}.c2w"))) {
            let ours = scene.camera(c2w, [1.0, 2.0, 3.0, 4.0]);
            let ours_double = ours.c2w.to_cols_array();
            let expected = expected.to_cols_array().map(|it| it as f32);
            assert!(max_abs_diff(&ours_double, &expected) < 1e-6, "{name}");
            assert_eq!(ours.lens, [1.0, 2.0, 3.0, 4.0]);
        }
    }
}

/// The two cameras of the golden file.
fn cameras(tensors: &Tensors) -> Vec<NetworkCamera> {
    let poses = tensors.f32s("rays/c2w");
    let poses = poses.as_chunks::<16>().0.iter();
    let lenses = tensors.rows::<4>("rays/fxfycxcy");
    let camera = |(pose, lens): (&[f32; 16], [f32; 4])| NetworkCamera {
        c2w: Affine3A::from_mat4(Mat4::from_cols_array(pose).transpose()),
        lens,
    };
    poses.zip(lenses).map(camera).collect()
}

#[test]
fn rays_and_patches_are_the_published_ones() {
    let Some(tensors) = tensors() else { return };
    let shape = tensors.shape("rays/image");
    let (height, width) = (shape[2], shape[3]);
    let grid = Grid {
        width,
        height,
        patch: 8,
    };
    let channel_major = |name: &str, channels: usize, view: usize| -> Vec<f32> {
        let size = channels * width * height;
        tensors.f32s(name)[view * size..(view + 1) * size].to_vec()
    };
    let patches = tensors.f32s("rays/patches");
    let each = patches.len() / 2;
    for (view, camera) in cameras(&tensors).iter().enumerate() {
        let plane = width * height;
        let image = channel_major("rays/image", 3, view);
        let rgb: Vec<[f32; 3]> = (0..plane)
            .map(|i| [image[i], image[plane + i], image[2 * plane + i]])
            .collect();
        let ours = camera.patches(&rgb, None, grid, Precision::F32);
        let expected = &patches[view * each..(view + 1) * each];
        let off = max_abs_diff(&ours, expected);
        println!("patches of view {view}: {off}");
        assert!(off < 1e-6, "{off}");
        // The twelve channels by their places in the photo, and both kinds of rays.
        let input = channel_major("rays/model_input", 12, view);
        for (pixel, (x, y)) in ours.chunks(12).zip(grid.pixels()) {
            for (channel, value) in pixel.iter().enumerate() {
                let expected = input[channel * plane + y * width + x];
                assert!((value - expected).abs() < 1e-6, "{channel} at {x}, {y}");
            }
        }
        let mut rounding = 0.0_f32;
        for (precision, name, bound) in [
            (Precision::F32, "rays/ray_d", 1e-6),
            (Precision::Bf16, "rays/ray_d_amp_emul", 1e-6),
        ] {
            let expected = channel_major(name, 3, view);
            for (x, y) in grid.pixels() {
                let ours = camera.direction(x, y, precision);
                for (axis, value) in ours.to_array().into_iter().enumerate() {
                    let expected = expected[axis * plane + y * width + x];
                    assert!((value - expected).abs() < bound, "{name} at {x}, {y}");
                }
                let exact = camera.direction(x, y, Precision::F32);
                rounding = rounding.max(ours.distance(exact));
            }
        }
        assert!((1e-3..1e-2).contains(&rounding), "bfloat16: {rounding}");
    }
}

/// A photo as the network of this size gets it from a file.
fn loaded(photo: &RgbaImage, is_transparent: bool, lens: Lens, size: (u32, u32)) -> InputView {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("photo.png");
    if is_transparent {
        photo.save(&path).unwrap();
    } else {
        let opaque: RgbImage = image::DynamicImage::ImageRgba8(photo.clone()).into_rgb8();
        opaque.save(&path).unwrap();
    }
    let dataset = Dataset {
        name: "golden".to_owned(),
        folder: Folder::open(folder.path()).unwrap(),
        views: vec![View {
            name: "photo.png".to_owned(),
            lens: 0,
            c2w: DAffine3::IDENTITY,
            image: ImageFile {
                path: "photo.png".into(),
                width: photo.width(),
                height: photo.height(),
                orientation: Default::default(),
                has_alpha: is_transparent,
                bits: 8,
            },
            mask: None,
            split: Split::Train,
            ignored: false,
        }],
        lenses: vec![lens],
        points: Points::default(),
        input_lists: BTreeMap::new(),
        hold_out: None,
        report: ImportReport::default(),
    };
    let config = ModelConfig {
        image_width: size.0 as usize,
        image_height: size.1 as usize,
        ..ModelConfig::default()
    };
    let mut found = None;
    let loader = InputLoader::new(Arc::new(dataset), &config, [1.0; 3]);
    let flow = loader.for_each(&[0], &mut |view, input| {
        assert_eq!(view, 0);
        found = Some(input.unwrap());
        ControlFlow::Continue(())
    });
    assert!(flow.is_continue());
    found.unwrap()
}

#[test]
fn photos_are_the_published_ones_to_the_byte() {
    let Some(tensors) = tensors() else { return };
    let size = |name: &str| {
        let shape = tensors.shape(name);
        (shape[1] as u32, shape[0] as u32)
    };
    for case in ["down", "up", "vert_only", "same", "rgba"] {
        let name = |what: &str| format!("resize/{case}.{what}");
        let (from, to) = (size(&name("in")), size(&name("out")));
        let bytes = tensors.u8s(&name("in"));
        let is_transparent = case == "rgba";
        let rgba = if is_transparent {
            bytes
        } else {
            let opaque = bytes.as_chunks::<3>().0.iter();
            opaque.flat_map(|[r, g, b]| [*r, *g, *b, 255]).collect()
        };
        let photo = RgbaImage::from_raw(from.0, from.1, rgba).unwrap();
        let mut lens = Lens::centred(50.0, from.0, from.1);
        (lens.fy, lens.cx, lens.cy) = (51.0, 48.3, 26.1);
        let input = loaded(&photo, is_transparent, lens, to);
        assert!(
            input.rgb.as_flattened() == tensors.u8s(&name("out")),
            "{case}"
        );
        assert_eq!(input.counts, None);
        if is_transparent {
            continue;
        }
        for (ours, theirs) in input.lens.iter().zip(tensors.f64s(&name("fxfycxcy"))) {
            assert!(
                (ours - theirs as f32).abs() < 1e-5,
                "{case}: {ours} {theirs}"
            );
        }
    }
}

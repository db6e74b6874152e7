//! Several devices that share the views of a scene make the splats that one makes.

use std::fs;

use glam::Vec3;
use recon::dataset::PoseFormat;
use render::Splats;
use tests::capture::{Capture, straight_lens};
use tests::gpu;

use super::Desk;
use super::eval::number;
use super::reconstruct::{desk, list};

/// Two files of a desk hold the same splats, up to rounding.
pub(super) fn same_splats(desk: &Desk, found: &str, expected: &str) {
    let open = |name: &str| recon::io::open_splats(&desk.path(name)).unwrap().splats;
    let (found, expected) = (open(found), open(expected));
    assert_eq!(found.len(), expected.len());
    assert!(!found.is_empty());
    let numbers = |it: &Splats| -> Vec<f32> {
        let means = it.means.iter().chain(&it.log_scales);
        let means = means.flat_map(Vec3::to_array);
        let harmonics = it.sh_coeffs.iter().flatten().copied();
        let quats = it.quats.iter().flatten().copied();
        let logits = it.opacity_logits.iter().copied();
        means.chain(harmonics).chain(quats).chain(logits).collect()
    };
    let all = numbers(&found).into_iter().zip(numbers(&expected));
    for (found, expected) in all {
        let most = 1e-5 * (1.0 + expected.abs());
        assert!((found - expected).abs() <= most, "{found}, not {expected}");
    }
}

#[test]
fn devices_share_the_views() {
    if gpu::gpu().is_none() {
        return;
    }
    let desk = desk();
    for mode in ["full", "replay --chunk 2"] {
        let run = |devices: &str, out: &str| {
            desk.run(&format!(
                "reconstruct scan --weights whole.safetensors --views 5 --choice even --mode {mode} \
                 --device {devices} --out {out} --json"
            ))
        };
        let alone = run("cpu", "alone.ply").done().json();
        for devices in ["cpu,cpu", "cpu,cpu,cpu"] {
            let shared = run(devices, "shared.ply").done().json();
            same_splats(&desk, "shared.ply", "alone.ply");
            assert_eq!(list(&shared, "chunks").len(), list(&alone, "chunks").len());
            let names = shared["device"].as_str().unwrap();
            assert_eq!(
                names.matches("processor").count(),
                devices.len().div_ceil(4)
            );
        }
    }
    for mode in ["causal", "merge"] {
        let words = format!(
            "reconstruct scan --weights tiny.safetensors --mode {mode} --device cpu,cpu --out a.ply"
        );
        desk.run(&words)
            .failed(1, &["2 devices", "Full and replay"]);
    }
    let words = "reconstruct scan --weights tiny.safetensors --device cpu,vulkan";
    let outcome = desk.run(words);
    assert_eq!(outcome.code, Some(1));
    assert!(
        outcome.stderr.contains("\"vulkan\" is no device"),
        "{}",
        outcome.stderr
    );
    // Measured like one.
    let folder = desk.path("scenes/one");
    fs::create_dir_all(&folder).unwrap();
    let capture = Capture::new(9, &straight_lens(60, 40));
    capture.write(&folder, PoseFormat::OpencvCameras);
    fs::write(
        desk.path("list.json"),
        r#"["scenes/one/opencv_cameras.json"]"#,
    )
    .unwrap();
    let psnr = |devices: &str| {
        let words = format!(
            "eval-model list.json --weights tiny.safetensors --views 3 --device {devices} --json"
        );
        number(&desk.run(&words).done().json()["psnr"])
    };
    assert!((psnr("cpu,cpu") - psnr("cpu")).abs() < 1e-3);
}

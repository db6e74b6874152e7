//! The window's panels, found by their labels, and the whole application without a window.

mod application;
mod editor;
mod instant;
mod keys;
mod looking_through;
mod optimise;
mod panels;
mod photos;
mod project;
mod show;

use app::action::Action;
use app::settings::Settings;
use app::state::{AppState, Gravity, Message};
use eframe::egui_wgpu::{WgpuSetup, WgpuSetupExisting};
use egui_kittest::wgpu::WgpuTestRenderer;
use glam::Vec3;
use recon::io::{SplatFile, SplatFormat};
use recon::worker::Snapshot;
use render::gpu::{AdapterKind, Capabilities, Gpu};
use render::{GpuSplats, Splats};

/// Draws with the device that draws splats.
fn renderer(gpu: &Gpu) -> WgpuTestRenderer {
    WgpuTestRenderer::from_setup(WgpuSetup::Existing(WgpuSetupExisting {
        instance: gpu.instance.clone(),
        adapter: gpu.adapter.clone(),
        device: gpu.device.clone(),
        queue: gpu.queue.clone(),
    }))
}

/// Nothing open, on an adapter that is the same everywhere.
fn empty_state(gpu: &Gpu) -> AppState {
    let adapter = Capabilities {
        name: "Test Adapter 3000".to_owned(),
        driver: "1.0".to_owned(),
        backend: "vulkan".to_owned(),
        kind: AdapterKind::Discrete,
        max_binding_bytes: 2 << 30,
        timestamps: true,
        ..gpu.capabilities().clone()
    };
    let mut state = AppState::new(adapter, Settings::default());
    state.is_mac = false;
    state
}

/// A scene of two splats and something to tell in every panel.
fn full_state(gpu: &Gpu) -> AppState {
    let mut state = empty_state(gpu);
    let splats = Splats {
        means: vec![Vec3::ZERO, Vec3::new(1.0, 2.0, 3.0)],
        quats: vec![[1.0, 0.0, 0.0, 0.0]; 2],
        log_scales: vec![Vec3::splat(-1.0); 2],
        opacity_logits: vec![0.5; 2],
        sh_coeffs: vec![[0.5; 3]; 8],
        sh_degree: 1,
    };
    let mut file = SplatFile::new(splats, SplatFormat::Ply);
    file.warnings.push("one property was not known".to_owned());
    let on_gpu = GpuSplats::upload(gpu, &file.splats).unwrap();
    let path = Some("/scenes/two.ply".into());
    state.set_scene(Snapshot::new(1, on_gpu, file, "two.ply".to_owned(), path));
    for (time, x) in [(0.0, -4.0), (2.5, 4.0)] {
        let c2w = glam::Affine3A::from_translation(Vec3::new(x, 0.0, -8.0));
        let keyframe = recon::camera_path::Keyframe::new(time, &c2w, 50.0);
        state.show.selected = state.show.path.insert(keyframe);
    }
    state.settings.remember("/scenes/one.ply".as_ref());
    state.messages.push(Message {
        gravity: Gravity::Warning,
        text: "one property was not known".to_owned(),
    });
    state.project = Some(project::posed());
    state.error = Some("/scenes/three.ply: the header ends early".to_owned());
    state
}

/// Panel, what it reads, what it asked for.
type Shown = (AppState, Vec<Action>);

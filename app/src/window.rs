//! Opens the window and runs the application in it, on the graphics device that was chosen.

use std::time::Duration;

use anyhow::anyhow;
use eframe::egui;
use egui_wgpu::{WgpuConfiguration, WgpuSetup, WgpuSetupExisting};
use render::gpu::Gpu;

use crate::app::App;
pub use crate::app::Start;
use crate::kept_adapter::kept_adapter;
use crate::settings::FOLDER;

/// Edits that are in no project are kept so often.
const KEEP_EVERY: Duration = Duration::from_mins(1);

/// Shows the window until it is closed.
///
/// # Errors
/// Where there is no display or the device cannot draw to it.
pub fn run(gpu: Gpu, start: Start) -> anyhow::Result<()> {
    let options = options(&gpu);
    let accepts_drops = accepts_drops();
    let create = Box::new(move |cc: &eframe::CreationContext<'_>| {
        let mut app = App::new(cc, &gpu, start)?;
        if !accepts_drops {
            app.refuse_drops();
        }
        let names = Gpu::list().into_iter().map(|it| it.name);
        app.offer_adapters(names.collect(), kept_adapter());
        if let Some(folder) = eframe::storage_dir(FOLDER) {
            app.keep_unsaved_in(&folder, KEEP_EVERY);
        }
        Ok(Box::new(app) as Box<dyn eframe::App>)
    });
    // eframe's error is not Sync, so it travels as text.
    eframe::run_native(FOLDER, options, create).map_err(|err| {
        anyhow!(
            "the window could not be opened: {err}. Is the display there (DISPLAY, \
                 WAYLAND_DISPLAY)? `accrete render FILE --out x.png` draws without one"
        )
    })
}

fn options(gpu: &Gpu) -> eframe::NativeOptions {
    let setup = WgpuSetup::Existing(WgpuSetupExisting {
        instance: gpu.instance.clone(),
        adapter: gpu.adapter.clone(),
        device: gpu.device.clone(),
        queue: gpu.queue.clone(),
    });
    eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default()
            .with_icon(icon())
            .with_title("Accrete")
            .with_app_id(FOLDER)
            .with_inner_size([1280.0, 800.0])
            .with_min_inner_size([480.0, 360.0])
            .with_drag_and_drop(true),
        renderer: eframe::Renderer::Wgpu,
        wgpu_options: WgpuConfiguration {
            wgpu_setup: setup,
            ..WgpuConfiguration::default()
        },
        event_loop_builder: event_loop_hook(),
        ..eframe::NativeOptions::default()
    }
}

/// The demo scene, as `accrete render` draws it. No icon rather than no window where it is broken.
fn icon() -> egui::IconData {
    let png = include_bytes!("../../assets/icon.png");
    eframe::icon_data::from_png_bytes(png).unwrap_or_default()
}

/// winit hears of dropped files on X11 and not on Wayland: where both are there, X11 it is.
#[cfg(target_os = "linux")]
fn event_loop_hook() -> Option<eframe::EventLoopBuilderHook> {
    use winit::platform::x11::EventLoopBuilderExtX11;
    let prefer_x11: eframe::EventLoopBuilderHook = Box::new(|builder| {
        builder.with_x11();
    });
    has_x11().then_some(prefer_x11)
}

#[cfg(not(target_os = "linux"))]
fn event_loop_hook() -> Option<eframe::EventLoopBuilderHook> {
    None
}

fn accepts_drops() -> bool {
    !cfg!(target_os = "linux") || has_x11()
}

/// Whether there is an X11 display.
fn has_x11() -> bool {
    std::env::var_os("DISPLAY").is_some_and(|it| !it.is_empty())
}

//! What a browser draws of a page is what we draw of the scene.

use glam::{Mat4, Vec3};
use recon::io::html::{Page, PageLook};
use recon::io::{SplatFile, SplatFormat, save_with_page};
use recon::synthetic::demo_scene;
use render::{Camera, Intrinsics, RenderConfig, software};
use serde_json::json;

use super::browser::{self, Browser};
use super::unpack::from_base64;

/// As the window's, and none that hides a missing background.
pub(super) const BACKGROUND: [f32; 3] = [0.3, 0.5, 0.7];

/// Waits until the page has drawn what it was asked for.
pub(super) const RESTED: &str = "new Promise((done) => { const look = () =>
    document.documentElement.dataset.state === 'ready' ? done(1) : setTimeout(look, 20); look(); })";

fn camera(eye: Vec3) -> Camera {
    let intrinsics = Intrinsics {
        cx: 83.0,
        fy: 190.0,
        ..Intrinsics::from_vertical_fov(0.6, 160, 120)
    };
    Camera::look_at(intrinsics, eye, Vec3::ZERO, Vec3::NEG_Y)
}

/// The camera as the page takes it.
pub(super) fn as_json(camera: &Camera) -> serde_json::Value {
    let rows = Mat4::from(camera.c2w).transpose().to_cols_array();
    let k = camera.intrinsics;
    json!({
        "pose": rows[..12], "fx": k.fx, "fy": k.fy, "cx": k.cx, "cy": k.cy,
        "width": k.width, "height": k.height,
    })
}

/// Decibels between a drawn image and the bytes of a PNG, both in 8 bits.
pub(super) fn psnr(ours: &[[f32; 3]], png: &[u8]) -> f64 {
    let theirs = image::load_from_memory(png).unwrap().to_rgb8();
    let ours = ours.as_flattened();
    assert_eq!(theirs.as_raw().len(), ours.len(), "the size of the picture");
    let squares = ours.iter().zip(theirs.as_raw()).map(|(a, b)| {
        let a = (255.0 * a.clamp(0.0, 1.0)).round();
        f64::from(a - f32::from(*b)).powi(2)
    });
    let mean = squares.sum::<f64>() / ours.len() as f64;
    10.0 * (255.0 * 255.0 / mean.max(1e-9)).log10()
}

pub(super) fn png_of(answer: &serde_json::Value) -> Vec<u8> {
    let text = answer.as_str().unwrap();
    from_base64(text.strip_prefix("data:image/png;base64,").unwrap_or(text))
}

#[test]
fn a_browser_draws_what_we_draw() {
    let Some(program) = browser::find() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let mut browser = Browser::start(&program, &folder.path().join("profile"));
    for (degree, antialiased) in [(3, false), (1, true), (0, false)] {
        let mut file = SplatFile::new(demo_scene(5, 4_000, degree), SplatFormat::Html);
        file.antialiased = Some(antialiased);
        let page = Page {
            look: PageLook {
                background: BACKGROUND,
                ..PageLook::default()
            },
            ..Page::default()
        };
        let path = folder.path().join(format!("scene {degree}.html"));
        save_with_page(&path, &file, &page).unwrap();
        browser.open(&path);
        let config = RenderConfig {
            antialiased,
            background: BACKGROUND,
            ..RenderConfig::default()
        };
        for eye in [Vec3::new(0.0, -1.2, -3.0), Vec3::new(0.9, -0.3, 0.8)] {
            let camera = camera(eye);
            let ours = software::draw(&file.splats, &camera, &config).unwrap();
            let order = format!("accrete.picture({})", as_json(&camera));
            let picture = png_of(&browser.value(&order));
            let db = psnr(&ours.image.rgb, &picture);
            println!("degree {degree}, antialiased {antialiased}, from {eye}: {db:.1} dB");
            assert!(40.0 < db, "{db} dB");
            // What the person sees, not only what the script reads back.
            let size =
                json!({"width": 160, "height": 120, "deviceScaleFactor": 1, "mobile": false});
            browser.call("Emulation.setDeviceMetricsOverride", &size);
            let shot = browser.call("Page.captureScreenshot", &json!({"format": "png"}));
            let db = psnr(&ours.image.rgb, &png_of(&shot["data"]));
            assert!(40.0 < db, "on the screen {db} dB");
        }
    }
}

#[test]
fn the_first_view_shows_the_scene_and_drags_turn_it() {
    let Some(program) = browser::find() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let mut browser = Browser::start(&program, &folder.path().join("profile"));
    let file = SplatFile::new(demo_scene(5, 3_000, 0), SplatFormat::Html);
    let path = folder.path().join("scene.html");
    save_with_page(&path, &file, &Page::default()).unwrap();
    browser.open(&path);
    browser.value(RESTED);
    let shot = |browser: &mut Browser| {
        let shot = browser.call("Page.captureScreenshot", &json!({"format": "png"}));
        image::load_from_memory(&png_of(&shot["data"]))
            .unwrap()
            .to_rgb8()
    };
    let first = shot(&mut browser);
    // The page says so when it has drawn what comes of an event.
    let begin = "document.documentElement.dataset.state = 'moving'";
    // The scene in the middle, the background at the edge.
    let (width, height) = first.dimensions();
    let edge = first.get_pixel(1, 1).0;
    let background = PageLook::default()
        .background
        .map(|it| (255.0 * it).round() as u8);
    assert_eq!(edge, background);
    let middle: Vec<_> = (0..width)
        .filter(|&x| first.get_pixel(x, height / 2).0 != background)
        .collect();
    let part = middle.len() as f32 / width as f32;
    assert!(0.2 < part, "{part} of the width");

    browser.value(begin);
    for (kind, x, buttons) in [
        ("mousePressed", 200, 1),
        ("mouseMoved", 320, 1),
        ("mouseReleased", 320, 0),
    ] {
        let event = json!({
            "type": kind, "x": x, "y": 150, "button": "left", "buttons": buttons, "clickCount": 1,
        });
        browser.call("Input.dispatchMouseEvent", &event);
    }
    browser.value(RESTED);
    let turned = shot(&mut browser);
    let differ = first.pixels().zip(turned.pixels()).filter(|(a, b)| a != b);
    assert!(500 < differ.count(), "the scene turned");
    // And back to the first view.
    browser.value(begin);
    for kind in ["keyDown", "keyUp"] {
        let event = json!({"type": kind, "code": "Home", "key": "Home"});
        browser.call("Input.dispatchKeyEvent", &event);
    }
    browser.value(RESTED);
    assert!(shot(&mut browser) == first, "the first view again");
    assert_eq!(
        browser.value("document.getElementById('help').hidden"),
        true
    );
    browser.value("document.getElementById('ask').click()");
    assert_eq!(
        browser.value("document.getElementById('help').hidden"),
        false
    );
}

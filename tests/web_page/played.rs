//! What a page does with a camera path, and with fingers.

use std::path::Path;

use glam::{Affine3A, Mat4, Vec3};
use recon::camera_path::{CameraPath, Ease, Keyframe};
use recon::io::html::{Page, PageLook};
use recon::io::{SplatFile, SplatFormat, save_with_page};
use recon::synthetic::demo_scene;
use render::{Camera, Intrinsics, RenderConfig, software};
use serde_json::{Value, json};

use super::browser::{self, Browser};
use super::drawn::{BACKGROUND, RESTED, png_of, psnr};

const SIZE: [u32; 2] = [160, 120];

/// Four views with all the ways between them, by another lens at each.
fn path() -> CameraPath {
    let eyes = [
        (0.0, Vec3::new(0.0, -1.2, -3.0), Ease::Smooth),
        (1.0, Vec3::new(2.2, -0.6, -1.5), Ease::InOut),
        (1.7, Vec3::new(2.5, -1.5, 1.2), Ease::Hold),
        (2.5, Vec3::new(-1.5, -0.8, 2.0), Ease::Linear),
    ];
    let keyframes = eyes.map(|(time, eye, ease)| {
        let lens = Intrinsics::from_vertical_fov(0.6 + 0.1 * time as f32, 160, 120);
        let camera = Camera::look_at(lens, eye, Vec3::ZERO, Vec3::NEG_Y);
        Keyframe {
            ease,
            ..Keyframe::of_camera(time, &camera)
        }
    });
    CameraPath::new(keyframes.to_vec()).unwrap().closed(1.0)
}

/// A page of a small scene that can play this, opened in a window of the size of the pictures.
fn opened(browser: &mut Browser, folder: &Path, path: CameraPath) -> SplatFile {
    let size = json!({
        "width": SIZE[0], "height": SIZE[1], "deviceScaleFactor": 1, "mobile": false,
    });
    browser.call("Emulation.setDeviceMetricsOverride", &size);
    let file = SplatFile::new(demo_scene(5, 4_000, 0), SplatFormat::Html);
    let page = Page {
        look: PageLook {
            background: BACKGROUND,
            ..PageLook::default()
        },
        path,
        ..Page::default()
    };
    let place = folder.join("scene.html");
    save_with_page(&place, &file, &page).unwrap();
    browser.open(&place);
    file
}

/// Where the viewer stands: camera to world, and pixels of focal length.
fn stance(browser: &mut Browser) -> (Affine3A, [f32; 2]) {
    let camera = browser.value("accrete.camera()");
    let number = |it: &Value| it.as_f64().unwrap() as f32;
    let rows: Vec<f32> = camera["pose"]
        .as_array()
        .unwrap()
        .iter()
        .map(number)
        .collect();
    let mut all = [0.0; 16];
    all[..12].copy_from_slice(&rows);
    all[15] = 1.0;
    let c2w = Affine3A::from_mat4(Mat4::from_cols_array(&all).transpose());
    (c2w, [number(&camera["fx"]), number(&camera["fy"])])
}

#[test]
fn at_any_time_the_page_shows_what_the_film_shows() {
    let Some(program) = browser::find() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let mut browser = Browser::start(&program, &folder.path().join("profile"));
    let path = path();
    let file = opened(&mut browser, folder.path(), path.clone());
    let config = RenderConfig {
        background: BACKGROUND,
        ..RenderConfig::default()
    };
    // Between samples, on keyframes, while it waits, on the way back to the first one, round.
    for time in [0.0, 0.417, 1.0, 1.513, 2.111, 2.5, 3.033, 4.25] {
        browser.value(&format!("accrete.seek({time})"));
        let camera = path.camera_at(time, SIZE).unwrap();
        let (c2w, focal) = stance(&mut browser);
        let off = (c2w.translation - camera.c2w.translation).length();
        assert!(off < 1e-3, "{time}: {off} from its place");
        for (ours, theirs) in [
            (camera.c2w.matrix3.z_axis, c2w.matrix3.z_axis),
            (camera.c2w.matrix3.x_axis, c2w.matrix3.x_axis),
        ] {
            assert!(0.999_999 < ours.dot(theirs), "{time}: {ours} {theirs}");
        }
        let own = [camera.intrinsics.fx, camera.intrinsics.fy];
        for (own, focal) in own.into_iter().zip(focal) {
            assert!((own - focal).abs() < 0.05, "{time}: {own} {focal}");
        }
        let drawn = software::draw(&file.splats, &camera, &config).unwrap();
        let picture = browser.value("accrete.picture(accrete.camera())");
        let db = psnr(&drawn.image.rgb, &png_of(&picture));
        println!("at {time} s: {db:.1} dB");
        assert!(30.0 < db, "at {time} s: {db} dB");
        // Free again: what was asked for from outside stays on the page.
        browser.open(&folder.path().join("scene.html"));
    }
}

#[test]
fn it_plays_and_pauses() {
    let Some(program) = browser::find() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let mut browser = Browser::start(&program, &folder.path().join("profile"));
    let mut path = path();
    opened(&mut browser, folder.path(), path.clone());
    let label = "document.getElementById('play').textContent";
    let click = "document.getElementById('play').click()";
    let when = "Number(document.getElementById('when').value)";
    let (first, _) = stance(&mut browser);
    let begin = path.camera_at(0.0, SIZE).unwrap().c2w;
    assert!(first.abs_diff_eq(begin, 1e-4), "it begins with the path");
    assert_eq!(browser.value(label), "Play");
    browser.value(click);
    assert_eq!(browser.value(label), "Pause");
    let later = format!(
        "new Promise((done) => {{ const look = () =>
            0.3 < {when} ? done(1) : setTimeout(look, 10); look(); }})"
    );
    browser.value(&later);
    browser.value(click);
    assert_eq!(browser.value(label), "Play");
    let at = browser.value(when).as_f64().unwrap();
    let (c2w, _) = stance(&mut browser);
    let expected = path.camera_at(at, SIZE).unwrap();
    let off = (c2w.translation - expected.c2w.translation).length();
    assert!(0.3 < at && off < 1e-2, "at {at} s: {off}");
    // The slider moves it too, and a hand on the scene ends the film.
    browser.value(click);
    browser.value(
        "const slider = document.getElementById('when'); slider.value = 2.0;
         slider.dispatchEvent(new Event('input'))",
    );
    assert_eq!(browser.value(label), "Play");
    let (c2w, _) = stance(&mut browser);
    let held = path.camera_at(1.7, SIZE).unwrap().c2w;
    assert!(c2w.abs_diff_eq(held, 1e-4), "{c2w} {held}");

    // Not looped: it ends at the end, and begins again from there.
    path.set_looped(false);
    opened(&mut browser, folder.path(), path.clone());
    browser.value(&format!("accrete.seek(2.4).then(() => {click})"));
    let ended = format!(
        "new Promise((done) => {{ const look = () =>
            {label} === 'Play' ? done({when}) : setTimeout(look, 10); look(); }})"
    );
    assert_eq!(browser.value(&ended), 2.5);
    browser.value(click);
    assert_eq!(browser.value(label), "Pause");
    assert!(browser.value(when).as_f64().unwrap() < 2.0);
    // Without a path there is nothing to play.
    opened(&mut browser, folder.path(), CameraPath::default());
    for id in ["play", "when"] {
        let hidden = format!("document.getElementById('{id}').hidden");
        assert_eq!(browser.value(&hidden), true, "{id}");
    }
}

/// Fingers on the glass, as the browser itself makes pointers of them.
fn touch(browser: &mut Browser, kind: &str, fingers: &[(f64, f64)]) {
    let points = fingers.iter().enumerate();
    let points: Vec<Value> = points
        .map(|(id, (x, y))| json!({"x": x, "y": y, "id": id}))
        .collect();
    let event = json!({"type": kind, "touchPoints": points});
    browser.call("Input.dispatchTouchEvent", &event);
}

/// Puts fingers down, moves them in steps and takes them away; where the viewer then stands.
fn gesture(browser: &mut Browser, from: &[(f64, f64)], to: &[(f64, f64)]) -> (Affine3A, [f32; 2]) {
    browser.value("document.documentElement.dataset.state = 'moving'");
    touch(browser, "touchStart", from);
    for step in 1..=6 {
        let part = f64::from(step) / 6.0;
        let between = |(a, b): (&(f64, f64), &(f64, f64))| {
            (a.0 + (b.0 - a.0) * part, a.1 + (b.1 - a.1) * part)
        };
        let now: Vec<_> = from.iter().zip(to).map(between).collect();
        touch(browser, "touchMove", &now);
    }
    touch(browser, "touchEnd", &[]);
    browser.value(RESTED);
    stance(browser)
}

#[test]
fn fingers_turn_move_and_pinch() {
    let Some(program) = browser::find() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let mut browser = Browser::start(&program, &folder.path().join("profile"));
    opened(&mut browser, folder.path(), path());
    let touching = json!({"enabled": true, "maxTouchPoints": 5});
    browser.call("Emulation.setTouchEmulationEnabled", &touching);
    browser.value(RESTED);
    let (first, _) = stance(&mut browser);
    let forward = |it: &Affine3A| it.matrix3.z_axis;

    // One finger turns: the eye moves, and looks elsewhere.
    let (turned, _) = gesture(&mut browser, &[(60.0, 60.0)], &[(100.0, 60.0)]);
    assert!(forward(&turned).dot(forward(&first)) < 0.9, "{turned}");
    assert!(0.5 < (turned.translation - first.translation).length());

    // Two fingers that go the same way move the eye sideways, against them.
    let two = [(60.0, 60.0), (100.0, 60.0)];
    let (moved, _) = gesture(&mut browser, &two, &[(90.0, 60.0), (130.0, 60.0)]);
    assert!(
        moved.matrix3.abs_diff_eq(turned.matrix3, 1e-4),
        "it does not turn"
    );
    let way = moved.translation - turned.translation;
    assert!(way.normalize().dot(turned.matrix3.x_axis) < -0.99, "{way}");

    // Two fingers that part bring the scene nearer, as much as they part.
    let (near, _) = gesture(&mut browser, &two, &[(40.0, 60.0), (120.0, 60.0)]);
    assert!(
        near.matrix3.abs_diff_eq(turned.matrix3, 1e-4),
        "it does not turn"
    );
    let way = near.translation - moved.translation;
    assert!(way.normalize().dot(forward(&moved)) > 0.9, "{way}");
    let (back, _) = gesture(&mut browser, &[(40.0, 60.0), (120.0, 60.0)], &two);
    let off = (back.translation - moved.translation).length();
    assert!(off < 0.05 * way.length(), "and back: {off}");

    // A second finger that comes later, and the first that stays longer, make no jump.
    touch(&mut browser, "touchStart", &[(60.0, 60.0)]);
    touch(&mut browser, "touchStart", &[(60.0, 60.0), (100.0, 60.0)]);
    touch(&mut browser, "touchEnd", &[(60.0, 60.0)]);
    touch(&mut browser, "touchEnd", &[]);
    let (still, _) = stance(&mut browser);
    assert!(still.abs_diff_eq(back, 1e-4), "nothing was dragged");
}

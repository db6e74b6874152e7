//! The page that shows splats: its parts, the splats inside, and what a browser draws of it.

mod browser;
mod drawn;
mod played;
mod unpack;

use glam::{Affine3A, Quat, Vec3};
use recon::camera_path::{CameraPath, Ease, Keyframe};
use recon::io::html::{self, Page, PageLook};
use recon::io::{self, ExportAxes, ExportOptions, SplatFile, SplatFormat};
use render::{Splats, sh};

use crate::formats::random_splats;
use unpack::{settings, unpacked};

fn page_of(splats: Splats, page: &Page) -> String {
    let file = SplatFile::new(splats, SplatFormat::Html);
    String::from_utf8(html::write(&file, page).unwrap()).unwrap()
}

#[test]
fn the_page_asks_nothing_from_outside() {
    let page = page_of(random_splats(300, 1, 1), &Page::default());
    assert!(page.starts_with("<!DOCTYPE html>"));
    assert!(page.contains("content=\"default-src 'none';"), "policy");
    for outside in [
        "http:", "https:", "//cdn", " src=", "@import", "fetch(", "url(",
    ] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert!(!page.contains("{{"), "every part is filled in");
    for id in ["project.frag", "splat.vert", "splat.frag", "present.frag"] {
        let begin = format!("id=\"{id}\">\n#version 300 es\n");
        assert!(page.contains(&begin), "{id}");
    }
    // What begins an element also ends it, so that nothing of a part spills into the next.
    let count = |it: &str| page.matches(it).count();
    assert_eq!(count("<script"), count("</script>"));
}

#[test]
fn settings_tell_how_the_scene_is_shown() {
    let pose = Affine3A::from_rotation_translation(Quat::from_rotation_y(0.5), Vec3::X);
    let keyframe = |time, ease| Keyframe {
        ease,
        ..Keyframe::new(time, &pose, 40.0)
    };
    let keyframes = vec![keyframe(0.5, Ease::Hold), keyframe(1.5, Ease::Linear)];
    let path = CameraPath::new(keyframes).unwrap().closed(2.0);
    let page = Page {
        name: "a \"fox\" & <b>".to_owned(),
        up: Vec3::new(0.0, 0.0, 2.0),
        look: PageLook {
            background: [1.0, 0.5, 0.0],
            fov_degrees: 40.0,
        },
        camera: Some(pose),
        path: path.clone(),
    };
    let splats = random_splats(300, 2, 1);
    let bounds = splats.robust_bounds(0.02).unwrap();
    let text = page_of(splats, &page);
    let told = settings(&text);
    assert_eq!(told["name"], page.name);
    assert!(text.contains("<title>a \"fox\" &amp; &lt;b&gt;</title>"));
    assert!(text.contains("rgb(255, 128, 0)"));
    assert_eq!(told["degree"], 2);
    assert_eq!(told["antialiased"], false);
    let numbers = |it: &serde_json::Value| -> Vec<f32> {
        let list = it.as_array().unwrap().iter();
        list.map(|it| it.as_f64().unwrap() as f32).collect()
    };
    assert_eq!(numbers(&told["up"]), [0.0, 0.0, 1.0]);
    assert_eq!(numbers(&told["low"]), bounds.0.to_array());
    assert_eq!(numbers(&told["high"]), bounds.1.to_array());
    let camera = numbers(&told["camera"]);
    let row = [pose.x_axis.y, pose.y_axis.y, pose.z_axis.y, 0.0];
    assert_eq!(camera[4..8], row, "row by row");
    let told = &told["path"];
    assert_eq!(told["looped"], true);
    assert_eq!(numbers(&told["times"]), [0.5, 1.5, 3.5]);
    assert_eq!(numbers(&told["held"]), [0.0]);
    let place = [path.keyframes()[0].position, path.keyframes()[1].position];
    for (told, place) in told["poses"].as_array().unwrap().iter().zip(place) {
        let told = numbers(told);
        assert_eq!((&told[..3], told[7]), (&place[..], 40.0));
    }
    let without = page_of(Splats::default(), &Page::default());
    assert!(settings(&without)["path"].is_null(), "there is none");
}

#[test]
fn the_scene_is_turned_with_its_up() {
    let options = ExportOptions {
        axes: ExportAxes::ZUp,
        ..ExportOptions::default()
    };
    let eye = Vec3::new(1.0, -2.0, 3.0);
    let keyframe = Keyframe::new(0.0, &Affine3A::from_translation(eye), 50.0);
    let path = CameraPath::new(vec![keyframe]).unwrap();
    let page = options.page("scene", &path);
    assert!((page.up - Vec3::Z).length() < 1e-6, "{}", page.up);
    let turned = page.path.keyframes()[0].c2w();
    let rotation = options.rotation().unwrap();
    assert!((Vec3::from(turned.translation) - rotation * eye).length() < 1e-5);
    let up = turned.transform_vector3(Vec3::NEG_Y);
    assert!((up - Vec3::Z).length() < 1e-5, "{up}");
    let page = ExportOptions::default().page("x", &path);
    assert_eq!((page.up, page.path), (Vec3::NEG_Y, path));
}

/// Half a step of everything, and the rounding of the numbers themselves.
#[test]
fn the_splats_inside_are_those_of_the_scene() {
    for degree in 0..=3 {
        let splats = random_splats(700, degree, 7 + u64::from(degree));
        let inside = unpacked(&page_of(splats.clone(), &Page::default()));
        let seen: Vec<usize> = (0..700)
            .filter(|&i| 1.0 / 255.0 <= splats.opacity(i))
            .collect();
        assert!(seen.len() < 700, "some are too transparent");
        assert_eq!(inside.len(), seen.len());
        let mut used = vec![false; 700];
        for i in 0..inside.len() {
            let off = |j: usize| (splats.means[j] - inside.means[i]).abs().max_element();
            let j = seen
                .iter()
                .copied()
                .min_by(|&a, &b| off(a).total_cmp(&off(b)));
            let j = j.unwrap();
            assert!(!std::mem::replace(&mut used[j], true), "each once");
            assert!(off(j) < 10.0 / 65535.0, "{}", off(j));
            let off = (splats.log_scales[j] - inside.log_scales[i]).abs();
            assert!(off.max_element() < 0.5001 / 48.0, "{off}");
            let angle = splats.rotation(j).angle_between(inside.rotation(i));
            // Half a step in three components, and what that leaves for the fourth at worst.
            assert!(angle < 0.005, "{angle}");
            let off = (splats.opacity(j) - inside.opacity(i)).abs();
            assert!(off < 0.5001 / 255.0, "{off}");
            for (k, (a, b)) in splats.sh(j).iter().zip(inside.sh(i)).enumerate() {
                let off = (Vec3::from(*a) - Vec3::from(*b)).abs().max_element();
                let (unit, step) = if k == 0 {
                    (sh::C0, 255.0)
                } else {
                    (1.0, 127.0)
                };
                assert!(unit * off < 0.501 / step, "coefficient {k}: {off}");
            }
        }
    }
}

#[test]
fn scenes_at_the_edge_have_pages_too() {
    assert_eq!(
        unpacked(&page_of(Splats::default(), &Page::default())).len(),
        0
    );
    let one = Splats {
        means: vec![Vec3::new(1.0, -2.0, 3.5)],
        quats: vec![[0.0, 0.0, -3.0, 0.0]],
        log_scales: vec![Vec3::new(f32::NEG_INFINITY, 0.0, 1.0)],
        opacity_logits: vec![f32::INFINITY],
        sh_coeffs: vec![[0.0, 1e30, -5.0]],
        sh_degree: 0,
    };
    let inside = unpacked(&page_of(one.clone(), &Page::default()));
    assert_eq!(inside.means, one.means);
    assert_eq!(inside.opacity(0), 1.0);
    assert!(inside.rotation(0).angle_between(one.rotation(0)) < 1e-6);
    // As far apart as numbers go: a step is a part of that, and still a number.
    let mut far = random_splats(2, 0, 3);
    far.opacity_logits = vec![0.0; 2];
    far.means = vec![Vec3::splat(f32::MIN), Vec3::splat(f32::MAX)];
    let inside = unpacked(&page_of(far, &Page::default()));
    assert_eq!(inside.len(), 2);

    let mut broken = random_splats(2, 0, 3);
    broken.means[1].x = f32::NAN;
    let file = SplatFile::new(broken, SplatFormat::Html);
    let error = html::write(&file, &Page::default()).unwrap_err();
    assert!(error.to_string().contains("number 1"), "{error}");
}

#[test]
fn a_page_is_written_by_its_name_and_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scene.html");
    assert_eq!(SplatFormat::from_path(&path).unwrap(), SplatFormat::Html);
    let file = SplatFile::new(random_splats(20, 0, 2), SplatFormat::Html);
    let bytes = io::save(&path, &file).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().len(), bytes);
    for error in [
        io::open_splats(&path).unwrap_err().to_string(),
        io::open(&path).map(|_| ()).unwrap_err().to_string(),
    ] {
        assert!(error.contains("scene.html"), "{error}");
        assert!(
            error.contains("Open the file that it was made from"),
            "{error}"
        );
    }
}

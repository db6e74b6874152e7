//! `edit`: a scene cleaned, cropped, coloured, merged, moved, and kept as a project.

use glam::{Quat, Vec3};
use recon::io::{SplatFile, SplatFormat, open_splats};
use render::{Splats, sh};

use super::Desk;
use super::eval::{self, number};

fn splats(desk: &Desk, name: &str) -> Splats {
    open_splats(&desk.path(name)).unwrap().splats
}

/// `scene.ply` with fifty floaters, ten spikes and ten puffs of fog behind its 3,000 splats.
fn dirty() -> Desk {
    let desk = Desk::new();
    let mut file = open_splats(&desk.path("scene.ply")).unwrap();
    let all = &mut file.splats;
    let coeffs = all.coeffs_per_splat();
    let mut add = |mean: Vec3, scales: Vec3, logit: f32| {
        all.means.push(mean);
        all.quats.push([1.0, 0.0, 0.0, 0.0]);
        all.log_scales.push(scales.map(f32::ln));
        all.opacity_logits.push(logit);
        all.sh_coeffs.extend(vec![[0.0; 3]; coeffs]);
    };
    for i in 0..50 {
        let turn = i as f32;
        let at = Vec3::new(turn.sin(), 0.3 * turn.cos() - 0.5, (1.7 * turn).cos());
        add(8.0 * at.normalize(), Vec3::splat(0.01), 2.0);
    }
    for i in 0..10 {
        let at = 0.1 * i as f32;
        add(Vec3::new(at, -0.5, 0.0), Vec3::new(0.005, 2.0, 0.006), 2.0);
        add(Vec3::new(0.0, -0.5, at), Vec3::splat(3.0), -4.0);
    }
    recon::io::save(&desk.path("dirty.ply"), &file).unwrap();
    desk
}

#[test]
fn rubbish_goes_and_the_scene_stays() {
    let desk = dirty();
    let words = "edit dirty.ply --out clean.ply --remove-floaters --remove-spikes --remove-fog \
                 --json";
    let outcome = desk.run(words).done();
    let json = outcome.json();
    assert!(outcome.stderr.contains("--dataset"), "{}", outcome.stderr);
    assert_eq!(json["splats_before"], 3_070);
    let clean = splats(&desk, "clean.ply");
    assert_eq!(json["splats_after"], clean.len());
    let found = |rule: &str| {
        let rules = json["rules"].as_array().unwrap();
        let rule = rules.iter().find(|it| it["rule"] == rule);
        rule.unwrap_or_else(|| panic!("{json}"))["splats"].as_u64()
    };
    assert!(Some(50) <= found("isolated"), "{json}");
    assert!(Some(10) <= found("spike"), "{json}");
    assert!(Some(10) <= found("fog"), "{json}");
    let good = splats(&desk, "scene.ply");
    let spared = good.means.iter().filter(|it| clean.means.contains(it));
    assert!(2_970 <= spared.count(), "{json}");
    assert!(clean.means.iter().all(|it| it.length() < 7.9));
    assert!(clean.log_scales.iter().all(|it| it.max_element() < 0.5));
}

#[test]
fn what_photos_see_is_measured_before_and_after() {
    if tests::gpu::gpu().is_none() {
        return;
    }
    let desk = eval::desk();
    let mut file = open_splats(&desk.path("points.ply")).unwrap();
    let hidden = file.splats.len();
    // A ring of dots that no camera looks at.
    for i in 0..30 {
        let turn = i as f32;
        let all = &mut file.splats;
        all.means.push(Vec3::new(turn.sin(), -60.0, turn.cos()));
        all.quats.push([1.0, 0.0, 0.0, 0.0]);
        all.log_scales.push(Vec3::splat(-4.0));
        all.opacity_logits.push(2.0);
        all.sh_coeffs
            .extend(vec![[0.0; 3]; sh::coeff_count(all.sh_degree)]);
    }
    recon::io::save(&desk.path("dirty.ply"), &file).unwrap();
    let words = "edit dirty.ply --dataset scan --out clean.ply --remove-floaters --json";
    let json = desk.run(words).done().json();
    let (before, after) = (&json["measured"]["before"], &json["measured"]["after"]);
    assert!(0.0 < number(&before["psnr"]) && 0.0 < number(&after["psnr"]));
    let clean = splats(&desk, "clean.ply");
    assert!(clean.means.iter().all(|it| -50.0 < it.y));
    assert!(clean.len() <= hidden);
    let direct = desk.run("eval scan clean.ply --json").done().json();
    assert!((number(&direct["psnr"]) - number(&after["psnr"])).abs() < 1e-6);
    let lost = number(&json["measured"]["psnr_lost"]);
    assert!((number(&before["psnr"]) - number(&after["psnr"]) - lost).abs() < 1e-9);
}

#[test]
fn a_part_is_cut_coloured_and_moved() {
    let desk = Desk::new();
    let words = "edit scene.ply --out part.ply --crop -1,-1,-1,1,1,1 --cut-ball 0,0,0,0.3 \
                 --exposure 1 --scale 2 --rotate z,90 --translate 1,2,3 --sh-degree 0 --json";
    let json = desk.run(words).done().json();
    let before = splats(&desk, "scene.ply");
    let kept: Vec<usize> = (0..before.len())
        .filter(|i| {
            let at = before.means[*i];
            at.abs().max_element() <= 1.0 && 0.3 < at.length()
        })
        .collect();
    assert!(10 < kept.len() && kept.len() < before.len());
    let after = splats(&desk, "part.ply");
    assert_eq!((after.len(), after.sh_degree), (kept.len(), 0));
    let turn = Quat::from_rotation_z(std::f32::consts::FRAC_PI_2);
    for (&i, k) in kept.iter().zip(0..) {
        let wanted = 2.0 * (turn * before.means[i]) + Vec3::new(1.0, 2.0, 3.0);
        assert!((after.means[k] - wanted).length() < 1e-4);
        let grown = after.log_scales[k] - before.log_scales[i];
        assert!((grown - 2.0_f32.ln()).abs().max_element() < 1e-5);
        let was = sh::rgb_from_dc(before.sh(i)[0]);
        let is = sh::rgb_from_dc(after.sh(k)[0]);
        assert!((is - 2.0 * was).length() < 1e-4, "{was} {is}");
    }
    let edits = json["edits"].to_string();
    for word in [
        "Crop to a box",
        "Cut out a ball",
        "Colours",
        "Move",
        "SH degree 0",
    ] {
        assert!(edits.contains(word), "{edits}");
    }
}

#[test]
fn a_project_goes_on_where_it_was() {
    let desk = Desk::new();
    let part = recon::synthetic::demo_scene(9, 40, 1);
    let file = SplatFile::new(part, SplatFormat::Ply);
    recon::io::save(&desk.path("part.ply"), &file).unwrap();
    desk.run("edit scene.ply --project p.accrete --min-opacity 0.2 --merge part.ply --sh-degree 0")
        .done();
    let text = desk.run("info p.accrete").done().stdout;
    assert!(
        text.contains("a project") && text.contains("Merge part.ply"),
        "{text}"
    );
    std::fs::remove_file(desk.path("part.ply")).unwrap();
    std::fs::remove_file(desk.path("scene.ply")).unwrap();
    std::fs::rename(desk.path("p.accrete"), desk.path("q.accrete")).unwrap();
    let words = "edit q.accrete --translate 5,0,0 --out out.ply --project q.accrete --json";
    let json = desk.run(words).done().json();
    assert_eq!(json["edits"].as_array().map(Vec::len), Some(1), "{json}");
    let out = splats(&desk, "out.ply");
    assert_eq!(out.sh_degree, 0);
    let sound = (0..out.len() - 40).all(|i| 0.2 <= out.opacity(i));
    assert!(sound && 40 < out.len() && out.len() <= 3_040);
    let info = desk.run("info q.accrete/project.json --json").done().json();
    assert_eq!(info["kind"], "project");
    assert_eq!(info["edits"].as_array().map(Vec::len), Some(5), "{info}");
    assert_eq!(info["splats"], 3_000);
}

#[test]
fn what_cannot_be_done_is_said() {
    let desk = Desk::new();

    desk.run("edit scene.ply --out x.ply --crop 90,90,90,91,91,91")
        .failed(1, &["scene.ply", "no splat would be left"]);
    desk.run("edit none.ply --out x.ply")
        .failed(1, &["none.ply"]);
    desk.run("edit scene.ply --out x.obj").failed(1, &["x.obj"]);
    desk.run("edit scene.ply --out x.ply --merge none.ply")
        .failed(1, &["none.ply"]);
    desk.run("edit scene.ply --out x.ply --floor 0,0,0,1,0,0,2,0,0")
        .failed(1, &["--floor", "line"]);
    desk.run("edit scene.ply --project .")
        .failed(1, &["other files"]);
    assert_eq!(desk.names("."), ["scene.ply"]);
}

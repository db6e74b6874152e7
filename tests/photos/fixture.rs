//! Resizing, the choice of views and normalisation against golden files; splits.

use glam::{DAffine3, DMat4};
use recon::dataset::kmeans::{choose_views, feature, k_means, nearest_views};
use recon::dataset::normalise::{first_cam, mean_cam};
use recon::dataset::resize::{lanczos, lanczos_rgba};
use recon::dataset::{Dataset, HoldOut, ImportReport, Lens, Points, Split, View};
use recon::io::{self, Folder};
use tests::{fixtures::Tensors, test_data};

fn tensors() -> Option<Tensors> {
    let path = test_data()?.join("fixtures/tttlrm/g_preprocess.safetensors");
    Some(Tensors::open(&path))
}

#[test]
fn resizing_is_the_networks_to_the_byte() {
    let Some(tensors) = tensors() else { return };
    let size = |name: &str| {
        let shape = tensors.shape(name);
        (shape[1] as u32, shape[0] as u32)
    };
    for case in ["down", "up", "vert_only", "same"] {
        let name = |what: &str| format!("resize/{case}.{what}");
        let (from, to) = (size(&name("in")), size(&name("out")));
        let resized = lanczos::<3>(&tensors.u8s(&name("in")), from, to);
        assert!(resized == tensors.u8s(&name("out")), "{case}");
        let mut lens = Lens::centred(50.0, from.0, from.1);
        (lens.fy, lens.cx, lens.cy) = (51.0, 48.3, 26.1);
        let lens = lens.resized(to.0, to.1);
        let expected = tensors.f64s(&name("fxfycxcy"));
        for (ours, theirs) in [lens.fx, lens.fy, lens.cx, lens.cy].iter().zip(expected) {
            assert!((ours - theirs).abs() < 1e-12, "{case}: {ours} {theirs}");
        }
    }
    let (from, to) = (size("resize/rgba.in"), size("resize/rgba.resized"));
    let resized = lanczos_rgba(&tensors.u8s("resize/rgba.in"), from, to);
    assert!(resized == tensors.u8s("resize/rgba.resized"));
}

/// `[n × 4 × 4]`, row by row.
fn cameras(tensors: &Tensors, name: &str) -> Vec<DAffine3> {
    let numbers = tensors.f64s(name);
    let matrices = numbers.as_chunks::<16>().0.iter();
    matrices
        .map(|it| DAffine3::from_mat4(DMat4::from_cols_array(it).transpose()))
        .collect()
}

#[test]
fn normalised_cameras_are_the_networks() {
    let Some(tensors) = tensors() else { return };
    let given = cameras(&tensors, "pose/c2w");
    let maps = [
        ("mean_cam", mean_cam(&given)),
        ("first_cam", first_cam(&given)),
    ];
    for (name, map) in maps {
        let expected = cameras(&tensors, &format!("pose/{name}.c2w"));
        for (camera, expected) in given.iter().zip(&expected) {
            let ours = map.camera(camera);
            assert!(
                ours.abs_diff_eq(*expected, 1e-12),
                "{name}: {ours} {expected}"
            );
            let back = map.inverse().camera(&ours);
            assert!(back.abs_diff_eq(*camera, 1e-11), "{name}: {back} {camera}");
        }
    }
}

/// A dataset of cameras without photos.
fn dataset(cameras: &[DAffine3]) -> Dataset {
    let dir = tempfile::tempdir().unwrap();
    let view = |(i, c2w): (usize, &DAffine3)| View {
        name: format!("images/{i}.png"),
        lens: 0,
        c2w: *c2w,
        image: recon::dataset::ImageFile {
            path: format!("images/{i}.png").into(),
            width: 8,
            height: 8,
            orientation: Default::default(),
            has_alpha: false,
            bits: 8,
        },
        mask: None,
        split: Split::Train,
        ignored: false,
    };
    Dataset {
        name: String::new(),
        folder: Folder::open(dir.path()).unwrap(),
        lenses: vec![Lens::centred(8.0, 8, 8)],
        views: cameras.iter().enumerate().map(view).collect(),
        points: Points::default(),
        input_lists: std::collections::BTreeMap::new(),
        hold_out: None,
        report: ImportReport::default(),
    }
}

#[test]
fn chosen_views_are_the_papers() {
    let Some(tensors) = tensors() else { return };
    for (case, count, is_stable) in [
        ("n40_k8", 8, true),
        ("n100_k16", 16, true),
        ("n300_k32", 32, true),
        ("n24_k16", 16, false),
        ("n300_k64", 64, false),
    ] {
        let name = |what: &str| format!("kmeans/{case}.{what}");
        let mut dataset = dataset(&cameras(&tensors, &name("c2w")));
        HoldOut::default().apply(&mut dataset);
        let chosen = choose_views(&dataset, count);
        let expected = tensors.i64s(&name("selected"));
        let expected: Vec<usize> = expected.iter().map(|it| *it as usize).collect();
        println!("{case}: as published: {}", chosen == expected);
        let trained = dataset.views.iter().filter(|it| it.split == Split::Train);
        let features: Vec<[f64; 6]> = trained.map(|it| feature(&it.c2w)).collect();
        let clusters = k_means(&features, count);
        let theirs = tensors.f64s(&name("centers"));
        if is_stable {
            assert_eq!(chosen, expected, "{case}");
            assert_eq!(clusters.iterations as i64, tensors.i64s(&name("n_iter"))[0]);
            let ours = clusters.centres.as_flattened().iter();
            let off = ours.zip(&theirs).map(|(a, b)| (a - b).abs());
            assert!(off.fold(0.0, f64::max) < 1e-9, "{case}");
        }
        // Where rounding decides, the clusters are as tight.
        let squared = |a: &[f64; 6], b: &[f64; 6]| -> f64 {
            a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum()
        };
        let inertia: f64 = features
            .iter()
            .map(|it| {
                let centres = theirs.as_chunks::<6>().0.iter();
                centres
                    .map(|c| squared(it, c))
                    .fold(f64::INFINITY, f64::min)
            })
            .sum();
        println!("{case}: inertia {} against {inertia}", clusters.inertia);
        assert!(clusters.inertia < 1.05 * inertia, "{case}");
    }
}

#[test]
fn a_published_list_comes_first() {
    let Some(folder) = test_data() else { return };
    let opened = io::open(&folder.join("data/mydesk_540p")).unwrap();
    let io::Opened::Dataset(mut dataset) = opened else {
        panic!("{opened:?}");
    };
    let list = dataset.input_lists[&32].clone();
    assert_eq!(list.len(), 32);
    // It names every eighth view too, which is measured on unless all may be seen.
    assert_ne!(choose_views(&dataset, 32), list);
    for view in &mut dataset.views {
        view.split = Split::Train;
    }
    assert_eq!(choose_views(&dataset, 32), list);
    // For other numbers there is none.
    let chosen = choose_views(&dataset, 16);
    assert_eq!(chosen.len(), 16);
    assert!(
        chosen
            .iter()
            .all(|i| dataset.views[*i].split == Split::Train)
    );
}

#[test]
fn views_are_held_out_as_asked() {
    let line: Vec<DAffine3> = (0..50)
        .map(|i| DAffine3::from_translation(glam::DVec3::X * f64::from(i)))
        .collect();
    let mut dataset = dataset(&line);
    let held_out = |dataset: &Dataset| -> Vec<usize> {
        let views = dataset.views.iter().enumerate();
        let held_out = views.filter(|(_, it)| it.split == Split::HeldOut);
        held_out.map(|(i, _)| i).collect()
    };
    dataset.views[3].ignored = true;
    HoldOut::default().apply(&mut dataset);
    assert_eq!(held_out(&dataset), [0, 8, 16, 24, 32, 40, 48]);
    let report = &dataset.report;
    assert_eq!((report.used, report.train, report.held_out), (49, 42, 7));

    HoldOut::Fraction(0.1).apply(&mut dataset);
    assert_eq!(held_out(&dataset), [0, 10, 20, 30, 40]);
    for nothing in [
        HoldOut::None,
        HoldOut::EveryNth(0),
        HoldOut::Fraction(f64::NAN),
    ] {
        nothing.apply(&mut dataset);
        assert!(held_out(&dataset).is_empty());
    }
    let names = ["images/4.png", "7.png", "9", "10.jpg"].map(str::to_owned);
    HoldOut::List(names.to_vec()).apply(&mut dataset);
    assert_eq!(held_out(&dataset), [4, 7, 9]);
    let warning = dataset.report.warnings.pop().unwrap();
    assert!(
        warning.contains("1 names") && warning.contains("10.jpg"),
        "{warning}"
    );
    HoldOut::EveryNth(1).apply(&mut dataset);
    assert!(held_out(&dataset).is_empty() && dataset.report.train == 49);
    assert_eq!(dataset.report.warnings.len(), 1);
    // Few views: all of them, whatever was asked.
    assert_eq!(nearest_views(&line[..3], 8), [0, 1, 2]);
}

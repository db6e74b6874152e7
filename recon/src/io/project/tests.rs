//! Projects saved, opened, moved, damaged.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use serde_json::json;

use super::*;
use crate::dataset::HoldOut;
use crate::edit::tests::{some_op, some_splats};
use crate::edit::{Bits, Mode, Pick};
use crate::io::{Opened, open};

/// A project with some edits that can be done, one of them undone, and one part.
fn some_project(seed: u64) -> Project {
    let rng = &mut Pcg64::seed_from_u64(seed);
    let base = SplatFile {
        antialiased: Some(true),
        comments: vec!["by hand".to_owned()],
        ..SplatFile::new(some_splats(rng, 30), SplatFormat::Ply)
    };
    let mut history = History::new(Arc::new(base.splats.clone()));
    history
        .merge(Arc::new(some_splats(rng, 4)), "more.ply".to_owned())
        .unwrap();
    for _ in 0..12 {
        let len = history.now().splats.len();
        // What cannot be done is not in the list.
        let _ = history.apply(some_op(rng, len));
        if 500 < history.now().splats.len() {
            break;
        }
    }
    history.undo();
    let hold_out = [
        None,
        Some(HoldOut::None),
        Some(HoldOut::EveryNth(seed as usize)),
        Some(HoldOut::Fraction(0.1 * seed as f64)),
        Some(HoldOut::List(vec!["a \"b\".jpg".to_owned(), String::new()])),
    ];
    Project {
        views: ViewChoice {
            hold_out: hold_out[seed as usize % 5].clone(),
            ignores_outliers: seed.is_multiple_of(2),
        },
        camera_path: Some(json!({"keys": [1.5, 0.1]})),
        settings: Some(json!({"background": [0.1_f32, 0.2, 1.0]})),
        ..Project::of(&history, &base)
    }
}

/// All files of a folder with what is in them, by name.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|it| {
            let path = it.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, fs::read(path).unwrap())
        })
        .collect();
    files.sort();
    files
}

#[test]
fn what_is_saved_opens_and_saves_the_same() {
    let dir = tempfile::tempdir().unwrap();
    for seed in 0..40 {
        let project = some_project(seed);
        let (first, second) = (dir.path().join("a.accrete"), dir.path().join("b.accrete"));
        save_project(&first, &project).unwrap();
        let (read, warnings) = open_project(&first).unwrap();
        assert_eq!(warnings, [""; 0]);
        assert_eq!((&read.ops, read.done), (&project.ops, project.done));
        assert_eq!(read.parts, project.parts);
        let (was, is) = (project.base.as_ref().unwrap(), read.base.as_ref().unwrap());
        assert_eq!(was.splats, is.splats);
        assert_eq!(was.antialiased, is.antialiased);
        assert_eq!(read.camera_path, project.camera_path);
        assert_eq!(read.views, project.views);
        let same = read.history().unwrap().now() == project.history().unwrap().now();
        assert!(same, "the edits do the same again");
        save_project(&second, &read).unwrap();
        assert_eq!(files(&first), files(&second));
        assert_eq!(files(&first).len(), 3, "nothing of older saves is left");
    }
}

#[test]
fn older_projects_leave_the_choice_of_views_to_the_photos() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("a.accrete");
    let mut project = some_project(2);
    project.views.hold_out = Some(HoldOut::Fraction(f64::NAN));
    save_project(&folder, &project).unwrap();
    let (read, _) = open_project(&folder).unwrap();
    assert_eq!(read.views.hold_out, Some(HoldOut::None), "no part of them");
    assert!(read.views.ignores_outliers);
    let file = folder.join(NAME);
    let text = fs::read_to_string(&file).unwrap();
    let without: Vec<&str> = text
        .lines()
        .filter(|it| !it.starts_with("\"views\""))
        .collect();
    assert_eq!(without.len() + 1, text.lines().count());
    fs::write(&file, without.join("\n")).unwrap();
    let (read, warnings) = open_project(&folder).unwrap();
    assert_eq!((read.views, warnings), (ViewChoice::default(), Vec::new()));
    assert_eq!(read.ops, project.ops);
}

#[test]
fn every_bit_of_a_splat_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("a.accrete");
    let rng = &mut Pcg64::seed_from_u64(1);
    let mut splats = some_splats(rng, 6);
    splats.means[0].x = f32::NAN;
    splats.means[1].y = f32::from_bits(1);
    splats.quats[2] = [0.0; 4];
    splats.quats[3] = [-7.0, 0.1, 3e8, -0.0];
    splats.opacity_logits[4] = f32::NEG_INFINITY;
    splats.log_scales[5].z = f32::INFINITY;
    let project = Project {
        base: Some(Arc::new(SplatFile::new(splats.clone(), SplatFormat::Ply))),
        ..Project::default()
    };
    save_project(&folder, &project).unwrap();
    let (read, _) = open_project(&folder).unwrap();
    let is = &read.base.as_ref().unwrap().splats;
    let bits = |it: &Splats| -> Vec<u32> {
        let numbers = it.means.iter().chain(&it.log_scales);
        let numbers = numbers.flat_map(glam::Vec3::to_array);
        let numbers = numbers.chain(it.quats.iter().flatten().copied());
        let numbers = numbers.chain(it.opacity_logits.iter().copied());
        numbers
            .chain(it.sh_coeffs.iter().flatten().copied())
            .map(f32::to_bits)
            .collect()
    };
    assert_eq!(bits(is), bits(&splats));
}

#[test]
fn splats_are_written_only_when_they_changed() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("a.accrete");
    let mut project = some_project(3);
    save_project(&folder, &project).unwrap();
    let state = |folder: &Path| -> Vec<_> {
        let all = files(folder).into_iter().map(|it| it.0);
        all.filter(|it| it != NAME)
            .map(|it| {
                (
                    fs::metadata(folder.join(&it)).unwrap().modified().unwrap(),
                    it,
                )
            })
            .collect()
    };
    let before = state(&folder);
    project.done = 0;
    save_project(&folder, &project).unwrap();
    assert_eq!(state(&folder), before);
    assert_eq!(open_project(&folder).unwrap().0.done, 0);
    // Others of the same name stay: they are not ours.
    fs::write(folder.join("splats-mine.ply"), b"mine").unwrap();
    project.base = some_project(4).base;
    project.ops.clear();
    project.parts.clear();
    save_project(&folder, &project).unwrap();
    let names: Vec<String> = state(&folder).into_iter().map(|it| it.1).collect();
    assert_eq!(names.len(), 2);
    assert!(names.contains(&"splats-mine.ply".to_owned()));
    assert!(before.iter().all(|it| !names.contains(&it.1)));
}

#[test]
fn it_moves_with_its_photos_and_does_without_them() {
    let dir = tempfile::tempdir().unwrap();
    let root = fs::canonicalize(dir.path()).unwrap();
    let (here, there) = (root.join("here"), root.join("there"));
    let photos = here.join("sets/photos");
    fs::create_dir_all(&photos).unwrap();
    let project = Project {
        dataset: Some(DatasetPlace::new(&photos)),
        ..some_project(5)
    };
    save_project(&here.join("p.accrete"), &project).unwrap();
    let found = |folder: &Path| {
        let (project, warnings) = open_project(folder).unwrap();
        let path = project.dataset.as_ref().unwrap().path();
        (path.map(Path::to_owned), warnings)
    };
    let first = found(&here.join("p.accrete"));
    assert_eq!(first, (Some(photos.clone()), Vec::new()));
    fs::rename(&here, &there).unwrap();
    let moved = there.join("sets/photos");
    assert_eq!(found(&there.join("p.accrete")).0, Some(moved.clone()));
    // From the root, where only the project is moved.
    let (project, _) = open_project(&there.join("p.accrete")).unwrap();
    save_project(&there.join("p.accrete"), &project).unwrap();
    let elsewhere = root.join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    fs::rename(there.join("p.accrete"), elsewhere.join("p.accrete")).unwrap();
    assert_eq!(found(&elsewhere.join("p.accrete")).0, Some(moved.clone()));
    // And nowhere.
    fs::remove_dir(&moved).unwrap();
    let (none, warnings) = found(&elsewhere.join("p.accrete"));
    assert_eq!(none, None);
    let said = &warnings[0];
    assert!(said.contains("../sets/photos") && said.contains(moved.to_str().unwrap()));
    let (project, _) = open_project(&elsewhere.join("p.accrete")).unwrap();
    let before = files(&elsewhere.join("p.accrete"));
    save_project(&elsewhere.join("p.accrete"), &project).unwrap();
    assert_eq!(
        files(&elsewhere.join("p.accrete")),
        before,
        "nothing is forgotten"
    );
}

#[test]
fn whatever_is_damaged_is_told_and_never_a_panic() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("a.accrete");
    save_project(&folder, &some_project(7)).unwrap();
    let file = folder.join(NAME);
    let whole = fs::read(&file).unwrap();
    let rng = &mut Pcg64::seed_from_u64(9);
    let (mut opened, mut refused) = (0, 0);
    for _ in 0..1_500 {
        let mut bytes = whole.clone();
        match rng.random_range(0..4) {
            0 => bytes.truncate(rng.random_range(0..whole.len())),
            1 => {
                let at = rng.random_range(0..whole.len());
                bytes[at] ^= 1 << rng.random_range(0..8);
            }
            2 => {
                let at = rng.random_range(0..whole.len());
                bytes.insert(at, b"0123456789-e.,[]{}\""[rng.random_range(0..19)]);
            }
            _ => {
                let (a, b) = (rng.random_range(0..whole.len()), rng.random_range(0..40));
                bytes.drain(a..(a + b).min(whole.len()));
            }
        }
        fs::write(&file, &bytes).unwrap();
        match open_project(&folder) {
            Ok((project, _)) => {
                opened += 1;
                // What reads may still not be doable.
                let _ = project.history();
            }
            Err(err) => {
                refused += 1;
                assert!(err.to_string().contains("a.accrete"), "{err}");
            }
        }
    }
    assert!(500 < refused && 0 < opened, "{refused} {opened}");
}

#[test]
fn a_selection_of_more_splats_than_there_are_is_refused_before_it_is_made() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("a.accrete");
    let mut project = some_project(8);
    project.ops = vec![EditOp::Select {
        pick: Pick::Seen {
            what: "x".to_owned(),
        },
        mode: Mode::Add,
        hits: Bits::of(30, |i| i == 3),
    }];
    project.done = 1;
    save_project(&folder, &project).unwrap();
    let file = folder.join(NAME);
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains("[3,1,26]"), "{text}");
    fs::write(&file, text.replace("[3,1,26]", "[3,1,4294967000]")).unwrap();
    let error = open_project(&folder).unwrap_err().to_string();
    assert!(error.contains("4294967004 splats"), "{error}");
}

#[test]
fn numbers_that_json_does_not_have_are_kept_or_told() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("a.accrete");
    let hits = Bits::of(30, |i| i < 9);
    let select = |tolerance| EditOp::Select {
        pick: Pick::Colour {
            rgb: [0.0; 3],
            tolerance,
        },
        mode: Mode::Add,
        hits: hits.clone(),
    };
    let mut project = some_project(8);
    (project.ops, project.done) = (vec![select(f32::NAN)], 1);
    save_project(&folder, &project).unwrap();
    let (read, _) = open_project(&folder).unwrap();
    let EditOp::Select {
        pick, hits: kept, ..
    } = &read.ops[0]
    else {
        panic!("{:?}", read.ops);
    };
    assert_eq!(*kept, hits, "what was hit stays");
    assert!(matches!(pick, Pick::Seen { .. }));
    project.ops = vec![EditOp::Background { rgb: [f32::NAN; 3] }];
    let before = files(&folder);
    let error = save_project(&folder, &project).unwrap_err().to_string();
    assert!(error.contains("Background"), "{error}");
    assert_eq!(files(&folder), before);
}

#[test]
fn others_folders_and_newer_programs_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| -> PathBuf { dir.path().join(name) };
    save_project(&path("a.accrete"), &some_project(1)).unwrap();
    let refused = |at: &Path, word: &str| {
        let error = save_project(at, &some_project(1)).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    };
    fs::create_dir(path("photos")).unwrap();
    fs::write(path("photos/a.jpg"), b"x").unwrap();
    refused(&path("photos"), "other files");
    refused(&path("photos/a.jpg"), "a file");
    fs::write(path("photos/project.json"), b"{\"name\": 1}").unwrap();
    refused(&path("photos"), "another program");
    assert_eq!(project_folder(&path("photos")), None);

    let file = path("a.accrete").join(NAME);
    let text = fs::read_to_string(&file).unwrap();
    let change = |from: &str, to: &str, word: &str| {
        fs::write(&file, text.replacen(from, to, 1)).unwrap();
        let error = open_project(&path("a.accrete")).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    };
    change("project\": 1", "project\": 2", "version 2");
    change("accrete_project", "other_project", "no project of this");
    change("\"splats-", "\"../splats-", "outside");
    change("\"splats-", "\"other-", "other-");
    change("\"count\":30", "\"count\":31", "was saved with 31");
    change("\"done\": ", "\"done\": 99", "are done");
    fs::write(&file, &text).unwrap();
    // Splats that another program changed.
    let name = files(&path("a.accrete")).into_iter();
    let (name, mut bytes) = name
        .into_iter()
        .find(|it| it.0.starts_with("splats"))
        .unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(path("a.accrete").join(name), bytes).unwrap();
    let (_, warnings) = open_project(&path("a.accrete")).unwrap();
    assert!(warnings[0].contains("was changed"), "{warnings:?}");
}

#[test]
fn whatever_is_dropped_is_opened() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("p");
    save_project(&folder, &some_project(2)).unwrap();
    for path in [folder.clone(), folder.join(NAME)] {
        let Opened::Project(place, project, _) = open(&path).unwrap() else {
            panic!("{}", path.display());
        };
        assert_eq!(place, folder);
        assert_eq!(project.ops, some_project(2).ops);
    }
    let empty = dir.path().join("e.accrete");
    save_project(&empty, &Project::default()).unwrap();
    assert_eq!(
        open_project(&empty).unwrap(),
        (Project::default(), Vec::new())
    );
}

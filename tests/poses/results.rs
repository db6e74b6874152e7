//! Results beside the photos.

use std::fs;
use std::path::Path;

use recon::io::Folder;
use recon::poses::results::{load, load_at, place, save, save_at};
use recon::poses::{PoseError, judge};

use super::{boxes, config, photos, run};

#[test]
fn poses_are_kept_found_again_and_known_to_be_stale() {
    let (dir, _) = boxes(7);
    let photos = photos(dir.path());
    let poses = run(&photos).unwrap();
    let gate = judge("built-in", &poses, &photos);
    assert!(load(&photos.folder).is_none());
    let before: Vec<_> = photos
        .images
        .iter()
        .map(|it| photos.folder.read(&it.path).unwrap())
        .collect();
    let kept_in = save(&photos.folder, &poses, &gate).unwrap();
    assert_eq!(kept_in, dir.path().join(".accrete"));
    // Twice: the second takes the first one's place.
    save_at(&kept_in, &photos.folder, &poses, &gate, Some(&config())).unwrap();
    let after: Vec<_> = photos
        .images
        .iter()
        .map(|it| photos.folder.read(&it.path).unwrap())
        .collect();
    assert!(before == after, "photos are not touched");
    let mut names: Vec<_> = fs::read_dir(&kept_in)
        .unwrap()
        .map(|it| it.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["poses.json", "sparse"], "nothing is left over");

    let folder = Folder::open(dir.path()).unwrap();
    let (again, gate_again) = load(&folder).unwrap();
    assert_eq!(gate_again.per_photo, gate.per_photo);
    assert_eq!(again.frames.len(), poses.frames.len());
    for (a, b) in again.frames.iter().zip(&poses.frames) {
        assert_eq!(a.image, b.image);
        assert!(a.c2w.abs_diff_eq(b.c2w, 1e-9), "{}", a.image);
    }
    assert_eq!(again.points.len(), poses.points.len());
    assert_eq!(again.warnings, poses.warnings);
    let same = judge("built-in", &again, &photos);
    assert_eq!((same.good, same.points), (gate.good, gate.points));
    assert_eq!(load_at(&kept_in, &folder).unwrap().config, Some(config()));

    fs::remove_file(dir.path().join("view_06.png")).unwrap();
    fs::write(dir.path().join("view_01.png"), b"another").unwrap();
    fs::write(dir.path().join("view_99.png"), b"new").unwrap();
    let folder = Folder::open(dir.path()).unwrap();
    let kept = load_at(&kept_in, &folder).unwrap();
    assert_eq!(kept.added, ["view_99.png"]);
    assert_eq!(kept.removed, ["view_06.png"]);
    assert_eq!(kept.changed, ["view_01.png"]);
    assert_eq!(kept.poses.warnings.len(), poses.warnings.len() + 3);
}

#[test]
fn damaged_results_count_as_none_and_are_replaced() {
    let (dir, _) = boxes(5);
    let photos = photos(dir.path());
    let poses = run(&photos).unwrap();
    let gate = judge("built-in", &poses, &photos);
    let place = save(&photos.folder, &poses, &gate).unwrap();
    let files = ["poses.json", "sparse/0/images.bin", "sparse/0/cameras.bin"];
    for file in files {
        let path = place.join(file);
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        assert!(load(&photos.folder).is_none(), "{file}");
        fs::remove_file(&path).unwrap();
        assert!(load(&photos.folder).is_none(), "{file}");
        save(&photos.folder, &poses, &gate).unwrap();
        assert!(load(&photos.folder).is_some(), "{file}");
    }
}

#[test]
fn results_go_elsewhere_where_they_must() {
    let dir = tempfile::tempdir().unwrap();
    let zip = dir.path().join("photos.zip");
    let mut writer = zip::ZipWriter::new(fs::File::create(&zip).unwrap());
    writer
        .start_file("a.png", zip::write::SimpleFileOptions::default())
        .unwrap();
    writer.finish().unwrap();
    let folder = Folder::open(&zip).unwrap();
    let Err(PoseError::Failed(text)) = place(&folder, None) else {
        panic!()
    };
    assert!(text.contains("zip") && text.contains("--out"), "{text}");
    let elsewhere = place(&folder, Some(Path::new("results"))).unwrap();
    assert_eq!(elsewhere, Path::new("results/.accrete"));
    // A file where the folder would be: an error that names it, not a panic.
    let poses = recon::dataset::PoseFile::new(recon::dataset::PoseFormat::ColmapBinary);
    let (photos_dir, _) = boxes(2);
    let photos = photos(photos_dir.path());
    let gate = judge("built-in", &poses, &photos);
    fs::write(dir.path().join(".accrete"), b"in the way").unwrap();
    let error = save_at(&dir.path().join(".accrete"), &folder, &poses, &gate, None).unwrap_err();
    assert!(error.to_string().contains(".accrete"), "{error}");
}

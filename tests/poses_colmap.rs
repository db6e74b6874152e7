//! COLMAP as a pose engine, played by a shell script: what it is asked, how it is heard, how it
//! ends, and what stays behind.
#![cfg(unix)]

use std::ops::ControlFlow;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use glam::{DAffine3, DVec2, DVec3};
use recon::dataset::{Frame, Lens, LensModel, Observation, Optics, Points, PoseFile, PoseFormat};
use recon::io::{self, Opened, colmap};
use recon::poses::{ColmapEngine, Mapper, Photos, PoseConfig, PoseEngine, PoseError, PoseUpdate};
use recon::worker::EngineChoice;
use recon::{Command, Event, Worker};
use tempfile::TempDir;

/// Says what it is, lists its options, and notes what it is asked.
const HEAD: &str = r#"#!/bin/sh
here=$(dirname "$0")
value() { want=$1; shift; while [ $# -gt 0 ]; do [ "$1" = "$want" ] && printf %s "$2"; shift; done; }
if [ "$1" = help ]; then
    echo "COLMAP 3.8 -- Structure-from-Motion and Multi-View Stereo"
    echo "(Commit Unknown on Unknown without CUDA)"
    cat "$here/commands"
    exit
fi
if [ "$2" = --help ]; then cat "$here/options"; exit; fi
echo "$@" "$QT_QPA_PLATFORM" >> "$here/asked"
images=$(value --image_path "$@")
models=$(value --output_path "$@")
snapshots=$(value --Mapper.snapshot_path "$@")
"#;

/// Goes through its stages as the real one does.
const WORKS: &str = r#"
case $1 in
    feature_extractor)
        cp "$(value --image_list_path "$@")" "$here/listed"
        printf 'Processed file [1/3]\nProcessed file [3/3]\n'; sleep 0.15 ;;
    exhaustive_matcher) printf 'Matching block [1/1, 1/1]'; sleep 0.15; echo ' in 0.1s' ;;
    sequential_matcher) echo 'Matching image [3/3] in 0.1s' ;;
    mapper|global_mapper)
        [ -n "$snapshots" ] && cp -r "$here/small" "$snapshots/0001"
        echo 'Registering image #2 (3)'; sleep 0.3
        cp -r "$here/small" "$models/0"; cp -r "$here/large" "$models/1" ;;
esac
"#;

const OLD_OPTIONS: &str = "
  -h [ --help ]
  --ImageReader.camera_model arg (=SIMPLE_RADIAL)
  --ImageReader.single_camera arg (=0)
  --ImageReader.camera_params arg
  --SiftExtraction.use_gpu arg (=1)
  --SiftExtraction.max_image_size arg (=3200)
  --SiftExtraction.max_num_features arg (=8192)
  --SiftMatching.use_gpu arg (=1)
  --SequentialMatching.overlap arg (=10)
  --Mapper.snapshot_path arg
  --Mapper.snapshot_images_freq arg (=0)
";

const NEW_OPTIONS: &str = "
  --ImageReader.camera_model arg (=SIMPLE_RADIAL)
  --ImageReader.single_camera arg (=0)
  --FeatureExtraction.use_gpu arg (=1)
  --FeatureExtraction.max_image_size arg (=-1)
  --SiftExtraction.max_num_features arg (=8192)
  --FeatureMatching.use_gpu arg (=1)
";

/// A folder with a script that plays COLMAP, and one with three photos.
struct Stage {
    folder: TempDir,
}

impl Stage {
    fn new(script: &str, options: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let it = Self { folder };
        std::fs::create_dir(it.path("photos")).unwrap();
        for (i, name) in ["a.png", "b.png", "c d.png"].into_iter().enumerate() {
            let shade = |x: u32, y: u32| image::Luma([(x * 3 + y * 5 + 40 * i as u32) as u8]);
            let photo = image::GrayImage::from_fn(64, 48, shade);
            photo.save(it.path("photos").join(name)).unwrap();
        }
        it.write("options", options.as_bytes());
        it.write("commands", b"  feature_extractor\n  mapper\n");
        it.write_model("small", &["a.png"]);
        it.write_model("large", &["a.png", "c d.png"]);
        it.write("colmap", format!("{HEAD}{script}").as_bytes());
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(it.path("colmap"), mode).unwrap();
        it
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    fn write_model(&self, name: &str, photos: &[&str]) {
        std::fs::create_dir(self.path(name)).unwrap();
        for (file, bytes) in colmap::write_binary(&model(photos)).unwrap() {
            self.write(&format!("{name}/{file}"), &bytes);
        }
    }

    fn engine(&self) -> ColmapEngine {
        ColmapEngine::find(Some(&self.path("colmap"))).unwrap()
    }

    fn photos(&self) -> Photos {
        match io::open(&self.path("photos")).unwrap() {
            Opened::Photos(photos) => photos,
            other => panic!("{other:?}"),
        }
    }

    /// Names in the photos' folder, hidden ones too.
    fn left(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.path("photos")).unwrap();
        let names = entries.map(|it| it.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }
}

/// A row of cameras that look at the same wall of points.
fn model(photos: &[&str]) -> PoseFile {
    let lens = Lens {
        model: LensModel::Opencv,
        ..Lens::centred(60.0, 64, 48)
    };
    let mut file = PoseFile::new(PoseFormat::ColmapBinary);
    let wall = |i: i32| DVec3::new(f64::from(i % 10) * 0.05, f64::from(i / 10) * 0.05, 2.0);
    file.points = Points {
        positions: (0..60).map(wall).collect(),
        colours: vec![[200, 100, 50]; 60],
        errors_px: vec![0.5; 60],
        observations: Vec::new(),
    };
    for (frame, photo) in photos.iter().enumerate() {
        let eye = DVec3::new(0.1 * frame as f64, 0.0, 0.0);
        file.frames.push(Frame {
            image: (*photo).to_owned(),
            mask: None,
            optics: 0,
            c2w: DAffine3::from_translation(eye),
            split: None,
        });
    }
    for (point, position) in file.points.positions.iter().enumerate() {
        for (frame, it) in file.frames.iter().enumerate() {
            let seen = *position - it.c2w.translation;
            let pixel = DVec2::new(
                lens.fx * seen.x / seen.z + lens.cx,
                lens.fy * seen.y / seen.z + lens.cy,
            );
            file.points.observations.push(Observation {
                point: point as u32,
                frame: frame as u32,
                pixel,
            });
        }
    }
    file.optics.push(Optics::Lens(lens));
    file
}

fn go(_: PoseUpdate) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

#[test]
fn the_largest_model_is_read_and_nothing_stays_behind() {
    let stage = Stage::new(WORKS, OLD_OPTIONS);
    let engine = stage.engine();
    assert_eq!(engine.name(), "COLMAP 3.8");
    let (mut steps, mut live, mut warned) = (Vec::new(), 0, 0);
    let poses = engine.run(&stage.photos(), &PoseConfig::default(), &mut |it| {
        match it {
            PoseUpdate::Progressed { what, done, total } => steps.push((what, done, total)),
            PoseUpdate::Live(it) => {
                live += usize::from(it.cameras.len() == 1 && it.points.len() == 60)
            }
            PoseUpdate::Warned(_) => warned += 1,
        }
        ControlFlow::Continue(())
    });
    let poses = poses.unwrap();
    let names: Vec<&str> = poses.frames.iter().map(|it| it.image.as_str()).collect();
    assert_eq!(names, ["a.png", "c d.png"]);
    assert_eq!(poses.unregistered, ["b.png"]);
    assert!(
        poses.warnings.iter().any(|it| it.contains("2 models")),
        "{:?}",
        poses.warnings
    );
    assert_eq!((live, warned), (1, 0), "the unfinished model is shown once");
    for step in [
        ("Looking for features (COLMAP 3.8)", 3, 3),
        ("Matching photos (COLMAP 3.8)", 1, 1),
        ("Placing cameras (COLMAP 3.8)", 3, 3),
    ] {
        let found = steps.iter().any(|it| (it.0.as_str(), it.1, it.2) == step);
        assert!(found, "{step:?} {steps:?}");
    }
    assert_eq!(stage.left(), ["a.png", "b.png", "c d.png"]);
    assert_eq!(stage.read("listed"), "a.png\nb.png\nc d.png\n");
    let asked = stage.read("asked");
    for words in [
        "--ImageReader.camera_model OPENCV",
        "--ImageReader.single_camera 1",
        "--SiftExtraction.max_image_size 960",
        "--SiftExtraction.max_num_features 2048",
        "--SiftExtraction.use_gpu 0",
        "--SiftMatching.use_gpu 0",
        "offscreen",
    ] {
        assert!(asked.contains(words), "{words}: {asked}");
    }
}

#[test]
fn newer_versions_are_asked_by_their_own_names() {
    let stage = Stage::new(WORKS, NEW_OPTIONS);
    stage.write("commands", b"  global_mapper\n");
    let mut engine = stage.engine();
    assert!(engine.has_global_mapper());
    (engine.gpu, engine.mapper) = (true, Mapper::Global);
    let config = PoseConfig {
        sequential: Some(4),
        focal_35mm: Some(36.0),
        ..PoseConfig::default()
    };
    engine.run(&stage.photos(), &config, &mut go).unwrap();
    let asked = stage.read("asked");
    for words in [
        "--FeatureExtraction.max_image_size 960",
        "--FeatureExtraction.use_gpu 1",
        "--FeatureMatching.use_gpu 1",
        "sequential_matcher",
        "global_mapper --database_path",
    ] {
        assert!(asked.contains(words), "{words}: {asked}");
    }
    let unknown = [
        "SiftMatching",
        "SequentialMatching",
        "camera_params",
        "snapshot",
    ];
    assert!(!unknown.iter().any(|it| asked.contains(it)), "{asked}");
}

#[test]
fn photos_in_a_zip_are_unpacked() {
    let stage = Stage::new(WORKS, OLD_OPTIONS);
    let packed = stage.path("photos.zip");
    let mut zip = zip::ZipWriter::new(std::fs::File::create(&packed).unwrap());
    for name in ["a.png", "b.png", "c d.png"] {
        zip.start_file(name, zip::write::SimpleFileOptions::default())
            .unwrap();
        let bytes = std::fs::read(stage.path("photos").join(name)).unwrap();
        std::io::Write::write_all(&mut zip, &bytes).unwrap();
    }
    zip.finish().unwrap();
    let Opened::Photos(photos) = io::open(&packed).unwrap() else {
        panic!("photos");
    };
    let poses = stage.engine().run(&photos, &PoseConfig::default(), &mut go);
    assert_eq!(poses.unwrap().frames.len(), 2);
    let images = stage.read("asked");
    let images = images
        .split_whitespace()
        .skip_while(|it| *it != "--image_path")
        .nth(1);
    assert!(
        !Path::new(images.unwrap()).exists(),
        "unpacked photos are gone"
    );
}

#[test]
fn its_last_words_stand_in_the_error() {
    for (script, words) in [
        (
            "echo 'database is locked' >&2; exit 1",
            "database is locked",
        ),
        ("kill -SEGV $$", "signal"),
        (": # no model", "found no place for any photo"),
    ] {
        let stage = Stage::new(script, OLD_OPTIONS);
        let result = stage
            .engine()
            .run(&stage.photos(), &PoseConfig::default(), &mut go);
        let err = result.unwrap_err().to_string();
        assert!(
            err.contains(words) && err.contains("COLMAP 3.8"),
            "{words}: {err}"
        );
        assert_eq!(stage.left().len(), 3);
    }
    let damaged = r#"[ "$1" = mapper ] && mkdir "$models/0" && for f in cameras images points3D; do
        echo x > "$models/0/$f.bin"; done; true"#;
    let stage = Stage::new(damaged, OLD_OPTIONS);
    stage
        .engine()
        .run(&stage.photos(), &PoseConfig::default(), &mut go)
        .unwrap_err();
}

#[test]
fn cancelling_ends_it_and_all_that_it_started() {
    let hangs = r#"echo 'Processed file [1/3]'; (sleep 1; echo > "$here/witness") & sleep 60"#;
    let stage = Stage::new(hangs, OLD_OPTIONS);
    let begun = Instant::now();
    let result = stage.engine().run(
        &stage.photos(),
        &PoseConfig::default(),
        &mut |it| match it {
            PoseUpdate::Progressed {
                done: 1, total: 3, ..
            } => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        },
    );
    assert!(matches!(result, Err(PoseError::Cancelled)), "{result:?}");
    assert!(
        begun.elapsed() < Duration::from_secs(30),
        "it is not waited for"
    );
    assert_eq!(stage.left(), ["a.png", "b.png", "c d.png"]);
    std::thread::sleep(Duration::from_millis(1300));
    assert!(!stage.path("witness").exists(), "what it started lives on");
}

#[test]
fn another_program_is_not_taken_for_colmap() {
    let stage = Stage::new("", OLD_OPTIONS);
    stage.write("colmap", b"#!/bin/sh\necho hello\n");
    let err = ColmapEngine::find(Some(&stage.path("colmap")))
        .unwrap_err()
        .to_string();
    assert!(err.contains("does not introduce itself"), "{err}");
    let err = ColmapEngine::find(Some(&stage.path("nowhere")))
        .unwrap_err()
        .to_string();
    assert!(err.contains("nowhere"), "{err}");
    // A folder stands for the program inside.
    let stage = Stage::new("", OLD_OPTIONS);
    let found = ColmapEngine::find(Some(stage.folder.path())).unwrap();
    assert_eq!(found.program, stage.path("colmap"));
}

/// Runs the search and returns its events. No graphics device is needed.
fn search(stage: &Stage) -> Vec<Event> {
    let worker = Worker::spawn(None::<render::gpu::Gpu>, || ()).unwrap();
    worker.send(Command::FindPoses {
        photos: stage.photos().into(),
        engine: EngineChoice::Colmap {
            program: Some(stage.path("colmap")),
            gpu: false,
            mapper: Mapper::Incremental,
        },
        config: PoseConfig::default(),
        out: None,
    });
    let begun = Instant::now();
    let mut seen = Vec::new();
    while begun.elapsed() < Duration::from_mins(1) {
        seen.extend(worker.events());
        let end = |it: &Event| matches!(it, Event::Finished | Event::Cancelled | Event::Failed(_));
        if seen.last().is_some_and(end) {
            return seen;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("no end: {seen:?}");
}

#[test]
fn poses_that_hold_are_kept_and_opened() {
    let stage = Stage::new(WORKS, OLD_OPTIONS);
    let events = search(&stage);
    assert!(matches!(events.last(), Some(Event::Finished)), "{events:?}");
    let gate = events.iter().find_map(|it| match it {
        Event::PosesFound(gate) => Some(gate),
        _ => None,
    });
    let gate = gate.unwrap();
    assert_eq!(
        (gate.photos, gate.good, gate.engine.as_str()),
        (3, 2, "COLMAP 3.8")
    );
    let dataset = events.iter().find_map(|it| match it {
        Event::DatasetOpened(dataset) => Some(dataset),
        _ => None,
    });
    assert_eq!(dataset.unwrap().views.len(), 2);
    assert_eq!(stage.left(), [".accrete", "a.png", "b.png", "c d.png"]);
    let again = io::open(&stage.path("photos")).unwrap();
    assert!(matches!(again, Opened::Dataset(it) if it.views.len() == 2));
}

#[test]
fn poses_that_do_not_hold_are_not_kept() {
    let stage = Stage::new(&WORKS.replace("/large", "/small"), OLD_OPTIONS);
    let events = search(&stage);
    assert!(matches!(events.last(), Some(Event::Finished)), "{events:?}");
    let gate = events.iter().find_map(|it| match it {
        Event::PosesFound(gate) => Some(gate),
        _ => None,
    });
    let gate = gate.unwrap();
    assert_eq!(gate.verdict, recon::poses::Verdict::Refused);
    assert!(
        gate.advice.iter().any(|it| it.contains("RealityScan")),
        "{gate:?}"
    );
    assert!(
        !events
            .iter()
            .any(|it| matches!(it, Event::DatasetOpened(_)))
    );
    assert_eq!(stage.left(), ["a.png", "b.png", "c d.png"]);
}

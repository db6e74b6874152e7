//! Damaged and hostile pose files: an error that says what is wrong, never a panic, and no memory
//! for what a header merely claims.

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use recon::dataset::{Distortion, PoseFile};
use recon::io::{
    FormatError, inria_cameras, llff, metashape, opencv_cameras, reality_capture,
    recognise_pose_file, transforms,
};

use super::assert_sound;
use super::roundtrip::random_cameras;

type Reader = fn(&[u8]) -> Result<PoseFile, FormatError>;

/// A small sound file of each format, a name for it, and its reader.
fn samples() -> Vec<(&'static str, Vec<u8>, Reader)> {
    let mut cameras = random_cameras(Distortion::None);
    cameras.frames.truncate(3);
    cameras.input_lists.clear();
    cameras.input_lists.insert(2, vec![0, 2]);
    let bent = Distortion::Radial {
        k: [0.1, -0.2, 0.0, 0.0, 0.0, 0.0],
        p: [1e-3, 2e-4],
    };
    let mut bent = random_cameras(bent);
    bent.frames.truncate(3);
    vec![
        (
            "transforms.json",
            transforms::write(&bent).unwrap(),
            transforms::read,
        ),
        (
            "opencv_cameras.json",
            opencv_cameras::write(&cameras).unwrap(),
            opencv_cameras::read,
        ),
        (
            "cameras.json",
            inria_cameras::write(&cameras).unwrap(),
            inria_cameras::read,
        ),
        ("poses_bounds.npy", poses_bounds(), llff::read),
        ("cameras.csv", csv().into_bytes(), reality_capture::read),
        ("cameras.xml", xml().into_bytes(), metashape::read),
    ]
}

fn poses_bounds() -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    let header = "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 17), }";
    bytes.extend(format!("{header:<117}\n").bytes());
    for i in 0..3 {
        let row = [
            0.0,
            1.0,
            0.0,
            f64::from(i),
            60.0, //
            -1.0,
            0.0,
            0.0,
            2.0,
            80.0, //
            0.0,
            0.0,
            1.0,
            3.0,
            40.0,
            1.0,
            9.0,
        ];
        bytes.extend(row.into_iter().flat_map(f64::to_le_bytes));
    }
    bytes
}

fn csv() -> String {
    let header = "#cameras 3\n#name,x,y,alt,heading,pitch,roll,f,px,py,k1,k2,k3,k4,t1,t2\n";
    let row = |i| format!("img_{i}.jpg,{i}.5,2,3e0,10,20,-30,28.5,1e-3,2e-3,-0.1,0.1,0,1e-3,0,0\n");
    header.to_owned() + &(0..3).map(row).collect::<String>()
}

fn xml() -> String {
    let camera = |i| {
        format!(
            "<camera id=\"{i}\" sensor_id=\"0\" component_id=\"0\" label=\"img_{i}\"><transform>\
             0 0 1 1 -1 0 0 2 0 -1 0 3 0 0 0 1</transform></camera>\n"
        )
    };
    let cameras: String = (0..3).map(camera).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<document version=\"2.0.0\">\n<chunk>\n\
         <sensors><sensor id=\"0\" type=\"frame\"><calibration type=\"frame\" class=\"adjusted\">\
         <resolution width=\"80\" height=\"60\"/><f>40</f><cx>1</cx><cy>-1</cy><k1>0.1</k1>\
         </calibration></sensor></sensors>\n<components><component id=\"0\"><transform><rotation>\
         1 0 0 0 1 0 0 0 1</rotation><translation>1 2 3</translation><scale>2</scale></transform>\
         </component></components>\n<cameras>{cameras}</cameras>\n</chunk></document>\n"
    )
}

/// Sound, or an error worth reading.
fn assert_handled(name: &str, result: Result<PoseFile, FormatError>) {
    match result {
        Ok(file) => assert_sound(&file),
        Err(error) => assert!(10 < error.to_string().len(), "{name}: {error}"),
    }
}

#[test]
fn samples_are_sound_and_recognised() {
    for (name, bytes, read) in samples() {
        let file = read(&bytes).unwrap_or_else(|it| panic!("{name}: {it}"));
        assert_sound(&file);
        assert_eq!(file.frames.len(), 3, "{name}");
        let front = &bytes[..bytes.len().min(500)];
        assert_eq!(
            recognise_pose_file(name, front),
            Some(file.format),
            "{name}"
        );
    }
}

#[test]
fn files_cut_off_anywhere_are_refused_or_hold_whole_photos() {
    for (name, bytes, read) in samples() {
        for end in 0..bytes.len() {
            let result = read(&bytes[..end]);
            if let Ok(file) = &result {
                // Only white space is missing, or lines of the CSV.
                let is_table = name == "cameras.csv" && file.frames.len() <= 3;
                assert!(
                    is_table || bytes[end..].trim_ascii().is_empty(),
                    "{name} cut at {end}"
                );
            }
            assert_handled(name, result);
        }
    }
}

#[test]
fn flipped_bytes_never_panic() {
    const ROUNDS: usize = 5_000;
    let mut rng = Pcg64Mcg::seed_from_u64(3);
    for (name, bytes, read) in samples() {
        for _ in 0..ROUNDS {
            let mut broken = bytes.clone();
            for _ in 0..rng.random_range(1..4) {
                let at = rng.random_range(0..broken.len());
                broken[at] = rng.random();
            }
            let _ = recognise_pose_file(name, &broken);
            assert_handled(name, read(&broken));
        }
    }
}

/// Every number and text becomes something else, one at a time.
#[test]
fn other_types_anywhere_are_handled() {
    let others = [
        "null",
        "NaN",
        "-Infinity",
        "\"x\"",
        "[]",
        "{}",
        "true",
        "-1",
        "1e308",
        "0",
        "0.5",
    ];
    for (name, bytes, read) in samples().into_iter().take(3) {
        let text = String::from_utf8(bytes).unwrap();
        let mut begin = 0;
        while let Some(at) = text[begin..].find([':', ',', '[']) {
            let from = begin + at + 1;
            let end = text[from..]
                .find([',', ']', '}'])
                .map_or(text.len(), |it| from + it);
            for other in others {
                let broken = format!("{}{other}{}", &text[..from], &text[end..]);
                assert_handled(name, read(broken.as_bytes()));
            }
            begin = from;
        }
    }
}

#[test]
fn line_ends_and_byte_order_marks_do_not_matter() {
    for (name, bytes, read) in samples() {
        let Ok(text) = String::from_utf8(bytes.clone()) else {
            continue;
        };
        let expected = read(&bytes).unwrap().frames;
        let other = format!("\u{feff}{}", text.replace('\n', "\r\n"));
        assert_eq!(read(other.as_bytes()).unwrap().frames, expected, "{name}");
        let wide: Vec<u8> = [0xfe_ff]
            .into_iter()
            .chain(text.encode_utf16())
            .flat_map(u16::to_le_bytes)
            .collect();
        let error = read(&wide).unwrap_err().to_string();
        assert!(error.contains("UTF-16"), "{name}: {error}");
    }
}

#[test]
fn deep_and_long_files_cost_little() {
    let deep = "[".repeat(1 << 20);
    assert!(transforms::read(deep.as_bytes()).is_err());
    assert!(opencv_cameras::read(deep.as_bytes()).is_err());
    let deep = "<a>".repeat(1 << 16);
    assert!(metashape::read(deep.as_bytes()).is_err());
    let deep = deep + &"</a>".repeat(1 << 16);
    assert!(metashape::read(deep.as_bytes()).is_err());
    let bomb =
        "<!DOCTYPE a [<!ENTITY b \"bbbb\"><!ENTITY c \"&b;&b;&b;\">]><document>&c;</document>";
    let error = metashape::read(bomb.as_bytes()).unwrap_err().to_string();
    assert!(error.contains("DTD"), "{error}");

    // A hundred thousand photos, each with its own camera.
    let frame = |i: usize| {
        format!(
            "{{\"file_path\":\"{i}\",\"fl_x\":{i}.5,\"transform_matrix\":[1,0,0,{i},0,1,0,0,0,0,1,0]}}"
        )
    };
    let frames: Vec<String> = (0..100_000).map(frame).collect();
    let json = format!("{{\"frames\": [{}]}}", frames.join(","));
    let file = transforms::read(json.as_bytes()).unwrap();
    assert_eq!((file.frames.len(), file.optics.len()), (100_000, 100_000));
    // As many without a pose make one sentence.
    let json = json
        .replace("[1,0,0,", "[0,0,0,")
        .replacen("[0,0,0,", "[1,0,0,", 1);
    let file = transforms::read(json.as_bytes()).unwrap();
    assert_eq!((file.frames.len(), file.warnings.len()), (1, 1));
    assert!(file.warnings[0].len() < 300, "{}", file.warnings[0]);
}

#[test]
fn an_array_s_header_is_not_believed() {
    let fine = poses_bounds();
    let with = |from: &str, to: &str| {
        let at = fine
            .windows(from.len())
            .position(|it| it == from.as_bytes())
            .unwrap();
        let mut bytes = fine.clone();
        bytes.splice(at..at + to.len(), to.bytes());
        bytes
    };
    for shape in [
        "(1152921504606846976, 17), }",
        "(18446744073709551615, 17), }",
        "(9, 17), }",
    ] {
        let error = llff::read(&with("(3, 17), }", shape))
            .unwrap_err()
            .to_string();
        assert!(error.contains("truncated"), "{error}");
    }
    let error = llff::read(&with("(3, 17), }", "(99999999999999999999999, 17), }")).unwrap_err();
    assert!(error.to_string().contains("readable"), "{error}");
}

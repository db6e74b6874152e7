//! Conventions of Metashape's XML, with numbers made by hand.

use super::*;
use crate::dataset::{Distortion, LensModel, Optics};

const SENSOR: &str = r#"<sensor id="0" type="frame"><resolution width="80" height="60"/>
    <calibration type="frame" class="initial"><resolution width="80" height="60"/><f>1</f>
    </calibration>
    <calibration type="frame" class="adjusted"><resolution width="80" height="60"/>
    <f>40</f><cx>1</cx><cy>-2</cy></calibration></sensor>"#;

/// Looks along +x with +z up, at (1, 2, 3): columns right (0, −1, 0), down (0, 0, −1), forward.
const TRANSFORM: &str = "<transform>0 0 1 1  -1 0 0 2  0 -1 0 3  0 0 0 1</transform>";

fn chunk(sensor: &str, components: &str, cameras: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<document version=\"2.0.0\"><chunk \
         label=\"Chunk 1\" enabled=\"true\"><sensors next_id=\"1\">{sensor}</sensors>\
         {components}<cameras next_id=\"9\">{cameras}</cameras></chunk></document>"
    )
}

fn camera(label: &str, inside: &str) -> String {
    format!(r#"<camera id="0" sensor_id="0" component_id="0" label="{label}">{inside}</camera>"#)
}

fn open(xml: &str) -> PoseFile {
    read(xml.as_bytes()).unwrap_or_else(|it| panic!("{it}: {xml}"))
}

fn error(xml: &str) -> String {
    read(xml.as_bytes()).unwrap_err().to_string()
}

/// Where the first camera sees a point, without distortion.
fn pixel(file: &PoseFile, point: [f64; 3]) -> [f64; 2] {
    let lens = file.optics[0].at(80, 60);
    let it = file.frames[0].c2w.inverse().transform_point3(point.into());
    assert!(0.0 < it.z, "behind");
    [
        lens.cx + lens.fx * it.x / it.z,
        lens.cy + lens.fy * it.y / it.z,
    ]
    .map(|it| (it * 1e9).round() / 1e9)
}

#[test]
fn a_camera_sees_a_point_where_it_should() {
    let file = open(&chunk(SENSOR, "", &camera("a.jpg", TRANSFORM)));
    // Two ahead, one to the left and half above; the principal point is from the middle.
    assert_eq!(pixel(&file, [3.0, 3.0, 3.5]), [41.0 - 20.0, 28.0 - 10.0]);
    assert_eq!(file.frames[0].image, "a.jpg");
    assert_eq!(file.warnings, [""; 0]);

    // The component is turned by 90° about z (x to y), twice as large and moved.
    let components = r#"<components><component id="0" label="Component 1"><transform>
        <rotation locked="true">0 -1 0 1 0 0 0 0 1</rotation>
        <translation locked="true">10 20 30</translation><scale>2</scale></transform>
        </component></components>"#;
    let moved = open(&chunk(SENSOR, components, &camera("a.jpg", TRANSFORM)));
    // (3, 3, 3.5) becomes 2 (−3, 3, 3.5) + (10, 20, 30).
    assert_eq!(pixel(&moved, [4.0, 26.0, 37.0]), [21.0, 18.0]);
    assert_eq!(moved.frames[0].c2w.translation, DVec3::new(6.0, 22.0, 36.0));
    let far = components.replace("10 20 30", "-2499366.4 -4256836.5 4029217.9");
    let far = open(&chunk(SENSOR, &far, &camera("a.jpg", TRANSFORM)));
    assert!(
        far.warnings[0].contains("georeferenced"),
        "{:?}",
        far.warnings
    );
}

/// A lens' coefficients, at x = 0.3, y = −0.2, in the formulas of the user manual.
#[test]
fn lenses_are_those_of_the_manual() {
    let lens = |calibration: &str| {
        let sensor = SENSOR.replace("<f>40</f>", calibration);
        let file = open(&chunk(&sensor, "", &camera("a", TRANSFORM)));
        let Optics::Lens(lens) = file.optics[0].clone() else {
            panic!("no size");
        };
        (lens, file.warnings)
    };
    let (it, _) =
        lens("<f>40</f><b1>2</b1><k1>0.1</k1><k2>0.2</k2><k3>0.3</k3><p1>0.01</p1><p2>0.02</p2>");
    assert_eq!(
        (it.fx, it.fy, it.model),
        (42.0, 40.0, LensModel::FullOpencv)
    );
    let Distortion::Radial { k, p: [p1, p2] } = it.distortion else {
        panic!("no distortion");
    };
    assert_eq!(k, [0.1, 0.2, 0.3, 0.0, 0.0, 0.0]);
    let (x, y): (f64, f64) = (0.3, -0.2);
    let r2 = x * x + y * y;
    let manual = 0.01 * (r2 + 2.0 * x * x) + 2.0 * 0.02 * x * y;
    let opencv = 2.0 * p1 * x * y + p2 * (r2 + 2.0 * x * x);
    assert!((manual - opencv).abs() < 1e-15);

    let (it, warnings) = lens("<f>4000</f><k1>-0.09</k1><k4>-0.07</k4><b2>-0.3</b2>");
    assert!(matches!(
        it.distortion,
        Distortion::Radial {
            k: [_, _, _, 0.0, 0.0, 0.0],
            ..
        }
    ));
    // So narrow a lens hardly has an r⁸.
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(
        warnings[0].starts_with("sensor 0: `b2` (-0.3)"),
        "{warnings:?}"
    );
    let (_, warnings) = lens("<f>40</f><k4>-0.7</k4>");
    assert!(warnings[0].contains("r⁸"), "{warnings:?}");

    // PhotoScan's first versions.
    let (it, _) = lens("<fx>41</fx><fy>42</fy><p1>0.1</p1>");
    assert_eq!((it.fx, it.fy, it.cx, it.cy), (41.0, 42.0, 1.0, -2.0));
    let expected = Distortion::Radial {
        k: [0.0; 6],
        p: [0.1, 0.0],
    };
    assert_eq!(it.distortion, expected);
}

#[test]
fn fisheyes_are_equidistant_and_spheres_are_left_out() {
    let of = |kind: &str, more: &str| {
        let sensor = SENSOR.replace("\"frame\"", &format!("\"{kind}\""));
        let sensor = sensor.replace("<f>40</f>", &format!("<f>40</f>{more}"));
        read(chunk(&sensor, "", &camera("a", TRANSFORM)).as_bytes())
    };
    let optics = of("fisheye", "<k1>0.1</k1><k4>0.4</k4>").unwrap().optics;
    let k = [0.1, 0.0, 0.0, 0.4];
    let Optics::Lens(lens) = &optics[0] else {
        panic!("no size");
    };
    assert_eq!(lens.distortion, Distortion::Fisheye { k });
    let optics = of("equidistant_fisheye", "<k1>0.1</k1><p1>0.2</p1>")
        .unwrap()
        .optics;
    let Optics::Lens(lens) = &optics[0] else {
        panic!("no size");
    };
    let (k, p, s) = ([0.1, 0.0, 0.0, 0.0], [0.0, 0.2], [0.0; 2]);
    assert_eq!(lens.distortion, Distortion::ThinPrismFisheye { k, p, s });
    let error = of("spherical", "").unwrap_err().to_string();
    assert!(error.contains("no photo of 1 has a pose"), "{error}");
}

#[test]
fn photos_without_a_pose_are_unregistered() {
    let cameras = [
        camera("good.jpg", TRANSFORM),
        camera("unaligned.jpg", ""),
        camera("disabled.jpg", TRANSFORM).replace("<camera ", "<camera enabled=\"false\" "),
        camera("other.jpg", TRANSFORM).replace("component_id=\"0\"", "component_id=\"1\""),
        camera(
            "zero.jpg",
            "<transform>0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1</transform>",
        ),
        format!(
            "<group id=\"0\">{}</group>",
            camera("grouped.jpg", TRANSFORM)
        ),
    ];
    let file = open(&chunk(SENSOR, "", &cameras.concat()));
    let names: Vec<&str> = file.frames.iter().map(|it| it.image.as_str()).collect();
    assert_eq!(names, ["good.jpg", "grouped.jpg"]);
    assert_eq!(
        file.unregistered,
        ["unaligned.jpg", "disabled.jpg", "other.jpg", "zero.jpg"]
    );
    let warnings = file.warnings.join("\n");
    for says in ["disabled in Metashape", "other components", "zero.jpg"] {
        assert!(warnings.contains(says), "{warnings} lacks {says}");
    }
    let turned = format!("{TRANSFORM}<orientation>6</orientation>");
    let file = open(&chunk(SENSOR, "", &camera("a.jpg", &turned)));
    assert!(file.warnings[0].contains("EXIF"), "{:?}", file.warnings);
}

#[test]
fn of_several_chunks_the_one_with_most_cameras_is_taken() {
    let one = chunk(SENSOR, "", &camera("a", TRANSFORM));
    let two = chunk(
        SENSOR,
        "",
        &(camera("b", TRANSFORM) + &camera("c", TRANSFORM)),
    );
    let inner = |xml: &str| {
        let begin = xml.find("<chunk").unwrap();
        xml[begin..].replace("</document>", "")
    };
    let file = open(&format!(
        "<document>{}{}</document>",
        inner(&one),
        inner(&two)
    ));
    assert_eq!(file.frames[0].image, "b");
    assert!(file.warnings[0].contains("2 chunks"), "{:?}", file.warnings);
}

#[test]
fn what_is_wrong_is_named() {
    let fine = chunk(SENSOR, "", &camera("a.jpg", TRANSFORM));
    for (from, to, says) in [
        ("</document>", "", "not valid XML"),
        ("<cameras ", "<cameras>\n<", "at 2:"),
        ("<f>40</f>", "", "sensor 0: has no focal length"),
        ("<f>40</f>", "<f>wide</f>", "sensor 0: `f` is not a number"),
        (
            "<f>40</f>",
            "<f>-40</f>",
            "camera `a.jpg`: the focal length",
        ),
        ("width=\"80\"", "width=\"8e9\"", "`width` is 8000000000"),
        (
            "sensor_id=\"0\"",
            "sensor_id=\"7\"",
            "its sensor `7` is not in the file",
        ),
        ("0 0 0 1<", "0 0 0 one<", "`transform` holds `one`"),
        ("0 0 0 1<", "0 0 0<", "15 numbers"),
        ("label=\"a.jpg\"", "", "camera 0 has no label"),
        ("chunk", "lump", "no `chunk`"),
        (
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
            "<!DOCTYPE a [<!ENTITY b \"c\">]>",
            "DTD",
        ),
    ] {
        let broken = fine.replace(from, to);
        assert_ne!(broken, fine, "{from}");
        let error = error(&broken);
        assert!(error.contains(says), "{error} lacks {says}");
    }
    assert!(error(&chunk(SENSOR, "", "")).contains("empty"));
    let initial_only = SENSOR.replace("adjusted", "initial");
    let file = open(&chunk(&initial_only, "", &camera("a", TRANSFORM)));
    assert_eq!(file.frames.len(), 1);
}

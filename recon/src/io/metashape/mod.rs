//! Agisoft Metashape's XML of cameras (File ▸ Export ▸ Cameras).
//!
//! A chunk has sensors (with `calibration`), components (each with a map into the world, a
//! similarity) and cameras: `transform` is camera to component, rows of a 4 × 4 matrix, OpenCV
//! axes. The world is that of the component's map, so that exported points fit.

mod sensor;

use std::collections::{BTreeMap, HashMap};

use glam::{DAffine3, DMat3, DVec3};
use roxmltree::{Document, Node};

use crate::dataset::{PoseFile, PoseFormat};

use super::FormatError;
use super::json::utf8;
use super::reading::{Reading, Tally, Unposed};
use super::rigid::{from_rows, rigid};
use sensor::Sensor;

/// Positions farther out than this are those of a globe, not of a scene.
const GEOCENTRIC: f64 = 1e5;

/// Reads one. Cameras without a transform, disabled ones and those of other components than the
/// largest are unregistered.
///
/// # Errors
/// Where it is not such a file, where a number is none, or where no photo has a pose.
pub fn read(bytes: &[u8]) -> Result<PoseFile, FormatError> {
    let text = utf8(bytes)?;
    let document = Document::parse(text)
        .map_err(|err| FormatError::Malformed(format!("not valid XML: {err}. Export it again")))?;
    let root = document.root_element();
    let chunks: Vec<Node> = if root.has_tag_name("chunk") {
        vec![root]
    } else {
        children(root, "chunk").collect()
    };
    let aligned = |it: &&Node| {
        cameras(**it)
            .filter(|it| child(*it, "transform").is_some())
            .count()
    };
    // The first of the largest.
    let Some(chunk) = chunks.iter().rev().max_by_key(aligned) else {
        return Err(FormatError::Unsupported(
            "no Metashape cameras: the XML has no `chunk`. Export them with File ▸ Export ▸ \
             Cameras"
                .to_owned(),
        ));
    };
    let mut reading = Reading::new(PoseFormat::Metashape);
    if 1 < chunks.len() {
        let label = chunk.attribute("label").unwrap_or_default();
        reading.file.warnings.push(format!(
            "the file has {} chunks; the one with most aligned cameras is taken: {label}",
            chunks.len()
        ));
    }
    read_chunk(&mut reading, *chunk).map_err(FormatError::Malformed)?;
    reading.finish()
}

/// Why cameras are left out, beside those without a pose.
#[derive(Default)]
struct LeftOut {
    disabled: Tally,
    elsewhere: Tally,
    lens: Tally,
    turned: Tally,
}

fn read_chunk(reading: &mut Reading, chunk: Node) -> Result<(), String> {
    let mut sensors = HashMap::new();
    for node in within(chunk, "sensors", "sensor") {
        let id = node.attribute("id").unwrap_or_default();
        let sensor = Sensor::read(node).map_err(|why| format!("sensor {id}: {why}"))?;
        if let Sensor::Usable(_, notes) = &sensor {
            let notes = notes.iter().map(|it| format!("sensor {id}: {it}"));
            reading.file.warnings.extend(notes);
        }
        sensors.insert(id, sensor);
    }
    let components = Components::read(chunk)?;
    let mut left_out = LeftOut::default();
    for camera in cameras(chunk) {
        let label = camera.attribute("label").unwrap_or_default();
        let wrong = |why: String| format!("camera `{label}`: {why}");
        if label.is_empty() {
            return Err(format!(
                "camera {} has no label",
                camera.attribute("id").unwrap_or("?")
            ));
        }
        let place = components.place(camera);
        let is_off = |it: &str| it == "false" || it == "0";
        if camera.attribute("enabled").is_some_and(is_off) {
            left_out.disabled.add(|| label.to_owned());
            reading.file.unregistered.push(label.to_owned());
            continue;
        }
        let Some(place) = place else {
            left_out.elsewhere.add(|| label.to_owned());
            reading.file.unregistered.push(label.to_owned());
            continue;
        };
        let Some(transform) = child(camera, "transform") else {
            // As common as photos that did not align: no word beside the list.
            reading.file.unregistered.push(label.to_owned());
            continue;
        };
        let sensor = camera.attribute("sensor_id").unwrap_or_default();
        let optics = match sensors.get(sensor) {
            Some(Sensor::Usable(optics, _)) => reading.optics(optics.clone()).map_err(wrong)?,
            Some(Sensor::Unusable(why)) => {
                left_out.lens.add(|| format!("{label} ({why})"));
                reading.file.unregistered.push(label.to_owned());
                continue;
            }
            None => return Err(wrong(format!("its sensor `{sensor}` is not in the file"))),
        };
        if number_of(child(camera, "orientation")).is_some_and(|it| it != 1.0) {
            left_out.turned.add(|| label.to_owned());
        }
        let rows = numbers(transform).map_err(wrong)?;
        let pose = from_rows("transform", &rows).and_then(|it| rigid("transform", place.of(it)));
        let unposed = Unposed {
            image: label.to_owned(),
            optics,
            ..Unposed::default()
        };
        reading.photo(unposed, pose);
    }
    say(reading, &left_out);
    Ok(())
}

fn say(reading: &mut Reading, left_out: &LeftOut) {
    let LeftOut {
        disabled,
        elsewhere,
        lens,
        turned,
    } = left_out;
    let far = |it: &crate::dataset::Frame| GEOCENTRIC < it.c2w.translation.abs().max_element();
    let file = &mut reading.file;
    let is_far = file.frames.iter().any(far);
    let sentences = [
        disabled.sentence("disabled in Metashape, left out"),
        elsewhere.sentence("of other components than the largest, left out"),
        lens.sentence("with a lens that cannot be used, left out"),
        turned.sentence("turned by EXIF, which may not fit the poses"),
        is_far.then(|| {
            "the scene is georeferenced: positions are those of the globe, far from zero. Points \
             exported in another coordinate system do not fit them"
                .to_owned()
        }),
    ];
    file.warnings.extend(sentences.into_iter().flatten());
}

/// The chunk's components: which one is taken, and where it lies.
struct Components<'a> {
    taken: Option<&'a str>,
    place: Place,
}

/// A similarity.
#[derive(Clone, Copy)]
struct Place {
    rotation: DMat3,
    translation: DVec3,
    scale: f64,
}

impl Place {
    /// The pose seen from outside: its rotation stays one.
    fn of(&self, pose: DAffine3) -> DAffine3 {
        DAffine3 {
            matrix3: self.rotation * pose.matrix3,
            translation: self.translation + self.scale * (self.rotation * pose.translation),
        }
    }

    fn read(transform: Option<Node>) -> Result<Self, String> {
        let mut place = Self {
            rotation: DMat3::IDENTITY,
            translation: DVec3::ZERO,
            scale: 1.0,
        };
        let Some(transform) = transform else {
            return Ok(place);
        };
        if let Some(rotation) = child(transform, "rotation") {
            let rows = <[f64; 9]>::try_from(numbers(rotation)?)
                .map_err(|it| format!("its rotation has {} numbers, not 9", it.len()))?;
            let rotation = DMat3::from_cols_array(&rows).transpose();
            let map = DAffine3 {
                matrix3: rotation,
                translation: DVec3::ZERO,
            };
            place.rotation = rigid("its rotation", map)?.pose.matrix3;
        }
        if let Some(translation) = child(transform, "translation") {
            let it = <[f64; 3]>::try_from(numbers(translation)?)
                .map_err(|it| format!("its translation has {} numbers, not 3", it.len()))?;
            place.translation = DVec3::from(it);
        }
        if let Some(scale) = child(transform, "scale") {
            let found = number_of(Some(scale)).filter(|it| 0.0 < *it && it.is_finite());
            place.scale = found.ok_or("its scale is not a number above 0")?;
        }
        Ok(place)
    }
}

impl<'a> Components<'a> {
    fn read(chunk: Node<'a, '_>) -> Result<Self, String> {
        let mut sizes: BTreeMap<&str, usize> = BTreeMap::new();
        for camera in cameras(chunk).filter(|it| child(*it, "transform").is_some()) {
            if let Some(id) = camera.attribute("component_id") {
                *sizes.entry(id).or_default() += 1;
            }
        }
        let taken = sizes.iter().rev().max_by_key(|it| it.1).map(|it| *it.0);
        let node = within(chunk, "components", "component")
            .find(|it| taken.is_some() && it.attribute("id") == taken);
        // Before there were components, the chunk had the map.
        let transform = match node {
            Some(component) => child(component, "transform"),
            None => child(chunk, "transform"),
        };
        let id = taken.unwrap_or_default();
        let place = Place::read(transform).map_err(|why| format!("component `{id}`: {why}"))?;
        Ok(Self { taken, place })
    }

    /// Where the camera's component lies; `None` where that is not the one taken.
    fn place(&self, camera: Node) -> Option<Place> {
        match camera.attribute("component_id") {
            Some(id) if self.taken.is_some_and(|it| it != id) => None,
            _ => Some(self.place),
        }
    }
}

/// The cameras of a chunk, in groups or not.
fn cameras<'a, 'i: 'a>(chunk: Node<'a, 'i>) -> impl Iterator<Item = Node<'a, 'i>> {
    within(chunk, "cameras", "camera")
}

/// The nodes called `name` at any depth below the children called `list`.
fn within<'a, 'i: 'a>(
    node: Node<'a, 'i>,
    list: &'static str,
    name: &'static str,
) -> impl Iterator<Item = Node<'a, 'i>> {
    children(node, list)
        .flat_map(|it| it.descendants())
        .filter(move |it| it.has_tag_name(name))
}

fn children<'a, 'i: 'a>(
    node: Node<'a, 'i>,
    name: &'static str,
) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(move |it| it.has_tag_name(name))
}

fn child<'a, 'i: 'a>(node: Node<'a, 'i>, name: &'static str) -> Option<Node<'a, 'i>> {
    children(node, name).next()
}

/// The numbers of a node, separated by white space.
fn numbers(node: Node) -> Result<Vec<f64>, String> {
    const MAX: usize = 64;
    let words = node.text().unwrap_or_default().split_whitespace();
    words
        .take(MAX)
        .map(|it| {
            let shown: String = it.chars().take(30).collect();
            let name = node.tag_name().name();
            it.parse()
                .map_err(|_| format!("`{name}` holds `{shown}`, not a number"))
        })
        .collect()
}

/// The number of a node, where it is one.
fn number_of(node: Option<Node>) -> Option<f64> {
    node?.text()?.trim().parse().ok()
}

#[cfg(test)]
mod tests;

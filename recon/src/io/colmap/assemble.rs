//! Makes a pose file of a model: resolves numbers, leaves out what cannot be used, and says so.

use std::collections::HashMap;

use glam::{DAffine3, DMat3, DQuat, DVec2};

use super::model::{Camera, Image, Model, NO_POINT, Point};
use crate::dataset::{Frame, Lens, Observation, Optics, Points, PoseFile};

/// No photo has more pixels on a side.
const MAX_SIDE: u64 = 1 << 20;

/// How many names a warning lists.
const MAX_NAMED: usize = 5;

impl Model {
    pub(super) fn assemble(mut self) -> PoseFile {
        let mut file = PoseFile::new(self.format);
        file.warnings = self.warnings;
        let optics = optics(&mut self.cameras, &mut file);
        self.images.sort_by_key(|it| it.id);
        let mut seen: Vec<&[(DVec2, u64)]> = Vec::new();
        let mut frames = HashMap::new();
        let mut left_out = LeftOut::default();
        for image in &self.images {
            let Some(frame) = frame(image, &optics, &mut left_out) else {
                continue;
            };
            if frames.insert(image.id, seen.len()).is_some() {
                left_out.repeated.push(&image.name);
            }
            if image.is_name_odd {
                left_out.odd_names.push(&image.name);
            }
            file.frames.push(frame);
            seen.push(&image.seen);
        }
        let posed = left_out.report(&mut file);
        file.unregistered.extend(posed);
        self.points.sort_by_key(|it| it.id);
        let tracks = Tracks {
            entries: &self.tracks,
            frames: &frames,
            seen: &seen,
        };
        file.points = tracks.points(&self.points, &mut file.warnings);
        file
    }
}

/// The cameras that can be used, and where they are by number.
fn optics(cameras: &mut [Camera], file: &mut PoseFile) -> HashMap<u64, usize> {
    cameras.sort_by_key(|it| it.id);
    let mut places = HashMap::new();
    for camera in cameras {
        let id = camera.id;
        if places.contains_key(&id) {
            let warning = format!("camera {id} is listed again; the first entry counts");
            file.warnings.push(warning);
            continue;
        }
        match lens(camera) {
            Ok(lens) => {
                places.insert(id, file.optics.len());
                file.optics.push(Optics::Lens(lens));
            }
            Err(reason) => file.warnings.push(format!(
                "camera {id} ({}) is left out with its images: {reason}",
                camera.model.name()
            )),
        }
    }
    places
}

fn lens(camera: &Camera) -> Result<Lens, String> {
    let side = |side: u64| u32::try_from(side).ok().filter(|_| side <= MAX_SIDE);
    let size = side(camera.width).zip(side(camera.height));
    let Some((width, height)) = size.filter(|it| 0 < it.0 && 0 < it.1) else {
        let (width, height) = (camera.width, camera.height);
        return Err(format!("{width}×{height} is no size of a photo"));
    };
    let names = camera.model.param_names();
    let odd = names.iter().zip(&camera.params).find(|(name, value)| {
        let is_focal = name.starts_with('f');
        !value.is_finite() || (is_focal && **value <= 0.0)
    });
    if let Some((name, value)) = odd {
        return Err(format!("its {name} is {value}"));
    }
    Lens::from_colmap(camera.model, width, height, &camera.params)
        .ok_or_else(|| "it has too few parameters".to_owned())
}

/// Names of images that are left out or odd, by why.
#[derive(Default)]
struct LeftOut<'a> {
    unnamed: usize,
    without_rotation: Vec<&'a str>,
    without_position: Vec<&'a str>,
    without_camera: Vec<&'a str>,
    repeated: Vec<&'a str>,
    odd_names: Vec<&'a str>,
}

impl LeftOut<'_> {
    /// Adds the warnings; gives back the images that have no pose.
    fn report(self, file: &mut PoseFile) -> Vec<String> {
        let mut warn = |names: &[&str], what: &str| {
            if !names.is_empty() {
                file.warnings.push(format!("{} {what}", listed(names)));
            }
        };
        warn(
            &self.without_rotation,
            "left out: the rotation is zero or no number",
        );
        warn(
            &self.without_position,
            "left out: the position is no number",
        );
        warn(
            &self.without_camera,
            "left out: the camera is not listed or cannot be used",
        );
        warn(
            &self.repeated,
            "used, under a number that another image has too; tracks count for the last of them",
        );
        warn(
            &self.odd_names,
            "used, under a name that is not UTF-8 in the file: the photo may not be found",
        );
        if 0 < self.unnamed {
            let warning = format!("{} images without a name left out", self.unnamed);
            file.warnings.push(warning);
        }
        let without_pose = [self.without_rotation, self.without_position];
        without_pose
            .concat()
            .into_iter()
            .map(str::to_owned)
            .collect()
    }
}

/// "3 images (a.jpg, b.jpg, c.jpg)".
fn listed(names: &[&str]) -> String {
    let shown = names[..names.len().min(MAX_NAMED)].join(", ");
    let noun = if names.len() == 1 { "image" } else { "images" };
    let more = match names.len().checked_sub(MAX_NAMED) {
        None | Some(0) => String::new(),
        Some(more) => format!(" and {more} more"),
    };
    format!("{} {noun} ({shown}{more})", names.len())
}

fn frame<'a>(
    image: &'a Image,
    optics: &HashMap<u64, usize>,
    left_out: &mut LeftOut<'a>,
) -> Option<Frame> {
    if image.name.is_empty() {
        left_out.unnamed += 1;
        return None;
    }
    let Some(rotation) = rotation(image.quat) else {
        left_out.without_rotation.push(&image.name);
        return None;
    };
    let c2w = rotation.transpose();
    let position = -(c2w * image.translation);
    if !position.is_finite() {
        left_out.without_position.push(&image.name);
        return None;
    }
    let Some(&optics) = optics.get(&image.camera) else {
        left_out.without_camera.push(&image.name);
        return None;
    };
    Some(Frame {
        image: image.name.clone(),
        mask: None,
        optics,
        c2w: DAffine3::from_mat3_translation(c2w, position),
        split: None,
    })
}

/// Of a quaternion w x y z of any length; `None` where it has none.
fn rotation([w, x, y, z]: [f64; 4]) -> Option<DMat3> {
    let quat = DQuat::from_xyzw(x, y, z, w);
    let length = quat.length();
    let is_sound = length.is_finite() && 1e-100 < length;
    is_sound.then(|| DMat3::from_quat(quat / length))
}

/// What is needed to follow a track.
struct Tracks<'a> {
    entries: &'a [(u64, u64)],
    /// By image number.
    frames: &'a HashMap<u64, usize>,
    /// By frame.
    seen: &'a [&'a [(DVec2, u64)]],
}

impl Tracks<'_> {
    fn points(&self, from_file: &[Point], warnings: &mut Vec<String>) -> Points {
        let mut points = Points::default();
        let mut astray = 0;
        let mut nowhere = 0;
        let mut places = HashMap::new();
        for point in from_file {
            if !point.position.is_finite() {
                nowhere += 1;
                continue;
            }
            let index = points.positions.len() as u32;
            places.insert(point.id, index);
            points.positions.push(point.position);
            points.colours.push(point.colour);
            points.errors_px.push(point.error_px);
            for &(image, place) in &self.entries[point.track.clone()] {
                match self.observation(index, image, place) {
                    Some(it) => points.observations.push(it),
                    None => astray += 1,
                }
            }
        }
        if self.entries.is_empty() {
            points.observations = self.observations_of_images(&places);
        }
        if points.errors_px.iter().all(|it| !(0.0..).contains(it)) {
            points.errors_px.clear();
        }
        if 0 < nowhere {
            warnings.push(format!(
                "{nowhere} of {} points left out: their position is no number",
                from_file.len()
            ));
        }
        if 0 < astray {
            warnings.push(format!(
                "{astray} of {} observations left out: they refer to images that are not used, or \
                 to nothing in them",
                self.entries.len()
            ));
        }
        points
    }

    fn observation(&self, point: u32, image: u64, place: u64) -> Option<Observation> {
        let frame = *self.frames.get(&image)?;
        let place = usize::try_from(place).ok()?;
        let (pixel, _) = *self.seen[frame].get(place)?;
        pixel.is_finite().then_some(Observation {
            point,
            frame: frame as u32,
            pixel,
        })
    }

    /// Some programs write no tracks; then the images' own lists say who saw what.
    fn observations_of_images(&self, places: &HashMap<u64, u32>) -> Vec<Observation> {
        let mut observations = Vec::new();
        for (frame, seen) in (0..).zip(self.seen) {
            let of_points = seen.iter().filter(|it| it.1 != NO_POINT);
            observations.extend(of_points.filter_map(|&(pixel, id)| {
                let point = *places.get(&id)?;
                pixel.is_finite().then_some(Observation {
                    point,
                    frame,
                    pixel,
                })
            }));
        }
        observations.sort_by_key(|it| it.point);
        observations
    }
}

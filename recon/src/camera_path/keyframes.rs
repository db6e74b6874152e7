//! Keyframes, and the camera at any time between them.

use glam::{Affine3A, DQuat, Quat, Vec3};
use render::{Camera, Intrinsics};
use serde::{Deserialize, Serialize};

use super::curve::{Motion, Pose, between, free_velocity, velocity};

/// A path has no more images than this, whatever its length and rate.
pub const MAX_FRAMES: usize = 100_000;

/// Keyframes are at least this far apart, in seconds.
const MIN_SECS: f64 = 1e-3;

/// No path is longer: about eleven days.
const MAX_SECS: f64 = 1e6;

/// Fields of view, in degrees.
const FOVS: std::ops::RangeInclusive<f32> = 1.0..=170.0;

/// How the camera goes from a keyframe to the next one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ease {
    /// On a curve through the keyframes, without stopping at any.
    #[default]
    Smooth,
    /// On the same curve, from rest to rest.
    InOut,
    /// Straight, at constant speed.
    Linear,
    /// Not at all: it stays until the next keyframe's time.
    Hold,
}

impl Ease {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Smooth, Self::InOut, Self::Linear, Self::Hold];

    /// What a person calls it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Smooth => "Smooth",
            Self::InOut => "Stop and go",
            Self::Linear => "Linear",
            Self::Hold => "Hold",
        }
    }
}

/// A camera at a time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Keyframe {
    /// From the beginning of the film, in seconds.
    pub time_secs: f64,
    /// Where the camera stands, world units.
    pub position: [f32; 3],
    /// Camera to world as a quaternion `w, x, y, z`; OpenCV axes (x right, y down, z forward).
    pub rotation: [f32; 4],
    /// Vertical field of view, in degrees.
    pub fov_y_degrees: f32,
    /// How the camera goes on from here.
    #[serde(default)]
    pub ease: Ease,
}

impl Keyframe {
    /// A camera's pose and vertical field of view (degrees) at a time.
    pub fn new(time_secs: f64, c2w: &Affine3A, fov_y_degrees: f32) -> Self {
        let (_, rotation, position) = c2w.to_scale_rotation_translation();
        let rotation = rotation.normalize();
        Self {
            time_secs,
            position: position.to_array(),
            rotation: [rotation.w, rotation.x, rotation.y, rotation.z],
            fov_y_degrees,
            ease: Ease::default(),
        }
    }

    /// Of a camera; of its image only the height's field of view counts.
    pub fn of_camera(time_secs: f64, camera: &Camera) -> Self {
        let fov = camera.intrinsics.fov_y().to_degrees();
        let fov = fov.clamp(*FOVS.start(), *FOVS.end());
        Self::new(time_secs, &camera.c2w, fov)
    }

    /// The same pose as a matrix.
    pub fn c2w(&self) -> Affine3A {
        let rotation = quat(self.rotation).as_quat();
        Affine3A::from_rotation_translation(rotation, Vec3::from_array(self.position))
    }

    fn pose(&self) -> Pose {
        Pose {
            place: Vec3::from_array(self.position).as_dvec3(),
            rotation: quat(self.rotation),
            fov: f64::from(self.fov_y_degrees),
        }
    }

    fn check(&self, index: usize) -> Result<(), PathError> {
        let wrong = |what: &str| Err(PathError(format!("keyframe {index}: {what}")));
        if !(0.0..=MAX_SECS).contains(&self.time_secs) {
            return wrong("`time_secs` is not a number of seconds from 0 to a million");
        }
        if !self.position.iter().all(|it| it.is_finite()) {
            return wrong("`position` is not finite");
        }
        let length = Quat::from_array(self.rotation).length();
        if !(1e-3..1e3).contains(&length) {
            return wrong("`rotation` is not a unit quaternion w, x, y, z");
        }
        if !FOVS.contains(&self.fov_y_degrees) {
            return wrong("`fov_y_degrees` is not an angle from 1 to 170");
        }
        Ok(())
    }
}

/// Why keyframes are no path, in words that name the keyframe.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PathError(String);

/// Keyframes in the order of time, with a curve through them.
///
/// The position is a cubic in time between two keyframes, the rotation a curve of unit quaternions;
/// with [`Ease::Smooth`] both go on at a keyframe with the speed they came with.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored")]
pub struct CameraPath {
    keyframes: Vec<Keyframe>,
    looped: bool,
    closing_secs: f64,
}

/// A path as it is read.
#[derive(Deserialize)]
struct Stored {
    keyframes: Vec<Keyframe>,
    #[serde(default)]
    looped: bool,
    #[serde(default)]
    closing_secs: f64,
}

impl TryFrom<Stored> for CameraPath {
    type Error = PathError;

    fn try_from(stored: Stored) -> Result<Self, PathError> {
        let mut path = Self::new(stored.keyframes)?;
        path.looped = stored.looped;
        path.closing_secs = stored.closing_secs;
        if !(0.0..=MAX_SECS).contains(&path.closing_secs) {
            return Err(PathError(
                "`closing_secs` is not a number of seconds from 0 to a million".to_owned(),
            ));
        }
        Ok(path)
    }
}

impl CameraPath {
    /// From keyframes in the order of time.
    ///
    /// # Errors
    /// Where numbers are out of bounds or times do not rise.
    pub fn new(keyframes: Vec<Keyframe>) -> Result<Self, PathError> {
        for (index, keyframe) in keyframes.iter().enumerate() {
            keyframe.check(index)?;
        }
        for (index, pair) in keyframes.windows(2).enumerate() {
            let (before, after) = (pair[0].time_secs, pair[1].time_secs);
            if after - before < MIN_SECS {
                let index = index + 1;
                return Err(PathError(format!(
                    "keyframe {index}: its time, {after} s, does not follow that of the one \
                     before, {before} s"
                )));
            }
        }
        Ok(Self {
            keyframes,
            looped: false,
            closing_secs: 0.0,
        })
    }

    /// The same path that goes back to its first keyframe in `secs` and begins again.
    #[must_use]
    pub fn closed(mut self, secs: f64) -> Self {
        self.looped = true;
        self.closing_secs = finite(secs);
        self
    }

    /// The same path in a world that is turned about its origin.
    #[must_use]
    pub fn turned(mut self, rotation: Quat) -> Self {
        for keyframe in &mut self.keyframes {
            let c2w = Affine3A::from_quat(rotation) * keyframe.c2w();
            let turned = Keyframe::new(keyframe.time_secs, &c2w, keyframe.fov_y_degrees);
            (keyframe.position, keyframe.rotation) = (turned.position, turned.rotation);
        }
        self
    }

    /// In the order of time.
    pub fn keyframes(&self) -> &[Keyframe] {
        &self.keyframes
    }

    /// Whether it goes back to its first keyframe and begins again.
    pub fn is_looped(&self) -> bool {
        self.looped
    }

    /// Lets it go back to the first keyframe, in the mean time between two keyframes, or not.
    pub fn set_looped(&mut self, looped: bool) {
        self.looped = looped;
        let pieces = self.keyframes.len().saturating_sub(1);
        self.closing_secs = if looped && 0 < pieces {
            self.span() / pieces as f64
        } else {
            0.0
        };
    }

    /// When the first keyframe is, in seconds; 0 without one.
    pub fn start_secs(&self) -> f64 {
        self.keyframes.first().map_or(0.0, |it| it.time_secs)
    }

    /// From the first keyframe to the last, and back to the first where it is looped; seconds.
    pub fn duration_secs(&self) -> f64 {
        self.span() + self.closing()
    }

    /// Stretches all times, so that the path begins at 0 and lasts `secs`.
    pub fn set_duration(&mut self, secs: f64) {
        let (start, before) = (self.start_secs(), self.duration_secs());
        let pieces = self.pieces() as f64;
        let wanted = finite(secs).max(2.0 * MIN_SECS * pieces);
        let factor = if 0.0 < before { wanted / before } else { 0.0 };
        let mut least = 0.0;
        for keyframe in &mut self.keyframes {
            let stretched = (keyframe.time_secs - start) * factor;
            keyframe.time_secs = stretched.max(least);
            least = keyframe.time_secs + MIN_SECS;
        }
        self.closing_secs *= factor;
    }

    /// Adds a keyframe where its time is; one of the same time is replaced. Returns its index;
    /// `None` where its numbers are out of bounds.
    pub fn insert(&mut self, keyframe: Keyframe) -> Option<usize> {
        let index = self.keyframes.len();
        keyframe.check(index).ok()?;
        let is_near = |it: &Keyframe| (it.time_secs - keyframe.time_secs).abs() < MIN_SECS;
        // What is too near to be another keyframe is the same.
        self.keyframes.retain(|it| !is_near(it));
        let time = keyframe.time_secs;
        let at = self.keyframes.partition_point(|it| it.time_secs < time);
        self.keyframes.insert(at, keyframe);
        Some(at)
    }

    /// Puts another keyframe in the place of one. It moves to where its time is, and a little
    /// farther where that is taken. Returns its new index; `None`, and nothing changes, where there
    /// is no such keyframe or its numbers are out of bounds.
    pub fn replace(&mut self, index: usize, mut keyframe: Keyframe) -> Option<usize> {
        keyframe.check(index).ok()?;
        self.remove(index)?;
        let is_near = |it: &Keyframe, time: f64| (it.time_secs - time).abs() < 1.5 * MIN_SECS;
        let time = &mut keyframe.time_secs;
        for other in &self.keyframes {
            if is_near(other, *time) {
                *time = other.time_secs + 2.0 * MIN_SECS;
            }
        }
        self.insert(keyframe)
    }

    /// Takes a keyframe out, where there is one.
    pub fn remove(&mut self, index: usize) -> Option<Keyframe> {
        (index < self.keyframes.len()).then(|| self.keyframes.remove(index))
    }

    /// The camera at a time, in seconds, for an image of `size` pixels, the same in both
    /// directions. Before the first keyframe and after the last it stands still; where the path is
    /// looped, time goes round. `None` without keyframes.
    pub fn camera_at(&self, time_secs: f64, [width, height]: [u32; 2]) -> Option<Camera> {
        let pose = self.pose_at(time_secs)?;
        let fov = (pose.fov as f32).clamp(*FOVS.start(), *FOVS.end());
        let rotation = pose.rotation.as_quat().normalize();
        Some(Camera {
            intrinsics: Intrinsics::from_vertical_fov(fov.to_radians(), width, height),
            c2w: Affine3A::from_rotation_translation(rotation, pose.place.as_vec3()),
        })
    }

    /// How many images [`Self::cameras`] has: one for each frame's time from the first keyframe on,
    /// and of an open path one at its end; at most [`MAX_FRAMES`].
    pub fn frame_count(&self, fps: f64) -> usize {
        if self.keyframes.is_empty() {
            return 0;
        }
        let frames = self.duration_secs() * finite(fps);
        // A time that should be whole may lie a rounding error below.
        let whole = (frames + 1e-6).floor().clamp(0.0, MAX_FRAMES as f64) as usize;
        let count = if self.is_closed() { whole } else { whole + 1 };
        count.clamp(1, MAX_FRAMES)
    }

    /// A camera for each image of a film with `fps` images a second.
    pub fn cameras(&self, fps: f64, size: [u32; 2]) -> Vec<Camera> {
        let start = self.start_secs();
        let frame = |it: usize| self.camera_at(start + it as f64 / fps, size);
        (0..self.frame_count(fps)).filter_map(frame).collect()
    }

    fn pose_at(&self, time_secs: f64) -> Option<Pose> {
        let first = self.keyframes.first()?;
        let (start, whole) = (first.time_secs, self.duration_secs());
        let mut now = finite_or(time_secs, start);
        // Only where it must: going round rounds.
        if self.is_closed() && !(start..start + whole).contains(&now) {
            now = start + (now - start).rem_euclid(whole);
        }
        if now <= start || self.keyframes.len() < 2 {
            return Some(first.pose());
        }
        let after = self.keyframes.partition_point(|it| it.time_secs <= now);
        let piece = after.saturating_sub(1);
        if self.pieces() <= piece {
            return self.keyframes.last().map(Keyframe::pose);
        }
        let secs = self.secs_of(piece);
        let part = ((now - self.keyframes[piece].time_secs) / secs).clamp(0.0, 1.0);
        Some(self.pose_in(piece, part))
    }

    /// In a piece of the path, of which `part` has passed.
    fn pose_in(&self, piece: usize, part: f64) -> Pose {
        let (from, to) = (self.pose(piece), self.pose(piece + 1));
        let secs = self.secs_of(piece);
        let mean = self.mean(piece);
        match self.keyframes[piece].ease {
            Ease::Hold => from,
            Ease::Linear => between((&from, mean), (&to, mean), secs, part),
            Ease::Smooth => {
                let (leaving, arriving) = self.velocities(piece);
                between((&from, leaving), (&to, arriving), secs, part)
            }
            Ease::InOut => {
                let eased = part * part * (3.0 - 2.0 * part);
                let (leaving, arriving) = self.velocities(piece);
                between((&from, leaving), (&to, arriving), secs, eased)
            }
        }
    }

    /// At the beginning and at the end of a piece with a curve.
    fn velocities(&self, piece: usize) -> (Motion, Motion) {
        let mean = self.mean(piece);
        let before = self.velocity_at(self.piece_before(piece), piece, piece);
        let after = self.velocity_at(Some(piece), piece + 1, piece);
        match (before, after) {
            (Some(before), Some(after)) => (before, after),
            (Some(before), None) => (before, free_velocity(mean, before)),
            (None, Some(after)) => (free_velocity(mean, after), after),
            (None, None) => (mean, mean),
        }
    }

    /// Between the piece `before` and the piece `after`, as the curve of `of` (one of the two)
    /// has it; `None` where nothing follows on the other side.
    fn velocity_at(&self, before: Option<usize>, after: usize, of: usize) -> Option<Motion> {
        let before = before?;
        let after = self.piece_from(after)?;
        let other = if of == before { after } else { before };
        let eases = [of, other].map(|it| self.keyframes[it].ease);
        match eases {
            [_, Ease::Hold] => None,
            [_, Ease::Linear] => Some(self.mean(other)),
            // The other piece stops here, so this one does.
            [Ease::Smooth, Ease::InOut] => Some(Motion::default()),
            _ => Some(velocity(
                (self.mean(before), self.secs_of(before)),
                (self.mean(after), self.secs_of(after)),
            )),
        }
    }

    fn piece_before(&self, piece: usize) -> Option<usize> {
        match piece.checked_sub(1) {
            None if self.is_closed() => self.pieces().checked_sub(1),
            before => before,
        }
    }

    /// The piece that begins at a keyframe, counted on round a loop.
    fn piece_from(&self, keyframe: usize) -> Option<usize> {
        let pieces = self.pieces();
        if self.is_closed() {
            return Some(keyframe % pieces);
        }
        (keyframe < pieces).then_some(keyframe)
    }

    /// The mean velocity in a piece.
    fn mean(&self, piece: usize) -> Motion {
        let (from, to) = (self.pose(piece), self.pose(piece + 1));
        from.towards(&to, self.secs_of(piece))
    }

    fn pose(&self, index: usize) -> Pose {
        self.keyframes[index % self.keyframes.len()].pose()
    }

    fn secs_of(&self, piece: usize) -> f64 {
        match self.keyframes.get(piece + 1) {
            Some(next) => next.time_secs - self.keyframes[piece].time_secs,
            None => self.closing(),
        }
    }

    /// Pieces from one keyframe to the next, with the one that closes a loop.
    fn pieces(&self) -> usize {
        self.keyframes.len().saturating_sub(1) + usize::from(self.is_closed())
    }

    fn is_closed(&self) -> bool {
        self.looped && 2 <= self.keyframes.len()
    }

    fn closing(&self) -> f64 {
        if self.is_closed() {
            self.closing_secs.max(MIN_SECS)
        } else {
            0.0
        }
    }

    fn span(&self) -> f64 {
        let last = self.keyframes.last().map_or(0.0, |it| it.time_secs);
        last - self.start_secs()
    }
}

/// Of unit length, from `w, x, y, z`.
fn quat([w, x, y, z]: [f32; 4]) -> DQuat {
    let quat = DQuat::from_xyzw(x.into(), y.into(), z.into(), w.into());
    if quat.length_squared() < 1e-12 {
        return DQuat::IDENTITY;
    }
    quat.normalize()
}

fn finite(number: f64) -> f64 {
    finite_or(number, 0.0).clamp(0.0, MAX_SECS)
}

fn finite_or(number: f64, other: f64) -> f64 {
    if number.is_finite() { number } else { other }
}

#[cfg(test)]
mod tests;

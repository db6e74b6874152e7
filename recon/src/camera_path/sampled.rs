//! A path as many short straight pieces, for those who cannot follow its curve.

use super::{CameraPath, Ease, Keyframe};

/// Pieces in a second: between two keyframes of a film so near to each other nobody sees the
/// difference from the curve.
const PER_SECOND: f64 = 60.0;

/// Pieces of curves in all of a path, a little more where it has many keyframes.
const MOST: f64 = 3600.0;

impl CameraPath {
    /// The same path from its first keyframe to its end, without curves: from each of these
    /// keyframes the camera goes straight to the next one ([`Ease::Linear`]) or waits for it
    /// ([`Ease::Hold`]). The path's own keyframes are among them, and of a loop the first one once
    /// more at the end. Between the others lies a sixtieth of a second, or more in paths of minutes.
    pub fn sampled(&self) -> Vec<Keyframe> {
        let own = self.keyframes();
        let (Some(first), Some(last)) = (own.first(), own.last()) else {
            return Vec::new();
        };
        let end = first.time_secs + self.duration_secs();
        let mut times: Vec<f64> = own.iter().map(|it| it.time_secs).collect();
        if last.time_secs < end {
            times.push(end);
        }
        let rate = PER_SECOND.min(MOST / self.duration_secs().max(1.0));
        let mut sampled = Vec::new();
        for (keyframe, ends) in own.iter().zip(times.windows(2)) {
            let secs = ends[1] - ends[0];
            let (steps, ease) = match keyframe.ease {
                Ease::Hold => (1.0, Ease::Hold),
                Ease::Linear => (1.0, Ease::Linear),
                Ease::Smooth | Ease::InOut => ((secs * rate).ceil().max(1.0), Ease::Linear),
            };
            let at = |step: u32| self.at(ends[0] + secs * f64::from(step) / steps, ease);
            sampled.extend((0..steps as u32).filter_map(at));
        }
        let ending = if last.time_secs < end { first } else { last };
        sampled.push(Keyframe {
            time_secs: end,
            ease: Ease::Linear,
            ..*ending
        });
        sampled
    }

    fn at(&self, time_secs: f64, ease: Ease) -> Option<Keyframe> {
        let camera = self.camera_at(time_secs, [1, 1])?;
        let keyframe = Keyframe::of_camera(time_secs, &camera);
        Some(Keyframe { ease, ..keyframe })
    }
}

#[cfg(test)]
mod tests {
    use glam::{Affine3A, Quat, Vec3};

    use super::*;

    fn path(eases: [Ease; 3]) -> CameraPath {
        let keyframes = eases.into_iter().zip([0.5, 1.0, 3.0_f64]);
        let keyframes = keyframes.map(|(ease, time)| {
            let turn = Quat::from_rotation_y(0.9 * time as f32);
            let place = Vec3::new(time as f32, (2.0 * time).sin() as f32, 1.0);
            let c2w = Affine3A::from_rotation_translation(turn, place);
            Keyframe {
                ease,
                ..Keyframe::new(time, &c2w, 40.0 + 5.0 * time as f32)
            }
        });
        CameraPath::new(keyframes.collect()).unwrap()
    }

    /// The samples' own path, which knows no loop.
    fn straight(path: &CameraPath) -> CameraPath {
        CameraPath::new(path.sampled()).unwrap()
    }

    #[test]
    fn straight_pieces_go_where_the_curve_goes() {
        for eases in [
            [Ease::Smooth; 3],
            [Ease::InOut, Ease::Linear, Ease::Smooth],
            [Ease::Smooth, Ease::Hold, Ease::InOut],
        ] {
            for looped in [false, true] {
                let mut path = path(eases);
                path.set_looped(looped);
                let straight = straight(&path);
                assert_eq!(straight.start_secs(), 0.5);
                let off = straight.duration_secs() - path.duration_secs();
                assert!(off.abs() < 1e-9, "{off}");
                for step in 0..=1000 {
                    // Not the very end: a loop is at its beginning then.
                    let time = 0.5 + path.duration_secs() * f64::from(step) / 1000.1;
                    let [a, b] = [&path, &straight].map(|it| it.camera_at(time, [9, 9]).unwrap());
                    let off = (a.position() - b.position()).length();
                    assert!(off < 3e-3, "{eases:?} at {time}: {off}");
                    let off = 1.0 - a.forward().dot(b.forward());
                    assert!(off < 1e-5, "{eases:?} at {time}: {off}");
                    let off = a.intrinsics.fov_y() - b.intrinsics.fov_y();
                    assert!(off.abs() < 1e-3, "{eases:?} at {time}: {off}");
                }
            }
        }
    }

    #[test]
    fn no_more_pieces_than_are_needed() {
        assert!(CameraPath::default().sampled().is_empty());
        let mut one = CameraPath::default();
        one.insert(Keyframe::new(2.0, &Affine3A::IDENTITY, 45.0));
        assert_eq!(one.sampled().len(), 1);
        let times = |path: &CameraPath| -> Vec<f64> {
            path.sampled().iter().map(|it| it.time_secs).collect()
        };
        let plain = path([Ease::Linear, Ease::Hold, Ease::Smooth]);
        assert_eq!(times(&plain), [0.5, 1.0, 3.0]);
        let mut smooth = path([Ease::Smooth; 3]);
        assert_eq!(smooth.sampled().len(), 30 + 120 + 1);
        smooth.set_duration(1e5);
        assert!(smooth.sampled().len() < 3_605);
    }
}

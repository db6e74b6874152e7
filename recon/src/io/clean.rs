//! Makes what was read drawable: drops or mends splats with values that mean nothing.

use render::Splats;

/// Stands for an infinite logit: its opacity is 1 (or 0) to the precision of f32.
const MAX_LOGIT: f32 = 20.0;

/// Stands for the logarithm of a scale of zero (a flat splat): 1e-13 world units.
const FLAT_LOG_SCALE: f32 = -30.0;

/// Drops splats whose mean, rotation, scale or opacity is not a number or infinite; mends what has
/// an evident meaning: infinite logits, scales of zero, zero quaternions, colours that are not
/// finite. Each kind is counted in one warning. Sound splats keep every bit.
pub(super) fn clean(splats: &mut Splats, warnings: &mut Vec<String>) {
    let mut counts = Counts::default();
    counts.mend_geometry(splats);
    counts.mend_colours(splats);
    let is_sound = |i: &usize| {
        splats.means[*i].is_finite()
            && splats.log_scales[*i].is_finite()
            && splats.quats[*i].iter().all(|it| it.is_finite())
            && splats.opacity_logits[*i].is_finite()
    };
    let total = splats.len();
    let broken = (0..total).filter(|i| !is_sound(i)).count();
    if 0 < broken {
        let sound: Vec<usize> = (0..total).filter(is_sound).collect();
        *splats = splats.select(&sound);
    }
    counts.warn(broken, total, warnings);
}

/// How many splats were mended, by what was wrong with them.
#[derive(Default)]
struct Counts {
    logits: usize,
    flat: usize,
    quats: usize,
    colours: usize,
}

impl Counts {
    fn mend_geometry(&mut self, splats: &mut Splats) {
        for logit in &mut splats.opacity_logits {
            if logit.is_infinite() {
                *logit = MAX_LOGIT.copysign(*logit);
                self.logits += 1;
            }
        }
        for log_scale in &mut splats.log_scales {
            if log_scale.min_element() == f32::NEG_INFINITY && !log_scale.is_nan() {
                *log_scale = log_scale.max(glam::Vec3::splat(FLAT_LOG_SCALE));
                self.flat += 1;
            }
        }
        for quat in &mut splats.quats {
            if *quat == [0.0; 4] {
                *quat = [1.0, 0.0, 0.0, 0.0];
                self.quats += 1;
            }
        }
    }

    fn mend_colours(&mut self, splats: &mut Splats) {
        let k = splats.coeffs_per_splat();
        for coeffs in splats.sh_coeffs.chunks_mut(k) {
            let mut mended = false;
            for value in coeffs.as_flattened_mut() {
                if !value.is_finite() {
                    *value = 0.0;
                    mended = true;
                }
            }
            self.colours += usize::from(mended);
        }
    }

    fn warn(&self, broken: usize, total: usize, warnings: &mut Vec<String>) {
        for (count, what) in [
            (broken, "dropped: a value is not a number or infinite"),
            (self.logits, "with an infinite opacity logit, made finite"),
            (self.flat, "with a scale of zero, made very thin"),
            (self.quats, "with a zero quaternion, made unrotated"),
            (self.colours, "with a colour that is no number, made grey"),
        ] {
            if 0 < count {
                warnings.push(format!("{count} of {total} splats {what}"));
            }
        }
        if total == 0 {
            warnings.push("the file holds no splats".to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use glam::Vec3;

    use super::*;

    fn splats(count: usize) -> Splats {
        Splats {
            means: vec![Vec3::ONE; count],
            quats: vec![[0.5, 0.1, 0.0, -2.0]; count],
            log_scales: vec![Vec3::splat(-3.0); count],
            opacity_logits: vec![0.3; count],
            sh_coeffs: vec![[0.1; 3]; count],
            sh_degree: 0,
        }
    }

    #[test]
    fn sound_splats_stay_as_they_are() {
        let mut cleaned = splats(4);
        let mut warnings = Vec::new();
        clean(&mut cleaned, &mut warnings);
        assert_eq!(cleaned, splats(4));
        assert!(warnings.is_empty());
    }

    #[test]
    fn what_means_nothing_is_dropped_and_counted_once() {
        let mut broken = splats(6);
        broken.means[0].y = f32::NAN;
        broken.quats[1][2] = f32::INFINITY;
        broken.log_scales[2].x = f32::INFINITY;
        broken.opacity_logits[3] = f32::NAN;
        broken.means[4].x = 7.0;
        let mut warnings = Vec::new();
        clean(&mut broken, &mut warnings);
        assert_eq!(broken.len(), 2);
        assert_eq!(broken.means[0].x, 7.0);
        assert_eq!(
            warnings,
            ["4 of 6 splats dropped: a value is not a number or infinite"]
        );
    }

    #[test]
    fn what_has_an_evident_meaning_is_mended_and_counted() {
        let mut odd = splats(4);
        odd.opacity_logits[0] = f32::NEG_INFINITY;
        odd.log_scales[1].z = f32::NEG_INFINITY;
        odd.quats[2] = [0.0; 4];
        odd.sh_coeffs[3][1] = f32::NAN;
        let mut warnings = Vec::new();
        clean(&mut odd, &mut warnings);
        assert_eq!(odd.opacity_logits[0], -MAX_LOGIT);
        assert_eq!(odd.log_scales[1], Vec3::new(-3.0, -3.0, FLAT_LOG_SCALE));
        assert_eq!(odd.quats[2], [1.0, 0.0, 0.0, 0.0]);
        assert_eq!(odd.sh_coeffs[3], [0.1, 0.0, 0.1]);
        assert_eq!(warnings.len(), 4, "{warnings:?}");
    }
}

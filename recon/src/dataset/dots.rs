//! Sparse points as splats, so that the viewer shows them as it shows everything else.

use glam::{DVec3, Vec3};
use render::{Splats, sh};

/// Logit of the opacity: as good as solid.
const SOLID: f32 = 6.0;

/// Spread of a dot, as a part of what each point would have of the box around most of them.
const SPREAD: f32 = 0.2;

/// Part of the points at either end of an axis that does not count for the box.
const TRIM: f32 = 0.05;

/// One small round splat per point, in its colour. Points that are not finite are left out;
/// `colours` are sRGB bytes, grey where there are too few.
pub fn dots(positions: &[DVec3], colours: &[[u8; 3]]) -> Splats {
    let colours = colours.iter().copied().chain(std::iter::repeat([128; 3]));
    let (means, colours): (Vec<Vec3>, Vec<[u8; 3]>) = positions
        .iter()
        .map(|it| it.as_vec3())
        .zip(colours)
        .filter(|(it, _)| it.is_finite())
        .unzip();
    let count = means.len();
    let mut splats = Splats {
        quats: vec![[1.0, 0.0, 0.0, 0.0]; count],
        opacity_logits: vec![SOLID; count],
        sh_coeffs: colours
            .into_iter()
            .map(|it| sh::dc_from_rgb(Vec3::from(it.map(f32::from)) / 255.0))
            .collect(),
        means,
        ..Splats::default()
    };
    let (low, high) = splats.robust_bounds(TRIM).unwrap_or_default();
    let spacing = (high - low).length() / (count.max(1) as f32).cbrt();
    let scale = (SPREAD * spacing).max(f32::MIN_POSITIVE).ln();
    splats.log_scales = vec![Vec3::splat(scale); count];
    splats
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_keep_place_and_colour() {
        let positions = [DVec3::ZERO, DVec3::NAN, DVec3::new(1.0, 2.0, 3.0)];
        let splats = dots(&positions, &[[255, 0, 128], [1, 2, 3]]);
        splats.check().unwrap();
        assert_eq!(splats.means, [Vec3::ZERO, Vec3::new(1.0, 2.0, 3.0)]);
        let shown = |i: usize| {
            (255.0 * sh::rgb_from_dc(splats.sh(i)[0]))
                .round()
                .to_array()
        };
        assert_eq!(shown(0), [255.0, 0.0, 128.0]);
        assert_eq!(shown(1), [128.0; 3], "without a colour");
        assert!(splats.log_scales[0].is_finite());
        dots(&[], &[]).check().unwrap();
        dots(&[DVec3::ONE], &[]).check().unwrap();
    }
}

//! `edit/dress.wgsl`: what marks make of a splat's opacity and harmonics, in f64.

use render::Splats;
use render::edit::{Look, marks};
use render::sh;

/// Puts marks on splats, each where it is.
pub(crate) fn dress(splats: &mut Splats, all_marks: &[u8], look: &Look) {
    let coeffs = splats.coeffs_per_splat();
    for (i, mark) in all_marks.iter().enumerate() {
        if mark & (marks::DELETED | marks::HIDDEN) != 0 {
            splats.opacity_logits[i] = -80.0;
            continue;
        }
        let own = &mut splats.sh_coeffs[i * coeffs..][..coeffs];
        for (k, coefficient) in own.iter_mut().enumerate() {
            // What the coefficient shows where its function is one; the constant has 0.5 with it.
            let (unit, offset) = if k == 0 {
                (f64::from(sh::C0), 0.5)
            } else {
                (1.0, 0.0)
            };
            let mut shown = coefficient.map(|it| offset + unit * f64::from(it));
            if mark & marks::LOCKED != 0 {
                let grey = 0.2126 * shown[0] + 0.7152 * shown[1] + 0.0722 * shown[2];
                shown = shown.map(|it| it + f64::from(look.grey_share) * (grey - it));
            }
            if mark & marks::SELECTED != 0 {
                let share = f64::from(look.tint_share);
                let tint = look.tint.map(|it| if k == 0 { f64::from(it) } else { 0.0 });
                for (shown, tint) in shown.iter_mut().zip(tint) {
                    *shown = (1.0 - share) * *shown + share * tint;
                }
            }
            if mark & (marks::LOCKED | marks::SELECTED) != 0 {
                *coefficient = shown.map(|it| ((it - offset) / unit) as f32);
            }
        }
    }
}

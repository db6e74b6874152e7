//! `train/encode.wgsl`: Morton codes bit by bit.

use glam::Vec3;

/// The code of a place, seen from `centre` in units of `radius`; in the kernel's arithmetic, for
/// a difference in the last digit is another cell.
pub(crate) fn encode(mean: Vec3, centre: Vec3, radius: f32) -> u32 {
    let from_centre = (mean - centre) / radius;
    let drawn_in = from_centre / (Vec3::ONE + from_centre.abs());
    let cells = ((drawn_in + 1.0) * 512.0).clamp(Vec3::ZERO, Vec3::splat(1023.0));
    let mut code = 0;
    for bit in 0..10 {
        for (axis, cell) in (0..).zip(cells.to_array()) {
            code |= ((cell as u32 >> bit) & 1) << (3 * bit + axis);
        }
    }
    code
}

//! `edit/find.wgsl`: how far inside a query's borders a splat is, in f64.

use glam::{DMat3, DQuat, DVec3};
use render::edit::{Property, Query};
use render::{Splats, sh};

/// Positive where the splat matches, negative where not: how far it is from where that would
/// change, in pixels, world units, parts of the value, or of rgb. Not a number where one of the
/// splat's numbers is none or infinite: then it never matches.
pub(crate) fn margin(splats: &Splats, i: usize, query: &Query) -> f64 {
    let numbers = [splats.quats[i].as_slice(), &splats.log_scales[i].to_array()].concat();
    if !numbers.iter().all(|it| it.is_finite()) || !splats.opacity_logits[i].is_finite() {
        return f64::NAN;
    }
    let mean = splats.means[i].as_dvec3();
    let margin = match query {
        Query::Screen { camera, mask } => {
            let w2c = camera.w2c();
            let turn = DMat3::from_cols_array(&w2c.matrix3.to_cols_array().map(f64::from));
            let p = turn * mean + DVec3::from_array(w2c.translation.to_array().map(f64::from));
            let k = &camera.intrinsics;
            let x = f64::from(k.fx) * p.x / p.z + f64::from(k.cx);
            let y = f64::from(k.fy) * p.y / p.z + f64::from(k.cy);
            let to_border = |at: f64| (at - at.round()).abs();
            let pixels = to_border(x).min(to_border(y));
            let in_front = p.z - f64::from(0.01_f32);
            if in_front < 0.0 {
                in_front
            } else if 0.0 <= x && 0.0 <= y && mask.contains(x as u32, y as u32) {
                pixels.min(in_front)
            } else {
                -pixels
            }
        }
        Query::Box {
            centre,
            half,
            rotation,
        } => {
            let [x, y, z, w] = rotation.to_array().map(f64::from);
            let turn = DQuat::from_xyzw(x, y, z, w).normalize();
            let own = turn.inverse() * (mean - centre.as_dvec3());
            (half.as_dvec3() - own.abs()).min_element()
        }
        Query::Ball { centre, radius } => f64::from(*radius) - mean.distance(centre.as_dvec3()),
        Query::Range {
            property,
            low,
            high,
        } => range_margin(*property, value(splats, i, *property), [*low, *high]),
        Query::Colour { rgb, tolerance } => {
            let sought = DVec3::from_array(rgb.map(f64::from));
            f64::from(*tolerance) - shown_rgb(splats, i).distance(sought)
        }
    };
    if mean.is_finite() { margin } else { f64::NAN }
}

/// In parts of the value or border; of hues, in thousandths of a degree's thousand.
fn range_margin(property: Property, value: f64, borders: [f32; 2]) -> f64 {
    let [low, high] = borders.map(f64::from);
    if !value.is_finite() {
        return f64::NAN;
    }
    if property == Property::Hue {
        let apart = |border: f64| {
            let turn = (value - border).rem_euclid(360.0);
            turn.min(360.0 - turn) * 1e-3
        };
        let inside =
            (low <= value && value <= high) || (high < low && !(high < value && value < low));
        let nearest = apart(low).min(apart(high));
        return if inside { nearest } else { -nearest };
    }
    let part = |by: f64, border: f64| by / value.abs().max(border.abs()).max(1e-30);
    let above = if low.is_finite() {
        part(value - low, low)
    } else {
        1.0
    };
    let below = if high.is_finite() {
        part(high - value, high)
    } else {
        1.0
    };
    above.min(below)
}

fn value(splats: &Splats, i: usize, property: Property) -> f64 {
    let scales = splats.log_scales[i].as_dvec3().exp();
    let rgb = shown_rgb(splats, i);
    let [r, g, b] = rgb.to_array();
    let (high, low) = (rgb.max_element(), rgb.min_element());
    match property {
        Property::Opacity => 1.0 / (1.0 + (-f64::from(splats.opacity_logits[i])).exp()),
        Property::LargestScale => scales.max_element(),
        Property::SmallestScale => scales.min_element(),
        Property::Elongation => scales.max_element() / scales.min_element(),
        Property::Volume => 4.0 / 3.0 * std::f64::consts::PI * scales.element_product(),
        Property::Distance { from } => {
            let from = DVec3::from_array(from.map(f64::from));
            splats.means[i].as_dvec3().distance(from)
        }
        Property::Red => r,
        Property::Green => g,
        Property::Blue => b,
        // The angle in the plane across the greys, by the hexagon's sides.
        Property::Hue if high == low => 0.0 * high,
        Property::Hue => {
            let side = if high == r {
                [0.0, g - b]
            } else if high == g {
                [120.0, b - r]
            } else {
                [240.0, r - g]
            };
            (side[0] + 60.0 * side[1] / (high - low)).rem_euclid(360.0)
        }
        Property::Saturation if high == 0.0 => 0.0,
        Property::Saturation => 1.0 - low / high,
        Property::Brightness => high,
        Property::ShEnergy => {
            let coefficients = splats.sh(i).as_flattened();
            let square = |it: &f32| f64::from(*it) * f64::from(*it);
            let sum: f64 = coefficients[3..].iter().map(square).sum();
            // The constant one must be a number too.
            sum.sqrt() + 0.0 * coefficients[..3].iter().map(square).sum::<f64>()
        }
    }
}

fn shown_rgb(splats: &Splats, i: usize) -> DVec3 {
    let dc = splats.sh(i)[0].map(f64::from);
    let shown = dc.map(|it| (0.5 + f64::from(sh::C0) * it).clamp(0.0, 1.0));
    if dc.iter().all(|it| it.is_finite()) {
        DVec3::from(shown)
    } else {
        DVec3::NAN
    }
}

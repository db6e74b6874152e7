//! Which property of a vertex is which parameter of a splat.

use render::sh;

use crate::io::FormatError;

use super::layout::{Element, Header, Kind, Scalar};

/// A vertex is read into a record: mean, quaternion, log-scales, opacity logit, then the SH
/// coefficients, coefficient-major. These are the places in it.
pub(super) const QUAT: usize = 3;
pub(super) const LOG_SCALE: usize = 7;
pub(super) const OPACITY: usize = 10;
pub(super) const SH: usize = 11;

/// Longest record: degree 3.
pub(super) const MAX_RECORD: usize = SH + 3 * sh::coeff_count(sh::MAX_DEGREE);

const GEOMETRY: [&str; SH] = [
    "x", "y", "z", "rot_0", "rot_1", "rot_2", "rot_3", "scale_0", "scale_1", "scale_2", "opacity",
];
const BASE_COLOUR: [&str; 3] = ["f_dc_0", "f_dc_1", "f_dc_2"];
const RGB: [&str; 3] = ["red", "green", "blue"];

/// How the colour seen from everywhere is stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum BaseColour {
    /// As the first SH coefficient, `f_dc`.
    Coefficient,
    /// As red, green, blue; full brightness is `full`.
    Rgb { full: f32 },
    /// As red, green, blue in floating point: 0 to 1 or 0 to 255, the values must tell.
    RgbFloat,
}

/// Which properties make the record, and what they mean.
#[derive(Debug)]
pub(super) struct Columns {
    /// Property index of each entry of the record.
    pub(super) properties: Vec<usize>,
    /// Degree of the harmonics in the record.
    pub(super) sh_degree: u32,
    /// What the first three SH values of the record are.
    pub(super) base_colour: BaseColour,
    /// What was odd.
    pub(super) warnings: Vec<String>,
}

impl Columns {
    /// Finds the splat parameters among the properties of `vertex`, by name.
    pub(super) fn find(header: &Header, vertex: &Element) -> Result<Self, FormatError> {
        let mut missing: Vec<&str> = Vec::new();
        let mut properties: Vec<usize> = Vec::new();
        let mut need = |name: &'static str| match vertex.find(name) {
            Some(index) => properties.push(index),
            None => missing.push(name),
        };
        GEOMETRY.into_iter().for_each(&mut need);
        let has = |names: [&str; 3]| names.iter().all(|it| vertex.find(it).is_some());
        let is_rgb = !has(BASE_COLOUR) && has(RGB);
        let colour = if is_rgb { RGB } else { BASE_COLOUR };
        colour.into_iter().for_each(&mut need);
        if !missing.is_empty() {
            return Err(no_splats(header, vertex, &missing));
        }
        let rest = RestLayout::find(vertex)?;
        for coefficient in 1..sh::coeff_count(rest.degree) {
            for channel in 0..3 {
                properties.push(rest.first[rest.index(coefficient, channel)]);
            }
        }
        for &index in &properties {
            let property = &vertex.properties[index];
            if let Kind::List { .. } = property.kind {
                let cause = format!("property `{}` is a list, not a number", property.name);
                return Err(FormatError::Malformed(cause));
            }
        }
        let mut warnings = Vec::new();
        warnings.extend(rest.warning());
        let mut base_colour = BaseColour::Coefficient;
        if is_rgb {
            warnings.push("the base colours are red, green, blue instead of f_dc".to_owned());
            base_colour = match vertex.properties[properties[SH]].kind {
                Kind::Scalar(Scalar::F32 | Scalar::F64) => BaseColour::RgbFloat,
                Kind::Scalar(Scalar::U16) => BaseColour::Rgb { full: 65535.0 },
                _ => BaseColour::Rgb { full: 255.0 },
            };
        }
        Ok(Self {
            properties,
            sh_degree: rest.degree,
            base_colour,
            warnings,
        })
    }
}

/// Says what the file is, when it is not splats.
fn no_splats(header: &Header, vertex: &Element, missing: &[&str]) -> FormatError {
    let lacks = format!("vertex lacks {}", missing.join(", "));
    let gaussian = ["scale_0", "rot_0", "opacity", "f_dc_0"];
    let cause = if vertex.find("scale_1").is_some() && missing == ["scale_2"] {
        format!("flat 2D splats (2DGS), which are not supported: {lacks}")
    } else if gaussian.iter().any(|it| vertex.find(it).is_some()) {
        format!("not complete as splats: {lacks}. Export it again as a 3DGS .ply")
    } else if header.element("face").is_some() {
        format!("a mesh, not splats: {lacks}")
    } else {
        format!("a point cloud, not splats: {lacks}. It can start an optimisation")
    };
    FormatError::Unsupported(cause)
}

/// Where the higher SH coefficients are: `f_rest_0..`, channel-major.
#[derive(Debug)]
pub(in crate::io) struct RestLayout {
    /// Property index of `f_rest_i`.
    pub(in crate::io) first: Vec<usize>,
    /// Degree that is kept.
    pub(in crate::io) degree: u32,
    /// Degree in the file.
    stored_degree: u32,
}

impl RestLayout {
    /// Finds all `f_rest_i` of `element`. Degree 4 is cut to 3.
    pub(in crate::io) fn find(element: &Element) -> Result<Self, FormatError> {
        let names = element.properties.iter().map(|it| it.name.as_str());
        let count = names.filter(|it| it.starts_with("f_rest_")).count();
        let Some(stored_degree) = (0..=4).find(|&it| 3 * (sh::coeff_count(it) - 1) == count) else {
            let cause = format!(
                "element `{}` has {count} f_rest properties; \
                 0, 9, 24, 45 or 72 are those of SH degree 0 to 4",
                element.name
            );
            return Err(FormatError::Malformed(cause));
        };
        // At most 72 names are sought, each once.
        let first = (0..count)
            .map(|i| {
                let name = format!("f_rest_{i}");
                element.find(&name).ok_or_else(|| {
                    let cause = format!("{count} f_rest properties, but `{name}` is missing");
                    FormatError::Malformed(cause)
                })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            first,
            degree: stored_degree.min(sh::MAX_DEGREE),
            stored_degree,
        })
    }

    /// The `i` of `f_rest_i` that holds this coefficient (1 is the first of band 1) of a channel.
    pub(in crate::io) fn index(&self, coefficient: usize, channel: usize) -> usize {
        channel * (sh::coeff_count(self.stored_degree) - 1) + coefficient - 1
    }

    /// What was dropped.
    pub(in crate::io) fn warning(&self) -> Option<String> {
        (self.degree < self.stored_degree).then(|| {
            format!(
                "SH degree {} cut to {}, the highest that is drawn",
                self.stored_degree, self.degree
            )
        })
    }
}

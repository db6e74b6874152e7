//! A splat file in a few numbers, for `info` and for whoever wants to know what was opened.

use glam::Vec3;
use serde::Serialize;

use super::{SplatFile, SplatFormat};

/// The quantiles of [`SplatSummary::scale_quantiles`].
const QUANTILES: [f32; 5] = [0.0, 0.25, 0.5, 0.75, 1.0];

/// What a splat file holds, in numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SplatSummary {
    /// Format it was read from.
    pub format: SplatFormat,
    /// How many splats.
    pub splats: usize,
    /// Degree of the spherical harmonics.
    pub sh_degree: u32,
    /// Optimised for antialiased rendering; `None` where the file does not say.
    pub antialiased: Option<bool>,
    /// Lower corner of the box around the means, world units; `None` without splats.
    pub bounds_min: Option<[f32; 3]>,
    /// Upper corner.
    pub bounds_max: Option<[f32; 3]>,
    /// Mean opacity, 0 to 1; `None` without splats.
    pub opacity_mean: Option<f32>,
    /// Smallest scale, quartiles and largest scale over all axes, world units.
    pub scale_quantiles: Option<[f32; 5]>,
    /// Comments of the header.
    pub comments: Vec<String>,
    /// What was odd when it was read.
    pub warnings: Vec<String>,
}

impl SplatFile {
    /// The file in a few numbers.
    pub fn summary(&self) -> SplatSummary {
        let splats = &self.splats;
        let (low, high) = splats.bounds().unzip();
        let opacities = (0..splats.len()).map(|i| f64::from(splats.opacity(i)));
        let opacity_mean = (opacities.sum::<f64>() / splats.len() as f64) as f32;
        SplatSummary {
            format: self.format,
            splats: splats.len(),
            sh_degree: splats.sh_degree,
            antialiased: self.antialiased,
            bounds_min: low.map(|it| it.to_array()),
            bounds_max: high.map(|it| it.to_array()),
            opacity_mean: (!splats.is_empty()).then_some(opacity_mean),
            scale_quantiles: self.scale_quantiles(),
            comments: self.comments.clone(),
            warnings: self.warnings.clone(),
        }
    }

    fn scale_quantiles(&self) -> Option<[f32; 5]> {
        let log_scales = self.splats.log_scales.iter();
        let mut sorted: Vec<f32> = log_scales.flat_map(Vec3::to_array).collect();
        sorted.sort_unstable_by(f32::total_cmp);
        let last = sorted.len().checked_sub(1)?;
        Some(QUANTILES.map(|it| sorted[(it * last as f32) as usize].exp()))
    }
}

#[cfg(test)]
mod tests {
    use render::Splats;

    use super::*;

    #[test]
    fn numbers_are_those_of_the_splats() {
        let splats = Splats {
            means: vec![Vec3::new(-1.0, 0.0, 5.0), Vec3::ONE],
            quats: vec![[1.0, 0.0, 0.0, 0.0]; 2],
            log_scales: vec![Vec3::splat(0.0), Vec3::new(1.0, 2.0, 3.0)],
            opacity_logits: vec![0.0, 100.0],
            sh_coeffs: vec![[0.0; 3]; 2],
            sh_degree: 0,
        };
        let summary = SplatFile::new(splats, SplatFormat::Splat).summary();
        assert_eq!(summary.bounds_min, Some([-1.0, 0.0, 1.0]));
        assert_eq!(summary.bounds_max, Some([1.0, 1.0, 5.0]));
        assert_eq!(summary.opacity_mean, Some(0.75));
        let e = std::f32::consts::E;
        assert_eq!(summary.scale_quantiles.unwrap()[..4], [1.0, 1.0, 1.0, e]);
    }

    #[test]
    fn without_splats_there_are_no_numbers() {
        let file = SplatFile::new(Splats::default(), SplatFormat::Ply);
        let json = serde_json::to_value(file.summary()).unwrap();
        assert_eq!(json["splats"], 0);
        for key in [
            "bounds_min",
            "bounds_max",
            "opacity_mean",
            "scale_quantiles",
        ] {
            assert!(json[key].is_null(), "{key}");
        }
    }
}

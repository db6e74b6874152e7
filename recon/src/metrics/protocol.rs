//! The conditions under which figures were measured, so that nobody compares what does not compare.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{LpipsNet, SsimVariant};

/// The conditions under which figures were measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Protocol {
    /// How the held-out views were chosen, in words: `every 8th view`.
    pub split: String,
    /// Views that were measured.
    pub num_views: usize,
    /// Width and height in pixels at which they were measured; `None` where views differ.
    pub resolution: Option<[u32; 2]>,
    /// The limit of the longer side to which photos were brought; `None` at full size.
    pub max_side: Option<u32>,
    /// What was done with masks.
    pub masks: MaskRule,
    /// What transparent photos and renders were laid over, display RGB 0 to 1; `None` where
    /// neither is transparent.
    pub background: Option<[f32; 3]>,
    /// On which numbers renders were measured.
    pub precision: Precision,
    /// Which SSIM.
    pub ssim: SsimVariant,
    /// Which LPIPS; `None` where it was not measured.
    pub lpips: Option<LpipsNet>,
    /// What was fitted to the held-out photos before they were compared.
    pub fitting: Fitting,
}

impl Default for Protocol {
    /// Nothing left out, nothing fitted, 8-bit pictures, the Gaussian SSIM, no LPIPS.
    fn default() -> Self {
        Self {
            split: "every 8th view".to_owned(),
            num_views: 0,
            resolution: None,
            max_side: None,
            masks: MaskRule::default(),
            background: None,
            precision: Precision::default(),
            ssim: SsimVariant::default(),
            lpips: None,
            fitting: Fitting::default(),
        }
    }
}

impl fmt::Display for Protocol {
    /// One line for a person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} views held out ({})", self.num_views, self.split)?;
        match (self.resolution, self.max_side) {
            (Some([width, height]), _) => write!(f, ", {width} × {height} px")?,
            (None, Some(side)) => write!(f, ", longer side at most {side} px")?,
            (None, None) => f.write_str(", full size")?,
        }
        write!(f, ", {}, {}", self.precision, self.ssim)?;
        if let Some(net) = self.lpips {
            write!(f, ", {net}")?;
        }
        if self.masks == MaskRule::Applied {
            f.write_str(", masks applied")?;
        }
        if let Some([r, g, b]) = self.background {
            write!(f, ", over the background ({r}, {g}, {b})")?;
        }
        match self.fitting {
            Fitting::Nothing => Ok(()),
            it => write!(f, ", {it} fitted to the held-out photos"),
        }
    }
}

/// What was done with masks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaskRule {
    /// There was none, or none was looked at: every pixel counts.
    #[default]
    Ignored,
    /// Only counted pixels; see [`super`](crate::metrics).
    Applied,
}

/// On which numbers renders are measured, by all metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// The render rounded to 8 bits, as a file of it would score.
    #[default]
    EightBit,
    /// The render as it comes, cut to 0 … 1.
    Float,
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EightBit => "8-bit pictures",
            Self::Float => "float renders",
        })
    }
}

/// What was fitted to the held-out photos before they were compared. Anything but
/// [`Fitting::Nothing`] is to be reported beside the unfitted figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fitting {
    /// Nothing: the photos were never seen.
    #[default]
    Nothing,
    /// Each photo's exposure.
    Exposure,
    /// Each photo's camera pose.
    Pose,
    /// Both.
    ExposureAndPose,
}

impl fmt::Display for Fitting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nothing => "nothing",
            Self::Exposure => "exposure",
            Self::Pose => "pose",
            Self::ExposureAndPose => "exposure and pose",
        })
    }
}

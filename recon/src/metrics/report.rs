//! The figures of one view, and of a whole evaluation.

use serde::{Deserialize, Deserializer, Serialize};

use super::{Lpips, Mask, MaskRule, MetricsError, Picture, Precision, Protocol, psnr, ssim};

/// The figures of one picture.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Decibels; infinite where nothing differs (`null` in JSON, which knows no infinity).
    #[serde(deserialize_with = "or_infinite")]
    pub psnr: f64,
    /// At most 1.
    pub ssim: f64,
    /// 0 and more, less is better; `None` where there are no weights.
    pub lpips: Option<f64>,
}

/// What was written as `null` is infinite.
fn or_infinite<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or(f64::INFINITY))
}

/// The figures of one view.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ViewScores {
    /// The view's name.
    pub name: String,
    /// Its figures.
    #[serde(flatten)]
    pub scores: Scores,
}

/// The figures of held-out views, and how they were measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EvalReport {
    /// Means over the views; `None` where there is no view.
    #[serde(flatten)]
    pub mean: Option<Scores>,
    /// Every view, in the order measured.
    pub views: Vec<ViewScores>,
    /// The conditions.
    pub protocol: Protocol,
}

impl EvalReport {
    /// With the means of `views`. LPIPS has one only where every view has it.
    pub fn new(views: Vec<ViewScores>, mut protocol: Protocol) -> Self {
        let count = views.len() as f64;
        let mean = |of: &dyn Fn(&Scores) -> f64| {
            views.iter().map(|it| of(&it.scores)).sum::<f64>() / count
        };
        let has_lpips = views.iter().all(|it| it.scores.lpips.is_some());
        let scores = Scores {
            psnr: mean(&|it| it.psnr),
            ssim: mean(&|it| it.ssim),
            lpips: has_lpips.then(|| mean(&|it| it.lpips.unwrap_or_default())),
        };
        protocol.num_views = views.len();
        Self {
            mean: (!views.is_empty()).then_some(scores),
            views,
            protocol,
        }
    }

    /// The views by rising PSNR, as indices: the worst first.
    pub fn worst_first(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.views.len()).collect();
        order.sort_by(|&a, &b| {
            let psnr = |it: usize| self.views[it].scores.psnr;
            psnr(a).total_cmp(&psnr(b))
        });
        order
    }
}

/// Compares a render with its photo under `protocol`. A mask counts only where the protocol says
/// so; LPIPS is measured where weights are given.
///
/// # Errors
/// Where the pictures differ in size, are too small for a metric, or the mask leaves nothing.
pub fn measure(
    photo: &Picture,
    render: &Picture,
    mask: Option<&Mask>,
    protocol: &Protocol,
    lpips: Option<&Lpips>,
) -> Result<Scores, MetricsError> {
    let mask = mask.filter(|_| protocol.masks == MaskRule::Applied);
    let quantised;
    let render = match protocol.precision {
        Precision::Float => render,
        Precision::EightBit => {
            quantised = render.quantised();
            &quantised
        }
    };
    Ok(Scores {
        psnr: psnr(photo, render, mask)?,
        ssim: ssim(photo, render, mask, protocol.ssim)?,
        lpips: match (lpips, mask) {
            (None, _) => None,
            (Some(it), None) => Some(it.distance(photo, render)?),
            (Some(it), Some(mask)) => Some(it.distance(photo, &render.filled_from(photo, mask)?)?),
        },
    })
}

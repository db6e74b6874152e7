//! How close a rendered picture is to a photo: PSNR, SSIM, LPIPS, and where they differ.
//!
//! ```text
//! photo, render ──► Picture ──► measure(protocol, mask, lpips) ──► Scores per view ──► EvalReport
//! ```
//!
//! A figure means nothing without its [`Protocol`], so a report carries one. What is deliberately
//! absent: no GPU, no disk, no tensor library, and no figure that stands in for a missing one.
//! LPIPS without weights is `None`.
//!
//! # Masks
//! One rule for all: where the mask does not count, the render is given the photo's pixels, so
//! that nothing there can be wrong. PSNR and SSIM are then averaged over counted pixels alone (an
//! SSIM window may reach across the edge and finds agreement there). LPIPS, whose features reach
//! far, is averaged over the whole picture: the smaller the mask, the smaller it is.

mod difference;
pub mod lpips;
mod picture;
mod protocol;
mod psnr;
mod report;
mod sheet;
mod ssim;

pub use difference::{difference, heat};
pub use lpips::{Lpips, LpipsError, LpipsNet};
pub use picture::{Mask, MetricsError, Picture};
pub use protocol::{Fitting, MaskRule, Precision, Protocol};
pub use psnr::psnr;
pub use report::{EvalReport, Scores, ViewScores, measure};
pub use sheet::Sheet;
pub use ssim::{SsimVariant, ssim, ssim_map};

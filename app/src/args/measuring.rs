//! What commands that measure on held-out photos take.

use std::path::PathBuf;

use clap::Args;
use recon::dataset::HoldOut;

use super::MAX_SIDE_PX;

/// How splats are measured on photos that they were not made from.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Measuring")]
pub struct MeasuringArgs {
    /// Hold out every N-th view, from the first on; 0 for none [default: as the dataset says, else
    /// 8]
    #[arg(long = "eval-every", alias = "hold-out-every", value_name = "N", value_parser = every_nth)]
    pub hold_out_every: Option<usize>,

    /// Bring photos to at most so many pixels along the longer side
    #[arg(long, value_name = "PX", value_parser = clap::value_parser!(u32).range(16..=MAX_SIDE_PX))]
    pub max_side: Option<u32>,

    /// LPIPS weights: a file, or a folder of them; without, LPIPS is not measured
    #[arg(long, value_name = "PATH", env = "ACCRETE_LPIPS")]
    pub lpips: Option<PathBuf>,

    /// Write held-out views as one picture: photo, render and difference, side by side
    #[arg(long, value_name = "PNG")]
    pub sheet: Option<PathBuf>,
}

impl MeasuringArgs {
    /// Which views are held out; `None` leaves that to the dataset.
    pub fn hold_out(&self) -> Option<HoldOut> {
        self.hold_out_every.map(|it| match it {
            0 => HoldOut::None,
            n => HoldOut::EveryNth(n),
        })
    }
}

fn every_nth(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(1) => Err("every view held out leaves none to learn from".to_owned()),
        Ok(n) => Ok(n),
        Err(_) => Err("expected 0, or a number from 2 on".to_owned()),
    }
}

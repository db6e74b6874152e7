//! What `accrete reconstruct` takes.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use recon::model::{ORIGIN, ReconstructConfig};

use super::exporting::ExportArgs;
use super::measuring::MeasuringArgs;
use super::network::{ChoiceName, NetworkArgs};

/// What `reconstruct` takes.
#[derive(Args, Clone, Debug)]
#[command(after_help = ORIGIN)]
pub struct ReconstructArgs {
    /// Folder or zip of photos with poses, or a pose file beside its photos
    #[arg(value_name = "FOLDER")]
    pub folder: PathBuf,

    /// Splat file to write; its ending decides the format
    #[arg(long, short, value_name = "FILE")]
    pub out: Option<PathBuf>,

    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would show it as the help of the command")]
    pub network: NetworkArgs,

    /// Put cameras where the paper's evaluation does: held-out ones count for their middle and
    /// their scale, too
    #[arg(long)]
    pub with_targets: bool,

    /// Colour behind transparent photos and splats: RRGGBB, or r,g,b from 0 to 1
    #[arg(long, value_name = "RRGGBB|r,g,b", default_value = "ffffff", value_parser = super::colour)]
    pub background: [f32; 3],

    /// Then optimise the splats for so many steps
    #[arg(long, value_name = "STEPS", value_parser = clap::value_parser!(u32).range(1..))]
    pub optimise: Option<u32>,

    /// Leave that out where held-out photos reach so many dB without; where the network's splats are
    /// of no use, begin with the photos' points instead
    #[arg(long, value_name = "DB", requires = "optimise", value_parser = decibels)]
    pub enough: Option<f64>,

    /// Go on while photos are added to the folder, until none has come for so many seconds
    #[arg(long, value_name = "SECS", value_parser = seconds)]
    pub watch: Option<Duration>,

    /// Keep what the network knows of the scene, to go on from it another day (--mode causal)
    #[arg(long, value_name = "FILE")]
    pub keep: Option<PathBuf>,

    /// Go on with a scene that was kept: --views is how many more photos it sees (--mode causal)
    #[arg(long = "continue", value_name = "FILE")]
    pub continues: Option<PathBuf>,

    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would show it as the help of the command")]
    pub measuring: MeasuringArgs,

    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would show it as the help of the command")]
    pub exporting: ExportArgs,
}

impl ReconstructArgs {
    /// The settings that were given.
    pub fn config(&self) -> ReconstructConfig {
        let default_choice = if self.watch.is_some() {
            ChoiceName::All
        } else {
            ChoiceName::Kmeans
        };
        ReconstructConfig {
            with_targets: self.with_targets,
            background: self.background,
            ..self.network.config(default_choice)
        }
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    const A_DAY: f64 = 86_400.0;
    match text.parse::<f64>() {
        Ok(secs) if (0.0..=A_DAY).contains(&secs) => Ok(Duration::from_secs_f64(secs)),
        _ => Err("expected seconds from 0 to 86400".to_owned()),
    }
}

fn decibels(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(psnr) if (0.0..=100.0).contains(&psnr) => Ok(psnr),
        _ => Err("expected decibels from 0 to 100".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use recon::model::newton_schulz::Precision;
    use recon::model::{DeviceChoice, Devices, Mode, ViewChoice};

    use super::super::Command;
    use super::super::tests::parsed;
    use super::*;

    fn reconstruct(args: &str) -> Result<ReconstructArgs, clap::Error> {
        match parsed("reconstruct photos", args)? {
            Command::Reconstruct(args) => Ok(*args),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_given_becomes_settings() {
        let args = reconstruct("--weights w.pt").unwrap();
        assert_eq!(args.config(), ReconstructConfig::default());
        assert_eq!(args.network.device, Devices::default());
        let args = reconstruct(
            "--weights w.pt --model m.toml --mode causal --views 12 --chunk 3 --choice even \
             --selective --with-targets --device cuda:1 --bf16-rays --qk-eps 0.0078125 --seed 4 \
             --background 000000 --optimise 10 --eval-every 5 --out a.ply",
        );
        let args = args.unwrap();
        let config = args.config();
        assert_eq!(
            (config.mode, config.choice),
            (Mode::Causal, ViewChoice::Even)
        );
        assert_eq!((config.views, config.chunk, config.seed), (12, 3, 4));
        assert!(config.selective.is_some() && config.with_targets);
        assert_eq!(config.numerics.rays, Precision::Bf16);
        assert_eq!(config.numerics.newton_schulz, Precision::F32);
        assert_eq!(config.numerics.qk_eps, 0.007_812_5);
        assert_eq!(config.background, [0.0; 3]);
        assert_eq!(args.network.device, DeviceChoice::Cuda(1).into());
        assert_eq!(args.optimise, Some(10));
    }

    #[test]
    fn a_watched_folder_is_seen_as_a_whole() {
        let args = reconstruct("--weights w.pt --watch 2.5").unwrap();
        assert_eq!(args.watch, Some(Duration::from_millis(2500)));
        assert_eq!(args.config().choice, ViewChoice::All);
        let args = reconstruct("--weights w.pt --watch 2.5 --choice even").unwrap();
        assert_eq!(args.config().choice, ViewChoice::Even);
    }

    #[test]
    fn nonsense_is_refused() {
        for args in [
            "--weights w.pt --mode best",
            "--weights w.pt --views 0",
            "--weights w.pt --chunk 0",
            "--weights w.pt --choice random",
            "--weights w.pt --device vulkan",
            "--weights w.pt --watch -1",
            "--weights w.pt --watch NaN",
            "--weights w.pt --optimise 0",
            "--weights w.pt --enough 20",
            "--weights w.pt --optimise 10 --enough NaN",
            "--weights w.pt --qk-eps NaN",
            "--weights w.pt --eval-every 1",
        ] {
            assert!(reconstruct(args).is_err(), "{args}");
        }
    }
}

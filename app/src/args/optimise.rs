//! What `accrete optimise` takes, and the settings that follow from it.

use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{Args, ValueEnum};
use glam::Vec3;
use recon::edit::Region;
use recon::optim::{Background, OptimiseConfig, Part, Preset, Strategy, default_budget};
use render::gpu::Capabilities;

use super::exporting::{ExportArgs, corners};
use super::measuring::MeasuringArgs;

/// What `optimise` takes.
#[derive(Args, Clone, Debug)]
pub struct OptimiseArgs {
    /// Folder or zip of photos with poses, or a pose file beside its photos
    #[arg(value_name = "FOLDER")]
    pub folder: PathBuf,

    /// Splat file to write; its ending decides the format
    #[arg(long, short, value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// Settings to begin with; what is given beside them goes first [default: balanced; with
    /// --resume what it was]
    #[arg(long, value_enum)]
    pub preset: Option<PresetName>,

    /// Steps in all
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub steps: Option<u32>,

    /// Of all chance
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// No more splats than this, or than this part of the default: 250000, 250k, 1.5M, 10%
    /// [default: by preset and device]
    #[arg(long, value_name = "N", value_parser = splat_budget)]
    pub splat_budget: Option<SplatBudget>,

    /// Degree of the harmonics
    #[arg(long, value_name = "0..3", value_parser = clap::value_parser!(u32).range(0..=3))]
    pub sh_degree: Option<u32>,

    /// How splats become more
    #[arg(long, value_enum)]
    pub strategy: Option<StrategyName>,

    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would show it as the help of the command")]
    pub switches: Switches,

    /// What shows through where splats are transparent: RRGGBB, r,g,b from 0 to 1, or random
    #[arg(long, value_name = "COLOUR", value_parser = background)]
    pub background: Option<Background>,

    /// Splat file to begin with, instead of the dataset's points
    #[arg(long, value_name = "FILE", conflicts_with = "resume")]
    pub init: Option<PathBuf>,

    /// Optimise only splats whose middle lies in the box between two corners, in the scene's units;
    /// all others of --init stay as they are
    #[arg(long, value_name = "X,Y,Z,X,Y,Z", requires = "init", conflicts_with_all = ["region_ball", "resume"], allow_hyphen_values = true, value_parser = region_box)]
    pub region_box: Option<Region>,

    /// Optimise only splats whose middle lies in the ball around a place, with a radius
    #[arg(long, value_name = "X,Y,Z,RADIUS", requires = "init", conflicts_with = "resume", allow_hyphen_values = true, value_parser = region_ball)]
    pub region_ball: Option<Region>,

    /// Where the state is kept, so that it can go on another day [default: in FOLDER/.accrete]
    #[arg(long, value_name = "PATH")]
    pub checkpoint: Option<PathBuf>,

    /// Also keep the state every N steps, not only every few minutes and at the end
    #[arg(long, value_name = "STEPS")]
    pub autosave_steps: Option<u32>,

    /// Go on from the checkpoint, with its region where it has one
    #[arg(long)]
    pub resume: bool,

    /// Find camera poses first where there are none
    #[arg(long)]
    pub find_poses: bool,

    /// Show it in the window
    #[arg(long, conflicts_with_all = ["out", "sheet"])]
    pub with_window: bool,

    /// Measure on held-out photos every N steps [default: at the end]
    #[arg(long, value_name = "STEPS", help_heading = "Measuring", value_parser = clap::value_parser!(u32).range(1..))]
    pub measure_every: Option<u32>,

    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would show it as the help of the command")]
    pub measuring: MeasuringArgs,

    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would show it as the help of the command")]
    pub exporting: ExportArgs,
}

/// What is on or off; what is not given is as the preset has it.
#[derive(Args, Clone, Debug, Default)]
pub struct Switches {
    /// Mip-Splatting's 2D filter: what is small in the image becomes fainter, not larger
    #[arg(long, value_name = "on|off", num_args = 0..=1, require_equals = true, default_missing_value = "on", value_parser = BoolishValueParser::new())]
    pub antialiased: Option<bool>,

    /// Mip-Splatting's 3D filter: no splat is finer than what the nearest photo resolves
    #[arg(long = "filter-3d", value_name = "on|off", num_args = 0..=1, require_equals = true, default_missing_value = "on", value_parser = BoolishValueParser::new())]
    pub filter_3d: Option<bool>,

    /// Find an exposure for each photo
    #[arg(long, value_name = "on|off", num_args = 0..=1, require_equals = true, default_missing_value = "on", value_parser = BoolishValueParser::new())]
    pub exposure: Option<bool>,

    /// Move the cameras too
    #[arg(long, value_name = "on|off", num_args = 0..=1, require_equals = true, default_missing_value = "on", value_parser = BoolishValueParser::new())]
    pub refine_poses: Option<bool>,

    /// Begin with small photos
    #[arg(long, value_name = "on|off", num_args = 0..=1, require_equals = true, default_missing_value = "on", value_parser = BoolishValueParser::new())]
    pub progressive: Option<bool>,
}

impl OptimiseArgs {
    /// What of the splats that are begun with is optimised.
    pub fn part(&self) -> Part {
        Part {
            frozen: None,
            region: self.region_box.or(self.region_ball),
        }
    }

    /// The settings of a preset, with what was given in its place, for this device.
    pub fn config(&self, preset: OptimiseConfig, device: &Capabilities) -> OptimiseConfig {
        let mut config = preset;
        let switches = &self.switches;
        set(&mut config.steps, self.steps);
        set(&mut config.seed, self.seed);
        set(&mut config.sh_degree, self.sh_degree);
        set(&mut config.evaluate_every, self.measure_every);
        set(&mut config.background, self.background);
        set(&mut config.densify.strategy, self.strategy.map(Into::into));
        set(&mut config.antialiased, switches.antialiased);
        set(&mut config.filter_3d, switches.filter_3d);
        set(&mut config.exposure, switches.exposure);
        set(&mut config.refine_poses, switches.refine_poses);
        set(&mut config.progressive, switches.progressive);
        config.max_side = self.measuring.max_side.or(config.max_side);
        set(&mut config.autosave_steps, self.autosave_steps);
        config.splat_budget = match self.splat_budget {
            None => config.splat_budget,
            Some(SplatBudget::Count(count)) => Some(count),
            Some(SplatBudget::Percent(part)) => {
                let whole = default_budget(device, &config) as f64;
                Some((part / 100.0 * whole).round().max(1.0) as usize)
            }
        };
        config
    }
}

fn set<T>(setting: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *setting = given;
    }
}

/// A preset, as the command line calls it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum PresetName {
    /// The best picture within about 2,000 steps
    Fast,
    /// 7,000 steps
    #[default]
    Balanced,
    /// 30,000 steps
    Quality,
    /// Few splats for a small file
    Compact,
}

impl From<PresetName> for Preset {
    fn from(name: PresetName) -> Self {
        match name {
            PresetName::Fast => Self::Fast,
            PresetName::Balanced => Self::Balanced,
            PresetName::Quality => Self::Quality,
            PresetName::Compact => Self::Compact,
        }
    }
}

/// A rule by which splats become more, as the command line calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StrategyName {
    /// Their number stays
    Fixed,
    /// 3DGS-MCMC: invisible ones move to visible ones, up to the budget
    Mcmc,
    /// The same, drawn to where several views agree that the picture is wrong
    Gated,
    /// 3DGS: cloned and split where they want to move
    Adaptive,
    /// Cloned and split as in adaptive, where several views agree
    MultiView,
}

impl From<StrategyName> for Strategy {
    fn from(name: StrategyName) -> Self {
        match name {
            StrategyName::Fixed => Self::Fixed,
            StrategyName::Mcmc => Self::Mcmc,
            StrategyName::Gated => Self::Gated,
            StrategyName::Adaptive => Self::Adaptive,
            StrategyName::MultiView => Self::MultiView,
        }
    }
}

/// No more splats than this.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SplatBudget {
    /// So many.
    Count(usize),
    /// So much of the default, above 0 and up to 100.
    Percent(f64),
}

/// Digits, with commas, underscores, `k`, `M` or `%`.
fn splat_budget(text: &str) -> Result<SplatBudget, String> {
    let wrong = || "expected a number of splats, such as 250000, 250k, 1.5M or 10%".to_owned();
    let plain = text.replace([',', '_'], "");
    if let Some(part) = plain.strip_suffix('%') {
        let part: f64 = part.parse().map_err(|_| wrong())?;
        let is_part = 0.0 < part && part <= 100.0;
        return is_part
            .then_some(SplatBudget::Percent(part))
            .ok_or_else(wrong);
    }
    let (digits, factor) = match plain.strip_suffix(['k', 'K']) {
        Some(digits) => (digits, 1e3),
        None => match plain.strip_suffix('M') {
            Some(digits) => (digits, 1e6),
            None => (plain.as_str(), 1.0),
        },
    };
    let count: f64 = digits.parse().map_err(|_| wrong())?;
    let count = (factor * count).round();
    if (1.0..=1e9).contains(&count) {
        Ok(SplatBudget::Count(count as usize))
    } else {
        Err(wrong())
    }
}

fn region_box(text: &str) -> Result<Region, String> {
    let [a, b] = corners(text)?;
    Ok(Region::between(a, b))
}

fn region_ball(text: &str) -> Result<Region, String> {
    let numbers: Result<Vec<f32>, _> = text.split(',').map(|it| it.trim().parse()).collect();
    let four = numbers.ok().and_then(|it| <[f32; 4]>::try_from(it).ok());
    four.filter(|it| it.iter().all(|number| number.is_finite()) && 0.0 < it[3])
        .map(|[x, y, z, radius]| Region::Ball {
            centre: Vec3::new(x, y, z),
            radius,
        })
        .ok_or_else(|| "expected a place and a radius above 0, such as 0,1,-2,0.5".to_owned())
}

fn background(text: &str) -> Result<Background, String> {
    if text.eq_ignore_ascii_case("random") {
        return Ok(Background::Random);
    }
    super::colour(text)
        .map(Background::Known)
        .map_err(|it| format!("{it}, or random"))
}

#[cfg(test)]
mod tests {

    use super::super::Command;
    use super::super::tests::parsed;
    use super::*;

    fn optimise(args: &str) -> Result<OptimiseArgs, clap::Error> {
        match parsed("optimise photos", args)? {
            Command::Optimise(args) => Ok(*args),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_given_goes_before_the_preset() {
        let preset = OptimiseConfig {
            progressive: true,
            ..OptimiseConfig::default()
        };
        let args = optimise("").unwrap();
        assert_eq!(args.config(preset.clone(), &device()), preset);
        let args = optimise(
            "--preset fast --steps 300 --max-side 256 --seed 7 --splat-budget 40k --sh-degree 1 \
             --strategy adaptive --antialiased --filter-3d=on --progressive=off --exposure \
             --refine-poses --background random --measure-every 100 --hold-out-every 5",
        );
        let args = args.unwrap();
        let config = args.config(preset.clone(), &device());
        assert_eq!((config.steps, config.max_side), (300, Some(256)));
        assert_eq!((config.seed, config.splat_budget), (7, Some(40_000)));
        assert_eq!((config.sh_degree, config.evaluate_every), (1, 100));
        assert_eq!(config.densify.strategy, Strategy::Adaptive);
        assert!(config.antialiased && config.filter_3d && !config.progressive);
        assert!(config.exposure && config.refine_poses);
        assert_eq!(config.background, Background::Random);
        assert_eq!(args.preset.map(Preset::from), Some(Preset::Fast));
        assert_eq!(args.measuring.hold_out_every, Some(5));
        let args = optimise("--crop 0,0,0,1,1,1 --axes y-up --export-sh-degree 2").unwrap();
        assert_eq!(args.exporting.options(None).max_sh_degree, Some(2));
        let args = optimise("--background 0,0.5,1").unwrap();
        assert_eq!(args.background, Some(Background::Known([0.0, 0.5, 1.0])));
        let args = optimise("--init a.ply --region-box 1,2,3,-1,0,1").unwrap();
        let region = Region::between(Vec3::new(-1.0, 0.0, 1.0), Vec3::new(1.0, 2.0, 3.0));
        assert_eq!(args.part().region, Some(region));
        let args = optimise("--init a.ply --region-ball -1,0,2.5,0.5").unwrap();
        assert!(
            args.part()
                .region
                .unwrap()
                .contains(Vec3::new(-1.0, 0.4, 2.5))
        );
        let args = optimise("--splat-budget 1% --autosave-steps 20").unwrap();
        let config = args.config(preset, &device());
        assert_eq!(config.splat_budget, Some(15_000));
        assert_eq!(config.autosave_steps, 20);
    }

    /// A large card: the preset decides.
    fn device() -> Capabilities {
        Capabilities {
            name: String::new(),
            driver: String::new(),
            backend: String::new(),
            kind: render::gpu::AdapterKind::Discrete,
            max_binding_bytes: 2 << 30,
            max_buffer_bytes: 4 << 30,
            workgroup_bytes: 32 << 10,
            subgroup_sizes: None,
            float32_atomics: false,
            f16: false,
            timestamps: false,
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for args in [
            "--steps 0",
            "--preset best",
            "--splat-budget 0",
            "--splat-budget -3",
            "--splat-budget NaN",
            "--splat-budget 0%",
            "--splat-budget 101%",
            "--splat-budget %",
            "--sh-degree 4",
            "--eval-every 1",
            "--eval-every x",
            "--max-side 2",
            "--background blue",
            "--with-window --out a.ply",
            "--init a.ply --resume",
            "--region-ball 0,0,0,1",
            "--resume --region-box 0,0,0,1,1,1",
            "--init a.ply --region-ball 0,0,0,0",
            "--init a.ply --region-ball 0,0,0",
            "--init a.ply --region-box 0,0,0,1,1",
            "--init a.ply --region-ball 0,0,0,1 --region-box 0,0,0,1,1,1",
        ] {
            assert!(optimise(args).is_err(), "{args}");
        }
    }
}

//! `accrete synth`: pictures of random scenes as datasets.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::bail;
use recon::io::{SampleFiles, read_pictures, write_sample};
use recon::synthetic::random::{CameraPlan, SampleConfig, SceneKind, sample};
use serde::Serialize;

use super::Console;
use super::interrupt::Interrupts;
use crate::args::{BackdropName, SynthArgs};

#[derive(Serialize)]
struct Report<'a> {
    out: &'a Path,
    scenes: Vec<Written>,
    images: usize,
    /// Making the pictures, without writing them.
    render_secs: f64,
    interrupted: bool,
}

#[derive(Serialize)]
struct Written {
    seed: u64,
    folder: PathBuf,
}

/// Makes and writes scene after scene.
///
/// # Errors
/// Where pictures for surfaces cannot be read, a folder is not free, or the system refuses.
pub fn run(console: &Console, args: &SynthArgs) -> anyhow::Result<()> {
    let (config, files) = (config(args)?, files(args));
    let interrupts = Interrupts::heed();
    let bar = console.progress(u64::from(args.count), "Writing scenes");
    let mut report = Report {
        out: &args.out,
        scenes: Vec::new(),
        images: 0,
        render_secs: 0.0,
        interrupted: false,
    };
    for k in 0..u64::from(args.count) {
        if interrupts.taken() {
            report.interrupted = true;
            break;
        }
        let seed = args.seed.wrapping_add(k);
        let folder = if args.count == 1 {
            args.out.clone()
        } else {
            args.out.join(format!("{seed:06}"))
        };
        let clock = Instant::now();
        let made = sample(seed, &config);
        report.render_secs += clock.elapsed().as_secs_f64();
        write_sample(&folder, &made, files, args.overwrite)?;
        report.images += made.views.len();
        report.scenes.push(Written { seed, folder });
        bar.inc(1);
    }
    bar.finish_and_clear();
    console.say(format_args!(
        "{} images of {} scenes ({:.0} images a second): {}",
        report.images,
        report.scenes.len(),
        report.images as f64 / report.render_secs.max(1e-9),
        args.out.display()
    ))?;
    console.report(&report)?;
    if report.interrupted {
        bail!(
            "interrupted after {} of {} scenes; those are complete",
            report.scenes.len(),
            args.count
        );
    }
    Ok(())
}

fn config(args: &SynthArgs) -> anyhow::Result<SampleConfig> {
    let textures = args.textures.as_deref().map(read_pictures).transpose()?;
    Ok(SampleConfig {
        kind: args.kind.into(),
        backdrop: args.backdrop.into(),
        cameras: if args.path {
            CameraPlan::Path
        } else {
            CameraPlan::Scattered
        },
        size: [args.size; 2],
        views: args.views as usize,
        textures: textures.map(Arc::new),
    })
}

fn files(args: &SynthArgs) -> SampleFiles {
    let is_object = SceneKind::from(args.kind) == SceneKind::Object;
    SampleFiles {
        transparent: is_object && args.backdrop == BackdropName::None,
        depth: args.depth,
        normals: args.normals,
    }
}

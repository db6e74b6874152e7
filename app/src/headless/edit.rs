//! `accrete edit`: clean up, crop, colour, merge and move a scene, as the window does.

mod operations;

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use ::render::gpu::Gpu;
use ::render::{GpuSplats, RenderConfig, Splats};
use anyhow::{Context, bail};
use recon::dataset::Dataset;
use recon::edit::{EditOp, Edited, History, Measured, Rule, Subject, find, measure, removals};
use recon::io::html::Page;
use recon::io::{self, DatasetPlace, ExportOptions, Opened, Project, SplatFile, SplatFormat};
use recon::metrics::{EvalReport, Protocol, Scores};
use recon::optim::{EvalConfig, HeldOut};
use serde::Serialize;

use super::measuring::{self, Found};
use super::{Console, OpenGpu};
use crate::args::EditArgs;

/// Photos are looked at with at most so many pixels a side, unless told otherwise.
const MAX_SIDE: u32 = 640;

#[derive(Serialize)]
struct Report<'a> {
    input: &'a Path,
    out: Option<&'a Path>,
    project: Option<&'a Path>,
    splats_before: usize,
    splats_after: usize,
    /// What each rule found; a splat may be in several.
    rules: Vec<Finding>,
    /// What was done, in words.
    edits: Vec<String>,
    /// Of held-out photos, before and after clean-up.
    measured: Option<Comparison>,
    losses: Vec<String>,
}

#[derive(Serialize)]
struct Finding {
    rule: Rule,
    splats: usize,
}

#[derive(Serialize)]
struct Comparison {
    before: Scores,
    after: Scores,
    /// The first less the second: above zero where clean-up cost something.
    psnr_lost: f64,
    protocol: Protocol,
}

/// A scene that is edited.
struct Editing {
    history: History,
    /// What the file says beside the splats.
    file: SplatFile,
    /// What the project had.
    project: Project,
    /// How many edits it had.
    begun: usize,
}

/// Photos to judge by.
struct Judge {
    gpu: Gpu,
    dataset: Arc<Dataset>,
    held_out: HeldOut,
    render: RenderConfig,
}

/// Edits `args.input`.
///
/// # Errors
/// Where something cannot be read or written, or nothing would be left.
pub fn run(console: &Console, open_gpu: OpenGpu<'_>, args: &EditArgs) -> anyhow::Result<()> {
    let format = args
        .out
        .as_deref()
        .map(measuring::check_splats)
        .transpose()?;
    measuring::check_sheet(args.measuring.sheet.as_deref())?;
    let parts = args.merge.iter().map(|it| read(console, it));
    let parts = parts.collect::<anyhow::Result<Vec<_>>>()?;
    let moves = operations::moves(args)?;
    let mut editing = open(console, &args.input)?;
    if let Some(hold_out) = args.measuring.hold_out() {
        editing.project.views.hold_out = Some(hold_out);
    }
    let splats_before = editing.history.now().saved_count();
    if splats_before == 0 {
        bail!("{}: there are no splats to edit", args.input.display());
    }
    let judge = judge(console, open_gpu, args, &editing)?;

    let before = judge.as_ref();
    let before = before.map(|it| it.scores(console, editing.history.now(), None));
    let before = before.transpose()?.flatten();
    let rules = clean(console, args, judge.as_ref(), &mut editing.history)?;
    let sheet = args.measuring.sheet.as_deref();
    let measured = match (&judge, before) {
        (Some(judge), Some(before)) => {
            let after = judge.scores(console, editing.history.now(), sheet)?;
            after.map(|after| compared(before, after))
        }
        _ => None,
    };
    change(args, &mut editing.history, parts, moves)?;
    let (splats_after, losses) = write(args, &editing, format)?;
    let done = editing.history.ops().skip(editing.begun);
    let report = Report {
        input: &args.input,
        out: args.out.as_deref(),
        project: args.project.as_deref(),
        splats_before,
        splats_after,
        rules,
        edits: done.map(EditOp::label).collect(),
        measured,
        losses,
    };
    tell(console, &report)?;
    console.report(&report)
}

/// All but clean-up.
fn change(
    args: &EditArgs,
    history: &mut History,
    parts: Vec<SplatFile>,
    moves: Vec<EditOp>,
) -> anyhow::Result<()> {
    let cuts = operations::cuts(args).into_iter();
    for op in cuts.chain(operations::colours(args)) {
        history.apply(op)?;
    }
    for (path, file) in args.merge.iter().zip(parts) {
        let name = path.file_name().unwrap_or(path.as_os_str());
        let name = name.to_string_lossy().into_owned();
        history.merge(Arc::new(file.splats), name)?;
        history.apply(EditOp::SelectNone)?;
    }
    for op in moves {
        history.apply(op)?;
    }
    Ok(())
}

/// Writes what was asked for. Tells how many splats there are, and what the format could not hold.
fn write(
    args: &EditArgs,
    editing: &Editing,
    format: Option<SplatFormat>,
) -> anyhow::Result<(usize, Vec<String>)> {
    let result = editing.history.now().result();
    let count = result.len();
    if count == 0 {
        bail!(
            "{}: no splat would be left; `accrete info` tells where the scene lies",
            args.input.display()
        );
    }
    let mut losses = Vec::new();
    if let (Some(out), Some(format)) = (&args.out, format) {
        let file = SplatFile {
            splats: result,
            format,
            warnings: Vec::new(),
            antialiased: editing.file.antialiased,
            comments: editing.file.comments.clone(),
        };
        losses = io::losses(&file, format);
        io::save_with_page(out, &file, &editing.page(out))?;
    }
    if let Some(folder) = &args.project {
        io::save_project(folder, &editing.project(args.dataset.as_deref()))?;
    }
    Ok((count, losses))
}

/// Splats of a file; what is odd is told.
fn read(console: &Console, path: &Path) -> anyhow::Result<SplatFile> {
    let file = io::open_splats(path)?;
    for warning in &file.warnings {
        console.warn(format_args!("{}: {warning}", path.display()));
    }
    Ok(file)
}

fn open(console: &Console, path: &Path) -> anyhow::Result<Editing> {
    let place = path.display();
    let (history, file, project) = match io::open(path)? {
        Opened::Splats(file) => {
            for warning in &file.warnings {
                console.warn(format_args!("{place}: {warning}"));
            }
            let history = History::new(Arc::new(file.splats.clone()));
            (history, file, Project::default())
        }
        Opened::Project(_, project, warnings) => {
            for warning in warnings {
                console.warn(format_args!("{place}: {warning}"));
            }
            let history = project.history().with_context(|| place.to_string())?;
            let base = project.base.as_deref().cloned();
            let file = base.with_context(|| format!("{place}: a project without splats"))?;
            (history, file, *project)
        }
        Opened::Dataset(_) | Opened::Photos(_) => {
            bail!("{place}: photos. `accrete optimise {place}` makes splats of them")
        }
        Opened::Video(_) => bail!("{place}: a video, where splats are needed"),
    };
    let begun = history.ops().len();
    Ok(Editing {
        history,
        file,
        project,
        begun,
    })
}

impl Editing {
    /// What a `.html` tells besides the splats: a project's camera path can be played.
    fn page(&self, out: &Path) -> Page {
        let stored = self.project.camera_path.clone();
        let path = stored.and_then(|it| serde_json::from_value(it).ok());
        let stem = out.file_stem().unwrap_or_default();
        ExportOptions::default().page(&stem.to_string_lossy(), &path.unwrap_or_default())
    }

    /// What is kept of it.
    fn project(&self, dataset: Option<&Path>) -> Project {
        let dataset = dataset.map(DatasetPlace::new);
        Project {
            dataset: dataset.or_else(|| self.project.dataset.clone()),
            views: self.project.views.clone(),
            camera_path: self.project.camera_path.clone(),
            settings: self.project.settings.clone(),
            metrics: self.project.metrics.clone(),
            ..Project::of(&self.history, &self.file)
        }
    }
}

/// The dataset that was named, else that of the project; `None` where there is none.
fn judge(
    console: &Console,
    open_gpu: OpenGpu<'_>,
    args: &EditArgs,
    editing: &Editing,
) -> anyhow::Result<Option<Judge>> {
    let own = editing.project.dataset.as_ref();
    let own = own.and_then(DatasetPlace::path);
    let Some(folder) = args.dataset.as_deref().or(own) else {
        if args.clean.remove_floaters.is_some() {
            console.warn(
                "without --dataset only isolated floaters are found, not those that photos tell of",
            );
        }
        return Ok(None);
    };
    let dataset = match measuring::open_photos(console, folder, &args.measuring)? {
        Found::Posed(mut dataset) => {
            editing.project.views.apply(&mut dataset);
            Arc::new(*dataset)
        }
        Found::Unposed => return Err(measuring::without_poses(folder)),
    };
    let held_out = HeldOut::new(dataset.clone(), args.measuring.max_side);
    if held_out.views().is_empty() {
        console.warn(format_args!(
            "{}: no view is held out, so nothing is measured; --eval-every 8 holds out every 8th",
            folder.display()
        ));
    }
    let antialiased = args.antialiased.or(editing.file.antialiased);
    Ok(Some(Judge {
        gpu: open_gpu()?,
        dataset,
        held_out,
        render: RenderConfig {
            antialiased: antialiased.unwrap_or(false),
            ..RenderConfig::default()
        },
    }))
}

impl Judge {
    /// How the scene does on held-out photos; `None` where there are none.
    fn scores(
        &self,
        console: &Console,
        scene: &Edited,
        sheet: Option<&Path>,
    ) -> anyhow::Result<Option<(Scores, Protocol)>> {
        let splats = scene.result_for_cameras();
        if self.held_out.views().is_empty() || splats.is_empty() {
            return Ok(None);
        }
        let config = EvalConfig {
            render: self.render.clone(),
            ..EvalConfig::default()
        };
        let subject = measuring::Subject {
            gpu: &self.gpu,
            splats: &GpuSplats::upload(&self.gpu, &splats)?,
            held_out: &self.held_out,
            config: &config,
        };
        let (report, _) = measuring::measure(console, &subject, sheet)?;
        let EvalReport { mean, protocol, .. } = report;
        Ok(mean.map(|mean| (mean, protocol)))
    }

    /// What the photos see of each splat.
    fn look(&self, console: &Console, splats: &Splats, side: u32) -> anyhow::Result<Measured> {
        let bar = console.progress(0, "looking at what the photos see");
        let mut report = |done: usize, total: usize| {
            bar.set_length(total as u64);
            bar.set_position(done as u64);
            ControlFlow::Continue(())
        };
        let (gpu, dataset) = (&self.gpu, &self.dataset);
        let measured = measure(gpu, splats, dataset, &self.render, side, &mut report);
        bar.finish_and_clear();
        Ok(measured?)
    }
}

/// Removes floaters, spikes, fog, and what thresholds ask for. Tells what each rule found.
fn clean(
    console: &Console,
    args: &EditArgs,
    judge: Option<&Judge>,
    history: &mut History,
) -> anyhow::Result<Vec<Finding>> {
    let config = operations::cleaning(args);
    let mut findings = Vec::new();
    if config != recon::edit::CleanConfig::NONE {
        let subject = Subject::of(history.now());
        let side = args.measuring.max_side.unwrap_or(MAX_SIDE);
        let measured = match judge {
            Some(it) => it.look(console, &subject.splats, side)?,
            None => Measured::of(&subject.splats),
        };
        let found = find(&subject, &measured, &config);
        let counted = found.iter().map(|(rule, hits)| Finding {
            rule: *rule,
            splats: hits.count(),
        });
        findings.extend(counted);
        for op in removals(found) {
            history.apply(op)?;
        }
    }
    if let Some(op) = operations::thresholds(args) {
        history.apply(op)?;
    }
    Ok(findings)
}

fn compared((before, _): (Scores, Protocol), after: (Scores, Protocol)) -> Comparison {
    Comparison {
        psnr_lost: before.psnr - after.0.psnr,
        before,
        after: after.0,
        protocol: after.1,
    }
}

fn tell(console: &Console, report: &Report<'_>) -> anyhow::Result<()> {
    let (before, after) = (report.splats_before, report.splats_after);
    let input = report.input.display();
    console.say(format_args!("{input}: {before} splats, now {after}"))?;
    for it in &report.rules {
        let (splats, what) = (it.splats, it.rule.label());
        console.say(format_args!("  found         {splats} {what}"))?;
    }
    for it in &report.edits {
        console.say(format_args!("  done          {it}"))?;
    }
    if let Some(it) = &report.measured {
        let (before, after) = (it.before.psnr, it.after.psnr);
        console.say(format_args!(
            "  PSNR          {before:.2} dB before clean-up, {after:.2} dB after"
        ))?;
        console.say(format_args!("  measured on   {}", it.protocol))?;
    }
    for loss in &report.losses {
        console.say(format_args!("  lost          {loss}"))?;
    }
    for path in [report.out, report.project].into_iter().flatten() {
        console.say(format_args!("  written       {}", path.display()))?;
    }
    Ok(())
}

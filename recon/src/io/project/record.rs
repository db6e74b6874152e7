//! `project.json`: its text, and what is read out of it.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::splats::Kept;
use super::{DatasetPlace, Project, ViewChoice};
use crate::edit::{EditOp, Pick};
use crate::io::bounded::read_at_most;
use crate::io::json;
use crate::io::{FormatError, IoError};

/// Grows when older programs can no longer read what is written.
const VERSION: u64 = 1;
/// Key that says what the file is, and its version.
const KEY: &str = "accrete_project";
/// No project is described by more bytes.
const MAX_LEN: u64 = 1 << 30;
/// So many bytes from the front tell what a file is.
const FRONT_BYTES: u64 = 256;
/// Scenes beyond so many splats do not fit into memory anyway.
const MAX_SPLATS: usize = 1 << 28;

/// What is written.
pub(super) struct Record<'a> {
    pub(super) dataset: Option<DatasetPlace>,
    pub(super) splats: Option<Kept>,
    pub(super) parts: Vec<Kept>,
    pub(super) project: &'a Project,
}

impl Record<'_> {
    /// A line for each thing; the same project always gives the same text.
    pub(super) fn text(&self) -> Result<String, FormatError> {
        let mut text = format!("{{\n\"{KEY}\": {VERSION}");
        let mut line = |key: &str, value: String| {
            // Writing into a text cannot fail.
            let _ = write!(text, ",\n\"{key}\": {value}");
        };
        line("dataset", compact(&self.dataset)?);
        line("views", compact(&self.project.views.written())?);
        line("splats", compact(&self.splats)?);
        line("parts", compact(&self.parts)?);
        line("done", compact(&self.project.done)?);
        let ops: Result<Vec<String>, _> = self.project.ops.iter().map(op_text).collect();
        let ops = ops?;
        let list = if ops.is_empty() {
            "[]".to_owned()
        } else {
            format!("[\n{}\n]", ops.join(",\n"))
        };
        line("edits", list);
        line("camera_path", compact(&self.project.camera_path)?);
        line("settings", compact(&self.project.settings)?);
        line("metrics", compact(&self.project.metrics)?);
        text.push_str("\n}\n");
        Ok(text)
    }
}

fn compact(value: &impl Serialize) -> Result<String, FormatError> {
    serde_json::to_string(value).map_err(|it| FormatError::Malformed(it.to_string()))
}

/// An edit that reads back as it is. One that was picked with numbers that JSON does not have keeps
/// what it hit, and forgets how.
fn op_text(op: &EditOp) -> Result<String, FormatError> {
    let survives = |text: &str, op: &EditOp| {
        let read = serde_json::from_str::<EditOp>(text);
        read.is_ok_and(|it| it == *op)
    };
    let text = compact(op)?;
    if survives(&text, op) {
        return Ok(text);
    }
    if let EditOp::Select { pick, mode, hits } = op {
        let what = pick.label();
        let op = EditOp::Select {
            pick: Pick::Seen { what },
            mode: *mode,
            hits: hits.clone(),
        };
        return compact(&op);
    }
    Err(FormatError::Malformed(format!(
        "the edit \"{}\" has a number that is none: undo it and save again",
        op.label()
    )))
}

/// What is read.
#[derive(Deserialize)]
pub(super) struct Read {
    pub(super) dataset: Option<DatasetPlace>,
    #[serde(default)]
    pub(super) views: ViewChoice,
    pub(super) splats: Option<Kept>,
    #[serde(default)]
    pub(super) parts: Vec<Kept>,
    #[serde(default)]
    pub(super) done: usize,
    #[serde(default)]
    edits: Vec<Value>,
    pub(super) camera_path: Option<Value>,
    pub(super) settings: Option<Value>,
    pub(super) metrics: Option<Value>,
}

/// Reads the file.
pub(super) fn read(path: &Path) -> Result<Read, IoError> {
    let file = File::open(path).map_err(|it| IoError::system(path, it))?;
    let parsed = read_at_most(file, MAX_LEN, "the project").and_then(|it| parse(&it));
    parsed.map_err(|it| IoError::format(path, it))
}

fn parse(bytes: &[u8]) -> Result<Read, FormatError> {
    let value = json::parse(bytes)?;
    let version = value.get(KEY).and_then(Value::as_u64).ok_or_else(|| {
        FormatError::Unsupported(format!(
            "no project of this program: it has no \"{KEY}\". Open the splats or photos themselves"
        ))
    })?;
    if VERSION < version {
        return Err(FormatError::Unsupported(format!(
            "a project of version {version}, and this program reads up to version {VERSION}. Use a \
             newer program"
        )));
    }
    serde_json::from_value(value).map_err(|it| damaged(&it))
}

fn damaged(cause: &dyn std::fmt::Display) -> FormatError {
    FormatError::Malformed(format!(
        "a damaged project ({cause}). Use an older copy, or open the splats in its folder"
    ))
}

impl Read {
    /// The edits of `count` splats and merged parts of `parts` splats. Nothing is made that is larger
    /// than the splats allow.
    pub(super) fn ops(&self, count: usize, parts: &[usize]) -> Result<Vec<EditOp>, FormatError> {
        let mut most = count;
        let mut ops = Vec::with_capacity(self.edits.len());
        for (index, value) in self.edits.iter().enumerate() {
            let claimed = value.get("hits").and_then(Value::as_array);
            let claimed = claimed.into_iter().flatten().filter_map(Value::as_u64);
            let claimed = claimed.fold(0_u64, u64::saturating_add);
            if (most as u64) < claimed {
                return Err(damaged(&format!(
                    "edit {} is of {claimed} splats, and there are {most} at the most",
                    index + 1
                )));
            }
            let op: EditOp = serde_json::from_value(value.clone())
                .map_err(|it| damaged(&format!("edit {}: {it}", index + 1)))?;
            match &op {
                EditOp::Merge { part, name } => {
                    let more = parts.get(*part).ok_or_else(|| {
                        damaged(&format!("edit {}: no part \"{name}\"", index + 1))
                    })?;
                    most = most.saturating_add(*more).min(MAX_SPLATS);
                }
                EditOp::Duplicate => most = most.saturating_mul(2).min(MAX_SPLATS),
                _ => {}
            }
            ops.push(op);
        }
        Ok(ops)
    }
}

/// Whether the file says that it is a project.
pub(super) fn is_one(path: &Path) -> bool {
    let Ok(file) = File::open(path) else {
        return false;
    };
    let mut front = Vec::new();
    if file.take(FRONT_BYTES).read_to_end(&mut front).is_err() {
        return false;
    }
    String::from_utf8_lossy(&front).contains(&format!("\"{KEY}\""))
}

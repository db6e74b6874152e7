//! Source files and their text by kind: code, comments, string literals.

use std::path::{Path, PathBuf};

/// A text file of the repository.
#[derive(Clone, Debug)]
pub(crate) struct SourceFile {
    /// Path below the repository's root, with `/` between the parts.
    pub(crate) path: String,
    /// All of it.
    pub(crate) text: String,
}

impl SourceFile {
    /// A file that is only in the test.
    #[cfg(test)]
    pub(crate) fn sample(path: &str, text: &str) -> Self {
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    /// File name without its extension.
    pub(crate) fn stem(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        name.split_once('.').map_or(name, |(stem, _)| stem)
    }

    /// The end of its name, as `rs`.
    pub(crate) fn extension(&self) -> &str {
        self.path.rsplit_once('.').map_or("", |(_, it)| it)
    }

    /// Whether it lies in the folder `dir` (or is the file `dir`.rs).
    pub(crate) fn is_in(&self, dir: &str) -> bool {
        self.path
            .strip_prefix(dir)
            .is_some_and(|rest| rest.starts_with('/') || rest == ".rs")
    }
}

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Reads every file below `dir` (from the root) that ends in `.extension`, in order of path.
/// Build outputs and hidden folders are left out, and a folder that is not there has none.
pub(crate) fn files(dir: &str, extension: &str) -> Vec<SourceFile> {
    let root = root();
    let mut dirs = vec![root.join(dir)];
    let mut found = Vec::new();
    while let Some(dir) = dirs.pop() {
        let Ok(entries) = std::fs::read_dir(&dir) else {
            continue;
        };
        for path in entries.map(|it| it.unwrap().path()) {
            let name = path.file_name().unwrap().to_string_lossy();
            if path.is_dir() && name != "target" && !name.starts_with('.') {
                dirs.push(path);
            } else if path.extension().is_some_and(|it| it == extension) {
                found.push(read(&root, &path));
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn read(root: &Path, path: &Path) -> SourceFile {
    let parts = path.strip_prefix(root).unwrap().components();
    SourceFile {
        path: parts
            .map(|it| it.as_os_str().to_string_lossy())
            .collect::<Vec<_>>()
            .join("/"),
        text: std::fs::read_to_string(path)
            .unwrap_or_else(|err| panic!("{}: {err}", path.display())),
    }
}

/// What a piece of Rust or WGSL is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// What the compiler runs.
    Code,
    /// Comments, doc comments included.
    Comment,
    /// The inside of string and character literals.
    Literal,
}

/// The text with everything but `kinds` turned to blanks; lines keep their numbers.
pub(crate) fn only(text: &str, kinds: &[Kind]) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    let mut before = None;
    while let Some(first) = rest.chars().next() {
        let (len, kind) = piece(rest, before);
        let (taken, after) = rest.split_at(len);
        if kinds.contains(&kind) {
            kept.push_str(taken);
        } else {
            kept.extend(taken.chars().map(|c| if c == '\n' { c } else { ' ' }));
        }
        before = taken.chars().next_back().or(Some(first));
        rest = after;
    }
    kept
}

/// Length in bytes and kind of what `rest` begins with; `before` is the character before it.
fn piece(rest: &str, before: Option<char>) -> (usize, Kind) {
    if rest.starts_with("//") {
        return (rest.find('\n').unwrap_or(rest.len()), Kind::Comment);
    }
    if rest.starts_with("/*") {
        return (block_comment_len(rest), Kind::Comment);
    }
    let in_word = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    if !in_word && let Some(len) = raw_string_len(rest) {
        return (len, Kind::Literal);
    }
    if rest.starts_with('"') {
        return (quoted_len(rest, '"'), Kind::Literal);
    }
    if let Some(after) = rest.strip_prefix('\'') {
        let mut chars = after.chars();
        let (first, second) = (chars.next(), chars.next());
        if first == Some('\\') || second == Some('\'') {
            return (quoted_len(rest, '\''), Kind::Literal);
        }
    }
    (rest.chars().next().map_or(0, char::len_utf8), Kind::Code)
}

fn block_comment_len(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

fn raw_string_len(rest: &str) -> Option<usize> {
    let after = rest.strip_prefix("br").or(rest.strip_prefix('r'))?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    let inside = after[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let closed = inside.find(&end).map_or(inside.len(), |it| it + end.len());
    Some(rest.len() - inside.len() + closed)
}

fn quoted_len(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// Each identifier of `code` with the number of its line, from 1.
pub(crate) fn words(code: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..).zip(code.lines()).flat_map(|(number, line)| {
        line.split(|c: char| !c.is_alphanumeric() && c != '_')
            .filter(|it| !it.is_empty())
            .map(move |word| (number, word))
    })
}

/// Names after `mod` in the code of a file.
pub(crate) fn modules(text: &str) -> Vec<String> {
    let code = only(text, &[Kind::Code]);
    let names: Vec<&str> = words(&code).map(|(_, word)| word).collect();
    names
        .windows(2)
        .filter(|pair| pair[0] == "mod")
        .map(|pair| pair[1].to_owned())
        .collect()
}

#[test]
fn kinds_are_told_apart() {
    let text = r##"let a = "fs"; // thread
/* File /* deep */ still */ let c = '"'; let l: &'static str = r#"mpsc "x" "#; let d = '\'';
"##;
    let code = only(text, &[Kind::Code]);
    let names: Vec<&str> = words(&code).map(|(_, word)| word).collect();
    assert_eq!(
        names,
        [
            "let", "a", "let", "c", "let", "l", "static", "str", "let", "d"
        ]
    );
    assert_eq!(code.lines().count(), text.lines().count());
    let literals = only(text, &[Kind::Literal]);
    assert!(literals.contains("fs") && literals.contains("mpsc \"x\""));
    let comments = only(text, &[Kind::Comment]);
    assert!(comments.contains("thread") && comments.contains("still") && !comments.contains("let"));
}

#[test]
fn a_folder_is_not_its_namesake() {
    let file = SourceFile::sample("recon/src/worker.rs", "");
    assert!(file.is_in("recon/src/worker") && !file.is_in("recon/src/work"));
    assert!(SourceFile::sample("recon/src/io/ply.rs", "").is_in("recon/src/io"));
    assert!(!SourceFile::sample("recon/src/iou/ply.rs", "").is_in("recon/src/io"));
    assert_eq!(file.stem(), "worker");
}

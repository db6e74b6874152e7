//! Length, introduction and names of files; loose ends; shaders outside `shaders/`.

use super::source::{Kind, SourceFile, only, words};

/// Files longer than this have more than one subject.
const MAX_LINES: usize = 500;

/// Names that say nothing about what is inside, as parts of the names of files and modules.
const EMPTY_WORDS: &[&str] = &["manager", "helper", "util", "stuff", "glue", "handler"];

/// Marks of work that was left for later.
const LOOSE_ENDS: &[&str] = &["TODO", "FIXME", "XXX", "HACK"];

/// What only WGSL has.
const WGSL_MARKS: &[&str] = &[
    "@compute",
    "@workgroup_size",
    "@vertex",
    "@fragment",
    "@group(",
    "var<storage",
    "var<workgroup",
];

/// Everything here, for one `.rs` or `.wgsl` file.
pub(crate) fn violations(file: &SourceFile) -> Vec<String> {
    let mut found = too_long(file);
    found.extend(not_introduced(file));
    found.extend(empty_names(file));
    found.extend(loose_ends(file));
    found.extend(embedded_wgsl(file));
    found
}

fn too_long(file: &SourceFile) -> Vec<String> {
    let lines = file.text.lines().count();
    let message = || {
        format!(
            "{}: {lines} lines, at most {MAX_LINES}; split it by subject",
            file.path
        )
    };
    (MAX_LINES < lines).then(message).into_iter().collect()
}

/// A line of purpose comes first: `//! …` in Rust, `// …` in WGSL.
fn not_introduced(file: &SourceFile) -> Vec<String> {
    let mark = if file.extension() == "wgsl" {
        "// "
    } else {
        "//! "
    };
    let first = file.text.lines().next().unwrap_or_default();
    let introduced = first
        .strip_prefix(mark)
        .is_some_and(|it| 1 < it.split_whitespace().count());
    let message = || {
        format!(
            "{}: the first line must say what the file is for, as `{mark}…`",
            file.path
        )
    };
    (!introduced).then(message).into_iter().collect()
}

fn empty_names(file: &SourceFile) -> Vec<String> {
    let is_empty = |name: &str| {
        name.split(['_', '-', '.'])
            .any(|part| EMPTY_WORDS.contains(&part.strip_suffix('s').unwrap_or(part)))
    };
    let mut found: Vec<String> = file
        .path
        .split('/')
        .filter(|it| is_empty(it))
        .map(|it| format!("{}: the name {it} says nothing", file.path))
        .collect();
    let code = only(&file.text, &[Kind::Code]);
    let names: Vec<(usize, &str)> = words(&code).collect();
    for pair in names.windows(2) {
        let (line, name) = pair[1];
        if pair[0].1 == "mod" && is_empty(name) {
            found.push(format!(
                "{}:{line}: the name {name} says nothing",
                file.path
            ));
        }
    }
    found
}

fn loose_ends(file: &SourceFile) -> Vec<String> {
    let comments = only(&file.text, &[Kind::Comment]);
    words(&comments)
        .filter(|(_, word)| LOOSE_ENDS.contains(word))
        .map(|(line, word)| format!("{}:{line}: {word}; finish it or open an issue", file.path))
        .collect()
}

/// Shaders are files. Only tests may hold WGSL, as samples for their own checks.
fn embedded_wgsl(file: &SourceFile) -> Vec<String> {
    if file.extension() != "rs" || file.is_in("tests") {
        return Vec::new();
    }
    let literals = only(&file.text, &[Kind::Literal]);
    (1..)
        .zip(literals.lines())
        .filter(|(_, line)| WGSL_MARKS.iter().any(|mark| line.contains(mark)))
        .map(|(number, _)| format!("{}:{number}: WGSL belongs into shaders/", file.path))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::source::SourceFile;
    use super::violations;

    fn of(path: &str, text: &str) -> Vec<String> {
        violations(&SourceFile::sample(path, text))
    }

    #[test]
    fn tidy_files_pass() {
        let rust = "//! Draws the grid.\nmod lines; // data, manager and TODOs are words here\n";
        assert_eq!(of("app/src/grid.rs", rust), [""; 0]);
        let wgsl = "// Draws the grid.\n@compute @workgroup_size(1) fn main() {}\n";
        assert_eq!(of("shaders/view/grid.wgsl", wgsl), [""; 0]);
    }

    #[test]
    fn long_files_are_found() {
        let lines = |n: usize| format!("//! A long story.\n{}", "\n".repeat(n - 1));
        assert_eq!(of("app/src/a.rs", &lines(500)).len(), 0);
        assert_eq!(of("app/src/a.rs", &lines(501)).len(), 1);
    }

    #[test]
    fn missing_introductions_are_found() {
        for text in ["", "use std::fs;\n", "//! Lines\n", "// Draws lines.\n"] {
            assert_eq!(of("app/src/a.rs", text).len(), 1, "{text:?}");
        }
        assert_eq!(of("shaders/view/a.wgsl", "struct A { a: u32 }").len(), 1);
    }

    #[test]
    fn empty_names_are_found() {
        let text = "//! Does a thing.\n";
        for path in [
            "app/src/utils.rs",
            "app/src/ui_helpers/a.rs",
            "recon/src/job_manager.rs",
        ] {
            assert_eq!(of(path, text).len(), 1, "{path}");
        }
        assert_eq!(
            of("app/src/a.rs", "//! Does a thing.\npub mod burn_glue;").len(),
            1
        );
    }

    #[test]
    fn loose_ends_are_found_in_comments_only() {
        assert_eq!(
            of("app/src/a.rs", "//! Does a thing.\n// TODO: all of it").len(),
            1
        );
        assert_eq!(
            of(
                "app/src/a.rs",
                "//! Does a thing.\nconst A: &str = \"TODO\";"
            )
            .len(),
            0
        );
    }

    #[test]
    fn wgsl_in_rust_is_found() {
        let text = "//! Does a thing.\nconst K: &str = r#\"\n@compute fn main() {}\"#;";
        assert_eq!(
            of("render/src/a.rs", text),
            ["render/src/a.rs:3: WGSL belongs into shaders/"]
        );
        assert_eq!(of("tests/a.rs", text), [""; 0]);
    }
}

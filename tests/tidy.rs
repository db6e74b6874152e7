//! House rules that the compiler does not check, held against every file of the repository.
//!
//! A rule is a function from text to a list of violations, tried on bad samples beside it.

mod kernels;
mod manifests;
mod ownership;
mod source;
mod text;

pub(crate) use source::{SourceFile, files, root};

/// Folders with Rust in them.
const RUST: &[&str] = &["app", "recon", "render", "tests"];

fn rust() -> Vec<SourceFile> {
    RUST.iter().flat_map(|it| files(it, "rs")).collect()
}

/// Fails with one line per violation.
fn assert_none(violations: &[String]) {
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}

fn manifest(dir: &str) -> String {
    let path = root().join(dir).join("Cargo.toml");
    std::fs::read_to_string(&path).unwrap_or_else(|err| panic!("{}: {err}", path.display()))
}

#[test]
fn dependencies_point_down() {
    let workspace = manifest("");
    let members = manifests::members(&workspace);
    assert_eq!(members, RUST, "RUST lists the crates");
    let violations: Vec<String> = members
        .iter()
        .flat_map(|it| manifests::violations(&workspace, it, &manifest(it)))
        .collect();
    assert_none(&violations);
}

#[test]
fn files_are_short_introduced_and_named_well() {
    let mut found = Vec::new();
    for file in rust().iter().chain(&files("shaders", "wgsl")) {
        found.extend(text::violations(file));
    }
    assert_none(&found);
}

/// Files that no `mod` line names: the compiler passes over them, and their tests never run.
fn orphans(files: &[SourceFile]) -> Vec<String> {
    let roots = ["main", "lib", "mod", "build"];
    let is_declared = |file: &SourceFile| {
        let (dir, _) = file.path.rsplit_once('/').unwrap_or_default();
        files
            .iter()
            .filter(|it| it.is_in(dir) || it.path.starts_with(&format!("{dir}/")))
            .any(|it| source::modules(&it.text).contains(&file.stem().to_owned()))
    };
    files
        .iter()
        .filter(|it| !roots.contains(&it.stem()) && !is_declared(it))
        .map(|it| format!("{}: no `mod` line names it, so it is not compiled", it.path))
        .collect()
}

#[test]
fn every_file_is_compiled() {
    let modules: Vec<SourceFile> = rust()
        .into_iter()
        .filter(|it| it.path.contains("/src/") || it.path.starts_with("tests/"))
        .filter(|it| !it.path.starts_with("tests/fuzz/"))
        .collect();
    assert_none(&orphans(&modules));
    let sample = [
        SourceFile::sample("a/src/lib.rs", "pub mod io; // mod lost;"),
        SourceFile::sample("a/src/io.rs", "mod ply;"),
        SourceFile::sample("a/src/io/ply.rs", ""),
        SourceFile::sample("a/src/lost.rs", ""),
    ];
    assert_eq!(orphans(&sample).len(), 1);
}

#[test]
fn disk_threads_tensors_and_colours_have_owners() {
    let found: Vec<String> = rust().iter().flat_map(ownership::violations).collect();
    assert_none(&found);
}

#[test]
fn each_kernel_has_a_wrapper_and_a_reference() {
    let shaders = files("shaders", "wgsl");
    assert!(
        shaders.iter().any(kernels::is_kernel),
        "no kernel was found below shaders/"
    );
    assert_none(&kernels::violations(
        &shaders,
        &files("render/src", "rs"),
        &files("tests/reference", "rs"),
    ));
}

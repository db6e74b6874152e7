//! Arrows between crates, and one place for the versions of what they depend on.

use toml::{Table, Value};

/// A crate, and which of the dependencies in [`RULED`] it may have.
const ARROWS: &[(&str, &[&str])] = &[
    ("render", &["wgpu"]),
    ("recon", &["render", "wgpu", "burn"]),
    (
        "app",
        &[
            "render", "recon", "wgpu", "eframe", "egui", "winit", "rfd", "clap", "anyhow",
        ],
    ),
    (
        "tests",
        &[
            "render", "recon", "app", "wgpu", "eframe", "egui", "winit", "burn",
        ],
    ),
];

/// The dependencies that an arrow decides about. A family's name stands for all its crates:
/// `egui` for `egui_tiles` and `egui-wgpu` as well.
const RULED: &[(&str, Family)] = &[
    ("app", Family::No),
    ("recon", Family::No),
    ("render", Family::No),
    ("tests", Family::No),
    ("anyhow", Family::No),
    ("rfd", Family::No),
    ("burn", Family::Yes),
    ("clap", Family::Yes),
    ("eframe", Family::Yes),
    ("egui", Family::Yes),
    ("wgpu", Family::Yes),
    ("winit", Family::Yes),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    Yes,
    No,
}

/// A dependency as a manifest names it.
struct Dependency<'a> {
    section: String,
    /// The name that the code uses.
    key: &'a str,
    value: &'a Value,
}

/// What is against the rules in the manifest of the crate `member`. `root` is the workspace's
/// manifest, where a dependency may get another name.
pub(crate) fn violations(root: &str, member: &str, manifest: &str) -> Vec<String> {
    let root = parse("Cargo.toml", root);
    let table = parse(member, manifest);
    let mut found = Vec::new();
    let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == member) else {
        return vec![format!(
            "{member}: a new crate needs a row in ARROWS of tests/tidy/manifests.rs"
        )];
    };
    for dependency in dependencies(&table) {
        let Dependency {
            section,
            key,
            value,
        } = &dependency;
        let package = package(&root, &dependency);
        // The tests of the program must lie in its package, and rest on what all tests rest on.
        let of_its_tests =
            (member, section.as_str(), package) == ("app", "dev-dependencies", "tests");
        if let Some(ruled) = ruled(package)
            && !allowed.contains(&ruled)
            && !of_its_tests
        {
            found.push(format!(
                "{member}: [{section}] {key}: {member} may not depend on {package}"
            ));
        }
        if !from_workspace(value) {
            found.push(format!(
                "{member}: [{section}] {key}: write `{key}.workspace = true` and put the version \
                 into the root Cargo.toml"
            ));
        }
    }
    let lints = table.get("lints").and_then(|it| it.get("workspace"));
    if lints.and_then(Value::as_bool) != Some(true) {
        found.push(format!("{member}: [lints] lacks `workspace = true`"));
    }
    found
}

/// The crates of the workspace.
pub(crate) fn members(root: &str) -> Vec<String> {
    let root = parse("Cargo.toml", root);
    let members = root["workspace"]["members"].as_array();
    members
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

fn parse(name: &str, manifest: &str) -> Table {
    manifest
        .parse()
        .unwrap_or_else(|err| panic!("{name}: {err}"))
}

/// Of all sections: for every use (normal, tests, build scripts), on every target.
fn dependencies(manifest: &Table) -> Vec<Dependency<'_>> {
    let mut tables = vec![(String::new(), manifest)];
    if let Some(targets) = manifest.get("target").and_then(Value::as_table) {
        for (target, value) in targets {
            tables.extend(value.as_table().map(|it| (format!("target.{target}."), it)));
        }
    }
    let mut found = Vec::new();
    for (prefix, table) in tables {
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let section = table.get(kind).and_then(Value::as_table);
            found.extend(
                section
                    .into_iter()
                    .flatten()
                    .map(|(key, value)| Dependency {
                        section: format!("{prefix}{kind}"),
                        key,
                        value,
                    }),
            );
        }
    }
    found
}

/// The crate that is meant, whatever it is called here.
fn package<'a>(root: &'a Table, dependency: &'a Dependency<'_>) -> &'a str {
    let shared = root
        .get("workspace")
        .and_then(|it| it.get("dependencies"))
        .and_then(|it| it.get(dependency.key));
    [Some(dependency.value), shared]
        .into_iter()
        .flatten()
        .find_map(|it| it.get("package").and_then(Value::as_str))
        .unwrap_or(dependency.key)
}

fn ruled(package: &str) -> Option<&'static str> {
    let of_family = |name: &str| {
        package
            .strip_prefix(name)
            .is_some_and(|rest| rest.starts_with(['-', '_']))
    };
    RULED
        .iter()
        .find(|(name, family)| package == *name || (*family == Family::Yes && of_family(name)))
        .map(|(name, _)| *name)
}

/// Nothing but `workspace = true`, features and whether it is optional.
fn from_workspace(value: &Value) -> bool {
    value.as_table().is_some_and(|it| {
        it.get("workspace").and_then(Value::as_bool) == Some(true)
            && it
                .keys()
                .all(|key| ["workspace", "features", "optional"].contains(&key.as_str()))
    })
}

#[cfg(test)]
mod tests {
    use super::violations;

    const ROOT: &str = r#"
        [workspace]
        members = ["render"]
        [workspace.dependencies]
        painter = { package = "egui", version = "1" }
    "#;

    fn of(member: &str, sections: &str) -> Vec<String> {
        violations(ROOT, member, &format!("lints.workspace = true\n{sections}"))
    }

    #[test]
    fn arrows_that_point_down_pass() {
        let app = "[dependencies]\nrecon.workspace = true\negui_tiles = { workspace = true, features = [\"serde\"] }";
        assert_eq!(of("app", app), [""; 0]);
        let recon = "[dependencies]\nburn = { workspace = true, optional = true }";
        assert_eq!(of("recon", recon), [""; 0]);
    }

    #[test]
    fn other_arrows_are_found_in_every_section() {
        for (member, section, package) in [
            ("render", "dependencies", "recon"),
            ("render", "dependencies", "burn-store"),
            ("render", "dev-dependencies", "egui_kittest"),
            ("recon", "build-dependencies", "clap"),
            ("recon", "target.'cfg(windows)'.dependencies", "egui-wgpu"),
            ("recon", "dependencies", "anyhow"),
            ("recon", "dependencies", "painter"),
            ("app", "dependencies", "burn"),
            ("app", "dependencies", "tests"),
        ] {
            let found = of(member, &format!("[{section}]\n{package}.workspace = true"));
            assert_eq!(found.len(), 1, "{member} → {package}: {found:?}");
            assert!(found[0].contains("may not depend on"));
        }
    }

    #[test]
    fn a_renamed_dependency_is_seen_through() {
        let found = of(
            "render",
            "[dependencies]\nharmless = { workspace = true, package = \"recon\" }",
        );
        assert!(found[0].contains("may not depend on recon"), "{found:?}");
    }

    #[test]
    fn versions_belong_to_the_workspace() {
        for dependency in [
            "half = \"2\"",
            "half = { version = \"2\", features = [\"std\"] }",
            "half = { path = \"../half\" }",
            "half = { workspace = true, version = \"2\" }",
        ] {
            let found = of("render", &format!("[dependencies]\n{dependency}"));
            assert_eq!(found.len(), 1, "{dependency}: {found:?}");
        }
    }

    #[test]
    fn a_crate_needs_a_row_and_the_lints() {
        assert_eq!(of("gadgets", "").len(), 1);
        assert_eq!(violations(ROOT, "render", "[dependencies]").len(), 1);
        assert_eq!(
            violations(ROOT, "render", "[lints]\nworkspace = false").len(),
            1
        );
    }
}

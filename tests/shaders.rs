//! Every shader resolves, parses, validates, translates for every system, and agrees with the
//! structs of `render`. None of this needs a GPU.

mod constants;
mod structs;
mod translate;

use naga::Module;
use render::gpu::{EDIT_STRUCTS, GPU_STRUCTS, resolve_imports};

use crate::tidy::{SourceFile, files};
use structs::Twin;
use translate::Target;

/// A shader that runs by itself, complete.
struct Parsed {
    /// As `splat/project`.
    name: String,
    wgsl: String,
    module: Module,
}

impl Parsed {
    fn new(name: &str, source: &str) -> Result<Self, String> {
        let wgsl = resolve_imports(name, source).map_err(|err| err.to_string())?;
        Ok(Self {
            module: translate::module(&wgsl).map_err(|err| format!("{name}.wgsl:\n{err}"))?,
            name: name.to_owned(),
            wgsl,
        })
    }

    /// The shader that does the same where a language cannot express this one, from a line
    /// `// Fallback: splat/other`.
    fn fallback(&self) -> Option<&str> {
        self.wgsl
            .lines()
            .find_map(|line| line.strip_prefix("// Fallback: "))
            .map(str::trim)
    }
}

fn name(file: &SourceFile) -> &str {
    let path = file.path.strip_prefix("shaders/").unwrap_or(&file.path);
    path.strip_suffix(".wgsl").unwrap_or(path)
}

/// All of `shaders/` but what is only imported.
fn parsed() -> Vec<Parsed> {
    let shaders: Vec<Parsed> = files("shaders", "wgsl")
        .iter()
        .filter(|it| !it.is_in("shaders/shared"))
        .map(|it| Parsed::new(name(it), &it.text).unwrap_or_else(|err| panic!("{err}")))
        .collect();
    assert!(!shaders.is_empty(), "no shader was found below shaders/");
    shaders
}

/// One line per shader and language that it cannot be expressed in, where no fallback can.
fn untranslatable(shaders: &[Parsed]) -> Vec<String> {
    let mut found = Vec::new();
    for target in Target::ALL {
        let outcome = |it: &Parsed| translate::translate(&it.module, &it.wgsl, target);
        for shader in shaders {
            let Err(err) = outcome(shader) else { continue };
            let fallback = shader
                .fallback()
                .and_then(|name| shaders.iter().find(|it| it.name == name));
            if fallback.is_none_or(|it| outcome(it).is_err()) {
                found.push(format!(
                    "{}.wgsl as {target}: {err}\nand no line `// Fallback: …` names a shader that \
                     {target} can express",
                    shader.name
                ));
            }
        }
    }
    found
}

#[test]
fn shaders_translate_for_every_system() {
    let found = untranslatable(&parsed());
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

/// What lies in `shaders/shared` and is imported nowhere, so that no test would see it. (It may
/// name bindings of those who import it; so it is checked as part of them.)
fn unused(shaders: &[SourceFile]) -> Vec<&str> {
    let is_imported = |name: &str| {
        let import = format!("#import {name}");
        shaders
            .iter()
            .any(|it| it.text.lines().any(|line| line == import))
    };
    shaders
        .iter()
        .filter(|it| it.is_in("shaders/shared"))
        .map(name)
        .filter(|it| !is_imported(it))
        .collect()
}

#[test]
fn shared_shaders_are_imported() {
    assert_eq!(unused(&files("shaders", "wgsl")), [""; 0]);
    let sample = [
        SourceFile::sample("shaders/shared/camera.wgsl", ""),
        SourceFile::sample("shaders/shared/old.wgsl", ""),
        SourceFile::sample(
            "shaders/splat/a.wgsl",
            "#import shared/camera\n#import shared/older",
        ),
    ];
    assert_eq!(unused(&sample), ["shared/old"]);
}

#[test]
fn structs_equal_their_rust_twins() {
    let structs = GPU_STRUCTS.iter().chain(EDIT_STRUCTS);
    let twins: Vec<Twin<'_>> = structs
        .map(|it| Twin {
            name: it.name,
            fields: it.fields,
            size: it.size,
        })
        .collect();
    let shaders = parsed();
    let mut found = Vec::new();
    for shader in &shaders {
        let differences = structs::differences(&shader.module, &twins);
        found.extend(
            differences
                .iter()
                .map(|it| format!("{}.wgsl: {it}", shader.name)),
        );
    }
    for twin in &twins {
        if !shaders
            .iter()
            .any(|it| structs::contains(&it.module, twin.name))
        {
            found.push(format!("no shader has a struct {}", twin.name));
        }
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn fallbacks_must_translate() {
    let atomics = "
@group(0) @binding(0) var<storage, read_write> sum: atomic<f32>;
@compute @workgroup_size(1) fn main() { atomicAdd(&sum, 1.0); }";
    let plain = "
@group(0) @binding(0) var<storage, read_write> sum: atomic<u32>;
@compute @workgroup_size(1) fn main() { atomicAdd(&sum, 1u); }";
    let named = |fallback: &str| format!("// Fallback: {fallback}\n{atomics}");
    let of = |source: &str| {
        let shaders = [
            ("splat/a", source),
            ("splat/b", plain),
            ("splat/c", atomics),
        ]
        .map(|(name, source)| Parsed::new(name, source).unwrap());
        untranslatable(&shaders)
            .into_iter()
            .filter(|it| it.starts_with("splat/a"))
            .count()
    };
    assert_eq!(of(&named("splat/b")), 0);
    assert_ne!(of(atomics), 0);
    assert_ne!(of(&named("splat/c")), 0, "cannot be expressed either");
    assert_ne!(of(&named("splat/none")), 0, "does not exist");
}

//! Every kernel exists three times under one name: WGSL, wrapper, plain CPU reference.

use super::source::{Kind, SourceFile, only};

/// Folders of shaders that run by themselves; what lies in `shaders/shared` is imported by them.
const FOLDERS: &[&str] = &["edit", "splat", "train", "view"];

/// Everything against the rule, over all shaders, all of `render/src` and `tests/reference`.
pub(crate) fn violations(
    shaders: &[SourceFile],
    render: &[SourceFile],
    references: &[SourceFile],
) -> Vec<String> {
    let mut found = Vec::new();
    for shader in shaders {
        found.extend(match folder(shader) {
            Some("shared") => runs_by_itself(shader),
            Some(folder) if FOLDERS.contains(&folder) => {
                without_twins(folder, shader, render, references)
            }
            _ => vec![format!(
                "{}: shaders lie in shaders/shared or one of {FOLDERS:?}",
                shader.path
            )],
        });
    }
    found.extend(namesakes(shaders));
    found.extend(strays(shaders, render));
    found
}

/// Whether the file has a compute entry point.
pub(crate) fn is_kernel(shader: &SourceFile) -> bool {
    only(&shader.text, &[Kind::Code]).contains("@compute")
}

fn draws(shader: &SourceFile) -> bool {
    let code = only(&shader.text, &[Kind::Code]);
    code.contains("@vertex") || code.contains("@fragment")
}

/// `splat` of `shaders/splat/project.wgsl`; nothing where folders are deeper or missing.
fn folder(shader: &SourceFile) -> Option<&str> {
    let mut parts = shader.path.strip_prefix("shaders/")?.split('/');
    let (folder, _file) = (parts.next()?, parts.next()?);
    parts.next().is_none().then_some(folder)
}

fn runs_by_itself(shader: &SourceFile) -> Vec<String> {
    let message = || {
        format!(
            "{}: has an entry point; only importable code lies in shaders/shared",
            shader.path
        )
    };
    (is_kernel(shader) || draws(shader))
        .then(message)
        .into_iter()
        .collect()
}

fn without_twins(
    folder: &str,
    shader: &SourceFile,
    render: &[SourceFile],
    references: &[SourceFile],
) -> Vec<String> {
    let SourceFile { path, .. } = shader;
    let stem = shader.stem();
    let embedding = format!("shader!(\"{folder}/{stem}\")");
    let embedders: Vec<&str> = render
        .iter()
        .filter(|it| only(&it.text, &[Kind::Code, Kind::Literal]).contains(&embedding))
        .map(|it| it.path.as_str())
        .collect();
    if !is_kernel(shader) {
        return if folder == "view" && draws(shader) {
            let message = || format!("{path}: no file of render/src has {embedding}");
            embedders.is_empty().then(message).into_iter().collect()
        } else {
            vec![format!(
                "{path}: has no entry point; importable code lies in shaders/shared"
            )]
        };
    }
    let mut found = Vec::new();
    let wrapper = format!("render/src/kernels/{stem}.rs");
    if embedders != [wrapper.as_str()] {
        found.push(format!(
            "{path}: exactly one file, {wrapper}, must have {embedding}; found in {embedders:?}"
        ));
    }
    let reference = format!("tests/reference/{stem}.rs");
    if !references.iter().any(|it| it.path == reference) {
        found.push(format!("{path}: has no CPU reference {reference}"));
    }
    found
}

/// Wrappers and references are named by the stem alone, so two kernels may not share it.
fn namesakes(shaders: &[SourceFile]) -> Vec<String> {
    let mut stems: Vec<&str> = shaders
        .iter()
        .filter(|it| is_kernel(it))
        .map(SourceFile::stem)
        .collect();
    stems.sort_unstable();
    stems
        .windows(2)
        .filter(|pair| pair[0] == pair[1])
        .map(|pair| format!("shaders: two kernels are called {}", pair[0]))
        .collect()
}

/// `render/src/kernels` is the list of kernels and holds nothing else.
fn strays(shaders: &[SourceFile], render: &[SourceFile]) -> Vec<String> {
    let is_kernel_stem = |stem| shaders.iter().any(|it| is_kernel(it) && it.stem() == stem);
    render
        .iter()
        .filter(|it| it.path.starts_with("render/src/kernels/") && it.stem() != "mod")
        .filter(|it| !is_kernel_stem(it.stem()))
        .map(|it| format!("{}: wraps no kernel of its name", it.path))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::source::SourceFile;
    use super::violations;

    const KERNEL: &str = "@compute @workgroup_size(64) fn main() {}";

    /// One kernel, one pair of drawing entry points, one shared file; all as it should be.
    fn house() -> [Vec<SourceFile>; 3] {
        let shaders = vec![
            SourceFile::sample(
                "shaders/shared/camera.wgsl",
                "struct Camera { a: u32 } // @compute",
            ),
            SourceFile::sample("shaders/splat/project.wgsl", KERNEL),
            SourceFile::sample(
                "shaders/view/lines.wgsl",
                "@vertex fn a() {} @fragment fn b() {}",
            ),
        ];
        let render = vec![
            SourceFile::sample("render/src/kernels/mod.rs", "mod project;"),
            SourceFile::sample(
                "render/src/kernels/project.rs",
                "shader!(\"splat/project\")",
            ),
            SourceFile::sample("render/src/lines.rs", "shader!(\"view/lines\")"),
        ];
        let references = vec![SourceFile::sample("tests/reference/project.rs", "")];
        [shaders, render, references]
    }

    fn broken(change: impl Fn(&mut [Vec<SourceFile>; 3])) -> Vec<String> {
        let mut house = house();
        change(&mut house);
        let [shaders, render, references] = house;
        violations(&shaders, &render, &references)
    }

    #[test]
    fn a_complete_house_passes() {
        assert_eq!(broken(|_| ()), [""; 0]);
    }

    #[test]
    fn missing_twins_are_found() {
        assert_eq!(broken(|[_, _, references]| references.clear()).len(), 1);
        assert_eq!(broken(|[_, render, _]| render[1].text.clear()).len(), 1);
        let renamed = broken(|[_, render, _]| render[1].path = "render/src/project.rs".into());
        assert_eq!(renamed.len(), 1, "{renamed:?}");
        let commented = broken(|[_, render, _]| render[1].text.insert_str(0, "// "));
        assert_eq!(commented.len(), 1, "{commented:?}");
        let twice = broken(|[_, render, _]| render[2].text.push_str("shader!(\"splat/project\")"));
        assert_eq!(twice.len(), 1, "{twice:?}");
    }

    #[test]
    fn drawing_shaders_need_an_embedder_only() {
        assert_eq!(broken(|[_, render, _]| render[2].text.clear()).len(), 1);
        let kernel_in_view = broken(|[shaders, ..]| shaders[2].text.push_str(KERNEL));
        assert_eq!(kernel_in_view.len(), 2, "{kernel_in_view:?}");
    }

    #[test]
    fn shaders_in_the_wrong_folder_are_found() {
        let entry_in_shared = broken(|[shaders, ..]| shaders[0].text = KERNEL.into());
        assert_eq!(entry_in_shared.len(), 1, "{entry_in_shared:?}");
        for (path, text) in [
            ("shaders/splat/sums.wgsl", "fn sum() {}"),
            ("shaders/splat/draw.wgsl", "@vertex fn a() {}"),
            ("shaders/other/sums.wgsl", KERNEL),
            ("shaders/splat/deep/sums.wgsl", KERNEL),
        ] {
            let found = broken(|[shaders, ..]| shaders.push(SourceFile::sample(path, text)));
            assert_eq!(found.len(), 1, "{path}: {found:?}");
        }
    }

    #[test]
    fn namesakes_and_strays_are_found() {
        let same = broken(|[shaders, ..]| {
            shaders.push(SourceFile::sample("shaders/train/project.wgsl", KERNEL));
        });
        assert!(same.iter().any(|it| it.contains("two kernels")), "{same:?}");
        let stray = broken(|[_, render, _]| {
            render.push(SourceFile::sample("render/src/kernels/extra.rs", ""));
        });
        assert_eq!(stray.len(), 1, "{stray:?}");
    }
}

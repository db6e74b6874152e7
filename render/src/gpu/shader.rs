//! WGSL sources, embedded at compile time, with `#import` resolved.

/// The source of one kernel. Made with [`shader!`](crate::shader).
#[derive(Clone, Copy, Debug)]
pub struct Shader {
    /// Path below `shaders/`, without `.wgsl`.
    pub name: &'static str,
    /// The text of the file.
    pub source: &'static str,
}

/// Embeds `shaders/<name>.wgsl`.
#[macro_export]
macro_rules! shader {
    ($name:literal) => {
        $crate::gpu::Shader {
            name: $name,
            source: include_str!(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../shaders/",
                $name,
                ".wgsl"
            )),
        }
    };
}

/// What kernels may import.
const SHARED: &[Shader] = &[
    shader!("shared/blend_backward"),
    shader!("shared/blend_backward_eights"),
    shader!("shared/block_scan"),
    shader!("shared/boxes"),
    shader!("shared/chunk"),
    shader!("shared/dispatch"),
    shader!("shared/display"),
    shader!("shared/eights"),
    shader!("shared/finite"),
    shader!("shared/exposure"),
    shader!("shared/filter"),
    shader!("shared/frame"),
    shader!("shared/levels"),
    shader!("shared/loss"),
    shader!("shared/loss_uniform"),
    shader!("shared/moments"),
    shader!("shared/pair_sums"),
    shader!("shared/pixel"),
    shader!("shared/pixel_column"),
    shader!("shared/planes"),
    shader!("shared/project"),
    shader!("shared/project_backward"),
    shader!("shared/random"),
    shader!("shared/run"),
    shader!("shared/sh"),
    shader!("shared/sh_backward"),
    shader!("shared/slopes"),
    shader!("shared/sort"),
    shader!("shared/sound"),
    shader!("shared/stream_backward"),
    shader!("shared/tally"),
    shader!("shared/tally_atomic"),
    shader!("shared/tiles"),
    shader!("shared/visible"),
    shader!("shared/window"),
];

/// Why a shader could not be assembled.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ShaderError {
    /// An `#import` names nothing in `shaders/shared/`.
    #[error("{importer}.wgsl imports {import:?}, which is not in shaders/shared/")]
    UnknownImport {
        /// The importing file.
        importer: String,
        /// What it asked for.
        import: String,
    },
}

impl Shader {
    /// The complete WGSL.
    ///
    /// # Errors
    /// [`ShaderError::UnknownImport`].
    pub fn wgsl(&self) -> Result<String, ShaderError> {
        resolve_imports(self.name, self.source)
    }
}

/// Pastes each `#import shared/foo` in place of its line, the first time it comes.
///
/// # Errors
/// [`ShaderError::UnknownImport`].
pub fn resolve_imports(name: &str, source: &str) -> Result<String, ShaderError> {
    let mut wgsl = String::new();
    paste(name, source, &mut wgsl, &mut Vec::new())?;
    Ok(wgsl)
}

fn paste<'a>(
    name: &str,
    source: &'a str,
    wgsl: &mut String,
    pasted: &mut Vec<&'a str>,
) -> Result<(), ShaderError> {
    for line in source.lines() {
        let Some(import) = line.strip_prefix("#import ") else {
            wgsl.push_str(line);
            wgsl.push('\n');
            continue;
        };
        if pasted.contains(&import) {
            continue;
        }
        pasted.push(import);
        let shared = SHARED.iter().find(|it| it.name == import).ok_or_else(|| {
            ShaderError::UnknownImport {
                importer: name.to_owned(),
                import: import.to_owned(),
            }
        })?;
        paste(shared.name, shared.source, wgsl, pasted)?;
    }
    Ok(())
}

//! Parses a shader, validates it, and translates it to what the drivers of each system take.

use std::fmt;

use naga::back::{PipelineConstants, hlsl, msl, pipeline_constants::process_overrides, spv};
use naga::valid::{Capabilities, ModuleInfo, ValidationFlags, Validator};
use naga::{Module, WithSpan};

/// A language that wgpu hands to a driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// Vulkan.
    SpirV,
    /// Metal.
    Msl,
    /// Direct3D 12.
    Hlsl,
}

impl Target {
    pub(crate) const ALL: [Self; 3] = [Self::SpirV, Self::Msl, Self::Hlsl];

    /// What naga can express in this language.
    fn capabilities(self) -> Capabilities {
        match self {
            Self::SpirV => spv::supported_capabilities(),
            Self::Msl => msl::supported_capabilities(),
            Self::Hlsl => hlsl::supported_capabilities(),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SpirV => "SPIR-V",
            Self::Msl => "MSL",
            Self::Hlsl => "HLSL",
        })
    }
}

/// Parses and validates; the error points into the text.
pub(crate) fn module(wgsl: &str) -> Result<Module, String> {
    let module = naga::front::wgsl::parse_str(wgsl).map_err(|err| err.emit_to_string(wgsl))?;
    validate(&module, Capabilities::all(), wgsl)?;
    Ok(module)
}

/// Every entry point in the language of `target`; the error says what cannot be expressed.
pub(crate) fn translate(module: &Module, wgsl: &str, target: Target) -> Result<(), String> {
    let info = validate(module, target.capabilities(), wgsl)?;
    if module.entry_points.is_empty() {
        return Err("has no entry point".to_owned());
    }
    for entry in &module.entry_points {
        let (module, info) = process_overrides(
            module,
            &info,
            Some((entry.stage, &entry.name)),
            &constants(module),
        )
        .map_err(|err| format!("{}: {err}", entry.name))?;
        let written = match target {
            Target::SpirV => write_spirv(&module, &info),
            Target::Msl => write_msl(&module, &info),
            Target::Hlsl => write_hlsl(&module, &info),
        };
        written.map_err(|err| format!("{}: {err}", entry.name))?;
    }
    Ok(())
}

fn validate(module: &Module, capabilities: Capabilities, wgsl: &str) -> Result<ModuleInfo, String> {
    Validator::new(ValidationFlags::all(), capabilities)
        .validate(module)
        .map_err(|err| with_carets(&err, wgsl))
}

fn with_carets<E: std::error::Error>(err: &WithSpan<E>, wgsl: &str) -> String {
    err.emit_to_string(wgsl)
}

/// A value for each `override` that has none of its own.
fn constants(module: &Module) -> PipelineConstants {
    module
        .overrides
        .iter()
        .filter(|(_, it)| it.init.is_none())
        .filter_map(|(_, it)| it.id.map(|id| id.to_string()).or(it.name.clone()))
        .map(|key| (key, 1.0))
        .collect()
}

fn write_spirv(module: &Module, info: &ModuleInfo) -> Result<(), String> {
    let options = spv::Options {
        lang_version: (1, 3), // the first with subgroups; what wgpu asks for
        ..Default::default()
    };
    match spv::write_vec(module, info, &options, None) {
        Ok(words) if words.is_empty() => Err("no SPIR-V came out".to_owned()),
        Ok(_) => Ok(()),
        Err(err) => Err(err.to_string()),
    }
}

fn write_msl(module: &Module, info: &ModuleInfo) -> Result<(), String> {
    let options = msl::Options {
        lang_version: (2, 4), // macOS 12
        ..Default::default()
    };
    let pipeline = msl::PipelineOptions::default();
    let (_, translated) =
        msl::write_string(module, info, &options, &pipeline).map_err(|err| err.to_string())?;
    entry_points(translated.entry_point_names)
}

fn write_hlsl(module: &Module, info: &ModuleInfo) -> Result<(), String> {
    let options = hlsl::Options {
        shader_model: hlsl::ShaderModel::V6_0,
        immediates_target: Some(hlsl::BindTarget::default()),
        ..Default::default()
    };
    let pipeline = hlsl::PipelineOptions::default();
    let mut text = String::new();
    let reflection = hlsl::Writer::new(&mut text, &options, &pipeline)
        .write(module, info, None)
        .map_err(|err| err.to_string())?;
    entry_points(reflection.entry_point_names)
}

/// Every entry point came through.
fn entry_points<E: fmt::Display>(names: Vec<Result<String, E>>) -> Result<(), String> {
    names
        .into_iter()
        .try_for_each(|it| it.map(drop).map_err(|err| err.to_string()))
}

#[cfg(test)]
mod tests {
    use super::{Target, module, translate};

    fn outcome(wgsl: &str, target: Target) -> Result<(), String> {
        translate(&module(wgsl).unwrap(), wgsl, target)
    }

    #[test]
    fn compute_and_drawing_entry_points_translate() {
        let compute = "
            override SIZE: u32;
            var<workgroup> sums: array<u32, 64>;
            @group(0) @binding(0) var<storage, read_write> out: array<u32>;
            @compute @workgroup_size(64)
            fn main(@builtin(local_invocation_index) i: u32) {
                sums[i] = subgroupAdd(i) * SIZE;
                workgroupBarrier();
                out[i] = sums[63u - i];
            }";
        let drawing = "
            @vertex fn corner(@builtin(vertex_index) i: u32) -> @builtin(position) vec4f {
                return vec4f(f32(i), 0.0, 0.0, 1.0);
            }
            @fragment fn colour() -> @location(0) vec4f { return vec4f(1.0); }";
        for wgsl in [compute, drawing] {
            for target in Target::ALL {
                assert_eq!(outcome(wgsl, target), Ok(()), "{target}");
            }
        }
    }

    #[test]
    fn errors_have_carets() {
        let syntax = module("fn main() { let a = ; }").unwrap_err();
        assert!(syntax.contains('^'), "{syntax}");
        let types = module("fn f() -> u32 { return 1.5; }").unwrap_err();
        assert!(types.contains('^'), "{types}");
        let invalid = module("fn f(a: array<atomic<u32>, 2>) {}").unwrap_err();
        assert!(invalid.contains("─"), "{invalid}");
    }

    #[test]
    fn what_a_language_lacks_is_an_error() {
        let float_atomics = "
            @group(0) @binding(0) var<storage, read_write> sum: atomic<f32>;
            @compute @workgroup_size(1) fn main() { atomicAdd(&sum, 1.0); }";
        assert_eq!(outcome(float_atomics, Target::SpirV), Ok(()));
        assert!(outcome(float_atomics, Target::Hlsl).is_err());
    }

    #[test]
    fn a_shader_without_entry_point_is_an_error() {
        assert!(outcome("fn f() {}", Target::SpirV).is_err());
    }
}

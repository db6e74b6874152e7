//! WGSL structs and their Rust twins: same name, fields, offsets and size.

use naga::{AddressSpace, Handle, Module, Type, TypeInner};

/// A Rust struct as `render` declares it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Twin<'a> {
    /// The name on both sides.
    pub(crate) name: &'a str,
    /// Each field's name and byte offset, in order.
    pub(crate) fields: &'a [(&'a str, usize)],
    /// Bytes in all.
    pub(crate) size: usize,
}

/// Where the module's structs differ from the twins of their names, and which structs of its
/// buffers have none.
pub(crate) fn differences(module: &Module, twins: &[Twin<'_>]) -> Vec<String> {
    let mut found = Vec::new();
    for (_, ty) in module.types.iter() {
        if let Some(name) = &ty.name
            && let Some(twin) = twins.iter().find(|it| it.name == name)
        {
            found.extend(difference(ty, twin));
        }
    }
    for name in in_buffers(module) {
        if !twins.iter().any(|it| it.name == name) {
            found.push(format!("struct {name} is in a buffer and has no Rust twin"));
        }
    }
    found
}

/// Whether the module has a struct of that name.
pub(crate) fn contains(module: &Module, name: &str) -> bool {
    module
        .types
        .iter()
        .any(|(_, ty)| ty.name.as_deref() == Some(name))
}

fn difference(ty: &Type, twin: &Twin<'_>) -> Option<String> {
    let name = twin.name;
    let TypeInner::Struct { members, span } = &ty.inner else {
        return Some(format!("{name} is a struct in Rust only"));
    };
    let fields: Vec<(&str, usize)> = members
        .iter()
        .map(|it| (it.name.as_deref().unwrap_or("_"), it.offset as usize))
        .collect();
    if fields != twin.fields {
        return Some(format!(
            "fields of {name}: WGSL {fields:?}, Rust {:?}",
            twin.fields
        ));
    }
    (*span as usize != twin.size)
        .then(|| format!("size of {name}: WGSL {span}, Rust {}", twin.size))
}

/// Names of all structs that uniforms, storage buffers and immediates hold, however deep.
fn in_buffers(module: &Module) -> Vec<&str> {
    let mut names = Vec::new();
    for (_, variable) in module.global_variables.iter() {
        if matches!(
            variable.space,
            AddressSpace::Uniform | AddressSpace::Storage { .. } | AddressSpace::Immediate
        ) {
            structs(module, variable.ty, &mut names);
        }
    }
    names.sort_unstable();
    names.dedup();
    names
}

fn structs<'a>(module: &'a Module, ty: Handle<Type>, names: &mut Vec<&'a str>) {
    let ty = &module.types[ty];
    match &ty.inner {
        TypeInner::Struct { members, .. } => {
            names.extend(ty.name.as_deref());
            for member in members {
                structs(module, member.ty, names);
            }
        }
        TypeInner::Array { base, .. } | TypeInner::BindingArray { base, .. } => {
            structs(module, *base, names);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::super::translate::module;
    use super::{Twin, contains, differences};

    const WGSL: &str = "
        struct Inner { a: vec3f, b: u32 }
        struct Outer { head: vec2u, inner: array<Inner, 2> }
        struct Local { a: u32 }
        @group(0) @binding(0) var<uniform> inner: Inner;
        @group(0) @binding(1) var<storage, read_write> outers: array<Outer>;
        @compute @workgroup_size(1) fn main() {
            let local = Local(inner.b);
            outers[0].head.x = local.a;
        }";
    const INNER: Twin<'_> = Twin {
        name: "Inner",
        fields: &[("a", 0), ("b", 12)],
        size: 16,
    };
    const OUTER: Twin<'_> = Twin {
        name: "Outer",
        fields: &[("head", 0), ("inner", 16)],
        size: 48,
    };

    fn of(twins: &[Twin<'_>]) -> Vec<String> {
        differences(&module(WGSL).unwrap(), twins)
    }

    #[test]
    fn equal_twins_pass() {
        assert_eq!(of(&[INNER, OUTER]), [""; 0]);
        let unused = Twin {
            name: "Elsewhere",
            ..INNER
        };
        assert_eq!(of(&[INNER, OUTER, unused]), [""; 0]);
    }

    #[test]
    fn differences_are_found() {
        for wrong in [
            Twin {
                fields: &[("b", 0), ("a", 12)],
                ..INNER
            },
            Twin {
                fields: &[("a", 0), ("b", 16)],
                ..INNER
            },
            Twin {
                fields: &[("a", 0)],
                ..INNER
            },
            Twin { size: 32, ..INNER },
        ] {
            assert_eq!(of(&[wrong, OUTER]).len(), 1, "{wrong:?}");
        }
    }

    #[test]
    fn structs_in_buffers_need_twins() {
        let found = of(&[OUTER]);
        assert_eq!(found, ["struct Inner is in a buffer and has no Rust twin"]);
        assert_eq!(of(&[]).len(), 2, "Local is in no buffer");
    }

    #[test]
    fn a_struct_is_found_by_name() {
        let module = module(WGSL).unwrap();
        assert!(contains(&module, "Inner") && !contains(&module, "Elsewhere"));
    }
}

//! Numbers that Rust and the shaders must agree on, read from the shaders.

use naga::proc::Layouter;
use naga::{AddressSpace, Expression, Literal, Module, ShaderStage};
use render::gpu::{STORAGE_BUFFERS, WORKGROUP_BYTES};
use render::gradient::{POSE_SUMS, SUMS};
use render::loss::{RUN, RUNS};
use render::rasterizer::{FOLD, PARTITION, PARTITIONS_PER_BLOCK, TILE_PX};

use super::parsed;

/// The value of a constant, where the module has one of this name.
fn constant(module: &Module, name: &str) -> Option<f64> {
    let (_, constant) = module
        .constants
        .iter()
        .find(|(_, it)| it.name.as_deref() == Some(name))?;
    match module.global_expressions[constant.init] {
        Expression::Literal(Literal::U32(it)) => Some(f64::from(it)),
        Expression::Literal(Literal::F32(it)) => Some(f64::from(it)),
        _ => None,
    }
}

/// Bytes that a workgroup shares.
fn workgroup_bytes(module: &Module) -> u32 {
    let mut layouter = Layouter::default();
    layouter.update(module.to_ctx()).unwrap();
    let shared = module.global_variables.iter();
    shared
        .filter(|(_, it)| it.space == AddressSpace::WorkGroup)
        .map(|(_, it)| layouter[it.ty].size)
        .sum()
}

fn storage_buffers(module: &Module) -> u32 {
    let variables = module.global_variables.iter();
    variables
        .filter(|(_, it)| matches!(it.space, AddressSpace::Storage { .. }))
        .count() as u32
}

#[test]
fn constants_equal_their_rust_twins() {
    for (name, expected) in [
        ("TILE", f64::from(TILE_PX)),
        ("FOLD", f64::from(FOLD)),
        ("PARTITION", PARTITION as f64),
        ("SUMS", SUMS as f64),
        ("POSE_SUMS", POSE_SUMS as f64),
        ("RUN", f64::from(RUN)),
        ("RUNS", f64::from(RUNS)),
        ("PARTITIONS_PER_BLOCK", PARTITIONS_PER_BLOCK as f64),
    ] {
        let shaders = parsed();
        let values = shaders.iter().map(|it| constant(&it.module, name));
        let values: Vec<f64> = values.flatten().collect();
        assert!(!values.is_empty(), "no shader has a constant {name}");
        assert!(
            values.iter().all(|it| *it == expected),
            "{name}: {values:?}, in Rust {expected}"
        );
    }
}

#[test]
fn what_is_asked_of_a_device_is_what_the_kernels_take() {
    let shaders = parsed();
    let is_kernel = |module: &Module| {
        let mut entries = module.entry_points.iter();
        entries.any(|it| it.stage == ShaderStage::Compute)
    };
    let kernels = || shaders.iter().filter(|it| is_kernel(&it.module));
    let buffers = kernels().map(|it| storage_buffers(&it.module)).max();
    assert_eq!(buffers, Some(STORAGE_BUFFERS));
    let shared = kernels().map(|it| workgroup_bytes(&it.module)).max();
    assert_eq!(shared, Some(WORKGROUP_BYTES));
}

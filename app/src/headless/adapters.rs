//! `accrete adapters`: what there is to draw with.

use render::gpu::{Capabilities, Gpu, GpuError};
use serde::Serialize;

use super::Console;

#[derive(Serialize)]
struct Entry {
    index: usize,
    /// How many splats of degree 3 can be in view at once.
    max_splats_sh3: u64,
    #[serde(flatten)]
    capabilities: Capabilities,
}

/// Lists all adapters, best first.
///
/// # Errors
/// [`GpuError::NoAdapter`] where there is none.
pub fn run(console: &Console) -> anyhow::Result<()> {
    let entry = |(index, capabilities): (usize, Capabilities)| Entry {
        index,
        max_splats_sh3: capabilities.max_splats(3),
        capabilities,
    };
    let entries: Vec<Entry> = Gpu::list().into_iter().enumerate().map(entry).collect();
    for Entry {
        index,
        capabilities,
        ..
    } in &entries
    {
        console.say(format_args!("{index}: {capabilities}"))?;
        console.say(format_args!("   {}", abilities(capabilities)))?;
    }
    console.report(&entries)?;
    if entries.is_empty() {
        return Err(GpuError::NoAdapter.into());
    }
    Ok(())
}

fn abilities(it: &Capabilities) -> String {
    let yes_no = |has: bool| if has { "yes" } else { "no" };
    let subgroups = match it.subgroup_sizes {
        Some((least, most)) if least == most => least.to_string(),
        Some((least, most)) => format!("{least} to {most}"),
        None => "none".to_owned(),
    };
    format!(
        "largest array {} MiB, subgroups {subgroups}, float atomics {}, half floats {}, time stamps {}",
        it.max_binding_bytes >> 20,
        yes_no(it.float32_atomics),
        yes_no(it.f16),
        yes_no(it.timestamps),
    )
}

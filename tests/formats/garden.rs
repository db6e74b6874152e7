//! A real scene as `.ply` and as `.compressed.ply`.

use std::collections::HashMap;

use glam::{IVec3, Vec3};
use render::Splats;
use tests::test_data;

use super::{Distance, open};

/// Splats that share bounds in the compressed file.
const CHUNK: usize = 256;

/// Largest rounding of a position and a log-scale in the chunk of each splat. The bounds of a
/// chunk are the outermost of its splats, which come back exactly.
fn half_steps(splats: &Splats) -> Vec<[Vec3; 2]> {
    let half = |points: &[Vec3]| {
        let low = points.iter().copied().reduce(Vec3::min).unwrap();
        let high = points.iter().copied().reduce(Vec3::max).unwrap();
        0.505 * (high - low) / Vec3::new(2047.0, 1023.0, 2047.0) + 1e-6
    };
    let chunks = splats
        .means
        .chunks(CHUNK)
        .zip(splats.log_scales.chunks(CHUNK));
    chunks
        .flat_map(|(means, log_scales)| vec![[half(means), half(log_scales)]; means.len()])
        .collect()
}

#[test]
fn the_compressed_garden_is_the_garden() {
    let Some(data) = test_data() else { return };
    let folder = data.join("data/splats_garden");
    let plain = open(&folder.join("garden_sh0_138766.ply")).splats;
    let packed = open(&folder.join("garden_sh0_138766.compressed.ply")).splats;
    assert_eq!((plain.len(), packed.len()), (138_766, 138_766));
    let half_steps = half_steps(&packed);
    let cell_size = 0.05;
    let cell = |mean: Vec3| (mean / cell_size).floor().as_ivec3();
    let mut cells: HashMap<IVec3, Vec<usize>> = HashMap::new();
    for (i, mean) in plain.means.iter().enumerate() {
        cells.entry(cell(*mean)).or_default().push(i);
    }
    let is_same = |i: usize, j: usize| {
        let off = Distance::between(&packed, i, &plain, j);
        let [mean, log_scale] = half_steps[i];
        off.mean.cmple(mean).all()
            && off.log_scale <= log_scale.max_element()
            && off.opacity < 1.001 / 255.0
            && off.colour < 1.001 / 255.0
            && off.rotation < 2.0 * 2.4e-3
    };
    let mut lost = 0;
    for (i, half) in half_steps.iter().enumerate() {
        // All cells that the box of the rounding touches.
        let low = cell(packed.means[i] - half[0]);
        let high = cell(packed.means[i] + half[0]);
        let found = (low.x..=high.x)
            .flat_map(|x| (low.y..=high.y).map(move |y| (x, y)))
            .flat_map(|(x, y)| (low.z..=high.z).map(move |z| IVec3::new(x, y, z)))
            .filter_map(|it| cells.get(&it))
            .flatten()
            .any(|&j| is_same(i, j));
        lost += usize::from(!found);
    }
    assert_eq!(lost, 0, "splats without a counterpart");
}

//! The edits that a command line asks for.

use glam::{Quat, Vec3};
use recon::edit::{
    CleanConfig, ColourChange, CropScope, EditOp, Region, Scope, Similarity, floor_to_up,
};

use crate::args::EditArgs;

/// What counts as rubbish.
pub(super) fn cleaning(args: &EditArgs) -> CleanConfig {
    let it = &args.clean;
    CleanConfig::with_strengths(it.remove_floaters, it.remove_spikes, it.remove_fog)
}

/// Thresholds.
pub(super) fn thresholds(args: &EditArgs) -> Option<EditOp> {
    let (opacity_below, scale_above) = (args.clean.min_opacity, args.clean.max_scale);
    let is_asked = opacity_below.is_some() || scale_above.is_some();
    is_asked.then_some(EditOp::Prune {
        opacity_below,
        scale_above,
    })
}

/// Crops and cuts.
pub(super) fn cuts(args: &EditArgs) -> Vec<EditOp> {
    let cut = &args.cut;
    let crop = |region, inside| EditOp::Crop {
        region,
        inside,
        scope: CropScope::Export,
    };
    let crops = cut
        .crop
        .iter()
        .map(block)
        .chain(cut.crop_ball.iter().map(ball));
    let cuts = cut
        .cut_box
        .iter()
        .map(block)
        .chain(cut.cut_ball.iter().map(ball));
    crops
        .map(|it| crop(it, false))
        .chain(cuts.map(|it| crop(it, true)))
        .collect()
}

fn block(&[a, b, c, d, e, f]: &[f32; 6]) -> Region {
    Region::between(Vec3::new(a, b, c), Vec3::new(d, e, f))
}

fn ball(&[x, y, z, radius]: &[f32; 4]) -> Region {
    Region::Ball {
        centre: Vec3::new(x, y, z),
        radius,
    }
}

/// Colours.
pub(super) fn colours(args: &EditArgs) -> Option<EditOp> {
    let it = &args.colour;
    let colour = ColourChange {
        exposure: it.exposure,
        temperature: it.temperature,
        saturation: it.saturation,
        contrast: it.contrast,
    };
    (!colour.is_none()).then_some(EditOp::Adjust {
        colour,
        scope: Scope::All,
    })
}

/// Moves, and what is left of the harmonics.
///
/// # Errors
/// Where the points of the floor lie on a line.
pub(super) fn moves(args: &EditArgs) -> anyhow::Result<Vec<EditOp>> {
    let moving = &args.moving;
    let mut all = Vec::new();
    if let Some([a, b, c, d, e, f, g, h, i]) = moving.floor {
        let points = [Vec3::new(a, b, c), Vec3::new(d, e, f), Vec3::new(g, h, i)];
        let level = floor_to_up(points, moving.up);
        all.push(level.ok_or_else(|| {
            anyhow::anyhow!("--floor: the three points lie on a line; choose others")
        })?);
    }
    let by = Similarity {
        rotation: moving.rotate.unwrap_or(Quat::IDENTITY),
        scale: moving.scale.unwrap_or(1.0),
        translation: moving.translate.map_or(Vec3::ZERO, Vec3::from),
    };
    if by != Similarity::IDENTITY {
        all.push(by);
    }
    let scope = Scope::All;
    let moves = all.into_iter().map(|by| EditOp::Transform { by, scope });
    let limits = args.sh_degree.map(|degree| EditOp::LimitSh { degree });
    Ok(moves.chain(limits).collect())
}

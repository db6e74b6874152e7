//! The box of regions is turned by its rings.

use eframe::egui::{Modifiers, Vec2};
use glam::Quat;
use recon::edit::Region;
use tests::gpu::gpu;

use super::{click, drag, opened, place};

fn turned(region: &Region) -> Quat {
    match region {
        Region::Box { rotation, .. } => *rotation,
        Region::Ball { .. } => panic!("a box"),
    }
}

#[test]
fn a_dragged_ring_turns_the_box() {
    let Some(gpu) = gpu() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut harness = opened(gpu, folder.path());
    click(&mut harness, "Box");
    for snaps in [false, true] {
        harness.state_mut().state_mut().editor.tools.snaps = snaps;
        let before = harness.state().state().editor.tools.region;
        // The rings lie around the middle of the box, which is that of the view.
        let middle = place(&harness, [0.5, 0.5]);
        let mut by = 0.0;
        'search: for k in 0..24 {
            let out = Vec2::angled(0.1 + k as f32 * std::f32::consts::TAU / 24.0);
            for reach in [60.0, 75.0, 88.0, 92.0] {
                let from = middle + reach * out;
                let way = [from, from + 30.0 * out.rot90(), from + 42.0 * out.rot90()];
                drag(&mut harness, &way, Modifiers::NONE);
                let now = harness.state().state().editor.tools.region;
                by = turned(&before).angle_between(turned(&now));
                if 0.01 < by {
                    assert_eq!((now.centre(), now.half()), (before.centre(), before.half()));
                    break 'search;
                }
                // Another handle was there.
                harness.state_mut().state_mut().editor.tools.region = before;
            }
        }
        let degrees = by.to_degrees();
        assert!(5.0 < degrees && degrees < 80.0, "{degrees}");
        let off = (degrees / 15.0 - (degrees / 15.0).round()).abs();
        assert!(!snaps || off < 0.01, "by steps: {degrees}");
    }
    assert!(!harness.state().state().is_unsaved(), "no edit was done");
}

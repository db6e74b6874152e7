//! Splats in the making, as edits of their forebears leave them.

use recon::edit::{CROPPED, DELETED, HIDDEN};
use recon::worker::LiveSplats;
use render::edit::{Look, Wardrobe};
use render::gpu::GpuError;

use super::App;
use crate::theme;

impl App {
    /// What comes of splats that were deleted, hidden or cropped in the newest snapshot is not shown.
    /// Moves and colours are: they are done again on the next snapshot.
    pub(super) fn without_edited(&mut self, live: LiveSplats) -> LiveSplats {
        let document = self.state.editor.document.as_ref();
        let (Some(document), Some(lineage)) = (document, &live.lineage) else {
            return live;
        };
        if lineage.from != document.snapshot {
            return live;
        }
        let marks = &document.history.now().marks;
        let mark = |i: &u32| {
            let unseen = DELETED | HIDDEN | CROPPED;
            let is_unseen = marks.get(*i as usize).is_some_and(|it| it & unseen != 0);
            if is_unseen { DELETED } else { 0 }
        };
        let marks: Vec<u8> = lineage.origins.iter().map(mark).collect();
        match self.dressed(&live, &marks) {
            Ok(splats) => LiveSplats { splats, ..live },
            Err(err) => {
                log::warn!("edits are not seen on splats in the making: {err}");
                live
            }
        }
    }

    fn dressed(&mut self, live: &LiveSplats, marks: &[u8]) -> Result<render::GpuSplats, GpuError> {
        let wardrobe = match &mut self.live_wardrobe {
            Some(it) => it,
            none => none.insert(Wardrobe::new(&self.gpu)?),
        };
        // Others each time.
        wardrobe.forget();
        let look = Look {
            tint: theme::SELECTED,
            tint_share: 0.0,
            grey_share: 0.0,
        };
        wardrobe.dress(&self.gpu, &live.splats, marks, &look)
    }
}

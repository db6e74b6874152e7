//! Splats as they are edited, on the GPU: which are meant, and how they are shown.

use std::sync::Arc;

use recon::edit::{Bits, CROPPED, DELETED, Edited, Pick, SELECTED, matching};
use render::edit::{Contribution, Look, Query, Selector, Wardrobe};
use render::gpu::{Gpu, GpuError};
use render::{GpuSplats, RenderConfig, Splats};

use super::edit::doomed;
use crate::editor::{Editor, Preview};
use crate::state::Scene;
use crate::theme;

/// A splat is seen where it gives so much of a pixel to the picture, all its pixels together.
const LEAST_SEEN_PX: f32 = 0.25;

/// How much of a splat's colour the mark of a selection takes.
const TINT: f32 = 0.6;

/// How grey locked splats are.
const GREY: f32 = 0.6;

/// What finds and shows edited splats. Kernels are compiled when they are first needed.
#[derive(Debug, Default)]
pub(super) struct EditedSplats {
    selector: Option<Selector>,
    wardrobe: Option<Wardrobe>,
    contribution: Option<Contribution>,
    /// Splats that edits have moved, coloured or added to, on the GPU.
    changed: Option<(Arc<Splats>, GpuSplats)>,
    /// Number of the newest state that was shown.
    state: u64,
}

impl EditedSplats {
    /// Which splats are meant.
    ///
    /// # Errors
    /// Those of [`Selector::find`].
    pub(super) fn hits(
        &mut self,
        gpu: &Gpu,
        scene: &Scene,
        editor: &Editor,
        pick: &Pick,
    ) -> Result<Bits, GpuError> {
        if let Some(query) = pick.query().filter(|_| gpu.capabilities().is_cpu()) {
            // Plain Rust is faster there than kernels are.
            let snapshot = &scene.snapshot.file.splats;
            let splats = editor.now().map_or(snapshot, |it| &*it.splats);
            return Ok(matching(&query, splats));
        }
        let splats = match &editor.document {
            Some(it) => self.plain(gpu, scene, it.history.splats(), it.history.now())?,
            None => scene.snapshot.splats.clone(),
        };
        let Some(query) = pick.query() else {
            return Ok(Bits::none(splats.len()));
        };
        self.find(gpu, &splats, &query)
    }

    fn find(&mut self, gpu: &Gpu, splats: &GpuSplats, query: &Query) -> Result<Bits, GpuError> {
        let selector = match &mut self.selector {
            Some(it) => it,
            none => none.insert(Selector::new(gpu)?),
        };
        let words = selector.find(gpu, splats, query)?;
        Ok(Bits::from_words(splats.len(), words))
    }

    /// Which of the splats that a shape on the screen picks can be seen in it.
    ///
    /// # Errors
    /// Those of [`Contribution::add`] and [`Selector::find`].
    pub(super) fn seen(
        &mut self,
        gpu: &Gpu,
        scene: &Scene,
        (editor, config): (&Editor, &RenderConfig),
        pick: &Pick,
    ) -> Result<Bits, GpuError> {
        let picked = self.hits(gpu, scene, editor, pick)?;
        let Some(Query::Screen { camera, mask }) = pick.query() else {
            return Ok(picked);
        };
        let contribution = match &mut self.contribution {
            Some(it) => it,
            none => none.insert(Contribution::new(gpu)?),
        };
        // As they are shown: what is hidden or deleted hides nothing.
        let shown = match &scene.edited {
            Some((_, it)) => it,
            None => &scene.snapshot.splats,
        };
        contribution.add(gpu, shown, &camera, config, Some(&mask))?;
        let seen = contribution.finish(gpu)?;
        let is_seen = |i: usize| seen.get(i).is_some_and(|it| LEAST_SEEN_PX <= *it);
        Ok(Bits::of(picked.len(), |i| picked.get(i) && is_seen(i)))
    }

    /// The splats with all that edits have moved, coloured or added, without marks. `before` are
    /// those of the scene's snapshot.
    fn plain(
        &mut self,
        gpu: &Gpu,
        scene: &Scene,
        before: &Arc<Splats>,
        edited: &Edited,
    ) -> Result<GpuSplats, GpuError> {
        if Arc::ptr_eq(&edited.splats, before) {
            return Ok(scene.snapshot.splats.clone());
        }
        if let Some((known, on_gpu)) = &self.changed
            && Arc::ptr_eq(known, &edited.splats)
        {
            return Ok(on_gpu.clone());
        }
        let on_gpu = GpuSplats::upload(gpu, &edited.splats)?;
        self.changed = Some((edited.splats.clone(), on_gpu.clone()));
        Ok(on_gpu)
    }

    /// Puts the scene as it is edited, or as it would be, where it is drawn from.
    ///
    /// # Errors
    /// In words for a person.
    pub(super) fn show(
        &mut self,
        gpu: &Gpu,
        scene: &mut Scene,
        editor: &mut Editor,
    ) -> Result<(), String> {
        let Some(document) = &editor.document else {
            scene.edited = None;
            self.changed = None;
            return Ok(());
        };
        let history = &document.history;
        let tried = match &editor.preview {
            Some(Preview::Op(op)) => Some(history.preview(op).map_err(|it| it.to_string())),
            _ => None,
        };
        let edited = match tried {
            Some(Err(text)) => {
                editor.preview = None;
                return Err(text);
            }
            Some(Ok(it)) => it,
            None => history.now().clone(),
        };
        let plain = self.plain(gpu, scene, history.splats(), &edited);
        let doomed = doomed(editor.preview.as_ref());
        let dressed = plain.and_then(|plain| self.dress(gpu, &plain, &edited, doomed));
        let dressed = dressed.map_err(|it| it.to_string())?;
        self.state += 1;
        scene.edited = Some((self.state, dressed));
        Ok(())
    }

    fn dress(
        &mut self,
        gpu: &Gpu,
        plain: &GpuSplats,
        edited: &Edited,
        doomed: Option<&Bits>,
    ) -> Result<GpuSplats, GpuError> {
        let shown = |(i, marks): (usize, &u8)| {
            let marks = match doomed {
                Some(bits) if bits.get(i) => *marks | SELECTED,
                Some(_) => *marks & !SELECTED,
                None => *marks,
            };
            if marks & CROPPED == 0 {
                marks
            } else {
                marks & !CROPPED | DELETED
            }
        };
        let marks: Vec<u8> = edited.marks.iter().enumerate().map(shown).collect();
        let look = Look {
            tint: if doomed.is_some() {
                theme::DOOMED
            } else {
                theme::SELECTED
            },
            tint_share: TINT,
            grey_share: GREY,
        };
        let wardrobe = match &mut self.wardrobe {
            Some(it) => it,
            none => none.insert(Wardrobe::new(gpu)?),
        };
        wardrobe.dress(gpu, plain, &marks, &look)
    }
}

//! What each edit does.

use std::sync::Arc;

use render::Splats;

use super::marks::{CROPPED, DELETED, HIDDEN, LOCKED, SELECTED, is_free};
use super::spread::within;
use super::{
    Bits, ColourChange, CropScope, EditError, EditOp, Edited, Mode, Region, Scope, Similarity,
};
use crate::optim::with_degree;

impl Edited {
    /// The scene after one more edit. `parts` are the splats of other files that can be merged.
    ///
    /// # Errors
    /// [`EditError`]; the scene is as it was.
    pub fn after(&self, op: &EditOp, parts: &[Arc<Splats>]) -> Result<Self, EditError> {
        let mut next = self.clone();
        match op {
            EditOp::Select { mode, hits, .. } => next.select(hits, *mode)?,
            EditOp::SelectAll => next.mark(|m| if is_free(m) { m | SELECTED } else { m }),
            EditOp::SelectNone => next.mark(|m| m & !SELECTED),
            EditOp::SelectInverse => next.mark(|m| if is_free(m) { m ^ SELECTED } else { m }),
            EditOp::Spread { distance } => next.spread(*distance)?,
            EditOp::Keep { name } => {
                let selection = self.selection();
                Arc::make_mut(&mut next.kept).insert(name.clone(), selection);
            }
            EditOp::Recall { name, mode } => next.recall(name, *mode)?,
            EditOp::Forget { name } => {
                if Arc::make_mut(&mut next.kept).remove(name).is_none() {
                    return Err(EditError::NoSelection(name.clone()));
                }
            }
            EditOp::Delete => next.mark_selected(DELETED),
            EditOp::Remove { hits, .. } => next.remove(hits)?,
            EditOp::Prune {
                opacity_below,
                scale_above,
            } => next.prune(*opacity_below, *scale_above)?,
            EditOp::Hide => next.mark_selected(HIDDEN),
            EditOp::Isolate => {
                next.mark(|m| {
                    if is_free(m) && m & SELECTED == 0 {
                        m | HIDDEN
                    } else {
                        m
                    }
                });
            }
            EditOp::ShowAll => next.mark(|m| m & !HIDDEN),
            EditOp::Lock => next.mark_selected(LOCKED),
            EditOp::UnlockAll => next.mark(|m| m & !LOCKED),
            EditOp::Crop {
                region,
                inside,
                scope,
            } => next.crop(region, *inside, *scope)?,
            EditOp::Uncrop => next.mark(|m| m & !CROPPED),
            EditOp::Transform { by, scope } => next.transform(by, *scope)?,
            EditOp::Adjust { colour, scope } => next.adjust(colour, *scope)?,
            EditOp::Background { rgb } => {
                if !rgb.iter().all(|it| it.is_finite()) {
                    return Err(EditError::Number("a background that is no colour"));
                }
                next.background = Some(*rgb);
            }
            EditOp::Duplicate => {
                let selection = self.selection();
                let chosen: Vec<usize> = (0..self.marks.len())
                    .filter(|i| selection.get(*i))
                    .collect();
                next.append(&self.splats.select(&chosen));
            }
            EditOp::Merge { part, name } => {
                let part = parts
                    .get(*part)
                    .ok_or_else(|| EditError::NoPart(name.clone()))?;
                next.append(part);
            }
            EditOp::LimitSh { degree } => {
                if *degree < next.splats.sh_degree {
                    next.splats = Arc::new(next.splats.with_sh_degree(*degree));
                }
            }
        }
        Ok(next)
    }

    fn mark(&mut self, change: impl Fn(u8) -> u8) {
        self.mark_each(|_, it| change(it));
    }

    fn mark_each(&mut self, change: impl Fn(usize, u8) -> u8) {
        let marks = self.marks.iter().enumerate();
        self.marks = Arc::new(marks.map(|(i, it)| change(i, *it)).collect());
    }

    /// What was selected gets another mark instead.
    fn mark_selected(&mut self, mark: u8) {
        self.mark(|it| {
            if it & SELECTED == 0 {
                it
            } else {
                without(it) | mark
            }
        });
    }

    fn check(&self, hits: &Bits) -> Result<(), EditError> {
        let expected = self.marks.len();
        let found = hits.len();
        if found == expected {
            Ok(())
        } else {
            Err(EditError::Length { expected, found })
        }
    }

    fn select(&mut self, hits: &Bits, mode: Mode) -> Result<(), EditError> {
        self.check(hits)?;
        self.mark_each(|i, marks| {
            let (was, hit) = (marks & SELECTED != 0, hits.get(i));
            let is = match mode {
                Mode::Replace => hit,
                Mode::Add => was || hit,
                Mode::Remove => was && !hit,
                Mode::Intersect => was && hit,
            };
            if is && is_free(marks) {
                marks | SELECTED
            } else {
                without(marks)
            }
        });
        Ok(())
    }

    fn spread(&mut self, distance: f32) -> Result<(), EditError> {
        if !distance.is_normal() {
            return Err(EditError::Number("a distance to grow by that is no length"));
        }
        let (free, selection) = (self.free(), self.selection());
        let rest = Bits::of(free.len(), |i| free.get(i) && !selection.get(i));
        if distance < 0.0 {
            let border = within(&self.splats, &rest, &selection, -distance);
            self.select(&border, Mode::Remove)
        } else {
            let border = within(&self.splats, &selection, &rest, distance);
            self.select(&border, Mode::Add)
        }
    }

    fn recall(&mut self, name: &str, mode: Mode) -> Result<(), EditError> {
        let kept = self.kept.get(name).cloned();
        let kept = kept.ok_or_else(|| EditError::NoSelection(name.to_owned()))?;
        // Splats that came later are not in it.
        let hits = Bits::of(self.marks.len(), |i| kept.get(i));
        self.select(&hits, mode)
    }

    fn remove(&mut self, hits: &Bits) -> Result<(), EditError> {
        self.check(hits)?;
        self.mark_each(|i, marks| {
            if hits.get(i) && is_free(marks) {
                without(marks) | DELETED
            } else {
                marks
            }
        });
        Ok(())
    }

    fn adjust(&mut self, colour: &ColourChange, scope: Scope) -> Result<(), EditError> {
        if !colour.is_finite() {
            return Err(EditError::Number("a colour change that is no number"));
        }
        let marks = self.marks.clone();
        let splats = Arc::make_mut(&mut self.splats);
        colour.change_splats(splats, |i| concerns(scope, marks[i]));
        Ok(())
    }

    fn prune(
        &mut self,
        opacity_below: Option<f32>,
        scale_above: Option<f32>,
    ) -> Result<(), EditError> {
        let limits = opacity_below.iter().chain(&scale_above);
        if !{ limits }.all(|it| it.is_finite()) {
            return Err(EditError::Number("a limit that is no number"));
        }
        let splats = self.splats.clone();
        self.mark_each(|i, marks| {
            let faint = opacity_below.is_some_and(|it| splats.opacity(i) < it);
            let large = scale_above.is_some_and(|it| it < splats.scales(i).max_element());
            if is_free(marks) && (faint || large) {
                without(marks) | DELETED
            } else {
                marks
            }
        });
        Ok(())
    }

    fn crop(&mut self, region: &Region, inside: bool, scope: CropScope) -> Result<(), EditError> {
        if !region.is_finite() {
            return Err(EditError::Number("a crop whose place or size is no number"));
        }
        let mark = match scope {
            CropScope::Export => CROPPED,
            CropScope::Optimise => DELETED,
        };
        let splats = self.splats.clone();
        self.mark_each(|i, marks| {
            if region.contains(splats.means[i]) == inside {
                without(marks) | mark
            } else {
                marks
            }
        });
        Ok(())
    }

    fn transform(&mut self, by: &Similarity, scope: Scope) -> Result<(), EditError> {
        if !by.is_sound() {
            return Err(EditError::Number("a move, turn or scale that is no number"));
        }
        let marks = self.marks.clone();
        let splats = Arc::make_mut(&mut self.splats);
        by.move_splats(splats, |i| concerns(scope, marks[i]));
        if scope == Scope::All {
            self.placement = by.after(&self.placement);
        }
        Ok(())
    }

    /// More splats behind those that are there; they are the selection.
    fn append(&mut self, more: &Splats) {
        let degree = self.splats.sh_degree.max(more.sh_degree);
        let mut splats = with_degree(&self.splats, degree);
        let more = with_degree(more, degree);
        splats.means.extend(&more.means);
        splats.quats.extend(&more.quats);
        splats.log_scales.extend(&more.log_scales);
        splats.opacity_logits.extend(&more.opacity_logits);
        splats.sh_coeffs.extend(&more.sh_coeffs);
        self.mark(without);
        Arc::make_mut(&mut self.marks).resize(splats.len(), SELECTED);
        self.splats = Arc::new(splats);
    }
}

/// No longer selected.
fn without(marks: u8) -> u8 {
    marks & !SELECTED
}

fn concerns(scope: Scope, marks: u8) -> bool {
    match scope {
        Scope::All => true,
        Scope::Selection => marks & SELECTED != 0,
    }
}

//! Which splats of a scene an optimisation changes, and which are frozen.

use std::sync::Arc;

use render::Splats;
use render::gpu::Capabilities;
use render::training::Enclosure;

use super::{Begin, OptimError, OptimiseConfig};
use crate::edit::Region;

/// The part of a scene that is optimised; by default all of it.
///
/// What is not is frozen: it is drawn, so that what is seen in front of it and behind it is
/// explained, and comes out to the bit as it went in. An optimisation has the frozen splats first,
/// in the order they had, and so has everything that comes out of it: [`Part::order`] tells which
/// they are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Part {
    /// Which splats stay as they are; `None` for none. `[splats]`
    pub frozen: Option<Arc<Vec<bool>>>,
    /// Where splats are optimised: those whose middle lies elsewhere are frozen too, the others and
    /// what they become stay inside, and photos count where they show it. `None` for everywhere.
    pub region: Option<Region>,
}

impl Part {
    /// All splats by number in the order in which an optimisation has them, and how many, the first,
    /// are frozen. Where the budget is less than there are, some of the others are left out.
    ///
    /// # Errors
    /// [`OptimError::OtherMarks`], [`OptimError::NoRegion`], and where nothing is left to optimise
    /// [`OptimError::EmptyRegion`] or [`OptimError::AllFrozen`].
    pub fn order(&self, splats: &Splats) -> Result<(Vec<usize>, usize), OptimError> {
        if let Some(marks) = self.frozen.as_deref().filter(|it| it.len() != splats.len()) {
            return Err(OptimError::OtherMarks {
                marks: marks.len(),
                splats: splats.len(),
            });
        }
        if self.region.is_some_and(|it| !has_inside(&it)) {
            return Err(OptimError::NoRegion);
        }
        let lies_in = |i: usize| self.region.is_none_or(|it| it.contains(splats.means[i]));
        let is_marked = |i: usize| self.frozen.as_ref().is_some_and(|it| it[i]);
        let all = 0..splats.len();
        let (free, mut order): (Vec<usize>, Vec<usize>) =
            all.clone().partition(|&i| lies_in(i) && !is_marked(i));
        let frozen = order.len();
        if free.is_empty() && self.region.is_some() && !all.clone().any(lies_in) {
            return Err(OptimError::EmptyRegion);
        }
        if free.is_empty() && 0 < frozen {
            return Err(OptimError::AllFrozen);
        }
        order.extend(free);
        Ok((order, frozen))
    }
}

fn has_inside(region: &Region) -> bool {
    let turns = match region {
        Region::Box { rotation, .. } => rotation.length_squared(),
        Region::Ball { .. } => 1.0,
    };
    region.is_finite() && 0.0 < region.half().min_element() && turns.is_normal()
}

/// The region as kernels know it.
pub(super) fn enclosure(region: &Region) -> Enclosure {
    let centre = region.centre();
    match *region {
        Region::Box { half, rotation, .. } => Enclosure {
            centre,
            half,
            rotation: rotation.normalize(),
            radius: 0.0,
        },
        Region::Ball { radius, .. } => Enclosure {
            centre,
            half: glam::Vec3::ZERO,
            rotation: glam::Quat::IDENTITY,
            radius,
        },
    }
}

/// What a beginning freezes.
#[derive(Debug, Default)]
pub(super) struct Arranged {
    /// The splats, frozen ones first; `None` where they are made, or lie in a checkpoint.
    pub(super) splats: Option<Splats>,
    /// How many are frozen.
    pub(super) frozen: usize,
    /// Where splats are optimised.
    pub(super) region: Option<Region>,
}

impl Arranged {
    /// Brings the splats of a beginning in order, and makes the settings fit what is frozen, which
    /// was made for full photos, with all its harmonics, to be drawn as its file says.
    ///
    /// # Errors
    /// Those of [`Part::order`], and [`OptimError::FrozenOverBudget`].
    pub(super) fn of(
        begin: &Begin,
        config: &mut OptimiseConfig,
        device: &Capabilities,
    ) -> Result<Self, OptimError> {
        let (it, sh_degree, antialiased) = match begin {
            Begin::Points => return Ok(Self::default()),
            Begin::Splats(file, part) => {
                let (order, frozen) = part.order(&file.splats)?;
                let it = Self {
                    splats: Some(if frozen == 0 {
                        file.splats.clone()
                    } else {
                        file.splats.select(&order)
                    }),
                    frozen,
                    region: part.region,
                };
                (it, file.splats.sh_degree, file.antialiased)
            }
            Begin::Checkpoint(kept) => {
                let it = Self {
                    splats: None,
                    frozen: kept.pool.frozen,
                    region: kept.region,
                };
                if it.region.is_some_and(|it| !has_inside(&it)) {
                    return Err(OptimError::NoRegion);
                }
                let before = &kept.config;
                (it, before.sh_degree, Some(before.antialiased))
            }
        };
        if 0 < it.frozen {
            config.sh_degree = config.sh_degree.max(sh_degree);
            config.sh_every = 0;
            config.progressive = false;
            config.antialiased = antialiased.unwrap_or(config.antialiased);
        }
        let budget = config.budget(device);
        if it.splats.is_some() && 0 < it.frozen && budget <= it.frozen {
            let frozen = it.frozen;
            return Err(OptimError::FrozenOverBudget { frozen, budget });
        }
        Ok(it)
    }
}

#[cfg(test)]
mod tests {
    use glam::{Quat, Vec3};

    use super::*;
    use crate::synthetic::demo_scene;

    const BALL: Region = Region::Ball {
        centre: Vec3::ZERO,
        radius: 0.7,
    };

    fn part(frozen: Option<Vec<bool>>, region: Option<Region>) -> Part {
        let frozen = frozen.map(Arc::new);
        Part { frozen, region }
    }

    #[test]
    fn frozen_splats_come_first_in_their_order() {
        let splats = demo_scene(4, 500, 1);
        let all = Part::default().order(&splats).unwrap();
        assert_eq!(all, ((0..500).collect(), 0));
        let marks: Vec<bool> = (0..500).map(|i| i % 3 == 0).collect();
        for region in [None, Some(BALL)] {
            let part = part(Some(marks.clone()), region);
            let (order, frozen) = part.order(&splats).unwrap();
            let is_frozen =
                |i: &usize| marks[*i] || region.is_some_and(|it| !it.contains(splats.means[*i]));
            assert!(order[..frozen].iter().all(is_frozen));
            assert!(!order[frozen..].iter().any(is_frozen));
            assert!(order[..frozen].is_sorted() && order[frozen..].is_sorted());
            let mut sorted = order.clone();
            sorted.sort_unstable();
            assert!(sorted.into_iter().eq(0..500));
            assert!(100 < frozen && frozen < 500);
        }
    }

    #[test]
    fn what_leaves_nothing_to_optimise_is_refused() {
        let splats = demo_scene(4, 60, 1);
        let far = Region::between(Vec3::splat(90.0), Vec3::splat(91.0));
        let order = |frozen, region| part(frozen, region).order(&splats).unwrap_err();
        assert!(matches!(
            order(Some(vec![true; 59]), None),
            OptimError::OtherMarks {
                marks: 59,
                splats: 60
            }
        ));
        assert!(matches!(
            order(Some(vec![true; 60]), None),
            OptimError::AllFrozen
        ));
        assert!(matches!(
            order(Some(vec![true; 60]), Some(BALL)),
            OptimError::AllFrozen
        ));
        assert!(matches!(order(None, Some(far)), OptimError::EmptyRegion));
        for region in [
            Region::Ball {
                centre: Vec3::ZERO,
                radius: 0.0,
            },
            Region::between(Vec3::ZERO, Vec3::new(1.0, 0.0, 1.0)),
            Region::between(Vec3::NAN, Vec3::ONE),
            Region::Box {
                centre: Vec3::ZERO,
                half: Vec3::ONE,
                rotation: Quat::from_xyzw(0.0, 0.0, 0.0, 0.0),
            },
        ] {
            let refused = order(None, Some(region));
            assert!(matches!(refused, OptimError::NoRegion), "{region:?}");
        }
    }
}

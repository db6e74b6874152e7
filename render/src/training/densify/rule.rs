//! By which rules splats become more and fewer.

use crate::gpu::DivideUniform;

/// A rule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// 3DGS-MCMC (Kheradmand et al. 2024): splats that cannot be seen become copies of others,
    /// drawn by opacity, and so do new ones; the picture stays what it was.
    Mcmc {
        /// Splats that are not more opaque are given up; no copy is fainter.
        least_opacity: f32,
        /// Splats there shall be: between as many as there are and the room.
        target_len: usize,
        /// Of the draws.
        seed: u32,
        /// Drawn by opacity times importance (plane [`super::super::IMPORTANCE`] of the
        /// statistics).
        by_importance: bool,
    },
    /// 3DGS (Kerbl et al. 2023): splats whose place in the image wants to move become two, small
    /// ones by cloning and large ones by splitting; faint and very large ones are given up.
    Adaptive(Growth),
    /// The same where several views agree that the picture is wrong (after FastGS, Ren et al.
    /// 2025); of the faint and very large ones half are given up, likelier those where it is.
    /// Views are asked by [`super::super::Scores`].
    MultiView {
        /// Who grows and who is given up.
        growth: Growth,
        /// Splats grow that cover more clearly wrong pixels than this in the mean view, each
        /// counted by how much the splat shows there.
        least_importance: f32,
        /// Views that were asked.
        views: u32,
    },
}

/// When splats grow, and when they are given up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Growth {
    /// Mean length of the gradient in the image above which a splat grows, in units of half the
    /// image (planes [`super::super::GRADIENT_LENGTHS`] and [`super::super::FRAMES_SEEN`]).
    pub gradient_threshold: f32,
    /// Splats larger than this are split, others cloned; world units.
    pub split_scale: f32,
    /// Fainter splats are given up.
    pub least_opacity: f32,
    /// Larger splats are given up, world units; infinite for none.
    pub largest_scale: f32,
    /// Splats there may be, at most. Where more want to grow, the longest gradients do.
    pub budget: usize,
    /// Of where the parts of a split splat go, and of who is pruned.
    pub seed: u32,
}

/// What a densification did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Densified {
    /// Splats before.
    pub before: usize,
    /// Splats after.
    pub after: usize,
}

impl Rule {
    /// Planes of statistics that it reads.
    pub fn statistics(&self) -> usize {
        match self {
            Self::Mcmc { by_importance, .. } => {
                if *by_importance {
                    super::IMPORTANCE + 1
                } else {
                    0
                }
            }
            Self::Adaptive(_) => super::super::FRAMES_SEEN + 1,
            Self::MultiView { .. } => super::super::ERRORS + 1,
        }
    }

    /// What becomes of copies.
    pub(super) fn division(&self) -> DivideUniform {
        let (rule, smallest_opacity, split_scale, seed) = match self {
            Self::Mcmc { least_opacity, .. } => (0, *least_opacity, 1.0, 0),
            Self::Adaptive(it) | Self::MultiView { growth: it, .. } => {
                (1, 0.0, it.split_scale, it.seed)
            }
        };
        DivideUniform {
            rule,
            smallest_opacity,
            split_log_scale: log_scale(split_scale),
            seed,
            geometry_moments: 0,
            sh_moments: 0,
        }
    }
}

/// The logarithm of a scale; finite, as kernels may assume that all numbers are.
pub(super) fn log_scale(scale: f32) -> f32 {
    scale.ln().clamp(f32::MIN, f32::MAX)
}

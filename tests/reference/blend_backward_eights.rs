//! `train/blend_backward_eights.wgsl`: the same sums as by pixels.

pub(crate) use super::blend_backward::blend_backward as blend_backward_eights;

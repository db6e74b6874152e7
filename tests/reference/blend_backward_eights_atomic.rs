//! `train/blend_backward_eights_atomic.wgsl`: the same sums as by pixels.

pub(crate) use super::blend_backward_atomic::blend_backward_atomic as blend_backward_eights_atomic;

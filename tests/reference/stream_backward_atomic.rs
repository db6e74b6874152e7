//! `train/stream_backward_atomic.wgsl`: the same sums as by pixels.

pub(crate) use super::blend_backward_atomic::blend_backward_atomic as stream_backward_atomic;

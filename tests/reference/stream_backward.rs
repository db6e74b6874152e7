//! `train/stream_backward.wgsl`: the same sums as by pixels.

pub(crate) use super::blend_backward::blend_backward as stream_backward;

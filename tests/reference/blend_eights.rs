//! `splat/blend_eights.wgsl`: the same image as `splat/blend.wgsl`.

pub(crate) use super::blend::blend as blend_eights;

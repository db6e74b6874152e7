//! Splats as an editor shows them: selected, deleted, hidden or locked.

use crate::GpuSplats;
use crate::gpu::{Gpu, GpuError, GpuVec, LookUniform, Recorder};
use crate::kernels::{Dress, dress};
use crate::rasterizer::folded;

/// Splats in a workgroup.
const BLOCK: usize = 256;

/// Marks of a splat, a bit each.
pub mod marks {
    /// It is selected.
    pub const SELECTED: u8 = 1;
    /// It is deleted: not drawn.
    pub const DELETED: u8 = 2;
    /// It is hidden: not drawn.
    pub const HIDDEN: u8 = 4;
    /// It is locked against edits.
    pub const LOCKED: u8 = 8;
}

/// How marked splats look.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// What the colour of selected splats is mixed with, display rgb.
    pub tint: [f32; 3],
    /// How much of it, 0 to 1.
    pub tint_share: f32,
    /// How much of the colour of locked splats becomes grey, 0 to 1.
    pub grey_share: f32,
}

/// Makes copies of splats to be shown, with their marks.
#[derive(Debug)]
pub struct Wardrobe {
    kernel: Dress,
    look: GpuVec<LookUniform>,
    worn: Option<Worn>,
}

/// The copy, and what it was made from.
#[derive(Debug)]
struct Worn {
    /// The arrays of the splats that were copied.
    from: Vec<wgpu::Buffer>,
    look: Look,
    splats: GpuSplats,
    /// Marks of the copy, and room for those that come; a byte a splat.
    marks: [GpuVec<u32>; 2],
}

impl Wardrobe {
    /// Compiles the kernel.
    ///
    /// # Errors
    /// [`GpuError::Shader`], [`GpuError::OutOfMemory`].
    pub fn new(gpu: &Gpu) -> Result<Self, GpuError> {
        Ok(Self {
            kernel: Dress::new(gpu)?,
            look: GpuVec::zeroed(gpu, "look of marks", 1)?,
            worn: None,
        })
    }

    /// The splats as `look` shows their `marks`, a byte of [`marks`](self::marks) a splat; without
    /// waiting. Splats without any mark are as they were, to the bit; where no splat has one this
    /// is `base` itself.
    ///
    /// The copy is written again at the next call, in the same arrays where the splats have the
    /// same shape, and then only where marks have changed: earlier results show the newer marks.
    /// The numbers in `base` must be what they were when these arrays first came; where they were
    /// changed in place, call [`Wardrobe::forget`] first.
    ///
    /// # Errors
    /// [`GpuError::Invalid`] where there are not as many marks as splats; [`GpuError::OutOfMemory`];
    /// what the device has to tell of earlier work ([`Gpu::check`]).
    pub fn dress(
        &mut self,
        gpu: &Gpu,
        base: &GpuSplats,
        marks: &[u8],
        look: &Look,
    ) -> Result<GpuSplats, GpuError> {
        gpu.check()?;
        if marks.len() != base.len() {
            let (marks, splats) = (marks.len(), base.len());
            let message = format!("{marks} marks for {splats} splats");
            return Err(GpuError::Invalid(message));
        }
        if marks.iter().all(|it| *it == 0) {
            return Ok(base.clone());
        }
        let mut recorder = Recorder::new(gpu, None, false);
        let mut worn = self.copied(gpu, &mut recorder, base, look)?;
        let [r, g, b] = look.tint;
        let uniform = LookUniform {
            tint: [r, g, b],
            tint_share: look.tint_share,
            grey_share: look.grey_share,
            pad: 0,
            pad_more: [0; 2],
        };
        self.look.write(gpu, &[uniform]);
        worn.marks[1].write(gpu, &words(marks));
        for (chunk, from) in worn.splats.chunks().iter().zip(base.chunks()) {
            let arrays = dress::Arrays {
                look: &self.look,
                chunk: &chunk.uniform,
                base: &from.params,
                marks_before: &worn.marks[0],
                marks: &worn.marks[1],
                params: &chunk.params,
            };
            let bound = self.kernel.bind(gpu, &arrays);
            let groups = folded(chunk.count.div_ceil(BLOCK) as u32);
            if 0 < chunk.count {
                recorder.dispatch(self.kernel.kernel(), &bound, groups);
            }
        }
        recorder.submit(gpu);
        worn.marks.swap(0, 1);
        let splats = worn.splats.clone();
        self.worn = Some(worn);
        Ok(splats)
    }

    /// Lets go of the copy: the next is made anew, from the first number to the last.
    pub fn forget(&mut self) {
        self.worn = None;
    }

    /// Size of the copy on the device.
    pub fn bytes(&self) -> u64 {
        self.worn.as_ref().map_or(0, |it| it.splats.bytes())
    }

    /// The copy of these splats in this look, where there is one; else a new one that has no marks
    /// yet, in the old one's arrays where they fit.
    fn copied(
        &mut self,
        gpu: &Gpu,
        recorder: &mut Recorder<'_>,
        base: &GpuSplats,
        look: &Look,
    ) -> Result<Worn, GpuError> {
        let arrays = base.chunks().iter().map(|it| it.params.buffer().clone());
        let from: Vec<wgpu::Buffer> = arrays.collect();
        let worn = self.worn.take().filter(|it| it.splats.has_shape_of(base));
        let (splats, marks) = match worn {
            Some(worn) if worn.from == from && worn.look == *look => return Ok(worn),
            Some(worn) => (worn.splats.with_extent_of(base), worn.marks),
            None => {
                let room = || GpuVec::zeroed(gpu, "marks", base.len().div_ceil(4));
                (
                    base.allocated_like(gpu, "shown splats")?,
                    [room()?, room()?],
                )
            }
        };
        recorder.clear(&marks[0]);
        for (chunk, from) in splats.chunks().iter().zip(base.chunks()) {
            recorder.copy_part((&from.uniform, 0), (&chunk.uniform, 0), 1);
            let count = chunk.params.len();
            recorder.copy_part((&from.params, 0), (&chunk.params, 0), count);
        }
        Ok(Worn {
            from,
            look: *look,
            splats,
            marks,
        })
    }
}

/// Four marks a word, the first in the lowest byte.
fn words(marks: &[u8]) -> Vec<u32> {
    let word = |four: &[u8]| {
        let bytes = (0..).zip(four);
        bytes.fold(0, |word, (k, mark)| word | u32::from(*mark) << (8 * k))
    };
    marks.chunks(4).map(word).collect()
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn marks_are_packed_by_fours() {
        assert!(words(&[]).is_empty());
        assert_eq!(words(&[1, 2, 3, 4, 5]), [0x0403_0201, 5]);
    }
}

//! Splats are found on the GPU: which of them a query matches.

use crate::GpuSplats;
use crate::gpu::{FrameUniform, Gpu, GpuError, GpuVec, QueryUniform, Recorder};
use crate::kernels::{Find, find};
use crate::rasterizer::folded;

use super::Query;
use super::query::TOPICS;

/// Splats in a workgroup.
const BLOCK: usize = 256;
/// Words of bits that a workgroup writes.
const WORDS: usize = BLOCK / 32;

/// Answers queries, and keeps its arrays from one to the next.
#[derive(Debug)]
pub struct Selector {
    /// Compiled for what queries are about, when there is the first of it.
    kernels: [Option<Find>; TOPICS],
    frame: GpuVec<FrameUniform>,
    query: GpuVec<QueryUniform>,
    mask: GpuVec<u32>,
    bits: GpuVec<u32>,
}

impl Selector {
    /// Makes ready. Kernels are compiled as queries of their kind come, in some hundredths of a
    /// second.
    ///
    /// # Errors
    /// [`GpuError::OutOfMemory`].
    pub fn new(gpu: &Gpu) -> Result<Self, GpuError> {
        Ok(Self {
            kernels: Default::default(),
            frame: GpuVec::zeroed(gpu, "query's camera", 1)?,
            query: GpuVec::zeroed(gpu, "query", 1)?,
            mask: GpuVec::zeroed(gpu, "mask", 0)?,
            bits: GpuVec::zeroed(gpu, "matching splats", 0)?,
        })
    }

    /// The splats that match, a bit each: splat `i` is bit `i % 32` of word `i / 32`; waits for
    /// the GPU. Splats with a 3D filter are taken as they are seen, with the filter baked in
    /// ([`Splats::bake`](crate::Splats::bake)).
    ///
    /// # Errors
    /// [`GpuError::Shader`]; [`GpuError::TooLarge`] or [`GpuError::OutOfMemory`] when arrays must
    /// grow; what the device has to tell of earlier work ([`Gpu::check`]).
    pub fn find(
        &mut self,
        gpu: &Gpu,
        splats: &GpuSplats,
        query: &Query,
    ) -> Result<Vec<u32>, GpuError> {
        gpu.check()?;
        let words = splats.len().div_ceil(32);
        let (Some(uniform), Some(frame)) = (query.uniform(), query.frame()) else {
            return Ok(vec![0; words]);
        };
        let filter_plane = splats.filter_plane().unwrap_or(0) as u32;
        let frame = FrameUniform {
            filter_plane,
            ..frame
        };
        self.frame.write(gpu, &[frame]);
        self.query.write(gpu, &[uniform]);
        if let Query::Screen { mask, .. } = query {
            grow(gpu, &mut self.mask, "mask", mask.words().len())?;
            self.mask.write(gpu, mask.words());
        }
        let all_words = splats.len().div_ceil(BLOCK) * WORDS;
        grow(gpu, &mut self.bits, "matching splats", all_words)?;
        let topic = query.topic();
        let kernel = match self.kernels[topic].take() {
            Some(kernel) => kernel,
            None => Find::with_constants(gpu, &[("TOPIC", topic as f64)])?,
        };
        let kernel = self.kernels[topic].insert(kernel);
        let mut recorder = Recorder::new(gpu, None, false);
        for chunk in splats.chunks().iter().filter(|it| 0 < it.count) {
            let arrays = find::Arrays {
                frame: &self.frame,
                query: &self.query,
                chunk: &chunk.uniform,
                params: &chunk.params,
                mask: &self.mask,
                matched_bits: &self.bits,
            };
            let bound = kernel.bind(gpu, &arrays);
            let groups = folded(chunk.count.div_ceil(BLOCK) as u32);
            recorder.dispatch(kernel.kernel(), &bound, groups);
        }
        recorder.submit(gpu);
        self.bits.read_range(gpu, 0, words)
    }
}

/// Makes an array longer where it is too short. What it held is lost then.
fn grow(gpu: &Gpu, array: &mut GpuVec<u32>, label: &str, len: usize) -> Result<(), GpuError> {
    if array.len() < len {
        *array = GpuVec::zeroed(gpu, label, len)?;
    }
    Ok(())
}

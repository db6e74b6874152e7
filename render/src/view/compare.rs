//! `view/compare.wgsl`: a photo and the frame drawn from its camera, in one of several ways.

use crate::Rasterizer;
use crate::gpu::{CompareUniform, Gpu, GpuError, GpuVec};
use crate::shader;

use super::pipeline::{View, bind, pipeline};

/// How a photo and the frame are shown together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum CompareMode {
    /// The photo alone.
    Photo,
    /// The frame alone.
    #[default]
    Render,
    /// Photo and frame, each over half of the viewport.
    SideBySide,
    /// The photo left of an edge, the frame right of it.
    Wipe,
    /// How far the pixels are apart, from black to pale yellow (a quarter of the range and more);
    /// black where the photo does not count.
    Difference,
}

impl CompareMode {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Photo,
        Self::Render,
        Self::SideBySide,
        Self::Wipe,
        Self::Difference,
    ];

    /// What a person calls it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Photo => "Photo",
            Self::Render => "Render",
            Self::SideBySide => "Side by side",
            Self::Wipe => "Wipe",
            Self::Difference => "Difference",
        }
    }

    /// As the shader knows it.
    fn number(self) -> u32 {
        match self {
            Self::Photo => 0,
            Self::Render => 1,
            Self::SideBySide => 2,
            Self::Wipe => 3,
            Self::Difference => 4,
        }
    }
}

/// What is compared, and how.
#[derive(Clone, Copy, Debug)]
pub struct Comparison<'a> {
    /// How.
    pub mode: CompareMode,
    /// Where the photo ends and the frame begins under [`CompareMode::Wipe`], 0 to 1 from the left.
    pub wipe: f32,
    /// Which photo it is: one is uploaded when this changes.
    pub id: u64,
    /// Width and height of the photo in pixels.
    pub size: [u32; 2],
    /// The photo as RGBA8 in display values; alpha is 0 where it does not count.
    /// `[height × width × 4]`
    pub rgba: &'a [u8],
}

/// Draws a photo and the last frame of a [`Rasterizer`] into a render pass.
#[derive(Debug)]
pub struct Compare {
    pipeline: wgpu::RenderPipeline,
    uniform: GpuVec<CompareUniform>,
    linear_target: bool,
    photo: Option<(u64, GpuVec<u32>)>,
    bound: Option<(wgpu::Buffer, wgpu::BindGroup)>,
}

impl Compare {
    /// For targets of this format.
    ///
    /// # Errors
    /// [`GpuError::Shader`], [`GpuError::OutOfMemory`].
    pub fn new(gpu: &Gpu, format: wgpu::TextureFormat) -> Result<Self, GpuError> {
        let view = View {
            shader: shader!("view/compare"),
            format,
            vertices: &[],
            topology: wgpu::PrimitiveTopology::TriangleList,
            blend: None,
        };
        Ok(Self {
            pipeline: pipeline(gpu, &view)?,
            uniform: GpuVec::zeroed(gpu, "compare", 1)?,
            linear_target: format.is_srgb(),
            photo: None,
            bound: None,
        })
    }

    /// To be called before the pass begins, after the frame was drawn.
    ///
    /// # Errors
    /// [`GpuError::Invalid`] where the photo has not as many bytes as its size says;
    /// [`GpuError::TooLarge`], [`GpuError::OutOfMemory`] where it finds no room.
    pub fn prepare(
        &mut self,
        gpu: &Gpu,
        frame: &Rasterizer,
        what: &Comparison<'_>,
    ) -> Result<(), GpuError> {
        let Some(shown) = frame.shown() else {
            self.bound = None;
            return Ok(());
        };
        if self.photo.as_ref().is_none_or(|(id, _)| *id != what.id) {
            let texels = texels(what)?;
            self.bound = None;
            self.photo = Some((what.id, GpuVec::from_slice(gpu, "photo", &texels)?));
        }
        let uniform = CompareUniform {
            image_size: shown.image_size,
            photo_size: what.size,
            mode: what.mode.number(),
            wipe: what.wipe,
            linear_target: u32::from(self.linear_target),
            pad: 0,
        };
        self.uniform.write(gpu, &[uniform]);
        let pixels = shown.pixels.buffer();
        let is_bound = self.bound.as_ref().is_some_and(|(it, _)| it == pixels);
        if let (false, Some((_, photo))) = (is_bound, &self.photo) {
            let buffers = [self.uniform.buffer(), pixels, photo.buffer()];
            let group = bind(gpu, &self.pipeline, &buffers);
            self.bound = Some((pixels.clone(), group));
        }
        Ok(())
    }

    /// Lets go of the photo.
    pub fn clear(&mut self) {
        self.photo = None;
        self.bound = None;
    }

    /// Covers the pass's current viewport; does nothing before it was prepared.
    pub fn paint(&self, pass: &mut wgpu::RenderPass<'_>) {
        if let Some((_, group)) = &self.bound {
            pass.set_pipeline(&self.pipeline);
            pass.set_bind_group(0, group, &[]);
            pass.draw(0..3, 0..1);
        }
    }
}

fn texels(what: &Comparison<'_>) -> Result<Vec<u32>, GpuError> {
    let (texels, rest) = what.rgba.as_chunks::<4>();
    let [width, height] = what.size.map(|it| it as usize);
    if !rest.is_empty() || texels.len() != width * height || texels.is_empty() {
        return Err(GpuError::Invalid(format!(
            "a photo of {width}×{height} pixels came with {} bytes",
            what.rgba.len()
        )));
    }
    Ok(texels.iter().map(|it| u32::from_le_bytes(*it)).collect())
}

//! The backward pass: from the gradient at each pixel to those of the splats and of the pose.
//!
//! Blending backward leaves ten sums for each splat, projection backward carries them on to what
//! is stored. All stays on the GPU; once warm nothing is allocated. Blending backward, where most
//! of the time goes, exists in three designs, each with two ways to add up over tiles; all of them
//! give the same gradients up to rounding.

mod choose;
mod steps;

use serde::{Deserialize, Serialize};

use crate::gpu::{Capabilities, Gpu, GpuError, GpuVec, Recorder};
use crate::{GpuSplats, Rasterizer};

pub use choose::{Choice, DesignTime, choose};
use steps::{Arrays, Bindings, Kernels};

/// Floats that blending backward leaves of a pair or a splat; `SUMS` in `shared/pair_sums.wgsl`.
pub const SUMS: usize = 10;
/// Floats that a block of splats leaves for the pose; `POSE_SUMS` in `train/project_backward.wgsl`.
pub const POSE_SUMS: usize = 15;
/// Planes of a pixel's gradient: rgb, alpha, depth.
pub const PIXEL_PLANES: usize = 5;

/// How work is dealt out in blending backward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BackwardDesign {
    /// A thread has four pixels and walks the tile's splats; sums over pixels by shared memory.
    Pixels,
    /// A thread has a splat, and the tile's pixels stream past it; sums in registers.
    Splats,
    /// Eight threads, one subgroup, have a tile and walk its splats; sums over pixels by shuffles.
    /// Needs [`Capabilities::has_eights`].
    Eights,
}

/// How a splat's sums come together from the tiles it touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Accumulation {
    /// By atomic additions of f32, in whatever order: results repeat up to rounding only. Needs
    /// [`Capabilities::float32_atomics`].
    Atomics,
    /// By way of an array of all pairs, added up in a fixed order: repeats to the bit, and takes
    /// 40 bytes a pair.
    Pairs,
}

/// What is computed, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GradientOptions {
    /// How work is dealt out.
    pub design: BackwardDesign,
    /// How sums come together.
    pub accumulation: Accumulation,
    /// There is a gradient of the depths, not of colour and alpha only.
    pub depth: bool,
    /// The gradient of the pose is wanted.
    pub pose: bool,
    /// It ends at the sums over pixels of each splat, from which [`crate::training::Descent`] goes
    /// on; there are no gradients of splats then, nor the memory for them.
    pub until_sums: bool,
}

impl GradientOptions {
    /// All designs that a device can run.
    pub fn designs(device: &Capabilities) -> Vec<(BackwardDesign, Accumulation)> {
        let mut ways = vec![Accumulation::Pairs];
        if device.float32_atomics {
            ways.push(Accumulation::Atomics);
        }
        let mut designs = vec![BackwardDesign::Pixels, BackwardDesign::Splats];
        if device.has_eights() {
            designs.push(BackwardDesign::Eights);
        }
        designs
            .into_iter()
            .flat_map(|design| ways.iter().map(move |&way| (design, way)))
            .collect()
    }

    /// The design to begin with: that for subgroups of eight where it runs, else that which runs
    /// everywhere, with atomics where there are any; colour and alpha only. Which is fastest only
    /// [`choose`] can tell.
    pub fn portable(device: &Capabilities) -> Self {
        Self {
            design: if device.has_eights() {
                BackwardDesign::Eights
            } else {
                BackwardDesign::Pixels
            },
            accumulation: if device.float32_atomics {
                Accumulation::Atomics
            } else {
                Accumulation::Pairs
            },
            depth: false,
            pose: false,
            until_sums: false,
        }
    }
}

/// The gradient of a loss with respect to a camera's pose.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PoseGradient {
    /// ∂L/∂(entries of w2c), the upper three rows. The path through the direction of view, from a
    /// camera at −Rᵀt, is part of it.
    pub w2c: [[f32; 4]; 3],
}

/// Runs the backward pass of frames that a [`Rasterizer`] drew.
#[derive(Debug)]
pub struct Gradient {
    options: GradientOptions,
    kernels: Kernels,
    arrays: Option<Arrays>,
    bound: Option<(BoundTo, Bindings)>,
}

/// What the bind groups refer to: frame, splats, gradient at the pixels.
type BoundTo = [wgpu::Buffer; 3];

impl Gradient {
    /// Compiles the kernels.
    ///
    /// # Errors
    /// [`GpuError::Shader`]; [`GpuError::Unfit`] where the device lacks what is asked for.
    pub fn new(gpu: &Gpu, options: GradientOptions) -> Result<Self, GpuError> {
        let device = gpu.capabilities();
        let lacks = if options.accumulation == Accumulation::Atomics && !device.float32_atomics {
            Some("it has no atomic addition of f32")
        } else if options.design == BackwardDesign::Eights && !device.has_eights() {
            Some("its subgroups are not eight threads wide")
        } else {
            None
        };
        if let Some(lacks) = lacks {
            return Err(GpuError::Unfit {
                adapter: device.name.clone(),
                lacks: lacks.to_owned(),
            });
        }
        Ok(Self {
            options,
            kernels: Kernels::new(gpu, options)?,
            arrays: None,
            bound: None,
        })
    }

    /// What it computes, and how.
    pub fn options(&self) -> GradientOptions {
        self.options
    }

    /// Makes or keeps arrays and bind groups for the frame that `rasterizer` drew last of
    /// `splats`.
    ///
    /// `d_image` is ∂L/∂(pixel): planes of red, green, blue, alpha and, with
    /// [`GradientOptions::depth`], accumulated depth; each row-major. `[4 or 5 × height × width]`
    ///
    /// # Errors
    /// [`GpuError::TooLarge`] or [`GpuError::OutOfMemory`] when arrays must grow;
    /// [`GpuError::Invalid`] where nothing was drawn, or in a style that has no gradient, or
    /// `d_image` is too short.
    pub fn prepare(
        &mut self,
        gpu: &Gpu,
        rasterizer: &Rasterizer,
        splats: &GpuSplats,
        d_image: &GpuVec<f32>,
    ) -> Result<(), GpuError> {
        let frame = rasterizer.blended()?;
        let planes = PIXEL_PLANES - usize::from(!self.options.depth);
        let needed = planes * frame.capacity.pixels();
        if d_image.len() < needed || frame.capacity.splats != splats.room() {
            let message = "the gradient's image or splats are not those of the frame";
            return Err(GpuError::Invalid(message.to_owned()));
        }
        if self
            .arrays
            .as_ref()
            .is_none_or(|it| !it.fit(frame, splats, self.options))
        {
            self.bound = None;
            // Free the old arrays first: both may not fit.
            self.arrays = None;
            self.arrays = Some(Arrays::new(gpu, frame, splats, self.options)?);
        }
        let Some(arrays) = &self.arrays else {
            return Ok(());
        };
        let first_chunk = splats.chunks().first();
        let params = first_chunk.map_or(frame.frame.buffer(), |it| it.params.buffer());
        let key = [frame.image.buffer(), params, d_image.buffer()].map(Clone::clone);
        if self.bound.as_ref().is_none_or(|(bound, _)| *bound != key) {
            let bindings = Bindings::new(gpu, &self.kernels, arrays, frame, splats, d_image);
            self.bound = Some((key, bindings));
        }
        Ok(())
    }

    /// Records the backward pass, after [`Gradient::prepare`] for the same frame.
    ///
    /// # Errors
    /// [`GpuError::Invalid`] where nothing was prepared.
    pub fn record(
        &self,
        recorder: &mut Recorder<'_>,
        rasterizer: &Rasterizer,
    ) -> Result<(), GpuError> {
        let (Some(arrays), Some((_, bindings))) = (&self.arrays, &self.bound) else {
            let message = "a gradient is recorded that was not prepared";
            return Err(GpuError::Invalid(message.to_owned()));
        };
        steps::record(
            recorder,
            &self.kernels,
            arrays,
            bindings,
            rasterizer.blended()?,
        );
        Ok(())
    }

    /// Prepares, records and submits, without waiting.
    ///
    /// # Errors
    /// Those of [`Gradient::prepare`], and what the device has to tell of earlier work
    /// ([`Gpu::check`]).
    pub fn backward(
        &mut self,
        gpu: &Gpu,
        rasterizer: &Rasterizer,
        splats: &GpuSplats,
        d_image: &GpuVec<f32>,
    ) -> Result<(), GpuError> {
        gpu.check()?;
        self.prepare(gpu, rasterizer, splats, d_image)?;
        let mut recorder = Recorder::new(gpu, None, false);
        self.record(&mut recorder, rasterizer)?;
        recorder.submit(gpu);
        Ok(())
    }

    /// ∂L/∂(what is stored of each splat), in the shape of the splats; zero for those that do not
    /// reach the image. `None` before the first frame, and with [`GradientOptions::until_sums`].
    pub fn d_splats(&self) -> Option<&GpuSplats> {
        self.arrays.as_ref()?.d_splats.as_ref()
    }

    /// Sums over pixels of each visible splat, in the order of splats; see
    /// `shared/pair_sums.wgsl`. `None` before the first frame. `[visible × SUMS]`
    pub fn splat_sums(&self) -> Option<&GpuVec<f32>> {
        self.arrays.as_ref().map(|it| &it.splat_sums)
    }

    /// The rows of [`PoseGradient::w2c`] on the GPU. `None` before the first frame and without
    /// [`GradientOptions::pose`]. `[3]`
    pub fn d_pose(&self) -> Option<&GpuVec<[f32; 4]>> {
        let wanted = self.arrays.as_ref().filter(|_| self.options.pose);
        wanted.map(|it| &it.d_pose)
    }

    /// The gradient of the pose; waits. Zero without [`GradientOptions::pose`] or before the first
    /// frame.
    ///
    /// # Errors
    /// [`GpuError::DeviceLost`] or [`GpuError::OutOfMemory`].
    pub fn read_pose(&self, gpu: &Gpu) -> Result<PoseGradient, GpuError> {
        let Some(arrays) = &self.arrays else {
            return Ok(PoseGradient::default());
        };
        let rows = arrays.d_pose.read(gpu)?;
        Ok(PoseGradient {
            w2c: [rows[0], rows[1], rows[2]],
        })
    }

    /// Size of the arrays on the device, gradients included.
    pub fn bytes(&self) -> u64 {
        self.arrays.as_ref().map_or(0, Arrays::bytes)
    }
}

impl PoseGradient {
    /// The gradient with respect to a small motion (v, ω) of the camera, `w2c' = exp((v, ω)^) w2c`:
    /// translation, then rotation.
    pub fn twist(&self, w2c: &glam::Affine3A) -> [f32; 6] {
        let column = |k: usize| glam::Vec3::from(self.w2c.map(|row| row[k]));
        let matrix = w2c.matrix3;
        let columns = [matrix.x_axis, matrix.y_axis, matrix.z_axis, w2c.translation];
        let turn = (0..)
            .zip(columns)
            .map(|(k, it)| glam::Vec3::from(it).cross(column(k)))
            .sum::<glam::Vec3>();
        let shift = column(3);
        [shift.x, shift.y, shift.z, turn.x, turn.y, turn.z]
    }
}

//! Golden files: tensors by name, and the splats, camera and settings of a raster case.

use std::path::{Path, PathBuf};

use glam::{Mat4, Vec3};
use render::{Camera, Intrinsics, RenderConfig, Splats};
use safetensors::SafeTensors;

/// A `.safetensors` file in memory.
pub struct Tensors {
    path: PathBuf,
    bytes: Vec<u8>,
}

impl Tensors {
    /// Reads it.
    pub fn open(path: &Path) -> Self {
        let bytes = std::fs::read(path).unwrap_or_else(|err| panic!("{}: {err}", path.display()));
        Self {
            path: path.to_owned(),
            bytes,
        }
    }

    fn view<T>(&self, name: &str, f: impl FnOnce(&[u8], &[usize]) -> T) -> T {
        let file = SafeTensors::deserialize(&self.bytes).expect("valid safetensors");
        let tensor = file
            .tensor(name)
            .unwrap_or_else(|err| panic!("{}: {name}: {err}", self.path.display()));
        f(tensor.data(), tensor.shape())
    }

    /// Whether there is such a tensor.
    pub fn has(&self, name: &str) -> bool {
        let file = SafeTensors::deserialize(&self.bytes).expect("valid safetensors");
        file.tensor(name).is_ok()
    }

    /// The values of a float tensor.
    pub fn f32s(&self, name: &str) -> Vec<f32> {
        self.view(name, |bytes, _| bytemuck::pod_collect_to_vec(bytes))
    }

    /// The values of a tensor of 16-bit numbers, as they are stored.
    pub fn u16s(&self, name: &str) -> Vec<u16> {
        self.view(name, |bytes, _| bytemuck::pod_collect_to_vec(bytes))
    }

    /// The values of a bfloat16 tensor.
    pub fn bf16s(&self, name: &str) -> Vec<f32> {
        let bits = self.u16s(name);
        bits.into_iter()
            .map(|it| half::bf16::from_bits(it).to_f32())
            .collect()
    }

    /// The values of a tensor of doubles.
    pub fn f64s(&self, name: &str) -> Vec<f64> {
        self.view(name, |bytes, _| bytemuck::pod_collect_to_vec(bytes))
    }

    /// The values of a tensor of long integers.
    pub fn i64s(&self, name: &str) -> Vec<i64> {
        self.view(name, |bytes, _| bytemuck::pod_collect_to_vec(bytes))
    }

    /// The names of all tensors.
    pub fn names(&self) -> Vec<String> {
        let file = SafeTensors::deserialize(&self.bytes).expect("valid safetensors");
        file.names().into_iter().map(ToString::to_string).collect()
    }

    /// The values of an integer tensor.
    pub fn i32s(&self, name: &str) -> Vec<i32> {
        self.view(name, |bytes, _| bytemuck::pod_collect_to_vec(bytes))
    }

    /// The values of a byte tensor.
    pub fn u8s(&self, name: &str) -> Vec<u8> {
        self.view(name, |bytes, _| bytes.to_vec())
    }

    /// The shape of a tensor.
    pub fn shape(&self, name: &str) -> Vec<usize> {
        self.view(name, |_, shape| shape.to_vec())
    }

    /// The values in groups of `N`.
    pub fn rows<const N: usize>(&self, name: &str) -> Vec<[f32; N]> {
        self.f32s(name).as_chunks().0.to_vec()
    }
}

/// What a raster case renders.
pub struct RasterCase {
    /// Its tensors.
    pub tensors: Tensors,
    /// Inputs.
    pub splats: Splats,
    /// Inputs.
    pub camera: Camera,
    /// Inputs.
    pub config: RenderConfig,
}

/// Reads a file of `fixtures/raster`.
pub fn raster_case(path: &Path) -> RasterCase {
    let tensors = Tensors::open(path);
    let coeffs = tensors.shape("sh")[1];
    let splats = Splats {
        means: tensors
            .rows::<3>("means")
            .into_iter()
            .map(Vec3::from)
            .collect(),
        quats: tensors.rows("quats"),
        log_scales: tensors
            .rows::<3>("log_scales")
            .into_iter()
            .map(Vec3::from)
            .collect(),
        opacity_logits: tensors.f32s("opacity_logits"),
        sh_coeffs: tensors.rows("sh"),
        sh_degree: coeffs.isqrt() as u32 - 1,
    };
    let w2c = Mat4::from_cols_slice(&tensors.f32s("w2c")).transpose();
    let k = tensors.f32s("intrinsics");
    let size = tensors.i32s("size");
    let s = tensors.f32s("settings");
    let intrinsics = Intrinsics {
        fx: k[0],
        fy: k[1],
        cx: k[2],
        cy: k[3],
        width: size[0] as u32,
        height: size[1] as u32,
    };
    let config = RenderConfig {
        eps2d: s[0],
        near: s[1],
        far: s[2],
        alpha_max: s[3],
        alpha_min: s[4],
        transmittance_stop: s[5],
        antialiased: s[6] == 1.0,
        max_sh_degree: s[7] as u32,
        background: tensors.rows::<3>("background")[0],
        ..RenderConfig::default()
    };
    RasterCase {
        camera: Camera::from_w2c(intrinsics, w2c),
        splats,
        config,
        tensors,
    }
}

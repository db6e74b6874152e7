//! A frame on the host.

/// A rendered image: linear floats as the kernels leave them, row-major from the top left.
#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Colour with the background behind it, not clamped. `[height × width]`
    pub rgb: Vec<[f32; 3]>,
    /// One minus the transmittance that is left. `[height × width]`
    pub alpha: Vec<f32>,
    /// Accumulated depth `Σ αᵢ Tᵢ zᵢ`, world units, without background. `[height × width]`
    pub depth: Vec<f32>,
}

impl Image {
    /// Expected depth, `depth / alpha`; 0 where nothing was drawn. `[height × width]`
    pub fn expected_depth(&self) -> Vec<f32> {
        self.depth
            .iter()
            .zip(&self.alpha)
            .map(|(depth, alpha)| depth / alpha.max(1e-10))
            .collect()
    }
}

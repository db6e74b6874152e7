//! The residual stream: the tokens of every view, on the device while there is room, else on the
//! host.

use burn::tensor::{Device, Tensor, TensorData};

use super::ModelError;
use super::device::failure;

/// Tokens \[n × d\] of several views.
#[derive(Clone, Debug)]
pub struct Tokens {
    views: Vec<Kept>,
    device: Device,
    /// Bytes that may lie on the device; the rest goes to the host.
    room: u64,
    /// Bytes that do.
    held: u64,
}

#[derive(Clone, Debug)]
enum Kept {
    OnDevice(Box<Tensor<2>>),
    OnHost(TensorData),
}

impl Tokens {
    /// None yet; up to `room` bytes of what comes stay on the device.
    pub fn new(room: u64, device: &Device) -> Self {
        Self {
            views: Vec::new(),
            device: device.clone(),
            room,
            held: 0,
        }
    }

    /// How many views there are.
    pub fn len(&self) -> usize {
        self.views.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.views.is_empty()
    }

    /// Adds a view's.
    ///
    /// # Errors
    /// Where the device does not give back what is to lie on the host.
    pub fn push(&mut self, tokens: Tensor<2>) -> Result<(), ModelError> {
        let bytes = bytes_of(&tokens);
        let kept = if self.held + bytes <= self.room {
            self.held += bytes;
            Kept::OnDevice(Box::new(tokens))
        } else {
            Kept::OnHost(on_host(tokens)?)
        };
        self.views.push(kept);
        Ok(())
    }

    /// A view's, on the device.
    ///
    /// # Panics
    /// Where there is no such view.
    pub fn get(&self, view: usize) -> Tensor<2> {
        match &self.views[view] {
            Kept::OnDevice(tokens) => tokens.as_ref().clone(),
            Kept::OnHost(data) => Tensor::from_data(data.clone(), &self.device),
        }
    }

    /// Puts others in their place, where they lay.
    ///
    /// # Errors
    /// Where the device does not give back what is to lie on the host.
    ///
    /// # Panics
    /// Where there is no such view.
    pub fn put(&mut self, view: usize, tokens: Tensor<2>) -> Result<(), ModelError> {
        let kept = &mut self.views[view];
        *kept = match kept {
            Kept::OnDevice(_) => Kept::OnDevice(Box::new(tokens)),
            Kept::OnHost(_) => Kept::OnHost(on_host(tokens)?),
        };
        Ok(())
    }
}

fn bytes_of(tokens: &Tensor<2>) -> u64 {
    let [n, d] = tokens.dims();
    (n * d * size_of::<f32>()) as u64
}

/// What a tensor holds, brought to the host.
pub(super) fn on_host<const D: usize>(tensor: Tensor<D>) -> Result<TensorData, ModelError> {
    let device = tensor.device();
    let data = tensor.try_into_data();
    data.map_err(|it| failure(&device, &it))
}

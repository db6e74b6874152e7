//! Named tensors from `.safetensors` files and PyTorch's `.pth`, for the networks that users bring.
//!
//! Nothing in a file is run: of a pickle only what describes tensors is understood.

mod file;
mod pickle;
mod save;
mod torch;

use std::collections::BTreeMap;
use std::io::Cursor;

use half::{bf16, f16};

use super::FormatError;

pub use file::{Stored, WeightsFile};
pub use save::{Layout, save};

/// Numbers in a grid.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tensor {
    /// Lengths, outermost first.
    pub shape: Vec<usize>,
    /// All numbers, row-major.
    pub values: Vec<f32>,
}

/// Tensors by name.
pub type Tensors = BTreeMap<String, Tensor>;

/// The types of numbers that are read; each becomes f32.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Number {
    /// Double precision.
    F64,
    /// Single precision.
    F32,
    /// Half precision.
    F16,
    /// The upper half of single precision.
    Bf16,
}

impl Number {
    /// Its short name: `f16`.
    pub fn name(self) -> &'static str {
        match self {
            Self::F64 => "f64",
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
        }
    }

    fn num_bytes(self) -> usize {
        match self {
            Self::F64 => 8,
            Self::F32 => 4,
            Self::F16 | Self::Bf16 => 2,
        }
    }

    /// Little-endian numbers, as many as there are whole ones.
    fn read(self, bytes: &[u8]) -> Vec<f32> {
        fn all<const N: usize>(bytes: &[u8], number: impl Fn([u8; N]) -> f32) -> Vec<f32> {
            bytes.as_chunks().0.iter().map(|it| number(*it)).collect()
        }
        match self {
            Self::F64 => all(bytes, |it| f64::from_le_bytes(it) as f32),
            Self::F32 => all(bytes, f32::from_le_bytes),
            Self::F16 => all(bytes, |it| f16::from_le_bytes(it).to_f32()),
            Self::Bf16 => all(bytes, |it| bf16::from_le_bytes(it).to_f32()),
        }
    }
}

/// Reads the tensors of floating-point numbers whose names are `wanted`, from a `.safetensors`
/// file or from what `torch.save` wrote (zip, or the older form without). Tensors of other types
/// are passed over. Nested dictionaries give names with dots: `model.blocks.0.weight`.
///
/// # Errors
/// Where the file is neither, is damaged, or a wanted tensor is not stored row by row.
pub fn read(bytes: &[u8], wanted: &dyn Fn(&str) -> bool) -> Result<Tensors, FormatError> {
    WeightsFile::new(Cursor::new(bytes))?.read_all(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_f32() {
        assert_eq!(Number::F64.read(&0.5_f64.to_le_bytes()), [0.5]);
        assert_eq!(Number::F32.read(&[0, 0, 0x80, 0xbf, 1]), [-1.0]);
        assert_eq!(Number::F16.read(&[0x00, 0x3c]), [1.0]);
        assert_eq!(Number::Bf16.read(&[0x80, 0x3f]), [1.0]);
    }

    #[test]
    fn what_is_no_weights_is_told_as_such() {
        for bytes in [
            &b""[..],
            b"PK",
            b"\x80\x02",
            b"hello, hello, hello",
            b"\x80",
        ] {
            let error = read(bytes, &|_| true).unwrap_err().to_string();
            assert!(error.contains("again"), "{error}");
        }
    }
}

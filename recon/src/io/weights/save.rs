//! Writes `.safetensors` files tensor by tensor, so that a network need not fit twice into memory.

use std::collections::HashMap;
use std::io::{BufWriter, Write};
use std::path::Path;

use half::{bf16, f16};
use safetensors::Dtype;
use safetensors::tensor::{Metadata, TensorInfo};

use super::super::save::replace_with;
use super::super::{FormatError, IoError};
use super::Number;

/// What a file is to hold.
#[derive(Clone, Debug)]
pub struct Layout {
    /// Names and shapes, in the order in which they are written.
    pub tensors: Vec<(String, Vec<usize>)>,
    /// What the numbers become.
    pub number: Number,
    /// Texts for the header.
    pub header: HashMap<String, String>,
}

/// Writes a `.safetensors` file in one step: a file that was there before is replaced only when
/// the new one is complete. `values` is asked for each tensor's numbers, row-major, in order.
/// Returns the size in bytes.
///
/// # Errors
/// Naming the path, where the system refuses or numbers do not fit; what `values` says.
pub fn save<E: From<IoError>>(
    path: &Path,
    layout: &Layout,
    values: &mut dyn FnMut(&str) -> Result<Vec<f32>, E>,
) -> Result<u64, E> {
    let system = |it| E::from(IoError::system(path, it));
    let format = |it| E::from(IoError::format(path, it));
    let (header, len) = header(layout).map_err(format)?;
    replace_with(path, system, |file| {
        let mut file = BufWriter::new(file);
        file.write_all(&header).map_err(system)?;
        for (name, shape) in &layout.tensors {
            let values = values(name)?;
            let bytes = encode(name, shape, &values, layout.number).map_err(format)?;
            file.write_all(&bytes).map_err(system)?;
        }
        file.flush().map_err(system)
    })?;
    Ok(len)
}

/// The bytes before the numbers, and how long the file will be.
fn header(layout: &Layout) -> Result<(Vec<u8>, u64), FormatError> {
    let malformed = |it: &dyn std::fmt::Display| FormatError::Malformed(it.to_string());
    let dtype = match layout.number {
        Number::F64 => Dtype::F64,
        Number::F32 => Dtype::F32,
        Number::F16 => Dtype::F16,
        Number::Bf16 => Dtype::BF16,
    };
    let mut end = 0;
    let tensors = layout.tensors.iter().map(|(name, shape)| {
        let begin = end;
        end += shape.iter().product::<usize>() * layout.number.num_bytes();
        let about = TensorInfo {
            dtype,
            shape: shape.clone(),
            data_offsets: (begin, end),
        };
        (name.clone(), about)
    });
    let tensors = tensors.collect();
    // The format's library writes broken JSON for texts that are there and empty.
    let texts = (!layout.header.is_empty()).then(|| layout.header.clone());
    let header = Metadata::new(texts, tensors).map_err(|it| malformed(&it))?;
    let mut text = serde_json::to_vec(&header).map_err(|it| malformed(&it))?;
    // The numbers begin at a multiple of eight bytes.
    text.resize(text.len().next_multiple_of(8), b' ');
    let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
    bytes.extend(text);
    let len = bytes.len() as u64 + end as u64;
    Ok((bytes, len))
}

fn encode(
    name: &str,
    shape: &[usize],
    values: &[f32],
    number: Number,
) -> Result<Vec<u8>, FormatError> {
    if values.len() != shape.iter().product::<usize>() {
        let count = values.len();
        return Err(FormatError::Malformed(format!(
            "{name} has {count} numbers for the shape {shape:?}"
        )));
    }
    let too_large = |it: &f32| it.is_finite() && f32::from(f16::MAX) < it.abs();
    if number == Number::F16 && values.iter().any(too_large) {
        return Err(FormatError::Unsupported(format!(
            "{name} has numbers beyond 65504, which half precision does not hold. Write single \
             precision"
        )));
    }
    Ok(match number {
        Number::F64 => values
            .iter()
            .flat_map(|it| f64::from(*it).to_le_bytes())
            .collect(),
        Number::F32 => values.iter().flat_map(|it| it.to_le_bytes()).collect(),
        Number::F16 => values
            .iter()
            .flat_map(|it| f16::from_f32(*it).to_le_bytes())
            .collect(),
        Number::Bf16 => values
            .iter()
            .flat_map(|it| bf16::from_f32(*it).to_le_bytes())
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Tensor, WeightsFile, read};
    use super::*;

    fn layout(number: Number) -> Layout {
        Layout {
            tensors: vec![("b".to_owned(), vec![3]), ("a".to_owned(), vec![2, 2])],
            number,
            header: HashMap::from([("key".to_owned(), "text".to_owned())]),
        }
    }

    fn values(name: &str) -> Vec<f32> {
        match name {
            "b" => vec![0.5, -1.0, 3.0],
            _ => vec![1.0, 2.0, 3.0, 4.0],
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w.safetensors");
        for number in [Number::F64, Number::F32, Number::F16, Number::Bf16] {
            let mut all = |name: &str| -> Result<_, IoError> { Ok(values(name)) };
            let len = save(&path, &layout(number), &mut all).unwrap();
            let bytes = std::fs::read(&path).unwrap();
            assert_eq!(bytes.len() as u64, len);
            let all = read(&bytes, &|_| true).unwrap();
            let shape = vec![2, 2];
            let values = vec![1.0, 2.0, 3.0, 4.0];
            assert_eq!(all["a"], Tensor { shape, values });
            assert_eq!(all["b"].values, [0.5, -1.0, 3.0]);
            let file = WeightsFile::open(&path).unwrap();
            assert_eq!(file.header("key"), Some("text"));
            assert_eq!(file.find("a").unwrap().unwrap().number, number);
            // As others read it.
            assert_eq!(
                safetensors::SafeTensors::deserialize(&bytes).unwrap().len(),
                2
            );
        }
    }

    #[test]
    fn what_does_not_fit_leaves_the_older_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w.safetensors");
        std::fs::write(&path, "older").unwrap();
        let mut large = |name: &str| -> Result<Vec<f32>, IoError> {
            Ok(values(name).into_iter().map(|it| it * 1e5).collect())
        };
        let error = save(&path, &layout(Number::F16), &mut large).unwrap_err();
        assert!(error.to_string().contains("65504"), "{error}");
        let mut few = |_: &str| -> Result<Vec<f32>, IoError> { Ok(vec![0.0]) };
        save(&path, &layout(Number::F32), &mut few).unwrap_err();
        assert_eq!(std::fs::read(&path).unwrap(), b"older");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}

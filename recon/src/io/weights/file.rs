//! A file with weights: what it holds is known at once, the numbers are read tensor by tensor, so
//! that a network larger than half the memory can still be loaded.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use safetensors::Dtype;
use safetensors::tensor::Metadata;

use super::super::bounded::read_exactly;
use super::super::{FormatError, IoError};
use super::torch::{self, Archive};
use super::{Number, Tensor, Tensors};

/// Where bytes come from.
pub(super) trait Source: Read + Seek {}

impl<T: Read + Seek> Source for T {}

pub(super) type Bytes<'a> = Box<dyn Source + 'a>;

/// A tensor that has not been read yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Lengths, outermost first.
    pub shape: Vec<usize>,
    /// What its numbers are.
    pub number: Number,
    pub(super) place: Place,
}

/// Where the numbers of a tensor lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// From a byte of the file on.
    At(u64),
    /// From a byte of a file inside a zip on.
    Inside(String, u64),
}

/// All tensors of floating-point numbers; an error where one is stored in a way that is not read.
pub(super) type Entries = BTreeMap<String, Result<Stored, FormatError>>;

/// An opened file with weights. Nested dictionaries give names with dots: `model.blocks.0.weight`.
pub struct WeightsFile<'a> {
    container: Container<'a>,
    entries: Entries,
    header: HashMap<String, String>,
}

enum Container<'a> {
    Plain(Bytes<'a>),
    Zip(Box<Archive<'a>>),
}

impl WeightsFile<'static> {
    /// Opens a `.safetensors` file, or what `torch.save` wrote.
    ///
    /// # Errors
    /// Naming the path, where it cannot be read or is neither.
    pub fn open(path: &Path) -> Result<Self, IoError> {
        let file = File::open(path).map_err(|it| IoError::system(path, it))?;
        Self::new(BufReader::new(file)).map_err(|it| IoError::format(path, it))
    }
}

impl<'a> WeightsFile<'a> {
    /// The same from anything that can be read and sought in.
    ///
    /// # Errors
    /// Where it is neither, or damaged.
    pub fn new(source: impl Read + Seek + 'a) -> Result<Self, FormatError> {
        let mut source: Bytes<'a> = Box::new(source);
        let len = source.seek(SeekFrom::End(0)).map_err(|it| failed(&it))?;
        let mut first = Vec::new();
        source.rewind().map_err(|it| failed(&it))?;
        let start = source.by_ref().take(9).read_to_end(&mut first);
        start.map_err(|it| failed(&it))?;
        source.rewind().map_err(|it| failed(&it))?;
        if first.starts_with(b"PK") {
            let (archive, entries) = Archive::open(source, len)?;
            let container = Container::Zip(Box::new(archive));
            return Ok(Self {
                container,
                entries,
                header: HashMap::new(),
            });
        }
        let (entries, header) = if first.first() == Some(&0x80) && first.get(8) != Some(&b'{') {
            (torch::older(&mut source, len)?, HashMap::new())
        } else {
            safetensors(&mut source, len)?
        };
        Ok(Self {
            container: Container::Plain(source),
            entries,
            header,
        })
    }

    /// The names of all tensors of floating-point numbers, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What is known of a tensor. `None` where there is none of this name.
    ///
    /// # Errors
    /// Where it is stored in a way that is not read.
    pub fn find(&self, name: &str) -> Option<Result<&Stored, &FormatError>> {
        self.entries.get(name).map(Result::as_ref)
    }

    /// Text that the header keeps under a name; only `.safetensors` files have such.
    pub fn header(&self, key: &str) -> Option<&str> {
        self.header.get(key).map(String::as_str)
    }

    /// Reads a tensor.
    ///
    /// # Errors
    /// Where there is none of this name, or it is damaged or stored in a way that is not read.
    pub fn read(&mut self, name: &str) -> Result<Tensor, FormatError> {
        let stored = match self.entries.get(name) {
            None => return Err(FormatError::Malformed(format!("no tensor {name}"))),
            Some(Err(it)) => return Err(FormatError::Unsupported(it.to_string())),
            Some(Ok(it)) => it,
        };
        // A shape is only listed once this product is known to fit.
        let bytes = stored.shape.iter().product::<usize>() * stored.number.num_bytes();
        let values = match (&mut self.container, &stored.place) {
            (Container::Plain(source), Place::At(start)) => {
                source
                    .seek(SeekFrom::Start(*start))
                    .map_err(|it| failed(&it))?;
                let source = source.take(bytes as u64);
                let bytes = read_exactly(source, bytes as u64, &format!("the tensor {name}"))?;
                stored.number.read(&bytes)
            }
            (Container::Zip(zip), Place::Inside(file, start)) => {
                let found = zip.file(file)?;
                let part = usize::try_from(*start).ok();
                let part = part.and_then(|it| found.get(it..)?.get(..bytes));
                let part = part.ok_or_else(|| FormatError::Truncated {
                    what: format!("the tensor {name}"),
                    needed: start.saturating_add(bytes as u64),
                    found: found.len() as u64,
                })?;
                stored.number.read(part)
            }
            _ => return Err(FormatError::Malformed(format!("{name} lies nowhere"))),
        };
        Ok(Tensor {
            shape: stored.shape.clone(),
            values,
        })
    }

    /// Reads all tensors whose names are wanted.
    ///
    /// # Errors
    /// Those of [`Self::read`].
    pub fn read_all(&mut self, wanted: &dyn Fn(&str) -> bool) -> Result<Tensors, FormatError> {
        let names: Vec<String> = self
            .names()
            .filter(|it| wanted(it))
            .map(str::to_owned)
            .collect();
        let tensors = names.into_iter().map(|name| {
            let tensor = self.read(&name)?;
            Ok((name, tensor))
        });
        tensors.collect()
    }
}

/// The tensors of a `.safetensors` file of `len` bytes, and its header's texts: 8 bytes of length,
/// so much JSON, then the numbers.
fn safetensors(
    source: &mut Bytes<'_>,
    len: u64,
) -> Result<(Entries, HashMap<String, String>), FormatError> {
    /// As much as the format's own library takes.
    const MAX_HEADER: u64 = 100_000_000;
    let unreadable = |cause: &dyn std::fmt::Display| {
        FormatError::Malformed(format!(
            "not a readable .safetensors or .pth file ({cause}). Copy or download it again"
        ))
    };
    let length = read_exactly(source.by_ref().take(8), 8, "the header's length");
    let length = length.map_err(|it| unreadable(&it))?;
    let length = length.first_chunk().map_or(0, |it| u64::from_le_bytes(*it));
    if MAX_HEADER < length || len - 8 < length {
        return Err(unreadable(&format!("its header claims {length} bytes")));
    }
    let header = read_exactly(source.take(length), length, "the header");
    let header = header.map_err(|it| unreadable(&it))?;
    let header: Metadata = serde_json::from_slice(&header).map_err(|it| unreadable(&it))?;
    let begin = 8 + length;
    let end = begin + header.data_len() as u64;
    if end != len {
        let cause = format!("{end} bytes are described, the file has {len}");
        return Err(unreadable(&cause));
    }
    let tensors = header.tensors().into_iter().filter_map(|(name, it)| {
        let number = match it.dtype {
            Dtype::F64 => Number::F64,
            Dtype::F32 => Number::F32,
            Dtype::F16 => Number::F16,
            Dtype::BF16 => Number::Bf16,
            _ => return None,
        };
        let stored = Stored {
            shape: it.shape.clone(),
            number,
            place: Place::At(begin + it.data_offsets.0 as u64),
        };
        Some((name, Ok(stored)))
    });
    let texts = header.metadata().clone().unwrap_or_default();
    Ok((tensors.collect(), texts))
}

pub(super) fn failed(cause: &std::io::Error) -> FormatError {
    FormatError::Malformed(format!("cannot be read ({cause}). Copy it again"))
}

//! What `torch.save` writes: since 1.6 a zip of a pickle and of files with the numbers, before
//! that five pickles in a row and then the numbers.

use std::collections::HashMap;
use std::io::{Read, Seek, SeekFrom};
use std::rc::Rc;

use zip::ZipArchive;

use super::super::bounded::read_exactly;
use super::file::{Bytes, Entries, Place, Stored, failed};
use super::pickle::{self, TensorRecord, Value};
use super::{FormatError, Number};

/// The pickles of the older form, which lie before the numbers, take no more bytes.
const MAX_PICKLES: u64 = 64 << 20;

/// The zip form.
pub(super) struct Archive<'a> {
    zip: ZipArchive<Bytes<'a>>,
    /// Of all names in it.
    folder: String,
    /// Bytes of the whole file.
    len: u64,
    /// What was unpacked last: tensors that share a storage often follow one another.
    last: Option<(String, Vec<u8>)>,
}

impl<'a> Archive<'a> {
    /// Opens a file of `len` bytes.
    pub(super) fn open(source: Bytes<'a>, len: u64) -> Result<(Self, Entries), FormatError> {
        let zip = ZipArchive::new(source).map_err(|it| unreadable(&it.to_string()))?;
        let list = zip
            .file_names()
            .filter_map(Result::ok)
            .find(|it| it.ends_with("/data.pkl"))
            .ok_or_else(|| {
                FormatError::Unsupported(
                    "a zip without data.pkl, so not one that torch.save wrote. Give a .pth or \
                     .safetensors file with weights again"
                        .to_owned(),
                )
            })?;
        let folder = list.trim_end_matches("data.pkl").to_owned();
        let mut archive = Self {
            zip,
            folder,
            len,
            last: None,
        };
        let (list, _) = pickle::read(archive.file("data.pkl")?)?;
        if archive
            .file("byteorder")
            .is_ok_and(|it| it.starts_with(b"big"))
        {
            return Err(big_endian());
        }
        let entries = records(&list).into_iter().filter_map(|(name, record)| {
            let number = number(&record.storage.kind)?;
            let found = locate(&name, &record, number).map(|(shape, start)| Stored {
                shape,
                number,
                place: Place::Inside(format!("data/{}", record.storage.key), start),
            });
            Some((name, found))
        });
        let entries = entries.collect();
        Ok((archive, entries))
    }

    /// A file inside.
    pub(super) fn file(&mut self, name: &str) -> Result<&[u8], FormatError> {
        let is_last = self.last.as_ref().is_some_and(|(last, _)| last == name);
        if !is_last {
            self.last = None; // before the next is there
            let file = self
                .zip
                .by_name(&format!("{}{name}", self.folder))
                .map_err(|it| unreadable(&format!("{name}: {it}")))?;
            let size = file.size();
            // Numbers are stored as they are; what claims to unpack to more was made to.
            if self.len < size {
                return Err(unreadable(&format!("{name} claims {size} bytes")));
            }
            self.last = Some((name.to_owned(), read_exactly(file, size, name)?));
        }
        Ok(self.last.as_ref().map_or(&[], |(_, bytes)| bytes))
    }
}

/// The tensors of the older form, in a file of `len` bytes: magic number, version, system, tensors,
/// keys of the storages in order; then each storage as its length (8 bytes) and its numbers.
pub(super) fn older(source: &mut Bytes<'_>, len: u64) -> Result<Entries, FormatError> {
    let mut bytes = Vec::new();
    let begin = source.by_ref().take(MAX_PICKLES).read_to_end(&mut bytes);
    begin.map_err(|it| failed(&it))?;
    let mut at = 0;
    let mut next = || -> Result<Value, FormatError> {
        let (value, len) = pickle::read(&bytes[at..])?;
        at += len;
        Ok(value)
    };
    let (_magic, version, _system) = (next()?, next()?, next()?);
    if !matches!(version, Value::Int(1001)) {
        return Err(unreadable("a pickle, but not one of torch.save"));
    }
    let (list, keys) = (next()?, next()?);
    let Value::Dict(keys, _) = keys else {
        return Err(unreadable("the list of storages is missing"));
    };
    let records = records(&list);
    let storages = storages(source, len, at as u64, &keys, &records)?;
    let entries = records.into_iter().filter_map(|(name, record)| {
        let number = number(&record.storage.kind)?;
        let found = locate(&name, &record, number).and_then(|(shape, start)| {
            let place = storages.get(&record.storage.key);
            let (first, held) =
                place.ok_or_else(|| unreadable(&format!("the numbers of {name} are missing")))?;
            let needed = (shape.iter().product::<usize>() * number.num_bytes()) as u64;
            if *held < start.saturating_add(needed) {
                return Err(FormatError::Truncated {
                    what: format!("the tensor {name}"),
                    needed,
                    found: *held,
                });
            }
            Ok(Stored {
                shape,
                number,
                place: Place::At(first + start),
            })
        });
        Some((name, found))
    });
    Ok(entries.collect())
}

/// Where each storage's numbers begin and how many bytes they take.
fn storages(
    source: &mut Bytes<'_>,
    len: u64,
    mut at: u64,
    keys: &[(Rc<str>, Value)],
    records: &[(String, Rc<TensorRecord>)],
) -> Result<HashMap<Rc<str>, (u64, u64)>, FormatError> {
    // The types of the storages are only known from the tensors.
    let kinds: HashMap<&str, &str> = records
        .iter()
        .map(|(_, it)| (&*it.storage.key, &*it.storage.kind))
        .collect();
    let mut storages = HashMap::new();
    for (_, key) in keys {
        let Value::Text(key) = key else {
            return Err(unreadable("the list of storages has no names"));
        };
        let kind = kinds.get(&**key).copied().unwrap_or_default();
        let size = num_bytes(kind).ok_or_else(|| {
            FormatError::Unsupported(format!(
                "numbers of the type {kind:?}, whose size is not known. Save the state_dict again \
                 with a newer PyTorch"
            ))
        })?;
        let truncated = |needed: u64| FormatError::Truncated {
            what: format!("the numbers of storage {key}"),
            needed,
            found: len,
        };
        let first = at.saturating_add(8);
        if len < first {
            return Err(truncated(first));
        }
        let mut count = [0; 8];
        let read = source.seek(SeekFrom::Start(at));
        let read = read.and_then(|_| source.read_exact(&mut count));
        read.map_err(|it| failed(&it))?;
        let held = u64::from_le_bytes(count).saturating_mul(size as u64);
        at = first.saturating_add(held);
        if len < at {
            return Err(truncated(at));
        }
        storages.insert(Rc::clone(key), (first, held));
    }
    Ok(storages)
}

/// The tensors of a dictionary, and of those inside of it, by their names with dots.
fn records(list: &Value) -> Vec<(String, Rc<TensorRecord>)> {
    fn add(prefix: &str, value: &Value, found: &mut Vec<(String, Rc<TensorRecord>)>) {
        match value {
            Value::Dict(entries, _) => {
                for (key, value) in entries {
                    let name = match prefix {
                        "" => key.to_string(),
                        _ => format!("{prefix}.{key}"),
                    };
                    add(&name, value, found);
                }
            }
            Value::Tensor(it) => found.push((prefix.to_owned(), Rc::clone(it))),
            _ => {}
        }
    }
    let mut found = Vec::new();
    add("", list, &mut found);
    found
}

/// The shape of a tensor, and how many bytes of its storage lie before it.
fn locate(
    name: &str,
    record: &TensorRecord,
    number: Number,
) -> Result<(Vec<usize>, u64), FormatError> {
    let impossible = || {
        unreadable(&format!(
            "{name} has the impossible shape {:?}",
            record.shape
        ))
    };
    let size = |it: &i64| usize::try_from(*it).map_err(|_| impossible());
    let shape: Vec<usize> = record.shape.iter().map(size).collect::<Result<_, _>>()?;
    let mut count = 1_usize;
    for (axis, &length) in shape.iter().enumerate().rev() {
        // The stride along an axis of one entry means nothing.
        let stride = record.strides.get(axis).copied();
        if length != 1 && stride != i64::try_from(count).ok() {
            return Err(FormatError::Unsupported(format!(
                "{name} is not stored row by row. Save it with .contiguous(), or as .safetensors, \
                 and open it again"
            )));
        }
        count = count.checked_mul(length).ok_or_else(impossible)?;
    }
    // Multiplied in any order, the bytes are to fit.
    let mut lengths = shape.iter().copied();
    let fits = lengths.try_fold(number.num_bytes(), usize::checked_mul);
    fits.ok_or_else(impossible)?;
    let start = size(&record.offset)?.checked_mul(number.num_bytes());
    Ok((shape, start.ok_or_else(impossible)? as u64))
}

/// How the numbers of a storage are read; `None` where they are not.
fn number(kind: &str) -> Option<Number> {
    Some(match kind {
        "DoubleStorage" => Number::F64,
        "FloatStorage" => Number::F32,
        "HalfStorage" => Number::F16,
        "BFloat16Storage" => Number::Bf16,
        _ => return None,
    })
}

/// Bytes of one number in a storage.
fn num_bytes(kind: &str) -> Option<usize> {
    Some(match kind {
        "LongStorage" => 8,
        "IntStorage" => 4,
        "ShortStorage" => 2,
        "CharStorage" | "ByteStorage" | "BoolStorage" => 1,
        _ => number(kind)?.num_bytes(),
    })
}

fn big_endian() -> FormatError {
    FormatError::Unsupported(
        "numbers with the most significant byte first. Save it again on an ordinary computer"
            .to_owned(),
    )
}

fn unreadable(cause: &str) -> FormatError {
    FormatError::Malformed(format!(
        "not a readable file of torch.save ({cause}). Copy or download it again"
    ))
}

//! What `torch.save` writes: since 1.6 a zip of a pickle and of files with the numbers, before
//! that five pickles in a row and then the numbers.

use std::collections::HashMap;
use std::io::Cursor;
use std::rc::Rc;

use zip::ZipArchive;

use super::super::bounded::read_exactly;
use super::pickle::{self, Storage, TensorRecord, Value};
use super::{FormatError, Number, Tensor, Tensors};

/// Reads the zip form.
pub(super) fn read_zip(
    bytes: &[u8],
    wanted: &dyn Fn(&str) -> bool,
) -> Result<Tensors, FormatError> {
    let mut zip = ZipArchive::new(Cursor::new(bytes)).map_err(|it| unreadable(&it.to_string()))?;
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
    let mut entry = |name: &str| -> Result<Vec<u8>, FormatError> {
        let file = zip
            .by_name(&format!("{folder}{name}"))
            .map_err(|it| unreadable(&format!("{name}: {it}")))?;
        let size = file.size();
        // Numbers are stored as they are; what claims to unpack to more was made to.
        if (bytes.len() as u64) < size {
            return Err(unreadable(&format!("{name} claims {size} bytes")));
        }
        read_exactly(file, size, name)
    };
    let (list, _) = pickle::read(&entry("data.pkl")?)?;
    if entry("byteorder").is_ok_and(|it| it.starts_with(b"big")) {
        return Err(big_endian());
    }
    let records = records(&list, wanted);
    let mut storages = HashMap::new();
    for (_, record) in &records {
        let key = &record.storage.key;
        if !storages.contains_key(key) && number(&record.storage.kind).is_some() {
            storages.insert(Rc::clone(key), entry(&format!("data/{key}"))?);
        }
    }
    tensors(records, |it| storages.get(&it.key).map(Vec::as_slice))
}

/// Reads the older form: magic number, version, system, tensors, keys of the storages in order;
/// then each storage as its length (8 bytes) and its numbers.
pub(super) fn read_older(
    bytes: &[u8],
    wanted: &dyn Fn(&str) -> bool,
) -> Result<Tensors, FormatError> {
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
    // The types of the storages are only known from the tensors, so all of them are looked at.
    let all = records(&list, &|_| true);
    let kinds: HashMap<&str, &Rc<Storage>> = all
        .iter()
        .map(|(_, it)| (&*it.storage.key, &it.storage))
        .collect();
    let mut storages = HashMap::new();
    for (_, key) in &keys {
        let Value::Text(key) = key else {
            return Err(unreadable("the list of storages has no names"));
        };
        let kind = kinds.get(&**key).map_or("", |it| &it.kind);
        let size = num_bytes(kind).ok_or_else(|| {
            FormatError::Unsupported(format!(
                "numbers of the type {kind:?}, whose size is not known. Save the state_dict again \
                 with a newer PyTorch"
            ))
        })?;
        let truncated = |needed: u64| FormatError::Truncated {
            what: format!("the numbers of storage {key}"),
            needed,
            found: bytes.len() as u64,
        };
        let rest = &bytes[at..];
        let (len, rest) = rest
            .split_first_chunk::<8>()
            .ok_or_else(|| truncated(at as u64 + 8))?;
        let needed = u64::from_le_bytes(*len).saturating_mul(size as u64);
        let numbers = usize::try_from(needed).ok().and_then(|it| rest.get(..it));
        let numbers = numbers.ok_or_else(|| truncated(needed.saturating_add(at as u64 + 8)))?;
        at += 8 + numbers.len();
        storages.insert(Rc::clone(key), numbers);
    }
    let records = all.into_iter().filter(|(name, _)| wanted(name)).collect();
    tensors(records, |it| storages.get(&it.key).copied())
}

/// The wanted tensors of a dictionary, and of those inside of it, by their names with dots.
fn records(list: &Value, wanted: &dyn Fn(&str) -> bool) -> Vec<(String, Rc<TensorRecord>)> {
    fn add(
        prefix: &str,
        value: &Value,
        wanted: &dyn Fn(&str) -> bool,
        found: &mut Vec<(String, Rc<TensorRecord>)>,
    ) {
        match value {
            Value::Dict(entries, _) => {
                for (key, value) in entries {
                    let name = match prefix {
                        "" => key.to_string(),
                        _ => format!("{prefix}.{key}"),
                    };
                    add(&name, value, wanted, found);
                }
            }
            Value::Tensor(it) if wanted(prefix) => found.push((prefix.to_owned(), Rc::clone(it))),
            _ => {}
        }
    }
    let mut found = Vec::new();
    add("", list, wanted, &mut found);
    found
}

/// Cuts the tensors out of their storages.
fn tensors<'a>(
    records: Vec<(String, Rc<TensorRecord>)>,
    storage: impl Fn(&Storage) -> Option<&'a [u8]>,
) -> Result<Tensors, FormatError> {
    let mut tensors = Tensors::new();
    for (name, record) in records {
        let Some(number) = number(&record.storage.kind) else {
            continue;
        };
        let bytes = storage(&record.storage)
            .ok_or_else(|| unreadable(&format!("the numbers of {name} are missing")))?;
        tensors.insert(name.clone(), cut(&name, &record, number, bytes)?);
    }
    Ok(tensors)
}

fn cut(
    name: &str,
    record: &TensorRecord,
    number: Number,
    bytes: &[u8],
) -> Result<Tensor, FormatError> {
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
    let start = size(&record.offset)?.checked_mul(number.num_bytes());
    let len = count.checked_mul(number.num_bytes());
    let values = start
        .zip(len)
        .and_then(|(start, len)| bytes.get(start..)?.get(..len));
    let values = values.ok_or_else(|| FormatError::Truncated {
        what: format!("the tensor {name}"),
        needed: len.map_or(u64::MAX, |it| it as u64),
        found: bytes.len() as u64,
    })?;
    Ok(Tensor {
        shape,
        values: number.read(values),
    })
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

//! As much of Python's pickle format as describes tensors. Nothing is called, nothing imported.
//!
//! A pickle is a program for a stack machine. Its values are dictionaries, numbers and names here;
//! what it would have Python call becomes a [`Value::Tensor`] where it rebuilds one, and
//! [`Value::Other`] where not.

use std::collections::HashMap;
use std::rc::Rc;

use super::FormatError;

/// No dictionary of tensors is nested deeper.
const MAX_DEPTH: u8 = 16;

/// No dictionary of tensors takes more instructions (about 40 for each tensor). Each may leave one
/// value in the memory.
const MAX_STEPS: usize = 4_000_000;

/// What a pickle describes.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// Passed over.
    Other,
    Mark,
    Int(i64),
    Text(Rc<str>),
    /// Something that Python would import: `torch.FloatStorage`.
    Global(Rc<str>),
    Tuple(Rc<[Value]>, u8),
    /// Also a list, whose entries have no name.
    Dict(Vec<(Rc<str>, Value)>, u8),
    Storage(Rc<Storage>),
    Tensor(Rc<TensorRecord>),
}

/// Bytes that lie elsewhere in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Storage {
    /// The type's name: `FloatStorage`.
    pub(super) kind: Rc<str>,
    /// Under which the bytes are found.
    pub(super) key: Rc<str>,
    /// How many numbers.
    pub(super) len: i64,
}

/// A window onto a storage.
#[derive(Clone, Debug)]
pub(super) struct TensorRecord {
    pub(super) storage: Rc<Storage>,
    /// Index of the first number in the storage.
    pub(super) offset: i64,
    pub(super) shape: Vec<i64>,
    /// Numbers from one entry to the next, along each axis.
    pub(super) strides: Vec<i64>,
}

impl Value {
    fn depth(&self) -> u8 {
        match self {
            Self::Tuple(_, depth) | Self::Dict(_, depth) => *depth,
            _ => 0,
        }
    }
}

/// Runs the pickle at the beginning of `bytes`; also gives how many bytes it takes.
pub(super) fn read(bytes: &[u8]) -> Result<(Value, usize), FormatError> {
    let mut machine = Machine {
        bytes,
        at: 0,
        stack: Vec::new(),
        memo: HashMap::new(),
    };
    for _ in 0..MAX_STEPS {
        if machine.step()? {
            let value = machine.pop()?;
            return Ok((value, machine.at));
        }
    }
    Err(damaged("goes on and on"))
}

struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    stack: Vec<Value>,
    memo: HashMap<usize, Value>,
}

impl Machine<'_> {
    /// One instruction; whether it was the last.
    fn step(&mut self) -> Result<bool, FormatError> {
        let [code] = self.take()?;
        match code {
            b'.' => return Ok(true),
            0x80 => drop(self.take::<1>()?), // PROTO
            0x95 => drop(self.take::<8>()?), // FRAME
            b'(' => self.stack.push(Value::Mark),
            // POP, and BUILD, which gives an object its state: metadata
            b'0' | b'b' => drop(self.pop()?),
            b'N' | 0x88 | 0x89 => self.stack.push(Value::Other), // None, True, False
            b'}' | b']' => self.stack.push(Value::Dict(Vec::new(), 1)),
            b')' => self.stack.push(Value::Tuple(Rc::new([]), 1)),
            b'J' | b'K' | b'M' | 0x8a => {
                let value = self.integer(code)?;
                self.stack.push(value);
            }
            b'G' => {
                self.take::<8>()?;
                self.stack.push(Value::Other);
            }
            b'X' | b'U' | b'T' | 0x8c | b'B' | b'C' => {
                let value = self.text(code)?;
                self.stack.push(value);
            }
            b'c' => {
                let global = [self.line()?, self.line()?].join(".");
                self.stack.push(Value::Global(global.into()));
            }
            0x93 => self.stack_global()?,
            b'q' | b'r' | 0x94 => self.put(code)?,
            b'h' | b'j' => self.get(code)?,
            b't' | 0x85 | 0x86 | 0x87 => self.tuple(code)?,
            b's' | b'u' => self.set_items(code)?,
            b'a' | b'e' => self.append(code)?,
            b'R' | 0x81 => self.call()?,
            b'Q' => self.persistent()?,
            _ => {
                return Err(FormatError::Unsupported(format!(
                    "the pickle has the instruction {code:#04x} at byte {}, which dictionaries of \
                     tensors do without. Save the state_dict alone, or as .safetensors, and open \
                     that",
                    self.at - 1
                )));
            }
        }
        Ok(false)
    }

    fn integer(&mut self, code: u8) -> Result<Value, FormatError> {
        Ok(match code {
            b'J' => Value::Int(i64::from(i32::from_le_bytes(self.take()?))),
            b'K' => Value::Int(i64::from(u8::from_le_bytes(self.take()?))),
            b'M' => Value::Int(i64::from(u16::from_le_bytes(self.take()?))),
            _ => {
                let [len] = self.take()?;
                let bytes = self.slice(usize::from(len))?;
                // Larger ones are magic numbers and hashes, which nobody asks for.
                if 8 < bytes.len() {
                    return Ok(Value::Other);
                }
                let sign = bytes.last().is_some_and(|it| 0x80 <= *it);
                let mut wide = [if sign { 0xff } else { 0 }; 8];
                wide[..bytes.len()].copy_from_slice(bytes);
                Value::Int(i64::from_le_bytes(wide))
            }
        })
    }

    fn text(&mut self, code: u8) -> Result<Value, FormatError> {
        let len = match code {
            b'U' | 0x8c | b'C' => usize::from(u8::from_le_bytes(self.take()?)),
            _ => u32::from_le_bytes(self.take()?) as usize,
        };
        let bytes = self.slice(len)?;
        let text = str::from_utf8(bytes).map(|it| Value::Text(it.into()));
        Ok(text.unwrap_or(Value::Other))
    }

    fn stack_global(&mut self) -> Result<(), FormatError> {
        let global = match (self.pop()?, self.pop()?) {
            (Value::Text(name), Value::Text(module)) => {
                Value::Global(format!("{module}.{name}").into())
            }
            _ => Value::Other,
        };
        self.stack.push(global);
        Ok(())
    }

    /// Remembers the value on top. A dictionary is still empty then and may be changed later, so
    /// it is not remembered; state dictionaries do not refer to theirs again.
    fn put(&mut self, code: u8) -> Result<(), FormatError> {
        let index = match code {
            b'q' => usize::from(u8::from_le_bytes(self.take()?)),
            b'r' => u32::from_le_bytes(self.take()?) as usize,
            _ => self.memo.len(),
        };
        let value = match self.stack.last() {
            None => return Err(damaged("remembers a value that is not there")),
            Some(Value::Dict(..)) => Value::Other,
            Some(it) => it.clone(),
        };
        self.memo.insert(index, value);
        Ok(())
    }

    fn get(&mut self, code: u8) -> Result<(), FormatError> {
        let index = match code {
            b'h' => usize::from(u8::from_le_bytes(self.take()?)),
            _ => u32::from_le_bytes(self.take()?) as usize,
        };
        let value = self.memo.get(&index).cloned();
        let value = value.ok_or_else(|| damaged("recalls a value that was never remembered"))?;
        self.stack.push(value);
        Ok(())
    }

    fn tuple(&mut self, code: u8) -> Result<(), FormatError> {
        let values = if code == b't' {
            self.pop_to_mark()?
        } else {
            let count = usize::from(code - 0x84);
            let from = self.stack.len().checked_sub(count);
            let from = from.ok_or_else(|| damaged("takes more values than there are"))?;
            self.stack.split_off(from)
        };
        let depth = deeper(values.iter().map(Value::depth).max())?;
        self.stack.push(Value::Tuple(values.into(), depth));
        Ok(())
    }

    fn set_items(&mut self, code: u8) -> Result<(), FormatError> {
        let mut items = match code {
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                vec![key, value]
            }
            _ => self.pop_to_mark()?,
        };
        let new_depth = deeper(items.iter().map(Value::depth).max())?;
        let Some(Value::Dict(entries, depth)) = self.stack.last_mut() else {
            // An object's own way of taking items.
            return Ok(());
        };
        *depth = new_depth.max(*depth);
        for pair in items.chunks_exact_mut(2) {
            if let [Value::Text(key), value] = pair {
                let value = std::mem::replace(value, Value::Other);
                entries.push((Rc::clone(key), value));
            }
        }
        Ok(())
    }

    fn append(&mut self, code: u8) -> Result<(), FormatError> {
        let items = match code {
            b'a' => vec![self.pop()?],
            _ => self.pop_to_mark()?,
        };
        let new_depth = deeper(items.iter().map(Value::depth).max())?;
        if let Some(Value::Dict(entries, depth)) = self.stack.last_mut() {
            *depth = new_depth.max(*depth);
            entries.extend(items.into_iter().map(|it| (Rc::from(""), it)));
        }
        Ok(())
    }

    /// `f(*args)`: a tensor where `f` rebuilds one, an empty dictionary where it is an ordered one.
    fn call(&mut self) -> Result<(), FormatError> {
        let (arguments, function) = (self.pop()?, self.pop()?);
        let Value::Tuple(arguments, _) = arguments else {
            return Err(damaged("calls something without a tuple of arguments"));
        };
        let name = match &function {
            Value::Global(name) => name,
            _ => "",
        };
        self.stack.push(match (name, &arguments[..]) {
            ("collections.OrderedDict", []) => Value::Dict(Vec::new(), 1),
            ("collections.OrderedDict", [Value::Dict(pairs, _)]) => Value::Dict(tensors(pairs), 1),
            ("torch._utils._rebuild_parameter", [Value::Tensor(tensor), ..]) => {
                Value::Tensor(Rc::clone(tensor))
            }
            (
                "torch._utils._rebuild_tensor_v2" | "torch._utils._rebuild_tensor",
                [
                    Value::Storage(storage),
                    Value::Int(offset),
                    Value::Tuple(shape, _),
                    Value::Tuple(strides, _),
                    ..,
                ],
            ) => Value::Tensor(Rc::new(TensorRecord {
                storage: Rc::clone(storage),
                offset: *offset,
                shape: integers(shape)?,
                strides: integers(strides)?,
            })),
            _ => Value::Other,
        });
        Ok(())
    }

    /// A storage, as `('storage', type, key, device, length, …)`.
    fn persistent(&mut self) -> Result<(), FormatError> {
        let value = match self.pop()? {
            Value::Tuple(it, _) => match &it[..] {
                [
                    Value::Text(tag),
                    Value::Global(kind),
                    Value::Text(key),
                    _,
                    Value::Int(len),
                    ..,
                ] if **tag == *"storage" => {
                    let kind = kind.rsplit('.').next().unwrap_or_default();
                    Value::Storage(Rc::new(Storage {
                        kind: kind.into(),
                        key: Rc::clone(key),
                        len: *len,
                    }))
                }
                _ => Value::Other,
            },
            _ => Value::Other,
        };
        self.stack.push(value);
        Ok(())
    }

    fn pop(&mut self) -> Result<Value, FormatError> {
        let value = self.stack.pop();
        value.ok_or_else(|| damaged("takes a value from an empty stack"))
    }

    fn pop_to_mark(&mut self) -> Result<Vec<Value>, FormatError> {
        let mark = self.stack.iter().rposition(|it| matches!(it, Value::Mark));
        let mark = mark.ok_or_else(|| damaged("ends a list that was never begun"))?;
        let values = self.stack.split_off(mark + 1);
        self.stack.pop();
        Ok(values)
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], FormatError> {
        let chunk = self.bytes[self.at..].first_chunk::<N>().copied();
        let chunk = chunk.ok_or_else(|| self.truncated(N))?;
        self.at += N;
        Ok(chunk)
    }

    fn slice(&mut self, len: usize) -> Result<&[u8], FormatError> {
        let error = self.truncated(len);
        let slice = self.bytes[self.at..].get(..len).ok_or(error)?;
        self.at += len;
        Ok(slice)
    }

    /// Text up to the end of the line.
    fn line(&mut self) -> Result<String, FormatError> {
        let rest = &self.bytes[self.at..];
        let len = rest.iter().position(|it| *it == b'\n');
        let len = len.ok_or_else(|| self.truncated(rest.len() + 1))?;
        let line = String::from_utf8_lossy(&rest[..len]).into_owned();
        self.at += len + 1;
        Ok(line)
    }

    fn truncated(&self, len: usize) -> FormatError {
        FormatError::Truncated {
            what: "the list of tensors".to_owned(),
            needed: (self.at as u64).saturating_add(len as u64),
            found: self.bytes.len() as u64,
        }
    }
}

/// The tensors of an ordered dictionary as Python 2 pickled it: a list of lists of name and value.
fn tensors(pairs: &[(Rc<str>, Value)]) -> Vec<(Rc<str>, Value)> {
    let entry = |(_, pair): &(Rc<str>, Value)| match pair {
        Value::Dict(it, _) => match &it[..] {
            [(_, Value::Text(name)), (_, Value::Tensor(tensor))] => {
                Some((Rc::clone(name), Value::Tensor(Rc::clone(tensor))))
            }
            _ => None,
        },
        _ => None,
    };
    pairs.iter().filter_map(entry).collect()
}

/// One level above the deepest of what is inside.
fn deeper(inside: Option<u8>) -> Result<u8, FormatError> {
    let depth = inside.unwrap_or(0) + 1;
    if MAX_DEPTH < depth {
        return Err(damaged("is nested too deeply"));
    }
    Ok(depth)
}

fn integers(values: &[Value]) -> Result<Vec<i64>, FormatError> {
    let integer = |it: &Value| match it {
        Value::Int(it) => Ok(*it),
        _ => Err(damaged(
            "gives a tensor a shape that is not made of numbers",
        )),
    };
    values.iter().map(integer).collect()
}

fn damaged(what: &str) -> FormatError {
    FormatError::Malformed(format!(
        "the pickle {what}. The file is damaged; copy or download it again"
    ))
}

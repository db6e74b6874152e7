//! Walks over rows whose length is only known by reading them: text, and rows with lists.

use crate::io::FormatError;

use super::header::excerpt;
use super::layout::{Element, Encoding, Kind, Scalar};

/// A place in the body of a PLY file.
pub(in crate::io) struct Walker<'a> {
    bytes: &'a [u8],
    encoding: Encoding,
    /// Offset of the next byte.
    pub(in crate::io) at: usize,
    /// Offset of the end of the line of text being read.
    line_end: usize,
}

impl<'a> Walker<'a> {
    /// Starts at offset `at` of the file.
    pub(in crate::io) fn new(bytes: &'a [u8], encoding: Encoding, at: usize) -> Self {
        Self {
            bytes,
            encoding,
            at,
            line_end: at,
        }
    }

    /// The rows that `element` claims fit into what is left of the file. This comes before any
    /// allocation and any loop over the rows.
    pub(in crate::io) fn check_claim(&self, element: &Element) -> Result<(), FormatError> {
        let least = u128::from(element.min_row_bytes(self.encoding)) * u128::from(element.count);
        // The last number of a text needs no separator.
        let spare = u128::from(self.encoding == Encoding::Ascii);
        let left = (self.bytes.len() - self.at) as u128;
        if least <= left + spare {
            return Ok(());
        }
        Err(FormatError::Truncated {
            what: format!(
                "a header of {} bytes with {} rows of `{}`",
                self.at, element.count, element.name
            ),
            needed: u64::try_from(least + self.at as u128).unwrap_or(u64::MAX),
            found: self.bytes.len() as u64,
        })
    }

    /// Goes past all rows of `element`.
    pub(in crate::io) fn skip(&mut self, element: &Element) -> Result<(), FormatError> {
        self.check_claim(element)?;
        if element.properties.is_empty() {
            return Ok(());
        }
        if let (Encoding::LittleEndian | Encoding::BigEndian, Some(offsets)) =
            (self.encoding, element.offsets())
        {
            let stride = offsets.last().copied().unwrap_or(0);
            self.at += stride * element.count as usize; // fits: the claim was checked
            return Ok(());
        }
        let slots = vec![None; element.properties.len()];
        for row in 0..element.count {
            self.read_row(element, row, &slots, &mut [])?;
        }
        Ok(())
    }

    /// Reads one row; property `i` goes to entry `slots[i]` of `record`, if any.
    pub(super) fn read_row(
        &mut self,
        element: &Element,
        row: u64,
        slots: &[Option<usize>],
        record: &mut [f32],
    ) -> Result<(), FormatError> {
        self.visit_row(element, row, slots, &mut |slot, value| {
            record[slot] = value as f32;
        })
    }

    /// Reads one row; property `i` is handed over as `slots[i]`, if any.
    pub(in crate::io) fn visit_row(
        &mut self,
        element: &Element,
        row: u64,
        slots: &[Option<usize>],
        store: &mut dyn FnMut(usize, f64),
    ) -> Result<(), FormatError> {
        if self.encoding == Encoding::Ascii {
            self.begin_line();
        }
        for (property, slot) in element.properties.iter().zip(slots) {
            let place = |what: &str| {
                let (element, name) = (excerpt(&element.name), excerpt(&property.name));
                format!("row {row} of {element}, property {name} {what}")
            };
            match property.kind {
                Kind::Scalar(scalar) => {
                    let value = self.number(scalar, slot.is_some(), &place)?;
                    if let Some(slot) = *slot {
                        store(slot, value);
                    }
                }
                Kind::List { length, item } => {
                    let items = self.number(length, true, &place)?;
                    if items < 0.0 || items.fract() != 0.0 || !items.is_finite() {
                        let cause = place(&format!("is a list of {items} items"));
                        return Err(FormatError::Malformed(cause));
                    }
                    self.skip_items(items as u64, item, &place)?;
                }
            }
        }
        if self.encoding == Encoding::Ascii {
            self.end_line(element, row)?;
        }
        Ok(())
    }

    /// Goes to the first number of the next line that is not blank.
    fn begin_line(&mut self) {
        let rest = &self.bytes[self.at..];
        let blank = rest.iter().take_while(|it| it.is_ascii_whitespace());
        self.at += blank.count();
        let rest = &self.bytes[self.at..];
        let length = rest.iter().position(|it| *it == b'\n');
        self.line_end = self.at + length.unwrap_or(rest.len());
    }

    /// A row is a line: numbers that are left over show that header and body disagree.
    fn end_line(&mut self, element: &Element, row: u64) -> Result<(), FormatError> {
        let left = &self.bytes[self.at..self.line_end];
        if !left.iter().all(u8::is_ascii_whitespace) {
            let cause = format!(
                "row {row} of {} has more numbers than the header names",
                excerpt(&element.name)
            );
            return Err(FormatError::Malformed(cause));
        }
        self.at = self.line_end;
        Ok(())
    }

    fn skip_items(
        &mut self,
        items: u64,
        item: Scalar,
        place: &impl Fn(&str) -> String,
    ) -> Result<(), FormatError> {
        if self.encoding == Encoding::Ascii {
            for _ in 0..items {
                self.word(place)?;
            }
            return Ok(());
        }
        let bytes = u128::from(items) * item.size() as u128;
        if ((self.bytes.len() - self.at) as u128) < bytes {
            return Err(self.truncated(place));
        }
        self.at += bytes as usize;
        Ok(())
    }

    /// The next number; of a text that is not `wanted` only its place is read.
    fn number(
        &mut self,
        scalar: Scalar,
        wanted: bool,
        place: &impl Fn(&str) -> String,
    ) -> Result<f64, FormatError> {
        if self.encoding != Encoding::Ascii {
            let value = scalar.read(&self.bytes[self.at..], self.encoding);
            let value = value.ok_or_else(|| self.truncated(place))?;
            self.at += scalar.size();
            return Ok(value);
        }
        let word = self.word(place)?;
        if !wanted {
            return Ok(0.0);
        }
        let number = str::from_utf8(word).ok().and_then(|it| {
            // Straight to f32 where the file holds one: by way of f64 it would be rounded twice.
            if scalar == Scalar::F32 {
                it.parse::<f32>().ok().map(f64::from)
            } else {
                it.parse::<f64>().ok()
            }
        });
        number.ok_or_else(|| {
            let word = excerpt(&String::from_utf8_lossy(word));
            FormatError::Malformed(place(&format!("is no number: {word}")))
        })
    }

    /// The next word of the line.
    fn word(&mut self, place: &impl Fn(&str) -> String) -> Result<&'a [u8], FormatError> {
        let rest = &self.bytes[self.at..self.line_end];
        let Some(start) = rest.iter().position(|it| !it.is_ascii_whitespace()) else {
            if self.line_end == self.bytes.len() {
                return Err(self.truncated(place));
            }
            let cause = place("is missing: the line has too few numbers");
            return Err(FormatError::Malformed(cause));
        };
        let rest = &rest[start..];
        let end = rest
            .iter()
            .position(u8::is_ascii_whitespace)
            .unwrap_or(rest.len());
        self.at += start + end;
        Ok(&rest[..end])
    }

    fn truncated(&self, place: &impl Fn(&str) -> String) -> FormatError {
        FormatError::Truncated {
            what: place("(and all before it)"),
            needed: self.bytes.len() as u64 + 1,
            found: self.bytes.len() as u64,
        }
    }
}

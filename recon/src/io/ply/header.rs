//! Reads the header of a PLY file.

use std::collections::HashSet;

use crate::io::FormatError;

use super::layout::{Element, Encoding, Header, Kind, OBJ_INFO, Property, Scalar};

/// No header line of a real file comes near this; a binary file without line ends does.
const MAX_LINE_BYTES: usize = 1 << 16;

/// Reads the header at the front of `bytes`.
pub(in crate::io) fn parse(bytes: &[u8]) -> Result<Header, FormatError> {
    let mut lines = Lines::of(bytes);
    if lines.next_line()? != b"ply" {
        let cause = "not a PLY file: its first line is not `ply`";
        return Err(FormatError::Malformed(cause.to_owned()));
    }
    let mut encoding = None;
    let mut elements: Vec<Element> = Vec::new();
    let mut names = HashSet::new();
    let mut comments = Vec::new();
    loop {
        let line = lines.next_line()?;
        // A comment may be in any encoding; everything else is ASCII.
        if let Some(comment) = comment(line) {
            comments.push(comment);
            continue;
        }
        let text = str::from_utf8(line).map_err(|_| lines.error("is not text"))?;
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        match *words.as_slice() {
            [] => {}
            ["end_header"] => break,
            ["format", name, version] => encoding = Some(format(name, version, &lines)?),
            ["element", name, count] => {
                names.clear();
                elements.push(element(name, count, &lines)?);
            }
            ["property", ref words @ ..] => {
                let Some(element) = elements.last_mut() else {
                    return Err(lines.error("has a property before any element"));
                };
                let property = property(words, &lines)?;
                if !names.insert(property.name.clone()) {
                    let name = &property.name;
                    return Err(lines.error(&format!("repeats the property `{name}`")));
                }
                element.properties.push(property);
            }
            _ => return Err(lines.error(&format!("is not understood: {}", excerpt(text)))),
        }
    }
    let Some(encoding) = encoding else {
        let cause = "PLY header without a `format` line";
        return Err(FormatError::Malformed(cause.to_owned()));
    };
    Ok(Header {
        encoding,
        elements,
        comments,
        body: lines.at,
    })
}

fn comment(line: &[u8]) -> Option<String> {
    if line.starts_with(OBJ_INFO.as_bytes()) {
        return Some(String::from_utf8_lossy(line).into_owned());
    }
    let text = line.strip_prefix(b"comment")?;
    let text = match text {
        [] => text,
        [b' ' | b'\t', rest @ ..] => rest,
        _ => return None,
    };
    Some(String::from_utf8_lossy(text).into_owned())
}

fn format(name: &str, version: &str, lines: &Lines) -> Result<Encoding, FormatError> {
    if version != "1.0" {
        return Err(lines.error(&format!(
            "names PLY version {}; only 1.0 is known",
            excerpt(version)
        )));
    }
    [Encoding::Ascii, Encoding::LittleEndian, Encoding::BigEndian]
        .into_iter()
        .find(|it| it.name() == name)
        .ok_or_else(|| lines.error(&format!("names an unknown format, {}", excerpt(name))))
}

fn element(name: &str, count: &str, lines: &Lines) -> Result<Element, FormatError> {
    let count = count.parse().map_err(|_| {
        let (name, count) = (excerpt(name), excerpt(count));
        lines.error(&format!("gives element {name} a count of {count}"))
    })?;
    Ok(Element {
        name: name.to_owned(),
        count,
        properties: Vec::new(),
    })
}

fn property(words: &[&str], lines: &Lines) -> Result<Property, FormatError> {
    let scalar = |word: &str| {
        Scalar::parse(word)
            .ok_or_else(|| lines.error(&format!("names an unknown type, {}", excerpt(word))))
    };
    let (kind, name) = match *words {
        ["list", length, item, name] => {
            let (length, item) = (scalar(length)?, scalar(item)?);
            (Kind::List { length, item }, name)
        }
        [kind, name] => (Kind::Scalar(scalar(kind)?), name),
        _ => return Err(lines.error("is no `property <type> <name>`")),
    };
    Ok(Property {
        name: name.to_owned(),
        kind,
    })
}

/// At most some forty characters of what a file says, quoted, safe to print.
pub(in crate::io) fn excerpt(text: &str) -> String {
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    format!("`{}`", short.escape_debug())
}

/// The lines of a header, ended by LF or CR LF.
struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    number: usize,
}

impl<'a> Lines<'a> {
    fn of(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            number: 0,
        }
    }

    fn next_line(&mut self) -> Result<&'a [u8], FormatError> {
        self.number += 1;
        let rest = &self.bytes[self.at..];
        let window = &rest[..rest.len().min(MAX_LINE_BYTES)];
        let (line, used) = match window.iter().position(|it| *it == b'\n') {
            Some(end) => (&window[..end], end + 1),
            None if window == b"end_header" => (window, window.len()),
            None if window.len() == MAX_LINE_BYTES => {
                return Err(self.error("is longer than 64 KiB: this is no PLY header"));
            }
            None => {
                let cause = format!(
                    "the PLY header stops in line {} without `end_header`: \
                     the file is cut off. Copy or export it again",
                    self.number
                );
                return Err(FormatError::Malformed(cause));
            }
        };
        self.at += used;
        Ok(line.strip_suffix(b"\r").unwrap_or(line))
    }

    fn error(&self, what: &str) -> FormatError {
        FormatError::Malformed(format!("line {} of the PLY header {what}", self.number))
    }
}

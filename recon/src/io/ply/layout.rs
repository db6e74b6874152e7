//! What a PLY header says about the body: elements, their properties, and how these are stored.

use std::fmt;

/// Begins a header line, and the comment that stands for it.
pub(super) const OBJ_INFO: &str = "obj_info";

/// How the body is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::io) enum Encoding {
    /// Numbers as text, separated by white space.
    Ascii,
    /// Packed, least significant byte first.
    LittleEndian,
    /// Packed, most significant byte first.
    BigEndian,
}

impl Encoding {
    /// The word of the `format` line.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ascii => "ascii",
            Self::LittleEndian => "binary_little_endian",
            Self::BigEndian => "binary_big_endian",
        }
    }
}

/// The type of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::io) enum Scalar {
    I8,
    U8,
    I16,
    U16,
    I32,
    U32,
    F32,
    F64,
}

impl Scalar {
    pub(super) fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "char" | "int8" => Self::I8,
            "uchar" | "uint8" => Self::U8,
            "short" | "int16" => Self::I16,
            "ushort" | "uint16" => Self::U16,
            "int" | "int32" => Self::I32,
            "uint" | "uint32" => Self::U32,
            "float" | "float32" => Self::F32,
            "double" | "float64" => Self::F64,
            _ => return None,
        })
    }

    /// The word for it that every reader knows.
    pub(in crate::io) fn name(self) -> &'static str {
        match self {
            Self::I8 => "char",
            Self::U8 => "uchar",
            Self::I16 => "short",
            Self::U16 => "ushort",
            Self::I32 => "int",
            Self::U32 => "uint",
            Self::F32 => "float",
            Self::F64 => "double",
        }
    }

    /// Bytes it takes in a binary body.
    pub(in crate::io) fn size(self) -> usize {
        match self {
            Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    /// The number at the front of `bytes`; `None` where they are too few.
    pub(in crate::io) fn read(self, bytes: &[u8], encoding: Encoding) -> Option<f64> {
        macro_rules! number {
            ($type:ty) => {{
                let bytes = *bytes.first_chunk()?;
                f64::from(match encoding {
                    Encoding::BigEndian => <$type>::from_be_bytes(bytes),
                    Encoding::LittleEndian | Encoding::Ascii => <$type>::from_le_bytes(bytes),
                })
            }};
        }
        Some(match self {
            Self::I8 => number!(i8),
            Self::U8 => number!(u8),
            Self::I16 => number!(i16),
            Self::U16 => number!(u16),
            Self::I32 => number!(i32),
            Self::U32 => number!(u32),
            Self::F32 => number!(f32),
            Self::F64 => number!(f64),
        })
    }
}

/// One number, or a list of them with its length in front.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::io) enum Kind {
    Scalar(Scalar),
    List { length: Scalar, item: Scalar },
}

/// A named column of an element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::io) struct Property {
    pub(in crate::io) name: String,
    pub(in crate::io) kind: Kind,
}

/// A table: so many rows of these properties. The count is what the header claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::io) struct Element {
    pub(in crate::io) name: String,
    pub(in crate::io) count: u64,
    pub(in crate::io) properties: Vec<Property>,
}

impl Element {
    /// A table of `count` rows whose properties, called `names`, are all of one type.
    pub(in crate::io) fn uniform(
        name: &str,
        count: usize,
        scalar: Scalar,
        names: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        let property = |name: String| Property {
            name,
            kind: Kind::Scalar(scalar),
        };
        Self {
            name: name.to_owned(),
            count: count as u64,
            properties: names.into_iter().map(|it| property(it.into())).collect(),
        }
    }

    /// Index of the property called `name`.
    pub(in crate::io) fn find(&self, name: &str) -> Option<usize> {
        self.properties.iter().position(|it| it.name == name)
    }

    /// Byte offset of each property in a row and, last, the bytes of a row; `None` where a list
    /// makes the rows differ in length.
    pub(in crate::io) fn offsets(&self) -> Option<Vec<usize>> {
        let mut offsets = Vec::with_capacity(self.properties.len() + 1);
        let mut at = 0;
        for property in &self.properties {
            let Kind::Scalar(scalar) = property.kind else {
                return None;
            };
            offsets.push(at);
            at += scalar.size();
        }
        offsets.push(at);
        Some(offsets)
    }

    /// The least that a row can take in a body of this encoding, bytes.
    pub(in crate::io) fn min_row_bytes(&self, encoding: Encoding) -> u64 {
        let bytes = |it: &Property| match (encoding, it.kind) {
            (Encoding::Ascii, _) => 2, // a digit and a separator
            (_, Kind::Scalar(scalar) | Kind::List { length: scalar, .. }) => scalar.size() as u64,
        };
        self.properties.iter().map(bytes).sum()
    }
}

/// What stands before the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::io) struct Header {
    pub(in crate::io) encoding: Encoding,
    pub(in crate::io) elements: Vec<Element>,
    /// The text of `comment` lines; `obj_info` lines keep that word in front.
    pub(in crate::io) comments: Vec<String>,
    /// Offset of the first byte after the header.
    pub(in crate::io) body: usize,
}

impl Header {
    /// The element called `name`.
    pub(in crate::io) fn element(&self, name: &str) -> Option<&Element> {
        self.elements.iter().find(|it| it.name == name)
    }
}

/// The text of the header, ready for the body to follow.
impl fmt::Display for Header {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        writeln!(f, "ply\nformat {} 1.0", self.encoding.name())?;
        for comment in &self.comments {
            let is_info = comment.starts_with(OBJ_INFO);
            let keyword = if is_info { "" } else { "comment " };
            // A line end inside a comment would end the header line.
            writeln!(f, "{keyword}{}", comment.replace(['\n', '\r'], " "))?;
        }
        for element in &self.elements {
            writeln!(f, "element {} {}", element.name, element.count)?;
            for property in &element.properties {
                match property.kind {
                    Kind::Scalar(scalar) => write!(f, "property {}", scalar.name())?,
                    Kind::List { length, item } => {
                        write!(f, "property list {} {}", length.name(), item.name())?;
                    }
                }
                writeln!(f, " {}", property.name)?;
            }
        }
        f.write_str("end_header\n")
    }
}

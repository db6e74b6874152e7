//! Reads numpy's `.npz`: a zip of `.npy` arrays.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a golden file that is broken is a failed test"
)]

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// An array in row-major order.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Its lengths, outermost first.
    pub shape: Vec<usize>,
    /// All numbers; f64 holds every type that is read except large 64-bit integers.
    pub values: Vec<f64>,
}

impl Array {
    /// The numbers as f32, cut into rows of `N`.
    pub fn rows<const N: usize>(&self) -> Vec<[f32; N]> {
        let values: Vec<f32> = self.values.iter().map(|it| *it as f32).collect();
        let (rows, rest) = values.as_chunks();
        assert!(rest.is_empty(), "shape {:?} has no rows of {N}", self.shape);
        rows.to_vec()
    }

    fn parse(npy: &[u8]) -> Self {
        let rest = npy.strip_prefix(b"\x93NUMPY").expect("no .npy magic");
        // Version 1 has a header length of two bytes, later ones of four.
        let (length, start) = match rest[0] {
            1 => (u16::from_le_bytes([rest[2], rest[3]]) as usize, 4),
            _ => (
                u32::from_le_bytes([rest[2], rest[3], rest[4], rest[5]]) as usize,
                6,
            ),
        };
        let header = str::from_utf8(&rest[start..start + length]).unwrap();
        assert!(header.contains("'fortran_order': False"), "{header}");
        let after = |key: &str| header.split_once(key).expect(key).1;
        let kind = after("'descr': '").split('\'').next().unwrap();
        let shape = after("'shape': (").split(')').next().unwrap();
        let shape: Vec<usize> = shape
            .split(',')
            .map(str::trim)
            .filter(|it| !it.is_empty())
            .map(|it| it.parse().unwrap())
            .collect();
        let values = numbers(kind, &rest[start + length..]);
        assert_eq!(values.len(), shape.iter().product::<usize>(), "{header}");
        Self { shape, values }
    }
}

fn numbers(kind: &str, bytes: &[u8]) -> Vec<f64> {
    macro_rules! all {
        ($type:ty) => {{
            let (numbers, rest) = bytes.as_chunks();
            assert!(rest.is_empty(), "{kind}: {} bytes too many", rest.len());
            let number = |it: &[u8; size_of::<$type>()]| <$type>::from_le_bytes(*it) as f64;
            numbers.iter().map(number).collect()
        }};
    }
    match kind {
        "<f4" => all!(f32),
        "<f8" => all!(f64),
        "|u1" | "|b1" => all!(u8),
        "<u2" => all!(u16),
        "<u4" => all!(u32),
        "<i4" => all!(i32),
        "<i8" => all!(i64),
        _ => panic!("numpy type {kind} is not read"),
    }
}

/// All arrays of the `.npz` at `path`, by name.
pub fn read(path: &Path) -> BTreeMap<String, Array> {
    let mut zip = zip::ZipArchive::new(File::open(path).unwrap()).unwrap();
    (0..zip.len())
        .map(|i| {
            let mut entry = zip.by_index(i).unwrap();
            let name = entry.name().unwrap().trim_end_matches(".npy").to_owned();
            let mut npy = Vec::new();
            entry.read_to_end(&mut npy).unwrap();
            (name, Array::parse(&npy))
        })
        .collect()
}

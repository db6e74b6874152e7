//! `meta.json`: what it may say, and whether what it says is possible.

use serde::{Deserialize, Serialize};

use crate::io::FormatError;

/// The name of the description, in a zip and in a folder.
pub(super) const META_NAME: &str = "meta.json";

/// Entries of a codebook: what a byte can name.
pub(super) const CODEBOOK_LEN: usize = 256;

/// Entries per row of the palette image.
pub(super) const PALETTE_ROW: usize = 64;

/// Entries of the largest palette: what a 16-bit label can name.
pub(super) const MAX_PALETTE: usize = 1 << 16;

/// A splat model that was optimised for antialiased rendering.
pub(super) const MODEL_ANTIALIASED: &str = "antialiased";

/// The whole description. `version` is missing in version 1, which has bounds (`mins`, `maxs`)
/// in place of the codebooks and the count as first number of `means.shape`.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(super) struct Meta {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asset: Option<Asset>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub antialias: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    pub means: Means,
    pub scales: Column,
    pub quats: Column,
    pub sh0: Column,
    #[serde(rename = "shN", skip_serializing_if = "Option::is_none")]
    pub rest: Option<Palette>,
}

/// Who wrote the file.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(super) struct Asset {
    #[serde(default)]
    pub generator: String,
}

/// Positions: bounds in the logarithmic space of the module's page; low bytes, high bytes.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(super) struct Means {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shape: Vec<u64>,
    pub mins: [f64; 3],
    pub maxs: [f64; 3],
    pub files: [String; 2],
}

/// A quantised property: version 2 a codebook, version 1 bounds per channel, quaternions neither.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(super) struct Column {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub codebook: Vec<Option<f32>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mins: Vec<f32>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub maxs: Vec<f32>,
    pub files: [String; 1],
}

/// Harmonics above degree 0; the files are palette and labels.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(super) struct Palette {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bands: Option<u32>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub codebook: Vec<Option<f32>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mins: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maxs: Option<f32>,
    pub files: [String; 2],
}

impl Meta {
    /// Reads and checks a description.
    pub(super) fn parse(json: &[u8]) -> Result<Self, FormatError> {
        let meta: Self = serde_json::from_slice(json).map_err(|it| {
            FormatError::Malformed(format!("{META_NAME} is no SOG description: {it}"))
        })?;
        if !matches!(meta.version, None | Some(2)) {
            return Err(FormatError::Unsupported(format!(
                "SOG version {}; versions 1 and 2 are read. Export it as version 2",
                meta.version.unwrap_or_default()
            )));
        }
        if !meta
            .means
            .mins
            .iter()
            .chain(&meta.means.maxs)
            .all(|it| it.abs() < 80.0)
        {
            return Err(FormatError::Malformed(format!(
                "{META_NAME}: the bounds of the positions are beyond what a float can hold"
            )));
        }
        Ok(meta)
    }

    /// Splats that are claimed.
    pub(super) fn splat_count(&self) -> Result<u64, FormatError> {
        self.count
            .or_else(|| self.means.shape.first().copied())
            .ok_or_else(|| missing("count"))
    }

    /// Whether the splats were optimised for antialiased rendering, if it says.
    pub(super) fn is_antialiased(&self) -> Option<bool> {
        match self.model.as_deref() {
            None => self.antialias,
            Some(model) => Some(model == MODEL_ANTIALIASED),
        }
    }
}

/// What the byte of a channel stands for: an entry of a codebook (version 2), or a place between
/// two bounds (version 1), which makes a codebook as well.
pub(super) fn codebook_of(
    what: &str,
    codebook: &[Option<f32>],
    bounds: Option<(f32, f32)>,
) -> Result<[f32; CODEBOOK_LEN], FormatError> {
    let values = match bounds {
        Some((min, max)) if codebook.is_empty() => {
            std::array::from_fn(|i| min + (max - min) * i as f32 / 255.0)
        }
        _ if codebook.is_empty() => return Err(missing(&format!("{what}.codebook"))),
        _ => entries_of(what, codebook)?,
    };
    if values.iter().all(|it| it.is_finite()) {
        return Ok(values);
    }
    Err(FormatError::Malformed(format!(
        "{META_NAME}: the codebook of {what} has entries that are not numbers"
    )))
}

fn entries_of(what: &str, codebook: &[Option<f32>]) -> Result<[f32; CODEBOOK_LEN], FormatError> {
    let Ok(entries) = <&[Option<f32>; CODEBOOK_LEN]>::try_from(codebook) else {
        return Err(FormatError::Malformed(format!(
            "{META_NAME}: the codebook of {what} has {} entries instead of {CODEBOOK_LEN}",
            codebook.len()
        )));
    };
    let mut values = entries.map(|it| it.unwrap_or(f32::NAN));
    if entries[0].is_none() {
        // Early writers lost the first entry; PlayCanvas continues the line of the others.
        values[0] = values[1] + (values[1] - values[CODEBOOK_LEN - 1]) / 255.0;
    }
    Ok(values)
}

/// `meta.json` lacks something.
pub(super) fn missing(what: &str) -> FormatError {
    FormatError::Malformed(format!("{META_NAME} does not say {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lost_first_entry_is_continued() {
        let mut codebook: Vec<_> = (0..256).map(|i| Some(i as f32)).collect();
        codebook[0] = None;
        let values = codebook_of("scales", &codebook, None).unwrap();
        assert!((values[0] - (1.0 - 254.0 / 255.0)).abs() < 1e-6);
        codebook[7] = None;
        assert!(codebook_of("scales", &codebook, None).is_err());
        assert!(codebook_of("scales", &codebook[..255], None).is_err());
    }

    #[test]
    fn bounds_are_a_codebook_too() {
        let values = codebook_of("scales", &[], Some((-1.0, 4.1))).unwrap();
        assert_eq!(values[0], -1.0);
        assert!((values[255] - 4.1).abs() < 1e-6);
        assert!(codebook_of("scales", &[], None).is_err());
    }

    #[test]
    fn other_versions_are_named() {
        let column = r#"{"files":["a.webp"]}"#;
        let json = format!(
            r#"{{"version":3,"means":{{"mins":[0,0,0],"maxs":[1,1,1],"files":["a","b"]}},
                "scales":{column},"quats":{column},"sh0":{column}}}"#
        );
        let error = Meta::parse(json.as_bytes()).unwrap_err();
        assert!(matches!(&error, FormatError::Unsupported(it) if it.contains("version 3")));
        assert!(matches!(
            Meta::parse(b"{\"version\": 2"),
            Err(FormatError::Malformed(_))
        ));
    }
}

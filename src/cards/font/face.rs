//! Parses font files, and finds out which characters a face has.
//!
//! The only file that names the `skrifa` and `wuff` crates.

use std::sync::Arc;

use skrifa::{FontRef, MetadataProvider as _};

use crate::hash;

/// Uncompressed font file: TrueType, OpenType or a collection of them.
pub struct FontFile {
    /// Name for messages.
    pub name: String,
    /// Uncompressed bytes.
    pub data: Arc<Vec<u8>>,
    /// Hash of the file's bytes.
    pub fingerprint: String,
}

/// Face of a font file.
#[derive(Debug, Clone)]
pub struct FontFace {
    /// File that contains the face.
    pub file: Arc<FontFile>,
    /// Index in the file; 0 unless the file is a collection.
    pub index: u32,
    /// Family name that replaces the one in the file, if set.
    pub family: Option<&'static str>,
}

/// Error of a file that is not a usable font.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FontFileError {
    /// The bytes do not start like a font.
    #[error("is not a font: TrueType, OpenType and WOFF2 are supported")]
    NotAFont,
    /// The bytes start like a WOFF2 font and cannot be unpacked.
    #[error("is a corrupt WOFF2 font")]
    Woff2,
    /// The font is truncated, or has no character map.
    #[error("is a corrupt font")]
    Broken,
}

impl std::fmt::Debug for FontFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("FontFile").field(&self.name).finish()
    }
}

impl FontFile {
    /// Parses a font file, and unpacks WOFF2.
    ///
    /// # Errors
    /// Returns an error if the bytes are not a usable font.
    pub fn parse(name: &str, bytes: Vec<u8>) -> Result<FontFile, FontFileError> {
        let fingerprint = hash::blake3_hex(&bytes);
        let data = match bytes.get(..4) {
            Some(b"wOF2") => wuff::decompress_woff2(&bytes).map_err(|_| FontFileError::Woff2)?,
            Some([0, 1, 0, 0] | b"OTTO" | b"ttcf" | b"true") => bytes,
            _ => return Err(FontFileError::NotAFont),
        };
        let first = FontRef::from_index(&data, 0).map_err(|_| FontFileError::Broken)?;
        let is_whole = first.table_directory().table_records().iter().all(|table| {
            let end = u64::from(table.offset()) + u64::from(table.length());
            end <= data.len() as u64
        });
        if !first.charmap().has_map() || !is_whole {
            return Err(FontFileError::Broken);
        }
        Ok(FontFile {
            name: name.to_owned(),
            data: Arc::new(data),
            fingerprint,
        })
    }
}

impl FontFace {
    /// Returns true if the face has a glyph for the character.
    pub fn has_glyph(&self, character: char) -> bool {
        has_glyph_at(&self.file.data, self.index, character)
    }

    /// Returns true if both are the same face of the same bytes.
    pub fn is_same_face(&self, other: &FontFace) -> bool {
        self.index == other.index && self.file.fingerprint == other.file.fingerprint
    }
}

/// Returns true if the face at `index` of a font file has a glyph for the character.
pub(super) fn has_glyph_at(data: &[u8], index: u32, character: char) -> bool {
    FontRef::from_index(data, index)
        .ok()
        .and_then(|font| font.charmap().map(character))
        .is_some_and(|glyph| glyph.to_u32() != 0)
}

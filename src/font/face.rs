//! The bytes of a font file into faces that can say which characters they have.
//!
//! The only file that names the `skrifa` and `wuff` crates.

use std::sync::Arc;

use skrifa::{FontRef, MetadataProvider as _};

use crate::fingerprint;

/// A font file as it is drawn with: TrueType, OpenType or a collection of them.
pub struct FontFile {
    /// What it is called in messages.
    pub name: String,
    /// Its bytes, not compressed.
    pub data: Arc<Vec<u8>>,
    /// Changes when the bytes do.
    pub fingerprint: String,
}

/// One face of a font file.
#[derive(Debug, Clone)]
pub struct Face {
    /// The file it is in.
    pub file: Arc<FontFile>,
    /// Its place in the file, for collections.
    pub index: u32,
    /// The family name to use in place of the one in the file.
    pub family: Option<&'static str>,
}

/// Why bytes are no font.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FaceError {
    /// They begin as no font does.
    #[error("is no font: TrueType, OpenType and WOFF2 are known")]
    NotAFont,
    /// They begin as a WOFF2 font and cannot be unpacked.
    #[error("is a broken WOFF2 font")]
    Woff2,
    /// They are a font without a table of characters, or a cut one.
    #[error("is a broken font")]
    Broken,
}

impl std::fmt::Debug for FontFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("FontFile").field(&self.name).finish()
    }
}

impl FontFile {
    /// Reads a font, and unpacks it where it is WOFF2.
    ///
    /// # Errors
    /// The bytes are no font that can be drawn with.
    pub fn read(name: &str, bytes: Vec<u8>) -> Result<FontFile, FaceError> {
        let fingerprint = fingerprint::hex(&bytes);
        let data = match bytes.get(..4) {
            Some(b"wOF2") => wuff::decompress_woff2(&bytes).map_err(|_| FaceError::Woff2)?,
            Some([0, 1, 0, 0] | b"OTTO" | b"ttcf" | b"true") => bytes,
            _ => return Err(FaceError::NotAFont),
        };
        let first = FontRef::from_index(&data, 0).map_err(|_| FaceError::Broken)?;
        let is_whole = first.table_directory().table_records().iter().all(|table| {
            let end = u64::from(table.offset()) + u64::from(table.length());
            end <= data.len() as u64
        });
        if !first.charmap().has_map() || !is_whole {
            return Err(FaceError::Broken);
        }
        Ok(FontFile {
            name: name.to_owned(),
            data: Arc::new(data),
            fingerprint,
        })
    }
}

impl Face {
    /// Whether the face has a glyph for the character.
    pub fn covers(&self, character: char) -> bool {
        covers(&self.file.data, self.index, character)
    }

    /// Whether both are the same face of the same bytes.
    pub fn is(&self, other: &Face) -> bool {
        self.index == other.index && self.file.fingerprint == other.file.fingerprint
    }
}

/// Whether a face of a font has a glyph for the character.
pub(super) fn covers(data: &[u8], index: u32, character: char) -> bool {
    FontRef::from_index(data, index)
        .ok()
        .and_then(|font| font.charmap().map(character))
        .is_some_and(|glyph| glyph.to_u32() != 0)
}

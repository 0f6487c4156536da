//! Text into the value of a header field, made once and sent many times.

use std::fmt;
use std::ops::{Deref, Range};

use bytes::Bytes;

/// The value of a header field. A copy shares the bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct FieldValue(Bytes);

impl FieldValue {
    /// The bytes that go over the wire.
    pub fn bytes(&self) -> Bytes {
        self.0.clone()
    }

    /// The same, to be looked at. It is not asked again whether they are text.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// A part of the text, which shares its bytes; nothing, where it has no such part.
    pub fn part(&self, part: Range<usize>) -> FieldValue {
        match self.get(part.clone()) {
            Some(_) => FieldValue(self.0.slice(part)),
            None => FieldValue(Bytes::new()),
        }
    }
}

impl From<String> for FieldValue {
    fn from(text: String) -> FieldValue {
        FieldValue(text.into())
    }
}

impl Deref for FieldValue {
    type Target = str;

    fn deref(&self) -> &str {
        // It was made of text.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for FieldValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl fmt::Display for FieldValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

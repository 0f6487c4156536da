//! The value of a header field, checked once and sent many times.
//!
//! The only file here that names the `http` crate.

use std::fmt;
use std::ops::Deref;

use bytes::Bytes;
use http::HeaderValue;

/// The value of a header field. A copy shares the bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct FieldValue(Option<HeaderValue>);

impl FieldValue {
    /// What is sent; nothing, where the text has bytes that no field can hold.
    pub fn header(&self) -> Option<&HeaderValue> {
        self.0.as_ref()
    }
}

impl From<Bytes> for FieldValue {
    fn from(text: Bytes) -> FieldValue {
        FieldValue(HeaderValue::from_maybe_shared(text).ok())
    }
}

impl From<String> for FieldValue {
    fn from(text: String) -> FieldValue {
        Bytes::from(text).into()
    }
}

impl Deref for FieldValue {
    type Target = str;

    fn deref(&self) -> &str {
        // It was made of text.
        let bytes = self.0.as_ref().map_or(&[][..], HeaderValue::as_bytes);
        std::str::from_utf8(bytes).unwrap_or_default()
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

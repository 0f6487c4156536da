//! Holds a header value that is validated once and sent many times.
//!
//! The only file of this module that uses the `http` crate.

use std::fmt;
use std::ops::Deref;

use bytes::Bytes;
use http::HeaderValue;

/// Header value. A clone shares the bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct SharedHeaderValue(Option<HeaderValue>);

impl SharedHeaderValue {
    /// Returns the header value; `None` if the text has bytes that no header may have.
    pub fn as_header_value(&self) -> Option<&HeaderValue> {
        self.0.as_ref()
    }
}

impl From<Bytes> for SharedHeaderValue {
    fn from(text: Bytes) -> SharedHeaderValue {
        SharedHeaderValue(HeaderValue::from_maybe_shared(text).ok())
    }
}

impl From<String> for SharedHeaderValue {
    fn from(text: String) -> SharedHeaderValue {
        Bytes::from(text).into()
    }
}

impl Deref for SharedHeaderValue {
    type Target = str;

    fn deref(&self) -> &str {
        // Mostly built from text; anything else reads as empty.
        let bytes = self.0.as_ref().map_or(&[][..], HeaderValue::as_bytes);
        std::str::from_utf8(bytes).unwrap_or_default()
    }
}

impl fmt::Debug for SharedHeaderValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl fmt::Display for SharedHeaderValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

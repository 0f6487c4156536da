//! Bytes into their gzip coding (RFC 1952), ahead of any request.

use std::io::Write as _;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::artifact::{Deferred, Draw, DrawError};

/// The gzip form, or `None` where it would not be smaller. No time stamp and no file name go
/// into the header, so the same bytes always give the same bytes.
pub(super) fn gzip(body: &[u8]) -> Option<Vec<u8>> {
    compress(body).filter(|coded| coded.len() < body.len())
}

fn compress(body: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 3), Compression::new(6));
    // Writing to memory does not fail; were it to, identity is still right.
    encoder.write_all(body).ok()?;
    encoder.finish().ok()
}

/// The same in gzip coding, under a name of its own.
pub(super) fn deferred(identity: Deferred) -> Deferred {
    Deferred {
        fingerprint: format!("{}-gzip", identity.fingerprint),
        draw: Arc::new(Gzipped(identity)),
    }
}

#[derive(Debug)]
struct Gzipped(Deferred);

impl Draw for Gzipped {
    fn draw(&self) -> Result<Vec<u8>, DrawError> {
        let bytes = self.0.draw.draw()?;
        compress(&bytes).ok_or_else(|| DrawError::Failed("gzip failed".to_owned()))
    }
}

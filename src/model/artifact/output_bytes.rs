//! Holds the bytes of a rendered output, which the renderer and all generations share.

use std::sync::Arc;

use arc_swap::ArcSwap;
use bytes::Bytes;

use super::Payload;
use crate::hash;

/// Rendered bytes and their hash.
#[derive(Debug)]
pub struct OutputBytes {
    fingerprint: String,
    length: usize,
    payload: ArcSwap<Payload>,
}

impl OutputBytes {
    /// Hashes and stores rendered bytes.
    pub fn new(mut bytes: Vec<u8>) -> Arc<OutputBytes> {
        bytes.shrink_to_fit();
        Arc::new(OutputBytes {
            fingerprint: hash::blake3_hex(&bytes),
            length: bytes.len(),
            payload: ArcSwap::from_pointee(Payload::Plain(bytes.into())),
        })
    }

    /// Returns the hash, in visible ASCII without quotes.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Returns the length in bytes, without content coding.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Returns true if it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Returns the bytes as they are stored, plain or gzip.
    pub fn stored_payload(&self) -> Payload {
        Payload::clone(&self.payload.load())
    }

    /// Replaces the plain bytes by gzip, after checking that it decompresses to the same bytes. Responses in flight
    /// keep the plain bytes until they are sent.
    pub fn replace_with_gzip(&self, gzip: Bytes) {
        let Payload::Plain(plain) = self.stored_payload() else {
            return;
        };
        let payload = Payload::from_gzip(gzip);
        if has_same_bytes(&payload, &plain) {
            self.payload.store(Arc::new(payload));
        }
    }
}

fn has_same_bytes(payload: &Payload, plain: &[u8]) -> bool {
    let (mut chunks, mut rest) = (payload.read_chunks(), plain);
    while let Ok(Some(chunk)) = chunks.next_chunk() {
        match rest.strip_prefix(&*chunk) {
            Some(after) => rest = after,
            None => return false,
        }
    }
    rest.is_empty() && payload.len() == plain.len()
}

impl PartialEq for OutputBytes {
    fn eq(&self, other: &OutputBytes) -> bool {
        self.fingerprint == other.fingerprint
    }
}

impl Eq for OutputBytes {}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(bytes: &[u8]) -> Bytes {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap().into()
    }

    #[test]
    fn plain_bytes_are_replaced_only_by_equal_gzip() {
        let bytes = b"the same line again\n".repeat(10_000);
        let output = OutputBytes::new(bytes.clone());
        for other in [&b"x"[..], &bytes[1..], &[&bytes[..], b"x"].concat()] {
            output.replace_with_gzip(gzip(other));
            assert_eq!(output.stored_payload().resident_bytes(), bytes.len());
        }
        output.replace_with_gzip(gzip(&bytes)[1..].to_vec().into());
        assert_eq!(output.stored_payload().resident_bytes(), bytes.len());
        output.replace_with_gzip(gzip(&bytes));
        assert!(output.stored_payload().resident_bytes() < bytes.len() / 20);
        assert_eq!(output.stored_payload().to_vec().unwrap(), bytes);
    }
}

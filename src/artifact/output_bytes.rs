//! The bytes of a rendered output. The renderer and all generations that serve them share them.

use std::sync::Arc;

use arc_swap::ArcSwap;
use bytes::Bytes;

use super::Payload;
use crate::fingerprint;

/// Bytes as rendered, and their hash.
#[derive(Debug)]
pub struct OutputBytes {
    fingerprint: String,
    length: usize,
    payload: ArcSwap<Payload>,
}

impl OutputBytes {
    /// Hashes rendered bytes.
    pub fn new(mut bytes: Vec<u8>) -> Arc<OutputBytes> {
        bytes.shrink_to_fit();
        Arc::new(OutputBytes {
            fingerprint: fingerprint::hex(&bytes),
            length: bytes.len(),
            payload: ArcSwap::from_pointee(Payload::Plain(bytes.into())),
        })
    }

    /// The hash, visible ASCII without quotes.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The length in bytes.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Tells whether it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The bytes, as they are kept.
    pub fn payload(&self) -> Payload {
        Payload::clone(&self.payload.load())
    }

    /// Keeps only the gzip form, unless it does not decompress to the same bytes. Responses that are being sent keep
    /// the plain form until they are done.
    pub fn keep_gzip(&self, coded: Bytes) {
        let Payload::Plain(plain) = self.payload() else {
            return;
        };
        let payload = Payload::decompressing(coded);
        if is_same(&payload, &plain) {
            self.payload.store(Arc::new(payload));
        }
    }
}

fn is_same(payload: &Payload, plain: &[u8]) -> bool {
    let (mut chunks, mut rest) = (payload.chunks(), plain);
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
    fn plain_form_is_replaced_only_by_the_same_bytes() {
        let bytes = b"the same line again\n".repeat(10_000);
        let output = OutputBytes::new(bytes.clone());
        for other in [&b"x"[..], &bytes[1..], &[&bytes[..], b"x"].concat()] {
            output.keep_gzip(gzip(other));
            assert_eq!(output.payload().held(), bytes.len());
        }
        output.keep_gzip(gzip(&bytes)[1..].to_vec().into());
        assert_eq!(output.payload().held(), bytes.len());
        output.keep_gzip(gzip(&bytes));
        assert!(output.payload().held() < bytes.len() / 20);
        assert_eq!(output.payload().to_vec().unwrap(), bytes);
    }
}

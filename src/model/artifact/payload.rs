//! Holds the content of a response: bytes in memory, or gzip that is decompressed while it is sent.
//!
//! Large outputs are stored only as gzip, because plain text is six times as large and clients that read such outputs
//! accept gzip. For other clients gzip is decompressed in chunks, each when the connection has room for it.

use std::fmt;
use std::io::Read as _;

use bytes::{Buf as _, Bytes};
use flate2::bufread::GzDecoder;

/// Bytes that are decompressed in one step, which blocks a server thread for some tenths of a millisecond.
const DECOMPRESSED_CHUNK_BYTES: usize = 64 * 1024;

/// Content of a response. A clone shares the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payload {
    /// Bytes that are sent as they are.
    Plain(Bytes),
    /// Gzip that is decompressed while it is sent.
    Gzip {
        /// One gzip stream (RFC 1952).
        coded: Bytes,
        /// Length after decompression, in bytes.
        plain_len: usize,
    },
}

/// Stored gzip that does not decompress to the original bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("stored gzip of an output is corrupt")]
pub struct CorruptGzip;

impl Default for Payload {
    fn default() -> Payload {
        Payload::Plain(Bytes::new())
    }
}

impl From<Bytes> for Payload {
    fn from(bytes: Bytes) -> Payload {
        Payload::Plain(bytes)
    }
}

impl Payload {
    /// Creates a payload that sends the gzip stream `coded` decompressed.
    pub fn from_gzip(coded: Bytes) -> Payload {
        // RFC 1952 §2.3.1: a stream ends with the length, modulo 2^32.
        let length = coded.last_chunk().map_or(0, |end| u32::from_le_bytes(*end));
        Payload::Gzip {
            coded,
            plain_len: length as usize,
        }
    }

    /// Returns the length in bytes as sent.
    pub fn len(&self) -> usize {
        match self {
            Payload::Plain(bytes) => bytes.len(),
            Payload::Gzip {
                plain_len: length, ..
            } => *length,
        }
    }

    /// Returns true if nothing is sent.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the number of bytes in memory.
    pub fn resident_bytes(&self) -> usize {
        match self {
            Payload::Plain(bytes) => bytes.len(),
            Payload::Gzip { coded, .. } => coded.len(),
        }
    }

    /// Returns a reader of the payload, from its start.
    pub fn read_chunks(&self) -> PayloadReader {
        match self {
            Payload::Plain(bytes) => PayloadReader(ChunkSource::Plain(bytes.clone())),
            Payload::Gzip {
                coded,
                plain_len: length,
            } => PayloadReader(ChunkSource::Gzip {
                decoder: Box::new(GzDecoder::new(coded.clone().reader())),
                left: *length,
            }),
        }
    }

    /// Returns all bytes as sent.
    ///
    /// # Errors
    /// The stored gzip is corrupt.
    pub fn to_vec(&self) -> Result<Vec<u8>, CorruptGzip> {
        let mut all = Vec::with_capacity(self.len());
        let mut chunks = self.read_chunks();
        while let Some(chunk) = chunks.next_chunk()? {
            all.extend_from_slice(&chunk);
        }
        Ok(all)
    }
}

/// Reader of a payload, chunk by chunk.
pub struct PayloadReader(ChunkSource);

enum ChunkSource {
    Plain(Bytes),
    Gzip {
        decoder: Box<GzDecoder<bytes::buf::Reader<Bytes>>>,
        left: usize,
    },
}

impl PayloadReader {
    /// Returns the next bytes; `None` at the end. The last chunk is returned only after length and checksum were
    /// verified.
    ///
    /// # Errors
    /// The stored gzip is corrupt.
    pub fn next_chunk(&mut self) -> Result<Option<Bytes>, CorruptGzip> {
        let (decoder, left) = match &mut self.0 {
            ChunkSource::Plain(bytes) => {
                return Ok(Some(std::mem::take(bytes)).filter(|bytes| !bytes.is_empty()));
            }
            ChunkSource::Gzip { left: 0, .. } => return Ok(None),
            ChunkSource::Gzip { decoder, left } => (decoder, left),
        };
        let mut chunk = vec![0; DECOMPRESSED_CHUNK_BYTES.min(*left)];
        decoder.read_exact(&mut chunk).map_err(|_| CorruptGzip)?;
        *left -= chunk.len();
        if *left == 0 && !matches!(decoder.read(&mut [0]), Ok(0)) {
            return Err(CorruptGzip);
        }
        Ok(Some(chunk.into()))
    }
}

impl fmt::Debug for PayloadReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let left = match &self.0 {
            ChunkSource::Plain(bytes) => bytes.len(),
            ChunkSource::Gzip { left, .. } => *left,
        };
        f.debug_struct("Chunks").field("left", &left).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn text() -> impl Strategy<Value = Vec<u8>> {
        let text =
            prop::collection::vec(prop::sample::select(b"abcdefgh <>/".to_vec()), 0..200_000);
        prop_oneof![text, prop::collection::vec(any::<u8>(), 0..5_000)]
    }

    #[test]
    fn gzip_is_decompressed_in_bounded_chunks() {
        let bytes = b"the same line again\n".repeat(50_000);
        let payload = Payload::from_gzip(gzip(&bytes).into());
        assert_eq!(payload.len(), bytes.len());
        assert!(payload.resident_bytes() < bytes.len() / 20);
        let mut chunks = payload.read_chunks();
        let mut all = Vec::new();
        while let Some(chunk) = chunks.next_chunk().unwrap() {
            assert!(chunk.len() <= DECOMPRESSED_CHUNK_BYTES);
            all.extend_from_slice(&chunk);
        }
        assert!(all == bytes);
    }

    proptest! {
        #[test]
        fn plain_and_decompressed_payloads_are_equal(bytes in text()) {
            let coded = Payload::from_gzip(gzip(&bytes).into());
            prop_assert_eq!(coded.to_vec(), Ok(bytes.clone()));
            prop_assert_eq!(Payload::from(Bytes::from(bytes.clone())).to_vec(), Ok(bytes));
        }

        #[test]
        fn corrupt_gzip_is_never_sent_to_its_end(
            bytes in text(), place in any::<prop::sample::Index>(), flip in 1_u8.., cut in any::<bool>(),
        ) {
            prop_assume!(!bytes.is_empty());
            let sound = gzip(&bytes);
            let Payload::Gzip { plain_len, .. } = Payload::from_gzip(sound.clone().into()) else {
                panic!("payload is not gzip")
            };
            let mut coded = sound;
            if cut {
                coded.truncate(place.index(coded.len()));
            } else {
                *place.get_mut(&mut coded) ^= flip;
            }
            let damaged = Payload::Gzip { coded: coded.into(), plain_len };
            // Some bits of a gzip stream are ignored, and then the bytes are still correct.
            let read = damaged.to_vec();
            prop_assert!(read == Err(CorruptGzip) || read == Ok(bytes));
        }
    }
}

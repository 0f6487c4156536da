//! The content of a response: bytes in memory, or gzip that is decompressed while it is sent.
//!
//! Of a large output only the gzip form is kept, as its plain form is six times as large and clients that read such
//! an output accept gzip. For all others it is decompressed in chunks, each when the connection has room for it.

use std::fmt;
use std::io::Read as _;

use bytes::{Buf as _, Bytes};
use flate2::bufread::GzDecoder;

/// The bytes that are decompressed at once: some tenths of a millisecond on a thread that answers.
const CHUNK_BYTES: usize = 64 * 1024;

/// The content of a response. A copy shares the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payload {
    /// The bytes that are sent.
    Plain(Bytes),
    /// The gzip form of the bytes that are sent.
    Gzip {
        /// One gzip stream (RFC 1952).
        coded: Bytes,
        /// The length in bytes of what is sent.
        length: usize,
    },
}

/// The gzip form does not decompress to what it was made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the compressed form of an output is damaged")]
pub struct Damaged;

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
    /// Sends what the gzip stream `coded` decompresses to.
    pub fn decompressing(coded: Bytes) -> Payload {
        // RFC 1952 §2.3.1: a stream ends with the length, modulo 2^32.
        let length = coded.last_chunk().map_or(0, |end| u32::from_le_bytes(*end));
        Payload::Gzip {
            coded,
            length: length as usize,
        }
    }

    /// The length in bytes of what is sent.
    pub fn len(&self) -> usize {
        match self {
            Payload::Plain(bytes) => bytes.len(),
            Payload::Gzip { length, .. } => *length,
        }
    }

    /// Tells whether nothing is sent.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes in memory.
    pub fn held(&self) -> usize {
        match self {
            Payload::Plain(bytes) => bytes.len(),
            Payload::Gzip { coded, .. } => coded.len(),
        }
    }

    /// Reads it from the start.
    pub fn chunks(&self) -> Chunks {
        match self {
            Payload::Plain(bytes) => Chunks(Source::Plain(bytes.clone())),
            Payload::Gzip { coded, length } => Chunks(Source::Gzip {
                decoder: Box::new(GzDecoder::new(coded.clone().reader())),
                left: *length,
            }),
        }
    }

    /// All bytes.
    ///
    /// # Errors
    /// The gzip form is damaged.
    pub fn to_vec(&self) -> Result<Vec<u8>, Damaged> {
        let mut all = Vec::with_capacity(self.len());
        let mut chunks = self.chunks();
        while let Some(chunk) = chunks.next_chunk()? {
            all.extend_from_slice(&chunk);
        }
        Ok(all)
    }
}

/// The rest of a payload that is being read.
pub struct Chunks(Source);

enum Source {
    Plain(Bytes),
    Gzip {
        decoder: Box<GzDecoder<bytes::buf::Reader<Bytes>>>,
        left: usize,
    },
}

impl Chunks {
    /// The next bytes; `None` at the end. The last ones are given out only after length and checksum were right.
    ///
    /// # Errors
    /// The gzip form is damaged.
    pub fn next_chunk(&mut self) -> Result<Option<Bytes>, Damaged> {
        let (decoder, left) = match &mut self.0 {
            Source::Plain(bytes) => {
                return Ok(Some(std::mem::take(bytes)).filter(|bytes| !bytes.is_empty()));
            }
            Source::Gzip { left: 0, .. } => return Ok(None),
            Source::Gzip { decoder, left } => (decoder, left),
        };
        let mut chunk = vec![0; CHUNK_BYTES.min(*left)];
        decoder.read_exact(&mut chunk).map_err(|_| Damaged)?;
        *left -= chunk.len();
        if *left == 0 && !matches!(decoder.read(&mut [0]), Ok(0)) {
            return Err(Damaged);
        }
        Ok(Some(chunk.into()))
    }
}

impl fmt::Debug for Chunks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let left = match &self.0 {
            Source::Plain(bytes) => bytes.len(),
            Source::Gzip { left, .. } => *left,
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
    fn payload_is_decompressed_in_bounded_chunks() {
        let bytes = b"the same line again\n".repeat(50_000);
        let payload = Payload::decompressing(gzip(&bytes).into());
        assert_eq!(payload.len(), bytes.len());
        assert!(payload.held() < bytes.len() / 20);
        let mut chunks = payload.chunks();
        let mut all = Vec::new();
        while let Some(chunk) = chunks.next_chunk().unwrap() {
            assert!(chunk.len() <= CHUNK_BYTES);
            all.extend_from_slice(&chunk);
        }
        assert!(all == bytes);
    }

    proptest! {
        #[test]
        fn payload_is_the_same_plain_and_decompressed(bytes in text()) {
            let coded = Payload::decompressing(gzip(&bytes).into());
            prop_assert_eq!(coded.to_vec(), Ok(bytes.clone()));
            prop_assert_eq!(Payload::from(Bytes::from(bytes.clone())).to_vec(), Ok(bytes));
        }

        #[test]
        fn damaged_gzip_is_never_sent_to_its_end(
            bytes in text(), place in any::<prop::sample::Index>(), flip in 1_u8.., cut in any::<bool>(),
        ) {
            prop_assume!(!bytes.is_empty());
            let sound = gzip(&bytes);
            let Payload::Gzip { length, .. } = Payload::decompressing(sound.clone().into()) else {
                panic!("it is not plain")
            };
            let mut coded = sound;
            if cut {
                coded.truncate(place.index(coded.len()));
            } else {
                *place.get_mut(&mut coded) ^= flip;
            }
            let damaged = Payload::Gzip { coded: coded.into(), length };
            // Some bits of a stream mean nothing, and then the bytes are still right.
            let read = damaged.to_vec();
            prop_assert!(read == Err(Damaged) || read == Ok(bytes));
        }
    }
}

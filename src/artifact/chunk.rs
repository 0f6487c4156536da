//! Bytes in pieces that generations share: what is the same in two is there once, named once and
//! compressed once.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use crate::fingerprint;

/// One piece. Cheap to copy; a copy is the same piece.
#[derive(Debug, Clone)]
pub struct Chunk(Arc<Piece>);

#[derive(Debug)]
struct Piece {
    bytes: Bytes,
    fingerprint: u128,
    deflated: OnceLock<Deflated>,
}

/// A piece in deflate coding, to stand among others (RFC 1951): not the last, and ending on a byte.
#[derive(Debug, Clone)]
pub struct Deflated {
    /// The coded bytes.
    pub bytes: Bytes,
    /// The CRC-32 of the uncoded ones.
    pub crc: u32,
}

impl Chunk {
    /// A piece.
    pub fn new(bytes: Vec<u8>) -> Chunk {
        Chunk(Arc::new(Piece {
            fingerprint: fingerprint::wide(&bytes),
            bytes: Bytes::from(bytes),
            deflated: OnceLock::new(),
        }))
    }

    /// Its bytes.
    pub fn bytes(&self) -> &Bytes {
        &self.0.bytes
    }

    /// Its name, which other bytes do not have.
    pub fn fingerprint(&self) -> u128 {
        self.0.fingerprint
    }

    /// In deflate coding, made by `deflate` where it has not been made yet.
    pub fn deflated(&self, deflate: impl FnOnce(&[u8]) -> Deflated) -> &Deflated {
        self.0.deflated.get_or_init(|| deflate(&self.0.bytes))
    }
}

impl PartialEq for Chunk {
    fn eq(&self, other: &Chunk) -> bool {
        self.0.fingerprint == other.0.fingerprint
    }
}

impl Eq for Chunk {}

impl From<Vec<u8>> for Chunk {
    fn from(bytes: Vec<u8>) -> Chunk {
        Chunk::new(bytes)
    }
}

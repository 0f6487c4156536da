//! The bytes of a message body, in as many pieces as they are kept in.

use std::sync::Arc;

use bytes::Bytes;

/// Bytes in pieces. A copy shares them.
#[derive(Debug, Clone, Default)]
pub struct Pieces {
    pieces: Arc<[Bytes]>,
    length: usize,
}

impl Pieces {
    /// Some pieces, in their order.
    pub fn new(pieces: impl IntoIterator<Item = Bytes>) -> Pieces {
        let pieces: Arc<[Bytes]> = pieces
            .into_iter()
            .filter(|piece| !piece.is_empty())
            .collect();
        Pieces {
            length: pieces.iter().map(Bytes::len).sum(),
            pieces,
        }
    }

    /// How many bytes there are.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The piece of this place.
    pub fn get(&self, place: usize) -> Option<&Bytes> {
        self.pieces.get(place)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Bytes> {
        self.pieces.iter()
    }

    /// All bytes in one.
    pub fn to_vec(&self) -> Vec<u8> {
        self.pieces.concat()
    }
}

impl From<Bytes> for Pieces {
    fn from(bytes: Bytes) -> Pieces {
        Pieces::new([bytes])
    }
}

impl PartialEq for Pieces {
    fn eq(&self, other: &Pieces) -> bool {
        self.length == other.length && self.iter().flatten().eq(other.iter().flatten())
    }
}

impl Eq for Pieces {}

//! The bytes of a message body, in as many pieces as they are kept in.

use std::sync::Arc;

use bytes::Bytes;

use super::{Chunk, Damaged};

/// Bytes in pieces. A copy shares them.
#[derive(Debug, Clone)]
pub struct Pieces {
    kept: Kept,
    length: usize,
}

#[derive(Debug, Clone)]
enum Kept {
    /// At hand.
    Plain(Arc<[Bytes]>),
    /// At hand, or unpacked one by one as they are asked for.
    Chunks(Arc<[Chunk]>),
}

impl Default for Pieces {
    fn default() -> Pieces {
        Pieces {
            kept: Kept::Plain(Arc::default()),
            length: 0,
        }
    }
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
            kept: Kept::Plain(pieces),
        }
    }

    /// Some pieces, in their order, whose plain bytes need not be kept.
    pub fn packed<'a>(chunks: impl IntoIterator<Item = &'a Chunk>) -> Pieces {
        let chunks = chunks.into_iter().filter(|chunk| !chunk.is_empty());
        let chunks: Arc<[Chunk]> = chunks.cloned().collect();
        Pieces {
            length: chunks.iter().map(Chunk::len).sum(),
            kept: Kept::Chunks(chunks),
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

    /// The piece of this place, if there is one.
    ///
    /// # Errors
    /// It cannot be unpacked.
    pub fn get(&self, place: usize) -> Result<Option<Bytes>, Damaged> {
        match &self.kept {
            Kept::Plain(pieces) => Ok(pieces.get(place).cloned()),
            Kept::Chunks(chunks) => chunks.get(place).map(Chunk::bytes).transpose(),
        }
    }

    /// All bytes in one.
    ///
    /// # Errors
    /// A piece cannot be unpacked.
    pub fn to_vec(&self) -> Result<Vec<u8>, Damaged> {
        let mut all = Vec::with_capacity(self.length);
        let mut place = 0;
        while let Some(piece) = self.get(place)? {
            all.extend_from_slice(&piece);
            place += 1;
        }
        Ok(all)
    }

    /// The same in one piece, unless something in it is damaged.
    pub fn in_one(self) -> Pieces {
        match self.to_vec() {
            Ok(all) => Bytes::from(all).into(),
            Err(Damaged) => self,
        }
    }

    /// Keeps the coded bytes only of those pieces whose plain bytes need not be kept.
    pub fn let_go(&self) {
        if let Kept::Chunks(chunks) = &self.kept {
            chunks.iter().for_each(Chunk::let_go);
        }
    }

    /// How many of the bytes are in memory, as they are here.
    pub fn held(&self) -> usize {
        match &self.kept {
            Kept::Plain(_) => self.length,
            Kept::Chunks(chunks) => chunks.iter().map(Chunk::held).sum(),
        }
    }
}

impl From<Bytes> for Pieces {
    fn from(bytes: Bytes) -> Pieces {
        Pieces::new([bytes])
    }
}

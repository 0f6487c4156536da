//! A feed and what it was before into what is new of it, for those who say what they have: the instance
//! manipulation `feed` of RFC 3229.
//!
//! A feed is made of pieces: what stands before its entries, groups of entries, and what stands after them. What
//! it was before is known by the names of its pieces. What is new is then the groups that were not there,
//! between the same two ends: entries that are new or others, and those that share a group with them, which
//! readers know by their ids. Nothing is rendered or compressed for it.

use std::sync::Arc;

use super::coding::Tags;
use crate::artifact::Chunk;

/// So many generations of a feed are known.
const MOST: usize = 20;
/// What has more pieces is not remembered: it is a feed of thousands of entries, and nobody polls that.
const MOST_PIECES: usize = 1_024;

/// What a feed was before.
#[derive(Debug, Clone, Default)]
pub(super) struct Past(Arc<[Former]>);

#[derive(Debug, Clone)]
struct Former {
    tags: Tags,
    pieces: Arc<[u128]>,
}

impl Past {
    /// This past, and what came after it, which is past now.
    pub(super) fn and(&self, tags: &Tags, chunks: &[Chunk]) -> Past {
        let former = Former {
            tags: tags.clone(),
            pieces: chunks.iter().map(Chunk::fingerprint).collect(),
        };
        let is_known = chunks.len() <= MOST_PIECES;
        let kept = self.0.iter().take(MOST - 1).cloned();
        Past(is_known.then_some(former).into_iter().chain(kept).collect())
    }

    /// What is new since the generation of an entity tag, in its quotes, in the pieces of now. `None` where that
    /// is not known, or where it is all of it.
    pub(super) fn new_since(&self, tag: &[u8], now: &[Chunk]) -> Option<Vec<Chunk>> {
        let former = self
            .0
            .iter()
            .find(|former| former.tags.form(tag).is_some())?;
        let [head, entries @ .., tail] = now else {
            return None;
        };
        // Between entries of JSON there is a comma, and of the others nothing.
        let comma = entries.iter().find(|chunk| is_comma(chunk));
        let mut new = vec![head.clone()];
        let mut is_less = false;
        for group in entries.iter().filter(|chunk| !is_comma(chunk)) {
            if former.pieces.contains(&group.fingerprint()) {
                is_less = true;
                continue;
            }
            if new.len() > 1 {
                new.extend(comma.cloned());
            }
            new.push(group.clone());
        }
        new.push(tail.clone());
        is_less.then_some(new)
    }
}

fn is_comma(chunk: &Chunk) -> bool {
    chunk.len() == 1 && chunk.bytes().is_ok_and(|bytes| *bytes == *b",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::coding::Form;

    fn chunks(texts: &[&str]) -> Vec<Chunk> {
        let chunk = |text: &&str| Chunk::new(text.as_bytes().to_vec());
        texts.iter().map(chunk).collect()
    }

    fn tags(name: &str) -> Tags {
        Tags::new(name, &Form::ALL)
    }

    fn text(chunks: Option<Vec<Chunk>>) -> Option<String> {
        let bytes = |chunk: &Chunk| chunk.bytes().unwrap();
        let all = chunks?.iter().map(bytes).collect::<Vec<_>>().concat();
        Some(String::from_utf8(all).unwrap())
    }

    #[test]
    fn what_is_new_stands_between_the_ends() {
        let past = Past::default().and(&tags("a"), &chunks(&["<", "1", "2", ">"]));
        let past = past.and(&tags("b"), &chunks(&["<", "0", "1", "2", ">"]));
        let now = chunks(&["<", "0", "9", "2", ">"]);
        let since = |tag: &str| text(past.new_since(tag.as_bytes(), &now));
        assert_eq!(since("\"b\"").as_deref(), Some("<9>"));
        assert_eq!(since("\"a-gzip\"").as_deref(), Some("<09>"));
        assert_eq!(since("\"c\""), None, "it is not known");
        let other = chunks(&["<", "7", "8", ">"]);
        assert_eq!(
            text(past.new_since(b"\"a\"", &other)),
            None,
            "it is all of it"
        );
        let fewer = chunks(&["<", "2", ">"]);
        assert_eq!(
            text(past.new_since(b"\"a\"", &fewer)).as_deref(),
            Some("<>")
        );
        assert_eq!(text(past.new_since(b"\"a\"", &chunks(&["<>"]))), None);
    }

    #[test]
    fn commas_stand_between_entries_only() {
        let past = Past::default().and(&tags("a"), &chunks(&["[", "1", ",", "2", "]"]));
        let since = |now: &[&str]| text(past.new_since(b"\"a\"", &chunks(now)));
        assert_eq!(
            since(&["[", "3", ",", "1", ",", "2", "]"]).as_deref(),
            Some("[3]")
        );
        assert_eq!(
            since(&["[", "4", ",", "1", ",", "5", ",", "2", "]"]).as_deref(),
            Some("[4,5]")
        );
        assert_eq!(since(&["[", "2", "]"]).as_deref(), Some("[]"));
    }

    #[test]
    fn so_many_generations_are_known_and_no_more() {
        let mut past = Past::default();
        for number in 0..100 {
            past = past.and(&tags(&number.to_string()), &chunks(&["<", "1", ">"]));
        }
        let now = chunks(&["<", "2", "1", ">"]);
        assert!(past.new_since(b"\"99\"", &now).is_some());
        assert!(past.new_since(b"\"80\"", &now).is_some());
        assert!(past.new_since(b"\"79\"", &now).is_none());
        let huge = vec![chunks(&["x"]).remove(0); MOST_PIECES + 1];
        let past = past.and(&tags("huge"), &huge);
        assert!(past.new_since(b"\"huge\"", &now).is_none());
    }
}

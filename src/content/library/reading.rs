//! Files that are not as they were known into what is in them: taken from the cache where that knows them as they
//! are, else read, on all cores.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use rayon::prelude::*;

use super::{Library, texts};
use crate::config::Config;
use crate::content::Rendering;
use crate::content::cache::{self, Block, Cache};
use crate::content::parse::Parsed;
use crate::content::read::{How, Reading, read};
use crate::content::scan::Candidate;
use crate::finding::Finding;
use crate::priority::give_way;
use crate::progress::Progress;

/// What was read, by its path.
pub(super) struct Readings {
    pub(super) all: Vec<(Arc<str>, Reading)>,
    /// How many were taken from the cache.
    pub(super) cached: usize,
    /// How many were read that could be taken from the cache another time.
    pub(super) unsaved: usize,
    /// Whether there is no room for all texts.
    pub(super) texts_are_many: bool,
    /// Those that could not be read for the moment. What is known of them stays.
    pub(super) unread: Vec<Finding>,
}

impl Library {
    /// What is in these files, in their order. `kept` bytes of texts are kept besides what is known.
    pub(super) fn readings(
        &self,
        stale: &[(String, Candidate)],
        cache: Option<&Cache>,
        rendering: Option<&Arc<Rendering>>,
        (config, now, kept): (&Config, SystemTime, usize),
        progress: &Progress,
    ) -> Readings {
        let texts = AtomicUsize::new(self.texts + kept);
        let most_texts = texts::most(config);
        let (cached, unsaved) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let texts_are_many = AtomicBool::new(false);
        let unread = Mutex::new(Vec::new());
        let one = |path: &str, candidate: &Candidate, block: Option<&Block<'_>>| {
            let known = || block?.reading(path, candidate, rendering?);
            let is_believed = cache.is_some_and(|cache| cache.believes(candidate));
            let known = if is_believed { known() } else { None };
            let mut reading = match known {
                Some(known) => {
                    cached.fetch_add(1, Ordering::Relaxed);
                    known
                }
                None => {
                    let how = match rendering {
                        Some(rendering) => How::Outline {
                            rendering,
                            keeps_text: texts.load(Ordering::Relaxed) < most_texts,
                        },
                        None => How::Whole(self.depth),
                    };
                    let reading = match read(path, candidate, config, how, now) {
                        Ok(reading) => reading,
                        Err(finding) => {
                            let mut unread = unread.lock().unwrap_or_else(PoisonError::into_inner);
                            unread.push(finding);
                            if self.files.contains_key(path) {
                                return None;
                            }
                            Reading::unread()
                        }
                    };
                    unsaved.fetch_add(usize::from(may_be_kept(&reading)), Ordering::Relaxed);
                    reading
                }
            };
            if let Parsed::Post { post, .. } = &mut reading.parsed {
                if let Some(post) = Arc::get_mut(post) {
                    self.shared.share(post);
                }
                let kept = post.body.kept();
                // The text of a post that is not kept is read again when it is asked for.
                if texts.fetch_add(kept, Ordering::Relaxed) + kept > most_texts {
                    post.body.forget();
                    texts.fetch_sub(kept, Ordering::Relaxed);
                    texts_are_many.store(true, Ordering::Relaxed);
                }
            }
            progress.step();
            give_way();
            let path = match &reading.parsed {
                Parsed::Post { post, .. } => Arc::clone(&post.path),
                _ => Arc::from(path),
            };
            Some((path, reading))
        };
        let number = |path: &str| cache.and_then(|cache| cache.block_of(path));
        let all = stale
            .par_chunk_by(|(one, _), (next, _)| number(one) == number(next))
            .flat_map(|part| {
                let bytes = part
                    .first()
                    .and_then(|(path, _)| cache?.block(number(path)?));
                let block = bytes.as_deref().and_then(Block::of);
                let files = part.par_iter();
                files
                    .filter_map(|(path, candidate)| one(path, candidate, block.as_ref()))
                    .collect::<Vec<_>>()
            })
            .collect();
        Readings {
            all,
            cached: cached.into_inner(),
            unsaved: unsaved.into_inner(),
            texts_are_many: texts_are_many.into_inner(),
            unread: unread.into_inner().unwrap_or_else(PoisonError::into_inner),
        }
    }
}

fn may_be_kept(reading: &Reading) -> bool {
    match &reading.parsed {
        Parsed::Post { post, .. } => reading.stamp.is_some() && cache::Known::may_be_of(post),
        _ => false,
    }
}

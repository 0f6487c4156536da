//! Reads files, on all cores.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use rayon::prelude::*;

use super::Library;
use crate::config::Config;
use crate::content::Rendering;
use crate::content::parse::Parsed;
use crate::content::read::{How, Reading, read};
use crate::content::scan::Candidate;
use crate::finding::Finding;
use crate::progress::Progress;

/// What was read, by its path.
type Readings = Vec<(Arc<str>, Reading)>;

impl Library {
    /// What is in these files, in their order, and those that could not be read for the moment. What is known of the
    /// latter stays. Texts are compressed as they are read if `is_compressed`.
    pub(super) fn readings(
        &self,
        stale: &[(String, Candidate)],
        rendering: Option<&Arc<Rendering>>,
        (config, now, is_compressed): (&Config, SystemTime, bool),
        progress: &Progress,
    ) -> (Readings, Vec<Finding>) {
        let how = match rendering {
            Some(rendering) => How::Outline(rendering),
            None => How::Whole(self.depth),
        };
        let unread = Mutex::new(Vec::new());
        let one = |(path, candidate): &(String, Candidate)| {
            let mut reading = match read(path, candidate, config, how, now) {
                Ok(reading) => reading,
                Err(finding) => {
                    let mut unread = unread.lock().unwrap_or_else(PoisonError::into_inner);
                    unread.push(finding);
                    if self.files.contains_key(path.as_str()) {
                        return None;
                    }
                    Reading::unread()
                }
            };
            let path = match &mut reading.parsed {
                Parsed::Post { post, .. } => {
                    if let Some(post) = Arc::get_mut(post) {
                        self.shared.share(post);
                    }
                    if is_compressed {
                        post.body.compress();
                    }
                    Arc::clone(&post.path)
                }
                _ => Arc::from(path.as_str()),
            };
            progress.step();
            Some((path, reading))
        };
        let readings = stale.par_iter().filter_map(one).collect();
        let unread = unread.into_inner().unwrap_or_else(PoisonError::into_inner);
        (readings, unread)
    }
}

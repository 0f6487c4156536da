//! A look at the content in steps: list, read some files, take in what they say. What is public is read first, so that
//! a post that hides can be withdrawn before the rest is read.

use std::ops::Bound;
use std::sync::Arc;
use std::time::SystemTime;

use super::{Library, LibraryError};
use crate::config::Config;
use crate::content::dialect::is_section;
use crate::content::known::Known;
use crate::content::scan::{Candidate, Scan};
use crate::content::{Depth, Rendering, Scope};
use crate::finding::Finding;
use crate::post::{Marker, Post};
use crate::progress::{Progress, Stage};

/// So much text may wait to be compressed after the first look: compressing makes a start half as long again, so it is done
/// when the first snapshot is served. What is more is compressed as it is read.
const MAX_UNCOMPRESSED_BYTES: u64 = 1 << 30;

/// Fewer files are read at once: it takes a millisecond or two.
const FEW: usize = 32;
/// A file above this may take long to read: how long is bounded by a number that grows with the body.
const LARGE_BYTES: u64 = 16 * 1024;

/// A look under way. The library is as it was until [`Library::finish`].
#[derive(Debug)]
pub struct Look {
    pub(super) scan: Scan,
    pub(super) gone: Vec<Arc<str>>,
    rendering: Option<Arc<Rendering>>,
    /// Whether texts are compressed later, and not as they are read.
    pub(super) is_deferred: bool,
    /// What is to be read, the last first.
    stale: Vec<(String, Candidate)>,
    /// How many of those could hide a post that is public.
    may_hide: usize,
    /// How many of the latter are large. They come after the others.
    large: usize,
    /// Whether any file is large, so that reading it may take long.
    has_large: bool,
    /// What was read.
    pub(super) fresh: Vec<Fresh>,
    /// What could not be read for the moment.
    pub(super) unread: Vec<Finding>,
    /// Where in what was read the last step began.
    step: usize,
}

/// A file that was read.
#[derive(Debug)]
pub(super) struct Fresh {
    pub(super) path: Arc<str>,
    pub(super) known: Known,
}

impl Look {
    /// How many files are to be read next, at most so many, before what they take back is published; `None` where all
    /// that is left may be read at once.
    pub fn next_step(&self, most: usize) -> Option<usize> {
        let small = self.may_hide.saturating_sub(self.large);
        if self.has_large && small > 0 {
            return Some(small.min(most));
        }
        (self.may_hide > FEW).then(|| self.may_hide.min(most))
    }
}

impl Library {
    /// Lists what there is to look at. Files of which `is_public` says so are read first, and those that speak
    /// for all posts below a directory.
    ///
    /// # Errors
    /// The directory cannot be listed; what was known stays as it is.
    pub fn begin(
        &mut self,
        scope: &Scope,
        config: &Config,
        is_public: &dyn Fn(&str) -> bool,
        progress: &Progress,
    ) -> Result<Look, LibraryError> {
        progress.begin(Stage::Listing, 0);
        let scan = self.scan(scope, config);
        let mut scan = scan.inspect_err(|_| self.rendering = None)?;
        let rendering = match (&self.rendering, self.depth) {
            (Some(rendering), _) => Some(Arc::clone(rendering)),
            (None, Depth::Outline) => Some(Arc::new(Rendering::new(config))),
            (None, _) => None,
        };
        self.rendering.clone_from(&rendering);
        let gone = self.gone(&scan);
        self.absent
            .retain(|path, _| !scan.candidates.contains_key(&**path));
        let is_stale = |(path, candidate): &(String, Candidate)| {
            let known = self.files.get(path.as_str());
            known.is_none_or(|known| known.stamp != Some(candidate.stamp.seal()))
        };
        let candidates = std::mem::take(&mut scan.candidates);
        let stale = candidates.into_iter().filter(is_stale);
        let may_hide = |(path, _): &(String, Candidate)| is_section(name(path)) || is_public(path);
        let (mut first, mut rest): (Vec<_>, Vec<_>) = stale.partition(may_hide);
        let may_hide = first.len();
        let is_large = |(_, file): &(String, Candidate)| file.stamp.size > LARGE_BYTES;
        first.sort_by_key(is_large);
        let large = first.iter().filter(|file| is_large(file)).count();
        let has_large = large > 0 || rest.iter().any(is_large);
        // Taken from the end.
        first.reverse();
        rest.reverse();
        rest.append(&mut first);
        progress.begin(Stage::Reading, rest.len());
        let bytes: u64 = rest.iter().map(|(_, file)| file.stamp.size).sum();
        Ok(Look {
            scan,
            gone,
            rendering,
            is_deferred: !self.looked && bytes <= MAX_UNCOMPRESSED_BYTES,
            fresh: Vec::with_capacity(rest.len()),
            stale: rest,
            may_hide,
            large,
            has_large,
            unread: Vec::new(),
            step: 0,
        })
    }

    /// Reads some of the files, at most so many; whether there were any left.
    pub fn read_some(
        &mut self,
        look: &mut Look,
        most: usize,
        (config, now): (&Config, SystemTime),
        progress: &Progress,
    ) -> bool {
        if look.stale.is_empty() {
            return false;
        }
        let mut some = look.stale.split_off(look.stale.len().saturating_sub(most));
        some.reverse();
        look.may_hide = look.may_hide.saturating_sub(some.len());
        look.step = look.fresh.len();
        let (read, unread) = self.readings(
            &some,
            look.rendering.as_ref(),
            (config, now, !look.is_deferred),
            progress,
        );
        look.unread.extend(unread);
        for (path, reading) in read {
            let known = Known::after(self.files.get(&path), &path, reading);
            look.fresh.push(Fresh { path, known });
        }
        true
    }

    /// The posts of the files that the last step read, and of those below a section that it read and that withholds
    /// them. What sections say of the former is not in them yet.
    pub fn just_read(&self, look: &Look) -> Vec<(Arc<str>, Option<Arc<Post>>)> {
        let step = look.fresh.get(look.step..).unwrap_or_default();
        let mut posts = Vec::with_capacity(step.len());
        for Fresh { path, known, .. } in step {
            let before = self.files.get(path);
            let withheld = before.map_or(&[][..], |before| &*before.withholds);
            if !known.withholds.is_empty() && *known.withholds != *withheld {
                posts.extend(self.withheld(path, &known.withholds));
            }
            posts.push((Arc::clone(path), known.post.clone()));
        }
        posts
    }

    /// The posts below the directory of a section, with what it says of them.
    fn withheld<'a>(
        &'a self,
        section: &str,
        markers: &'a [Marker],
    ) -> impl Iterator<Item = (Arc<str>, Option<Arc<Post>>)> + 'a {
        let dir = section.rsplit_once('/').map(|(dir, _)| format!("{dir}/"));
        let dir = dir.unwrap_or_default();
        let from = (Bound::Included(dir.as_str()), Bound::Unbounded);
        let below = self.files.range::<str, _>(from);
        let below = below.take_while(move |(path, _)| path.starts_with(&dir));
        below.filter_map(move |(path, known)| {
            let mut post = Post::clone(known.published()?);
            post.markers = post.markers.iter().chain(markers).cloned().collect();
            Some((Arc::clone(path), Some(Arc::new(post))))
        })
    }

    /// Whether there is a file, as far as is known.
    pub fn is_there(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }
}

fn name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

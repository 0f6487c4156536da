//! What is known into a file for the next start, when enough of it is new, on a thread that stands back.

use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::Library;
use super::taking::Taken;
use crate::config::Config;
use crate::content::Depth;
use crate::content::cache::{self, Cache, Unusable};
use crate::content::known::State;
use crate::post::Post;
use crate::priority::Priority;

/// The file is written again when more than this part of the posts would have to be read: that many are read
/// in no time.
const PART: usize = 64;
/// For what was taken back it is not written again sooner.
const NO_SOONER: Duration = Duration::from_secs(60);

/// What there is to keep.
#[derive(Debug, Default)]
pub(super) struct Keeping {
    /// How many posts were read that may be kept, since the file was written.
    pub(super) unsaved: usize,
    /// Whether the file has a post that was taken back, or that went.
    pub(super) holds_too_much: bool,
    written: Option<Instant>,
    writing: Option<JoinHandle<()>>,
}

impl Keeping {
    /// Notes what became of a file that was read. What is taken back is not to stay in the file either.
    pub(super) fn note(&mut self, taken: &Taken) {
        let was_kept = |was: &Arc<Post>| cache::Known::may_be_of(was);
        self.holds_too_much |= taken.is_withheld && taken.was.as_ref().is_some_and(was_kept);
    }

    fn is_due(&self, posts: usize) -> bool {
        let is_new = || {
            self.written
                .is_none_or(|written| written.elapsed() >= NO_SOONER)
        };
        self.unsaved > posts / PART || (self.holds_too_much && is_new())
    }
}

impl Drop for Keeping {
    /// Half a file would be of no use.
    fn drop(&mut self) {
        if let Some(writing) = self.writing.take() {
            let _ = writing.join();
        }
    }
}

impl Library {
    /// Begins with what the first look needs besides the files, on another thread.
    pub fn prepare(config: &Config) {
        if config.content.cache.is_some() {
            rayon::spawn(|| drop(cache::program()));
        }
    }

    /// The file that the last run may have left, at the first look.
    pub(super) fn kept<'a>(&self, config: &'a Config) -> Option<&'a Path> {
        let file = config.content.cache.as_deref();
        file.filter(|_| self.depth == Depth::Outline && !self.looked)
    }

    /// What the last run left.
    pub(super) fn cache(file: &Path, config: &Config) -> Option<Cache> {
        let identity = cache::identity(config).map_err(Unusable::Io);
        match identity.and_then(|identity| Cache::open(file, identity)) {
            Ok(cache) => Some(cache),
            Err(reason @ (Unusable::Missing | Unusable::Foreign)) => {
                tracing::info!("`{}` is not used: {reason}", file.display());
                None
            }
            Err(reason) => {
                tracing::warn!(
                    hint = "all posts are read; the file is written anew where that is possible",
                    "`{}` is not used: {reason}",
                    file.display()
                );
                None
            }
        }
    }

    /// Writes what is known for the next start, if that is asked for and enough of it is new. Returns at once;
    /// dropping the library waits for the end of it.
    pub fn keep_for_restart(&mut self, config: &Config) {
        let Some(file) = &config.content.cache else {
            return;
        };
        if !self.keeping.is_due(self.files.len()) {
            return;
        }
        if let Some(writing) = self
            .keeping
            .writing
            .take_if(|writing| writing.is_finished())
        {
            let _ = writing.join();
        }
        if self.keeping.writing.is_some() {
            return;
        }
        self.keeping.unsaved = 0;
        self.keeping.holds_too_much = false;
        self.keeping.written = Some(Instant::now());
        let known = self.files.values();
        let known = known
            .filter(|known| known.state == State::Post)
            .filter_map(|known| {
                let post = known
                    .post
                    .as_ref()
                    .filter(|post| cache::Known::may_be_of(post))?;
                Some(cache::Known {
                    seal: known.stamp?,
                    post: Arc::clone(post),
                    findings: known.findings.clone(),
                    is_deep: known.is_deep,
                })
            });
        let known: Vec<cache::Known> = known.collect();
        let (file, config) = (file.clone(), config.clone());
        let write = move || {
            Priority::Compressing.take();
            write(&file, &config, &known);
        };
        self.keeping.writing = std::thread::Builder::new()
            .name("cache".to_owned())
            .spawn(write)
            .inspect_err(
                |error| tracing::warn!(%error, "what was read is not kept for the next start"),
            )
            .ok();
    }
}

fn write(file: &Path, config: &Config, known: &[cache::Known]) {
    let written = cache::identity(config).and_then(|identity| cache::write(file, identity, known));
    match written {
        Ok(()) => tracing::debug!(posts = known.len(), "`{}` is written", file.display()),
        Err(error) => tracing::warn!(
            %error,
            hint = "let courant write there, or remove `content.cache`",
            "`{}` is not written, and the next start reads all posts",
            file.display()
        ),
    }
}

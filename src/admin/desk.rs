//! All that the operator's pages are made of, in one place, asked for when somebody looks.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::told::{Now, Told};
use super::view::View;
use crate::gallery::Gallery;
use crate::server::Traffic;
use crate::snapshot::{Current, Snapshot};
use crate::watch::{Asker, Counts};

/// How long a watch that is busy is waited for before what was known before is shown.
const PATIENCE: Duration = Duration::from_millis(400);
/// The same, where nothing was known before.
const FIRST_PATIENCE: Duration = Duration::from_secs(10);

/// As many pages that are open hear news at once. There are more connections, so that those who are forgotten
/// in browsers keep no supervisor from asking whether we live.
const MOST_STREAMS: usize = 32;

/// Where what is shown comes from.
#[derive(Clone)]
pub struct Sources {
    /// What the watch reports.
    pub told: Told,
    /// What answers for all that is known of the content.
    pub asker: Asker,
    /// The generation that is served.
    pub current: Current,
    /// What draws cards.
    pub gallery: Gallery,
    /// What was answered at the public addresses.
    pub traffic: Traffic,
    /// What the watch did.
    pub counts: Arc<Counts>,
    /// What tells the time.
    pub clock: fn() -> SystemTime,
}

/// The same, with what was made of it last.
pub(super) struct Desk {
    sources: Sources,
    last: Mutex<Option<(u64, Arc<View>)>>,
    streams: Arc<Semaphore>,
}

impl Desk {
    pub(super) fn new(sources: Sources) -> Desk {
        Desk {
            sources,
            last: Mutex::new(None),
            streams: Arc::new(Semaphore::new(MOST_STREAMS)),
        }
    }

    pub(super) fn told(&self) -> &Told {
        &self.sources.told
    }

    /// The right to hear news, while there is one.
    pub(super) fn stream(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.streams).try_acquire_owned().ok()
    }

    pub(super) fn gallery(&self) -> &Gallery {
        &self.sources.gallery
    }

    pub(super) fn traffic(&self) -> &Traffic {
        &self.sources.traffic
    }

    pub(super) fn counts(&self) -> &Counts {
        &self.sources.counts
    }

    pub(super) fn snapshot(&self) -> Arc<Snapshot> {
        self.sources.current.load()
    }

    pub(super) fn clock(&self) -> DateTime<Utc> {
        (self.sources.clock)().into()
    }

    /// What is known now, and all that is known of the posts, as of now or, while the watch is busy, a
    /// little before. It may block.
    pub(super) fn look(&self) -> (Now, Option<Arc<View>>) {
        // One at a time: who comes meanwhile wants the same.
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.sources.told.now();
        if let Some((version, view)) = &*last
            && *version == now.version
        {
            return (now, Some(Arc::clone(view)));
        }
        let patience = match *last {
            Some(_) => PATIENCE,
            None => FIRST_PATIENCE,
        };
        if let Some(overview) = self.sources.asker.ask(patience) {
            *last = Some((now.version, Arc::new(View::of(overview))));
        }
        let view = last.as_ref().map(|(_, view)| Arc::clone(view));
        (now, view)
    }
}

//! Tells WebSub hubs and IndexNow which feeds and pages changed.
//!
//! A thread of its own compares each published snapshot with what was announced last, which a [`StateStore`] keeps.
//! Publishing never waits for it. Each hub, and IndexNow, is a target with a task of its own, so that one that does not
//! answer delays no other.

mod delivery;
mod published_urls;
mod retry_schedule;
mod state;
mod status;
mod target;
mod target_task;

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::SystemTime;

use tokio::sync::watch;

use crate::config::AnnounceConfig;
use crate::http_client::build_http_client;
use crate::publish::snapshot::Snapshot;
use crate::thread_priority::ThreadPriority;
use published_urls::PublishedUrls;
use state::SharedState;
use target::AnnounceTarget;
use target_task::TargetTask;

pub use retry_schedule::AnnounceTimings;
pub use state::{FileStore, StateError, StateFuture, StateStore};
pub use status::{AnnounceStatus, TargetStatus};

/// Handle on the thread that announces changes. It ends when the handle is dropped.
#[derive(Debug)]
pub struct Announcer {
    newest: Option<watch::Sender<Option<Arc<Snapshot>>>>,
    thread: Option<JoinHandle<()>>,
}

impl Announcer {
    /// Starts the thread. Without a store, the state is lost at the end. Returns `None` if nothing is to be told of changes.
    ///
    /// # Errors
    /// The system lacks certificates of certification authorities, or a thread.
    pub fn start(
        config: &AnnounceConfig,
        timings: AnnounceTimings,
        store: Option<Box<dyn StateStore>>,
        status: AnnounceStatus,
        clock: fn() -> SystemTime,
    ) -> io::Result<Option<Announcer>> {
        let targets = AnnounceTarget::from_config(config);
        if !config.enabled || targets.is_empty() {
            return Ok(None);
        }
        let client = build_http_client(timings.request_timeout).map_err(io::Error::other)?;
        let keys = targets.iter().map(|target| target.state_key().to_owned());
        let state = Arc::new(SharedState::new(store, keys.collect()));
        let (newest, snapshots) = watch::channel(None);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let thread = std::thread::Builder::new()
            .name("announce".to_owned())
            .spawn(move || {
                ThreadPriority::Compressing.apply_to_current_thread();
                runtime.block_on(async {
                    let (sender, published) = watch::channel(None);
                    for target in targets {
                        let delay = target.delay(&timings);
                        status.add_target(target.state_key());
                        let task = TargetTask {
                            client: client.clone(),
                            clock,
                            target,
                            delay,
                            timings,
                            state: Arc::clone(&state),
                            status: status.clone(),
                        };
                        tokio::spawn(task.run(published.clone()));
                    }
                    publish_urls(snapshots, &sender).await;
                });
                // A name that is being looked up must not delay the end of the process.
                runtime.shutdown_background();
            })?;
        Ok(Some(Announcer {
            newest: Some(newest),
            thread: Some(thread),
        }))
    }

    /// Hands over the newest generation, which clients can fetch already. Returns at once; of several generations in a
    /// short time, only the last counts.
    pub fn announce_snapshot(&self, snapshot: Arc<Snapshot>) {
        if let Some(newest) = &self.newest {
            newest.send_replace(Some(snapshot));
        }
    }
}

impl Drop for Announcer {
    fn drop(&mut self) {
        drop(self.newest.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Lists the feeds and pages of each snapshot, until there are no more.
async fn publish_urls(
    mut snapshots: watch::Receiver<Option<Arc<Snapshot>>>,
    published: &watch::Sender<Option<Arc<PublishedUrls>>>,
) {
    while snapshots.changed().await.is_ok() {
        let snapshot = snapshots.borrow_and_update().clone();
        let urls = snapshot.map(|snapshot| Arc::new(PublishedUrls::from_snapshot(&snapshot)));
        published.send_replace(urls);
    }
}

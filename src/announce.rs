//! Tells WebSub hubs and IndexNow which feeds and pages changed.
//!
//! A thread of its own compares each published snapshot with what was announced last, which a [`AnnouncedStore`] keeps.
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
use crate::http_client::{build_http_client, same_method_redirects};
use crate::publish::snapshot::Snapshot;
use crate::thread_priority::ThreadPriority;
use published_urls::{Published, PublishedUrls};
use state::SharedState;
use target::AnnounceTarget;
use target_task::TargetTask;

pub use retry_schedule::AnnounceTimings;
pub use state::{AnnouncedStore, FileStore, STATE_FILE_NAME, StateError, StateFuture};
pub use status::{AnnounceStatus, TargetStatus};

/// Newest generation that clients can fetch, and the number of those that this process announces.
type Newest = (Option<Arc<Snapshot>>, u64);

/// Handle on the thread that announces changes. It ends when the handle is dropped.
#[derive(Debug)]
pub struct Announcer {
    newest: Option<watch::Sender<Newest>>,
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
        store: Option<Box<dyn AnnouncedStore>>,
        status: AnnounceStatus,
        clock: fn() -> SystemTime,
    ) -> io::Result<Option<Announcer>> {
        let targets = AnnounceTarget::from_config(config);
        if !config.enabled || targets.is_empty() {
            return Ok(None);
        }
        let client = build_http_client(timings.request_timeout, same_method_redirects());
        let client = client.map_err(io::Error::other)?;
        let keys = targets.iter().map(|target| target.state_key().to_owned());
        let state = Arc::new(SharedState::new(store, keys.collect()));
        let (newest, snapshots) = watch::channel((None, 0));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let thread = std::thread::Builder::new()
            .name("announce".to_owned())
            .spawn(move || {
                ThreadPriority::Compressing.apply_to_current_thread();
                runtime.block_on(async {
                    let (sender, published) = watch::channel(Published::default());
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
        self.replace_newest(Some(snapshot), true);
    }

    /// Hands over a generation that another process announces. What this process has still to announce is compared with
    /// it, and with what is recorded by then. `None` drops what waits, because clients may not be able to fetch it.
    pub fn replace_snapshot(&self, snapshot: Option<Arc<Snapshot>>) {
        self.replace_newest(snapshot, false);
    }

    fn replace_newest(&self, snapshot: Option<Arc<Snapshot>>, is_announced: bool) {
        if let Some(newest) = &self.newest {
            newest.send_modify(|(current, announcements)| {
                *current = snapshot;
                *announcements += u64::from(is_announced);
            });
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
    mut snapshots: watch::Receiver<Newest>,
    published: &watch::Sender<Published>,
) {
    while snapshots.changed().await.is_ok() {
        let (snapshot, announcements) = snapshots.borrow_and_update().clone();
        published.send_replace(Published {
            urls: snapshot.map(|snapshot| Arc::new(PublishedUrls::from_snapshot(&snapshot))),
            announcements,
        });
    }
}

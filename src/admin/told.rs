//! What the watch reports, turn by turn, into what the operator is told at once.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

use tokio::sync::watch;

use crate::pipeline::{Cause, Changed, Outcome, Status};
use crate::watch::Turn;

/// So many generations are remembered.
const HISTORY: usize = 20;

/// Hears the watch. A copy hears for the same.
#[derive(Debug, Clone, Default)]
pub struct Told(watch::Sender<Now>);

/// What is known now. A copy shares what is large in it.
#[derive(Debug, Clone, Default)]
pub struct Now {
    /// Counts up with everything that is told.
    pub version: u64,
    /// Counts, findings, and when something is due.
    pub status: Status,
    /// The last generations, the newest first.
    pub history: VecDeque<Generation>,
    /// What keeps what is served from being what is on disk.
    pub troubles: Troubles,
    /// Where news of changes comes from.
    pub news: News,
}

/// A generation of what is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generation {
    /// Its number.
    pub number: u64,
    /// Since when it is served.
    pub since: SystemTime,
    /// Why it came.
    pub cause: Cause,
    /// What became of posts with it.
    pub changed: Changed,
}

/// What keeps what is served from being what is on disk.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Troubles {
    /// The content cannot be looked at: why.
    pub content: Option<String>,
    /// Most posts were gone at once, and are served until that has lasted.
    pub in_doubt: bool,
    /// The configuration on disk is not the one that is gone by: why.
    pub config: Option<String>,
    /// Keys of it that are read at the start only.
    pub needs_restart: Vec<&'static str>,
}

/// Where news of changes comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum News {
    /// File events.
    #[default]
    Events,
    /// Looks at an interval, as there are no events: why, and what to do about it.
    Looks(String, &'static str, Duration),
    /// Events, and looks at an interval besides, for this file system does not tell all.
    Both(&'static str, Duration),
}

impl Troubles {
    /// Each in a sentence.
    pub fn sentences(&self) -> Vec<String> {
        let mut all = Vec::new();
        if let Some(why) = &self.content {
            all.push(format!(
                "the content cannot be looked at, and what was served is served on: {why}"
            ));
        }
        if self.in_doubt {
            all.push(
                "most posts are gone at once; they are served until that has lasted".to_owned(),
            );
        }
        if let Some(why) = &self.config {
            all.push(format!(
                "the configuration on disk is not the one that is gone by: {why}"
            ));
        }
        if !self.needs_restart.is_empty() {
            all.push(format!(
                "the configuration says something else since the start, and courant must be restarted for {}",
                self.needs_restart.join(", ")
            ));
        }
        all
    }
}

impl Now {
    /// Whether a first snapshot is out.
    pub fn is_ready(&self) -> bool {
        self.status.generation > 0
    }
}

impl Told {
    /// What is known now.
    pub fn now(&self) -> Now {
        self.0.borrow().clone()
    }

    /// Wakes whoever waits for news.
    pub fn subscribe(&self) -> watch::Receiver<Now> {
        self.0.subscribe()
    }

    /// Hears of the first look.
    pub fn begins(&self, status: &Status, at: SystemTime) {
        self.0.send_modify(|now| {
            now.version += 1;
            now.looked(Outcome::Published, status, at);
        });
    }

    /// Hears of a turn.
    pub fn hear(&self, turn: &Turn<'_>, at: SystemTime) {
        // No news.
        if matches!(turn, Turn::Awake | Turn::Rereading | Turn::Recovered) {
            return;
        }
        self.0.send_modify(|now| {
            now.version += 1;
            now.hear(turn, at);
        });
    }
}

impl Now {
    fn hear(&mut self, turn: &Turn<'_>, at: SystemTime) {
        match turn {
            Turn::Awake | Turn::Rereading | Turn::Recovered => {}
            Turn::Looked(outcome, status) => self.looked(*outcome, status, at),
            Turn::Advised(status) | Turn::Missed(_, status) => self.status = (*status).clone(),
            Turn::Failed(error) => self.troubles.content = Some(error.with_causes()),
            Turn::InDoubt(_) => self.troubles.in_doubt = true,
            Turn::NoEvents(why, poll) => {
                self.news = News::Looks(why.reason.clone(), why.hint, *poll);
            }
            Turn::Shared(file_system, poll) => self.news = News::Both(file_system, *poll),
            Turn::Events => self.news = News::Events,
            Turn::Reloaded {
                needs_restart,
                status,
            } => {
                self.troubles.config = None;
                self.troubles.needs_restart = needs_restart.to_vec();
                self.looked(Outcome::Published, status, at);
            }
            Turn::Refused(error) => self.troubles.config = Some(error.to_string()),
            Turn::Unusable(error) => self.troubles.config = Some(error.with_causes()),
        }
    }

    fn looked(&mut self, outcome: Outcome, status: &Status, at: SystemTime) {
        self.troubles.content = None;
        self.troubles.in_doubt = false;
        self.status = status.clone();
        let is_new = self
            .history
            .front()
            .is_none_or(|last| last.number != status.generation);
        if outcome == Outcome::Published && is_new {
            self.history.truncate(HISTORY - 1);
            self.history.push_front(Generation {
                number: status.generation,
                since: at,
                cause: status.cause,
                changed: status.changed.clone(),
            });
        }
    }
}

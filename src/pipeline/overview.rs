//! All that is known at one moment, for who runs the service: nothing here is public.

use std::sync::Arc;

use super::{Pipeline, Status};
use crate::collection::Map;
use crate::config::Config;
use crate::picture::Found;
use crate::post::Post;
use crate::site::{Judged, Site};

/// What is known. To make it costs some nanoseconds a post; what it holds is shared.
#[derive(Debug)]
pub struct Overview {
    /// What is gone by.
    pub config: Arc<Config>,
    /// Every post that could be read, in the order of the paths.
    pub posts: Vec<Arc<Post>>,
    /// What is public, and what was decided on each post. Findings are in the status.
    pub judged: Judged,
    /// Counts, findings, and when something is due.
    pub status: Status,
    /// The pictures that they name, by their addresses, as far as they were looked at.
    pub pictures: Map<String, Found>,
}

impl Pipeline {
    /// What is known now.
    pub fn overview(&self) -> Overview {
        let site: Arc<Site> = Arc::new(self.register.site().clone());
        Overview {
            config: Arc::clone(&self.config),
            posts: self.library.posts().map(Arc::clone).collect(),
            judged: Judged {
                site,
                verdicts: self.register.verdicts(),
                findings: Vec::new(),
                next_change: self.register.next_change(),
            },
            status: self.status.clone(),
            pictures: self.studio.pictures(),
        }
    }
}

//! Serves the admin pages, metrics and health checks on a listener of their own.
//!
//! Nothing of it can be reached at the public addresses.
//!
//! * `AdminServer` accepts connections, `AdminAuth` checks host, origin and token, and
//!   `answer_request` routes.
//! * `StatusBoard` collects the events of the watch. `AdminState` and `PostTable` hold the data of
//!   pages and metrics, which is loaded on request.
//! * `SocialNetwork` lists how social networks show a link to a post.

mod auth;
mod body;
mod health;
mod listen;
mod metrics;
mod page;
mod post_table;
mod query;
mod route;
mod server_sent_events;
mod state;
mod watch_status;

use crate::config::Secret;

pub use listen::{AdminServer, ListenTarget};
pub use state::AdminSources;
pub use watch_status::{
    ChangeDetection, Degradations, PublishedGeneration, StatusBoard, WatchStatus,
};

/// Access rules of the admin listener.
#[derive(Debug, Clone, Copy)]
pub struct AccessRules<'a> {
    /// Allowed host names, besides `localhost` and IP addresses.
    pub hosts: &'a [String],
    /// Required token; `None` if no token is needed.
    pub token: Option<&'a Secret>,
}

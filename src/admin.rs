//! What is known of the content and of who reads it, into what the operator is shown: on a listener of its
//! own, of which nothing can be reached at the public one.
//!
//! * `listen`: the socket, `guard`: who may ask, `route`: what is asked for;
//! * `told`: what the watch reports as it happens, `desk` and `view`: all that is known, when somebody
//!   looks;
//! * `health`, `metrics`: for programs; `page`: for people, kept up to date by `events`;
//! * `networks`: how a link to a post looks where it is shared.

mod body;
mod desk;
mod events;
mod guard;
mod health;
mod listen;
mod metrics;
mod networks;
mod page;
mod route;
mod told;
mod view;

use crate::config::Secret;

pub use desk::Sources;
pub use listen::{Admin, Place};
pub use told::{Generation, News, Now, Told, Troubles};

/// Who may see it.
#[derive(Debug, Clone, Copy)]
pub struct Access<'a> {
    /// The names that it is reached by besides `localhost` and addresses.
    pub hosts: &'a [String],
    /// What is asked of who wants to see it.
    pub token: Option<&'a Secret>,
}

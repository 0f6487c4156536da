//! A pipeline that goes on by another configuration.

use std::sync::Arc;
use std::time::SystemTime;

use super::account::{Account, Origin};
use super::{Cause, Changed, Outcome, Pipeline, PipelineError};
use crate::config::Config;
use crate::content::{Depth, Library, Loss};
use crate::post::Post;
use crate::priority::in_bulk;
use crate::progress::Progress;
use crate::site::register::Register;
use crate::site::trail::Trail;
use crate::snapshot::Stale;
use crate::studio::Studio;

impl Pipeline {
    /// Works by another configuration from now on, and publishes what that makes of the content as
    /// of `now`. What does not differ keeps its validators.
    ///
    /// # Errors
    /// The content directory cannot be listed: nothing is other than it was, and the former
    /// configuration stays. Or an output cannot be written: the next look tries again.
    pub fn reconfigure(
        &mut self,
        config: Config,
        now: SystemTime,
    ) -> Result<Outcome, PipelineError> {
        in_bulk(|| self.reconfigure_here(config, now))
    }

    fn reconfigure_here(
        &mut self,
        config: Config,
        now: SystemTime,
    ) -> Result<Outcome, PipelineError> {
        let unseen = Progress::default();
        if config.content.dir == self.config.content.dir {
            self.library.read_again();
            self.library.look(&config, Loss::IsBelieved, now, &unseen)?;
        } else {
            let mut library = Library::new(Depth::Outline);
            library.look(&config, Loss::IsBelieved, now, &unseen)?;
            self.library = library;
        }
        let config = Arc::new(config);
        let register = Register::new(Arc::clone(&config), Trail::default());
        let trail = std::mem::replace(&mut self.register, register).into_trail();
        self.register = Register::new(Arc::clone(&config), trail);
        self.studio = Studio::new(&config);
        self.studio.look(None, now);
        self.config = config;
        self.account = Account::default();
        for (path, findings) in self.library.findings_by_file() {
            self.account.set(Origin::File(Arc::clone(path)), findings);
        }
        let change = |post: &Arc<Post>| (Arc::clone(&post.path), Some(Arc::clone(post)));
        self.pending = self.library.posts().map(change).collect();
        self.stale = Some(Stale::All);
        self.in_doubt = false;
        let outcome = self.publish(now, usize::MAX)?;
        if outcome == Outcome::Published {
            self.status.cause = Cause::Configuration;
            self.status.changed = Changed::default();
        }
        self.see_all();
        self.advise_on_few();
        Ok(outcome)
    }
}

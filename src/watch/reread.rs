//! A configuration that is another into what the watch goes on by.

use std::time::{Instant, SystemTime};

use super::reload::Reread;
use super::{Turn, Watch};
use crate::pipeline::{Outcome, PipelineError};

impl Watch {
    /// Reads the configuration, and goes on with it if it can be gone on with.
    pub(super) fn read_again(
        &mut self,
        asked: bool,
        now: SystemTime,
        report: &mut impl FnMut(Turn<'_>),
    ) {
        if asked {
            report(Turn::Rereading);
            self.sight.open();
            self.pace.everything(Instant::now());
        }
        let Some(reload) = &mut self.reload else {
            return;
        };
        let (config, keys) = match reload.read(self.pipeline.config(), asked) {
            Reread::Same => return,
            Reread::Refused(error) => return report(Turn::Refused(&error)),
            Reread::Config(config, keys) => (config, keys),
        };
        let outcome = match self.pipeline.reconfigure(*config, now) {
            Err(error @ PipelineError::Library(_)) => {
                if reload.refuse(format!("{error:?}")) {
                    report(Turn::Unusable(&error));
                }
                return;
            }
            outcome => outcome,
        };
        let config = self.pipeline.config();
        self.pace.set_debounce(config.watch.debounce);
        self.sight.configure(config, &reload.files(config));
        self.doubt_since = None;
        self.failing = outcome.is_err();
        report(Turn::Reloaded {
            needs_restart: &keys,
            status: self.status(),
        });
        match outcome {
            Ok(Outcome::Published) => report(Turn::Looked(Outcome::Published, self.status())),
            Ok(_) => {}
            Err(error) => report(Turn::Failed(&error)),
        }
        // What changed between that look and the watch on other directories.
        self.pace.everything(Instant::now());
    }
}

//! What wakes a watch into what it looks at next.

use std::time::Instant;

use super::counts::count;
use super::filter::Change;
use super::source::{Kind, Wake};
use super::{HALF_SAVED, Watch};

impl Watch {
    /// Takes in what woke it.
    pub(super) fn take(&mut self, wake: Wake) {
        let (pace, reread) = (&mut self.pace, &mut self.reread);
        match wake {
            Wake::Stop => self.stopped = true,
            Wake::Reload => *reread = Some((Instant::now(), true)),
            // Who has lost patience hears nothing.
            Wake::Ask(answer) => drop(answer.try_send(self.pipeline.overview())),
            Wake::Lost(why) => self.sight.lose(why),
            Wake::Happened(happenings) => {
                let at = Instant::now();
                for happening in happenings {
                    count(&self.counts.events);
                    let (news, kind) = self.sight.learn(&happening);
                    if news.config {
                        let is_whole = matches!(kind, Kind::Written | Kind::Arrived);
                        let due = if is_whole { at } else { at + HALF_SAVED };
                        let asked = reread.is_some_and(|(_, asked)| asked);
                        *reread = Some((due, asked));
                    }
                    if news.everything {
                        pace.everything(at);
                    }
                    for Change { path, scope, .. } in news.changes {
                        if news.is_new_dir {
                            pace.directory(path, scope, at);
                        } else {
                            pace.file(path, scope, kind, at);
                        }
                    }
                }
            }
        }
    }
}

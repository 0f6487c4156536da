//! How far a piece of work is, told by those who do it to whoever cares to ask.
//!
//! Counters and nothing else: who works neither waits nor knows whether somebody looks.

use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

/// How far a look at the content is.
#[derive(Debug, Default)]
pub struct Progress {
    stage: AtomicU8,
    total: AtomicUsize,
    done: AtomicUsize,
}

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Files are listed.
    Listing,
    /// Files are read, those that changed; each is a step.
    Reading,
    /// Posts are judged and compared.
    Judging,
    /// Cards are prepared.
    Preparing,
}

/// How far it was when somebody asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reached {
    /// What was being done.
    pub stage: Stage,
    /// How many steps of it were done.
    pub done: usize,
    /// How many steps it has; 0 is not known.
    pub total: usize,
}

impl Progress {
    /// Begins a stage. `total` is how many steps it has; 0 is not known.
    pub fn begin(&self, stage: Stage, total: usize) {
        self.done.store(0, Ordering::Relaxed);
        self.total.store(total, Ordering::Relaxed);
        self.stage.store(stage as u8, Ordering::Relaxed);
    }

    /// One step more is done.
    pub fn step(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }

    /// How far it is. Between two stages it may mix them, which nobody sees for long.
    pub fn reached(&self) -> Reached {
        let total = self.total.load(Ordering::Relaxed);
        Reached {
            stage: match self.stage.load(Ordering::Relaxed) {
                0 => Stage::Listing,
                1 => Stage::Reading,
                2 => Stage::Judging,
                _ => Stage::Preparing,
            },
            done: self.done.load(Ordering::Relaxed).min(total),
            total,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stage_counts_from_nothing_and_never_beyond_its_end() {
        let progress = Progress::default();
        assert_eq!(progress.reached().stage, Stage::Listing);
        for stage in [
            Stage::Listing,
            Stage::Reading,
            Stage::Judging,
            Stage::Preparing,
        ] {
            progress.begin(stage, 2);
            let reached = |done| Reached {
                stage,
                done,
                total: 2,
            };
            assert_eq!(progress.reached(), reached(0));
            progress.step();
            assert_eq!(progress.reached(), reached(1));
            progress.step();
            progress.step();
            assert_eq!(progress.reached(), reached(2));
        }
    }
}

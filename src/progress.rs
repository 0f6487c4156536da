//! Reports the progress of a scan through atomic counters.
//!
//! Workers never wait, and need not know whether anything reads the counters.

use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

/// Progress of a scan.
#[derive(Debug, Default)]
pub struct Progress {
    stage: AtomicU8,
    total: AtomicUsize,
    done: AtomicUsize,
}

/// Stage of a scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ScanStage {
    /// Listing files.
    Listing,
    /// Reading changed files; each file is a step.
    Reading,
    /// Evaluating the visibility of posts and conflicts between them.
    Evaluating,
    /// Preparing cards.
    Preparing,
    /// Writing outputs; each is a step.
    Exporting,
}

/// Progress at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProgressSnapshot {
    /// Current stage.
    pub stage: ScanStage,
    /// Completed steps of the stage.
    pub done: usize,
    /// Total steps of the stage; 0 if unknown.
    pub total: usize,
}

impl Progress {
    /// Begins a stage with `total` steps; 0 if unknown.
    pub fn begin_stage(&self, stage: ScanStage, total: usize) {
        self.done.store(0, Ordering::Relaxed);
        self.total.store(total, Ordering::Relaxed);
        self.stage.store(stage as u8, Ordering::Relaxed);
    }

    /// Records one completed step.
    pub fn complete_step(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns the current progress. While a stage changes, it may briefly mix two stages.
    pub fn current_progress(&self) -> ProgressSnapshot {
        let total = self.total.load(Ordering::Relaxed);
        ProgressSnapshot {
            stage: match self.stage.load(Ordering::Relaxed) {
                0 => ScanStage::Listing,
                1 => ScanStage::Reading,
                2 => ScanStage::Evaluating,
                3 => ScanStage::Preparing,
                _ => ScanStage::Exporting,
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
    fn stage_counts_from_zero_and_never_exceeds_its_total() {
        let progress = Progress::default();
        assert_eq!(progress.current_progress().stage, ScanStage::Listing);
        for stage in [
            ScanStage::Listing,
            ScanStage::Reading,
            ScanStage::Evaluating,
            ScanStage::Preparing,
            ScanStage::Exporting,
        ] {
            progress.begin_stage(stage, 2);
            let reached = |done| ProgressSnapshot {
                stage,
                done,
                total: 2,
            };
            assert_eq!(progress.current_progress(), reached(0));
            progress.complete_step();
            assert_eq!(progress.current_progress(), reached(1));
            progress.complete_step();
            progress.complete_step();
            assert_eq!(progress.current_progress(), reached(2));
        }
    }
}

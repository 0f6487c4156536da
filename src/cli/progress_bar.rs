//! Shows a progress bar on the terminal and clears it when the work is done.

use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::progress::{Progress, ProgressSnapshot, ScanStage};

/// Time after which the bar appears, so that short work shows none.
const SHOW_DELAY: Duration = Duration::from_millis(200);
/// Redraw interval of the bar.
const REDRAW_INTERVAL: Duration = Duration::from_millis(80);

/// Runs `work` and shows its progress on stderr, if that is a terminal.
pub fn run_with_progress_bar<T>(progress: &Progress, work: impl FnOnce() -> T) -> T {
    let (working, ended) = channel::<()>();
    std::thread::scope(|scope| {
        // If the thread cannot start, the work runs without a bar.
        let _ = std::thread::Builder::new()
            .name("progress".to_owned())
            .spawn_scoped(scope, move || draw_progress(progress, &ended));
        let done = work();
        drop(working);
        done
    })
}

fn draw_progress(progress: &Progress, ended: &Receiver<()>) {
    let mut wait = SHOW_DELAY;
    let mut shown: Option<(ScanStage, ProgressBar)> = None;
    while ended.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
        wait = REDRAW_INTERVAL;
        let reached = progress.current_progress();
        let is_over = shown
            .as_ref()
            .is_some_and(|(stage, _)| *stage != reached.stage);
        if let Some((_, bar)) = shown.take_if(|_| is_over) {
            bar.finish_and_clear();
        }
        let (_, bar) = shown.get_or_insert_with(|| (reached.stage, build_progress_bar(reached)));
        bar.set_position(reached.done as u64);
        bar.tick();
    }
    if let Some((_, bar)) = shown {
        bar.finish_and_clear();
    }
}

fn build_progress_bar(reached: ProgressSnapshot) -> ProgressBar {
    let (template, total) = match reached.total {
        0 => ("{spinner} {msg}", None),
        total => (
            "{spinner} {msg} [{bar:30}] {human_pos} of {human_len}",
            Some(total as u64),
        ),
    };
    let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
    // A template that does not parse would fall back to the default bar.
    let style = ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ")
        .tick_chars("-\\|/ ");
    bar.with_style(style).with_message(match reached.stage {
        ScanStage::Listing => "listing files",
        ScanStage::Reading => "reading files",
        ScanStage::Evaluating => "comparing posts",
        ScanStage::Preparing => "preparing cards",
        ScanStage::Exporting => "writing outputs",
    })
}

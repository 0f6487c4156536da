//! Progress into a line on the terminal that goes when the work is done.

use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::progress::{Progress, Reached, Stage};

/// Work that is done by then is shown nothing of.
const DELAY: Duration = Duration::from_millis(200);
const TICK: Duration = Duration::from_millis(80);

/// Does the work, and shows meanwhile how far it is: on stderr, and only if that is a terminal.
pub fn show<T>(progress: &Progress, work: impl FnOnce() -> T) -> T {
    let (working, ended) = channel::<()>();
    std::thread::scope(|scope| {
        // Without a thread for it there is no bar, and the work goes on.
        let _ = std::thread::Builder::new()
            .name("progress".to_owned())
            .spawn_scoped(scope, move || draw(progress, &ended));
        let done = work();
        drop(working);
        done
    })
}

fn draw(progress: &Progress, ended: &Receiver<()>) {
    let mut wait = DELAY;
    let mut shown: Option<(Stage, ProgressBar)> = None;
    while ended.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
        wait = TICK;
        let reached = progress.reached();
        let is_over = shown.as_ref().is_some_and(|(of, _)| *of != reached.stage);
        if let Some((_, bar)) = shown.take_if(|_| is_over) {
            bar.finish_and_clear();
        }
        let (_, bar) = shown.get_or_insert_with(|| (reached.stage, bar(reached)));
        bar.set_position(reached.done as u64);
        bar.tick();
    }
    if let Some((_, bar)) = shown {
        bar.finish_and_clear();
    }
}

fn bar(reached: Reached) -> ProgressBar {
    let (template, total) = match reached.total {
        0 => ("{spinner} {msg}", None),
        total => (
            "{spinner} {msg} [{bar:30}] {human_pos} of {human_len}",
            Some(total as u64),
        ),
    };
    let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
    // A template that does not parse would leave the usual one.
    let style = ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ")
        .tick_chars("-\\|/ ");
    bar.with_style(style).with_message(match reached.stage {
        Stage::Listing => "listing files",
        Stage::Reading => "reading files",
        Stage::Judging => "comparing posts",
        Stage::Preparing => "looking at cards",
    })
}

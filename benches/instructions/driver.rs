//! Runs edits of each kind on a site of N posts, for `benches/instructions/count` under callgrind.
//!
//! After the first generation it prints `ready` and waits for a line, so that counting can be
//! turned on. The count covers the time from [`counted_edit`] to [`edit_is_over`]. By hand, `cargo
//! bench --bench instructions -- N` prints for each edit the milliseconds on one core, and the
//! number and bytes of the eager outputs that changed.

#![allow(clippy::expect_used, reason = "a benchmark that cannot run is to stop")]
#![allow(clippy::print_stdout, reason = "the table is the output")]

#[path = "../generate.rs"]
mod generate;

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use courant::library::{DeletionPolicy, ScanScope};
use courant::publish::pipeline::{Pipeline, RefreshOutcome};
use courant::publish::snapshot::{Snapshot, SnapshotHandle};
use tempfile::TempDir;

/// Rounds of each kind of edit. The first round also pays for state that later rounds reuse.
const ROUNDS: usize = 3;

fn main() {
    let count = std::env::args().skip(1).find(|arg| arg != "--bench");
    let count: usize = count
        .and_then(|count| count.parse().ok())
        .expect("usage: instructions POSTS");
    assert!(count > 2, "there is a post to edit and one to leave");
    // rayon runs on this thread only, so no other thread spins meanwhile.
    rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .use_current_thread()
        .build_global()
        .expect("nothing has used the pool yet");

    let dir = TempDir::with_prefix("courant-bench-").expect("a directory can be made");
    generate::write_site(dir.path(), count, generate::Options::default());
    let config = generate::parse_config(dir.path());
    let content = config.content.dir.clone();
    let current = SnapshotHandle::default();
    let mut pipeline = Pipeline::new(config, current.clone());
    let mut now = generate::now();
    pipeline
        .refresh_all(now, DeletionPolicy::Immediate)
        .expect("the content can be read");
    println!("ready");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).expect("a line comes");

    let (newest, old) = (count - 1, count / 2);
    let file = |number: usize| content.join(generate::post_path(number));
    for round in 0..ROUNDS {
        let title = format!("Another title, {round}");
        let body = format!(
            "{}\nAnother paragraph, {round}.\n",
            generate::post_text(newest)
        );
        let edits: [(&str, PathBuf, Option<String>); 9] = [
            ("body of the newest", file(newest), Some(body)),
            (
                "title of the newest",
                file(newest),
                Some(generate::post_with_title(newest, &title)),
            ),
            (
                "title of an old one",
                file(old),
                Some(generate::post_with_title(old, &title)),
            ),
            (
                "hide the newest",
                file(newest),
                Some(generate::hidden_post(newest)),
            ),
            (
                "unhide the newest",
                file(newest),
                Some(generate::post_text(newest)),
            ),
            (
                "hide an old one",
                file(old),
                Some(generate::hidden_post(old)),
            ),
            (
                "unhide an old one",
                file(old),
                Some(generate::post_text(old)),
            ),
            ("new", file(count), Some(generate::post_text(count))),
            ("delete", file(count), None),
        ];
        for (kind, file, text) in edits {
            save_post(dir.path(), &file, text.as_deref());
            // Like the watch, passes only the file of the event.
            let scope = ScanScope::Paths([file].into());
            now += Duration::from_secs(10);
            let before = current.load_snapshot();
            let started = Instant::now();
            let outcome = counted_edit(&mut pipeline, &scope, now);
            edit_is_over(outcome);
            let took = started.elapsed();
            assert_eq!(
                outcome,
                RefreshOutcome::Published,
                "{kind}: every edit shows"
            );
            let (outputs, bytes) = count_rewritten(&before, &current.load_snapshot());
            let took = took.as_secs_f64() * 1e3;
            println!("{kind}\t{round}\t{took:.3}\t{outputs}\t{bytes}");
        }
    }
}

/// Runs one edit, from the file to the published snapshot. callgrind finds it by its name.
#[inline(never)]
fn counted_edit(pipeline: &mut Pipeline, scope: &ScanScope, now: SystemTime) -> RefreshOutcome {
    let outcome =
        pipeline.refresh_scope(black_box(scope), black_box(now), DeletionPolicy::Immediate);
    black_box(outcome.expect("the content can be read"))
}

/// Counts the eager outputs that changed, and their bytes.
fn count_rewritten(before: &Snapshot, after: &Snapshot) -> (usize, usize) {
    let mut rewritten = (0, 0);
    for path in after.eager_paths() {
        let (before, after) = (before.eager_resource(path), after.eager_resource(path));
        let is_same = before.zip(after).is_some_and(|(a, b)| Arc::ptr_eq(a, b));
        if let Some(identity) = after.and_then(|after| after.identity_encoding())
            && !is_same
        {
            rewritten = (rewritten.0 + 1, rewritten.1 + identity.payload.len());
        }
    }
    rewritten
}

/// Does nothing; entering it ends the count.
#[inline(never)]
fn edit_is_over(outcome: RefreshOutcome) {
    black_box(outcome);
}

/// Saves as editors do: writes a new file, then renames it over the old one. Deletes it for `None`.
fn save_post(dir: &Path, file: &Path, text: Option<&str>) {
    let Some(text) = text else {
        return fs::remove_file(file).expect("the post can be deleted");
    };
    let beside = dir.join("beside.md");
    fs::write(&beside, text).expect("the post can be written");
    let parent = file.parent().expect("a post is in a directory");
    fs::create_dir_all(parent).expect("a directory can be made");
    fs::rename(beside, file).expect("the post can be put in its place");
}

//! What `benches/instructions/count` runs under callgrind: a site of N posts in a temporary directory,
//! one generation of it, and then edits of each kind, alone in the process.
//!
//! After the first generation it prints `ready` and waits for a line, so that counting can be turned
//! on. What is counted is what happens between [`counted_edit`] and [`edit_is_over`]. `cargo bench --bench instructions -- N`
//! by hand prints the milliseconds of each edit, on one core, and how many outputs that are made ahead are
//! others, and how many bytes they have.

#![allow(clippy::expect_used, reason = "a benchmark that cannot run is to stop")]
#![allow(clippy::print_stdout, reason = "the table is the output")]

#[path = "../generate.rs"]
mod generate;

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use courant::content::{Loss, Scope};
use courant::pipeline::{Outcome, Pipeline};
use courant::snapshot::{Current, Snapshot};
use tempfile::TempDir;

/// How often each kind is done. The first of a kind pays for what later ones find ready.
const ROUNDS: usize = 3;

fn main() {
    let count = std::env::args().skip(1).find(|arg| arg != "--bench");
    let count: usize = count
        .and_then(|count| count.parse().ok())
        .expect("usage: instructions POSTS");
    assert!(count > 2, "there is a post to edit and one to leave");
    // All that is given to rayon is done by this thread, so none spins beside it.
    rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .use_current_thread()
        .build_global()
        .expect("nothing has used the pool yet");

    let dir = TempDir::with_prefix("courant-bench-").expect("a directory can be made");
    generate::write_site(dir.path(), count, generate::Options::default());
    let config = generate::config(dir.path());
    let content = config.content.dir.clone();
    let current = Current::default();
    let mut pipeline = Pipeline::new(config, current.clone());
    let mut now = generate::now();
    pipeline
        .run(now, Loss::IsBelieved)
        .expect("the content can be read");
    println!("ready");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).expect("a line comes");

    let (newest, old) = (count - 1, count / 2);
    let file = |number: usize| content.join(generate::path(number));
    for round in 0..ROUNDS {
        let title = format!("Another title, {round}");
        let body = format!("{}\nAnother paragraph, {round}.\n", generate::post(newest));
        let edits: [(&str, PathBuf, Option<String>); 9] = [
            ("body of the newest", file(newest), Some(body)),
            (
                "title of the newest",
                file(newest),
                Some(generate::titled(newest, &title)),
            ),
            (
                "title of an old one",
                file(old),
                Some(generate::titled(old, &title)),
            ),
            (
                "hide the newest",
                file(newest),
                Some(generate::hidden(newest)),
            ),
            (
                "unhide the newest",
                file(newest),
                Some(generate::post(newest)),
            ),
            ("hide an old one", file(old), Some(generate::hidden(old))),
            ("unhide an old one", file(old), Some(generate::post(old))),
            ("new", file(count), Some(generate::post(count))),
            ("delete", file(count), None),
        ];
        for (kind, file, text) in edits {
            save(dir.path(), &file, text.as_deref());
            // The watch names the file that an event was of.
            let scope = Scope::Paths([file].into());
            now += Duration::from_secs(10);
            let before = current.load();
            let started = Instant::now();
            let outcome = counted_edit(&mut pipeline, &scope, now);
            edit_is_over(outcome);
            let took = started.elapsed();
            assert_eq!(outcome, Outcome::Published, "{kind}: every edit shows");
            let (outputs, bytes) = rewritten(&before, &current.load());
            let took = took.as_secs_f64() * 1e3;
            println!("{kind}\t{round}\t{took:.3}\t{outputs}\t{bytes}");
        }
    }
}

/// One edit, from what is on the disk to what is served. Counted by its name.
#[inline(never)]
fn counted_edit(pipeline: &mut Pipeline, scope: &Scope, now: SystemTime) -> Outcome {
    let outcome = pipeline.run_at(black_box(scope), black_box(now), Loss::IsBelieved);
    black_box(outcome.expect("the content can be read"))
}

/// How many of the outputs that are made ahead are others than before, and how many bytes they have.
fn rewritten(before: &Snapshot, after: &Snapshot) -> (usize, usize) {
    let mut rewritten = (0, 0);
    for path in after.made() {
        let (before, after) = (before.made_at(path), after.made_at(path));
        let is_same = before.zip(after).is_some_and(|(a, b)| Arc::ptr_eq(a, b));
        if let Some(identity) = after.and_then(|after| after.identity())
            && !is_same
        {
            rewritten = (rewritten.0 + 1, rewritten.1 + identity.body.len());
        }
    }
    rewritten
}

/// Does nothing; that it is entered ends the count.
#[inline(never)]
fn edit_is_over(outcome: Outcome) {
    black_box(outcome);
}

/// As an editor saves: written beside under another name, then put in its place.
fn save(dir: &Path, file: &Path, text: Option<&str>) {
    let Some(text) = text else {
        return fs::remove_file(file).expect("the post can be deleted");
    };
    let beside = dir.join("beside.md");
    fs::write(&beside, text).expect("the post can be written");
    let parent = file.parent().expect("a post is in a directory");
    fs::create_dir_all(parent).expect("a directory can be made");
    fs::rename(beside, file).expect("the post can be put in its place");
}

//! Where a generation's time goes, stage by stage: the first of a site, and the one after an edit
//! of its newest post. In process, so that no stage hides behind another.
//!
//! `cargo bench --bench stages` prints a table in Markdown.

#![allow(clippy::expect_used, reason = "a benchmark that cannot run is to stop")]
#![allow(clippy::print_stdout, reason = "the table is the output")]

mod generate;

use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use courant::config::Config;
use courant::content::{Library, Loss};
use courant::progress::Progress;
use courant::render::render;
use courant::site::Site;
use courant::snapshot::Snapshot;
use courant::studio::Studio;
use tempfile::TempDir;

const SIZES: [usize; 2] = [125, 10_000];
const ROUNDS: usize = 5;
const STAGES: [&str; 5] = [
    "look (list, read, parse)",
    "judge",
    "prepare cards",
    "render",
    "snapshot",
];

type Times = [Duration; STAGES.len()];

fn main() {
    println!("| posts | stage | first generation | generation after an edit |");
    println!("|------:|-------|------:|------:|");
    for count in SIZES {
        let dir = TempDir::with_prefix("courant-bench-").expect("a directory can be made");
        generate::write_site(dir.path(), count, generate::Options::default());
        let config = generate::config(dir.path());
        let post = config.content.dir.join(generate::path(count - 1));
        let (mut first, mut edit) = (Vec::new(), Vec::new());
        let mut outputs = (0, 0);
        for round in 0..ROUNDS {
            let mut library = Library::default();
            let mut studio = Studio::new(&config);
            let (before, times) =
                generation((&mut library, &mut studio), &config, &Snapshot::default());
            first.push(times);
            let title = format!("A title for round {round}");
            fs::write(&post, generate::titled(count - 1, &title)).expect("a post can be written");
            let (after, times) = generation((&mut library, &mut studio), &config, &before);
            edit.push(times);
            outputs = (after.iter().count(), changed(&before, &after));
        }
        for (stage, name) in STAGES.iter().enumerate() {
            let (first, edit) = (median(&first, stage), median(&edit, stage));
            println!("| {count} | {name} | {first:.1} ms | {edit:.1} ms |");
        }
        let (all, new) = outputs;
        println!("| {count} | outputs made, of which new | {all}, {all} | {all}, {new} |");
    }
}

fn generation(
    (library, studio): (&mut Library, &mut Studio),
    config: &Config,
    before: &Snapshot,
) -> (Snapshot, Times) {
    let now = generate::now();
    let start = Instant::now();
    library
        .look(config, Loss::IsDoubted, now, &Progress::default())
        .expect("the content can be read");
    let looked = Instant::now();
    let judged = Site::judge(config, library.posts(), DateTime::<Utc>::from(now));
    let decided = Instant::now();
    let prepared = studio.prepare(&judged.site, now);
    let made_ready = Instant::now();
    let (site, images) = (Arc::new(judged.site), Arc::new(prepared.images));
    let rendered_site = render(&site, &images).expect("the site can be rendered");
    let rendered = Instant::now();
    let snapshot = Snapshot::next(before, rendered_site.artifacts, now);
    let times = [
        looked - start,
        decided - looked,
        made_ready - decided,
        rendered - made_ready,
        rendered.elapsed(),
    ];
    (snapshot, times)
}

fn changed(before: &Snapshot, after: &Snapshot) -> usize {
    let same = |path, resource| {
        before
            .get(path)
            .is_some_and(|there| Arc::ptr_eq(there, resource))
    };
    after
        .iter()
        .filter(|(path, resource)| !same(path, resource))
        .count()
}

/// Milliseconds.
fn median(rounds: &[Times], stage: usize) -> f64 {
    let mut times: Vec<_> = rounds.iter().filter_map(|times| times.get(stage)).collect();
    times.sort();
    let middle = times.get(times.len() / 2).expect("something was measured");
    middle.as_secs_f64() * 1e3
}

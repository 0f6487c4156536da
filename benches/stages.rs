//! Where a generation's time goes, stage by stage: the first of a site, and the one after an edit
//! of its newest post. In process, so that no stage hides behind another.
//!
//! `cargo bench --bench stages` prints a table in Markdown.

#![allow(clippy::expect_used, reason = "a benchmark that cannot run is to stop")]
#![allow(clippy::print_stdout, reason = "the table is the output")]

mod generate;

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use courant::config::Config;
use courant::content::{Depth, Library, Loss, Scope};
use courant::progress::Progress;
use courant::render::{CardImages, NoImages, Press};
use courant::site::register::Register;
use courant::site::trail::Trail;
use courant::snapshot::{Snapshot, Stale};
use tempfile::TempDir;

const SIZES: [usize; 2] = [125, 10_000];
const ROUNDS: usize = 5;
const STAGES: [&str; 5] = [
    "look (list, read, parse)",
    "judge",
    "render",
    "snapshot",
    "compress, after it is served",
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
            let mut works = Works {
                library: Library::new(Depth::Outline),
                register: Register::new(Arc::new(config.clone()), Trail::default()),
                press: Press::default(),
                images: Arc::new(NoImages),
            };
            let (before, times) = works.generation(&Scope::All, &config, &Snapshot::default());
            first.push(times);
            let title = format!("A title for round {round}");
            fs::write(&post, generate::titled(count - 1, &title)).expect("a post can be written");
            let scope = Scope::Paths(BTreeSet::from([post.clone()]));
            let (after, times) = works.generation(&scope, &config, &before);
            edit.push(times);
            outputs = changed(&before, &after);
        }
        for (stage, name) in STAGES.iter().enumerate() {
            let (first, edit) = (median(&first, stage), median(&edit, stage));
            println!("| {count} | {name} | {first:.1} ms | {edit:.1} ms |");
        }
        let (all, new) = outputs;
        println!("| {count} | outputs made ahead, of which new | {all}, {all} | {all}, {new} |");
    }
}

/// All that is kept from one generation to the next.
struct Works {
    library: Library,
    register: Register,
    press: Press,
    images: Arc<dyn CardImages>,
}

impl Works {
    fn generation(
        &mut self,
        scope: &Scope,
        config: &Config,
        before: &Snapshot,
    ) -> (Snapshot, Times) {
        let now = generate::now();
        let start = Instant::now();
        let looked = self
            .library
            .look_at(scope, config, Loss::IsBelieved, now, &Progress::default())
            .expect("the content can be read");
        let read = Instant::now();
        self.register.step(looked.posts, DateTime::<Utc>::from(now));
        let judged = Instant::now();
        let site = Arc::new(self.register.site().clone());
        let made = self.press.render(&site, &self.images);
        let made = made.expect("the site can be rendered");
        let rendered = Instant::now();
        let snapshot = Snapshot::next(before, made.artifacts, now).with_shelf(
            made.shelf,
            Stale::Paths(Vec::new()),
            now,
        );
        let published = Instant::now();
        snapshot.compress();
        let times = [
            read - start,
            judged - read,
            rendered - judged,
            published - rendered,
            published.elapsed(),
        ];
        (snapshot, times)
    }
}

/// How many outputs are made ahead, and how many of them are not what they were.
fn changed(before: &Snapshot, after: &Snapshot) -> (usize, usize) {
    let made: Vec<_> = after.made().collect();
    let is_new = |path: &&str| match (before.get(path), after.get(path)) {
        (Some(before), Some(after)) => !Arc::ptr_eq(&before, &after),
        _ => true,
    };
    (made.len(), made.iter().filter(|path| is_new(path)).count())
}

/// Milliseconds.
fn median(rounds: &[Times], stage: usize) -> f64 {
    let mut times: Vec<_> = rounds.iter().filter_map(|times| times.get(stage)).collect();
    times.sort();
    let middle = times.get(times.len() / 2).expect("something was measured");
    middle.as_secs_f64() * 1e3
}

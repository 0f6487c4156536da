//! Measures each stage of the first generation, and of the generation after an edit of the newest
//! post.
//!
//! Runs in process, one stage after the next, so that no stage overlaps the next one.
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
use courant::library::{DeletionPolicy, Library, ScanScope};
use courant::model::parse_mode::ParseMode;
use courant::progress::Progress;
use courant::publish::snapshot::{Invalidated, Snapshot};
use courant::render::Renderer;
use courant::site::card_images::{CardImageSource, NoCardImages};
use courant::site::redirect_history::RedirectHistory;
use courant::site::site_index::SiteIndex;
use tempfile::TempDir;

const POST_COUNTS: [usize; 2] = [125, 10_000];
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
    for count in POST_COUNTS {
        let dir = TempDir::with_prefix("courant-bench-").expect("a directory can be made");
        generate::write_site(dir.path(), count, generate::Options::default());
        let config = generate::parse_config(dir.path());
        let post = config.content.dir.join(generate::post_path(count - 1));
        let (mut first, mut edit) = (Vec::new(), Vec::new());
        let mut outputs = (0, 0);
        for round in 0..ROUNDS {
            let mut state = GenerationState {
                library: Library::new(ParseMode::Metadata),
                register: SiteIndex::new(Arc::new(config.clone()), RedirectHistory::default()),
                press: Renderer::default(),
                images: Arc::new(NoCardImages),
            };
            let (before, times) =
                state.run_generation(&ScanScope::All, &config, &Snapshot::default());
            first.push(times);
            let title = format!("A title for round {round}");
            fs::write(&post, generate::post_with_title(count - 1, &title))
                .expect("a post can be written");
            let scope = ScanScope::Paths(BTreeSet::from([post.clone()]));
            let (after, times) = state.run_generation(&scope, &config, &before);
            edit.push(times);
            outputs = count_outputs(&before, &after);
        }
        for (stage, name) in STAGES.iter().enumerate() {
            let (first, edit) = (median_millis(&first, stage), median_millis(&edit, stage));
            println!("| {count} | {name} | {first:.1} ms | {edit:.1} ms |");
        }
        let (all, new) = outputs;
        println!("| {count} | outputs made ahead, of which new | {all}, {all} | {all}, {new} |");
    }
}

/// State that is kept from one generation to the next.
struct GenerationState {
    library: Library,
    register: SiteIndex,
    press: Renderer,
    images: Arc<dyn CardImageSource>,
}

impl GenerationState {
    fn run_generation(
        &mut self,
        scope: &ScanScope,
        config: &Config,
        before: &Snapshot,
    ) -> (Snapshot, Times) {
        let now = generate::now();
        let start = Instant::now();
        let looked = self
            .library
            .scan_scope(
                scope,
                config,
                DeletionPolicy::Immediate,
                now,
                &Progress::default(),
            )
            .expect("the content can be read");
        let read = Instant::now();
        self.register
            .apply_changes(looked.changed_posts, DateTime::<Utc>::from(now));
        let judged = Instant::now();
        let site = Arc::new(self.register.current_site().clone());
        let made = self.press.render(&site, &self.images);
        let made = made.expect("the site can be rendered");
        let rendered = Instant::now();
        let snapshot = Snapshot::next_generation(before, made.artifacts, now).with_lazy_artifacts(
            made.lazy_artifacts,
            Invalidated::Paths(Vec::new()),
            now,
        );
        let published = Instant::now();
        snapshot.compress_fast();
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

/// Counts the eager outputs, and those of them that changed.
fn count_outputs(before: &Snapshot, after: &Snapshot) -> (usize, usize) {
    let made: Vec<_> = after.eager_paths().collect();
    let is_new = |path: &&str| match (before.get(path), after.get(path)) {
        (Some(before), Some(after)) => !Arc::ptr_eq(&before, &after),
        _ => true,
    };
    (made.len(), made.iter().filter(|path| is_new(path)).count())
}

/// Returns the median time of a stage in milliseconds.
fn median_millis(rounds: &[Times], stage: usize) -> f64 {
    let mut times: Vec<_> = rounds.iter().filter_map(|times| times.get(stage)).collect();
    times.sort();
    let middle = times.get(times.len() / 2).expect("something was measured");
    middle.as_secs_f64() * 1e3
}

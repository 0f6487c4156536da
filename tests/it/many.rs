//! Checks that hundreds of posts processed in parallel give the same outputs as small batches.

use std::collections::BTreeMap;
use std::path::PathBuf;

use courant::library::{DeletionPolicy, ScanScope};
use courant::publish::pipeline::Pipeline;
use courant::publish::snapshot::SnapshotHandle;

use crate::model::{assert_same_outputs, outputs_by_path};
use crate::support::{TestSite, new_year_2025};

/// Number of posts; this many are processed on all cores.
const POST_COUNT: usize = 600;
const SITE_CONFIG: &str = "[feed]\nlimit = 0\nmax_bytes = 600000\n[[feeds]]\npath = '/even.xml'\ntag = 'even'\nlimit = 0\n";

/// Returns a post. Some share a permalink, some are hidden, and some have no date.
fn post_text(number: usize, round: usize) -> String {
    let mut front = format!("title: Round {round} of {number}\n");
    let mut add = |line: String| {
        front.push_str(&line);
        front.push('\n');
    };
    if number % 41 != 3 {
        add(format!(
            "date: 20{:02}-0{}-0{}",
            10 + number % 14,
            1 + number % 9,
            1 + number % 7
        ));
    }
    if number.is_multiple_of(2) {
        add("tags: [even, all]".to_owned());
    }
    if number % 7 == 1 {
        add(format!("author: Author {}", number % 5));
    }
    if (number + round) % 11 == 5 {
        add("hidePost: true".to_owned());
    }
    if number % 50 < 2 {
        add(format!("permalink: /shared-{}/", number / 50));
    }
    if number % 13 == 4 {
        add(format!("aliases: [/old-{}/]", number % 26));
    }
    if number % 17 == 6 {
        add(format!("updated: 2024-0{}-11", 1 + (number + round) % 9));
    }
    let text = format!("What is said in {number}, in round {round}, *again*. ").repeat(20);
    format!("---\n{front}---\n{text}\n")
}

struct BatchedSite {
    site: TestSite,
    current: SnapshotHandle,
    pipeline: Pipeline,
}

impl BatchedSite {
    fn new() -> BatchedSite {
        let site = TestSite::new().config(SITE_CONFIG);
        let current = SnapshotHandle::default();
        let mut pipeline = Pipeline::new(site.parsed_config(), current.clone());
        pipeline
            .refresh_all(new_year_2025(), DeletionPolicy::Immediate)
            .expect("read");
        BatchedSite {
            site,
            current,
            pipeline,
        }
    }

    /// Writes all posts, and runs the pipeline after every `at_once` of them.
    fn write_posts(&mut self, round: usize, at_once: usize) {
        let numbers: Vec<usize> = (0..POST_COUNT).collect();
        for some in numbers.chunks(at_once) {
            let file = |number: &usize| -> PathBuf {
                let file = self.site.content().join(format!("{number}.md"));
                std::fs::write(&file, post_text(*number, round)).expect("written");
                file
            };
            let mut scope = ScanScope::Paths(some.iter().map(file).collect());
            loop {
                let run =
                    self.pipeline
                        .refresh_scope(&scope, new_year_2025(), DeletionPolicy::Immediate);
                run.expect("read");
                if !self.pipeline.has_backlog() {
                    break;
                }
                scope = ScanScope::default();
            }
        }
    }

    fn outputs(&self) -> BTreeMap<String, String> {
        outputs_by_path(&self.current.load_snapshot())
    }
}

#[test]
fn parallel_batch_gives_the_same_outputs_as_small_batches() {
    let (mut at_once, mut in_parts, mut fresh) =
        (BatchedSite::new(), BatchedSite::new(), BatchedSite::new());
    at_once.write_posts(1, POST_COUNT);
    in_parts.write_posts(1, 50);
    assert!(at_once.outputs()["/rss.xml"].contains("Round 1 of "));
    assert_same_outputs(&at_once.outputs(), &in_parts.outputs(), "at once");
    at_once.write_posts(2, POST_COUNT);
    in_parts.write_posts(2, 50);
    fresh.write_posts(2, POST_COUNT);
    assert_same_outputs(&at_once.outputs(), &fresh.outputs(), "edited at once");
    assert_same_outputs(&in_parts.outputs(), &fresh.outputs(), "edited in parts");
}

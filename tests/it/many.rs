//! Posts by the hundred at once, which all cores work on: what is served is what would be served had they
//! come one after the other.

use std::collections::BTreeMap;
use std::path::PathBuf;

use courant::content::{Loss, Scope};
use courant::pipeline::Pipeline;
use courant::snapshot::Current;

use crate::model::{compare, served};
use crate::support::{TestSite, new_year_2025};

/// So many are judged, keyed and measured on all cores.
const MANY: usize = 600;
const CONFIG: &str = "[feed]\nlimit = 0\nmax_bytes = 600000\n[[feeds]]\npath = '/even.xml'\ntag = 'even'\nlimit = 0\n";

/// A post of which some share an address, some are hidden, and some say nothing of when.
fn post(number: usize, round: usize) -> String {
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

struct Site {
    site: TestSite,
    current: Current,
    pipeline: Pipeline,
}

impl Site {
    fn new() -> Site {
        let site = TestSite::new().config(CONFIG);
        let current = Current::default();
        let mut pipeline = Pipeline::new(site.parsed_config(), current.clone());
        pipeline
            .run(new_year_2025(), Loss::IsBelieved)
            .expect("read");
        Site {
            site,
            current,
            pipeline,
        }
    }

    /// Writes all posts, and looks at so many at once.
    fn write(&mut self, round: usize, at_once: usize) {
        let numbers: Vec<usize> = (0..MANY).collect();
        for some in numbers.chunks(at_once) {
            let file = |number: &usize| -> PathBuf {
                let file = self.site.content().join(format!("{number}.md"));
                std::fs::write(&file, post(*number, round)).expect("written");
                file
            };
            let mut scope = Scope::Paths(some.iter().map(file).collect());
            loop {
                let run = self
                    .pipeline
                    .run_at(&scope, new_year_2025(), Loss::IsBelieved);
                run.expect("read");
                if !self.pipeline.has_backlog() {
                    break;
                }
                scope = Scope::default();
            }
        }
    }

    fn served(&self) -> BTreeMap<String, String> {
        served(&self.current.load())
    }
}

#[test]
fn many_posts_at_once_are_what_they_are_one_after_the_other() {
    let (mut at_once, mut in_parts, mut fresh) = (Site::new(), Site::new(), Site::new());
    at_once.write(1, MANY);
    in_parts.write(1, 50);
    assert!(at_once.served()["/rss.xml"].contains("Round 1 of "));
    compare(&at_once.served(), &in_parts.served(), "at once");
    at_once.write(2, MANY);
    in_parts.write(2, 50);
    fresh.write(2, MANY);
    compare(&at_once.served(), &fresh.served(), "edited at once");
    compare(&in_parts.served(), &fresh.served(), "edited in parts");
}

//! What takes a post back is published before what shows, however much of that there is.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use courant::content::{Loss, Scope};
use courant::pipeline::{Outcome, Pipeline};
use courant::snapshot::{Content, Current};

use crate::support::{TestSite, everything, new_year_2025, plain};

/// More than are read and published at once.
const MANY: usize = 400;

struct Many {
    site: TestSite,
    current: Current,
    pipeline: Pipeline,
    /// How many posts the last [`Many::show`] changed.
    shown: usize,
}

impl Many {
    fn new() -> Many {
        Many::of(MANY)
    }

    fn of(posts: usize) -> Many {
        let site = (0..posts).fold(TestSite::new(), |site, n| {
            site.post(&path(n), plain(&format!("Old{n}x"), "2024-01-01"))
        });
        let current = Current::default();
        let mut pipeline = Pipeline::new(site.parsed_config(), current.clone());
        pipeline.run(new_year_2025(), Loss::IsBelieved).unwrap();
        Many {
            site,
            current,
            pipeline,
            shown: 0,
        }
    }

    fn file(&self, path: &str) -> PathBuf {
        self.site.content().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        fs::write(self.file(path), text).unwrap();
    }

    /// Gives every post but one a new title.
    fn retitle_all_but(&self, left_out: usize) {
        for n in (0..MANY).filter(|n| *n != left_out) {
            self.write(&path(n), &plain(&format!("New{n}x"), "2024-01-01"));
        }
    }

    fn hide(&mut self) -> Outcome {
        let (now, loss) = (new_year_2025(), Loss::IsBelieved);
        self.pipeline.hide_at(&Scope::All, now, loss).unwrap()
    }

    /// Publishes all that is held, in as many generations as it takes.
    fn show(&mut self) -> Outcome {
        let (now, loss) = (new_year_2025(), Loss::IsBelieved);
        let scope = Scope::default();
        self.shown = 0;
        loop {
            let outcome = self.pipeline.run_at(&scope, now, loss).unwrap();
            self.shown += self.pipeline.status().changed.changed;
            if !self.pipeline.has_backlog() {
                return outcome;
            }
        }
    }

    /// Looks at what events named, and publishes; whether anything is left for the next run.
    fn run_at(&mut self, paths: BTreeSet<PathBuf>) -> bool {
        let (now, loss) = (new_year_2025(), Loss::IsBelieved);
        let scope = Scope::Paths(paths);
        self.pipeline.run_at(&scope, now, loss).unwrap();
        self.pipeline.has_backlog()
    }

    fn serves(&self, text: &str) -> bool {
        everything(&self.current.load()).contains(text)
    }

    fn generation(&self) -> u64 {
        self.current.load().generation()
    }
}

fn path(n: usize) -> String {
    format!("blog/{}/{n}.md", n % 7)
}

fn hidden(title: &str) -> String {
    plain(title, "2024-01-01").replacen("---\n", "---\nhidePost: true\n", 1)
}

#[test]
fn hide_is_published_while_what_shows_is_held() {
    let mut many = Many::new();
    for hidden in [
        hidden("Old7x"),
        "---\ntitle: [never closed\nhidePost: true\n---\n".to_owned(),
        plain("Old7x", "2099-01-01"),
        plain("Old7x", "2024-01-01").replacen("---\n", "---\nexpires: 2024-06-01\n", 1),
        plain("Old7x", "2024-01-01").replacen("---\n", "---\nunlisted: true\n", 1),
    ] {
        many.retitle_all_but(7);
        many.write(&path(7), &hidden);
        assert_eq!(many.hide(), Outcome::Published);
        let unlisted = hidden.contains("unlisted");
        let feed = many.current.load().get("/sitemap.xml").unwrap();
        assert!(
            !crate::support::said(&feed).contains("/blog/0/7/"),
            "{hidden}"
        );
        assert!(unlisted || !many.serves("Old7x"), "{hidden}");
        assert!(!many.serves("New8x"), "{hidden}");
        assert_eq!(many.pipeline.status().changed.count(), 1, "{hidden}");
        assert_eq!(many.show(), Outcome::Published);
        assert!(many.serves("New8x"));
        assert_eq!(many.shown, MANY - 1);
        for n in 0..MANY {
            many.write(&path(n), &plain(&format!("Old{n}x"), "2024-01-01"));
        }
        assert_eq!(many.hide(), Outcome::Unchanged);
        assert_eq!(many.show(), Outcome::Published);
        assert!(many.serves("Old7x") && !many.serves("New8x"));
    }
}

#[test]
fn hide_among_many_edits_has_a_generation_of_its_own() {
    let mut many = Many::new();
    let before = many.generation();
    many.retitle_all_but(7);
    many.write(&path(7), &hidden("Old7x"));
    let run = many.pipeline.run(new_year_2025(), Loss::IsBelieved);
    assert_eq!(run.unwrap(), Outcome::Published);
    assert_eq!(many.generation(), before + 2);
    let changed = &many.pipeline.status().changed;
    assert_eq!(
        (changed.hidden, changed.changed),
        (1, MANY - 1),
        "both are told of at once"
    );
}

#[test]
fn post_shown_and_hidden_again_while_held_stays_hidden() {
    let mut many = Many::new();
    many.write(&path(7), &hidden("Secretx"));
    many.hide();
    many.retitle_all_but(7);
    many.write(&path(7), &plain("Secretx", "2024-01-01"));
    assert_eq!(many.hide(), Outcome::Unchanged);
    many.write(&path(7), &hidden("Secretx"));
    many.hide();
    assert!(!many.serves("Secretx"));
    many.show();
    assert!(many.serves("New8x") && !many.serves("Secretx"));
}

#[test]
fn section_that_hides_is_published_before_what_shows() {
    let mut many = Many::new();
    many.retitle_all_but(MANY);
    many.write("blog/3/_index.md", "---\ntitle: Three\ndraft: true\n---\n");
    assert_eq!(many.hide(), Outcome::Published);
    assert!(!many.serves("Old3x") && !many.serves("Old10x") && many.serves("Old4x"));
    many.show();
    assert!(!many.serves("New3x") && !many.serves("New10x") && many.serves("New4x"));
}

#[test]
fn directory_that_moved_is_never_withdrawn_in_between() {
    let mut many = Many::new();
    fs::rename(many.file("blog/3"), many.file("blog/three")).unwrap();
    assert_eq!(many.hide(), Outcome::Unchanged);
    assert!(many.serves("Old3x") && many.serves("/blog/3/10/"));
    many.show();
    assert!(many.serves("Old3x") && many.serves("/blog/three/10/"));
}

#[test]
fn post_that_moved_is_never_withdrawn_in_between() {
    let mut many = Many::new();
    let kept = [
        // Where it was, what it becomes, and where it is then.
        (1, "permalink: /blog/1/1/\n", "renamed.md"),
        (2, "id: https://example.org/blog/2/2/\n", "same-id.md"),
        (3, "aliases: [/blog/3/3/]\n", "leads-on.md"),
    ];
    many.retitle_all_but(MANY);
    for (n, line, to) in kept {
        let text = plain(&format!("Other{n}x"), "2024-02-01");
        many.write(to, &text.replacen("---\n", &format!("---\n{line}"), 1));
        fs::remove_file(many.file(&path(n))).unwrap();
    }
    fs::remove_file(many.file(&path(4))).unwrap();
    let is_gone = |many: &Many, n: usize| {
        let card = many
            .current
            .load()
            .get(&format!("/cards/blog/{}/{n}/", n % 7));
        card.is_none_or(|card| matches!(card.content, Content::Gone))
    };
    assert_eq!(many.hide(), Outcome::Published);
    assert!(is_gone(&many, 4), "it went, and nothing is in its place");
    for (n, ..) in kept {
        assert!(!is_gone(&many, n), "{n} after what hides");
    }
    many.show();
    for (n, ..) in kept {
        assert!(!is_gone(&many, n), "{n} after all");
    }
}

/// What a run shows of many changes that events told of, as `src/pipeline/hides.rs` has it.
const BATCH: usize = 256;

#[test]
fn hide_that_arrives_amid_two_thousand_saves_goes_out_before_the_rest() {
    let posts = 2_000;
    let mut many = Many::of(posts);
    let name = |n: usize| plain(&format!("New{n}x"), "2024-01-01");
    let mut paths = BTreeSet::new();
    for n in 1..posts {
        many.write(&path(n), &name(n));
        paths.insert(many.file(&path(n)));
    }
    let is_hidden = |many: &Many| {
        let card = many.current.load().get("/cards/blog/0/0/");
        card.is_none_or(|card| matches!(card.content, Content::Gone))
    };
    let changed = |many: &Many| many.pipeline.status().changed.changed;
    let first = many.generation();
    let is_backlog = many.run_at(paths);
    assert!(is_backlog);
    assert_eq!(many.generation(), first + 1);
    assert_eq!(changed(&many), BATCH);
    many.write(&path(0), &hidden("Old0x"));
    let file = many.file(&path(0));
    assert!(many.run_at([file].into()));
    assert!(is_hidden(&many));
    assert_eq!(
        many.generation(),
        first + 3,
        "the hide alone, and a part of the rest"
    );
    assert_eq!(changed(&many), BATCH);
    let (mut generations, mut shown) = (2, 2 * BATCH);
    while many.run_at(BTreeSet::new()) {
        generations += 1;
        shown += changed(&many);
    }
    assert_eq!(generations + 1, (posts - 1).div_ceil(BATCH));
    assert_eq!(shown + changed(&many), posts - 1);
}

#[test]
fn directory_that_moved_among_many_saves_is_one_generation() {
    let mut many = Many::of(400);
    fs::rename(many.file("blog"), many.file("news")).unwrap();
    let before = many.generation();
    let paths = ["blog", "news"].map(|dir| many.file(dir));
    assert!(!many.run_at(paths.into()));
    assert_eq!(many.generation(), before + 1);
    assert!(many.serves("/news/0/7/") && !many.serves("example.org/blog/0/7/"));
}

#[test]
fn hide_beside_a_costly_post_has_a_generation_of_its_own() {
    let mut many = Many::of(3);
    // HTML that is near the bound on what is rendered: see cost.rs.
    let html = "<p>A paragraph of <em>HTML</em>.</p>\n".repeat(5_000);
    let costly = format!("{}<b>x</b>\n\n{html}", plain("Costlyx", "2024-02-01"));
    many.write(&path(1), &costly);
    many.write(&path(2), &hidden("Old2x"));
    let before = many.current.load();
    let paths = [1, 2].map(|n| many.file(&path(n)));
    assert!(!many.run_at(paths.into()));
    assert!(many.serves("Costlyx") && !many.serves("Old2x"));
    assert_eq!(
        many.generation(),
        before.generation() + 2,
        "the hide, and then the costly post"
    );
    let changed = &many.pipeline.status().changed;
    assert_eq!(
        (changed.hidden, changed.changed),
        (1, 1),
        "both are told of at once"
    );
}

#[test]
fn post_that_takes_the_place_of_a_hidden_one_comes_in_the_same_generation() {
    let mut many = Many::of(3);
    many.write(&path(1), &hidden("Old1x"));
    let text = plain("Other1x", "2024-02-01").replacen("---\n", "---\npermalink: /blog/1/1/\n", 1);
    many.write("other.md", &text);
    let before = many.generation();
    let paths = [path(1), "other.md".to_owned()].map(|path| many.file(&path));
    many.run_at(paths.into());
    assert!(many.serves("Other1x") && !many.serves("Old1x"));
    assert_eq!(many.generation(), before + 1);
}

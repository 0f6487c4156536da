//! Checks that hides are published before any number of other edits.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use courant::library::{DeletionPolicy, ScanScope};
use courant::publish::pipeline::{Pipeline, RefreshOutcome};
use courant::publish::snapshot::{ResourceContent, SnapshotHandle};

use crate::support::{TestSite, everything, new_year_2025, plain};

/// Posts of a site that is edited as a whole: more than one batch.
const POST_COUNT: usize = 400;

struct EditedSite {
    site: TestSite,
    current: SnapshotHandle,
    pipeline: Pipeline,
    /// Number of posts that the last [`EditedSite::publish_pending`] changed.
    shown: usize,
}

impl EditedSite {
    fn new() -> EditedSite {
        EditedSite::with_posts(POST_COUNT)
    }

    fn with_posts(posts: usize) -> EditedSite {
        let site = (0..posts).fold(TestSite::new(), |site, n| {
            site.post(&post_path(n), plain(&format!("Old{n}x"), "2024-01-01"))
        });
        let current = SnapshotHandle::default();
        let mut pipeline = Pipeline::new(site.parsed_config(), current.clone());
        pipeline
            .refresh_all(new_year_2025(), DeletionPolicy::Immediate)
            .unwrap();
        EditedSite {
            site,
            current,
            pipeline,
            shown: 0,
        }
    }

    fn file_path(&self, path: &str) -> PathBuf {
        self.site.content().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        fs::write(self.file_path(path), text).unwrap();
    }

    /// Gives every post except `left_out` a new title.
    fn retitle_all_but(&self, left_out: usize) {
        for n in (0..POST_COUNT).filter(|n| *n != left_out) {
            self.write(&post_path(n), &plain(&format!("New{n}x"), "2024-01-01"));
        }
    }

    fn publish_hides(&mut self) -> RefreshOutcome {
        let (now, loss) = (new_year_2025(), DeletionPolicy::Immediate);
        self.pipeline
            .refresh_withdrawals(&ScanScope::All, now, loss)
            .unwrap()
    }

    /// Publishes all pending edits, in as many generations as needed.
    fn publish_pending(&mut self) -> RefreshOutcome {
        let (now, loss) = (new_year_2025(), DeletionPolicy::Immediate);
        let scope = ScanScope::default();
        self.shown = 0;
        loop {
            let outcome = self.pipeline.refresh_scope(&scope, now, loss).unwrap();
            self.shown += self.pipeline.content_status().post_changes.changed;
            if !self.pipeline.has_backlog() {
                return outcome;
            }
        }
    }

    /// Scans the paths of file events and publishes. Returns true if edits are left for a later
    /// run.
    fn run_at(&mut self, paths: BTreeSet<PathBuf>) -> bool {
        let (now, loss) = (new_year_2025(), DeletionPolicy::Immediate);
        let scope = ScanScope::Paths(paths);
        self.pipeline.refresh_scope(&scope, now, loss).unwrap();
        self.pipeline.has_backlog()
    }

    fn serves(&self, text: &str) -> bool {
        everything(&self.current.load_snapshot()).contains(text)
    }

    fn generation(&self) -> u64 {
        self.current.load_snapshot().generation()
    }
}

fn post_path(n: usize) -> String {
    format!("blog/{}/{n}.md", n % 7)
}

fn hidden_post(title: &str) -> String {
    plain(title, "2024-01-01").replacen("---\n", "---\nhidePost: true\n", 1)
}

#[test]
fn hide_is_published_before_pending_edits() {
    let mut edited = EditedSite::new();
    for hidden in [
        hidden_post("Old7x"),
        "---\ntitle: [never closed\nhidePost: true\n---\n".to_owned(),
        plain("Old7x", "2099-01-01"),
        plain("Old7x", "2024-01-01").replacen("---\n", "---\nexpires: 2024-06-01\n", 1),
        plain("Old7x", "2024-01-01").replacen("---\n", "---\nunlisted: true\n", 1),
    ] {
        edited.retitle_all_but(7);
        edited.write(&post_path(7), &hidden);
        assert_eq!(edited.publish_hides(), RefreshOutcome::Published);
        let unlisted = hidden.contains("unlisted");
        let feed = edited.current.load_snapshot().get("/sitemap.xml").unwrap();
        assert!(
            !crate::support::resource_text(&feed).contains("/blog/0/7/"),
            "{hidden}"
        );
        assert!(unlisted || !edited.serves("Old7x"), "{hidden}");
        assert!(!edited.serves("New8x"), "{hidden}");
        assert_eq!(
            edited.pipeline.content_status().post_changes.total_count(),
            1,
            "{hidden}"
        );
        assert_eq!(edited.publish_pending(), RefreshOutcome::Published);
        assert!(edited.serves("New8x"));
        assert_eq!(edited.shown, POST_COUNT - 1);
        for n in 0..POST_COUNT {
            edited.write(&post_path(n), &plain(&format!("Old{n}x"), "2024-01-01"));
        }
        assert_eq!(edited.publish_hides(), RefreshOutcome::Unchanged);
        assert_eq!(edited.publish_pending(), RefreshOutcome::Published);
        assert!(edited.serves("Old7x") && !edited.serves("New8x"));
    }
}

#[test]
fn hide_among_many_edits_has_its_own_generation() {
    let mut edited = EditedSite::new();
    let before = edited.generation();
    edited.retitle_all_but(7);
    edited.write(&post_path(7), &hidden_post("Old7x"));
    let run = edited
        .pipeline
        .refresh_all(new_year_2025(), DeletionPolicy::Immediate);
    assert_eq!(run.unwrap(), RefreshOutcome::Published);
    assert_eq!(edited.generation(), before + 2);
    let changed = &edited.pipeline.content_status().post_changes;
    assert_eq!(
        (changed.hidden, changed.changed),
        (1, POST_COUNT - 1),
        "both are reported together"
    );
}

#[test]
fn post_hidden_again_before_publication_stays_hidden() {
    let mut edited = EditedSite::new();
    edited.write(&post_path(7), &hidden_post("Secretx"));
    edited.publish_hides();
    edited.retitle_all_but(7);
    edited.write(&post_path(7), &plain("Secretx", "2024-01-01"));
    assert_eq!(edited.publish_hides(), RefreshOutcome::Unchanged);
    edited.write(&post_path(7), &hidden_post("Secretx"));
    edited.publish_hides();
    assert!(!edited.serves("Secretx"));
    edited.publish_pending();
    assert!(edited.serves("New8x") && !edited.serves("Secretx"));
}

#[test]
fn hidden_section_is_published_before_pending_edits() {
    let mut edited = EditedSite::new();
    edited.retitle_all_but(POST_COUNT);
    edited.write("blog/3/_index.md", "---\ntitle: Three\ndraft: true\n---\n");
    assert_eq!(edited.publish_hides(), RefreshOutcome::Published);
    assert!(!edited.serves("Old3x") && !edited.serves("Old10x") && edited.serves("Old4x"));
    edited.publish_pending();
    assert!(!edited.serves("New3x") && !edited.serves("New10x") && edited.serves("New4x"));
}

#[test]
fn moved_directory_is_never_withdrawn_in_between() {
    let mut edited = EditedSite::new();
    fs::rename(edited.file_path("blog/3"), edited.file_path("blog/three")).unwrap();
    assert_eq!(edited.publish_hides(), RefreshOutcome::Unchanged);
    assert!(edited.serves("Old3x") && edited.serves("/blog/3/10/"));
    edited.publish_pending();
    assert!(edited.serves("Old3x") && edited.serves("/blog/three/10/"));
}

#[test]
fn moved_post_is_never_withdrawn_in_between() {
    let mut edited = EditedSite::new();
    let kept = [
        // Number of the old file, added line of front matter, and new file.
        (1, "permalink: /blog/1/1/\n", "renamed.md"),
        (2, "id: https://example.org/blog/2/2/\n", "same-id.md"),
        (3, "aliases: [/blog/3/3/]\n", "leads-on.md"),
    ];
    edited.retitle_all_but(POST_COUNT);
    for (n, line, to) in kept {
        let text = plain(&format!("Other{n}x"), "2024-02-01");
        edited.write(to, &text.replacen("---\n", &format!("---\n{line}"), 1));
        fs::remove_file(edited.file_path(&post_path(n))).unwrap();
    }
    fs::remove_file(edited.file_path(&post_path(4))).unwrap();
    let is_gone = |edited: &EditedSite, n: usize| {
        let card = edited
            .current
            .load_snapshot()
            .get(&format!("/cards/blog/{}/{n}/", n % 7));
        card.is_none_or(|card| matches!(card.content, ResourceContent::Gone))
    };
    assert_eq!(edited.publish_hides(), RefreshOutcome::Published);
    assert!(is_gone(&edited, 4), "it was removed without a replacement");
    for (n, ..) in kept {
        assert!(!is_gone(&edited, n), "{n} after the hides");
    }
    edited.publish_pending();
    for (n, ..) in kept {
        assert!(!is_gone(&edited, n), "{n} after all edits");
    }
}

/// Posts that one run publishes after file events, as in `src/publish/pipeline/withdrawals_first.rs`.
const BATCH_POSTS: usize = 256;

#[test]
fn hide_amid_two_thousand_saves_is_published_first() {
    let posts = 2_000;
    let mut edited = EditedSite::with_posts(posts);
    let new_text = |n: usize| plain(&format!("New{n}x"), "2024-01-01");
    let mut paths = BTreeSet::new();
    for n in 1..posts {
        edited.write(&post_path(n), &new_text(n));
        paths.insert(edited.file_path(&post_path(n)));
    }
    let is_hidden = |edited: &EditedSite| {
        let card = edited.current.load_snapshot().get("/cards/blog/0/0/");
        card.is_none_or(|card| matches!(card.content, ResourceContent::Gone))
    };
    let changed = |edited: &EditedSite| edited.pipeline.content_status().post_changes.changed;
    let first = edited.generation();
    let is_backlog = edited.run_at(paths);
    assert!(is_backlog);
    assert_eq!(edited.generation(), first + 1);
    assert_eq!(changed(&edited), BATCH_POSTS);
    edited.write(&post_path(0), &hidden_post("Old0x"));
    let file = edited.file_path(&post_path(0));
    assert!(edited.run_at([file].into()));
    assert!(is_hidden(&edited));
    assert_eq!(
        edited.generation(),
        first + 3,
        "the hide alone, and one batch of the rest"
    );
    assert_eq!(changed(&edited), BATCH_POSTS);
    let (mut generations, mut shown) = (2, 2 * BATCH_POSTS);
    while edited.run_at(BTreeSet::new()) {
        generations += 1;
        shown += changed(&edited);
    }
    assert_eq!(generations + 1, (posts - 1).div_ceil(BATCH_POSTS));
    assert_eq!(shown + changed(&edited), posts - 1);
}

#[test]
fn moved_directory_is_published_in_one_generation() {
    let mut edited = EditedSite::with_posts(400);
    fs::rename(edited.file_path("blog"), edited.file_path("news")).unwrap();
    let before = edited.generation();
    let paths = ["blog", "news"].map(|dir| edited.file_path(dir));
    assert!(!edited.run_at(paths.into()));
    assert_eq!(edited.generation(), before + 1);
    assert!(edited.serves("/news/0/7/") && !edited.serves("example.org/blog/0/7/"));
}

#[test]
fn hide_beside_a_costly_post_has_its_own_generation() {
    let mut edited = EditedSite::with_posts(3);
    // HTML close to the limit of rendering: see cost.rs.
    let html = "<p>A paragraph of <em>HTML</em>.</p>\n".repeat(5_000);
    let costly = format!("{}<b>x</b>\n\n{html}", plain("Costlyx", "2024-02-01"));
    edited.write(&post_path(1), &costly);
    edited.write(&post_path(2), &hidden_post("Old2x"));
    let before = edited.current.load_snapshot();
    let paths = [1, 2].map(|n| edited.file_path(&post_path(n)));
    assert!(!edited.run_at(paths.into()));
    assert!(edited.serves("Costlyx") && !edited.serves("Old2x"));
    assert_eq!(
        edited.generation(),
        before.generation() + 2,
        "the hide first, then the costly post"
    );
    let changed = &edited.pipeline.content_status().post_changes;
    assert_eq!(
        (changed.hidden, changed.changed),
        (1, 1),
        "both are reported together"
    );
}

#[test]
fn replacement_of_a_hidden_post_is_published_with_the_hide() {
    let mut edited = EditedSite::with_posts(3);
    edited.write(&post_path(1), &hidden_post("Old1x"));
    let text = plain("Other1x", "2024-02-01").replacen("---\n", "---\npermalink: /blog/1/1/\n", 1);
    edited.write("other.md", &text);
    let before = edited.generation();
    let paths = [post_path(1), "other.md".to_owned()].map(|path| edited.file_path(&path));
    edited.run_at(paths.into());
    assert!(edited.serves("Other1x") && !edited.serves("Old1x"));
    assert_eq!(edited.generation(), before + 1);
}

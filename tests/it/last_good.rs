//! Checks that a post that breaks stays served in full, at any number of posts.

use courant::library::DeletionPolicy;
use courant::publish::pipeline::Pipeline;
use courant::publish::snapshot::SnapshotHandle;

use crate::support::{TestSite, clock, plain, resource_text};

/// Bytes of each post, more than most real posts have.
const POST_BYTES: usize = 40_000;
const POST_COUNT: usize = 80;
/// A post that is not among the newest.
const OLD_POST: usize = 55;

struct LargeSite {
    site: TestSite,
    pipeline: Pipeline,
    current: SnapshotHandle,
}

impl LargeSite {
    fn new(config: &str) -> LargeSite {
        let site = (0..POST_COUNT).fold(TestSite::new().config(config), |site, n| {
            site.post(&file_name(n), post_text(n))
        });
        let current = SnapshotHandle::default();
        let pipeline = Pipeline::new(site.parsed_config(), current.clone());
        let mut large = LargeSite {
            site,
            pipeline,
            current,
        };
        large.run_pipeline();
        large
    }

    fn run_pipeline(&mut self) {
        self.pipeline
            .refresh_all(clock(), DeletionPolicy::Immediate)
            .unwrap();
    }

    fn write_post(&mut self, n: usize, text: &str) {
        std::fs::write(self.site.content().join(file_name(n)), text).unwrap();
        self.run_pipeline();
    }

    fn output_text(&self, path: &str) -> String {
        resource_text(&self.current.load_snapshot().get(path).unwrap())
    }
}

fn file_name(n: usize) -> String {
    format!("{n:03}.md")
}

/// Returns post `n`. The newest post has the highest number and is read last.
fn post_text(n: usize) -> String {
    let date = format!("2024-{:02}-{:02}", n / 28 + 1, n % 28 + 1);
    let post =
        plain(&format!("Post {n}"), &date).replacen("---\n", &format!("---\ntags: [t{n}]\n"), 1);
    format!("{post}{}end{n}", "word ".repeat(POST_BYTES / 5))
}

/// Returns broken forms of a post: empty, half saved, and with invalid front matter.
fn broken_versions(n: usize) -> [String; 4] {
    let text = post_text(n);
    [
        String::new(),
        text[..text.len() / 2].replacen("title: ", "title: [", 1),
        text.replacen("title: ", "title: [", 1),
        text.replacen("---\n", "---\n: {\n", 1),
    ]
}

#[test]
fn newest_post_stays_served_in_full_when_it_breaks() {
    for config in ["[feed]\nlimit = 20\n", "[feed]\nlimit = 0\nmax_bytes = 0\n"] {
        let mut large = LargeSite::new(config);
        for n in [POST_COUNT - 1, POST_COUNT - 2] {
            for broken in broken_versions(n) {
                let before = large.output_text("/rss.xml");
                assert!(before.contains(&format!("end{n}")));
                large.write_post(n, &broken);
                assert_eq!(large.pipeline.content_status().file_counts.last_good, 1);
                assert!(large.output_text("/rss.xml") == before, "{n}: {config}");
                // A feed that is rendered again has the post in full, too.
                let other = post_text(n - 1).replacen("Post", "Other", 1);
                large.write_post(n - 1, &other);
                let after = large.output_text("/rss.xml");
                assert!(after.contains(&format!("Other {}", n - 1)));
                assert!(after.contains(&format!("end{n}")), "{n}: {config}");
                large.write_post(n - 1, &post_text(n - 1));
                large.write_post(n, &post_text(n));
                assert_eq!(large.pipeline.content_status().file_counts.last_good, 0);
                assert!(large.output_text("/rss.xml") == before);
            }
        }
    }
}

#[test]
fn feed_made_unlimited_keeps_the_text_of_broken_posts() {
    let mut large = LargeSite::new("[feed]\nlimit = 20\n");
    let mut config = large.site.parsed_config();
    (config.feed.limit, config.feed.max_bytes) = (None, None);
    large.pipeline.apply_config(config, clock()).unwrap();
    for n in 0..POST_COUNT {
        assert!(
            large.output_text("/rss.xml").contains(&format!("end{n}<")),
            "{n}"
        );
        large.write_post(n, "");
        assert!(
            large.output_text("/rss.xml").contains(&format!("end{n}<")),
            "{n}"
        );
    }
}

#[test]
fn old_post_stays_served_in_full_when_it_breaks() {
    let mut large = LargeSite::new("[feed]\nlimit = 20\n");
    let feed = format!("/tag/t{OLD_POST}/rss.xml");
    let longer = |text: &str| text.replacen("word ", &"word ".repeat(POST_BYTES), 1);
    large.write_post(OLD_POST, &longer(&post_text(OLD_POST)));
    for broken in broken_versions(OLD_POST).iter().map(|text| longer(text)) {
        let before = large.output_text(&feed);
        assert!(before.contains(&format!("end{OLD_POST}<")), "{before}");
        large.write_post(OLD_POST, &broken);
        assert_eq!(large.pipeline.content_status().file_counts.last_good, 1);
        assert!(large.output_text(&feed) == before);
        large.write_post(OLD_POST, &longer(&post_text(OLD_POST)));
    }
}

/// Tests with files whose reading fails with EIO for every user, as on a failing disk.
#[cfg(target_os = "linux")]
mod unreadable {
    use std::os::unix::fs::symlink;
    use std::path::Path;

    use courant::model::finding::Rule;

    use super::*;

    const HIDDEN_POST: &str = "---\ntitle: Alpha\ndate: 2024-01-01\nhidePost: true\n---\n";

    /// Points a symlink to a different target, atomically.
    fn point_symlink(path: &Path, to: &Path) {
        let beside = path.with_extension("new");
        symlink(to, &beside).unwrap();
        std::fs::rename(&beside, path).unwrap();
    }

    #[test]
    fn unreadable_files_stay_served_under_one_finding() {
        let site = TestSite::new()
            .post("a.md", plain("Alpha", "2024-01-01"))
            .post("b.md", plain("Beta", "2024-01-02"));
        let current = SnapshotHandle::default();
        let mut pipeline = Pipeline::new(site.parsed_config(), current.clone());
        let mut run = || {
            pipeline
                .refresh_all(clock(), DeletionPolicy::Immediate)
                .unwrap();
            let rss = resource_text(&current.load_snapshot().get("/rss.xml").unwrap());
            let findings = pipeline.content_status().findings.to_vec();
            let findings: Vec<_> = findings
                .into_iter()
                .map(|finding| (finding.rule, finding.file))
                .collect();
            let is_tried_again = pipeline.retry_scope().is_some();
            (
                ["Alpha", "Beta", "Gamma"].map(|title| rss.contains(title)),
                findings,
                is_tried_again,
            )
        };
        assert_eq!(run(), ([true, true, false], vec![], false));
        let fails = Path::new("/proc/self/mem");
        for name in ["a.md", "b.md", "c.md"] {
            point_symlink(&site.content().join(name), fails);
        }
        let one = vec![(Rule::UnreadableFile, "a.md".to_owned())];
        assert_eq!(run(), ([true, true, false], one.clone(), true));
        assert_eq!(run(), ([true, true, false], one, true));
        let a = site.content().join("a.md");
        std::fs::remove_file(&a).unwrap();
        std::fs::write(&a, HIDDEN_POST).unwrap();
        let one = vec![(Rule::UnreadableFile, "b.md".to_owned())];
        assert_eq!(run(), ([false, true, false], one, true));
        for (name, title) in [("b.md", "Beta"), ("c.md", "Gamma")] {
            let file = site.content().join(name);
            std::fs::remove_file(&file).unwrap();
            std::fs::write(&file, plain(title, "2024-01-02")).unwrap();
        }
        assert_eq!(run(), ([false, true, true], vec![], false));
    }

    #[test]
    fn unreadable_file_is_retried_without_an_event() {
        let site = TestSite::new()
            .config("[watch]\nrescan = \"1h\"\n")
            .file("outside/good.md", plain("Alpha", "2024-01-01"))
            .file("outside/hidden.md", HIDDEN_POST);
        let outside = site.root().join("outside");
        let (link, post) = (outside.join("link"), site.content().join("a.md"));
        point_symlink(&link, &outside.join("good.md"));
        point_symlink(&post, &link);
        let served = site.serve();
        assert!(served.serves("Alpha"));
        point_symlink(&link, Path::new("/proc/self/mem"));
        // This change has an event.
        point_symlink(&post, &link);
        let is_found = |turn: Result<(_, courant::publish::pipeline::ContentStatus), String>| {
            let (_, status) = turn.expect("a scan");
            let findings = status.findings.to_vec();
            findings
                .iter()
                .any(|finding| finding.rule == Rule::UnreadableFile)
        };
        while !is_found(served.next_turn()) {}
        assert!(served.serves("Alpha"));
        // This change has no event.
        point_symlink(&link, &outside.join("hidden.md"));
        served.until("it is hidden", |served| !served.serves("Alpha"));
    }
}
